// Asks one domain about one recipient, and in the same session about a name nobody has if that is wanted; reads the answers.
import { type MeaningResult, meaningOf, verdictOfMeaning } from '../smtp/meaning.ts';
import type { RecipientAnswer, Session } from '../smtp/session.ts';
import type { Meaning, Reason, Reply, Stage } from '../verdict.ts';
import type { ControlOutcome } from './catch-all.ts';
import type { DomainPlan } from './plan.ts';
import { openProbe, type ProbeOptions, reasonOfFailure } from './probe.ts';

type AskPlan = Extract<DomainPlan, { status: 'ask' }>;

/** A reply about a recipient, and what it means. */
export interface Reading extends MeaningResult {
  readonly reply: Reply;
  /** What it leads to when nothing else speaks against it. */
  readonly reason: Reason;
}

export interface Failure {
  readonly reason: Reason;
  readonly stage: Stage;
  readonly reply: Reply | null;
  readonly detail: string | null;
  readonly host: string | null;
  readonly attempts: number;
}

export type Interview =
  | ({ readonly status: 'failed'; readonly ended: Promise<Ending> } & Failure)
  | {
      readonly status: 'answered';
      readonly host: string;
      readonly attempts: number;
      readonly reading: Reading;
      /** The answer for the name nobody has; 'lost' where the connection was, null where it was not asked. */
      readonly control: Reading | 'lost' | null;
      readonly ended: Promise<Ending>;
    };

/** How a connection ended, which tells whether its answers can be believed. */
export interface Ending {
  /** True where the host sent more replies than it owed: any of them may belong to another question. */
  readonly outOfStep: boolean;
}

export interface Question {
  readonly local: string;
  readonly smtputf8: boolean;
  /** The name nobody has to be asked about next, decided once the first answer is read; null for none. */
  readonly controlAfter: (reading: Reading) => string | null;
}

/** How often one address is asked again after its connection was lost in mid-conversation. */
const LOST_RETRIES = 1;

/** Resolves when the last answer is in; `ended` resolves when the connection is gone. Never rejects for what a host does. */
export async function interview(plan: AskPlan, question: Question, options: ProbeOptions): Promise<Interview> {
  let attempts = 0;
  for (let again = 0; ; again += 1) {
    const probe = await openProbe(plan, { ...question, domain: plan.domain }, options);
    attempts += probe.attempts;
    if (probe.status === 'failed') return { ...probe, attempts, ended: IN_STEP };
    const { session, host } = probe;
    const answer = await session.ask({ ...question, domain: plan.domain });
    if (answer.status === 'replied') {
      const reading = readReply(answer.reply, { local: question.local, host, control: false }, plan, options);
      const controlName = session.isOpen ? question.controlAfter(reading) : null;
      const control =
        controlName === null ? null : await askControl(session, { name: controlName, host }, plan, options);
      return { status: 'answered', host, attempts, reading, control, ended: endOf(session) };
    }
    if (again < LOST_RETRIES && isWorthRetrying(answer, options.signal)) {
      await session.close();
      continue;
    }
    const reason = reasonOfFailure({ failure: answer.failure, stage: 'rcpt', reply: answer.reply }, host);
    const { reply, detail } = answer;
    return { status: 'failed', reason, stage: 'rcpt', reply, detail, host, attempts, ended: endOf(session) };
  }
}

/** What the answer for a name nobody has says of the domain. */
export function controlOutcomeOf(control: Reading): ControlOutcome {
  const { meaning, reply } = control;
  if (meaning === 'accepted') return control.strength === 'strong' ? 'accepted' : 'unclear';
  // Relay words for a name nobody has, from a server that takes our mail for others, tell names apart all the same.
  if (meaning === 'mailbox_not_found' || meaning === 'domain_not_accepted') return 'refused';
  if (reply.code < 400 || reply.code > 499) return 'unclear';
  // "450 4.1.1 User unknown" (Postfix, soft_bounce) decides nothing about a mailbox, but does tell names apart.
  const asPermanent = { ...reply, code: 550, enhanced: reply.enhanced?.replace(/^4/, '5') ?? null };
  const read = meaningOf({ ...asPermanent, stage: 'rcpt' });
  return read.meaning === 'mailbox_not_found' && read.strength === 'strong' ? 'refused' : 'unclear';
}

/** A limit on recipients, sessions or rates says nothing of the name: it is worth asking again in a session of its own. */
export function isControlWorthRetrying(control: Reading | 'lost'): boolean {
  return control === 'lost' || control.meaning === 'rate_limited';
}

const IN_STEP: Promise<Ending> = Promise.resolve({ outOfStep: false });

async function endOf(session: Session): Promise<Ending> {
  await session.close();
  return { outOfStep: session.outOfStep };
}

async function askControl(
  session: Session,
  { name, host }: { readonly name: string; readonly host: string },
  plan: AskPlan,
  options: ProbeOptions,
): Promise<Reading | 'lost'> {
  const answer = await session.ask({ local: name, domain: plan.domain, smtputf8: false });
  if (answer.status === 'lost') return 'lost';
  return readReply(answer.reply, { local: name, host, control: true }, plan, options);
}

function readReply(
  reply: Reply,
  about: { readonly local: string; readonly host: string; readonly control: boolean },
  plan: AskPlan,
  options: ProbeOptions,
): Reading {
  const recipient = `${about.local}@${plan.domain}`;
  const { host, control } = about;
  const sender = options.identity.mailFrom ?? undefined;
  const result = meaningOf({ ...reply, stage: 'rcpt', provider: plan.provider.label, recipient, sender, host });
  const { meaning, rule, strength }: { meaning: Meaning; rule: string; strength: 'strong' | 'weak' } = result;
  options.observe?.({ type: 'reply', host, recipient, meaning, rule, reply, control });
  const { reason } = verdictOfMeaning(meaning, { ...reply, stage: 'rcpt', strength });
  return { ...result, reply, reason };
}

/** A lost connection is asked once more; a timeout is not, it would only take as long again. */
function isWorthRetrying(answer: Extract<RecipientAnswer, { status: 'lost' }>, signal: AbortSignal): boolean {
  return !signal.aborted && (answer.failure === 'reset' || answer.failure === 'closed');
}
