// Which addresses were put off, and when they are to be asked about again: greylists forget who comes back too late.
import type { Reason, Reply } from '../verdict.ts';
import type { Connection, Statement } from './connection.ts';
import { isReason } from './verdict-row.ts';

export interface StoredRetry {
  /** Milliseconds since the epoch. */
  readonly dueAt: number;
  readonly tries: number;
  /** The MAIL FROM address, empty for the empty reverse-path. */
  readonly sender: string;
  /** The local address asked from, empty for the system's choice. */
  readonly sourceIp: string;
  /** Why it was put off, by whom, and in which words. */
  readonly reason: Reason;
  readonly host: string | null;
  readonly reply: Reply | null;
}

export interface RetryEntry extends StoredRetry {
  readonly domain: string;
  readonly local: string;
}

const PUT = `
  INSERT OR REPLACE INTO retry (
    domain, local, due_at, tries, sender, source_ip, reason, mail_host, reply_code, reply_enhanced, reply_text
  ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const OF_DOMAIN = `
  SELECT local, due_at, tries, sender, source_ip, reason, mail_host, reply_code, reply_enhanced, reply_text
  FROM retry WHERE domain = ? LIMIT ?`;
const DUE_AT = 'SELECT due_at FROM retry WHERE domain = ? AND local = ?';
const FORGET = 'DELETE FROM retry WHERE domain = ? AND local = ?';
const FORGET_DOMAIN = 'DELETE FROM retry WHERE domain = ?';
const PRUNE = 'DELETE FROM retry WHERE due_at < ?';
const COUNT = 'SELECT count(*) FROM retry';

/** More retries of one domain are not read: those beyond are simply asked about again. */
const MOST_OF_A_DOMAIN = 100_000;

/** A reply is evidence for people; more of its text helps nobody. */
const MOST_REPLY_CHARACTERS = 1000;

type RetryRow = readonly [
  local: string,
  dueAt: number,
  tries: number,
  sender: string,
  sourceIp: string,
  reason: string,
  host: string | null,
  code: number | null,
  enhanced: string | null,
  text: string | null,
];

export class RetryStore {
  readonly #connection: Connection;
  readonly #put: Statement;
  readonly #forget: Statement;
  readonly #ofDomain: Statement<RetryRow>;
  readonly #dueAt: Statement<readonly [number]>;
  #isEmpty: boolean;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#put = connection.prepare(PUT);
    this.#forget = connection.prepare(FORGET);
    this.#ofDomain = connection.prepare(OF_DOMAIN);
    this.#dueAt = connection.prepare(DUE_AT);
    this.#isEmpty = this.count() === 0;
  }

  /** Looks into the file for every domain from now on, though it held nothing when it was opened: another run writes, too. */
  expectOthers(): void {
    this.#isEmpty = false;
  }

  /** The retries of a domain by local part. A file that held none when it was opened is not asked for each domain. */
  ofDomain(domain: string): Map<string, StoredRetry> {
    if (this.#isEmpty) return new Map();
    const rows = this.#connection.run(() => this.#ofDomain.all(domain, MOST_OF_A_DOMAIN));
    return new Map(rows.map((row) => [row[0], retryOfRow(row)]));
  }

  /** When an address is to be asked about again, or null where it was not put off. */
  dueAtOf(domain: string, local: string): number | null {
    if (this.#isEmpty) return null;
    return this.#connection.run(() => this.#dueAt.get(domain, local))?.[0] ?? null;
  }

  /** To be called within a transaction. */
  put({ domain, local, dueAt, tries, sender, sourceIp, reason, host, reply }: RetryEntry): void {
    this.#isEmpty = false;
    const text = reply?.text.slice(0, MOST_REPLY_CHARACTERS) ?? null;
    const evidence = [reason, host, reply?.code ?? null, reply?.enhanced ?? null, text];
    this.#connection.run(() => this.#put.run(domain, local, dueAt, tries, sender, sourceIp, ...evidence));
  }

  /** To be called within a transaction. */
  forget(domain: string, local: string): void {
    this.#connection.run(() => this.#forget.run(domain, local));
  }

  forgetDomain(domain: string): void {
    this.#connection.run(() => this.#connection.prepare(FORGET_DOMAIN).run(domain));
  }

  /** Forgets what was due before `time` (milliseconds since the epoch), and returns how many that were. */
  prune(time: number): number {
    return this.#connection.write(() => this.#connection.prepare(PRUNE).run(time).changes);
  }

  count(): number {
    const count = this.#connection.prepare<readonly [number]>(COUNT);
    return this.#connection.run(() => count.get())?.[0] ?? 0;
  }
}

function retryOfRow([, dueAt, tries, sender, sourceIp, reason, host, code, enhanced, text]: RetryRow): StoredRetry {
  const reply = code === null ? null : { code, enhanced, text: text ?? '' };
  // A reason of a newer mailgate is one this one does not know; it was put off, whatever the word for it.
  const known = isReason(reason) ? reason : 'temporary_failure';
  return { dueAt, tries, sender, sourceIp, reason: known, host, reply };
}
