// Decides which domain's queue may open the next connection: global, provider and domain limits at once, rates beside them.
import type { Clock } from '../clock.ts';

/** One domain's queue as the pacer sees it; two integers and a flag, never a closure per address. */
export interface PacedQueue {
  readonly provider: string;
  /** Addresses that still wait for a session. */
  readonly waiting: number;
  /** How many connections its waiting addresses are worth; a session asks for many of them. */
  readonly sessionsWanted: number;
  /** Takes the next address off the queue at once and runs its session. */
  readonly startSession: () => PacedSession;
  /** Called when nothing waits and nothing is open any more; it may put work back (a catch-all question still owed). */
  readonly drained: () => void;
}

export interface PacedSession {
  /** Resolves when the last answer is in. Rejects only for our own faults (a bug, the store). */
  readonly answered: Promise<void>;
  /** Resolves when the connection is gone, which is when the mail host stops counting it; rejects as `answered` does. */
  readonly closed: Promise<void>;
}

export interface PaceLimits {
  readonly concurrency: number;
  readonly perProvider: number;
  readonly perDomain: number;
  /** New connections to one provider per minute; null for no such limit. */
  readonly ratePerMinute: number | null;
}

interface QueueState {
  readonly queue: PacedQueue;
  open: number;
  isQueued: boolean;
}

interface ProviderState {
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

/**
 * Opens sessions within three limits at once. The provider with the most waiting addresses goes first, since the whole
 * run takes as long as its longest provider; inside a provider its domains take turns. A connection counts against its
 * provider and domain until it is closed, as the server counts it, but against the global limit only until its last answer.
 */
export class Pace {
  readonly #limits: PaceLimits;
  readonly #clock: Clock;
  readonly #providers = new Map<string, ProviderState>();
  /** Binary max-heap of eligible providers by waiting addresses; keys may lag, which costs order, never a limit. */
  readonly #heap: ProviderState[] = [];
  #queues = 0;
  /** Sessions whose last answer is still owed: what the global limit counts. */
  #asking = 0;
  /** Connections not closed yet: what providers and domains count. */
  #open = 0;
  #stopped = false;
  #waiters: (() => void)[] = [];
  #failure: { readonly error: unknown } | null = null;

  constructor(options: { limits: PaceLimits; clock: Clock }) {
    this.#limits = options.limits;
    this.#clock = options.clock;
  }

  /** How many queues are not drained yet. */
  get size(): number {
    return this.#queues;
  }

  /** Hands a domain's queue over; its sessions start as the limits allow. */
  add(queue: PacedQueue): void {
    const provider = this.#providerOf(queue.provider);
    const state: QueueState = { queue, open: 0, isQueued: false };
    provider.queues += 1;
    provider.waiting += queue.waiting;
    this.#queues += 1;
    this.#makeReady(provider, state);
    this.#startSessions();
  }

  /** Starts no more sessions; those that run are ended by whoever holds their abort signal. */
  stop(): void {
    this.#stopped = true;
    for (const provider of this.#providers.values()) provider.cancelTimer?.();
    this.#wake();
  }

  /** Resolves when fewer than `count` queues are left, or the pace was stopped; rejects where a session threw (a bug or the store). */
  async fewerThan(count: number): Promise<void> {
    while (this.#queues >= count && !this.#stopped && this.#failure === null) {
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
    if (this.#failure !== null) throw this.#failure.error;
  }

  /** Resolves when no session runs and no connection is open any more; rejects like `fewerThan`. */
  async idle(): Promise<void> {
    while (this.#asking > 0 || this.#open > 0) {
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
    if (this.#failure !== null) throw this.#failure.error;
  }

  #providerOf(key: string): ProviderState {
    const known = this.#providers.get(key);
    if (known !== undefined) return known;
    const made: ProviderState = {
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
    this.#providers.set(key, made);
    return made;
  }

  #makeReady(provider: ProviderState, state: QueueState): void {
    if (state.isQueued || state.queue.waiting === 0) return;
    if (state.open >= this.#limits.perDomain || (state.open > 0 && state.open >= state.queue.sessionsWanted)) return;
    state.isQueued = true;
    provider.ready.push(state);
    this.#makeEligible(provider);
  }

  #makeEligible(provider: ProviderState): void {
    if (provider.isEligible || provider.head >= provider.ready.length) return;
    if (provider.open >= this.#limits.perProvider) return;
    const pauseMs = provider.nextStartMs - this.#clock.monotonic();
    if (pauseMs > 0) {
      provider.cancelTimer ??= this.#clock.after(pauseMs, () => {
        provider.cancelTimer = null;
        this.#makeEligible(provider);
        this.#startSessions();
      });
      return;
    }
    provider.isEligible = true;
    pushHeap(this.#heap, provider);
  }

  #startSessions(): void {
    while (!this.#stopped && this.#asking < this.#limits.concurrency) {
      const provider = popHeap(this.#heap);
      if (provider === undefined) return;
      provider.isEligible = false;
      const state = takeReady(provider);
      if (state === undefined) continue;
      state.isQueued = false;
      // The queue may have been emptied meanwhile (its provider blocked us, its catch-all state settled the rest).
      if (state.queue.waiting > 0) this.#start(provider, state);
      else this.#drainIfDone(provider, state);
      this.#makeReady(provider, state);
      this.#makeEligible(provider);
    }
  }

  #start(provider: ProviderState, state: QueueState): void {
    state.open += 1;
    provider.open += 1;
    this.#open += 1;
    this.#asking += 1;
    if (this.#limits.ratePerMinute !== null) {
      const nowMs = this.#clock.monotonic();
      provider.nextStartMs = Math.max(nowMs, provider.nextStartMs) + 60_000 / this.#limits.ratePerMinute;
    }
    const before = state.queue.waiting;
    const session = state.queue.startSession();
    provider.waiting -= before - state.queue.waiting;
    const fail = (error: unknown): void => {
      this.#failure ??= { error };
      this.stop();
    };
    const answered = session.answered.catch(fail);
    void answered.then(() => {
      this.#asking -= 1;
      this.#startSessions(); // the global slot is free before the connection has closed
    });
    void Promise.all([answered, session.closed.catch(fail)]).then(() => this.#closed(provider, state));
  }

  #closed(provider: ProviderState, state: QueueState): void {
    state.open -= 1;
    provider.open -= 1;
    this.#open -= 1;
    this.#makeReady(provider, state);
    this.#makeEligible(provider);
    this.#drainIfDone(provider, state);
    this.#startSessions();
    if (this.#open === 0) this.#wake();
  }

  #drainIfDone(provider: ProviderState, state: QueueState): void {
    if (state.open > 0 || state.queue.waiting > 0 || state.isQueued) return;
    state.queue.drained();
    if (state.queue.waiting > 0) {
      this.#makeReady(provider, state); // the catch-all question was still owed
      return;
    }
    provider.queues -= 1;
    this.#queues -= 1;
    if (provider.queues === 0 && provider.open === 0 && provider.cancelTimer === null) {
      if (provider.nextStartMs <= this.#clock.monotonic()) this.#providers.delete(provider.key);
    }
    this.#wake();
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter();
  }
}

function takeReady(provider: ProviderState): QueueState | undefined {
  const state = provider.ready[provider.head];
  if (state === undefined) return undefined;
  provider.head += 1;
  if (provider.head > 64 && provider.head * 2 > provider.ready.length) {
    provider.ready.splice(0, provider.head);
    provider.head = 0;
  }
  return state;
}

function pushHeap(heap: ProviderState[], provider: ProviderState): void {
  let child = heap.length;
  heap.push(provider);
  while (child > 0) {
    const parent = (child - 1) >> 1;
    const above = heap[parent] as ProviderState;
    if (above.waiting >= provider.waiting) break;
    heap[child] = above;
    child = parent;
  }
  heap[child] = provider;
}

function popHeap(heap: ProviderState[]): ProviderState | undefined {
  const top = heap[0];
  const last = heap.pop();
  if (top === undefined || last === undefined || heap.length === 0) return top;
  let parent = 0;
  for (;;) {
    let child = parent * 2 + 1;
    if (child >= heap.length) break;
    const right = heap[child + 1];
    if (right !== undefined && right.waiting > (heap[child] as ProviderState).waiting) child += 1;
    if ((heap[child] as ProviderState).waiting <= last.waiting) break;
    heap[parent] = heap[child] as ProviderState;
    parent = child;
  }
  heap[parent] = last;
  return top;
}
