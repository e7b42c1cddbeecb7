// How many connections each run at work may have to a provider: what all may have together is never above its limit.
import type { Connection, Statement } from './connection.ts';
import { type Claimant, fairShares } from './provider-shares.ts';

/** What a run has to do with a provider. */
export interface ProviderUse {
  readonly provider: string;
  /** The most connections this run was told to have there. */
  readonly most: number;
  /** How many it has work for, and how many are open. */
  readonly wanted: number;
  readonly open: number;
}

const ADD = 'INSERT OR REPLACE INTO run_provider (provider, run, most, wanted, allowed) VALUES (?, ?, ?, ?, ?)';
const REMOVE = 'DELETE FROM run_provider WHERE provider = ? AND run = ?';
const REMOVE_ALL = 'DELETE FROM run_provider WHERE run = ?';
const OF_OTHERS = `
  SELECT other.provider, other.run, other.most, other.wanted, other.allowed, run.is_urgent
  FROM run_provider AS mine
  JOIN run_provider AS other ON other.provider = mine.provider AND other.run <> mine.run
  JOIN run ON run.id = other.run
  WHERE mine.run = ?`;

type OtherRow = readonly [
  provider: string,
  run: number,
  most: number,
  wanted: number,
  allowed: number,
  isUrgent: number,
];

interface Posted {
  readonly most: number;
  readonly wanted: number;
  readonly allowed: number;
}

/** One run's entries. All of it is to be called within a transaction. */
export class RunProviders {
  readonly #connection: Connection;
  readonly #isUrgent: boolean;
  readonly #add: Statement;
  readonly #remove: Statement;
  readonly #ofOthers: Statement<OtherRow>;
  /** What stands in the file of this run, so that only changes are written. */
  #posted = new Map<string, Posted>();

  constructor(connection: Connection, options: { readonly isUrgent: boolean }) {
    this.#connection = connection;
    this.#isUrgent = options.isUrgent;
    this.#add = connection.prepare(ADD);
    this.#remove = connection.prepare(REMOVE);
    this.#ofOthers = connection.prepare(OF_OTHERS);
  }

  /** Writes down what the run has to do with every provider, and tells how many connections it may now have to each. */
  share(run: number, uses: readonly ProviderUse[]): ReadonlyMap<string, number> {
    const now = new Map(uses.map((use) => [use.provider, use]));
    for (const provider of this.#posted.keys()) if (!now.has(provider)) this.#withdraw(run, provider);
    // A newcomer has a share before it may use it: the others must see it to make room.
    for (const use of uses) this.#post(run, use, this.#posted.get(use.provider)?.allowed ?? use.open);
    const others = this.#others(run);
    const allowed = new Map<string, number>();
    for (const use of uses) {
      const granted = this.#grant(run, use, others.get(use.provider) ?? []);
      // What is open counts until it is closed, but nothing is opened in its place beyond the share.
      this.#post(run, use, Math.max(use.open, granted));
      allowed.set(use.provider, granted);
    }
    return allowed;
  }

  withdrawAll(run: number): void {
    this.#connection.run(() => this.#connection.prepare(REMOVE_ALL).run(run));
    this.#posted = new Map();
  }

  /** Takes the entries for gone, as those of a run that was taken for dead are. */
  forget(): void {
    this.#posted = new Map();
  }

  /** Down at once; up as far as what the others have given back. */
  #grant(run: number, { most, wanted }: ProviderUse, others: readonly OtherRow[]): number {
    const claimants: Claimant[] = others.map(([, other, itsMost, itsWanted, , isUrgent]) => {
      return { run: other, most: itsMost, wanted: itsWanted, isUrgent: isUrgent === 1 };
    });
    const shares = fairShares([...claimants, { run, most, wanted, isUrgent: this.#isUrgent }]);
    const taken = others.reduce((sum, [, , , , allowed]) => sum + allowed, 0);
    const limit = Math.min(most, ...claimants.map((claimant) => claimant.most));
    // Alone there, it may have what it was told: who wants it is heard of before anything is opened.
    const fair = others.length === 0 ? most : (shares.get(run) ?? 0);
    return Math.max(0, Math.min(fair, limit - taken));
  }

  #others(run: number): Map<string, OtherRow[]> {
    const byProvider = new Map<string, OtherRow[]>();
    for (const row of this.#connection.run(() => this.#ofOthers.all(run))) {
      const known = byProvider.get(row[0]);
      if (known === undefined) byProvider.set(row[0], [row]);
      else known.push(row);
    }
    return byProvider;
  }

  #post(run: number, { provider, most, wanted }: ProviderUse, allowed: number): void {
    const before = this.#posted.get(provider);
    const isSame = before?.most === most && before.wanted === wanted && before.allowed === allowed;
    if (isSame) return;
    this.#connection.run(() => this.#add.run(provider, run, most, wanted, allowed));
    this.#posted.set(provider, { most, wanted, allowed });
  }

  #withdraw(run: number, provider: string): void {
    this.#connection.run(() => this.#remove.run(provider, run));
    this.#posted.delete(provider);
  }
}
