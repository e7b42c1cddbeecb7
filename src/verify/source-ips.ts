// Chooses where each connection comes from, local address or proxy: in turns, each provider for itself, past one that it refuses.
import type { Dial } from '../smtp/dial.ts';
import type { Proxies } from './proxies.ts';

export type SourceChoice =
  /** Null is the system's choice. */
  | { readonly status: 'use'; readonly sourceIp: string | null }
  /** None of the given addresses can reach that host. */
  | { readonly status: 'none' };

/** What is known of one provider's dealings with our addresses. */
interface ProviderTurns {
  /** Connections so far, counted from a place of its own, so that many small providers spread over the addresses. */
  turn: number;
  readonly refused: Map<string, { inARow: number; restsUntilTurn: number }>;
}

/** So many connections are made from the others before an address that was refused is tried again, times its refusals. */
const RESTING_TURNS = 20;

/** Turns of more providers are forgotten: they then begin anew, which is just as fair. */
const MOST_PROVIDERS = 50_000;

/**
 * The addresses a run may speak from; none leaves the choice to the system. With proxies, they stand in the place of addresses
 * by their ids: hosts, blocks and greylists see the addresses behind them.
 */
export class SourceIps {
  readonly #all: readonly string[];
  readonly #proxies: Proxies | null;
  readonly #providers = new Map<string, ProviderTurns>();
  #firstTurn = 0;

  constructor(addresses: readonly string[], proxies: Proxies | null = null) {
    this.#all = proxies?.ids ?? [...new Set(addresses)];
    this.#proxies = proxies;
  }

  get hasProxies(): boolean {
    return this.#proxies !== null;
  }

  /** How to dial by this source, where it is a proxy. */
  dialOf(sourceIp: string | null): Dial | undefined {
    return sourceIp === null ? undefined : this.#proxies?.dialOf(sourceIp);
  }

  noteProxyWorked(sourceIp: string | null): void {
    if (sourceIp !== null) this.#proxies?.noteWorked(sourceIp);
  }

  /** Notes that a proxy failed by itself; gives the pause before the next try. */
  noteProxyFailed(sourceIp: string | null, failure: { readonly detail: string; readonly startedAtMs: number }): number {
    if (sourceIp === null || this.#proxies === null) return 0;
    this.#proxies.noteFailed(sourceIp, failure);
    return this.#proxies.pauseMs(sourceIp);
  }

  /** Why there is no way out any more; null while there is one. */
  get allProxiesDown(): string | null {
    return this.#proxies?.allDown ?? null;
  }

  /** True for an address that may be used; with none given, for the system's choice (null) alone. */
  has(sourceIp: string | null): boolean {
    return this.#all.length === 0 ? sourceIp === null : sourceIp !== null && this.#all.includes(sourceIp);
  }

  /** True where the host's address is of a family that we can speak from. */
  canReach(hostAddress: string): boolean {
    // Whether a proxy can, it tells when it is asked.
    return this.#all.length === 0 || this.#proxies !== null || this.#fitting(hostAddress).length > 0;
  }

  /** True where this address would be the one to reach the host from: it is given, and of the host's family. */
  fits(sourceIp: string, hostAddress: string): boolean {
    return this.#fitting(hostAddress).includes(sourceIp);
  }

  /** The address for the next connection to a host; `wanted`, which a greylist knows, where it can be used. */
  choose(provider: string, to: { readonly hostAddress: string; readonly wanted: string | null }): SourceChoice {
    if (this.#all.length === 0) return { status: 'use', sourceIp: null };
    const fitting = this.#fitting(to.hostAddress);
    const [first] = fitting;
    if (first === undefined) return { status: 'none' };
    if (to.wanted !== null && fitting.includes(to.wanted)) return { status: 'use', sourceIp: to.wanted };
    if (fitting.length === 1) return { status: 'use', sourceIp: first };
    const turns = this.#turnsOf(provider);
    turns.turn += 1;
    const rested = fitting.filter((ip) => (turns.refused.get(ip)?.restsUntilTurn ?? 0) <= turns.turn);
    const choices = rested.length > 0 ? rested : fitting;
    return { status: 'use', sourceIp: choices[turns.turn % choices.length] ?? first };
  }

  /** Notes that a provider took our mail from there. */
  noteEntered(provider: string, sourceIp: string | null): void {
    if (sourceIp !== null) this.#providers.get(provider)?.refused.delete(sourceIp);
  }

  /** Notes that a provider refused us there before any recipient was named; true where another address may fare better. */
  noteRefused(provider: string, sourceIp: string | null): boolean {
    if (sourceIp === null || this.#all.length < 2) return false;
    const turns = this.#turnsOf(provider);
    const inARow = (turns.refused.get(sourceIp)?.inARow ?? 0) + 1;
    turns.refused.set(sourceIp, { inARow, restsUntilTurn: turns.turn + inARow * RESTING_TURNS });
    return this.#fitting(sourceIp).some((ip) => !turns.refused.has(ip));
  }

  #fitting(address: string): readonly string[] {
    if (this.#proxies !== null) return this.#proxies.usable();
    return this.#all.filter((ip) => isIpv6(ip) === isIpv6(address));
  }

  #turnsOf(provider: string): ProviderTurns {
    const known = this.#providers.get(provider);
    if (known !== undefined) return known;
    if (this.#providers.size >= MOST_PROVIDERS) this.#providers.clear();
    this.#firstTurn += 1;
    const made = { turn: this.#firstTurn, refused: new Map() };
    this.#providers.set(provider, made);
    return made;
  }
}

function isIpv6(address: string): boolean {
  return address.includes(':');
}
