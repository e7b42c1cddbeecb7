// The shape of the file, as numbered steps: each is applied once, in its own transaction, and never edited again.
import type { Connection } from './connection.ts';
import { refuse } from './sqlite-errors.ts';

/** Marks the file as ours in its header (https://sqlite.org/pragma.html#pragma_application_id): "mgat" in ASCII. */
export const APPLICATION_ID = 0x6d_67_61_74;

interface Migration {
  /** 1, 2, 3 …: kept in the file as `user_version` once the step is done. */
  readonly number: number;
  readonly sql: string;
}

const MIGRATIONS: readonly Migration[] = [
  {
    // Verdicts are clustered by domain: look-ups and writes come domain by domain, and neighbours then share a page
    // (measured: 591,000 rows a second written in domain order, against 83,000 under a text key in random order).
    number: 1,
    sql: `
      CREATE TABLE domain (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,    -- A-label, lower case
        control TEXT,                 -- the local part nobody has, chosen once
        catchall TEXT CHECK (catchall IN ('yes', 'no')),
        mail_hosts TEXT,              -- fingerprint of the mail hosts that answered
        checked_at INTEGER            -- of the catch-all state, milliseconds since the epoch
      ) STRICT;

      CREATE TABLE verdict (
        domain_id INTEGER NOT NULL REFERENCES domain (id),
        local TEXT NOT NULL,          -- as in the dedupe key
        reason TEXT NOT NULL,         -- the status follows from it
        stage TEXT NOT NULL,
        code INTEGER,
        enhanced TEXT,
        text TEXT,
        detail TEXT,
        mx TEXT,
        provider TEXT,
        implicit_mx INTEGER NOT NULL,
        catchall TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        checked_at INTEGER NOT NULL,  -- milliseconds since the epoch
        PRIMARY KEY (domain_id, local)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE mail_hosts (
        domain TEXT NOT NULL PRIMARY KEY,
        outcome TEXT NOT NULL,        -- JSON
        expires_at INTEGER NOT NULL   -- milliseconds since the epoch
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX mail_hosts_by_expiry ON mail_hosts (expires_at);
    `,
  },
];

/** The number of the newest step this mailgate knows. */
export const LATEST_VERSION = MIGRATIONS.length;

/**
 * Brings the file to the newest shape.
 * @throws {MailgateError} of kind 'store' for a file from a newer mailgate.
 */
export function migrate(connection: Connection): void {
  for (;;) {
    if (versionOf(connection) === LATEST_VERSION) return;
    connection.write(() => applyNext(connection));
  }
}

/** @throws {MailgateError} of kind 'store' where `version` is higher than this mailgate's. */
export function refuseNewer(path: string, version: number): void {
  if (version <= LATEST_VERSION) return;
  throw refuse(
    path,
    `was written by a newer mailgate (format ${version}, this one knows ${LATEST_VERSION})`,
    'Update mailgate, or name another file with --db. Nothing in it was changed.',
  );
}

/** Applies the step behind the present one, read under the write lock: another process may have been quicker. */
function applyNext(connection: Connection): void {
  const version = versionOf(connection);
  const next = MIGRATIONS[version];
  if (next === undefined) return;
  connection.exec(next.sql);
  connection.pragma(`user_version = ${next.number}`);
  connection.pragma(`application_id = ${APPLICATION_ID}`);
}

function versionOf(connection: Connection): number {
  const version = Number(connection.pragma('user_version'));
  refuseNewer(connection.path, version);
  return version;
}
