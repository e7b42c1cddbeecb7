// The number each domain has in the file; verdicts hang on it, so that the rows of a domain stand together.
import type { Connection, Statement } from './connection.ts';

/** Names in one statement: more make no look-up quicker, and the JSON text stays small. */
const BATCH = 500;

const FIND_DOMAIN_IDS = `
  SELECT domain.name, domain.id FROM json_each(?) AS wanted CROSS JOIN domain ON domain.name = wanted.value`;
const ADD_DOMAINS = `
  INSERT INTO domain (name) SELECT wanted.value FROM json_each(?) AS wanted WHERE true ON CONFLICT (name) DO NOTHING`;

export class DomainIds {
  readonly #connection: Connection;
  readonly #find: Statement<readonly [name: string, id: number]>;
  readonly #add: Statement;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#find = connection.prepare(FIND_DOMAIN_IDS);
    this.#add = connection.prepare(ADD_DOMAINS);
  }

  /** The ids of those `names` that are in the file. They hold until another process forgets the domain. */
  find(names: Iterable<string>): Map<string, number> {
    const ids = new Map<string, number>();
    for (const batch of batches([...new Set(names)], BATCH)) {
      const rows = this.#connection.run(() => this.#find.all(JSON.stringify(batch)));
      for (const [name, id] of rows) ids.set(name, id);
    }
    return ids;
  }

  /** The ids of all `names`, adding those that are missing; to be called within `write`, and used within it. */
  findOrAdd(names: Iterable<string>): Map<string, number> {
    const wanted = [...new Set(names)];
    const known = this.find(wanted);
    const missing = wanted.filter((name) => !known.has(name));
    if (missing.length === 0) return known;
    for (const batch of batches(missing, BATCH)) this.#connection.run(() => this.#add.run(JSON.stringify(batch)));
    for (const [name, id] of this.find(missing)) known.set(name, id);
    return known;
  }
}

/** Cuts `items` into pieces of at most `size`. */
export function* batches<Item>(items: readonly Item[], size: number): Generator<readonly Item[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}
