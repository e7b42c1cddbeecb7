// Keeps DMARC, failure and TLS reports, each once, with their rows, so that they can be summed up over any time.

import type { Clock } from '../clock.ts';
import { BulkInsert } from './bulk-insert.ts';
import type { Connection, SqlValue, Statement } from './connection.ts';
import { storeError } from './sqlite-errors.ts';

export type ReportKind = 'aggregate' | 'tls' | 'failure';

/** What is kept of a report besides its rows. */
export interface ReportHead {
  /** The same for every copy of a report, and for no other. */
  readonly identity: string;
  readonly kind: ReportKind;
  /** Who reports: the organisation, or its domain where it gives no name. */
  readonly reporter: string;
  readonly reportId: string;
  /** The domain the report is about. */
  readonly domain: string;
  /** Unix seconds, or null where the report does not say. */
  readonly begin: number | null;
  readonly end: number | null;
  /** Messages, or TLS sessions. */
  readonly messages: number;
  /** Whatever else is told of it, as JSON: the policy of an aggregate report, the fields of a failure report. */
  readonly detail: string;
}

/** Messages (or sessions) of a report that met the same fate; what the fields mean is for those who write them. */
export interface ReportRow {
  /** The sending address; of TLS reports the sending host's. */
  readonly sourceIp: string;
  /** The domain in From; of TLS reports the receiving mail host. */
  readonly headerFrom: string;
  /** none, quarantine, reject …; of TLS reports `success` or the type of the failure. */
  readonly disposition: string;
  readonly dkim: string;
  readonly spf: string;
  /** Why the policy was overridden, by comma; '' where it was not. */
  readonly reasons: string;
  /** The results of authentication, in a form of those who write them. */
  readonly results: string;
  readonly messages: number;
}

/** A row beside the report it is from. */
export interface KeptRow extends ReportRow, Omit<ReportHead, 'identity' | 'messages' | 'detail'> {}

export interface RowFilter {
  readonly kind: ReportKind;
  readonly domain?: string | undefined;
  /** Unix seconds: only reports that end behind `since`, and that begin before `until`. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
}

const START = 'INSERT INTO report (kind, started_at) VALUES (?, ?) RETURNING id';
const FINISH = `
  UPDATE report SET identity = ?, kind = ?, reporter = ?, report_id = ?, domain = ?, begin_at = ?, end_at = ?,
    messages = ?, detail = ?
  WHERE id = ?`;
const FIND = 'SELECT id FROM report WHERE identity = ?';
const DROP = 'DELETE FROM report WHERE id = ?';
const DROP_UNFINISHED = 'DELETE FROM report WHERE identity IS NULL AND started_at < ?';
const INSERT_ROWS = `
  INSERT INTO report_row (report, number, source_ip, header_from, disposition, dkim, spf, reasons, results, messages)`;
const LAST_NUMBER = 'SELECT coalesce(max(number), 0) FROM report_row WHERE report = ?';
const FIND_RESULTS = 'SELECT id FROM report_results WHERE text = ?';
const ADD_RESULTS = 'INSERT INTO report_results (text) VALUES (?) RETURNING id';
const ROWS = `
  SELECT kind, reporter, report_id, domain, begin_at, end_at,
    source_ip, header_from, disposition, dkim, spf, reasons, report_results.text, report_row.messages
  FROM report JOIN report_row ON report_row.report = report.id JOIN report_results ON report_results.id = results
  WHERE identity IS NOT NULL AND kind = ? AND (? IS NULL OR domain = ?)
    AND (? IS NULL OR coalesce(end_at, begin_at) >= ?) AND (? IS NULL OR begin_at < ?)
  ORDER BY report.id`;
const COUNTS = 'SELECT kind, count(*) FROM report WHERE identity IS NOT NULL GROUP BY kind';

type RowOfReport = readonly [
  kind: ReportKind,
  reporter: string,
  reportId: string,
  domain: string,
  begin: number | null,
  end: number | null,
  sourceIp: string,
  headerFrom: string,
  disposition: string,
  dkim: string,
  spf: string,
  reasons: string,
  results: string,
  messages: number,
];

/** What another run has begun and not finished within a day was interrupted. */
const UNFINISHED_MS = 86_400_000;

const MOST_REMEMBERED_RESULTS = 10_000;

export class ReportStore {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #insert: BulkInsert;
  readonly #find: Statement<readonly [number]>;
  readonly #lastNumber: Statement<readonly [number]>;
  readonly #findResults: Statement<readonly [number]>;
  readonly #addResults: Statement<readonly [number]>;
  readonly #resultsIds = new Map<string, number>();

  constructor(connection: Connection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
    this.#insert = new BulkInsert(connection, { head: INSERT_ROWS, width: 10 });
    this.#find = connection.prepare(FIND);
    this.#lastNumber = connection.prepare(LAST_NUMBER);
    this.#findResults = connection.prepare(FIND_RESULTS);
    this.#addResults = connection.prepare(ADD_RESULTS);
  }

  /** Keeps a report with all its rows in one transaction, unless it is kept already. */
  keep(head: ReportHead, rows: Iterable<ReportRow>): 'kept' | 'duplicate' {
    return this.#connection.write(() => {
      if (this.has(head.identity)) return 'duplicate';
      const id = this.start(head.kind);
      this.addRows(id, rows);
      return this.finish(id, head);
    });
  }

  has(identity: string): boolean {
    return this.#connection.run(() => this.#find.get(identity)) !== undefined;
  }

  /**
   * Begins a report whose rows are too many for one transaction. Nobody sees it before it is finished; where that never
   * comes, because the run was killed, a later run takes its rows away.
   */
  start(kind: ReportKind): number {
    const now = this.#clock.now();
    return this.#connection.write(() => {
      this.#connection.prepare(DROP_UNFINISHED).run(now - UNFINISHED_MS);
      const [id] = this.#connection.prepare<readonly [number]>(START).get(kind, now) ?? [0];
      return id;
    });
  }

  /** Adds rows to a report that was started; they may be made while they are asked for. */
  addRows(id: number, rows: Iterable<ReportRow>): void {
    this.#connection.write(() => {
      let [number] = this.#lastNumber.get(id) ?? [0];
      for (const few of inBatches(rows)) {
        this.#insert.insert(few, (values: SqlValue[], row) => {
          number += 1;
          const results = this.#resultsId(row.results);
          values.push(id, number, row.sourceIp, row.headerFrom, row.disposition, row.dkim, row.spf);
          values.push(row.reasons, results, row.messages);
        });
      }
    });
  }

  /**
   * Adds rows to a report that is not finished yet, outside of any transaction. It does not wait for the disk: a power cut
   * may take these rows, but then the report is not finished either, for `finish` waits for all that was written before.
   */
  addPiece(id: number, rows: Iterable<ReportRow>): void {
    this.#connection.pragma('synchronous = NORMAL');
    try {
      this.addRows(id, rows);
    } finally {
      this.#connection.pragma('synchronous = FULL');
    }
  }

  /** Makes a started report count, or takes it away again where it turns out to be kept already. */
  finish(id: number, head: ReportHead): 'kept' | 'duplicate' {
    return this.#connection.write(() => {
      if (this.has(head.identity)) {
        this.drop(id);
        return 'duplicate';
      }
      const { identity, kind, reporter, reportId, domain, begin, end, messages, detail } = head;
      const finish = this.#connection.prepare(FINISH);
      finish.run(identity, kind, reporter, reportId, domain, begin, end, messages, detail, id);
      return 'kept';
    });
  }

  /** Ids are remembered only while their transaction may not fail any more: a rolled-back one would name nothing. */
  #resultsId(text: string): number {
    const known = this.#resultsIds.get(text);
    if (known !== undefined) return known;
    const found = this.#findResults.get(text);
    const [id] = found ?? this.#addResults.get(text) ?? [0];
    if (found !== undefined && this.#resultsIds.size < MOST_REMEMBERED_RESULTS) this.#resultsIds.set(text, id);
    return id;
  }

  /** Takes a started report away. */
  drop(id: number): void {
    this.#connection.write(() => this.#connection.prepare(DROP).run(id));
  }

  /** The rows of all reports that fit, report by report. */
  *rows({ kind, domain, since, until }: RowFilter): Generator<KeptRow> {
    const statement = this.#connection.prepare<RowOfReport>(ROWS);
    const twice = [domain, since, until].flatMap((value) => [value ?? null, value ?? null]);
    try {
      for (const row of statement.iterate(kind, ...twice)) yield keptRow(row);
    } catch (error) {
      throw storeError(error, this.#connection.path);
    }
  }

  /** How many reports of each kind are kept. */
  counts(): Map<string, number> {
    const counts = this.#connection.prepare<readonly [string, number]>(COUNTS);
    return new Map(this.#connection.run(() => counts.all()));
  }
}

/** What one statement inserts: more rows at once would only be more to remember. */
const ROWS_AT_ONCE = 50;

function* inBatches(rows: Iterable<ReportRow>): Generator<ReportRow[]> {
  let few: ReportRow[] = [];
  for (const row of rows) {
    few.push(row);
    if (few.length < ROWS_AT_ONCE) continue;
    yield few;
    few = [];
  }
  if (few.length > 0) yield few;
}

function keptRow([kind, reporter, reportId, domain, begin, end, ...row]: RowOfReport): KeptRow {
  const [sourceIp, headerFrom, disposition, dkim, spf, reasons, results, messages] = row;
  const head = { kind, reporter, reportId, domain, begin, end };
  return { ...head, sourceIp, headerFrom, disposition, dkim, spf, reasons, results, messages };
}
