// Watches for refusals in words that a host began to use late: by then it may say them to everybody, whoever exists.
import type { Halt } from './circuit.ts';
import type { Answered, Reading, Subject } from './interview.ts';
import { printOf } from './same-refusal.ts';
import type { FinishedSession } from './session-conduct.ts';
import type { Ruling } from './session-judge.ts';

type Heard<S extends Subject> = Omit<FinishedSession<S>, 'startedAtMs'>;

/** What one host's refusals of unknown users sounded like. */
interface Known {
  /** The words it began with. */
  usual: string | null;
  /** Words behind which it said something else again in the same session, so that they were about the name. */
  readonly borneOut: Set<string>;
}

/** Sessions are not made shorter than this many refusals: words that suit one name only are more common. */
const SHORTEST_BUDGET = 3;

/** Where a session may hold fewer recipients than this, their order shows nothing. */
const LEAST_TO_COMPARE = 3;

/** Sessions in a row with nothing but late words for anybody, after which more of them would only bring more. */
const MOST_IN_VAIN = 3;

/** Refusals of one domain's names, by host. */
export class LateWords {
  readonly #domain: string;
  readonly #known = new Map<string, Known>();
  #inVain = 0;
  #halt: Halt | null = null;

  constructor(domain: string) {
    this.#domain = domain;
  }

  /** Why the domain had better not be asked on; null where it may. */
  get halt(): Halt | null {
    return this.#inVain >= MOST_IN_VAIN ? this.#halt : null;
  }

  /** True where the answer for a name nobody has would tell whether words that came late are said to everybody. */
  needsComparison<S extends Subject>(answered: readonly Answered<S>[], host: string): boolean {
    const known = this.#learn({ answered, control: null, host }, this.#copyOf(host));
    return this.#said({ answered, control: null, host }).some((words) => isLate(words, known));
  }

  /**
   * Keeps late words from counting, where a session may hold `most` recipients. Whoever was told them behind other answers is asked in a session of their own;
   * where a new session begins with them, the host has nothing else to say any more, and they prove nothing.
   */
  review<S extends Subject>(rulings: readonly Ruling<S>[], session: Heard<S>, most: number): readonly Ruling<S>[] {
    if (most < LEAST_TO_COMPARE) return rulings;
    const { answered, host } = session;
    const known = this.#learn(session, this.#copyOf(host));
    this.#known.set(host, known);
    const said = this.#said(session);
    this.#noteOutcome(
      said.every((words) => words === null || isLate(words, known)),
      session,
    );
    const first = said.findIndex((words) => isLate(words, known));
    return rulings.map((ruling, index) => {
      const words = said[index] ?? null;
      if (ruling.status !== 'counts' || !isLate(words, known)) return ruling;
      const { subject, reading } = ruling;
      const isBehindOthers = said.slice(0, index).some((other) => other !== null && other !== words);
      const bears = Math.max(SHORTEST_BUDGET, answered[first]?.refusalsBefore ?? 0) - 1;
      if (isBehindOthers) return { status: 'impatient', subject, bears };
      return { status: 'again', subject, alone: false, otherwise: refusedInVain(subject, reading, host) };
    });
  }

  #noteOutcome<S extends Subject>(isAllLate: boolean, { answered, host }: Heard<S>): void {
    const reply = answered.findLast(({ reading }) => reading?.meaning === 'mailbox_not_found')?.reading?.reply ?? null;
    this.#inVain = isAllLate && reply !== null ? this.#inVain + 1 : 0;
    this.#halt = { reason: 'blocked', stage: 'rcpt', reply, host, detail: 'refused in other words than before' };
  }

  #copyOf(host: string): Known {
    const { usual = null, borneOut = [] } = this.#known.get(host) ?? {};
    return { usual, borneOut: new Set(borneOut) };
  }

  #learn<S extends Subject>(session: Heard<S>, known: Known): Known {
    const said = this.#said(session).filter((words) => words !== null);
    known.usual ??= said.find((words) => words !== ACCEPTED) ?? null;
    const last = said.at(-1);
    const lastOther = said.findLastIndex((words) => words !== last);
    for (const words of said.slice(0, lastOther + 1)) known.borneOut.add(words);
    return known;
  }

  /** What each recipient was told of the mailbox, the name nobody has last; null where nothing was said of it. */
  #said<S extends Subject>({ answered, control, host }: Heard<S>): (string | null)[] {
    const at = { domain: this.#domain, host };
    const said = answered.map(({ subject, reading }) => wordsOf(reading, subject.local, at));
    return control === null ? said : [...said, wordsOf(control.reading, control.name, at)];
  }
}

const ACCEPTED = 'accepted';

function wordsOf(reading: Reading | null, local: string, at: Parameters<typeof printOf>[2]): string | null {
  if (reading?.meaning === 'accepted') return ACCEPTED;
  return reading?.meaning === 'mailbox_not_found' ? printOf(reading, local, at) : null;
}

function isLate(words: string | null, { usual, borneOut }: Known): boolean {
  return words !== null && words !== ACCEPTED && words !== usual && !borneOut.has(words);
}

function refusedInVain<S extends Subject>(subject: S, { reply }: Reading, host: string): Ruling<S> {
  const detail =
    'the host has begun to refuse in other words, a name nobody has included: it may do so whoever is meant';
  return { status: 'failed', subject, failure: { reason: 'inconsistent', stage: 'rcpt', reply, detail, host } };
}
