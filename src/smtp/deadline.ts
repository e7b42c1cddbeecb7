// Watches one deadline after another with a single timer: nearly all are met, and a timer for each cost more than a reply.
import type { Clock } from '../clock.ts';

/** For one connection, where one thing at a time is waited for. */
export class Deadline {
  readonly #clock: Clock;
  readonly #onPassed: () => void;
  #dueAtMs = Number.POSITIVE_INFINITY;
  /** When the timer wakes us: perhaps before the deadline, since a later one leaves the timer as it is. */
  #wakesAtMs = Number.POSITIVE_INFINITY;
  #cancelTimer: (() => void) | null = null;

  constructor(clock: Clock, onPassed: () => void) {
    this.#clock = clock;
    this.#onPassed = onPassed;
  }

  /** From now on there is so much time; what was set before counts no more. */
  set(ms: number): void {
    const nowMs = this.#clock.monotonic();
    this.#dueAtMs = nowMs + ms;
    if (this.#dueAtMs < this.#wakesAtMs) this.#wakeIn(ms, nowMs);
  }

  /** Nothing is waited for. */
  clear(): void {
    this.#dueAtMs = Number.POSITIVE_INFINITY;
  }

  /** Leaves no timer behind. */
  close(): void {
    this.clear();
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#wakesAtMs = Number.POSITIVE_INFINITY;
  }

  #wakeIn(ms: number, nowMs: number): void {
    this.#cancelTimer?.();
    this.#wakesAtMs = nowMs + ms;
    this.#cancelTimer = this.#clock.after(ms, this.#wake);
  }

  readonly #wake = (): void => {
    this.#cancelTimer = null;
    this.#wakesAtMs = Number.POSITIVE_INFINITY;
    if (this.#dueAtMs === Number.POSITIVE_INFINITY) return;
    const nowMs = this.#clock.monotonic();
    const leftMs = this.#dueAtMs - nowMs;
    if (leftMs > 0) {
      this.#wakeIn(Math.max(1, leftMs), nowMs); // timers are as coarse as a millisecond
      return;
    }
    this.clear();
    this.#onPassed();
  };
}
