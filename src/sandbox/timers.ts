// Keeps hold of running timers, so that stopping the sandbox leaves none behind.
import type { Clock } from '../clock.ts';

export class Timers {
  stopped = false;
  readonly #clock: Clock;
  readonly #cancels = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  after(ms: number, callback: () => void): void {
    if (this.stopped) return;
    const cancel = this.#clock.after(ms, () => {
      this.#cancels.delete(cancel);
      callback();
    });
    this.#cancels.add(cancel);
  }

  cancelAll(): void {
    this.stopped = true;
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
  }
}
