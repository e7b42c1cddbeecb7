// Decides which domain's queue may open the next connection: global, provider and domain limits at once, rates beside them.
import type { Clock } from '../clock.ts';
import { LongestFirst } from './longest-first.ts';
import { newProvider, type ProviderState, type QueueState, takeReady } from './pace-state.ts';
import type { Admission } from './providers.ts';

/** One domain's queue as the pacer sees it; two integers and a flag, never a closure per address. */
export interface PacedQueue {
  readonly provider: string;
  /** Addresses that still wait for a session. */
  readonly waiting: number;
  /** How many connections its waiting addresses are worth; a session asks for many of them. */
  readonly sessionsWanted: number;
  /** Called before each session; the queue may find out then that fewer addresses wait, or none. */
  readonly prepare?: () => void;
  /** Takes the next address off the queue at once and runs its session. */
  readonly startSession: () => PacedSession;
  /** Called when nothing waits and nothing is open any more; it may put work back (a catch-all question still owed). */
  readonly drained: (at: { readonly isLastOfProvider: boolean }) => void;
  /** Decides every waiting address without asking, because its provider is left alone. */
  readonly giveUp: () => void;
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

/** Says what may be opened to a provider now; without it the limits alone decide. */
export interface Gatekeeper {
  admit(provider: string, at: { readonly limit: number; readonly nowMs: number }): Admission;
  /** Told when nothing waits for a provider any more. */
  retire(provider: string): void;
  /** Which part of the rate of new connections is this run's, above 0 and up to 1; all of it where it is left out. */
  rateShare?(provider: string): number;
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
  readonly #gatekeeper: Gatekeeper | null;
  /** Providers to which a connection may be opened now. */
  readonly #eligible = new LongestFirst<ProviderState>();
  /** Providers that are left alone for now although addresses wait for them. */
  readonly #halted = new Set<ProviderState>();
  #queues = 0;
  /** Sessions whose last answer is still owed: what the global limit counts. */
  #asking = 0;
  /** Connections not closed yet: what providers and domains count. */
  #open = 0;
  #stopped = false;
  #waiters: (() => void)[] = [];
  #failure: { readonly error: unknown } | null = null;

  constructor(options: { limits: PaceLimits; clock: Clock; gatekeeper?: Gatekeeper }) {
    this.#limits = options.limits;
    this.#clock = options.clock;
    this.#gatekeeper = options.gatekeeper ?? null;
  }

  /** How many queues are not drained yet. */
  get size(): number {
    return this.#queues;
  }

  /** How many connections to the provider are open. */
  openTo(provider: string): number {
    return this.#providers.get(provider)?.open ?? 0;
  }

  /** Does work that may meet a fault of ours: the run then ends with it. */
  guard(work: () => void): void {
    this.#guarded(work);
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

  /** Starts what may be started at these providers now that the gatekeeper's answer for them has changed. */
  lookAgain(providers: Iterable<string>): void {
    for (const key of providers) {
      const provider = this.#providers.get(key);
      if (provider !== undefined) this.#makeEligible(provider);
    }
    this.#startSessions();
  }

  /** Starts no more sessions; those that run are ended by whoever holds their abort signal. */
  stop(): void {
    this.#stopped = true;
    for (const provider of this.#providers.values()) provider.cancelTimer?.();
    this.#wake();
  }

  /**
   * Resolves when fewer than `count` queues are left, or the pace was stopped; rejects where a session threw (a bug or
   * the store). Where only providers that are left alone stand in the way, their addresses are given up.
   */
  async fewerThan(count: number): Promise<void> {
    while (this.#queues >= count && !this.#stopped && this.#failure === null) {
      if (this.#isSettled()) this.#giveUpHalted();
      else await this.#change();
    }
    if (this.#failure !== null) throw this.#failure.error;
  }

  /** Resolves when nothing is left to do but to wait for providers that are left alone; rejects like `fewerThan`. */
  async settled(): Promise<void> {
    while (!this.#isSettled() && !this.#stopped && this.#failure === null) await this.#change();
    if (this.#failure !== null) throw this.#failure.error;
  }

  /** Resolves when no session runs and no connection is open any more; rejects like `fewerThan`. */
  async idle(): Promise<void> {
    while (this.#asking > 0 || this.#open > 0) await this.#change();
    if (this.#failure !== null) throw this.#failure.error;
  }

  #providerOf(key: string): ProviderState {
    const known = this.#providers.get(key);
    if (known !== undefined) return known;
    const made = newProvider(key);
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
    if (!provider.isEligible && this.#mayStart(provider)) {
      provider.isEligible = true;
      this.#eligible.push(provider);
    }
  }

  /** Whether a connection may be opened now; where only time is missing, a timer comes back to it. */
  #mayStart(provider: ProviderState): boolean {
    this.#halted.delete(provider);
    if (provider.head >= provider.ready.length) return false;
    const nowMs = this.#clock.monotonic();
    const limit = this.#limits.perProvider;
    const admission = this.#gatekeeper?.admit(provider.key, { limit, nowMs }) ?? { status: 'open', connections: limit };
    if (admission.status === 'halted') this.#halted.add(provider);
    if (admission.status === 'open' && provider.open >= admission.connections) return false;
    const startMs = admission.status === 'open' ? provider.nextStartMs : admission.untilMs;
    if (startMs <= nowMs) return true;
    this.#comeBack(provider, startMs - nowMs);
    return false;
  }

  #comeBack(provider: ProviderState, pauseMs: number): void {
    provider.cancelTimer?.();
    provider.cancelTimer = null;
    if (pauseMs === Number.POSITIVE_INFINITY) return; // until a session to it ends
    provider.cancelTimer = this.#clock.after(pauseMs, () => {
      provider.cancelTimer = null;
      this.#makeEligible(provider);
      this.#startSessions();
    });
  }

  #startSessions(): void {
    while (!this.#stopped && this.#asking < this.#limits.concurrency) {
      const provider = this.#eligible.pop();
      if (provider === undefined) break;
      provider.isEligible = false;
      if (!this.#mayStart(provider)) continue; // it was slowed down while it waited for its turn
      const state = takeReady(provider);
      if (state === undefined) continue;
      state.isQueued = false;
      this.#prepare(provider, state);
      // The queue may have been emptied meanwhile (its provider blocked us, its catch-all state settled the rest).
      if (state.queue.waiting > 0) this.#start(provider, state);
      else this.#drainIfDone(provider, state);
      this.#makeReady(provider, state);
      this.#makeEligible(provider);
    }
    if (this.#isSettled()) this.#wake();
  }

  #prepare(provider: ProviderState, { queue }: QueueState): void {
    if (queue.prepare === undefined) return;
    const before = queue.waiting;
    this.#guarded(() => queue.prepare?.());
    provider.waiting -= before - queue.waiting;
  }

  #start(provider: ProviderState, state: QueueState): void {
    state.open += 1;
    provider.open += 1;
    this.#open += 1;
    this.#asking += 1;
    if (this.#limits.ratePerMinute !== null) {
      const nowMs = this.#clock.monotonic();
      const perMinute = this.#limits.ratePerMinute * (this.#gatekeeper?.rateShare?.(provider.key) ?? 1);
      provider.nextStartMs = Math.max(nowMs, provider.nextStartMs) + 60_000 / perMinute;
    }
    const before = state.queue.waiting;
    const session = this.#guarded(() => state.queue.startSession()) ?? NO_SESSION;
    provider.waiting -= before - state.queue.waiting;
    const answered = session.answered.catch(this.#fail);
    void answered.then(() => {
      this.#asking -= 1;
      this.#startSessions(); // the global slot is free before the connection has closed
    });
    void Promise.all([answered, session.closed.catch(this.#fail)]).then(() => this.#closed(provider, state));
  }

  /** A fault of ours (a bug, a store that cannot keep what was decided) ends the run instead of leaving it waiting. */
  #guarded<Result>(work: () => Result): Result | undefined {
    try {
      return work();
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
  }

  readonly #fail = (error: unknown): void => {
    this.#failure ??= { error };
    this.stop();
  };

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
    this.#guarded(() => state.queue.drained({ isLastOfProvider: provider.queues === 1 }));
    if (state.queue.waiting > 0) {
      this.#makeReady(provider, state); // the catch-all question was still owed
      return;
    }
    provider.queues -= 1;
    this.#queues -= 1;
    if (provider.queues === 0) this.#retire(provider);
    this.#wake();
  }

  #retire(provider: ProviderState): void {
    provider.cancelTimer?.();
    provider.cancelTimer = null;
    this.#gatekeeper?.retire(provider.key);
    // Its rate must hold for queues still to come.
    if (provider.open === 0 && provider.nextStartMs <= this.#clock.monotonic()) this.#providers.delete(provider.key);
  }

  /** True where nothing moves and nothing will but for providers that are left alone. */
  #isSettled(): boolean {
    if (this.#open > 0 || this.#asking > 0) return false;
    let halted = 0;
    for (const provider of this.#halted) halted += provider.queues;
    return halted === this.#queues;
  }

  #giveUpHalted(): void {
    for (const provider of this.#halted) {
      for (let state = takeReady(provider); state !== undefined; state = takeReady(provider)) {
        state.isQueued = false;
        const before = state.queue.waiting;
        this.#guarded(() => state.queue.giveUp());
        provider.waiting -= before - state.queue.waiting;
        this.#drainIfDone(provider, state);
      }
      this.#mayStart(provider); // nothing is ready any more, so it is no longer among the halted ones
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter();
  }
}

/** What stands for a session that could not be started. */
const NO_SESSION: PacedSession = { answered: Promise.resolve(), closed: Promise.resolve() };
