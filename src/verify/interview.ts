// Holds one session with a domain: asks recipients while the host's patience lasts, then perhaps for a name nobody has.
import type { Lost } from '../smtp/exchange.ts';
import { type MeaningResult, meaningOf, verdictOfMeaning } from '../smtp/meaning.ts';
import type { RecipientAnswer, Session } from '../smtp/session.ts';
import type { Reason, Reply } from '../verdict.ts';
import type { ControlOutcome } from './catch-all.ts';
import { reasonOfFailure } from './failure.ts';
import type { DomainPlan } from './plan.ts';
import { openProbe, type Probe, type ProbeOptions } from './probe.ts';
import { DOUBTFUL_RULES, isDoubtful } from './same-refusal.ts';

type AskPlan = Extract<DomainPlan, { status: 'ask' }>;

/** A reply about a recipient, and what it means. */
export interface Reading extends MeaningResult {
  readonly reply: Reply;
  /** What it leads to when nothing else speaks against it. */
  readonly reason: Reason;
}

/** One recipient of the session and what came of the question. */
export interface Answered<Subject> {
  readonly subject: Subject;
  /** Null where the connection was lost before the reply; `lost` says how. */
  readonly reading: Reading | null;
  readonly lost: Lost | null;
  /** True where the session's own time was over, so that the host had not the time for a reply that it should have. */
  readonly ranOut?: boolean;
  /** True where a reply of its window never came: those that did may belong to their neighbours. */
  readonly isMisplaced?: boolean;
  /** How many recipients of this session had been refused before. */
  readonly refusalsBefore: number;
}

export type Interview<Subject> =
  | { readonly status: 'failed'; readonly probe: Extract<Probe, { status: 'failed' }> }
  | {
      readonly status: 'held';
      readonly host: string;
      readonly address: string;
      readonly attempts: number;
      /** The local address it was held from; null for the system's choice. */
      readonly sourceIp: string | null;
      /** In the order they were asked. */
      readonly answered: readonly Answered<Subject>[];
      /** The answer for the name nobody has; 'lost' where the connection was, null where it was not asked. */
      readonly control: Reading | 'lost' | null;
      readonly ended: Promise<Ending>;
    };

/** How a connection ended, which tells whether its answers can be believed. */
export interface Ending {
  /** True where the host sent more replies than it owed: any of them may belong to another question. */
  readonly outOfStep: boolean;
}

/** A recipient as the session needs it. */
export interface Subject {
  readonly local: string;
  readonly smtputf8: boolean;
  /** The local address it must be asked from, because a greylist knows it by that; null where any will do. */
  readonly sourceIp: string | null;
}

/** Where a session is held. */
export interface SessionPlace {
  readonly host: string;
  readonly sourceIp: string | null;
}

/** What a session asks of the domain's queue while it runs. */
export interface Desk<S extends Subject> {
  /** Further recipients to ask in this session, at most so many; none to end it. */
  next(limit: number, at: SessionPlace): readonly S[];
  /** The name nobody has to be asked about at the end, decided by the answers so far; null for none. */
  controlAfter(answered: readonly Answered<S>[], at: SessionPlace): string | null;
}

export interface InterviewOptions extends ProbeOptions {
  /** Refused recipients (4xx and 5xx) after which a session is ended by us, before the host loses patience. */
  readonly rejectionBudget: number;
  readonly recipientsPerSession: number;
}

/** A reply this much slower than the session's first ones, behind refusals, is a host that has begun to punish. */
const PUNISHING_DELAY_MS = 900;

/** Resolves when the last answer is in; `ended` resolves when the connection is gone. Never rejects for what a host does. */
export async function interview<S extends Subject>(
  plan: AskPlan,
  first: S,
  options: InterviewOptions,
  desk: Desk<S>,
): Promise<Interview<S>> {
  const probe = await openProbe(plan, recipientOf(first, plan), options);
  if (probe.status === 'failed') return { status: 'failed', probe };
  const { session, host, address, attempts, sourceIp } = probe;
  const answered = await askWhilePatient(first, probe, { plan, desk, options });
  const hasTime = session.leftMs >= options.timeouts.rcptMs;
  const controlName = session.isOpen && hasTime ? desk.controlAfter(answered, { host, sourceIp }) : null;
  const control = controlName === null ? null : await askControl(session, { name: controlName, host }, plan, options);
  const ended = endOf(session).then((ending) => {
    noteSilence(answered, { address, host, domain: plan.domain, ...ending }, options);
    return ending;
  });
  return { status: 'held', host, address, attempts, sourceIp, answered, control, ended };
}

/** Notes whether anything can be learnt from what the host said of the recipients of a session, if it said anything. */
function noteSilence<S extends Subject>(
  answered: readonly Answered<S>[],
  at: { readonly address: string; readonly host: string; readonly domain: string } & Ending,
  { hosts: { mute } }: InterviewOptions,
): void {
  const { address, host, domain, outOfStep } = at;
  const lost = answered[0]?.lost ?? null;
  const never = { stage: 'rcpt', untilMs: Number.POSITIVE_INFINITY } as const;
  if (outOfStep) {
    const detail = 'it sends more replies than it is asked for';
    mute.noteMute(address, domain, { ...never, reason: 'protocol_error', reply: null, detail });
  } else if (answered.some(({ reading }) => reading !== null)) mute.noteSpoke(address, domain);
  else if (lost !== null && lost.failure !== 'cancelled') {
    const { failure, reply, detail } = lost;
    const reason = reasonOfFailure({ failure, stage: 'rcpt', reply }, host);
    mute.noteMute(address, domain, { ...never, reason, reply, detail });
  }
}

/** What the answer for a name nobody has says of the domain. */
export function controlOutcomeOf(control: Reading, at: { readonly besideAcceptance: boolean }): ControlOutcome {
  const { meaning } = control;
  if (meaning === 'accepted') return control.strength === 'strong' ? 'accepted' : 'unclear';
  if (tellsNamesApart(control)) return 'refused';
  // Relay words and bare refusals of a name nobody has tell names apart only beside an acceptance in the same session.
  const isRefusal = meaning === 'mailbox_not_found' || meaning === 'domain_not_accepted';
  return isRefusal && at.besideAcceptance ? 'refused' : 'unclear';
}

/**
 * True for a refusal of this very name, also a temporary one: "450 4.1.1 User unknown" (Postfix with soft_bounce)
 * decides nothing about a mailbox, but shows that the server knows its names.
 */
export function tellsNamesApart(reading: Reading): boolean {
  const { meaning, strength, reply } = reading;
  if (meaning === 'mailbox_not_found') return strength === 'strong' && !isDoubtful(reading);
  if (reply.code < 400 || reply.code > 499 || NOT_NOW.test(reply.text)) return false;
  const asPermanent = { ...reply, code: 550, enhanced: reply.enhanced?.replace(/^4/, '5') ?? null };
  const read = meaningOf({ ...asPermanent, stage: 'rcpt' });
  return read.meaning === 'mailbox_not_found' && read.strength === 'strong' && !DOUBTFUL_RULES.has(read.rule);
}

/** A 4xx that says when or why to come back speaks of now, even where it names the mailbox (Postfix, "unverified address"). */
const NOT_NOW = /verif|progress|\btry\b|retry|again|later|\bwait|temporar|unavailable|not available|greylist|graylist/i;

/** A limit on recipients, sessions or rates says nothing of the name: it is worth asking again in a session of its own. */
export function isControlWorthRetrying(control: Reading | 'lost'): boolean {
  return control === 'lost' || control.meaning === 'rate_limited';
}

async function endOf(session: Session): Promise<Ending> {
  await session.close();
  return { outOfStep: session.outOfStep };
}

interface Setting<S extends Subject> {
  readonly plan: AskPlan;
  readonly desk: Desk<S>;
  readonly options: InterviewOptions;
}

/**
 * Asks recipient after recipient, in windows where the host takes PIPELINING, until nobody is left or going on would
 * try the host's patience: its error counters are the reason for the budget (Postfix delays from the 10th error and
 * hangs up at the 20th, Exim after a few; reference in the README, "How to be a polite prober").
 */
async function askWhilePatient<S extends Subject>(
  first: S,
  { session, host, address, sourceIp }: Extract<Probe, { status: 'open' }>,
  { plan, desk, options }: Setting<S>,
): Promise<Answered<S>[]> {
  const { hosts } = options;
  const budget = Math.min(options.rejectionBudget, hosts.rejectionBudgetOf(address));
  const most = plan.provider.oneRecipientPerTransaction
    ? 1
    : Math.min(options.recipientsPerSession, hosts.recipientLimitOf(address));
  const canPipeline = session.extensions.has('PIPELINING') && !hosts.losesReplies(address);
  const answered: Answered<S>[] = [];
  let refused = 0;
  let usualMs = Number.POSITIVE_INFINITY;
  const windowOf = (room: number): number => (canPipeline ? room : 1);
  const at = { host, sourceIp };
  const firstWindow = desk.next(windowOf(Math.min(budget, most)) - 1, at);
  for (let subjects: readonly S[] = [first, ...firstWindow]; subjects.length > 0; ) {
    const answers = await session.askAll(subjects.map((subject) => recipientOf(subject, plan)));
    const refusedBefore = refused;
    const isMisplaced = session.leftMs > 0 && answers.length > 1 && canPipeline && answers.some(isTimeout);
    if (isMisplaced) hosts.noteLosesReplies(address);
    let slowestMs = 0;
    let isTooMany = false;
    answers.forEach((answer, index) => {
      const subject = subjects[index] as S;
      const read = readAnswer({ subject, answer, refused, host }, plan, options);
      const ranOut = isTimeout(answer) && session.leftMs <= 0;
      answered.push(ranOut || isMisplaced ? { ...read, ranOut, isMisplaced } : read);
      isTooMany ||= read.reading !== null && saysTooManyRecipients(read.reading);
      if (answer.status === 'lost') return;
      if (answer.reply.code >= 400) refused += 1;
      slowestMs = Math.max(slowestMs, answer.ms);
      if (refusedBefore === 0) usualMs = Math.min(usualMs, answer.ms);
    });
    if (answers.some((answer) => answer.status === 'lost' && answer.failure === 'tls')) hosts.noteTlsDemanded(address);
    const isPunishing = refusedBefore > 0 && slowestMs > usualMs + PUNISHING_DELAY_MS;
    const isShutOut = !session.isOpen && endedByHost(answers);
    if (refused > 0 && (isPunishing || isShutOut)) hosts.noteImpatience(address, refused);
    if (!session.isOpen || isPunishing) break;
    if (isTooMany) {
      hosts.noteRecipientLimit(address, answered.filter(({ reading }) => reading?.meaning !== 'rate_limited').length);
      break;
    }
    // Who could not be given the time for a reply is left to the next session; so is who would wait behind slow replies.
    if (session.leftMs < options.timeouts.rcptMs) break;
    const roomInTime = Math.max(1, Math.floor(session.leftMs / Math.max(1, slowestMs)) - 1);
    const budgetLeft = budget - refused;
    if (canPipeline && budgetLeft * 2 < budget) break; // a fresh session asks in larger windows than the rest of this one
    const room = Math.min(budgetLeft, most - answered.length, roomInTime);
    subjects = room <= 0 ? [] : desk.next(windowOf(room), at);
  }
  return answered;
}

/** No more than a session needs to know: its subjects carry what the domain's queue knows of them. */
function recipientOf({ local, smtputf8, sourceIp }: Subject, { domain }: AskPlan) {
  return { local, smtputf8, sourceIp, domain };
}

function isTimeout(answer: RecipientAnswer): boolean {
  return answer.status === 'lost' && answer.failure === 'timeout';
}

/** A 421, or a connection that went away in mid-sentence. */
function endedByHost(answers: readonly RecipientAnswer[]): boolean {
  return answers.some((answer) =>
    answer.status === 'lost' ? answer.failure !== 'cancelled' : answer.reply.code === 421,
  );
}

/** RFC 5321 section 4.5.3.1.10; some say it with 552, which clients are told there to take for temporary. */
export function saysTooManyRecipients({ reply, meaning }: Reading): boolean {
  return (
    meaning === 'rate_limited' && (reply.enhanced?.endsWith('.5.3') === true || /too many recipients/i.test(reply.text))
  );
}

function readAnswer<S extends Subject>(
  given: { readonly subject: S; readonly answer: RecipientAnswer; readonly refused: number; readonly host: string },
  plan: AskPlan,
  options: ProbeOptions,
): Answered<S> {
  const { subject, answer, refused, host } = given;
  if (answer.status === 'lost') return { subject, reading: null, lost: answer, refusalsBefore: refused };
  const reading = readReply(answer.reply, { local: subject.local, host, control: false }, plan, options);
  return { subject, reading, lost: null, refusalsBefore: refused };
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
  const { meaning, rule, strength } = result;
  options.observe?.({ type: 'reply', host, recipient, meaning, rule, reply, control });
  const { reason } = verdictOfMeaning(meaning, { ...reply, stage: 'rcpt', strength });
  return { ...result, reply, reason };
}
