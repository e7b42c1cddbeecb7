// Finds refusals that everybody gets, a name nobody has included: they are about us, whatever mailbox they speak of.
import { readReplyWords } from '../smtp/reply-text.ts';
import type { Answered, Reading, Subject } from './interview.ts';

/** What a session was about, so that echoes of it are recognised in its replies. */
export interface RefusedAt {
  readonly domain: string;
  readonly host: string;
}

/** A refusal of a recipient without what differs between recipients and sessions: addresses, names, ids, numbers. */
export function printOf({ reply }: Reading, local: string, { domain, host }: RefusedAt): string {
  const { words, enhanced } = readReplyWords(reply.text, { ...reply, recipient: `${local}@${domain}`, host });
  const name = local.toLowerCase();
  const withoutName = words.split(/([^\p{L}\p{N}._+-]+)/u).map((word) => (word === name ? 'NAME' : word));
  const withoutIds = withoutName.join('').replace(/[\w-]*\d[\w-]*/g, '#');
  return `${reply.code} ${enhanced ?? ''} ${withoutIds}`;
}

/** The refusal, in the same words, that every recipient of a session got; null where they were not all answered alike. */
export function commonPrintOf<S extends Subject>(answered: readonly Answered<S>[], at: RefusedAt): string | null {
  let common: string | null = null;
  for (const { subject, reading } of answered) {
    if (reading === null || reading.reply.code < 400) return null;
    const print = printOf(reading, subject.local, at);
    if (common !== null && print !== common) return null;
    common = print;
  }
  return common;
}

/**
 * The rows of the reply tables whose words a server may use for its policy as well as for a missing mailbox: RFC 5321
 * section 4.2.2 words 550 as "mailbox unavailable (e.g., mailbox not found, no access, or command rejected for policy
 * reasons)", and a recipient "rejected" without a reason may be rejected for any.
 */
export const DOUBTFUL_RULES: ReadonlySet<string> = new Set(['mailbox-unavailable-words', 'recipient-refused-5.1.x']);

/** True for a refusal that would make the address invalid and yet does not plainly say that there is no such user. */
export function isDoubtful({ meaning, rule, reason }: Reading): boolean {
  if (meaning === 'mailbox_not_found') return reason === 'mailbox_not_found' && DOUBTFUL_RULES.has(rule);
  return reason === 'mailbox_full' || reason === 'mailbox_disabled';
}

/** A session in which everybody got the same doubtful refusal; its verdicts wait until it is known what to make of it. */
export interface DoubtfulSession {
  readonly domain: string;
  readonly print: string;
  /** True where the name nobody has got it too. */
  readonly sawControl: boolean;
  /**
   * Sessions that must say so before it is believed to be about us. A name nobody has can be neither full nor disabled,
   * so there one is proof; "mailbox unavailable" is the right answer for it, and only everybody's getting it is odd.
   */
  readonly sessionsNeeded: 1 | 2;
  /** Decides the verdicts that wait; called once. */
  readonly settle: (outcome: { readonly isAboutUs: boolean }) => void;
}

/** With so many sessions nobody is waited for any more who might yet be accepted. */
const SURE_SESSIONS = 6;

/** Who shows so many different doubts, or never answers for the name nobody has, is taken at its word. */
const MOST_HELD = 300;

interface Held extends DoubtfulSession {
  /** True once nobody of its domain is left who might be answered otherwise. */
  isDone: boolean;
}

/**
 * What is known of one provider's doubtful refusals. Evidence is weighed twice: over the provider, as long as it has
 * taken our mail for nobody, and within each domain, which may have a policy of its own.
 */
export class SameRefusals {
  #acceptedSomeone = false;
  #held: Held[] = [];
  /** Prints that are about us: for the whole provider, and "print domain" for one domain. */
  readonly #ofProvider = new Set<string>();
  readonly #ofDomains = new Set<string>();

  /** True while nothing has been learnt that a later session could use. */
  get isEmpty(): boolean {
    return this.#held.length + this.#ofProvider.size + this.#ofDomains.size === 0;
  }

  /** True for a refusal that has proved to be about us. */
  isAboutUs(print: string, domain: string): boolean {
    return this.#ofProvider.has(print) || this.#ofDomains.has(`${print} ${domain}`);
  }

  /** True where other sessions got this refusal for everybody, so that a name nobody has is worth asking for comparison. */
  hasMet(print: string): boolean {
    return this.#held.some((session) => session.print === print);
  }

  /** Notes that the provider took our mail for somebody at this domain: it does not refuse us as such. */
  noteAccepted(domain: string): void {
    this.#acceptedSomeone = true;
    this.#ofProvider.clear();
    for (const known of this.#ofDomains) if (known.endsWith(` ${domain}`)) this.#ofDomains.delete(known);
    this.#settle((session) => session.domain === domain, false);
  }

  /** Takes a session whose verdicts wait; they are decided, with those like it, as soon as the evidence is there. */
  hold(session: DoubtfulSession): void {
    const { print, domain } = session;
    if (this.isAboutUs(print, domain)) {
      session.settle({ isAboutUs: true });
      return;
    }
    if (this.#held.length >= MOST_HELD) {
      session.settle({ isAboutUs: false });
      return;
    }
    this.#held.push({ ...session, isDone: false });
    this.#weigh(session);
  }

  /** Notes that nobody of the domain is left to be asked, or nobody of the whole provider: what is not disproved counts. */
  noteDone(domain: string, at: { readonly isLastOfProvider: boolean }): void {
    const own = this.#held.filter((session) => session.domain === domain);
    for (const session of own) session.isDone = true;
    for (const session of own) this.#weigh(session);
    this.#settle((session) => at.isLastOfProvider || (this.#acceptedSomeone && session.domain === domain), false);
  }

  /** Decides this session and those like it, where they are proof. */
  #weigh({ print, domain }: DoubtfulSession): void {
    const alike = this.#held.filter((other) => other.print === print);
    if (!this.#acceptedSomeone && isProof(ripeOf(alike))) {
      this.#ofProvider.add(print);
      this.#settle((other) => other.print === print, true);
      return;
    }
    if (!isProof(ripeOf(alike.filter((other) => other.domain === domain)))) return;
    this.#ofDomains.add(`${print} ${domain}`);
    this.#settle((other) => other.print === print && other.domain === domain, true);
  }

  #settle(which: (session: Held) => boolean, isAboutUs: boolean): void {
    const settled = this.#held.filter(which);
    this.#held = this.#held.filter((session) => !which(session));
    for (const session of settled) session.settle({ isAboutUs });
  }
}

/** The sessions nobody need be waited for: one more answer could still be an acceptance, and prove them right. */
function ripeOf(alike: readonly Held[]): readonly Held[] {
  if (alike.length >= SURE_SESSIONS) return alike;
  return alike.filter(({ isDone, sessionsNeeded }) => isDone || sessionsNeeded === 1);
}

function isProof(alike: readonly DoubtfulSession[]): boolean {
  const needed = Math.max(...alike.map(({ sessionsNeeded }) => sessionsNeeded));
  return alike.length >= needed && alike.some(({ sawControl }) => sawControl);
}
