// Remembers which messages were read already, by where they lay and by what they hold, so that a second scan changes nothing.
import type { Clock } from '../clock.ts';
import type { Connection, Statement } from './connection.ts';
import { batches } from './domain-ids.ts';

/** Where a message was found: its file, or its file and where in it; `stamp` differs once something else stands there. */
export interface ScannedPlace {
  readonly place: string;
  /** Such as length and time of change. */
  readonly stamp: string;
}

/** A message that was read, and what came of it. */
export interface ScannedMessage {
  /** Null where it has no place that could be met again, as on standard input. */
  readonly at: ScannedPlace | null;
  /** Of the content, in hex. */
  readonly sha256: string;
  /** A word, such as the kind of message; `quarantined` for one that could not be read. */
  readonly outcome: string;
  readonly detail?: string | null | undefined;
}

const DETAIL_LIMIT = 500;
const LOOK_UP_BATCH = 500;

const FIND_PLACES = `
  SELECT wanted.value ->> 0 FROM json_each(?) AS wanted
  CROSS JOIN scanned_place ON job = ? AND place = wanted.value ->> 0 AND stamp = wanted.value ->> 1`;
const FIND_CONTENTS = `
  SELECT sha256, outcome FROM json_each(?) AS wanted CROSS JOIN scanned_content ON job = ? AND sha256 = wanted.value`;
const PUT_PLACE = `
  INSERT INTO scanned_place (job, place, stamp) VALUES (?, ?, ?)
  ON CONFLICT (job, place) DO UPDATE SET stamp = excluded.stamp`;
const PUT_CONTENT = `
  INSERT INTO scanned_content (job, sha256, outcome, detail, scanned_at) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (job, sha256) DO NOTHING`;
const COUNT = 'SELECT outcome, count(*) FROM scanned_content WHERE job = ? GROUP BY outcome ORDER BY outcome';
const FORGET = ['DELETE FROM scanned_place WHERE job = ?', 'DELETE FROM scanned_content WHERE job = ?'];

/** The memory of scans. Each job ('bounces', 'complaints', 'dmarc') has its own: one may read what another has read. */
export class ScanMemory {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #putPlace: Statement;
  readonly #putContent: Statement;

  constructor(connection: Connection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
    this.#putPlace = connection.prepare(PUT_PLACE);
    this.#putContent = connection.prepare(PUT_CONTENT);
  }

  /** Those of `places` whose message was read before: it need not even be opened. */
  knownPlaces(job: string, places: readonly ScannedPlace[]): Set<string> {
    const find = this.#connection.prepare<readonly [place: string]>(FIND_PLACES);
    const known = new Set<string>();
    for (const batch of batches(places, LOOK_UP_BATCH)) {
      const wanted = JSON.stringify(batch.map(({ place, stamp }) => [place, stamp]));
      for (const [place] of this.#connection.run(() => find.all(wanted, job))) known.add(place);
    }
    return known;
  }

  /** Those contents that were read before, wherever they lay, with what came of them. */
  knownContents(job: string, hashes: readonly string[]): Map<string, string> {
    const find = this.#connection.prepare<readonly [sha256: string, outcome: string]>(FIND_CONTENTS);
    const known = new Map<string, string>();
    for (const batch of batches(hashes, LOOK_UP_BATCH)) {
      for (const [sha256, outcome] of this.#connection.run(() => find.all(JSON.stringify(batch), job))) {
        known.set(sha256, outcome);
      }
    }
    return known;
  }

  /**
   * Remembers messages in one transaction. Within `Store.together`, it is the one that keeps what they brought about:
   * then neither is ever there without the other.
   */
  remember(job: string, messages: readonly ScannedMessage[]): void {
    const now = this.#clock.now();
    this.#connection.write(() => {
      for (const { at, sha256, outcome, detail = null } of messages) {
        this.#putContent.run(job, sha256, outcome, detail === null ? null : detail.slice(0, DETAIL_LIMIT), now);
        if (at !== null) this.#putPlace.run(job, at.place, at.stamp);
      }
    });
  }

  /** How many messages the job has read, by outcome. */
  counts(job: string): Map<string, number> {
    const count = this.#connection.prepare<readonly [outcome: string, count: number]>(COUNT);
    return new Map(this.#connection.run(() => count.all(job)));
  }

  /** Forgets what the job has read, so that everything is read anew. */
  forget(job: string): void {
    this.#connection.write(() => {
      for (const sql of FORGET) this.#connection.prepare(sql).run(job);
    });
  }
}
