// The scratch file of one run: jobs and results of lists too long for memory, gone when the run ends.
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Verdict } from '../verdict.ts';
import { BulkInsert } from './bulk-insert.ts';
import { Connection, type Statement } from './connection.ts';
import { storeError } from './sqlite-errors.ts';
import { type VerdictCounts, verdictCounts } from './verdict-counts.ts';
import { rowOfVerdict, VERDICT_COLUMNS, type VerdictRow, verdictOfRow } from './verdict-row.ts';
import { holdWorkFolder, removeLeftovers, WORK_FOLDER_PREFIX } from './work-leftovers.ts';

/** One address to be decided. The caller numbers jobs in the order of first appearance, and domains as it likes. */
export interface Job {
  readonly id: number;
  readonly domainId: number;
  /** As it goes into RCPT TO. */
  readonly local: string;
  readonly smtputf8: boolean;
}

export interface JobResult {
  readonly id: number;
  readonly verdict: Verdict;
}

export interface DomainCount {
  readonly domainId: number;
  readonly count: number;
}

/**
 * Makes a private scratch file below `folder` (created where missing), and removes what dead processes left there.
 * @throws {MailgateError} of kind 'store' where the folder cannot be written.
 */
export function openWorkFile(options: { readonly folder: string }): WorkFile {
  const parent = resolve(options.folder);
  try {
    mkdirSync(parent, { recursive: true, mode: 0o700 });
    removeLeftovers(parent);
    return createIn(mkdtempSync(join(parent, `${WORK_FOLDER_PREFIX}${process.pid}-`)));
  } catch (error) {
    throw storeError(error, join(parent, FILE_NAME));
  }
}

function createIn(folder: string): WorkFile {
  const release = holdWorkFolder(folder);
  try {
    closeSync(openSync(join(folder, FILE_NAME), 'wx', 0o600));
    return new WorkFile(folder, release);
  } catch (error) {
    release();
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

const FILE_NAME = 'work.sqlite';

const PRAGMAS: readonly string[] = [
  // Nothing here outlives the run, so neither a crash nor a power cut needs a way back.
  'journal_mode = OFF',
  'synchronous = OFF',
  // Nobody else may look in; without the locking each statement is several system calls cheaper.
  'locking_mode = EXCLUSIVE',
  // KiB: enough for the upper levels of the trees at tens of millions of rows, and a small part of a run's memory.
  'cache_size = -32768',
];

const CREATE_TABLES = `
  CREATE TABLE job (
    id INTEGER PRIMARY KEY, domain_id INTEGER NOT NULL, local TEXT NOT NULL, smtputf8 INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE result (
    id INTEGER PRIMARY KEY, source TEXT NOT NULL, reason TEXT NOT NULL, stage TEXT NOT NULL, code INTEGER,
    enhanced TEXT, text TEXT, detail TEXT, mx TEXT, provider TEXT, implicit_mx INTEGER NOT NULL,
    catchall TEXT NOT NULL, attempts INTEGER NOT NULL, checked_at INTEGER NOT NULL
  ) STRICT`;
const INDEX_JOBS = 'CREATE INDEX job_by_domain ON job (domain_id)';

/** Rows read at a time where all are visited. */
const PAGE_ROWS = 1000;

const RESULT_COLUMNS = ['source', ...VERDICT_COLUMNS].join(', ');

const COUNT_BY_DOMAIN = 'SELECT domain_id, count(*) AS jobs FROM job GROUP BY domain_id ORDER BY jobs DESC, domain_id';
const COUNT_JOBS = 'SELECT count(*) FROM job';
const JOBS_OF_DOMAIN = 'SELECT id, local, smtputf8 FROM job WHERE domain_id = ? AND id > ? ORDER BY id LIMIT ?';
const RESULTS_BEHIND = `SELECT id, ${RESULT_COLUMNS} FROM result WHERE id > ? ORDER BY id LIMIT ${PAGE_ROWS}`;
const GET_RESULT = `SELECT id, ${RESULT_COLUMNS} FROM result WHERE id = ?`;
const COUNT_BY_REASON = 'SELECT reason, count(*) FROM result GROUP BY reason';

type ResultRow = readonly [id: number, source: string, ...verdict: VerdictRow];

export class WorkFile {
  readonly path: string;
  readonly #folder: string;
  readonly #release: () => void;
  readonly #connection: Connection;
  readonly #addJobs: BulkInsert;
  readonly #putResults: BulkInsert;
  readonly #jobsOf: Statement<readonly [id: number, local: string, smtputf8: number]>;
  readonly #resultsBehind: Statement<ResultRow>;
  readonly #getResult: Statement<ResultRow>;

  constructor(folder: string, release: () => void) {
    this.#folder = folder;
    this.#release = release;
    this.path = join(folder, FILE_NAME);
    this.#connection = new Connection(this.path, { busyTimeoutMs: 0 });
    for (const pragma of PRAGMAS) this.#connection.pragma(pragma);
    this.#connection.exec(CREATE_TABLES);
    this.#addJobs = new BulkInsert(this.#connection, { head: 'INSERT INTO job', width: 4 });
    // A greylisted address gets a second result, which replaces the first.
    this.#putResults = new BulkInsert(this.#connection, { head: 'INSERT OR REPLACE INTO result', width: 14 });
    // Prepared again by SQLite itself once `finishAdding` has made the index.
    this.#jobsOf = this.#connection.prepare(JOBS_OF_DOMAIN);
    this.#resultsBehind = this.#connection.prepare(RESULTS_BEHIND);
    this.#getResult = this.#connection.prepare(GET_RESULT);
  }

  /** Adds jobs; quickest in ascending order of id, and some hundred or more at a time. */
  addJobs(jobs: readonly Job[]): void {
    this.#addJobs.insert(jobs, (values, { id, domainId, local, smtputf8 }) => {
      values.push(id, domainId, local, smtputf8 ? 1 : 0);
    });
  }

  /** Sorts the jobs by domain, once all have been added: an index kept up while adding would cost several times as much. */
  finishAdding(): void {
    this.#connection.exec(INDEX_JOBS);
  }

  jobCount(): number {
    const count = this.#connection.prepare<readonly [number]>(COUNT_JOBS);
    return this.#connection.run(() => count.get())?.[0] ?? 0;
  }

  /** How many jobs each domain has, the largest domain first. Holds 16 bytes a domain while it is read. */
  *domainCounts(): Generator<DomainCount> {
    const domainIds: number[] = [];
    const counts: number[] = [];
    const statement = this.#connection.prepare<readonly [number, number]>(COUNT_BY_DOMAIN);
    // Read to the end first: while a cursor is open, nothing can be written through this connection.
    this.#connection.run(() => {
      for (const [domainId, count] of statement.iterate()) {
        domainIds.push(domainId);
        counts.push(count);
      }
    });
    for (const [index, domainId] of domainIds.entries()) yield { domainId, count: counts[index] ?? 0 };
  }

  /** At most `limit` jobs of a domain with ids above `afterId`, in ascending order of id. */
  jobsOf(domainId: number, afterId: number, limit: number): Job[] {
    const rows = this.#connection.run(() => this.#jobsOf.all(domainId, afterId, limit));
    return rows.map(([id, local, smtputf8]) => ({ id, domainId, local, smtputf8: smtputf8 === 1 }));
  }

  /** Keeps results; a later one for the same id replaces the earlier. */
  putResults(results: readonly JobResult[]): void {
    this.#putResults.insert(results, (values, { id, verdict }) => {
      values.push(id, verdict.source, ...rowOfVerdict(verdict));
    });
  }

  /** All results in ascending order of id, to be merged with a second reading of the list; writing meanwhile is fine. */
  *resultsInOrder(): Generator<JobResult> {
    for (let afterId = Number.MIN_SAFE_INTEGER; ; ) {
      const rows = this.#connection.run(() => this.#resultsBehind.all(afterId));
      for (const row of rows) yield resultOf(row);
      const last = rows.at(-1);
      if (last === undefined) return;
      afterId = last[0];
    }
  }

  resultOf(id: number): Verdict | null {
    const row = this.#connection.run(() => this.#getResult.get(id));
    return row === undefined ? null : resultOf(row).verdict;
  }

  /** Counts by status and reason; reads all results (about a second for three million). */
  counts(): VerdictCounts {
    const count = this.#connection.prepare<readonly [string, number]>(COUNT_BY_REASON);
    return verdictCounts(this.#connection.run(() => count.all()));
  }

  /** Closes and removes the file; calling it again does nothing. */
  close(): void {
    this.#connection.close();
    this.#release();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function resultOf([id, source, ...row]: ResultRow): JobResult {
  const verdict = verdictOfRow(row, source === 'cache' ? 'cache' : 'live');
  if (verdict === null) throw new TypeError(`result ${id} of the work file cannot be read back`);
  return { id, verdict };
}
