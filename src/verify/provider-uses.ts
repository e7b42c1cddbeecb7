// Counts, for the runs that share a store, what this one has to do with each provider and how much of it is granted.
import type { ProviderUse } from './other-runs.ts';

interface Use {
  /** The configured limit of connections. */
  most: number;
  /** Addresses that have no verdict yet. */
  owed: number;
  /** Connections the other runs leave to this one; null until they were told of it. */
  allowed: number | null;
}

export class ProviderUses {
  readonly #uses = new Map<string, Use>();

  /** Notes that so many addresses more, or with a negative number fewer, are to be decided there. */
  owe(provider: string, addresses: number): void {
    const use = this.#uses.get(provider);
    if (use !== undefined) use.owed += addresses;
    else if (addresses > 0) this.#uses.set(provider, { most: 1, owed: addresses, allowed: null });
  }

  /** Notes the configured limit; gives what is granted of it, null where the others have not been told yet. */
  grantedOf(provider: string, most: number): number | null {
    const use = this.#uses.get(provider);
    if (use === undefined) this.#uses.set(provider, { most, owed: 0, allowed: null });
    else use.most = most;
    return use?.allowed ?? null;
  }

  /** True where at least one connection is granted. */
  isGranted(provider: string): boolean {
    return (this.#uses.get(provider)?.allowed ?? 0) > 0;
  }

  /** How many addresses wait for others to leave some connection; null where one is granted or open somewhere. */
  starving(openTo: (provider: string) => number): number | null {
    let owed = 0;
    for (const [provider, use] of this.#uses) {
      if ((use.allowed ?? 0) > 0 || openTo(provider) > 0) return null;
      owed += use.owed;
    }
    return owed === 0 ? null : owed;
  }

  /** Which part of the configured limit is granted. */
  shareOf(provider: string): number {
    const use = this.#uses.get(provider);
    return use === undefined || use.allowed === null ? 1 : Math.min(1, Math.max(1, use.allowed) / use.most);
  }

  /** Nothing is left to do there. */
  retire(provider: string): void {
    this.#uses.delete(provider);
  }

  providers(): readonly string[] {
    return [...this.#uses.keys()];
  }

  /** What the others are told. */
  post(openTo: (provider: string) => number): readonly ProviderUse[] {
    return Array.from(this.#uses, ([provider, { most, owed }]) => {
      // Where no address is owed any more, the question for a name nobody has may be.
      return { provider, most, wanted: Math.max(1, Math.min(most, owed)), open: openTo(provider) };
    });
  }

  /** Notes what is granted now; gives the providers that got more than before. */
  grant(allowed: ReadonlyMap<string, number>): readonly string[] {
    const grown: string[] = [];
    for (const [provider, connections] of allowed) {
      const use = this.#uses.get(provider);
      if (use === undefined) continue;
      if (connections > (use.allowed ?? 0)) grown.push(provider);
      use.allowed = connections;
    }
    return grown;
  }
}
