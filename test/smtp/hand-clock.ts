// A clock that stands still until a test moves it.
import type { Clock } from '../../src/clock.ts';

export interface HandClock extends Clock {
  /** Moves time and calls back all that comes due, in order. */
  advance(ms: number): void;
  /** How many callbacks are still to come. */
  readonly pending: number;
}

export function createHandClock(): HandClock {
  let time = 1_000_000;
  const due = new Set<{ at: number; callback: () => void }>();
  return {
    now: () => time,
    monotonic: () => time,
    after(ms, callback) {
      const entry = { at: time + ms, callback };
      due.add(entry);
      return () => due.delete(entry);
    },
    advance(ms) {
      const end = time + ms;
      for (;;) {
        const next = [...due].filter((entry) => entry.at <= end).sort((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        due.delete(next);
        time = next.at;
        next.callback();
      }
      time = end;
    },
    get pending() {
      return due.size;
    },
  };
}
