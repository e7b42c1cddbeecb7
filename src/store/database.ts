// Opens the one SQLite file that outlives a run, and hands out the stores that live in it.
import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Clock } from '../clock.ts';
import { Connection } from './connection.ts';
import { ReportStore } from './dmarc-reports.ts';
import { type DomainCatchall, DomainStore } from './domains.ts';
import { checkFile } from './file-check.ts';
import { MailHostStore, type MailHostsEntry } from './mail-hosts-store.ts';
import { migrate } from './migrations.ts';
import { pause } from './pause.ts';
import { type RetryEntry, RetryStore } from './retries.ts';
import { type RunVerdictEntry, RunVerdicts } from './run-verdicts.ts';
import { LivingRun } from './runs.ts';
import { ScanMemory } from './scan-memory.ts';
import { refuse, storeError } from './sqlite-errors.ts';
import { keepToWorld, type World } from './store-world.ts';
import { SuppressionStore } from './suppressions.ts';
import { type KeyedVerdict, type VerdictStats, VerdictStore } from './verdicts.ts';

export interface StoreOptions {
  /** The file; it and its folder are created, for this user only, where they are missing. */
  readonly path: string;
  readonly clock: Clock;
  /** How long to wait for another process to finish a transaction; ours take some milliseconds. */
  readonly busyTimeoutMs?: number;
  /** Whose answers are read and kept; left out where nobody is asked, and either file will do. */
  readonly world?: World;
}

/** One thing to keep, so that things of all kinds can share a transaction (see `BatchWriter`). */
export type StoreEntry<Outcome = unknown> =
  | ({ readonly kind: 'verdict' } & KeyedVerdict)
  | ({ readonly kind: 'mail_hosts' } & MailHostsEntry<Outcome>)
  | ({ readonly kind: 'catchall'; readonly domain: string } & DomainCatchall)
  /** The name nobody has that a domain is asked for; the first one kept stays. */
  | { readonly kind: 'control'; readonly domain: string; readonly name: string }
  | ({ readonly kind: 'retry' } & RetryEntry)
  | { readonly kind: 'no_retry'; readonly domain: string; readonly local: string }
  | ({ readonly kind: 'run_verdict' } & RunVerdictEntry);

export interface StoreStats {
  readonly verdicts: VerdictStats;
  readonly mailHosts: number;
  readonly domains: number;
  /** Size on disk, the write-ahead log included. */
  readonly fileBytes: number;
}

const DEFAULT_BUSY_TIMEOUT_MS = 5000;

/**
 * Opens the file, creating it or bringing it to the newest format first.
 * @throws {MailgateError} of kind 'store' for a file that is damaged, newer, another program's, or cannot be written; it
 * is left as it was.
 */
export function openStore<Outcome = unknown>(options: StoreOptions): Store<Outcome> {
  return new Store<Outcome>(openConnection(options), options.clock);
}

/** What outlives a run. Several processes may have the same file open. */
export class Store<Outcome = unknown> {
  readonly path: string;
  readonly verdicts: VerdictStore;
  readonly mailHosts: MailHostStore<Outcome>;
  readonly domains: DomainStore;
  readonly suppressions: SuppressionStore;
  readonly scans: ScanMemory;
  readonly retries: RetryStore;
  readonly reports: ReportStore;
  readonly runVerdicts: RunVerdicts;
  readonly #connection: Connection;
  readonly #clock: Clock;

  constructor(connection: Connection, clock: Clock) {
    this.path = connection.path;
    this.#connection = connection;
    this.#clock = clock;
    this.verdicts = new VerdictStore(connection, clock);
    this.mailHosts = new MailHostStore<Outcome>(connection);
    this.domains = new DomainStore(connection, clock);
    this.retries = new RetryStore(connection);
    this.suppressions = new SuppressionStore(connection, clock);
    this.scans = new ScanMemory(connection, clock);
    this.reports = new ReportStore(connection, clock);
    this.runVerdicts = new RunVerdicts(connection);
  }

  /** Tells the other runs on the file that this one begins to ask; `leave` it at the end. */
  startRun(options: { readonly isUrgent: boolean }): LivingRun {
    return new LivingRun(this.#connection, { clock: this.#clock, ...options });
  }

  /** Does `work`, whichever stores it writes to, in one transaction: all of it is kept, or nothing. No `await` in it. */
  together<Result>(work: () => Result): Result {
    return this.#connection.write(work);
  }

  /** Keeps entries of any kind in one transaction: all or none of them. */
  putAll(entries: readonly StoreEntry<Outcome>[]): void {
    this.#connection.write(() => {
      this.verdicts.putMany(entries.filter((entry) => entry.kind === 'verdict'));
      this.mailHosts.putMany(entries.filter((entry) => entry.kind === 'mail_hosts'));
      for (const entry of entries) {
        if (entry.kind === 'catchall') this.domains.put(entry.domain, entry);
        else if (entry.kind === 'control') this.domains.rememberControl(entry.domain, entry.name);
        else if (entry.kind === 'retry') this.retries.put(entry);
        else if (entry.kind === 'no_retry') this.retries.forget(entry.domain, entry.local);
        else if (entry.kind === 'run_verdict') this.runVerdicts.put(entry);
      }
    });
  }

  /**
   * Forgets one address, or all about a domain (verdicts, mail hosts, catch-all state), and returns how many verdicts
   * that were. What was forgotten is no longer in the file: neither in a free page nor in the log.
   */
  forget(target: { readonly address: string } | { readonly domain: string }): number {
    const forgotten = this.#connection.write(() => {
      const verdicts = this.verdicts.forget(target);
      this.runVerdicts.forget(target);
      if ('domain' in target) {
        this.mailHosts.forget(target.domain);
        this.domains.forget(target.domain);
        this.retries.forgetDomain(target.domain);
      }
      return verdicts;
    });
    this.#connection.pragma('wal_checkpoint(TRUNCATE)');
    return forgotten;
  }

  stats(): StoreStats {
    return {
      verdicts: this.verdicts.stats(),
      mailHosts: this.mailHosts.count(),
      domains: this.domains.count(),
      fileBytes: sizeOf(this.path) + sizeOf(`${this.path}-wal`),
    };
  }

  /** Everything is committed already; closing merges the log into the file, if no other process has it open. */
  close(): void {
    this.#connection.close();
  }
}

const PRAGMAS: readonly string[] = [
  // A verdict must not hang on a domain that another process forgot between look-up and write.
  'foreign_keys = ON',
  // Each commit is fsynced: after a power cut every committed verdict is there. (NORMAL would keep the file sound but
  // could lose the last commits; after kill -9 alone nothing is lost under either.) Batched, FULL costs next to nothing.
  'synchronous = FULL',
  // Deleted rows are overwritten with zeros: who asks to be forgotten must not be found in a free page.
  'secure_delete = ON',
  // The file may come from anywhere: views and triggers in it may call nothing that has side effects.
  'trusted_schema = OFF',
  // Damage is told when its page is read, instead of giving wrong rows.
  'cell_size_check = ON',
  // A log that grew in a large transaction gives its space back at the next checkpoint (bytes).
  'journal_size_limit = 67108864',
];

/** Opens the connection the stores share, in the newest format and with all pragmas set. */
export function openConnection(options: Omit<StoreOptions, 'clock'>): Connection {
  const path = resolve(options.path);
  const busyTimeoutMs = options.busyTimeoutMs ?? DEFAULT_BUSY_TIMEOUT_MS;
  if (path !== path.trim()) throw refuse(path, 'begins or ends with white space, which SQLite would drop');
  if (checkFile(path, { busyTimeoutMs }) === 'new') createFile(path);
  const connection = new Connection(path, { busyTimeoutMs });
  try {
    for (const pragma of PRAGMAS) connection.pragma(pragma);
    // In this order: a file is told to be ours by its header, and the log's pages reach the header only later.
    migrate(connection);
    useWriteAheadLog(connection);
    if (options.world !== undefined) keepToWorld(connection, options.world);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** SQLite gives its log and shared-memory files the permissions of the file itself. */
function createFile(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    closeSync(openSync(path, 'a', 0o600));
  } catch (error) {
    throw storeError(error, path);
  }
}

/**
 * With a write-ahead log, readers and a writer of other processes do not wait for one another, and a commit is one append.
 * The change of mode needs the file for itself and does not always wait for it, so first runs that meet take turns.
 */
function useWriteAheadLog(connection: Connection): void {
  for (let triesLeft = WAL_TRIES; ; triesLeft -= 1) {
    try {
      connection.pragma('journal_mode = WAL');
      return;
    } catch (error) {
      if (triesLeft === 0) throw error;
      pause(WAL_PAUSE_MS);
    }
  }
}

/** Half a second in all: another process needs some milliseconds to make the file. */
const WAL_TRIES = 50;
const WAL_PAUSE_MS = 10;

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
