// What the pacer keeps of each provider and domain while addresses wait for them, and whose turn it is.
import type { PacedQueue } from './pace.ts';

/** One domain's queue among those of its provider. */
export interface QueueState {
  readonly queue: PacedQueue;
  open: number;
  isQueued: boolean;
}

/** One provider: the queues of its domains, and what is open to it. */
export interface ProviderState {
  readonly key: string;
  /** Queues that may start a session now, in turn. */
  readonly ready: QueueState[];
  head: number;
  open: number;
  queues: number;
  waiting: number;
  isEligible: boolean;
  nextStartMs: number;
  cancelTimer: (() => void) | null;
}

export function newProvider(key: string): ProviderState {
  return {
    key,
    ready: [],
    head: 0,
    open: 0,
    queues: 0,
    waiting: 0,
    isEligible: false,
    nextStartMs: Number.NEGATIVE_INFINITY,
    cancelTimer: null,
  };
}

/** Takes the queue whose turn it is; undefined where none is ready. */
export function takeReady(provider: ProviderState): QueueState | undefined {
  const state = provider.ready[provider.head];
  if (state === undefined) return undefined;
  provider.head += 1;
  if (provider.head > 64 && provider.head * 2 > provider.ready.length) {
    provider.ready.splice(0, provider.head);
    provider.head = 0;
  }
  return state;
}
