// The question for a name nobody has, once a domain: whether it is owed, under which name, and what came of it.
import { domainFacts } from '../address/domain-facts.ts';
import type { RandomSource } from '../clock.ts';
import type { ControlOutcome } from './catch-all.ts';
import { makeControlName } from './control-name.ts';
import type { PutOffControl } from './domain-records.ts';
import { type Answered, controlOutcomeOf, isControlWorthRetrying, type Reading, type Subject } from './interview.ts';

/** Where the name is kept between runs: a greylist knows the one it has put off. */
export interface ControlNameMemory {
  /** The name the domain was asked about before, or null. */
  controlNameOf(domain: string): string | null;
  rememberControlName(domain: string, name: string): void;
}

export interface ControlQuestionOptions {
  readonly memory: ControlNameMemory;
  readonly random: RandomSource;
}

/** The question is put once; once more where the first try got no answer that concerns the name. */
const MOST_TRIES = 2;

/** So many names show how a domain builds them. */
const MOST_MODELS = 50;

export class ControlQuestion {
  readonly #domain: string;
  readonly #options: ControlQuestionOptions;
  #owed = false;
  #running = false;
  #asked = false;
  #tries = 0;
  readonly #acceptedNames: string[] = [];
  #putOff: PutOffControl | null = null;
  #dueAt = 0;
  #wantedSource: string | null;

  /** `wantedSource` is the local address an earlier run asked it from and was put off; null where it was not. */
  constructor(domain: string, options: ControlQuestionOptions & { readonly wantedSource: string | null }) {
    this.#domain = domain;
    this.#wantedSource = options.wantedSource;
    this.#options = options;
  }

  /** True where it waits for a session of its own. */
  get isOwed(): boolean {
    return this.#owed;
  }

  /** True while a session that puts it has not been judged. */
  get isRunning(): boolean {
    return this.#running;
  }

  /** True once it was put, whatever came of it. */
  get wasAsked(): boolean {
    return this.#asked;
  }

  /** What put it off, or null. */
  get putOff(): PutOffControl | null {
    return this.#putOff;
  }

  /** The local address it must be asked from, because a greylist knows it by that; null where any will do. */
  get wantedSource(): string | null {
    return this.#wantedSource;
  }

  /** The name nobody has: the same one for the domain in all runs. `beside` are names the domain was asked about. */
  nameFor(beside: readonly string[]): string {
    const { memory, random } = this.#options;
    const domain = this.#domain;
    const known = memory.controlNameOf(domain);
    if (known !== null) return known;
    const name = makeControlName({ random, beside, isForEverybody: domainFacts(domain).free });
    memory.rememberControlName(domain, name);
    return name;
  }

  /** Notes a name that the domain has accepted: a model for one that nobody has. */
  noteAccepted(local: string): void {
    if (this.#acceptedNames.length < MOST_MODELS) this.#acceptedNames.push(local);
  }

  /** Makes it wait for a session of its own; false where it was tried often enough. */
  owe(): boolean {
    this.#owed = this.#tries < MOST_TRIES;
    return this.#owed;
  }

  /** Notes that a session is going to put it; gives the name, built as those that were answered there or accepted before. */
  begin(answered: readonly Answered<Subject>[]): string {
    this.#owed = false;
    this.#running = true;
    this.#asked = true;
    const accepted = answered.filter(({ reading }) => reading?.meaning === 'accepted');
    const models = accepted.length > 0 ? accepted : answered;
    return this.nameFor([...this.#acceptedNames, ...models.map(({ subject }) => subject.local)]);
  }

  /** Notes that the session which put it is over, and may be judged. */
  end(): void {
    this.#running = false;
  }

  /** What its answer says of the domain; null where that is nothing, and it may be put once more. */
  take(
    control: Reading | 'lost',
    at: { readonly besideAcceptance: boolean; readonly sourceIp: string | null },
  ): ControlOutcome | null {
    this.#tries += 1;
    if (isControlWorthRetrying(control) && this.#tries < MOST_TRIES) return null; // asked again when the queue drains
    if (control === 'lost') return null;
    const outcome = controlOutcomeOf(control, at);
    if (outcome === 'unclear' && control.reply.code < 500) {
      this.#putOff = { reply: control.reply, sourceIp: at.sourceIp };
      this.#wantedSource = at.sourceIp;
    }
    return outcome;
  }

  /** Notes when it may be put again (milliseconds since the epoch), once it was put off. */
  waitUntil(dueAt: number): void {
    this.#dueAt = dueAt;
  }

  /** It may be put anew, if it was put off and its time has come; false where that has not. */
  reopen(now: number): boolean {
    if (this.#putOff === null) return true;
    if (now < this.#dueAt) return false;
    this.#putOff = null;
    this.#asked = false;
    this.#tries = 0;
    return true;
  }

  /** It is not put any more. */
  giveUp(): void {
    this.#owed = false;
    this.#tries = MOST_TRIES;
  }
}
