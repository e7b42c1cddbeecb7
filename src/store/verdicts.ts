// The verdict cache: what was found out about an address, until the caller calls it stale.
import type { Clock } from '../clock.ts';
import type { Reason, Verdict } from '../verdict.ts';
import type { Connection, Statement } from './connection.ts';
import { batches, DomainIds } from './domain-ids.ts';
import { type VerdictCounts, verdictCounts } from './verdict-counts.ts';
import { isReason, rowOfVerdict, VERDICT_COLUMNS, type VerdictRow, verdictOfRow } from './verdict-row.ts';

/** A verdict under the dedupe key of its address (`local@domain`, domain as lower-case A-label). */
export interface KeyedVerdict {
  readonly key: string;
  readonly verdict: Verdict;
}

/** Which verdicts are too old: by age alone, or by a rule that looks at the reason (an unknown one is always stale). */
export type Staleness =
  | { readonly olderThanMs: number }
  | { readonly isStale: (reason: Reason, checkedAt: number) => boolean };

export interface VerdictStats extends VerdictCounts {
  /** When the oldest and the newest verdict were made (milliseconds since the epoch); null where there are none. */
  readonly oldest: number | null;
  readonly newest: number | null;
}

/** Rows a statement looks up: 500 keys a statement gave 466,000 keys a second where one at a time gave 185,000. */
const LOOK_UP_BATCH = 500;
/** Rows read at a time where all are visited: no read stays open, so that others can write and the log can be reset. */
const PAGE_ROWS = 2000;

const COLUMNS = VERDICT_COLUMNS.map((name) => `verdict.${name}`).join(', ');

const PUT_VERDICT = `
  INSERT INTO verdict (domain_id, local, ${VERDICT_COLUMNS.join(', ')})
  VALUES (?, ?${', ?'.repeat(VERDICT_COLUMNS.length)})
  ON CONFLICT (domain_id, local) DO UPDATE SET ${VERDICT_COLUMNS.map((name) => `${name} = excluded.${name}`).join(', ')}`;
// A wanted key is the text "<domain id> <local>"; its place in the array comes back as the first column.
const FIND_VERDICTS = `
  SELECT wanted.key, ${COLUMNS} FROM json_each(?) AS wanted CROSS JOIN verdict
  ON verdict.domain_id = CAST(wanted.value AS INTEGER)
  AND verdict.local = substr(wanted.value, instr(wanted.value, ' ') + 1)`;
const LIST_ALL = `
  SELECT domain_id, local, domain.name, ${COLUMNS} FROM verdict JOIN domain ON domain.id = domain_id
  WHERE (domain_id, local) > (?, ?) ORDER BY domain_id, local LIMIT ${PAGE_ROWS}`;
const LIST_OF_DOMAIN = `
  SELECT domain_id, local, domain.name, ${COLUMNS} FROM domain JOIN verdict ON domain.id = domain_id
  WHERE domain_id = ? AND local > ? ORDER BY local LIMIT ${PAGE_ROWS}`;
const LIST_AGES = `
  SELECT domain_id, local, reason, checked_at FROM verdict
  WHERE (domain_id, local) > (?, ?) ORDER BY domain_id, local LIMIT ${PAGE_ROWS}`;
// The age is compared again: another process may have renewed the verdict since it was read.
const DELETE_UNRENEWED = 'DELETE FROM verdict WHERE domain_id = ? AND local = ? AND checked_at = ?';
const DELETE_VERDICT = 'DELETE FROM verdict WHERE domain_id = ? AND local = ?';
const DELETE_VERDICTS_OF_DOMAIN = 'DELETE FROM verdict WHERE domain_id = ?';
const COUNT_BY_REASON = 'SELECT reason, count(*), min(checked_at), max(checked_at) FROM verdict GROUP BY reason';
const COUNT_ALL = 'SELECT count(*) FROM verdict';

type ListedRow = readonly [domainId: number, local: string, domain: string, ...verdict: VerdictRow];

export class VerdictStore {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #domainIds: DomainIds;
  readonly #put: Statement;
  readonly #find: Statement<readonly [index: number, ...verdict: VerdictRow]>;

  constructor(connection: Connection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
    this.#domainIds = new DomainIds(connection);
    this.#put = connection.prepare(PUT_VERDICT);
    this.#find = connection.prepare(FIND_VERDICTS);
  }

  /**
   * Keeps the verdicts in one transaction; of two under one key the later one counts. Which verdicts may be kept is
   * the caller's to decide. Quickest when called with many at once: they are written in the order of the table.
   */
  putMany(entries: readonly KeyedVerdict[]): void {
    if (entries.length === 0) return;
    const keyed = entries.map(({ key, verdict }) => ({ ...splitKey(key), verdict }));
    this.#connection.write(() => {
      const ids = this.#domainIds.findOrAdd(keyed.map(({ domain }) => domain));
      const rows = keyed.map((entry) => ({ ...entry, domainId: ids.get(entry.domain) ?? null }));
      rows.sort(byCluster);
      for (const { domainId, local, verdict } of rows) this.#put.run(domainId, local, ...rowOfVerdict(verdict));
    });
  }

  /** The verdicts there are for `keys`, by key. */
  getMany(keys: readonly string[]): Map<string, Verdict> {
    const found = new Map<string, Verdict>();
    const split = keys.map(splitKey);
    const ids = this.#domainIds.find(split.map(({ domain }) => domain));
    if (ids.size === 0) return found;
    const wanted: { key: string; text: string }[] = [];
    for (const [index, { domain, local }] of split.entries()) {
      const id = ids.get(domain);
      if (id !== undefined) wanted.push({ key: keys[index] as string, text: `${id} ${local}` });
    }
    for (const batch of batches(wanted, LOOK_UP_BATCH)) {
      const rows = this.#connection.run(() => this.#find.all(JSON.stringify(batch.map(({ text }) => text))));
      for (const [index, ...row] of rows) {
        const verdict = verdictOfRow(row, 'cache');
        const key = batch[index]?.key;
        if (verdict !== null && key !== undefined) found.set(key, verdict);
      }
    }
    return found;
  }

  /** The verdict of one address, or null. */
  get(key: string): Verdict | null {
    return this.getMany([key]).get(key) ?? null;
  }

  /** Deletes the verdict of one address (its dedupe key), or all of a domain, and returns how many there were. */
  forget(target: { readonly address: string } | { readonly domain: string }): number {
    const { domain, local } = 'address' in target ? splitKey(target.address) : { domain: target.domain, local: null };
    return this.#connection.write(() => {
      const id = this.#domainIds.find([domain]).get(domain);
      if (id === undefined) return 0;
      return local === null
        ? this.#connection.prepare(DELETE_VERDICTS_OF_DOMAIN).run(id).changes
        : this.#connection.prepare(DELETE_VERDICT).run(id, local).changes;
    });
  }

  /** Deletes what is stale and returns how many that were; in short transactions, so that others can write meanwhile. */
  prune(staleness: Staleness): number {
    const isStale = staleRule(staleness, this.#clock.now());
    const remove = this.#connection.prepare(DELETE_UNRENEWED);
    let removed = 0;
    for (const page of this.#pages<readonly [number, string, string, number]>(LIST_AGES)) {
      const stale = page.filter(([, , reason, checkedAt]) => isStale(reason, checkedAt));
      if (stale.length === 0) continue;
      removed += this.#connection.write(() =>
        stale.reduce((sum, [id, local, , checkedAt]) => sum + remove.run(id, local, checkedAt).changes, 0),
      );
    }
    return removed;
  }

  stats(): VerdictStats {
    const count = this.#connection.prepare<readonly [string, number, number, number]>(COUNT_BY_REASON);
    const rows = this.#connection.run(() => count.all());
    return {
      ...verdictCounts(rows.map(([reason, total]) => [reason, total])),
      oldest: rows.length === 0 ? null : Math.min(...rows.map((row) => row[2])),
      newest: rows.length === 0 ? null : Math.max(...rows.map((row) => row[3])),
    };
  }

  count(): number {
    const count = this.#connection.prepare<readonly [number]>(COUNT_ALL);
    return this.#connection.run(() => count.get())?.[0] ?? 0;
  }

  /** Every verdict, or those of one domain, domain by domain; reading on after a write is fine. */
  *list(filter: { readonly domain?: string } = {}): Generator<KeyedVerdict> {
    for (const page of this.#listPages(filter.domain)) {
      for (const [, local, domain, ...row] of page) {
        const verdict = verdictOfRow(row, 'cache');
        if (verdict !== null) yield { key: `${local}@${domain}`, verdict };
      }
    }
  }

  #listPages(domain: string | undefined): Iterable<readonly ListedRow[]> {
    if (domain === undefined) return this.#pages<ListedRow>(LIST_ALL);
    const id = this.#domainIds.find([domain]).get(domain);
    return id === undefined ? [] : this.#pages<ListedRow>(LIST_OF_DOMAIN, [id, '']);
  }

  /** Walks the table page by page behind `start`; `sql` gives rows that begin with the domain's id and the local part. */
  *#pages<Row extends readonly [number, string, ...(string | number | null)[]]>(
    sql: string,
    start: readonly [domainId: number, local: string] = [-1, ''],
  ): Generator<readonly Row[]> {
    const statement = this.#connection.prepare<Row>(sql);
    let [domainId, local] = start;
    for (;;) {
      const page = this.#connection.run(() => statement.all(domainId, local));
      const last = page.at(-1);
      if (last === undefined) return;
      yield page;
      [domainId, local] = last;
    }
  }
}

/** Splits a dedupe key at its last "@": a quoted local part may hold others (RFC 5321 section 4.1.2). */
function splitKey(key: string): { local: string; domain: string } {
  const at = key.lastIndexOf('@');
  if (at < 1 || at === key.length - 1) throw new TypeError(`not a dedupe key: ${JSON.stringify(key)}`);
  return { local: key.slice(0, at), domain: key.slice(at + 1) };
}

interface Clustered {
  readonly domainId: number | null;
  readonly local: string;
}

/** The order of the table, as far as locality needs it (SQLite compares UTF-8, this UTF-16). */
function byCluster(left: Clustered, right: Clustered): number {
  if (left.domainId !== right.domainId) return (left.domainId ?? 0) - (right.domainId ?? 0);
  if (left.local === right.local) return 0;
  return left.local < right.local ? -1 : 1;
}

function staleRule(staleness: Staleness, now: number): (reason: string, checkedAt: number) => boolean {
  if ('olderThanMs' in staleness) return (_reason, checkedAt) => now - checkedAt > staleness.olderThanMs;
  return (reason, checkedAt) => !isReason(reason) || staleness.isStale(reason, checkedAt);
}
