// Keeps book of the domains this run has made its own: each is given back when all its addresses have their verdicts.
import { firstOf } from './put-aside.ts';

interface Claim {
  readonly provider: string;
  /** Queues not drained yet: the first one, and those of addresses that came due again. */
  queues: number;
  /** Addresses without a verdict; some wait, behind an empty queue, for what other domains tell of their provider. */
  owed: number;
}

/** Domains claimed at once: beside the one that is needed, those that come next. */
const CLAIMED_AHEAD = 32;
/** So many of those that come next are looked at for it. */
const LOOKED_AT = 1000;

export class DomainClaims {
  readonly #claims = new Map<string, Claim>();
  /** Domains that are this run's own, and not asked about yet. */
  readonly #ahead = new Set<string>();
  /** Domains of queues that have not begun, by provider, in the order in which they came. */
  readonly #coming = new Map<string, string>();
  #released: string[] = [];

  /** All domains that are this run's own. */
  get all(): readonly string[] {
    return [...this.#claims.keys(), ...this.#ahead];
  }

  isOwn(domain: string): boolean {
    return this.#claims.has(domain) || this.#ahead.has(domain);
  }

  /** Notes that a domain's turn will come. */
  expect(domain: string, provider: string): void {
    this.#coming.set(domain, provider);
  }

  /** Some of the domains whose turn is next. */
  next(most: number): readonly string[] {
    return firstOf(this.#coming.keys(), most);
  }

  /** Notes that its turn has come, whatever becomes of it. */
  expectNoMore(domain: string): void {
    this.#coming.delete(domain);
  }

  /** What had best be claimed together with a domain: those of its provider first, since they take turns. */
  batchOf(domain: string, provider: string, mayBeAsked: (provider: string) => boolean): readonly string[] {
    const same: string[] = [];
    const others: string[] = [];
    let looked = 0;
    for (const [next, itsProvider] of this.#coming) {
      looked += 1;
      if (looked > LOOKED_AT || same.length >= CLAIMED_AHEAD) break;
      if (next === domain || this.#ahead.has(next)) continue;
      if (itsProvider === provider) same.push(next);
      else if (others.length < CLAIMED_AHEAD && mayBeAsked(itsProvider)) others.push(next);
    }
    return [domain, ...[...same, ...others].slice(0, CLAIMED_AHEAD - 1)];
  }

  /** Notes domains that are this run's own from now on. */
  own(domain: string): void {
    this.#ahead.add(domain);
  }

  /** A queue of so many addresses begins. */
  begin(domain: string, provider: string, addresses: number): void {
    this.#ahead.delete(domain);
    const known = this.#claims.get(domain);
    if (known === undefined) this.#claims.set(domain, { provider, queues: 1, owed: addresses });
    else {
      known.queues += 1;
      known.owed += addresses;
    }
  }

  /** So many addresses more; gives the provider where the domain was begun. */
  oweMore(domain: string, addresses: number): string | null {
    const claim = this.#claims.get(domain);
    if (claim === undefined) return null;
    claim.owed += addresses;
    return claim.provider;
  }

  /** An address has its verdict; gives the provider where it belongs to a domain that was begun. */
  decided(domain: string): string | null {
    const claim = this.#claims.get(domain);
    if (claim === undefined) return null;
    claim.owed -= 1;
    this.#releaseIfDone(domain, claim);
    return claim.provider;
  }

  /** A queue is drained. */
  end(domain: string): void {
    const claim = this.#claims.get(domain);
    if (claim === undefined) return;
    claim.queues -= 1;
    this.#releaseIfDone(domain, claim);
  }

  /** Gives back a domain that turned out to need no asking. */
  giveBack(domain: string): void {
    if (this.#ahead.delete(domain)) this.#released.push(domain);
  }

  /** Gives back whatever nobody is asking about at the moment. */
  giveBackIdle(): void {
    for (const [domain, { queues }] of this.#claims) if (queues <= 0) this.#release(domain);
  }

  /** Takes the domains given back since the last call. */
  takeReleased(): readonly string[] {
    const released = this.#released;
    this.#released = [];
    // It may have been taken up again since, for an address that came due.
    return released.filter((domain) => !this.isOwn(domain));
  }

  /** Takes back what could not be told to the others, to be told again. */
  putBackReleased(domains: readonly string[]): void {
    this.#released.push(...domains);
  }

  #releaseIfDone(domain: string, { queues, owed }: Claim): void {
    if (queues <= 0 && owed <= 0) this.#release(domain);
  }

  #release(domain: string): void {
    this.#claims.delete(domain);
    this.#released.push(domain);
  }
}
