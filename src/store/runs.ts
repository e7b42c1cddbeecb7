// The runs at work on one file: who lives, and what they tell each other so that no two ask the same or too much at once.
import type { Clock } from '../clock.ts';
import type { Connection, Statement } from './connection.ts';
import { fateOf, ownMark, type ProcessMark } from './process-mark.ts';
import { RunDomains, type RunHolder } from './run-domains.ts';
import { type ProviderUse, RunProviders } from './run-providers.ts';
import { RunVerdicts } from './run-verdicts.ts';

/** What a run tells the others. */
export interface RunPost {
  /** Every domain it is asking about; needed when the first other run comes. */
  readonly claimed: () => readonly string[];
  /** Domains it is done with. */
  readonly released: readonly string[];
  /** Domains it waits for, because another run asks about them. */
  readonly wanted: readonly string[];
  /** Every provider it has addresses for. */
  readonly uses: () => readonly ProviderUse[];
}

export type RunNews =
  /** Nobody else is at work: whatever the limits allow may be asked, and nothing need be told. */
  | { readonly status: 'alone' }
  /** Another run has not yet told what it is doing: nothing may be opened. */
  | { readonly status: 'joining'; readonly others: readonly RunHolder[] }
  | {
      readonly status: 'shared';
      readonly others: readonly RunHolder[];
      /** Of the domains waited for, those that another run still holds; the others are this run's now. */
      readonly held: ReadonlyMap<string, RunHolder>;
      /** How many connections may be open to each provider. */
      readonly allowed: ReadonlyMap<string, number>;
    };

/** While it is alone a run writes so rarely; who else is there is looked up each time, which costs no write. */
const LONE_BEAT_MS = 2000;
/** A run that has not been heard of for so long, by the watch of the one who listens, is dead, stopped, or hangs. */
export const SILENCE_MS = 20_000;
/** The same by the clock on the wall, for a run of another machine or container that was silent before this one came. */
const LONG_SILENCE_MS = 60_000;

const JOIN = `
  INSERT INTO run (pid, machine, born, is_urgent, is_open, started_at, seen_at, beats)
  VALUES (?, ?, ?, ?, ?, ?, ?, 0) RETURNING id`;
const BEAT = 'UPDATE run SET seen_at = ?, beats = beats + 1 WHERE id = ?';
const OPEN = 'UPDATE run SET is_open = ? WHERE id = ?';
const OTHERS = 'SELECT id, pid, machine, born, is_open, seen_at, beats FROM run WHERE id <> ?';
const LEAVE = 'DELETE FROM run WHERE id = ?';

type RunRow = readonly [
  id: number,
  pid: number,
  machine: string,
  born: string,
  isOpen: number,
  seenAt: number,
  beats: number,
];

export interface LivingRunOptions {
  readonly clock: Clock;
  /** True where somebody sits in front of it: it gets one connection to a provider before lists get theirs. */
  readonly isUrgent: boolean;
}

/** This run among the others; opened by its constructor, which tells the others, and closed by `leave`. */
export class LivingRun {
  readonly startedAt: number;
  readonly #connection: Connection;
  readonly #options: LivingRunOptions;
  readonly #mark: ProcessMark = ownMark();
  readonly #others: Statement<RunRow>;
  readonly #domains: RunDomains;
  readonly #providers: RunProviders;
  readonly #verdicts: RunVerdicts;
  /** When each other run's beat was seen to change, by the monotonic clock. */
  readonly #heard = new Map<number, { readonly beats: number; readonly atMs: number }>();
  #id = 0;
  #isOpen = false;
  /** True where an exchange failed, so that what stands of this run in the file must be written anew. */
  #isUnsure = false;
  #beatAtMs = Number.NEGATIVE_INFINITY;

  /** @throws {MailgateError} of kind 'store' where the file cannot be written. */
  constructor(connection: Connection, options: LivingRunOptions) {
    this.#connection = connection;
    this.#options = options;
    this.startedAt = options.clock.now();
    this.#others = connection.prepare(OTHERS);
    this.#domains = new RunDomains(connection);
    this.#providers = new RunProviders(connection, options);
    this.#verdicts = new RunVerdicts(connection);
    connection.write(() => this.#join());
  }

  /** This run's number. */
  get id(): number {
    return this.#id;
  }

  /** Tells the others and hears of them, in one transaction; while it is alone, mostly without one. */
  exchange(post: RunPost): RunNews {
    const isDue = this.#options.clock.monotonic() - this.#beatAtMs >= LONE_BEAT_MS;
    if (!this.#isOpen && !isDue && this.#rows().length === 0) return { status: 'alone' };
    const before = { id: this.#id, isOpen: this.#isOpen };
    try {
      return this.#connection.write(() => this.#exchange(post));
    } catch (error) {
      // Nothing of it was written: what is remembered must not say otherwise.
      this.#id = before.id;
      this.#isOpen = before.isOpen;
      this.#isUnsure = true;
      throw error;
    }
  }

  /** Claims domains, and tells which of them another run holds; to be called only where `exchange` said 'shared'. */
  claim(domains: readonly string[]): ReadonlyMap<string, RunHolder> {
    return this.#connection.write(() => this.#domains.claim(this.#id, domains));
  }

  /** Is at work no more: all it held is free. */
  leave(): void {
    this.#connection.write(() => {
      this.#connection.prepare(LEAVE).run(this.#id);
      this.#verdicts.dropOld();
    });
  }

  #join(): void {
    const { pid, machine, born } = this.#mark;
    const { clock, isUrgent } = this.#options;
    const others = this.#living();
    this.#verdicts.dropOld();
    // Who is alone has nothing to tell yet; who is not tells everything from the start.
    this.#isOpen = others.length > 0;
    const now = Math.round(clock.now());
    const join = this.#connection.prepare<readonly [id: number]>(JOIN);
    const row = join.get(pid, machine, born, isUrgent ? 1 : 0, this.#isOpen ? 1 : 0, Math.round(this.startedAt), now);
    this.#id = row?.[0] ?? 0;
    this.#providers.forget();
    this.#beatAtMs = clock.monotonic();
  }

  #exchange(post: RunPost): RunNews {
    const { clock } = this.#options;
    const isKnown = this.#connection.prepare(BEAT).run(Math.round(clock.now()), this.#id).changes > 0;
    // It was silent too long (the process was stopped) and was taken for dead.
    if (!isKnown) this.#join();
    if (this.#isUnsure) this.#providers.withdrawAll(this.#id);
    this.#isUnsure = false;
    this.#beatAtMs = clock.monotonic();
    const others = this.#living();
    if (others.length === 0) return this.#beAlone();
    if (!this.#isOpen || !isKnown) this.#open(post);
    const names = others.map(([run, pid]): RunHolder => ({ run, pid }));
    if (others.some(([, , , , isOpen]) => isOpen === 0)) return { status: 'joining', others: names };
    this.#domains.release(this.#id, post.released);
    const held = this.#domains.claim(this.#id, post.wanted);
    return { status: 'shared', others: names, held, allowed: this.#providers.share(this.#id, post.uses()) };
  }

  #beAlone(): RunNews {
    if (this.#isOpen) {
      this.#domains.releaseAll(this.#id);
      this.#providers.withdrawAll(this.#id);
      this.#connection.prepare(OPEN).run(0, this.#id);
      this.#isOpen = false;
    }
    return { status: 'alone' };
  }

  #open(post: RunPost): void {
    this.#domains.claim(this.#id, post.claimed());
    this.#providers.share(this.#id, post.uses());
    this.#connection.prepare(OPEN).run(1, this.#id);
    this.#isOpen = true;
  }

  #rows(): readonly RunRow[] {
    return this.#connection.run(() => this.#others.all(this.#id));
  }

  /** The other runs; those that are dead are removed with all they held. */
  #living(): readonly RunRow[] {
    const rows = this.#rows();
    const leave = this.#connection.prepare(LEAVE);
    const living = rows.filter((row) => {
      if (this.#lives(row)) return true;
      this.#connection.run(() => leave.run(row[0]));
      this.#heard.delete(row[0]);
      return false;
    });
    return living;
  }

  /**
   * A process of this machine is dead when the system says so, at once. Any other, and one that is stopped or hangs, is
   * given up after a silence, measured on our own monotonic clock: neither a clock that is set nor a machine that slept
   * makes anybody look dead who is not.
   */
  #lives([id, pid, machine, born, , seenAt, beats]: RunRow): boolean {
    const fate = fateOf({ pid, machine, born });
    if (fate === 'dead') return false;
    const { clock } = this.#options;
    const known = this.#heard.get(id);
    if (known !== undefined && known.beats === beats) return clock.monotonic() - known.atMs < SILENCE_MS;
    this.#heard.set(id, { beats, atMs: clock.monotonic() });
    return known !== undefined || fate === 'lives' || clock.now() - seenAt < LONG_SILENCE_MS;
  }
}
