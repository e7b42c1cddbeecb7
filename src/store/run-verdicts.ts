// What runs at work found out that is not kept as a verdict, because it is unknown; their neighbours need not ask again.
import type { Verdict } from '../verdict.ts';
import type { Connection, Statement } from './connection.ts';
import { rowOfVerdict, VERDICT_COLUMNS, type VerdictRow, verdictOfRow } from './verdict-row.ts';

export interface RunVerdictEntry {
  readonly domain: string;
  readonly local: string;
  readonly run: number;
  readonly verdict: Verdict;
}

const PUT = `
  INSERT OR REPLACE INTO run_verdict (domain, local, run, ${VERDICT_COLUMNS.join(', ')})
  VALUES (?, ?, ?${', ?'.repeat(VERDICT_COLUMNS.length)})`;
const OF_OTHERS = `
  SELECT local, ${VERDICT_COLUMNS.join(', ')} FROM json_each(?) AS wanted
  CROSS JOIN run_verdict ON domain = ? AND local = wanted.value WHERE run <> ? AND checked_at >= ?`;
const FORGET_DOMAIN = 'DELETE FROM run_verdict WHERE domain = ?';
const FORGET = 'DELETE FROM run_verdict WHERE domain = ? AND local = ?';
/** Nobody at work began before it was found out, or nobody is at work. */
const FORGET_OLD = `
  DELETE FROM run_verdict WHERE checked_at < (SELECT min(started_at) FROM run) OR NOT EXISTS (SELECT 1 FROM run)`;

export class RunVerdicts {
  readonly #connection: Connection;
  readonly #put: Statement;
  readonly #ofOthers: Statement<readonly [local: string, ...verdict: VerdictRow]>;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#put = connection.prepare(PUT);
    this.#ofOthers = connection.prepare(OF_OTHERS);
  }

  /** To be called within a transaction. */
  put({ domain, local, run, verdict }: RunVerdictEntry): void {
    this.#connection.run(() => this.#put.run(domain, local, run, ...rowOfVerdict(verdict)));
  }

  /** What other runs than this one found out since a time (milliseconds since the epoch), by local part. */
  ofOthers(
    domain: string,
    locals: readonly string[],
    at: { readonly run: number; readonly sinceMs: number },
  ): Map<string, Verdict> {
    const rows = this.#connection.run(() =>
      this.#ofOthers.all(JSON.stringify(locals), domain, at.run, Math.floor(at.sinceMs)),
    );
    const found = new Map<string, Verdict>();
    for (const [local, ...row] of rows) {
      const verdict = verdictOfRow(row, 'cache');
      if (verdict !== null) found.set(local, verdict);
    }
    return found;
  }

  /** Forgets one address, or all of a domain. To be called within a transaction. */
  forget(target: { readonly address: string } | { readonly domain: string }): void {
    const place = 'domain' in target ? [target.domain] : partsOf(target.address);
    const forget = this.#connection.prepare('domain' in target ? FORGET_DOMAIN : FORGET);
    this.#connection.run(() => forget.run(...place));
  }

  /** Drops what no run at work can use any more. To be called within a transaction. */
  dropOld(): void {
    this.#connection.run(() => this.#connection.prepare(FORGET_OLD).run());
  }
}

/** A quoted local part may hold further "@". */
function partsOf(address: string): readonly [domain: string, local: string] {
  const at = address.lastIndexOf('@');
  return [address.slice(at + 1), address.slice(0, at)];
}
