// What the pacer keeps of each provider and domain while addresses wait for them: counts, limits, and whose turn it is.
import type { OwnLimits } from './limits.ts';
import { LongestFirst, OUTSIDE, type Weighed } from './longest-first.ts';
import type { PacedQueue } from './paced-queue.ts';

/** One domain's queue among those of its provider; `waiting` is what its provider's sum holds of it. */
export interface QueueState extends Weighed {
  readonly queue: PacedQueue;
  open: number;
}

/** One provider: the queues of its domains, and what is open to it. */
export interface ProviderState extends Weighed {
  readonly key: string;
  /** Queues that may start a session now. The longest goes first: left to the end, it would be asked alone. */
  readonly ready: LongestFirst<QueueState>;
  /** What was written for it alone; of several domains that share it, the strictest. */
  perProvider: number | null;
  ratePerMinute: number | null;
  open: number;
  queues: number;
  /** True while a session begins, which has taken its turn by the rate; it dials before this is over. */
  isStarting: boolean;
  /** Before then its rate allows no new connection. */
  nextStartMs: number;
  cancelTimer: (() => void) | null;
  timerAtMs: number;
}

/** The providers with queues, and those whose rate must hold for queues still to come. */
export class ProviderStates {
  readonly #byKey = new Map<string, ProviderState>();
  #resting: ProviderState[] = [];

  of(key: string): ProviderState {
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const made = newProvider(key);
    this.#byKey.set(key, made);
    return made;
  }

  get(key: string): ProviderState | undefined {
    return this.#byKey.get(key);
  }

  cancelTimers(): void {
    for (const provider of this.#byKey.values()) cancelTimer(provider);
  }

  /** Forgets a provider without queues as soon as its rate allows a connection again. */
  retire(provider: ProviderState, nowMs: number): void {
    this.#resting.push(provider);
    let rested = 0;
    for (const each of this.#resting) {
      if (each.queues === 0 && each.nextStartMs > nowMs) break;
      if (each.queues === 0 && this.#byKey.get(each.key) === each) this.#byKey.delete(each.key);
      rested += 1;
    }
    this.#resting.splice(0, rested);
  }
}

/** Providers that are left alone, and how many queues wait for them. */
export class HaltedProviders {
  readonly #all = new Set<ProviderState>();
  #queues = 0;

  get all(): Iterable<ProviderState> {
    return this.#all;
  }

  get queues(): number {
    return this.#queues;
  }

  set(provider: ProviderState, isHalted: boolean): void {
    if (this.#all.has(provider) === isHalted) return;
    this.#queues += isHalted ? provider.queues : -provider.queues;
    if (isHalted) this.#all.add(provider);
    else this.#all.delete(provider);
  }

  /** Notes that a provider got or lost so many queues. */
  noteQueues(provider: ProviderState, change: number): void {
    if (this.#all.has(provider)) this.#queues += change;
  }
}

export function cancelTimer(provider: ProviderState): void {
  provider.cancelTimer?.();
  provider.cancelTimer = null;
  provider.timerAtMs = Number.POSITIVE_INFINITY;
}

function newProvider(key: string): ProviderState {
  return {
    key,
    ready: new LongestFirst(),
    perProvider: null,
    ratePerMinute: null,
    waiting: 0,
    place: OUTSIDE,
    turn: 0,
    open: 0,
    queues: 0,
    isStarting: false,
    nextStartMs: Number.NEGATIVE_INFINITY,
    cancelTimer: null,
    timerAtMs: Number.POSITIVE_INFINITY,
  };
}

/** Takes a queue in. */
export function takeIn(provider: ProviderState, queue: PacedQueue): QueueState {
  provider.queues += 1;
  return { queue, waiting: 0, place: OUTSIDE, turn: 0, open: 0 };
}

/** Notes what was written for a provider alone, or for one of several that share it. */
export function noteOwnLimits(provider: ProviderState, own: OwnLimits): void {
  provider.perProvider = strictest(provider.perProvider, own.perProvider);
  provider.ratePerMinute = strictest(provider.ratePerMinute, own.ratePerMinute);
}

function strictest(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other;
  return Math.min(one, other);
}

/** Brings the sums up to date with a queue whose sessions took addresses off it, or put some back. */
export function recount(provider: ProviderState, state: QueueState): void {
  const { waiting } = state.queue;
  provider.waiting += waiting - state.waiting;
  state.waiting = waiting;
  if (state.place !== OUTSIDE) provider.ready.moved(state);
}

/** True where one more session for the domain is allowed and worth while. */
export function wantsSession({ queue, open }: QueueState, perDomain: number): boolean {
  if (queue.waiting === 0 || open >= perDomain) return false;
  return open === 0 || open < queue.sessionsWanted;
}
