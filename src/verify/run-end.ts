// Brings a run to its end in two steps: first nothing is begun any more, then what still goes on is cut.
import type { Clock } from '../clock.ts';

/** Sessions have so long to hear what they asked for and to say goodbye (RFC 5321 section 4.1.1.10). */
const GRACE_MS = 2_000;

/** Made with the run; `dispose` when no connection is open any more. */
export class RunEnd {
  readonly #clock: Clock;
  readonly #asked: AbortSignal;
  readonly #ending = new AbortController();
  readonly #cutting = new AbortController();
  #cancelCut: () => void = () => {};

  /** `asked` is the wish for it from outside. */
  constructor(asked: AbortSignal, clock: Clock) {
    this.#clock = clock;
    this.#asked = asked;
    if (asked.aborted) this.begin();
    else asked.addEventListener('abort', this.begin, { once: true });
  }

  /** Aborted when nothing is to be begun any more. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /** Aborted when connections that still stand are to be cut. */
  get cutSignal(): AbortSignal {
    return this.#cutting.signal;
  }

  /** Begins the end; a second call changes nothing. */
  readonly begin = (): void => {
    if (this.#ending.signal.aborted) return;
    this.#cancelCut = this.#clock.after(GRACE_MS, () => this.#cutting.abort());
    this.#ending.abort();
  };

  dispose(): void {
    this.#cancelCut();
    this.#asked.removeEventListener('abort', this.begin);
  }
}
