// The shape of the file, as numbered steps: each is applied once, in its own transaction, and never edited again.
import type { Connection } from './connection.ts';
import { refuse } from './sqlite-errors.ts';

/** Marks the file as ours in its header (https://sqlite.org/pragma.html#pragma_application_id): "mgat" in ASCII. */
export const APPLICATION_ID = 0x6d_67_61_74;

/** Marks a file for the answers of the pretend world: "mgpw". */
export const PRETEND_APPLICATION_ID = 0x6d_67_70_77;

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
  {
    // An address stands in one place only, suppression_key: forgetting a person puts a keyed hash there, and the history
    // stays without telling of whom. Each reason has a row of its own, so that a weaker one cannot touch a stronger.
    number: 2,
    sql: `
      CREATE TABLE suppression_key (
        id INTEGER PRIMARY KEY,
        type TEXT NOT NULL CHECK (type IN ('email', 'domain', 'md5', 'sha256', 'hmac')),
        key TEXT NOT NULL,            -- local@domain, domain (A-label, lower case), or a hash in hex
        UNIQUE (type, key)
      ) STRICT;

      CREATE TABLE suppression (
        key_id INTEGER NOT NULL REFERENCES suppression_key (id),
        scope TEXT NOT NULL,          -- 'all' or the name of a stream
        reason TEXT NOT NULL,
        subdomains INTEGER NOT NULL,
        source TEXT NOT NULL,
        evidence TEXT,                -- of the newest event, as are source, detail and verified
        detail TEXT,
        verified INTEGER NOT NULL,
        first_seen INTEGER NOT NULL,  -- this and all times below: milliseconds since the epoch
        last_seen INTEGER NOT NULL,
        count INTEGER NOT NULL,
        expires_at INTEGER,
        PRIMARY KEY (key_id, scope, reason)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE suppression_event (  -- the history: rows are added, and only forgetting a person changes any
        id INTEGER PRIMARY KEY,
        key_id INTEGER NOT NULL REFERENCES suppression_key (id),
        scope TEXT NOT NULL,
        reason TEXT NOT NULL,
        action TEXT NOT NULL,
        source TEXT NOT NULL,
        evidence TEXT,
        detail TEXT,
        verified INTEGER NOT NULL,
        at INTEGER NOT NULL,
        recorded_at INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX suppression_event_by_evidence ON suppression_event (key_id, evidence);

      CREATE TABLE suppression_failure (  -- what counts towards a soft bounce or suspect
        key_id INTEGER NOT NULL REFERENCES suppression_key (id),
        reason TEXT NOT NULL,
        day INTEGER NOT NULL,         -- days since the epoch, UTC
        message TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (key_id, reason, day, message)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE suppression_reset (  -- what happened before no longer counts
        key_id INTEGER NOT NULL REFERENCES suppression_key (id),
        cause TEXT NOT NULL CHECK (cause IN ('removed', 'delivered')),
        scope TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (key_id, cause, scope)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE suppression_secret (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        fingerprint TEXT NOT NULL     -- of the key the tombstones were made with; the key is in a file of its own
      ) STRICT;

      CREATE TABLE scanned_content (
        job TEXT NOT NULL,            -- what was looked for: 'bounces', 'complaints' …
        sha256 TEXT NOT NULL,
        outcome TEXT NOT NULL,
        detail TEXT,
        scanned_at INTEGER NOT NULL,
        PRIMARY KEY (job, sha256)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE scanned_place (
        job TEXT NOT NULL,
        place TEXT NOT NULL,          -- a file, or a file and where in it
        stamp TEXT NOT NULL,          -- changes when what stands there does
        PRIMARY KEY (job, place)
      ) STRICT, WITHOUT ROWID;
    `,
  },
  {
    // Greylists know who asked from where: a retry counts only for the same sender and address.
    number: 3,
    sql: `
      CREATE TABLE retry (
        domain TEXT NOT NULL,
        local TEXT NOT NULL,          -- as it goes into RCPT TO
        due_at INTEGER NOT NULL,      -- milliseconds since the epoch
        tries INTEGER NOT NULL,
        sender TEXT NOT NULL,         -- empty for the empty reverse-path
        source_ip TEXT NOT NULL,      -- empty for the system's choice
        reason TEXT NOT NULL,
        mail_host TEXT,               -- this and the reply below: who put it off, in its own words
        reply_code INTEGER,
        reply_enhanced TEXT,
        reply_text TEXT,
        PRIMARY KEY (domain, local)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX retry_by_due ON retry (due_at);
    `,
  },
  {
    // Rows stand beside a report that may not be finished yet (no identity): a report of a gigabyte is kept in pieces.
    number: 4,
    sql: `
      CREATE TABLE report (
        id INTEGER PRIMARY KEY,
        identity TEXT UNIQUE,         -- the same for every copy of a report; null while its rows are still added
        kind TEXT NOT NULL,           -- aggregate, tls, failure
        reporter TEXT NOT NULL DEFAULT '',
        report_id TEXT NOT NULL DEFAULT '',
        domain TEXT NOT NULL DEFAULT '',
        begin_at INTEGER,             -- this and end_at: seconds since the epoch
        end_at INTEGER,
        messages INTEGER NOT NULL DEFAULT 0,
        detail TEXT NOT NULL DEFAULT '',  -- JSON
        started_at INTEGER NOT NULL   -- milliseconds since the epoch
      ) STRICT;
      CREATE INDEX report_by_domain ON report (domain, begin_at);

      CREATE TABLE report_results (   -- a report has millions of rows, but few different results of authentication
        id INTEGER PRIMARY KEY,
        text TEXT NOT NULL UNIQUE
      ) STRICT;

      CREATE TABLE report_row (
        report INTEGER NOT NULL REFERENCES report (id) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        source_ip TEXT NOT NULL,
        header_from TEXT NOT NULL,
        disposition TEXT NOT NULL,
        dkim TEXT NOT NULL,
        spf TEXT NOT NULL,
        reasons TEXT NOT NULL,
        results INTEGER NOT NULL REFERENCES report_results (id),
        messages INTEGER NOT NULL,
        PRIMARY KEY (report, number)
      ) STRICT, WITHOUT ROWID;
    `,
  },
  {
    // What the runs at work on this file tell each other; all of it goes away with them. A run that is alone keeps its
    // claims to itself (is_open 0) and puts them here when another one comes.
    number: 5,
    sql: `
      CREATE TABLE run (
        id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice: who was taken for dead must not meet its heir
        pid INTEGER NOT NULL,
        machine TEXT NOT NULL,
        born TEXT NOT NULL,           -- when the process began, in the machine's own count
        is_urgent INTEGER NOT NULL,
        is_open INTEGER NOT NULL,
        started_at INTEGER NOT NULL,  -- milliseconds since the epoch, as is seen_at
        seen_at INTEGER NOT NULL,
        beats INTEGER NOT NULL
      ) STRICT;

      CREATE TABLE run_domain (       -- who asks about a domain
        domain TEXT NOT NULL PRIMARY KEY,
        run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX run_domain_by_run ON run_domain (run);

      CREATE TABLE run_provider (     -- how many connections each run may have; their sum is never above the limit
        provider TEXT NOT NULL,
        run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
        most INTEGER NOT NULL,
        wanted INTEGER NOT NULL,
        allowed INTEGER NOT NULL,
        PRIMARY KEY (provider, run)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX run_provider_by_run ON run_provider (run);

      CREATE TABLE run_verdict (      -- what is unknown, and so not kept, but need not be asked twice in the same hour
        domain TEXT NOT NULL,
        local TEXT NOT NULL,
        run INTEGER NOT NULL,
        reason TEXT NOT NULL,
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
        checked_at INTEGER NOT NULL,
        PRIMARY KEY (domain, local)
      ) STRICT, WITHOUT ROWID;
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
  // A later step leaves the mark of a pretend world's file as it is.
  if (version === 0) connection.pragma(`application_id = ${APPLICATION_ID}`);
}

function versionOf(connection: Connection): number {
  const version = Number(connection.pragma('user_version'));
  refuseNewer(connection.path, version);
  return version;
}
