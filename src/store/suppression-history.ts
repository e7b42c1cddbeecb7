// The history of the suppression store: what came in, what was done about it, in the order it happened; rows are only added.
import type { Connection, Statement } from './connection.ts';
import { batches } from './domain-ids.ts';
import type { KeyType } from './suppression-keys.ts';
import type { SuppressionKey } from './suppressions.ts';

/**
 * What a row of the history tells. `confirmed`: more evidence for what stood already; `delivered`: a delivery cleared
 * failures; `lifted`: it ended a suppression as well; `forgotten`: an address gave way to its tombstone.
 */
export type HistoryAction =
  | 'suppressed'
  | 'counted'
  | 'confirmed'
  | 'ignored'
  | 'removed'
  | 'delivered'
  | 'lifted'
  | 'forgotten';

export interface HistoryEntry {
  readonly scope: string;
  readonly reason: string;
  readonly action: HistoryAction;
  readonly source: string;
  readonly evidence: string | null;
  readonly detail: string | null;
  readonly verified: boolean;
  /** When it happened; this and `recordedAt` in milliseconds since the epoch. */
  readonly at: number;
}

export interface HistoryRow extends HistoryEntry {
  readonly key: SuppressionKey;
  readonly recordedAt: number;
}

const PAGE_ROWS = 2000;

const ADD = `
  INSERT INTO suppression_event
    (key_id, scope, reason, action, source, evidence, detail, verified, at, recorded_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const HAS = 'SELECT 1 FROM suppression_event WHERE key_id = ? AND evidence = ? AND scope = ? AND reason = ? LIMIT 1';
const COLUMNS =
  'suppression_key.type, suppression_key.key, scope, reason, action, source, evidence, detail, verified, at, recorded_at';
const LIST_ALL = `
  SELECT suppression_event.id, ${COLUMNS} FROM suppression_event
  JOIN suppression_key ON suppression_key.id = key_id WHERE suppression_event.id > ?
  ORDER BY suppression_event.id LIMIT ${PAGE_ROWS}`;
const LIST_OF_KEYS = `
  SELECT suppression_event.id, ${COLUMNS} FROM json_each(?) AS wanted
  JOIN suppression_event ON key_id = wanted.value
  JOIN suppression_key ON suppression_key.id = key_id ORDER BY suppression_event.id`;
const MOVE = 'UPDATE suppression_event SET key_id = ?, evidence = NULL, detail = NULL WHERE key_id = ?';

type ListedRow = readonly [
  id: number,
  type: string,
  key: string,
  scope: string,
  reason: string,
  action: string,
  source: string,
  evidence: string | null,
  detail: string | null,
  verified: number,
  at: number,
  recordedAt: number,
];

export class SuppressionHistory {
  readonly #connection: Connection;
  readonly #add: Statement;
  readonly #has: Statement;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#add = connection.prepare(ADD);
    this.#has = connection.prepare(HAS);
  }

  /** To be called within `write`. */
  add(keyId: number, entry: HistoryEntry, recordedAt: number): void {
    const { scope, reason, action, source, evidence, detail, verified, at } = entry;
    this.#connection.run(() =>
      this.#add.run(keyId, scope, reason, action, source, evidence, detail, verified ? 1 : 0, at, recordedAt),
    );
  }

  /** Whether this piece of evidence has come before. */
  has(keyId: number, evidence: { readonly id: string; readonly scope: string; readonly reason: string }): boolean {
    return this.#connection.run(() => this.#has.get(keyId, evidence.id, evidence.scope, evidence.reason)) !== undefined;
  }

  /** The rows of these keys, oldest first. */
  *of(keyIds: readonly number[]): Generator<HistoryRow> {
    const statement = this.#connection.prepare<ListedRow>(LIST_OF_KEYS);
    for (const batch of batches(keyIds, PAGE_ROWS)) {
      yield* this.#connection.run(() => statement.all(JSON.stringify(batch))).map(rowOf);
    }
  }

  /** All rows, oldest first. */
  *all(): Generator<HistoryRow> {
    const statement = this.#connection.prepare<ListedRow>(LIST_ALL);
    let after = 0;
    for (;;) {
      const page = this.#connection.run(() => statement.all(after));
      const last = page.at(-1);
      if (last === undefined) return;
      yield* page.map(rowOf);
      after = last[0];
    }
  }

  /** Hands the rows of one key to another, without the texts that might name whom they were about. Within `write`. */
  hand(from: number, to: number): void {
    this.#connection.run(() => this.#connection.prepare(MOVE).run(to, from));
  }
}

function rowOf([, type, key, scope, reason, action, source, evidence, detail, verified, at, recordedAt]: ListedRow) {
  return {
    key: { type: type as KeyType, value: key },
    scope,
    reason,
    action: action as HistoryAction,
    source,
    evidence,
    detail,
    verified: verified === 1,
    at,
    recordedAt,
  };
}
