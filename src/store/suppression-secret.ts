// The key of the tombstones, which keeps forgotten addresses recognisable for us and for nobody who has the store alone.
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { MailgateError } from '../errors.ts';
import type { Connection } from './connection.ts';
import { createKeyedHash } from './keyed-hash.ts';
import { storeError } from './sqlite-errors.ts';

const KEY_BYTES = 32;

const GET_FINGERPRINT = 'SELECT fingerprint FROM suppression_secret';
const PUT_FINGERPRINT = `
  INSERT INTO suppression_secret (id, fingerprint) VALUES (1, ?)
  ON CONFLICT (id) DO UPDATE SET fingerprint = excluded.fingerprint`;

/**
 * The key lies beside the store (`<store>.key`, readable by its owner alone) and not in it: addresses can be guessed, so
 * a hash is only worth something to those who have the key, and a store that is copied to a colleague, a ticket or a
 * backup must not tell who asked to be forgotten. The store holds the key's fingerprint: with the key lost or exchanged
 * it says so and stops, instead of recognising nobody any more in silence.
 */
export class SuppressionSecret {
  readonly path: string;
  readonly #connection: Connection;
  #hash: ((text: string) => string) | null = null;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.path = `${connection.path}.key`;
  }

  /**
   * HMAC-SHA-256 of an address key, in hex.
   * @throws {MailgateError} of kind 'store' where the key is missing or not the one the tombstones were made with.
   */
  hashOf(address: string): string {
    this.#hash ??= createKeyedHash(this.#load());
    return this.#hash(address);
  }

  /** Makes the key where there is none, before the first tombstone. */
  ensure(): void {
    if (this.#fingerprint() !== null) return;
    const key = readKey(this.path) ?? makeKey(this.path);
    this.#connection.write(() => this.#connection.prepare(PUT_FINGERPRINT).run(fingerprintOf(key)));
    this.#hash = createKeyedHash(key);
  }

  #load(): Buffer {
    const key = readKey(this.path);
    if (key !== null && fingerprintOf(key) === this.#fingerprint()) return key;
    throw new MailgateError(
      'store',
      key === null
        ? `${this.path} is missing: without it, people who were forgotten cannot be recognised.`
        : `${this.path} is not the key that belongs to ${this.#connection.path}.`,
      { hint: 'Put the key file back that lay beside the store: both belong together and move together.' },
    );
  }

  #fingerprint(): string | null {
    const statement = this.#connection.prepare<readonly [string]>(GET_FINGERPRINT);
    return this.#connection.run(() => statement.get())?.[0] ?? null;
  }
}

/** Tells keys apart without telling anything of them. */
function fingerprintOf(key: Buffer): string {
  return createKeyedHash(key)('fingerprint of the tombstone key').slice(0, 32);
}

/** Null where there is no file; the key is the whole file, in hex with a line end. */
function readKey(path: string): Buffer | null {
  try {
    const key = Buffer.from(readFileSync(path, 'utf8').trim(), 'hex');
    if (key.length === KEY_BYTES) return key;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw storeError(error, path);
  }
  throw new MailgateError('store', `${path} holds no key of ${KEY_BYTES} bytes.`, {
    hint: 'Put the key file back that lay beside the store.',
  });
}

/** Written whole under another name first: a crash leaves no half of a key, and of two processes one makes it. */
function makeKey(path: string): Buffer {
  const key = randomBytes(KEY_BYTES);
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    const file = openSync(draft, 'wx', 0o600);
    try {
      writeSync(file, `${key.toString('hex')}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    try {
      linkSync(draft, path);
    } finally {
      unlinkSync(draft);
    }
    return key;
  } catch (error) {
    const made = readKey(path);
    if (made !== null) return made;
    throw storeError(error, path);
  }
}
