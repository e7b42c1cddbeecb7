// Finds and keeps whom the entries are about: the one place in the file where addresses and their hashes stand.
import { hash } from 'node:crypto';
import type { Connection, Statement } from './connection.ts';
import type { SuppressionSecret } from './suppression-secret.ts';
import type { SuppressionKey } from './suppressions.ts';

export type KeyType = SuppressionKey['type'];

const FIND = 'SELECT id FROM suppression_key WHERE type = ? AND key = ?';
const ADD = 'INSERT INTO suppression_key (type, key) VALUES (?, ?)';
const HOLDS_TYPE = 'SELECT 1 FROM suppression_key WHERE type = ? LIMIT 1';

export class SuppressionKeys {
  readonly #connection: Connection;
  readonly #secret: SuppressionSecret;
  readonly #find: Statement<readonly [id: number]>;
  readonly #add: Statement;
  readonly #holdsType: Statement;

  constructor(connection: Connection, secret: SuppressionSecret) {
    this.#connection = connection;
    this.#secret = secret;
    this.#find = connection.prepare(FIND);
    this.#add = connection.prepare(ADD);
    this.#holdsType = connection.prepare(HOLDS_TYPE);
  }

  find(key: SuppressionKey): number | null {
    return this.#connection.run(() => this.#find.get(key.type, key.value))?.[0] ?? null;
  }

  /** `isNew` where nothing can be known of it yet. To be called within `write`. */
  findOrAdd(key: SuppressionKey): { readonly id: number; readonly isNew: boolean } {
    const known = this.find(key);
    if (known !== null) return { id: known, isNew: false };
    const added = this.#connection.run(() => this.#add.run(key.type, key.value));
    return { id: Number(added.lastInsertRowid), isNew: true };
  }

  /** Whether there is any key of this type: hashing a million addresses for nothing would take seconds. */
  holds(type: KeyType): boolean {
    return this.#connection.run(() => this.#holdsType.get(type)) !== undefined;
  }

  /** The id of the tombstone of this address, where it was forgotten. */
  tombstoneOf(address: string): number | null {
    if (!this.holds('hmac')) return null;
    return this.find({ type: 'hmac', value: this.#secret.hashOf(address) });
  }

  /** Every form under which this one key may stand in the file: an address as such and as its hashes. */
  formsOf(key: SuppressionKey): SuppressionKey[] {
    if (key.type !== 'email') return [key];
    const hashes = HASHES.filter((type) => this.holds(type)).map((type) => ({ type, value: hashOf(type, key.value) }));
    const tombstones = this.holds('hmac') ? [{ type: 'hmac' as const, value: this.#secret.hashOf(key.value) }] : [];
    return [key, ...hashes, ...tombstones];
  }
}

const HASHES = ['md5', 'sha256'] as const;

/** The hash by which lists pass addresses on without showing them: of the lower-case address, in hex. */
export function hashOf(type: 'md5' | 'sha256', address: string): string {
  return hash(type, address, 'hex');
}

/** Every domain above this one but the top-level one, which nobody can suppress: `a.b.example` has `b.example`. */
export function domainsAbove(domain: string): string[] {
  const domains: string[] = [];
  const last = domain.lastIndexOf('.');
  for (let dot = domain.indexOf('.'); dot !== last; dot = domain.indexOf('.', dot + 1)) {
    domains.push(domain.slice(dot + 1));
  }
  return domains;
}

/** The domain of an address key, behind its last "@": a quoted local part may hold others. */
export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1);
}
