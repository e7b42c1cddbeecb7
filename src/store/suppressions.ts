// The "never mail again" store: takes events, says what they brought about, and tells who is suppressed and why.
import type { Clock } from '../clock.ts';
import type { Connection } from './connection.ts';
import { Deliveries, type Delivery, type DeliveryOutcome } from './suppression-deliveries.ts';
import { type EntryFilter, SuppressionEntries, type SuppressionEntry } from './suppression-entries.ts';
import { FailureCounts, type FailureRules } from './suppression-failures.ts';
import { type HistoryRow, SuppressionHistory } from './suppression-history.ts';
import { SuppressionKeys } from './suppression-keys.ts';
import { type SuppressionMatch, SuppressionMatcher } from './suppression-match.ts';
import { EVERY_SCOPE, type SuppressionReason } from './suppression-reasons.ts';
import { SuppressionRecorder } from './suppression-recorder.ts';
import {
  type ForgetOutcome,
  type RemoveOptions,
  type RemoveOutcome,
  SuppressionRemoval,
} from './suppression-removal.ts';
import { SuppressionSecret } from './suppression-secret.ts';

/** Whom an entry or event is about: `md5` and `sha256` hold the hash (hex) of a lower-case address, `hmac` is a tombstone. */
export interface SuppressionKey {
  readonly type: 'email' | 'domain' | 'md5' | 'sha256' | 'hmac';
  /** `local@domain` in lower case with the domain as A-label, a domain as A-label, or the hash in lower-case hex. */
  readonly value: string;
}

/** Something that speaks for mailing an address no more. */
export interface SuppressionEvent {
  readonly key: SuppressionKey;
  /** For a domain: whether its subdomains are meant as well. */
  readonly subdomains?: boolean | undefined;
  /** 'all', or the name of a stream of mail. Bounces always hold for all. */
  readonly scope: string;
  readonly reason: SuppressionReason;
  /** What was said, such as the reply; a stranger's text. */
  readonly detail: string | null;
  /** Who reported it, such as the reporting mail host or the list it stands on. */
  readonly source: string;
  /** Names the piece of evidence: the same one never counts twice. Null where there is none, as on the command line. */
  readonly evidenceId: string | null;
  /** The message that failed (its Message-ID or VERP id); null where only the evidence can tell messages apart. */
  readonly messageId?: string | null | undefined;
  /** When it happened, in milliseconds since the epoch. */
  readonly at: number;
  /** Whether it is proven to be about mail of ours (a signed return path). */
  readonly verified: boolean;
  /** When it ends (milliseconds since the epoch); null or absent for the end its reason has, or none. */
  readonly expiresAt?: number | null | undefined;
}

/**
 * What an event brought about. `suppressed`: it is suppressed now and was not before, or for a weaker reason. `counted`:
 * noted, not enough yet. `already`: nothing new. `ignored`: it does not count, and `why` says for what cause.
 */
export interface SuppressionOutcome {
  readonly status: 'suppressed' | 'counted' | 'already' | 'ignored';
  /** A phrase for people. */
  readonly why: string;
}

/** Where bounces and complaints put what they found; one outcome for each event, in their order. */
export interface SuppressionSink {
  add(events: readonly SuppressionEvent[]): readonly SuppressionOutcome[];
}

export interface AddOptions extends FailureRules {
  /** Tells what would happen and writes nothing. */
  readonly dryRun?: boolean | undefined;
  /** Events that are not `verified` are ignored, but for a person's own word. */
  readonly onlyVerified?: boolean | undefined;
}

export class SuppressionStore {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #keys: SuppressionKeys;
  readonly #entries: SuppressionEntries;
  readonly #history: SuppressionHistory;
  readonly #recorder: SuppressionRecorder;
  readonly #matcher: SuppressionMatcher;
  readonly #removal: SuppressionRemoval;
  readonly #deliveries: Deliveries;

  constructor(connection: Connection, clock: Clock) {
    const secret = new SuppressionSecret(connection);
    const keys = new SuppressionKeys(connection, secret);
    const entries = new SuppressionEntries(connection);
    const history = new SuppressionHistory(connection);
    const failures = new FailureCounts(connection);
    const parts = { connection, secret, keys, entries, history, failures };
    this.#connection = connection;
    this.#clock = clock;
    this.#keys = keys;
    this.#entries = entries;
    this.#history = history;
    this.#recorder = new SuppressionRecorder(parts);
    this.#matcher = new SuppressionMatcher(parts);
    this.#removal = new SuppressionRemoval(parts, this.#recorder);
    this.#deliveries = new Deliveries(parts, this.#recorder);
  }

  /** Records events in one transaction, all or none of them, and says what each brought about. */
  add(events: readonly SuppressionEvent[], options: AddOptions = {}): SuppressionOutcome[] {
    const now = this.#clock.now();
    return this.#write(options, () => events.map((event) => this.#recorder.record(event, { ...options, now })));
  }

  /**
   * The suppressed ones among these addresses (`local@domain`, lower case, domain as A-label), by address.
   * @param scope the stream that is to be mailed; what is suppressed for all streams counts in any case
   */
  match(addresses: readonly string[], scope: string = EVERY_SCOPE): Map<string, SuppressionMatch> {
    return this.#matcher.match(addresses, { scope, now: this.#clock.now() });
  }

  /** True where nothing was ever suppressed, or nothing is left of it: nobody needs to be looked up then. */
  get isEmpty(): boolean {
    return this.#entries.isEmpty;
  }

  /** The entries of one key, of an address also those under its hashes; ended ones included. */
  entriesOf(key: SuppressionKey): SuppressionEntry[] {
    return this.#idsOf(key).flatMap((id) => this.#entries.of(id));
  }

  /** All entries that pass the filter. */
  list(filter: EntryFilter = {}): Generator<SuppressionEntry> {
    return this.#entries.list(filter);
  }

  /** What happened to one key, or to all, oldest first. */
  history(key?: SuppressionKey): Generator<HistoryRow> {
    return key === undefined ? this.#history.all() : this.#history.of(this.#idsOf(key));
  }

  /** Ends the suppression of one key, on a person's word; what came before no longer counts. */
  remove(key: SuppressionKey, options: RemoveOptions): RemoveOutcome {
    return this.#write(options, () => this.#removal.remove(key, { ...options, now: this.#clock.now() }));
  }

  /**
   * Erases an address (`local@domain`) and leaves a keyed hash in its place, under which it stays suppressed for ever.
   * Afterwards it is no longer in the file: neither in a free page nor in the log.
   */
  forget(address: string, options: { readonly why: string | null }): ForgetOutcome {
    const outcome = this.#connection.write(() => this.#removal.forget(address, { ...options, now: this.#clock.now() }));
    this.#connection.pragma('wal_checkpoint(TRUNCATE)');
    return outcome;
  }

  /** Takes note of deliveries: they clear the failures before them, and lift what only those had brought about. */
  delivered(deliveries: readonly Delivery[], options: AddOptions = {}): DeliveryOutcome[] {
    const now = this.#clock.now();
    return this.#write(options, () => deliveries.map((each) => this.#deliveries.take(each, { ...options, now })));
  }

  /** Does `work` in one transaction: all that it writes is kept, or nothing. */
  together<Result>(work: () => Result): Result {
    return this.#connection.write(work);
  }

  #idsOf(key: SuppressionKey): number[] {
    return this.#keys.formsOf(key).flatMap((form) => this.#keys.find(form) ?? []);
  }

  /** One transaction; a dry run is the same work, rolled back. */
  #write<Result>(options: { readonly dryRun?: boolean | undefined }, work: () => Result): Result {
    if (options.dryRun !== true) return this.#connection.write(work);
    try {
      this.#connection.write(() => {
        throw new RolledBack(work());
      });
    } catch (error) {
      if (error instanceof RolledBack) return error.result as Result;
      throw error;
    }
    throw new TypeError('a dry run came to no end');
  }
}

class RolledBack extends Error {
  readonly result: unknown;

  constructor(result: unknown) {
    super('rolled back');
    this.result = result;
  }
}
