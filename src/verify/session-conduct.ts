// Reads off a finished session how its provider treats us, notes it for the run, and tells whoever watches.
import { printable } from '../smtp/printable.ts';
import type { CommonRefusal, Halt } from './circuit.ts';
import type { Answered, Reading, Subject } from './interview.ts';
import type { DomainPlan } from './plan.ts';
import type { ProbeOptions } from './probe.ts';
import type { ProviderTurn } from './providers.ts';
import { commonPrintOf, type DoubtfulSession, isDoubtful, printOf } from './same-refusal.ts';
import { slowDownAmong } from './slow-down-signs.ts';

type AskPlan = Extract<DomainPlan, { status: 'ask' }>;

export type ConductOptions = Pick<ProbeOptions, 'hosts' | 'clock' | 'observe' | 'limits'>;

/** A session whose replies were in step. */
export interface FinishedSession<S extends Subject> {
  readonly answered: readonly Answered<S>[];
  /** The answer for the name nobody has, and that name; null where it was not asked or not answered. */
  readonly control: { readonly reading: Reading; readonly name: string } | null;
  readonly host: string;
  readonly startedAtMs: number;
}

/** Notes what the session shows of the provider; gives the refusal of us that all its recipients got, or null. */
export function noteConduct<S extends Subject>(
  session: FinishedSession<S>,
  plan: AskPlan,
  options: ConductOptions,
): CommonRefusal | null {
  const { answered, control, host, startedAtMs } = session;
  const conduct = options.hosts.providers.of(plan.provider);
  const nowMs = options.clock.monotonic();
  const times = { startedAtMs, nowMs, limit: options.limits.perProvider };
  const slow = slowDownAmong(answered);
  if (slow !== null)
    tell(
      conduct.slowedDown(
        haltOf(slow, host, slow.meaning === 'rate_limited' ? slow.meaning : 'temporary_failure'),
        times,
      ),
      host,
      options,
    );
  else if (answered.every(({ lost }) => lost === null)) tell(conduct.wentWell(times), host, options);

  const readings = answered.flatMap(({ reading }) => (reading === null ? [] : [reading]));
  if (control !== null) readings.push(control.reading);
  if (readings.some(({ meaning }) => meaning === 'accepted')) conduct.refusals.noteAccepted(plan.domain);
  const refusal = refusalOfUs(session, plan, options);
  if (refusal !== null) tell(conduct.recipientsRefused(refusal, nowMs), host, options);
  else if (readings.some(isAboutRecipient)) tell(conduct.answered(), host, options);
  return refusal;
}

/** Tells of a provider's turn, also among the dialogue with the host that gave rise to it. */
export function tell(turn: ProviderTurn | null, host: string, { observe }: Pick<ConductOptions, 'observe'>): void {
  if (turn === null) return;
  const line = printable(turn.line, 300);
  observe?.({ type: 'dialogue', host, direction: 'note', line });
  observe?.({ type: 'provider', provider: turn.provider, turn: turn.turn, line });
}

function haltOf({ reply }: Reading, host: string, reason: Halt['reason']): Halt {
  return { reason, stage: 'rcpt', reply, host, detail: `rcpt: ${reply.code}` };
}

/** Only what is said in words counts here: a bare refusal may be the host's way to say "no such user". */
function refusalOfUs<S extends Subject>(
  { answered, host }: FinishedSession<S>,
  plan: AskPlan,
  options: ConductOptions,
): CommonRefusal | null {
  const reading = answered[0]?.reading ?? null;
  if (reading === null) return null;
  const isPlain =
    reading.strength === 'strong' && (reading.reason === 'blocked' || reading.reason === 'sender_rejected');
  if (!isPlain && !isDoubtful(reading)) return null;
  const print = commonPrintOf(answered, { domain: plan.domain, host });
  const { refusals } = options.hosts.providers.of(plan.provider);
  if (print === null || (!isPlain && !refusals.isAboutUs(print, plan.domain))) return null;
  const reason = reading.reason === 'sender_rejected' ? 'sender_rejected' : 'blocked';
  return { domain: plan.domain, print, halt: haltOf(reading, host, reason) };
}

const ABOUT_RECIPIENT: ReadonlySet<string> = new Set([
  'accepted',
  'mailbox_not_found',
  'mailbox_full',
  'mailbox_disabled',
]);

function isAboutRecipient({ meaning, strength }: Reading): boolean {
  return strength === 'strong' && ABOUT_RECIPIENT.has(meaning);
}

/**
 * The doubt a session leaves where everybody got the same refusal and it does not plainly say "no such user"; null where
 * there is none, above all where the name nobody has was answered otherwise: then the host tells names apart.
 */
export function doubtOf<S extends Subject>(
  { answered, control, host }: Omit<FinishedSession<S>, 'startedAtMs'>,
  plan: AskPlan,
): Omit<DoubtfulSession, 'settle'> | null {
  const { domain } = plan;
  const replied = answered.filter(({ reading }) => reading !== null);
  if (!replied.every(({ reading }) => reading !== null && isDoubtful(reading))) return null;
  const print = commonPrintOf(replied, { domain, host });
  if (print === null) return null;
  const sawControl = control !== null && printOf(control.reading, control.name, { domain, host }) === print;
  const isPutOff = control !== null && control.reading.reply.code >= 400 && control.reading.reply.code < 500;
  if (control !== null && !sawControl && !isPutOff) return null;
  const isOfMailbox = replied[0]?.reading?.meaning !== 'mailbox_not_found';
  return { domain, print, sawControl, sessionsNeeded: isOfMailbox ? 1 : 2 };
}
