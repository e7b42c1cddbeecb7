// Remembers, for one run, how mail hosts behaved: which are dead, how much each one bears; of their providers, providers.ts.
import type { Reason, Stage } from '../verdict.ts';
import { MuteHosts } from './mute-hosts.ts';
import { type ProviderLimits, Providers } from './providers.ts';

/** What connecting told: 'connected' is any TCP connection that was accepted, whatever was said on it. */
export type ConnectResult = 'connected' | 'failed';

export interface HostLimits extends ProviderLimits {
  /** Failed first connections to one address after which it is taken for dead. */
  readonly deadAfterFailures: number;
  /** Sessions in a row that broke off before MAIL was accepted after which it is asked no more. */
  readonly deadAfterFailedStarts: number;
  /** Sessions in a row that brought no answer for any recipient after which it is asked no more. */
  readonly deadAfterMuteSessions: number;
}

/** Why a session broke off before MAIL was accepted. */
export interface FailedStart {
  readonly reason: Reason;
  readonly stage: Stage;
  readonly detail: string;
}

/** An address that was connected to lives: one lost SYN later on proves nothing. */
const LIVES = Number.MIN_SAFE_INTEGER;
/** An address that let us in, up to an accepted MAIL. */
const LET_US_IN = Number.NEGATIVE_INFINITY;

/** One run's memory of hosts; opened with the run. */
export class HostMemory {
  readonly providers: Providers;
  readonly mute: MuteHosts;
  readonly #failures = new Map<string, number>();
  readonly #failedStarts = new Map<string, { readonly streak: number; readonly why: FailedStart }>();
  readonly #failedProviders = new Set<string>();
  readonly #budgets = new Map<string, number>();
  readonly #recipientLimits = new Map<string, number>();
  readonly #tlsDemanded = new Set<string>();
  readonly #withoutSmtputf8 = new Map<string, string>();
  readonly #losesReplies = new Set<string>();
  #connectedOnce = false;
  readonly #limits: HostLimits;

  constructor(limits: HostLimits) {
    this.#limits = limits;
    this.providers = new Providers(limits);
    this.mute = new MuteHosts(limits.deadAfterMuteSessions);
  }

  /** Notes one attempt to connect; a success clears the address's failures. */
  noteConnect(at: { address: string; provider: string }, result: ConnectResult): void {
    if (result === 'connected') {
      this.#connectedOnce = true;
      this.#failedProviders.clear();
      if (!this.hasLetUsIn(at.address)) this.#failures.set(at.address, LIVES);
      return;
    }
    this.#failures.set(at.address, (this.#failures.get(at.address) ?? 0) + 1);
    if (!this.#connectedOnce) this.#failedProviders.add(at.provider);
  }

  /** Notes that MAIL was accepted there. */
  noteEntry(address: string): void {
    this.#failures.set(address, LET_US_IN);
    this.#failedStarts.delete(address);
  }

  /** Notes a session that failed before MAIL was accepted, in whatever way but a refusal in words. */
  noteFailedStart(address: string, why: FailedStart): void {
    const streak = (this.#failedStarts.get(address)?.streak ?? 0) + 1;
    this.#failedStarts.set(address, { streak, why });
  }

  /** How the last session failed with an address that is left alone for it; null for any other. */
  failedStartOf(address: string): FailedStart | null {
    const known = this.#failedStarts.get(address);
    return known !== undefined && known.streak >= this.#limits.deadAfterFailedStarts ? known.why : null;
  }

  /** True where a session got as far as an accepted MAIL in this run. */
  hasLetUsIn(address: string): boolean {
    return this.#failures.get(address) === LET_US_IN;
  }

  /** True where connecting to this address failed so often, and never worked, that it is not tried again in this run. */
  isDead(address: string): boolean {
    if (this.failedStartOf(address) !== null) return true;
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

  /** Notes that a host does not take addresses beyond ASCII, with what its EHLO offers. */
  noteLacksSmtputf8(address: string, offered: string): void {
    this.#withoutSmtputf8.set(address, offered);
  }

  /** What the EHLO of a host without SMTPUTF8 offers; null for one that has it, or was not asked for it yet. */
  offeredWithoutSmtputf8(address: string): string | null {
    return this.#withoutSmtputf8.get(address) ?? null;
  }

  /** Notes that of a window of recipients one got no reply: which one, nobody can tell. */
  noteLosesReplies(address: string): void {
    this.#losesReplies.add(address);
  }

  /** True where recipients had better be asked one by one, whatever the host offers. */
  losesReplies(address: string): boolean {
    return this.#losesReplies.has(address);
  }

  /** Notes that a host takes MAIL only over TLS. */
  noteTlsDemanded(address: string): void {
    this.#tlsDemanded.add(address);
  }

  /** True where the next session had better begin with STARTTLS. */
  demandsTls(address: string): boolean {
    return this.#tlsDemanded.has(address);
  }
}
