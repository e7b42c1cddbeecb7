// Decides which domain's queue may open the next connection: global, provider and domain limits at once, rates beside them.
import type { Clock } from '../clock.ts';
import { Bell } from './bell.ts';
import { mostPerDomain, type OwnLimits, type PaceLimits } from './limits.ts';
import { LongestFirst, OUTSIDE } from './longest-first.ts';
import {
  cancelTimer,
  HaltedProviders,
  noteOwnLimits,
  type ProviderState,
  ProviderStates,
  type QueueState,
  recount,
  takeIn,
  wantsSession,
} from './pace-state.ts';
import type { Gatekeeper, PacedQueue, PacedSession } from './paced-queue.ts';
import { Slots } from './slots.ts';
import { Turns } from './turns.ts';

/**
 * Opens sessions within three limits at once. The provider with the most waiting addresses goes first, since the whole
 * run takes as long as its longest provider, and inside a provider the longest domain for the same reason; equals take
 * turns. A connection counts against its provider and domain until it is closed, as the server counts it, but against the
 * global limit only until its last answer.
 */
export class Pace {
  readonly #limits: PaceLimits;
  readonly #perDomain: number;
  readonly #clock: Clock;
  /** The rates of providers. */
  readonly turns: Turns;
  readonly #providers = new ProviderStates();
  readonly #gatekeeper: Gatekeeper | null;
  /** Providers to which a connection may be opened now. */
  readonly #eligible = new LongestFirst<ProviderState>();
  /** Providers that are left alone for now although addresses wait for them. */
  readonly #halted = new HaltedProviders();
  #queues = 0;
  /** Sessions whose last answer is still owed: what the global limit counts. */
  readonly #asking: Slots;
  /** Connections not closed yet: what providers and domains count. */
  #open = 0;
  #stopped = false;
  #isStarting = false;
  readonly #bell = new Bell();
  #failure: { readonly error: unknown } | null = null;

  constructor(options: { limits: PaceLimits; clock: Clock; gatekeeper?: Gatekeeper }) {
    this.#limits = options.limits;
    this.#perDomain = mostPerDomain(options.limits);
    this.#clock = options.clock;
    this.#asking = new Slots(options.limits.concurrency);
    this.#gatekeeper = options.gatekeeper ?? null;
    const rates = { clock: this.#clock, gatekeeper: this.#gatekeeper, perMinute: options.limits.ratePerMinute };
    this.turns = new Turns({ ...rates, providers: this.#providers });
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
    const provider = this.#providers.of(queue.provider);
    const state = takeIn(provider, queue);
    this.#halted.noteQueues(provider, 1);
    this.#queues += 1;
    this.#recount(provider, state);
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

  /** Notes what was written for a provider alone, before its queues are added. */
  noteOwnLimits(provider: string, own: OwnLimits): void {
    noteOwnLimits(this.#providers.of(provider), own);
  }

  /** Lends the global slot of a session that has to wait to others; resolves when `over` has and the slot is back. */
  async standAside(over: Promise<unknown>): Promise<void> {
    this.#asking.giveBack();
    this.#startSessions();
    await over;
    await this.#asking.takeAgain();
  }

  /** Starts no more sessions; those that run are ended by whoever holds their abort signal. */
  stop(): void {
    this.#stopped = true;
    this.#providers.cancelTimers();
    this.#asking.openWide();
    this.#bell.ring();
  }

  /**
   * Resolves when fewer than `count` queues are left, or the pace was stopped; rejects where a session threw. Where only
   * providers that are left alone stand in the way, their addresses are given up.
   */
  async fewerThan(count: number): Promise<void> {
    while (this.#queues >= count && !this.#stopped && this.#failure === null) {
      if (this.#isSettled()) this.#giveUpHalted();
      else await this.#bell.rung();
    }
    if (this.#failure !== null) throw this.#failure.error;
  }

  /** Resolves when nothing is left to do but to wait for providers that are left alone; rejects like `fewerThan`. */
  async settled(): Promise<void> {
    while (!this.#isSettled() && !this.#stopped && this.#failure === null) await this.#bell.rung();
    if (this.#failure !== null) throw this.#failure.error;
  }

  /** Resolves when no session runs and no connection is open any more; rejects like `fewerThan`. */
  async idle(): Promise<void> {
    while (this.#asking.taken > 0 || this.#open > 0) await this.#bell.rung();
    if (this.#failure !== null) throw this.#failure.error;
  }

  #recount(provider: ProviderState, state: QueueState): void {
    recount(provider, state);
    if (provider.place !== OUTSIDE) this.#eligible.moved(provider);
  }

  #makeReady(provider: ProviderState, state: QueueState): void {
    if (state.place !== OUTSIDE || !wantsSession(state, this.#perDomain)) return;
    provider.ready.push(state);
    this.#makeEligible(provider);
  }

  #makeEligible(provider: ProviderState): void {
    if (provider.place === OUTSIDE && this.#mayStart(provider)) this.#eligible.push(provider);
  }

  /** Whether a connection may be opened now; where only time is missing, a timer comes back to it. */
  #mayStart(provider: ProviderState): boolean {
    if (this.#stopped || provider.ready.first === undefined) {
      this.#halted.set(provider, false);
      return false;
    }
    const nowMs = this.#clock.monotonic();
    const limit = provider.perProvider ?? this.#limits.perProvider;
    const admission = this.#gatekeeper?.admit(provider.key, { limit, nowMs }) ?? { status: 'open', connections: limit };
    this.#halted.set(provider, admission.status === 'halted');
    if (admission.status === 'open' && provider.open >= admission.connections) return false;
    const startMs = admission.status === 'open' ? provider.nextStartMs : admission.untilMs;
    if (startMs <= nowMs) return true;
    this.#comeBack(provider, { atMs: startMs, nowMs });
    return false;
  }

  #comeBack(provider: ProviderState, { atMs, nowMs }: { readonly atMs: number; readonly nowMs: number }): void {
    if (provider.timerAtMs === atMs) return;
    cancelTimer(provider);
    if (atMs === Number.POSITIVE_INFINITY) return; // until a session to it ends
    provider.timerAtMs = atMs;
    provider.cancelTimer = this.#clock.after(atMs - nowMs, () => {
      cancelTimer(provider);
      this.#makeEligible(provider);
      this.#startSessions();
    });
  }

  /** A session that has to wait as soon as it begins calls this again: the loop goes on then, or it would go ever deeper. */
  #startSessions(): void {
    if (this.#isStarting) return;
    this.#isStarting = true;
    try {
      while (!this.#stopped && this.#asking.hasFree) {
        const provider = this.#eligible.pop();
        if (provider === undefined) break;
        this.#startNext(provider);
      }
    } finally {
      this.#isStarting = false;
    }
    if (this.#isSettled()) this.#bell.ring();
  }

  #startNext(provider: ProviderState): void {
    if (!this.#mayStart(provider)) return; // it was slowed down while it waited for its turn
    const state = provider.ready.pop();
    if (state === undefined) return;
    this.#guarded(() => state.queue.prepare?.());
    this.#recount(provider, state);
    // The queue may have been emptied meanwhile (its provider blocked us, its catch-all state settled the rest).
    if (state.queue.waiting > 0) this.#start(provider, state);
    else this.#drainIfDone(provider, state);
    this.#makeReady(provider, state);
    this.#makeEligible(provider);
  }

  #start(provider: ProviderState, state: QueueState): void {
    state.open += 1;
    provider.open += 1;
    this.#open += 1;
    this.#asking.take();
    this.turns.begin(provider);
    const session = this.#guarded(() => state.queue.startSession()) ?? NO_SESSION;
    this.turns.begun(provider);
    this.#recount(provider, state);
    const answered = session.answered.catch(this.#fail);
    const slotFreed = answered.then(() => this.#freeSlot(provider));
    void Promise.all([slotFreed, session.closed.catch(this.#fail)]).then(([isFree]) => {
      if (!isFree) this.#asking.giveBack();
      this.#closed(provider, state);
    });
  }

  /**
   * The global slot is free before the connection has closed. Only the longest provider keeps it for its next session:
   * it would have to wait for another one each time, and the run for it.
   */
  #freeSlot(provider: ProviderState): boolean {
    const next = this.#eligible.first;
    if (next !== undefined && provider.waiting > next.waiting) return false;
    this.#asking.giveBack();
    this.#startSessions();
    return true;
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
    this.#recount(provider, state);
    this.#makeReady(provider, state);
    this.#makeEligible(provider);
    this.#drainIfDone(provider, state);
    this.#startSessions();
    if (this.#open === 0) this.#bell.ring();
  }

  #drainIfDone(provider: ProviderState, state: QueueState): void {
    if (state.open > 0 || state.queue.waiting > 0 || state.place !== OUTSIDE) return;
    this.#guarded(() => state.queue.drained({ isLastOfProvider: provider.queues === 1 }));
    this.#recount(provider, state);
    if (state.queue.waiting > 0) {
      this.#makeReady(provider, state); // the catch-all question was still owed
      return;
    }
    provider.queues -= 1;
    this.#halted.noteQueues(provider, -1);
    this.#queues -= 1;
    if (provider.queues === 0) this.#retire(provider);
    this.#bell.ring();
  }

  #retire(provider: ProviderState): void {
    cancelTimer(provider);
    this.#halted.set(provider, false);
    this.#gatekeeper?.retire(provider.key);
    this.#providers.retire(provider, this.#clock.monotonic());
  }

  /** True where nothing moves and nothing will but for providers that are left alone. */
  #isSettled(): boolean {
    return this.#open === 0 && this.#asking.taken === 0 && this.#halted.queues === this.#queues;
  }

  #giveUpHalted(): void {
    for (const provider of this.#halted.all) {
      for (let state = provider.ready.pop(); state !== undefined; state = provider.ready.pop()) {
        const given = state;
        this.#guarded(() => given.queue.giveUp());
        this.#recount(provider, given);
        this.#drainIfDone(provider, given);
      }
      this.#mayStart(provider); // nothing is ready any more, so it is no longer among the halted ones
    }
  }
}

/** What stands for a session that could not be started. */
const NO_SESSION: PacedSession = { answered: Promise.resolve(), closed: Promise.resolve() };
