// Slows one provider down when it asks for it: fewer connections at once, a pause before the next, and a slow way back.

export interface SlowDownLimits {
  /** The first pause before new connections, in milliseconds; each further slow-down doubles it. */
  readonly slowDownPauseMs: number;
  readonly longestSlowDownPauseMs: number;
  /** Clean sessions that earn one connection more. */
  readonly cleanSessionsPerStep: number;
}

/** What a slow-down led to. */
export interface SlowedTo {
  readonly connections: number;
  readonly pauseMs: number;
}

/**
 * Additive increase, multiplicative decrease, as TCP does it (RFC 5681): half the connections at once, then one more for
 * so many sessions that went well. Times are the monotonic clock's.
 */
export class SlowDown {
  readonly #limits: SlowDownLimits;
  #connections = Number.POSITIVE_INFINITY;
  #nextPauseMs: number;
  #pausedUntilMs = Number.NEGATIVE_INFINITY;
  #slowedAtMs = Number.NEGATIVE_INFINITY;
  #clean = 0;
  #inARow = 0;

  constructor(limits: SlowDownLimits) {
    this.#limits = limits;
    this.#nextPauseMs = limits.slowDownPauseMs;
  }

  /** Slow-downs since a recipient was answered. */
  get inARow(): number {
    return this.#inARow;
  }

  /** Before then no new connection is opened. */
  get pausedUntilMs(): number {
    return this.#pausedUntilMs;
  }

  /** True while the provider is asked with less than its configured limit, or after a longer pause than the first. */
  get isSlow(): boolean {
    return this.#slowedAtMs !== Number.NEGATIVE_INFINITY;
  }

  /** How many connections the provider gets, never more than the configured limit. */
  connections(limit: number): number {
    return Math.min(limit, this.#connections);
  }

  /**
   * Notes that a session begun at `startedAtMs` was told to slow down. Null where it had begun before the last slow-down:
   * the provider then speaks of what has been answered already, so five refusals at one stroke halve only once.
   */
  note(at: { readonly startedAtMs: number; readonly nowMs: number; readonly limit: number }): SlowedTo | null {
    if (at.startedAtMs <= this.#slowedAtMs) return null;
    const pauseMs = this.#nextPauseMs;
    this.#connections = Math.max(1, Math.floor(this.connections(at.limit) / 2));
    this.#nextPauseMs = Math.min(pauseMs * 2, this.#limits.longestSlowDownPauseMs);
    this.#slowedAtMs = at.nowMs;
    this.#pausedUntilMs = at.nowMs + pauseMs;
    this.#clean = 0;
    this.#inARow += 1;
    return { connections: this.#connections, pauseMs };
  }

  /** Begins anew with one connection, for a provider that was left alone. */
  beginAnew(nowMs: number): void {
    this.#connections = 1;
    this.#slowedAtMs = nowMs;
    this.#clean = 0;
  }

  /** Notes that recipients were answered, though perhaps not all that were asked: the provider can be got on with. */
  noteProgress(): void {
    this.#inARow = 0;
  }

  /** Notes a session that went well from beginning to end; gives how many connections that earns, null for no more than before. */
  noteClean(at: { readonly startedAtMs: number; readonly limit: number }): number | null {
    if (!this.isSlow || at.startedAtMs <= this.#slowedAtMs) return null;
    this.#clean += 1;
    if (this.#clean < this.#limits.cleanSessionsPerStep) return null;
    this.#clean = 0;
    this.#connections += 1;
    this.#nextPauseMs = this.#limits.slowDownPauseMs;
    if (this.#connections < at.limit) return this.#connections;
    this.#forget();
    return at.limit;
  }

  #forget(): void {
    this.#connections = Number.POSITIVE_INFINITY;
    this.#slowedAtMs = Number.NEGATIVE_INFINITY;
  }
}
