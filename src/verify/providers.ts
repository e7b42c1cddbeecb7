// Remembers, for one run, how each provider treats us, and says what it may be asked: slowed down, left alone, tested again.
import type { MailHost } from '../dns/mail-hosts.ts';
import type { Provider } from '../dns/provider.ts';
import { oneLine } from '../smtp/reply.ts';
import { Circuit, type CircuitLimits, type CommonRefusal, type Halt } from './circuit.ts';
import { providerName } from './plan.ts';
import { SameRefusals } from './same-refusal.ts';
import { SharedMachines } from './shared-machines.ts';
import { SlowDown, type SlowDownLimits } from './slow-down.ts';

export interface ProviderLimits extends SlowDownLimits, CircuitLimits {
  /** Slow-downs in a row, without a recipient answered in between, after which a provider is left alone for a while. */
  readonly slowDownsBeforeHalt: number;
  /** The same for a provider that has answered for no recipient yet. */
  readonly slowDownsBeforeHaltAtFirst: number;
}

/** What may be opened to a provider now. Times are the monotonic clock's; a test that runs ends at no time known yet. */
export type Admission =
  | { readonly status: 'open'; readonly connections: number }
  | { readonly status: 'paused'; readonly untilMs: number }
  | { readonly status: 'halted'; readonly untilMs: number };

/** A provider that held the run back, for the summary. */
export interface ProviderTrouble {
  readonly provider: string;
  readonly slowDowns: number;
  /** True where it was left alone because it refused us or never stopped asking for patience. */
  readonly isHalted: boolean;
  /** Whether it was asked with all its connections again, or with fewer, or not at all, when the run ended. */
  readonly atEnd: 'as_before' | 'slowed' | 'left_alone';
  /** Its own words on one printable line, or what happened to the connection. */
  readonly words: string;
}

type NewTrouble = Omit<ProviderTrouble, 'slowDowns' | 'atEnd'>;

/** A turn in how a provider treats us, worth telling whoever watches the run. */
export interface ProviderTurn {
  readonly provider: string;
  readonly turn: 'slowed' | 'left_alone' | 'tried_again' | 'back';
  /** The same as a sentence. */
  readonly line: string;
}

/** A summary of more providers than this would not be read. */
const MOST_TROUBLES = 1000;

/** One run's memory of providers; opened with the run. */
export class Providers {
  readonly #limits: ProviderLimits;
  readonly #known = new Map<string, ProviderConduct>();
  readonly #machines = new SharedMachines();
  /** By the provider's key: its name may grow. */
  readonly #troubles = new Map<string, Omit<ProviderTrouble, 'atEnd'>>();

  constructor(limits: ProviderLimits) {
    this.#limits = limits;
  }

  /** The plan with the provider its domain counts for: its own, or another name for the same machine. */
  join<P extends { readonly provider: Provider; readonly hosts: readonly MailHost[] }>(plan: P): P {
    const key = this.#machines.join(plan);
    return key === plan.provider.key ? plan : { ...plan, provider: { ...plan.provider, key } };
  }

  /** What is known of a provider, from now on. */
  of(provider: Provider): ProviderConduct {
    const { key } = provider;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const nameOf = (): string => this.#nameOf(key, provider);
    const made = new ProviderConduct(nameOf, this.#limits, (trouble) => this.#addTrouble(key, trouble));
    this.#known.set(key, made);
    return made;
  }

  #nameOf(key: string, provider: Provider): string {
    const others = this.#machines.othersOf(key);
    const name = provider.domain === key ? providerName(provider) : key;
    return others === 0 ? name : `${name} (one machine with ${others} other ${others === 1 ? 'name' : 'names'})`;
  }

  /** What may be opened to a provider now, within its configured limit. */
  admit(key: string, at: { readonly limit: number; readonly nowMs: number }): Admission {
    return this.#known.get(key)?.admit(at) ?? { status: 'open', connections: at.limit };
  }

  /** Notes that nothing waits for a provider any more; one that never made trouble is forgotten. */
  retire(key: string): void {
    if (this.#known.get(key)?.isForgettable === false) return;
    this.#known.delete(key);
    this.#machines.forget(key);
  }

  /** Decides every verdict that still waits for evidence: none will come. */
  settle(): void {
    for (const conduct of this.#known.values()) conduct.refusals.noteDone('', { isLastOfProvider: true });
  }

  /** Who held the run back, worst first. */
  get troubles(): readonly ProviderTrouble[] {
    return [...this.#troubles]
      .map(([key, trouble]) => ({ ...trouble, atEnd: this.#known.get(key)?.standing ?? 'as_before' }))
      .sort((a, b) => Number(b.isHalted) - Number(a.isHalted) || b.slowDowns - a.slowDowns);
  }

  #addTrouble(key: string, trouble: NewTrouble): void {
    const before = this.#troubles.get(key);
    if (before === undefined && this.#troubles.size >= MOST_TROUBLES) return;
    const slowDowns = (before?.slowDowns ?? 0) + (trouble.isHalted ? 0 : 1);
    this.#troubles.set(key, {
      ...trouble,
      slowDowns,
      isHalted: trouble.isHalted || before?.isHalted === true,
    });
  }
}

/** When a session began and when this was learnt of it, by the monotonic clock. */
export interface SessionTimes {
  readonly startedAtMs: number;
  readonly nowMs: number;
  /** The configured limit of connections to the provider. */
  readonly limit: number;
}

/** One provider; its methods return the turn that things took by what they note, or null. */
export class ProviderConduct {
  readonly refusals = new SameRefusals();
  readonly #nameOf: () => string;
  readonly #limits: ProviderLimits;
  readonly #slowDown: SlowDown;
  readonly #circuit: Circuit;
  readonly #addTrouble: (trouble: NewTrouble) => void;
  #letUsIn = false;
  #hasAnswered = false;

  constructor(nameOf: () => string, limits: ProviderLimits, addTrouble: (trouble: NewTrouble) => void) {
    this.#nameOf = nameOf;
    this.#limits = limits;
    this.#slowDown = new SlowDown(limits);
    this.#circuit = new Circuit(limits);
    this.#addTrouble = addTrouble;
  }

  get #name(): string {
    return this.#nameOf();
  }

  /** True once MAIL was accepted in this run. */
  get hasLetUsIn(): boolean {
    return this.#letUsIn;
  }

  /** Why it is left alone; null while it may be asked. */
  get halt(): Halt | null {
    return this.#circuit.halt;
  }

  get isForgettable(): boolean {
    return this.refusals.isEmpty && !this.#slowDown.isSlow && this.#circuit.isUnused;
  }

  admit({ limit, nowMs }: { readonly limit: number; readonly nowMs: number }): Admission {
    const testAtMs = this.#circuit.testAtMs;
    if (testAtMs !== null && testAtMs > nowMs) return { status: 'halted', untilMs: testAtMs };
    const { pausedUntilMs } = this.#slowDown;
    if (pausedUntilMs > nowMs) return { status: 'paused', untilMs: pausedUntilMs };
    return { status: 'open', connections: testAtMs === null ? this.#slowDown.connections(limit) : 1 };
  }

  /** Notes that a session begins; null unless it tests a provider that was left alone, and `endTest` is due then. */
  beginTest(): ProviderTurn | null {
    return this.#circuit.beginTest() ? this.#turn('tried_again', 'is tried again with one session') : null;
  }

  endTest(nowMs: number): void {
    this.#circuit.endTest(nowMs);
  }

  /** Notes that MAIL was accepted. */
  entered(): ProviderTurn | null {
    this.#letUsIn = true;
    return this.#circuit.entered() ? this.#backAgain() : null;
  }

  /** Notes that a session was refused for our sake before any recipient was named. */
  refused(halt: Halt, nowMs: number): ProviderTurn | null {
    return this.#circuit.refused(halt, nowMs) ? this.#leftAlone('refuses us', { halt, nowMs }) : null;
  }

  /** Notes that every recipient of a session was refused for our sake. */
  recipientsRefused(refusal: CommonRefusal, nowMs: number): ProviderTurn | null {
    const isOpened = this.#circuit.recipientsRefused(refusal, nowMs);
    return isOpened ? this.#leftAlone('refuses us at every domain', { halt: refusal.halt, nowMs }) : null;
  }

  /** Notes an answer that was about a recipient and not about us. */
  answered(): ProviderTurn | null {
    this.#hasAnswered = true;
    this.#slowDown.noteProgress();
    return this.#circuit.answered() ? this.#backAgain() : null;
  }

  /** Notes that a session was told to slow down. */
  slowedDown(halt: Halt, times: SessionTimes): ProviderTurn | null {
    const slowed = this.#slowDown.note(times);
    if (slowed === null) return null;
    this.#addTrouble({ provider: this.#name, isHalted: false, words: wordsOf(halt) });
    const { inARow } = this.#slowDown;
    const most = this.#hasAnswered ? this.#limits.slowDownsBeforeHalt : this.#limits.slowDownsBeforeHaltAtFirst;
    if (inARow >= most && this.#circuit.slowedTooOften(halt, times.nowMs)) {
      return this.#leftAlone(`asked ${inARow} times in a row to come back later`, { halt, nowMs: times.nowMs });
    }
    const pause = `no new one for ${slowed.pauseMs / 1000} s`;
    return this.#turn('slowed', `asks us to slow down: ${connectionsInWords(slowed.connections)} at most, ${pause}`);
  }

  /** Notes a session that went well from beginning to end. */
  wentWell(times: SessionTimes): ProviderTurn | null {
    const connections = this.#slowDown.noteClean(times);
    if (connections === null) return null;
    const most = connectionsInWords(connections);
    return this.#turn('back', connections < times.limit ? `goes well: ${most} at most now` : `is back to ${most}`);
  }

  /** How things stand with it. */
  get standing(): ProviderTrouble['atEnd'] {
    if (this.halt !== null) return 'left_alone';
    return this.#slowDown.isSlow ? 'slowed' : 'as_before';
  }

  /** It gets one connection when it lets us in again, and earns the others as one that was slowed down. */
  #leftAlone(why: string, { halt, nowMs }: { readonly halt: Halt; readonly nowMs: number }): ProviderTurn {
    this.#slowDown.beginAnew(nowMs);
    this.#addTrouble({ provider: this.#name, isHalted: true, words: wordsOf(halt) });
    const pause = `${this.#limits.circuitPauseMs / 60_000} min`;
    return this.#turn('left_alone', `${why}: left alone for ${pause}, and given up if the run has nothing else to do`);
  }

  #backAgain(): ProviderTurn {
    return this.#turn('back', 'answers us again: 1 connection at first');
  }

  #turn(turn: ProviderTurn['turn'], what: string): ProviderTurn {
    return { provider: this.#name, turn, line: `${this.#name} ${what}` };
  }
}

function connectionsInWords(count: number): string {
  return `${count} ${count === 1 ? 'connection' : 'connections'}`;
}

function wordsOf({ reply, detail }: Halt): string {
  return reply === null ? detail : oneLine(reply, 200);
}
