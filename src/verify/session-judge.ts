// Decides what the answers of one session are worth: which count, and which must be asked for again in a new session.
import { type Failure, reasonOfFailure } from './failure.ts';
import { type Answered, type Reading, type Subject, saysTooManyRecipients, tellsNamesApart } from './interview.ts';
import { isDoubtful } from './same-refusal.ts';

/** What is to be done about one recipient of a session. */
export type Ruling<S extends Subject> =
  | { readonly status: 'counts'; readonly subject: S; readonly reading: Reading }
  | { readonly status: 'failed'; readonly subject: S; readonly failure: Omit<Failure, 'attempts'> }
  /** Asked again, once: `alone` where its own answer may have ended the session. */
  | { readonly status: 'again'; readonly subject: S; readonly alone: boolean; readonly otherwise: Ruling<S> }
  /** Behind what the host, or the time, allows in one session: nothing was said of it, so it is asked as if for the first time. */
  | { readonly status: 'unanswered'; readonly subject: S }
  /** Refused in words that may be meant for all, once the host had refused more than it was ever seen to bear. */
  | { readonly status: 'impatient'; readonly subject: S; readonly bears: number }
  /** Accepted, but only after the host had refused several: such a host may accept everybody by then. */
  | { readonly status: 'unproved'; readonly subject: S };

/** What a domain's sessions have shown of its host's honesty after refusals. */
export interface HonestyRecord {
  /** So many refusals in one session did not yet make the host accept everything: a later name was refused again. */
  honestAfter: number;
  /** Somebody was accepted after so many refusals in one session, and so nobody before was refused for the others' sake. */
  bears: number;
  /** Who was accepted, and refused, no later than that. */
  accepted: number;
  refused: number;
  /** Bare refusals that stood beside acceptances in one session: there they were about the name. */
  readonly borneOut: Set<string>;
}

export interface SessionFacts {
  readonly host: string;
  readonly outOfStep: boolean;
}

/**
 * Rules on every recipient of a session. A reply that came behind refusals of others may be the host's answer to those
 * and not to this name (Oracle defers everybody after a few unknown users, Exim recipes refuse everybody, some accept
 * everybody): it is asked for again in a new session, before anybody is refused there.
 */
export function ruleOnSession<S extends Subject>(
  answered: readonly Answered<S>[],
  facts: SessionFacts,
  honesty: HonestyRecord,
): Ruling<S>[] {
  if (facts.outOfStep) return answered.map(({ subject, reading }) => outOfStep(subject, reading, facts.host));
  noteHonesty(answered, honesty);
  noteBorneOut(answered, honesty);
  const chance = chanceOfEnd(answered, honesty);
  const lastRefusal = answered.findLastIndex(({ reading }) => reading !== null && tellsNamesApart(reading));
  const firstLost = answered.findIndex(({ lost }) => lost !== null);
  const wasLost = { firstLost, host: facts.host };
  const alike = lastDeferredAlike(answered);
  return answered.map((one, index) => {
    if (one.isMisplaced === true) return { status: 'unanswered', subject: one.subject };
    if (one.reading === null) return ruleOnLost(one, { ...wasLost, index });
    const isWeak = isBare(one.reading);
    const reading = isWeak && saysItOfNames(one.reading, honesty) ? strengthened(one.reading) : one.reading;
    const counts: Ruling<S> = { status: 'counts', subject: one.subject, reading };
    const { meaning, reply, strength } = reading;
    const mayBeForAll = strength === 'strong' && meaning === 'mailbox_not_found';
    const isImpatient = chance <= (isWeak || isDoubtful(reading) ? ODD : VERY_ODD);
    if (isImpatient && mayBeForAll && one.refusalsBefore > honesty.bears)
      return { status: 'impatient', subject: one.subject, bears: honesty.bears };
    if (reply.code === 421) return { status: 'again', subject: one.subject, alone: false, otherwise: counts };
    // Somebody before it was answered for good, so each session brings the domain on, however few the host takes.
    if (index > 0 && saysTooManyRecipients(reading)) return { status: 'unanswered', subject: one.subject };
    const isBehindOthers = one.refusalsBefore > 0 && index > alike;
    const isAboutOthers = isBehindOthers && isAboutSession({ meaning, strength }) && !tellsNamesApart(reading);
    const isRecipientLimit = meaning === 'rate_limited' && index > 0;
    const isUnproved =
      meaning === 'accepted' &&
      one.refusalsBefore >= 2 &&
      index > lastRefusal &&
      one.refusalsBefore > honesty.honestAfter;
    if (isUnproved) return { status: 'unproved', subject: one.subject };
    return isAboutOthers || isRecipientLimit
      ? { status: 'again', subject: one.subject, alone: false, otherwise: counts }
      : counts;
  });
}

/** Rules once more on answers that had to wait, with what was learnt of the host meanwhile. */
export function ruleAgain<S extends Subject>(
  rulings: readonly Ruling<S>[],
  answered: readonly Answered<S>[],
  { bears }: HonestyRecord,
): Ruling<S>[] {
  const refusalsBefore = new Map(answered.map((one) => [one.subject, one.refusalsBefore]));
  return rulings.map((ruling) => {
    const { subject, status } = ruling;
    const isLate = (refusalsBefore.get(subject) ?? 0) > bears;
    const isInDoubt = status === 'counts' && isDoubtful(ruling.reading);
    return isInDoubt && isLate ? { status: 'impatient', subject, bears } : ruling;
  });
}

/** Where chance alone would bring so many refusals in a row so seldom, the host has had enough, or may have. */
const ODD = 0.5;

/** The same where the words say plainly that there is no such user: few hosts say that of everybody. */
const VERY_ODD = 0.01;

/**
 * How seldom chance would let a session end in so many refusals; 1 for nothing odd. Some hosts refuse everybody after a few
 * unknown users, in the very words they have for these. Where most of a list is unknown that is not odd at all.
 */
function chanceOfEnd<S extends Subject>(answered: readonly Answered<S>[], honesty: HonestyRecord): number {
  const isAccepted = ({ reading }: Answered<S>): boolean => reading?.meaning === 'accepted';
  const isRefused = ({ reading }: Answered<S>): boolean => reading?.meaning === 'mailbox_not_found';
  for (const one of answered) if (isAccepted(one)) honesty.bears = Math.max(honesty.bears, one.refusalsBefore);
  const early = answered.filter(({ refusalsBefore }) => refusalsBefore <= honesty.bears);
  const late = answered.filter((one) => one.refusalsBefore > honesty.bears && isRefused(one));
  honesty.accepted += early.filter(isAccepted).length;
  honesty.refused += early.filter(isRefused).length;
  if (honesty.accepted === 0 || late.length === 0) return 1;
  const usual = (honesty.refused + 1) / (honesty.accepted + honesty.refused + 2);
  return usual ** late.length;
}

/**
 * How far the session's first answer was given to everybody, where it was a deferral: the host has trouble of its own,
 * which is not the answer to refusals of others. -1 where the first answer was something else.
 */
function lastDeferredAlike<S extends Subject>(answered: readonly Answered<S>[]): number {
  const first = answered[0]?.reading ?? null;
  if (first?.meaning !== 'temporary') return -1;
  const other = answered.findIndex(
    ({ reading }) => reading?.meaning !== 'temporary' || reading.reply.code !== first.reply.code,
  );
  return (other === -1 ? answered.length : other) - 1;
}

/** A bare refusal may be the answer to the refusals before it just as well. */
function isAboutSession({ meaning, strength }: Pick<Reading, 'meaning' | 'strength'>): boolean {
  return ABOUT_THE_SESSION.has(meaning) || (meaning === 'mailbox_not_found' && strength === 'weak');
}

/**
 * True for a refusal without telling words in a session that takes our mail for somebody behind it, or that had refused
 * nobody before: this host, in this mood, does tell names apart. What it said in other sessions proves nothing here.
 */
function isBorneOut<S extends Subject>(answered: readonly Answered<S>[], index: number): boolean {
  const isAccepted = ({ reading }: Answered<S>): boolean => reading?.meaning === 'accepted';
  if (answered.slice(index + 1).some(isAccepted)) return true;
  return answered[index]?.refusalsBefore === 0 && answered.slice(0, index).some(isAccepted);
}

/** A refusal of the recipient without telling words: it proves nothing alone. */
export function isBare({ meaning, strength }: Reading): boolean {
  return meaning === 'mailbox_not_found' && strength === 'weak';
}

/** Whether the host has shown that it means a name by these bare words. */
export function saysItOfNames(reading: Reading, { borneOut }: HonestyRecord): boolean {
  return borneOut.has(wordingOf(reading));
}

function noteBorneOut<S extends Subject>(answered: readonly Answered<S>[], { borneOut }: HonestyRecord): void {
  answered.forEach(({ reading }, index) => {
    if (reading?.meaning === 'mailbox_not_found' && isBorneOut(answered, index)) borneOut.add(wordingOf(reading));
  });
}

/** Which refusal it was, whomever it named. */
function wordingOf({ reply, rule }: Reading): string {
  return `${reply.code} ${reply.enhanced ?? ''} ${rule}`;
}

function strengthened(reading: Reading): Reading {
  return { ...reading, strength: 'strong', reason: 'mailbox_not_found' };
}

/** Meanings that speak of the session or of us, and may be the host's answer to the refusals before. */
const ABOUT_THE_SESSION: ReadonlySet<string> = new Set(['temporary', 'rate_limited', 'blocked', 'protocol_error']);

/** An acceptance behind refusals, with a refusal behind it: so many refusals have not changed how the host answers. */
function noteHonesty<S extends Subject>(answered: readonly Answered<S>[], honesty: HonestyRecord): void {
  let acceptedAfter = 0;
  for (const { reading, refusalsBefore } of answered) {
    if (reading?.meaning === 'accepted') acceptedAfter = Math.max(acceptedAfter, refusalsBefore);
    if (reading !== null && tellsNamesApart(reading))
      honesty.honestAfter = Math.max(honesty.honestAfter, acceptedAfter);
  }
}

/**
 * The first one lost may have caused it and is asked alone; those behind it were never answered at all. Where somebody
 * before it was, each session brings the domain on, and they may be asked as often as it takes.
 */
function ruleOnLost<S extends Subject>(
  { subject, lost, ranOut = false }: Answered<S>,
  at: { readonly index: number; readonly firstLost: number; readonly host: string },
): Ruling<S> {
  const isFirst = at.index === at.firstLost;
  const { failure, reply, detail } = lost ?? { failure: 'closed', reply: null, detail: 'the connection was lost' };
  const reason = reasonOfFailure({ failure, stage: 'rcpt', reply }, at.host);
  const failed: Ruling<S> = {
    status: 'failed',
    subject,
    failure: { reason, stage: 'rcpt', reply, detail, host: at.host },
  };
  // A timeout would only take as long again, and a broken grammar would break again.
  const isFinal = isFirst && !ranOut && (failure === 'timeout' || failure === 'protocol');
  if (isFinal || failure === 'cancelled') return failed;
  if (at.firstLost > 0 && (ranOut || !isFirst)) return { status: 'unanswered', subject };
  return { status: 'again', subject, alone: isFirst, otherwise: failed };
}

function outOfStep<S extends Subject>(subject: S, reading: Reading | null, host: string): Ruling<S> {
  const detail = 'the host sent more replies than it was asked for, so none of them can be believed';
  const reply = reading?.reply ?? null;
  return { status: 'failed', subject, failure: { reason: 'protocol_error', stage: 'rcpt', reply, detail, host } };
}
