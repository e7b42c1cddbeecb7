// Keeps one provider that refuses us from being asked on: opens after a few refusals, lets one session test it later.
import type { Reason, Reply, Stage } from '../verdict.ts';

export interface CircuitLimits {
  /** Sessions in a row refused before any recipient was named. */
  readonly blockedAfterRefusals: number;
  /** Domains in a row whose every recipient got one and the same refusal of us. */
  readonly blockedAfterDomains: number;
  /** How long a provider is left alone before one session may test it, in milliseconds. */
  readonly circuitPauseMs: number;
}

/** Why a provider is left alone: what its addresses that are not asked are told. */
export interface Halt {
  readonly reason: Extract<
    Reason,
    'blocked' | 'sender_rejected' | 'rate_limited' | 'temporary_failure' | 'connect_failed'
  >;
  readonly stage: Stage;
  readonly reply: Reply | null;
  readonly host: string | null;
  readonly detail: string;
}

/** A refusal of us that every recipient of a session got. */
export interface CommonRefusal {
  readonly domain: string;
  /** The refusal without what differs from recipient to recipient. */
  readonly print: string;
  readonly halt: Halt;
}

interface OpenCircuit {
  readonly halt: Halt;
  /** Whether it takes an answer about a recipient to close it again, or only to be let in. */
  readonly closedBy: 'entry' | 'answer';
  testAtMs: number;
  isTesting: boolean;
}

/** Closed, open, half open: see "circuit breaker" (M. Nygard, Release It!). Times are the monotonic clock's. */
export class Circuit {
  readonly #limits: CircuitLimits;
  #refusals = 0;
  #print = '';
  readonly #domains = new Set<string>();
  #open: OpenCircuit | null = null;

  constructor(limits: CircuitLimits) {
    this.#limits = limits;
  }

  /** True while nothing speaks against the provider. */
  get isUnused(): boolean {
    return this.#open === null && this.#refusals === 0 && this.#domains.size === 0;
  }

  /** Why the provider is left alone; null while it may be asked. */
  get halt(): Halt | null {
    return this.#open?.halt ?? null;
  }

  /** When the next session may be opened, if only as a test; infinite while a test runs, null where nothing stands in the way. */
  get testAtMs(): number | null {
    if (this.#open === null) return null;
    return this.#open.isTesting ? Number.POSITIVE_INFINITY : this.#open.testAtMs;
  }

  /** Notes that a session begins; true where it is the test of an open circuit, and `endTest` is due at its end. */
  beginTest(): boolean {
    if (this.#open === null || this.#open.isTesting) return false;
    this.#open.isTesting = true;
    return true;
  }

  /** A test that did not close the circuit, for whatever reason, is followed by another pause. */
  endTest(nowMs: number): void {
    if (this.#open === null) return;
    this.#open.isTesting = false;
    this.#open.testAtMs = nowMs + this.#limits.circuitPauseMs;
  }

  /** Notes a session refused before any recipient was named; true where that opens the circuit. */
  refused(halt: Halt, nowMs: number): boolean {
    this.#refusals += 1;
    return this.#refusals >= this.#limits.blockedAfterRefusals && this.#openFor(halt, 'entry', nowMs);
  }

  /** Notes that MAIL was accepted; true where that closes the circuit. */
  entered(): boolean {
    this.#refusals = 0;
    if (this.#open?.closedBy !== 'entry') return false;
    this.#open = null;
    return true;
  }

  /**
   * Notes a session in which every recipient was refused for our sake, in the same words. One domain may have a policy of
   * its own; several in a row without anybody answered otherwise have their provider's. True where that opens the circuit.
   */
  recipientsRefused({ domain, print, halt }: CommonRefusal, nowMs: number): boolean {
    if (print !== this.#print) this.#domains.clear();
    this.#print = print;
    this.#domains.add(domain);
    return this.#domains.size >= this.#limits.blockedAfterDomains && this.#openFor(halt, 'answer', nowMs);
  }

  /** Notes an answer that is about a recipient and not about us; true where that closes the circuit. */
  answered(): boolean {
    this.#domains.clear();
    if (this.#open?.closedBy !== 'answer') return false;
    this.#open = null;
    return true;
  }

  /** Opens it for a provider that goes on asking us to slow down; true where it was closed. */
  slowedTooOften(halt: Halt, nowMs: number): boolean {
    return this.#openFor(halt, 'entry', nowMs);
  }

  #openFor(halt: Halt, closedBy: OpenCircuit['closedBy'], nowMs: number): boolean {
    if (this.#open !== null) return false;
    this.#open = { halt, closedBy, testAtMs: nowMs + this.#limits.circuitPauseMs, isTesting: false };
    return true;
  }
}
