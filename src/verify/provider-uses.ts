// Counts, for the runs that share a store, what this one has to do with each provider and how much of it is granted.
import type { ProviderUse } from './other-runs.ts';

interface Use {
  /** The configured limit of connections. */
  most: number;
  /** Addresses that have no verdict yet. */
  owed: number;
  /**
   * Connections the other runs leave to this one, by the provider's name and by each set of addresses its domains lead to:
   * of one machine with many names every run may know another name. Null until the others were told.
   */
  readonly allowed: Map<string, number | null>;
}

/** More sets of addresses than this belong to an operator of many machines, whom every run knows by the same name. */
const MOST_MACHINES = 8;

export class ProviderUses {
  readonly #uses = new Map<string, Use>();

  /** Notes that so many addresses more are to be decided there, at a machine with these IP addresses. */
  expect(provider: string, machine: string, addresses: number): void {
    const use = this.#useOf(provider);
    use.owed += addresses;
    const key = `at ${machine}`;
    if (use.allowed.size <= MOST_MACHINES && !use.allowed.has(key)) use.allowed.set(key, null);
  }

  /** Notes that so many addresses more, or with a negative number fewer, are to be decided there. */
  owe(provider: string, addresses: number): void {
    const use = this.#uses.get(provider);
    if (use !== undefined) use.owed += addresses;
  }

  #useOf(provider: string): Use {
    const known = this.#uses.get(provider);
    if (known !== undefined) return known;
    const made: Use = { most: 1, owed: 0, allowed: new Map([[provider, null]]) };
    this.#uses.set(provider, made);
    return made;
  }

  /** Notes the configured limit; gives what is granted of it, null where the others have not been told yet. */
  grantedOf(provider: string, most: number): number | null {
    const use = this.#useOf(provider);
    use.most = most;
    return grantedTo(use);
  }

  /** True where at least one connection is granted. */
  isGranted(provider: string): boolean {
    const use = this.#uses.get(provider);
    return use !== undefined && (grantedTo(use) ?? 0) > 0;
  }

  /** How many addresses wait for others to leave some connection; null where one is granted or open somewhere. */
  starving(openTo: (provider: string) => number): number | null {
    let owed = 0;
    for (const [provider, use] of this.#uses) {
      if ((grantedTo(use) ?? 0) > 0 || openTo(provider) > 0) return null;
      owed += use.owed;
    }
    return owed === 0 ? null : owed;
  }

  /** Which part of the configured limit is granted. */
  shareOf(provider: string): number {
    const use = this.#uses.get(provider);
    const granted = use === undefined ? null : grantedTo(use);
    return use === undefined || granted === null ? 1 : Math.min(1, Math.max(1, granted) / use.most);
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
    const posts = new Map<string, ProviderUse>();
    for (const [provider, { most, owed, allowed }] of this.#uses) {
      // Where no address is owed any more, the question for a name nobody has may be.
      const use = { most, wanted: Math.max(1, Math.min(most, owed)), open: openTo(provider) };
      for (const key of allowed.keys()) posts.set(key, together({ provider: key, ...use }, posts.get(key)));
    }
    return [...posts.values()];
  }

  /** Notes what is granted now; gives the providers that got more than before. */
  grant(allowed: ReadonlyMap<string, number>): readonly string[] {
    const grown: string[] = [];
    for (const [provider, use] of this.#uses) {
      const before = grantedTo(use) ?? 0;
      for (const key of use.allowed.keys()) use.allowed.set(key, allowed.get(key) ?? null);
      if ((grantedTo(use) ?? 0) > before) grown.push(provider);
    }
    return grown;
  }
}

function grantedTo({ allowed }: Use): number | null {
  let least = Number.POSITIVE_INFINITY;
  for (const granted of allowed.values()) {
    if (granted === null) return null;
    least = Math.min(least, granted);
  }
  return least;
}

/** Two names of this run for one machine count as one. */
function together(use: ProviderUse, other: ProviderUse | undefined): ProviderUse {
  if (other === undefined) return use;
  const most = Math.min(use.most, other.most);
  return { ...use, most, wanted: Math.min(most, use.wanted + other.wanted), open: use.open + other.open };
}
