// Watches whether a mail host stands by its answers: where they look like chance, it is asked about a few names again.
import { isOrdinaryName } from './asked.ts';
import type { Reading } from './interview.ts';
import type { Pending } from './pending-jobs.ts';

/** An answer that would make an address valid or invalid, before it does. */
export interface Heard {
  readonly pending: Pending;
  readonly reading: Reading;
  readonly host: string;
  /** How many of its session had been refused before it. */
  readonly refusalsBefore: number;
}

export interface ConstancyOptions {
  /** How many addresses of the domain are to be asked about. */
  readonly count: number;
  /** False where the operator is known, and known not to answer by chance: nobody is asked about again for this. */
  readonly isInDoubt: boolean;
  /** Called once for each answer taken: it counts, or the host does not stand by what it says. */
  readonly decide: (heard: Heard, at: { readonly isConstant: boolean }) => void;
  /** Told whom to ask about again, by another connection. */
  readonly askAgain: (heard: Heard) => void;
}

/** Of fewer answers nothing is odd. */
const FEWEST = 4;

/** Lists seldom hold so large a share of missing people at one domain, nor so many of them. */
const ODD_SHARE = 1 / 3;
const ODD_COUNT = 2;

/** Where chance would bring a session so unlike those before it this seldom, another machine may have answered there. */
const RARE = 0.02;

/**
 * So many are asked about again where the answers are odd. A host that refuses any name with the chance q gives itself away
 * but with q^3 (1-q)^2, which is 3.5 % at most.
 */
const ODD_QUOTA: Counts = { refused: 3, accepted: 2 };

/** In a domain of so many addresses a connection more is no burden. */
const LARGE = 20;

/** Asked again there, whatever the answers look like: a chance below a third to be refused hides with its square at most. */
const LARGE_QUOTA: Counts = { refused: 2, accepted: 1 };

/**
 * Elsewhere, and where everybody is refused because the domain has moved on, nobody is, but where others are still to be
 * asked, so that it takes no connection more.
 */
const RIDING_ALONG: Counts = { refused: 1, accepted: 0 };
const NOBODY: Counts = { refused: 0, accepted: 0 };

/** Who is refused behind fewer refusals is refused for himself: no host was seen to tire of one. */
const TIRING = 2;

/** Of a large domain where few are missing, so many may be told another thing by mistake. */
const MOST_HICCUPS = 1;

/** So many sessions unlike the others are looked into; a large domain has many, and some are odd by chance. */
const MOST_ODD_SESSIONS = 2;

/**
 * The answers of one domain on their way to their verdicts. A catch-all that refuses some names at random, or a load
 * balancer with one machine behind it that knows other people than the rest, answers like a domain where some are missing;
 * only the same question, put by another connection, tells.
 */
export class Constancy {
  readonly #options: ConstancyOptions;
  /** Of the session being judged. */
  #session: Heard[] = [];
  #unproved = 0;
  /** Of sessions before, until those who are asked about again have been answered. */
  #held: Heard[] = [];
  readonly #askedAgain = new Set<Pending>();
  #accepted = 0;
  #refused = 0;
  /** Asked about again for what the domain's answers look like as a whole. */
  readonly #tested = { refused: 0, accepted: 0 };
  #oddSessions = 0;
  #changes = 0;
  #hasChanged = false;

  constructor(options: ConstancyOptions) {
    this.#options = options;
  }

  /** True once the domain said different things of one and the same name. */
  get hasChanged(): boolean {
    return this.#hasChanged;
  }

  /** Answers that wait; a refusal among them tells already that the domain refuses somebody. */
  get undecided(): readonly Heard[] {
    const standing = [...this.#askedAgain].flatMap((pending) => pending.standing ?? []);
    return [...this.#held, ...standing];
  }

  /** True while a refusal by this host waits. */
  hasRefusalOf(host: string): boolean {
    return this.undecided.some((heard) => isRefusal(heard) && heard.host === host);
  }

  /** Takes an answer of the session being judged; `endSession` decides it, or holds it. */
  take(heard: Heard): void {
    this.#session.push(heard);
  }

  /** Notes an acceptance of the session being judged that is to be asked about again anyway, for other reasons. */
  noteUnproved(): void {
    this.#unproved += 1;
  }

  /** Notes that somebody is not asked again after all, or got no answer; what was said first stands for what it is. */
  giveUpOn(pending: Pending): void {
    this.#askedAgain.delete(pending);
  }

  /**
   * Notes that the host answered otherwise than before. Where its answers were odd, that settles it: none can be believed.
   * Elsewhere once is a hiccup, and others are put to the test.
   */
  noteChange(pending: Pending): void {
    this.#askedAgain.delete(pending);
    this.#changes += 1;
    if (this.#changes < MOST_HICCUPS + 1 && !this.#isOdd(NOBODY)) {
      this.#tested.refused = 0;
      this.#tested.accepted = 0;
      return;
    }
    this.#hasChanged = true;
    this.#askedAgain.clear();
  }

  /**
   * Called when all answers of a session have been taken; `mayAsk` is false where nobody is put to the test any more,
   * `isEnding` true where that is because the run ends: then what does not look odd counts as it is.
   */
  endSession(at: { readonly mayAsk: boolean; readonly isMoreToAsk: boolean; readonly isEnding: boolean }): void {
    const { mayAsk, isMoreToAsk } = at;
    const session = this.#session;
    this.#session = [];
    this.#held.push(...session);
    for (const { pending } of session) this.#askedAgain.delete(pending);
    const heardFirst = session.filter(isFirstAnswer);
    const refused = heardFirst.filter(isRefusal).length;
    const counts = { accepted: heardFirst.length - refused + this.#unproved, refused };
    this.#unproved = 0;
    const canTest = mayAsk && this.#options.isInDoubt && !this.#hasChanged;
    if (canTest) this.#test(heardFirst, { ...counts, isMoreToAsk });
    this.#accepted += counts.accepted;
    this.#refused += counts.refused;
    const isLast = at.isEnding && !this.#isOdd(NOBODY);
    const isEarly = canTest && this.#options.count >= FEWEST && this.#accepted + this.#refused < FEWEST;
    if ((this.#askedAgain.size === 0 || isLast) && !isEarly) this.release();
  }

  /** Decides what waits: there is nobody left who could tell more. Refusals first, for they prove acceptances. */
  release(): void {
    const held = this.#held.splice(0);
    for (const heard of [...held.filter(isRefusal), ...held.filter(isAcceptance)])
      this.#options.decide(heard, { isConstant: !this.#hasChanged });
  }

  /**
   * Notes that the host refused somebody behind others whom it accepts now: it tires in the course of a session, in its
   * usual words. Gives whom else it refused so; what it says of others is put to the test anew.
   */
  noteTired(): readonly Heard[] {
    const isLate = (heard: Heard): boolean => isRefusal(heard) && isBehindRefusals(heard);
    const late = this.#held.filter(isLate);
    this.#held = this.#held.filter((heard) => !isLate(heard));
    this.#refused -= late.length;
    this.#tested.refused = 0;
    this.#tested.accepted = 0;
    return late;
  }

  /** Has some of a session asked again, where the domain's answers look odd with these, or these beside the ones before. */
  #test(session: readonly Heard[], counts: Counted): void {
    const quota = this.#quotaFor(counts);
    if (quota !== null) {
      const { refused, accepted } = this.#tested;
      const left = { refused: quota.refused - refused, accepted: quota.accepted - accepted };
      const chosen = this.#askAgain(this.#held.filter(isFirstAnswer), left);
      this.#tested.refused += chosen.refused;
      this.#tested.accepted += chosen.accepted;
    } else if (this.#oddSessions < MOST_ODD_SESSIONS && this.#isOddSession(counts)) {
      this.#oddSessions += 1;
      this.#askAgain(session, ODD_QUOTA);
    }
  }

  /** Gives how many it were. */
  #askAgain(from: readonly Heard[], most: Counts): Counts {
    // Names with a form of their own may be refused for that, by some machines only.
    const plain = from.filter(({ pending, reading }) => isOrdinaryName(pending.local) && reading.reply.code !== 501);
    // The last ones first: a host that is tired of a session, and says so in its usual words, is fresh in the next.
    const refused = plain.filter(isRefusal).toReversed().slice(0, Math.max(0, most.refused));
    const accepted = plain.filter(isAcceptance).slice(0, Math.max(0, most.accepted));
    // An acceptance behind refusals is believed where another refusal follows.
    const last = refused.length > 1 ? refused.splice(-1) : [];
    const chosen = [...refused, ...accepted, ...last];
    this.#held = this.#held.filter((heard) => !chosen.includes(heard));
    for (const heard of chosen) {
      heard.pending.standing = heard;
      this.#askedAgain.add(heard.pending);
      this.#options.askAgain(heard);
    }
    return { refused: chosen.length - accepted.length, accepted: accepted.length };
  }

  /** How many of the domain are to be asked about again in all; null where no more are. */
  #quotaFor({ accepted, refused, isMoreToAsk }: Counted): Counts | null {
    const refusedInAll = this.#refused + refused;
    const answers = this.#accepted + accepted + refusedInAll;
    if (answers < FEWEST || refusedInAll === 0) return null;
    const isOdd = this.#isOdd({ accepted, refused });
    const isLarge = this.#options.count >= LARGE;
    const ridingAlong = isMoreToAsk ? RIDING_ALONG : NOBODY;
    const quota =
      refusedInAll === answers ? ridingAlong : isOdd ? oddQuotaOf(answers) : isLarge ? LARGE_QUOTA : ridingAlong;
    return this.#tested.refused < quota.refused || this.#tested.accepted < quota.accepted ? quota : null;
  }

  /** True where so many of the domain are missing that it may be chance, with these answers put to those before. */
  #isOdd({ accepted, refused }: Counts): boolean {
    const refusedInAll = this.#refused + refused;
    return refusedInAll >= ODD_COUNT && refusedInAll >= (this.#accepted + accepted + refusedInAll) * ODD_SHARE;
  }

  #isOddSession({ accepted, refused }: Counts): boolean {
    const before = this.#accepted + this.#refused;
    if (before < FEWEST || (accepted > 0 && refused > 0)) return false;
    const usual = ((refused > 0 ? this.#refused : this.#accepted) + 1) / (before + 2);
    return usual ** (accepted + refused) <= RARE;
  }
}

interface Counts {
  readonly accepted: number;
  readonly refused: number;
}

/** True for an answer that a host may have given for the sake of the refusals before it. */
export function isBehindRefusals({ refusalsBefore }: Heard): boolean {
  return refusalsBefore >= TIRING;
}

interface Counted extends Counts {
  readonly isMoreToAsk: boolean;
}

/** Of a few answers a part only: nobody is to be asked everything twice. */
function oddQuotaOf(answers: number): Counts {
  const refused = Math.min(ODD_QUOTA.refused, Math.floor(answers / 2));
  return { refused, accepted: Math.min(ODD_QUOTA.accepted, Math.floor(answers / 3)) };
}

/** Who was accepted behind refusals, and so asked about twice, has been counted then. */
function isFirstAnswer({ pending }: Heard): boolean {
  return !pending.isBeforeOfThisRun && pending.timesUnproved === 0;
}

function isAcceptance({ reading }: Heard): boolean {
  return reading.meaning === 'accepted';
}

function isRefusal(heard: Heard): boolean {
  return !isAcceptance(heard);
}
