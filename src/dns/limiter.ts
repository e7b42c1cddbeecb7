// Holds questions back: so many under way at once, and so many sends a second on average.
import type { Clock } from '../clock.ts';

export interface LimiterOptions {
  readonly inFlight: number;
  readonly perSecond: number;
  readonly clock: Clock;
}

export interface Limiter {
  /** Waits for a place and for a first send; true once both are had, false where the limiter was closed. */
  enter(): Promise<boolean>;
  /** Gives the place back. */
  leave(): void;
  /** Counts a further send of a question that is already under way; it is not held back, later ones are. */
  spend(): void;
  close(): void;
}

/** Sends that may leave at once after a pause, as a share of a second: keeps bursts within receive buffers. */
const BURST_SECONDS = 0.1;

/** Whoever comes first goes first. */
export function createLimiter({ inFlight, perSecond, clock }: LimiterOptions): Limiter {
  const burst = Math.max(1, perSecond * BURST_SECONDS);
  const queue = createQueue<(admitted: boolean) => void>();
  let free = inFlight;
  let tokens = burst;
  let refilledAt = clock.monotonic();
  let cancelTimer: (() => void) | null = null;
  let closed = false;

  const refill = (): void => {
    const now = clock.monotonic();
    if (now === refilledAt) return;
    tokens = Math.min(burst, tokens + ((now - refilledAt) / 1_000) * perSecond);
    refilledAt = now;
  };

  const admit = (): void => {
    cancelTimer?.();
    cancelTimer = null;
    refill();
    while (free > 0 && tokens >= 1 && queue.length() > 0) {
      free -= 1;
      tokens -= 1;
      queue.take()?.(true);
    }
    if (free > 0 && queue.length() > 0)
      cancelTimer = clock.after(Math.max(1, ((1 - tokens) / perSecond) * 1_000), admit);
  };

  return {
    enter: () => {
      if (closed) return Promise.resolve(false);
      return new Promise((resolve) => {
        queue.add(resolve);
        // While a timer runs the bucket is empty, and the timer will see to the newcomer as well.
        if (cancelTimer === null) admit();
      });
    },
    leave: () => {
      free += 1;
      if (cancelTimer === null && queue.length() > 0) admit();
    },
    spend: () => {
      refill();
      tokens -= 1;
    },
    close: () => {
      closed = true;
      cancelTimer?.();
      cancelTimer = null;
      for (let resolve = queue.take(); resolve !== undefined; resolve = queue.take()) resolve(false);
    },
  };
}

interface Queue<T> {
  add(item: T): void;
  take(): T | undefined;
  length(): number;
}

/** First in, first out, without the cost of shifting a long array at every turn. */
function createQueue<T>(): Queue<T> {
  let incoming: T[] = [];
  let outgoing: T[] = [];
  return {
    add: (item) => incoming.push(item),
    take: () => {
      if (outgoing.length === 0) {
        outgoing = incoming.reverse();
        incoming = [];
      }
      return outgoing.pop();
    },
    length: () => incoming.length + outgoing.length,
  };
}
