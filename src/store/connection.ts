// One open SQLite connection: transactions, and every failure of the file told as a MailgateError.
import Database from 'better-sqlite3';
import { storeError } from './sqlite-errors.ts';

/** A value SQLite can hold, as this room uses them. */
export type SqlValue = string | number | null;

/** A prepared statement whose rows come as arrays in the order of the selected columns; it takes values or arrays of them. */
export type Statement<Row extends readonly SqlValue[] = readonly SqlValue[]> = Database.Statement<Parameters, Row>;

type Parameters = (SqlValue | readonly SqlValue[])[];

export interface ConnectionOptions {
  /** How long to wait for another process's lock. */
  readonly busyTimeoutMs: number;
  readonly readonly?: boolean;
  /** Reads these bytes in place of the file: nothing is locked, nothing is made beside it. */
  readonly bytes?: Buffer;
}

export class Connection {
  readonly path: string;
  readonly #database: Database.Database;
  readonly #transaction: Database.Transaction<(work: () => unknown) => unknown>;

  /** @throws {MailgateError} of kind 'store' where the file cannot be opened. */
  constructor(path: string, options: ConnectionOptions) {
    const { busyTimeoutMs, readonly = false, bytes } = options;
    this.path = path;
    this.#database = this.run(() => new Database(bytes ?? path, { timeout: busyTimeoutMs, readonly }));
    this.#transaction = this.#database.transaction((work: () => unknown) => work());
  }

  /** Prepares `sql`; call its `run`, `all` or `get` inside `run` or `write`, so that failures are told. */
  prepare<Row extends readonly SqlValue[]>(sql: string): Statement<Row> {
    return this.run(() => {
      const statement = this.#database.prepare<Parameters, Row>(sql);
      return statement.reader ? statement.raw(true) : statement;
    });
  }

  /** Does `work`, and tells a failure of the file as a `MailgateError`. */
  run<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      throw storeError(error, this.path);
    }
  }

  /**
   * Does `work` in one transaction; inside another `write` it joins that one. It takes the write lock at once: a
   * transaction that reads first and writes later fails with SQLITE_BUSY when another process wrote in between.
   */
  write<Result>(work: () => Result): Result {
    return this.run(() => this.#transaction.immediate(work) as Result);
  }

  /** Runs statements that return nothing. */
  exec(sql: string): void {
    this.run(() => this.#database.exec(sql));
  }

  /** Sets or reads a pragma, and returns its one value. */
  pragma(text: string): SqlValue {
    return this.run(() => this.#database.pragma(text, { simple: true }) as SqlValue);
  }

  close(): void {
    if (this.#database.open) this.run(() => this.#database.close());
  }
}
