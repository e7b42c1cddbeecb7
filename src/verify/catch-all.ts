// Decides what the answers of one domain prove: acceptances count only once the domain is known to refuse somebody.
import type { CatchallState, Meaning, Reason, Reply } from '../verdict.ts';

/** One recipient's answer, waiting to be judged. `T` is whatever the caller needs to write the verdict down. */
export interface Answer<T> {
  readonly job: T;
  readonly meaning: Meaning;
  /** 'weak': the reply fits the meaning but does not say it in words (a bare 550, a 252). */
  readonly strength: 'strong' | 'weak';
  /** The reason this meaning leads to when nothing else speaks against it. */
  readonly reason: Reason;
  readonly reply: Reply;
  /** False for a name some servers refuse whatever they know: routing characters, a leading dash, quotes. */
  readonly isOrdinaryName: boolean;
  /** True for a refusal whose words a host may also use for its policy ("mailbox unavailable"). */
  readonly isDoubtful: boolean;
}

/** What became of the question for a name that nobody has. */
export type ControlOutcome = 'accepted' | 'refused' | 'unclear';

export interface DomainJudgeOptions<T> {
  /** What an earlier run found out, if that still holds. */
  readonly known: 'yes' | 'no' | null;
  /** True where the operator accepts at RCPT what it later refuses, so that acceptance proves nothing. */
  readonly acceptanceProvesNothing: boolean;
  /** Acceptances that wait for a refusal before the catch-all question is asked while the queue still runs. */
  readonly acceptancesBeforeControl: number;
  /** Called once for every answer taken, when its reason is certain. */
  readonly decide: (answer: Answer<T>, reason: Reason, catchall: CatchallState) => void;
}

/** Collects the answers of one domain; opened with the domain's queue and closed by `finish`. */
export class DomainJudge<T> {
  #state: CatchallState;
  #hasLearnt = false;
  readonly #waiting: Answer<T>[] = [];
  readonly #options: DomainJudgeOptions<T>;

  constructor(options: DomainJudgeOptions<T>) {
    this.#options = options;
    this.#state = options.known ?? 'not_asked';
  }

  get state(): CatchallState {
    return this.#state;
  }

  /** True once answers of this run, and not only of an earlier one, told the state. */
  get hasLearnt(): boolean {
    return this.#hasLearnt;
  }

  /** True while answers wait that only a refusal or the catch-all question can settle. */
  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Takes one recipient's answer; it is decided at once, or as soon as another answer of the domain settles it. */
  take(answer: Answer<T>): void {
    switch (answer.meaning) {
      case 'accepted':
        this.#takeAcceptance(answer);
        return;
      case 'mailbox_not_found':
        this.#takeRefusal(answer);
        return;
      default:
        this.#decide(answer, answer.reason);
    }
  }

  /**
   * Whether the catch-all question should be asked now. Asking late saves it: one genuine refusal of any listed name
   * answers it for free, so while other addresses of the domain are still to come, a few acceptances wait for one.
   * `with` are answers just received and not taken yet.
   */
  needsControl(at: { readonly isLastSession: boolean; readonly with: readonly Answer<T>[] }): boolean {
    if (this.#state !== 'not_asked') return false;
    const accepted = at.with.filter((answer) => this.#isAcceptance(answer)).length;
    if (at.with.some((answer) => isProof(answer))) return false; // that settles it for free
    const waiting = this.#waiting.length + accepted;
    return waiting > 0 && (at.isLastSession || waiting >= this.#options.acceptancesBeforeControl);
  }

  /** Takes the outcome of the catch-all question; nothing that waits stays undecided. */
  takeControl(outcome: ControlOutcome): void {
    // A refusal may have settled it meanwhile; but who takes a name nobody has takes anything, whomever else it refuses.
    if (this.#state !== 'not_asked' && !(this.#state === 'no' && outcome === 'accepted')) return;
    this.#hasLearnt = outcome !== 'unclear';
    this.#state = outcome === 'accepted' ? 'yes' : outcome === 'refused' ? 'no' : 'unknown';
    this.#settleWaiting();
  }

  /** Gives the answers that wait, and forgets them: they are decided otherwise. */
  takeWaiting(): readonly Answer<T>[] {
    return this.#waiting.splice(0);
  }

  /** The catch-all question may be asked anew, where it was asked without an answer. */
  reopen(): void {
    if (this.#state === 'unknown') this.#state = 'not_asked';
  }

  /** No more answers will come: decides what is left, never in favour of a claim that was not proved. */
  finish(): void {
    if (this.#waiting.length > 0) {
      this.#state = 'unknown';
      this.#settleWaiting();
    }
  }

  #isAcceptance({ meaning, strength }: Answer<T>): boolean {
    return meaning === 'accepted' && strength === 'strong' && !this.#options.acceptanceProvesNothing;
  }

  #takeAcceptance(answer: Answer<T>): void {
    if (!this.#isAcceptance(answer)) {
      this.#decide(answer, 'provider_unverifiable');
      return;
    }
    this.#waiting.push(answer);
    if (this.#state !== 'not_asked') this.#settleWaiting();
  }

  #takeRefusal(answer: Answer<T>): void {
    if (answer.strength === 'weak') {
      this.#decide(answer, 'blocked');
      return;
    }
    // Who took a name nobody has, and refuses this one without plainly saying that it is unknown, has changed its mind about us.
    if (this.#state === 'yes' && answer.isDoubtful) {
      this.#decide(answer, 'inconsistent');
      return;
    }
    if (isProof(answer)) this.#learnItRefuses();
    this.#decide(answer, 'mailbox_not_found');
  }

  #learnItRefuses(): void {
    if (this.#state === 'yes') return; // a catch-all may still refuse a few names of its own
    this.#state = 'no';
    this.#hasLearnt = true;
    this.#settleWaiting();
  }

  #settleWaiting(): void {
    const reason: Reason =
      this.#state === 'yes' ? 'accepts_anything' : this.#state === 'no' ? 'accepted' : 'catchall_untested';
    for (const answer of this.#waiting.splice(0)) this.#decide(answer, reason);
  }

  #decide(answer: Answer<T>, reason: Reason): void {
    this.#options.decide(answer, reason, this.#state);
  }
}

/**
 * True for a refusal that shows a domain to refuse names it does not know. Postfix refuses `-name`, `a%b` and `a!b`
 * whoever lives there (allow_min_user, relay rules), and 501 is about the form.
 */
function isProof<T>({ meaning, strength, isOrdinaryName, reply }: Answer<T>): boolean {
  return meaning === 'mailbox_not_found' && strength === 'strong' && isOrdinaryName && reply.code !== 501;
}
