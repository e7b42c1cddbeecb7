// Which domains the runs at work are asking about: each domain is one run's at a time.
import type { Connection, Statement } from './connection.ts';
import { batches } from './domain-ids.ts';

/** A run that holds what another one wants, in words for people. */
export interface RunHolder {
  readonly run: number;
  readonly pid: number;
}

const CLAIM = `
  INSERT INTO run_domain (domain, run) SELECT wanted.value, ? FROM json_each(?) AS wanted WHERE true
  ON CONFLICT (domain) DO NOTHING`;
const OF_OTHERS = `
  SELECT run_domain.domain, run.id, run.pid FROM json_each(?) AS wanted
  CROSS JOIN run_domain ON run_domain.domain = wanted.value JOIN run ON run.id = run_domain.run
  WHERE run_domain.run <> ?`;
const RELEASE = 'DELETE FROM run_domain WHERE run = ? AND domain IN (SELECT value FROM json_each(?))';
const RELEASE_ALL = 'DELETE FROM run_domain WHERE run = ?';

/** Names in one statement, so that its JSON text stays small. */
const BATCH = 500;

/** All of it is to be called within a transaction. */
export class RunDomains {
  readonly #connection: Connection;
  readonly #claim: Statement;
  readonly #ofOthers: Statement<readonly [domain: string, run: number, pid: number]>;
  readonly #release: Statement;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#claim = connection.prepare(CLAIM);
    this.#ofOthers = connection.prepare(OF_OTHERS);
    this.#release = connection.prepare(RELEASE);
  }

  /** Claims the domains for a run, and tells which of them another run holds. */
  claim(run: number, domains: readonly string[]): Map<string, RunHolder> {
    const held = new Map<string, RunHolder>();
    for (const batch of batches(domains, BATCH)) {
      const wanted = JSON.stringify(batch);
      this.#connection.run(() => this.#claim.run(run, wanted));
      const rows = this.#connection.run(() => this.#ofOthers.all(wanted, run));
      for (const [domain, holder, pid] of rows) held.set(domain, { run: holder, pid });
    }
    return held;
  }

  release(run: number, domains: readonly string[]): void {
    for (const batch of batches(domains, BATCH))
      this.#connection.run(() => this.#release.run(run, JSON.stringify(batch)));
  }

  releaseAll(run: number): void {
    this.#connection.run(() => this.#connection.prepare(RELEASE_ALL).run(run));
  }
}
