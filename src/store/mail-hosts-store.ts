// Keeps which hosts take mail for a domain until their DNS answer expires, within a bounded number of domains.
import type { Connection, Statement } from './connection.ts';
import { batches } from './domain-ids.ts';

/** What DNS said of a domain, good until `expiresAt` (milliseconds since the epoch; never a time to live). */
export interface MailHostsEntry<Outcome> {
  readonly domain: string;
  readonly outcome: Outcome;
  readonly expiresAt: number;
}

/**
 * Domains kept at most; about 400 bytes each. The list of a large sender has some hundred thousand domains, and an
 * answer lives a day at most, so more would only be remembered in vain.
 */
const DEFAULT_MAX_ENTRIES = 500_000;
/** Twenty hosts with eight addresses each come to about 8 KiB; what is longer is asked again rather than kept. */
const MAX_OUTCOME_LENGTH = 32 * 1024;
/** Dropped beyond what is too many, so that a full table is not trimmed at every put. */
const TRIM_SHARE = 0.05;
const DELETE_BATCH = 5000;

const PUT_MAIL_HOSTS = `
  INSERT INTO mail_hosts (domain, outcome, expires_at) VALUES (?, ?, ?)
  ON CONFLICT (domain) DO UPDATE SET outcome = excluded.outcome, expires_at = excluded.expires_at`;
const GET_MAIL_HOSTS = 'SELECT outcome FROM mail_hosts WHERE domain = ? AND expires_at > ?';
const GET_MANY = `
  SELECT mail_hosts.domain, outcome FROM json_each(?) AS wanted
  CROSS JOIN mail_hosts ON mail_hosts.domain = wanted.value WHERE expires_at > ?`;
const FORGET_DOMAIN = 'DELETE FROM mail_hosts WHERE domain = ?';
const DELETE_EXPIRED = `
  DELETE FROM mail_hosts WHERE domain IN (
    SELECT domain FROM mail_hosts WHERE expires_at <= ? ORDER BY expires_at LIMIT ${DELETE_BATCH})`;
const DELETE_SOONEST = `
  DELETE FROM mail_hosts WHERE domain IN (SELECT domain FROM mail_hosts ORDER BY expires_at LIMIT ?)`;
const COUNT_ALL = 'SELECT count(*) FROM mail_hosts';

/** `Outcome` is whatever the caller keeps; it must survive JSON. A change of its shape needs a migration that empties the table. */
export class MailHostStore<Outcome = unknown> {
  readonly #connection: Connection;
  readonly #maxEntries: number;
  readonly #put: Statement;
  readonly #get: Statement<readonly [outcome: string]>;
  readonly #getMany: Statement<readonly [domain: string, outcome: string]>;
  /** About how many there are: counted once, then added up, and counted again before anything is dropped. */
  #estimate: number | null = null;

  constructor(connection: Connection, options: { readonly maxEntries?: number } = {}) {
    this.#connection = connection;
    this.#maxEntries = options.maxEntries ?? DEFAULT_MAX_ENTRIES;
    this.#put = connection.prepare(PUT_MAIL_HOSTS);
    this.#get = connection.prepare(GET_MAIL_HOSTS);
    this.#getMany = connection.prepare(GET_MANY);
  }

  /** The outcome kept for `domain`, or null where there is none or it expired before `now`. */
  get(domain: string, now: number): Outcome | null {
    const row = this.#connection.run(() => this.#get.get(domain, Math.round(now)));
    return row === undefined ? null : outcomeOf<Outcome>(row[0]);
  }

  /** The outcomes kept for `domains`, by domain. */
  getMany(domains: readonly string[], now: number): Map<string, Outcome> {
    const found = new Map<string, Outcome>();
    for (const batch of batches(domains, 500)) {
      const rows = this.#connection.run(() => this.#getMany.all(JSON.stringify(batch), Math.round(now)));
      for (const [domain, text] of rows) {
        const outcome = outcomeOf<Outcome>(text);
        if (outcome !== null) found.set(domain, outcome);
      }
    }
    return found;
  }

  put(entry: MailHostsEntry<Outcome>): void {
    this.putMany([entry]);
  }

  /** Keeps the outcomes in one transaction; where there are too many domains, those that expire first make room. */
  putMany(entries: readonly MailHostsEntry<Outcome>[]): void {
    if (entries.length === 0) return;
    this.#connection.write(() => {
      for (const { domain, outcome, expiresAt } of entries) {
        const text = JSON.stringify(outcome);
        if (text.length <= MAX_OUTCOME_LENGTH) this.#put.run(domain, text, Math.round(expiresAt));
      }
      this.#trim(entries.length);
    });
  }

  /** True where there was one. */
  forget(domain: string): boolean {
    return this.#connection.write(() => this.#connection.prepare(FORGET_DOMAIN).run(domain).changes > 0);
  }

  /** Deletes what has expired by `now`, in short transactions, and returns how many that were. */
  prune(now: number): number {
    const remove = this.#connection.prepare(DELETE_EXPIRED);
    for (let removed = 0; ; ) {
      const { changes } = this.#connection.write(() => remove.run(Math.round(now)));
      removed += changes;
      if (changes < DELETE_BATCH) return removed;
    }
  }

  count(): number {
    const count = this.#connection.prepare<readonly [number]>(COUNT_ALL);
    return this.#connection.run(() => count.get())?.[0] ?? 0;
  }

  #trim(added: number): void {
    this.#estimate = this.#estimate === null ? this.count() : this.#estimate + added;
    if (this.#estimate <= this.#maxEntries) return;
    this.#estimate = this.count();
    const excess = this.#estimate - this.#maxEntries;
    if (excess <= 0) return;
    const { changes } = this.#connection.prepare(DELETE_SOONEST).run(excess + Math.ceil(this.#maxEntries * TRIM_SHARE));
    this.#estimate -= changes;
  }
}

/** Null for what is no JSON: a cache that cannot be read is asked again. */
function outcomeOf<Outcome>(text: string): Outcome | null {
  try {
    return JSON.parse(text) as Outcome;
  } catch {
    return null;
  }
}
