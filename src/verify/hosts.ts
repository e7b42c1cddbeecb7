// Remembers, for one run, how mail hosts behaved: which are dead, which refuse us, how much each one bears.
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
  readonly #budgets = new Map<string, number>();
  readonly #recipientLimits = new Map<string, number>();
  readonly #tlsDemanded = new Set<string>();
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

  /** Notes that a host lost patience after so many refused recipients: the next session stops one earlier. */
  noteImpatience(address: string, refusals: number): void {
    this.#budgets.set(address, Math.max(1, Math.min(this.rejectionBudgetOf(address), refusals - 1)));
  }

  /** How many refused recipients a session with this host may see. */
  rejectionBudgetOf(address: string): number {
    return this.#budgets.get(address) ?? Number.POSITIVE_INFINITY;
  }

  /** Notes how many recipients a host took in one transaction before it said that there were too many. */
  noteRecipientLimit(address: string, recipients: number): void {
    this.#recipientLimits.set(address, Math.max(1, recipients));
  }

  /** How many recipients one session with this host may ask for. */
  recipientLimitOf(address: string): number {
    return this.#recipientLimits.get(address) ?? Number.POSITIVE_INFINITY;
  }

  /** Notes that a host takes MAIL only over TLS. */
  noteTlsDemanded(address: string): void {
    this.#tlsDemanded.add(address);
  }

  /** True where the next session had better begin with STARTTLS. */
  demandsTls(address: string): boolean {
    return this.#tlsDemanded.has(address);
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
