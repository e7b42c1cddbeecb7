// What is known of a whole domain: whether it accepts any name, and the name nobody has that it was asked for.
import type { Clock } from '../clock.ts';
import type { Connection, Statement } from './connection.ts';
import { DomainIds } from './domain-ids.ts';

/** The answer a domain gave for a name nobody has. */
export interface DomainCatchall {
  readonly state: 'yes' | 'no';
  /** Names the mail hosts that answered; where they have changed since, the state says nothing any more. */
  readonly mailHosts: string;
  /** Milliseconds since the epoch. */
  readonly checkedAt: number;
}

export interface DomainRecord {
  /** The local part nobody has, or null where none was chosen yet. */
  readonly control: string | null;
  /** Null where the domain was never asked to an end. */
  readonly catchall: DomainCatchall | null;
}

const PUT_CATCHALL = `
  INSERT INTO domain (name, catchall, mail_hosts, checked_at) VALUES (?, ?, ?, ?)
  ON CONFLICT (name) DO UPDATE SET
    catchall = excluded.catchall, mail_hosts = excluded.mail_hosts, checked_at = excluded.checked_at`;
const KEEP_FIRST_CONTROL = `
  INSERT INTO domain (name, control) VALUES (?, ?)
  ON CONFLICT (name) DO UPDATE SET control = coalesce(control, excluded.control)
  RETURNING control`;
const GET_DOMAIN = 'SELECT control, catchall, mail_hosts, checked_at FROM domain WHERE name = ?';
const FORGET_DOMAIN =
  'UPDATE domain SET control = NULL, catchall = NULL, mail_hosts = NULL, checked_at = NULL WHERE id = ?';
const CLEAR_STALE_CATCHALL = `
  UPDATE domain SET catchall = NULL, mail_hosts = NULL, checked_at = NULL WHERE checked_at < ?`;
const DELETE_IF_UNUSED = `
  DELETE FROM domain
  WHERE id = ? AND NOT EXISTS (SELECT 1 FROM verdict WHERE verdict.domain_id = domain.id)`;
const DELETE_UNUSED_BETWEEN = `
  DELETE FROM domain
  WHERE id > ? AND id <= ? AND control IS NULL AND catchall IS NULL
  AND NOT EXISTS (SELECT 1 FROM verdict WHERE verdict.domain_id = domain.id)`;
const LAST_ID = 'SELECT coalesce(max(id), 0) FROM domain';
const COUNT_DOMAINS = 'SELECT count(*) FROM domain';

/** Ids looked at in one transaction, so that others can write in between. */
const SWEEP_IDS = 20_000;

type DomainRow = readonly [
  control: string | null,
  catchall: string | null,
  mailHosts: string | null,
  checkedAt: number | null,
];

export class DomainStore {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #ids: DomainIds;
  readonly #put: Statement;
  readonly #get: Statement<DomainRow>;
  readonly #keepFirst: Statement<readonly [control: string]>;

  constructor(connection: Connection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
    this.#ids = new DomainIds(connection);
    this.#put = connection.prepare(PUT_CATCHALL);
    this.#get = connection.prepare(GET_DOMAIN);
    this.#keepFirst = connection.prepare(KEEP_FIRST_CONTROL);
  }

  /** What is known of `domain` (A-label, lower case), or null. */
  get(domain: string): DomainRecord | null {
    const row = this.#connection.run(() => this.#get.get(domain));
    return row === undefined ? null : recordOfRow(row);
  }

  /** Keeps the answer; the control name stays. */
  put(domain: string, catchall: DomainCatchall): void {
    this.#connection.write(() =>
      this.#put.run(domain, catchall.state, catchall.mailHosts, Math.round(catchall.checkedAt)),
    );
  }

  /** The local part nobody has at `domain`, or null where none was chosen yet. */
  controlName(domain: string): string | null {
    return this.get(domain)?.control ?? null;
  }

  /**
   * Keeps `name` as the domain's control, unless there is one already, and returns the one to ask for. It is committed
   * when this returns: a greylist waits for this very name, also after a crash and whichever process asks again.
   */
  rememberControl(domain: string, name: string): string {
    return this.#connection.write(() => this.#keepFirst.get(domain, name))?.[0] ?? name;
  }

  /** Forgets control and catch-all state of `domain`; its verdicts stay. True where there was anything. */
  forget(domain: string): boolean {
    return this.#connection.write(() => {
      const id = this.#ids.find([domain]).get(domain);
      if (id === undefined) return false;
      this.#connection.prepare(FORGET_DOMAIN).run(id);
      this.#connection.prepare(DELETE_IF_UNUSED).run(id);
      return true;
    });
  }

  /** Drops catch-all states older than `olderThanMs` and domains nothing hangs on; returns how many states. */
  prune(options: { readonly olderThanMs: number }): number {
    const limit = Math.round(this.#clock.now() - options.olderThanMs);
    const cleared = this.#connection.write(() => this.#connection.prepare(CLEAR_STALE_CATCHALL).run(limit).changes);
    const lastId = this.#connection.run(() => this.#connection.prepare<readonly [number]>(LAST_ID).get())?.[0] ?? 0;
    const sweep = this.#connection.prepare(DELETE_UNUSED_BETWEEN);
    for (let id = 0; id < lastId; id += SWEEP_IDS) this.#connection.write(() => sweep.run(id, id + SWEEP_IDS));
    return cleared;
  }

  count(): number {
    const count = this.#connection.prepare<readonly [number]>(COUNT_DOMAINS);
    return this.#connection.run(() => count.get())?.[0] ?? 0;
  }
}

function recordOfRow([control, state, mailHosts, checkedAt]: DomainRow): DomainRecord {
  if ((state !== 'yes' && state !== 'no') || mailHosts === null || checkedAt === null) {
    return { control, catchall: null };
  }
  return { control, catchall: { state, mailHosts, checkedAt } };
}
