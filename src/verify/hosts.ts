// Remembers, for one run, which mail host addresses were dead and which providers refuse to talk to us at all.
import type { Reply } from '../verdict.ts';

/** What connecting told: 'connected' is any TCP connection that was accepted, whatever was said on it. */
export type ConnectResult = 'connected' | 'failed';

export interface Refusal {
  readonly reply: Reply | null;
  readonly stage: 'greeting' | 'ehlo' | 'tls' | 'mail';
  readonly host: string;
}

/** One run's memory of hosts; opened with the run. */
export class HostMemory {
  readonly #failures = new Map<string, number>();
  readonly #refusals = new Map<string, { streak: number; last: Refusal }>();
  readonly #failedProviders = new Set<string>();
  #connectedOnce = false;
  readonly #limits: { readonly deadAfterFailures: number; readonly blockedAfterRefusals: number };

  constructor(limits: { readonly deadAfterFailures: number; readonly blockedAfterRefusals: number }) {
    this.#limits = limits;
  }

  /** Notes one attempt to connect; a success clears the address's failures. */
  noteConnect(at: { address: string; provider: string }, result: ConnectResult): void {
    if (result === 'connected') {
      this.#connectedOnce = true;
      this.#failedProviders.clear();
      this.#failures.set(at.address, Number.NEGATIVE_INFINITY); // it lives: one lost SYN later on proves nothing
      return;
    }
    this.#failures.set(at.address, (this.#failures.get(at.address) ?? 0) + 1);
    if (!this.#connectedOnce) this.#failedProviders.add(at.provider);
  }

  /** True where connecting to this address failed so often, and never worked, that it is not tried again in this run. */
  isDead(address: string): boolean {
    return (this.#failures.get(address) ?? 0) >= this.#limits.deadAfterFailures;
  }

  /** How many providers were tried in vain while no connection at all has succeeded; 0 from the first success on. */
  get providersFailedInVain(): number {
    return this.#failedProviders.size;
  }

  /** Notes that a provider turned us away before any recipient could be named; null notes that it let us in. */
  noteEntry(provider: string, refusal: Refusal | null): void {
    if (refusal === null) {
      this.#refusals.delete(provider);
      return;
    }
    const streak = (this.#refusals.get(provider)?.streak ?? 0) + 1;
    this.#refusals.set(provider, { streak, last: refusal });
  }

  /** The last refusal, where a provider has refused every session so often in a row that asking on would be rude. */
  blockOf(provider: string): Refusal | null {
    const known = this.#refusals.get(provider);
    return known !== undefined && known.streak >= this.#limits.blockedAfterRefusals ? known.last : null;
  }
}
