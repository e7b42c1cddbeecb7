// Holds replies back for one constant time with a single timer, so that a thousand slow connections cost no timer each.

/** Calls back for each thing put in, in order, `delayMs` after it was put in; at once where that is zero. */
export class DelayLine<T> {
  readonly #delayMs: number;
  readonly #deliver: (thing: T) => void;
  #waiting: { readonly dueAt: number; readonly thing: T }[] = [];
  #head = 0;
  #isTimed = false;

  constructor(delayMs: number, deliver: (thing: T) => void) {
    this.#delayMs = delayMs;
    this.#deliver = deliver;
  }

  put(thing: T): void {
    if (this.#delayMs === 0) {
      this.#deliver(thing);
      return;
    }
    this.#waiting.push({ dueAt: performance.now() + this.#delayMs, thing });
    if (!this.#isTimed) this.#wait();
  }

  #wait(): void {
    const first = this.#waiting[this.#head];
    this.#isTimed = first !== undefined;
    if (first !== undefined) setTimeout(() => this.#deliverDue(), Math.max(1, first.dueAt - performance.now()));
  }

  #deliverDue(): void {
    const now = performance.now();
    for (let first = this.#waiting[this.#head]; first !== undefined && first.dueAt <= now; ) {
      this.#head += 1;
      this.#deliver(first.thing);
      first = this.#waiting[this.#head];
    }
    if (this.#head > 1000 && this.#head * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
    this.#wait();
  }
}
