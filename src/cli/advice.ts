// What to do after a run, most useful first: one sentence for each kind of trouble it met, and how to run it differently.
import type { Reason } from '../verdict.ts';
import { count, dueIn } from './number-words.ts';

/** What a run found, as far as advice depends on it. */
export interface AdviceGrounds {
  readonly reasons: Readonly<Partial<Record<Reason, number>>>;
  readonly suggestions: number;
  /** The option that kept the run from asking mail hosts, or null. */
  readonly keptFromAsking: string | null;
  readonly putOff: PutOff | null;
  /** True where the user said who asks, by name and by sender. */
  readonly hasIdentity: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Rows whose mail hosts asked to come back later; times are milliseconds since the epoch. */
export interface PutOff {
  readonly rows: number;
  readonly firstDueAt: number;
  readonly lastDueAt: number;
}

export interface Advice {
  readonly say: string;
  /** How to run the same command differently; null where running it again is not the answer. */
  readonly rerun: { readonly add: readonly string[]; readonly without: readonly string[] } | null;
}

/** What each reason asks of the person, in the order of use. */
export function adviceFor(grounds: AdviceGrounds): Advice[] {
  const advice = ADVICE.filter(({ reasons }) => reasons.some((reason) => (grounds.reasons[reason] ?? 0) > 0)).map(
    ({ say, rerun }) => ({ say: typeof say === 'string' ? say : say(grounds), rerun: rerunOf(rerun, grounds) }),
  );
  const { suggestions } = grounds;
  if (suggestions > 0) {
    const look = suggestions === 1 ? 'address looks' : 'addresses look';
    const say = `${count(suggestions)} ${look} mistyped: see the suggestion column before deleting.`;
    advice.unshift({ say, rerun: null });
  }
  return advice;
}

interface AdviceRow {
  readonly reasons: readonly Reason[];
  readonly say: string | ((grounds: AdviceGrounds) => string);
  readonly rerun: Advice['rerun'] | ((grounds: AdviceGrounds) => Advice['rerun']);
}

const AGAIN: Advice['rerun'] = { add: [], without: [] };

const SOME_IDENTITY: Advice['rerun'] = {
  add: ['--helo', 'mail.your-domain.example', '--from', 'someone@your-domain.example'],
  without: [],
};

const ADVICE: readonly AdviceRow[] = [
  {
    reasons: ['blocked', 'sender_rejected'],
    say: ({ hasIdentity }) =>
      hasIdentity
        ? 'Some providers refuse this machine or sender: see that name, PTR and SPF agree, and whether a blocklist holds its address.'
        : 'Some providers refuse this machine or sender: set --helo to its real name (with matching PTR) and --from to an address whose SPF covers it.',
    rerun: ({ hasIdentity }) => (hasIdentity ? null : SOME_IDENTITY),
  },
  { reasons: ['greylisted', 'temporary_failure', 'rate_limited'], say: sayWhenDue, rerun: AGAIN },
  {
    reasons: ['dns_failure'],
    say: 'Some domains could not be looked up: run again later, or name a better resolver with --dns.',
    rerun: AGAIN,
  },
  {
    reasons: ['connect_failed', 'timeout'],
    say: 'Hosts that did not answer are asked again by the next run; give slow ones longer with --command-timeout.',
    rerun: { add: ['--command-timeout', '2m'], without: ['--command-timeout'] },
  },
  {
    reasons: ['not_checked'],
    say: ({ keptFromAsking }) =>
      keptFromAsking === null
        ? 'Addresses that were not checked are checked by running the same command again.'
        : `Addresses that were not checked are checked by a run without ${keptFromAsking}.`,
    rerun: ({ keptFromAsking }) => ({ add: [], without: keptFromAsking === null ? [] : [keptFromAsking] }),
  },
  {
    reasons: ['accepts_anything', 'catchall_untested'],
    say: 'Mail to catch-all domains cautiously: the server accepts every name, so a bounce may come later.',
    rerun: null,
  },
  {
    reasons: ['mailbox_full'],
    say: 'Full mailboxes are often abandoned: leave them out now and ask again in a few weeks.',
    rerun: null,
  },
];

function rerunOf(rerun: AdviceRow['rerun'], grounds: AdviceGrounds): Advice['rerun'] {
  return typeof rerun === 'function' ? rerun(grounds) : rerun;
}

function sayWhenDue({ putOff, now }: AdviceGrounds): string {
  const rest = 'only what is still unclear is asked again, everything else comes from the cache.';
  if (putOff === null) return `Run the same command again later: ${rest}`;
  const { rows, firstDueAt, lastDueAt } = putOff;
  const who = rows === 1 ? '1 address was' : `${count(rows)} addresses were`;
  const first = dueIn(firstDueAt, now);
  const last = dueIn(lastDueAt, now);
  const when = first === last || rows === 1 ? first : `${first} (the last ${rows === 2 ? 'one ' : ''}is due ${last})`;
  return `${who} put off by mail hosts: run the same command again ${when}; ${rest}`;
}
