// The entries themselves as rows: one for each key, scope and reason, so that reasons cannot disturb one another.
import type { Connection, SqlValue, Statement } from './connection.ts';
import type { KeyType } from './suppression-keys.ts';
import { isSuppressionReason, type SuppressionReason } from './suppression-reasons.ts';
import type { SuppressionKey } from './suppressions.ts';

/** One standing reason to mail a key no more. Times are in milliseconds since the epoch. */
export interface SuppressionEntry {
  readonly key: SuppressionKey;
  readonly subdomains: boolean;
  readonly scope: string;
  readonly reason: SuppressionReason;
  /** Source, evidence, detail and verified are those of the newest event. */
  readonly source: string;
  readonly evidence: string | null;
  readonly detail: string | null;
  readonly verified: boolean;
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** How many pieces of evidence there were. */
  readonly count: number;
  /** Null where it never ends. */
  readonly expiresAt: number | null;
}

export interface EntryFilter {
  readonly type?: KeyType | undefined;
  readonly reason?: SuppressionReason | undefined;
  readonly scope?: string | undefined;
  readonly source?: string | undefined;
  /** Leaves out what had ended by then. */
  readonly liveAt?: number | undefined;
}

const PAGE_ROWS = 2000;

/** In the order of `EntryRow`. */
export const ENTRY_COLUMNS = `suppression_key.type, suppression_key.key, subdomains, scope, reason, source, evidence, detail, verified,
  first_seen, last_seen, count, expires_at`;
const OF_KEY = `
  SELECT ${ENTRY_COLUMNS} FROM suppression CROSS JOIN suppression_key ON id = key_id WHERE key_id = ?`;
// Of two events the later one is told, whichever came in first; an end is only ever moved back.
const PUT = `
  INSERT INTO suppression (key_id, subdomains, scope, reason, source, evidence, detail, verified,
    first_seen, last_seen, count, expires_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (key_id, scope, reason) DO UPDATE SET
    subdomains = max(subdomains, excluded.subdomains),
    source = iif(excluded.last_seen >= last_seen, excluded.source, source),
    evidence = iif(excluded.last_seen >= last_seen, excluded.evidence, evidence),
    detail = iif(excluded.last_seen >= last_seen, excluded.detail, detail),
    verified = iif(excluded.last_seen >= last_seen, excluded.verified, verified),
    first_seen = min(first_seen, excluded.first_seen),
    last_seen = max(last_seen, excluded.last_seen),
    count = count + excluded.count,
    expires_at = iif(expires_at IS NULL OR excluded.expires_at IS NULL, NULL, max(expires_at, excluded.expires_at))`;
const HAS = 'SELECT 1 FROM suppression WHERE key_id = ? AND scope = ? AND reason = ?';
const DELETE = 'DELETE FROM suppression WHERE key_id = ? AND scope = ? AND reason = ?';
const PAGE = `
  SELECT key_id, ${ENTRY_COLUMNS} FROM suppression JOIN suppression_key ON id = key_id
  WHERE (key_id, scope, reason) > (?, ?, ?)`;
const PAGE_ORDER = `ORDER BY key_id, scope, reason LIMIT ${PAGE_ROWS}`;
const IS_EMPTY = 'SELECT 1 FROM suppression LIMIT 1';

export type EntryRow = readonly [
  type: string,
  key: string,
  subdomains: number,
  scope: string,
  reason: string,
  source: string,
  evidence: string | null,
  detail: string | null,
  verified: number,
  firstSeen: number,
  lastSeen: number,
  count: number,
  expiresAt: number | null,
];

export class SuppressionEntries {
  readonly #connection: Connection;
  readonly #ofKey: Statement<EntryRow>;
  readonly #has: Statement;
  readonly #put: Statement;
  readonly #delete: Statement;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#ofKey = connection.prepare(OF_KEY);
    this.#has = connection.prepare(HAS);
    this.#put = connection.prepare(PUT);
    this.#delete = connection.prepare(DELETE);
  }

  /** Every entry of the key, ended ones included. */
  of(keyId: number): SuppressionEntry[] {
    return this.#connection.run(() => this.#ofKey.all(keyId)).flatMap(entryOf);
  }

  /** Whether there is an entry, ended or not. */
  has(keyId: number, entry: { readonly scope: string; readonly reason: SuppressionReason }): boolean {
    return this.#connection.run(() => this.#has.get(keyId, entry.scope, entry.reason)) !== undefined;
  }

  /** Adds the entry, or joins it with the one for the same key, scope and reason. To be called within `write`. */
  put(keyId: number, entry: Omit<SuppressionEntry, 'key'>): void {
    const { subdomains, scope, reason, source, evidence, detail, verified, firstSeen, lastSeen, count } = entry;
    const told = [scope, reason, source, evidence, detail, verified ? 1 : 0];
    this.#connection.run(() =>
      this.#put.run(keyId, subdomains ? 1 : 0, told, firstSeen, lastSeen, count, entry.expiresAt),
    );
  }

  /** To be called within `write`. */
  delete(keyId: number, entry: { readonly scope: string; readonly reason: SuppressionReason }): void {
    this.#connection.run(() => this.#delete.run(keyId, entry.scope, entry.reason));
  }

  /** In the order their keys came in; reading on after a write is fine. */
  *list(filter: EntryFilter): Generator<SuppressionEntry> {
    const { conditions, values } = conditionsOf(filter);
    const sql = `${PAGE} ${conditions.map((condition) => `AND ${condition}`).join(' ')} ${PAGE_ORDER}`;
    const statement = this.#connection.prepare<readonly [keyId: number, ...entry: EntryRow]>(sql);
    let after: readonly [number, string, string] = [-1, '', ''];
    for (;;) {
      const page = this.#connection.run(() => statement.all(after, values));
      const last = page.at(-1);
      if (last === undefined) return;
      for (const [, ...row] of page) yield* entryOf(row);
      after = [last[0], last[4], last[5]];
    }
  }

  get isEmpty(): boolean {
    const statement = this.#connection.prepare(IS_EMPTY);
    return this.#connection.run(() => statement.get()) === undefined;
  }
}

function conditionsOf({ type, reason, scope, source, liveAt }: EntryFilter): {
  readonly conditions: readonly string[];
  readonly values: readonly SqlValue[];
} {
  const given: readonly (readonly [condition: string, value: SqlValue | undefined])[] = [
    ['type = ?', type],
    ['reason = ?', reason],
    ['scope = ?', scope],
    ['source = ?', source],
    ['(expires_at IS NULL OR expires_at > ?)', liveAt],
  ];
  const used = given.flatMap(([condition, value]) => (value === undefined ? [] : [{ condition, value }]));
  return { conditions: used.map(({ condition }) => condition), values: used.map(({ value }) => value) };
}

/** Whether it holds at `now`. */
export function isLive(entry: { readonly expiresAt: number | null }, now: number): boolean {
  return entry.expiresAt === null || entry.expiresAt > now;
}

/** The entry in a row; none for a reason this mailgate does not know (a later version may add some). */
export function entryOf(row: EntryRow): SuppressionEntry[] {
  const [type, key, subdomains, scope, reason, source, evidence, detail, verified, firstSeen, lastSeen, count, end] =
    row;
  if (!isSuppressionReason(reason)) return [];
  return [
    {
      key: { type: type as KeyType, value: key },
      subdomains: subdomains === 1,
      scope,
      reason,
      source,
      evidence,
      detail,
      verified: verified === 1,
      firstSeen,
      lastSeen,
      count,
      expiresAt: end,
    },
  ];
}
