// Counts rows under names that strangers chose (domains, providers), within bounded memory however many names there are.
import { type Reason, type Status, statusOf } from '../../verdict.ts';

/** What was counted under one name. */
export interface NameCount {
  readonly name: string;
  readonly rows: number;
  readonly status: Readonly<Record<Status, number>>;
  /** The reasons of its rows, the commonest first. */
  readonly reasons: readonly (readonly [reason: Reason, rows: number])[];
  /** Why its first unclear row is unclear, in the words of host or resolver; empty where there is none. */
  readonly cause: string;
}

export interface HeaviestResult {
  readonly names: readonly NameCount[];
  /** 0 where every count is exact; else each name has at most this many more rows than it is shown with. */
  readonly missedAtMost: number;
  /** True where names were dropped on the way, so that `names` are only the heavy ones. */
  readonly isPartial: boolean;
}

/** Most names of a long list have rows of one reason alone, and come and go: a Map for each would be most of the memory. */
interface Entry {
  /** Its rows less what every purge took. */
  level: number;
  rows: number;
  readonly reason: Reason;
  /** Rows of other reasons than the first. */
  others: Map<Reason, number> | null;
  cause: string;
}

/**
 * The counters of Misra and Gries ("Finding repeated elements", 1982) with the purge of Apache DataSketches: when all
 * places are taken, the median is subtracted from each, and who has nothing left goes. Whoever has more rows than the
 * sum of all medians is surely still there, and has lost no more than that sum.
 */
export class HeaviestNames<Row> {
  readonly #places: number;
  readonly #causeOf: (row: Row) => string;
  readonly #entries = new Map<string, Entry>();
  #purged = 0;

  /** `causeOf` is asked for the first unclear row of a name. */
  constructor(places: number, causeOf: (row: Row) => string) {
    this.#places = places;
    this.#causeOf = causeOf;
  }

  add(name: string, reason: Reason, row: Row): void {
    const entry = this.#entries.get(name) ?? this.#admit(name, reason);
    entry.level += 1;
    entry.rows += 1;
    if (reason !== entry.reason) {
      entry.others ??= new Map();
      entry.others.set(reason, (entry.others.get(reason) ?? 0) + 1);
    }
    if (entry.cause === '' && statusOf(reason) === 'unknown') entry.cause = this.#causeOf(row);
  }

  /** All names that are still held, in no order. */
  result(): HeaviestResult {
    const names = [...this.#entries].map(([name, entry]) => {
      const { rows, cause } = entry;
      const reasons = reasonsOf(entry);
      return { name, rows, cause, status: byStatus(reasons), reasons: reasons.sort((a, b) => b[1] - a[1]) };
    });
    return { names, missedAtMost: this.#purged, isPartial: this.#purged > 0 };
  }

  #admit(name: string, reason: Reason): Entry {
    if (this.#entries.size >= this.#places) this.#purge();
    const made: Entry = { level: 0, rows: 0, reason, others: null, cause: '' };
    this.#entries.set(name, made);
    return made;
  }

  /** Half of the places at least are free afterwards, so that it costs little for each row. */
  #purge(): void {
    const levels = Float64Array.from(this.#entries.values(), ({ level }) => level).sort();
    const median = levels[levels.length >> 1] ?? 0;
    for (const [name, entry] of this.#entries) {
      entry.level -= median;
      if (entry.level <= 0) this.#entries.delete(name);
    }
    this.#purged += median;
  }
}

function reasonsOf({ reason, rows, others }: Entry): (readonly [reason: Reason, rows: number])[] {
  if (others === null) return [[reason, rows]];
  let rest = 0;
  for (const each of others.values()) rest += each;
  return [[reason, rows - rest], ...others];
}

function byStatus(reasons: readonly (readonly [Reason, number])[]): Record<Status, number> {
  const status = { valid: 0, invalid: 0, catchall: 0, unknown: 0 };
  for (const [reason, rows] of reasons) status[statusOf(reason)] += rows;
  return status;
}
