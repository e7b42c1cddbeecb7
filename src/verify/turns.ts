// Spaces new connections to each provider by its rate: every connection takes a turn, also those beside the first of a session.
import type { Clock } from '../clock.ts';
import type { ProviderState, ProviderStates } from './pace-state.ts';
import type { Gatekeeper } from './paced-queue.ts';

export interface TurnsOptions {
  readonly providers: ProviderStates;
  /** New connections to a provider per minute, where nothing was written for it alone; null for no such limit. */
  readonly perMinute: number | null;
  readonly clock: Clock;
  readonly gatekeeper: Gatekeeper | null;
}

export class Turns {
  readonly #options: TurnsOptions;

  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  /** Takes the turn of a session that begins; what it dials before `begun` is called is its first connection. */
  begin(provider: ProviderState): void {
    this.#take(provider);
    provider.isStarting = true;
  }

  begun(provider: ProviderState): void {
    provider.isStarting = false;
  }

  /** True for the first connection of a session, whose turn was taken when it began. */
  isTaken(provider: string): boolean {
    const state = this.#options.providers.of(provider);
    const isFirst = state.isStarting;
    state.isStarting = false;
    return isFirst;
  }

  /** Takes the provider's next turn for a further connection, and says when it is by the monotonic clock. */
  take(provider: string): number {
    return this.#take(this.#options.providers.of(provider));
  }

  #take(provider: ProviderState): number {
    const { clock, gatekeeper } = this.#options;
    const perMinute = provider.ratePerMinute ?? this.#options.perMinute;
    if (perMinute === null) return Number.NEGATIVE_INFINITY; // at once; no clock is read for what there is no rate for
    const atMs = Math.max(clock.monotonic(), provider.nextStartMs);
    const share = gatekeeper?.rateShare?.(provider.key) ?? 1;
    provider.nextStartMs = atMs + 60_000 / (perMinute * share);
    return atMs;
  }
}
