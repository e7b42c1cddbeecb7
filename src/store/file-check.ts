// Looks at a file before SQLite may touch it, and refuses whatever is not a sound mailgate file of a known format.
import { accessSync, closeSync, constants, existsSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { Connection } from './connection.ts';
import { APPLICATION_ID, refuseNewer } from './migrations.ts';
import { DAMAGED_HINT, refuse, storeError } from './sqlite-errors.ts';

/**
 * Tells whether `path` has yet to be made (absent or empty) or is one of ours. Reads only: a refused file keeps every byte.
 * @throws {MailgateError} of kind 'store' for anything that is not ours to write.
 */
export function checkFile(path: string, options: { readonly busyTimeoutMs: number }): 'new' | 'ours' {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return 'new';
    checkKind(path, stats);
    accessSync(path, constants.R_OK | constants.W_OK);
    accessSync(dirname(path), constants.W_OK | constants.X_OK);
    const header = readHeader(path);
    if (header.length === 0) return 'new';
    checkHeader(path, header);
  } catch (error) {
    throw storeError(error, path);
  }
  // After a crash while the file was made, only a writing connection can roll back its journal (and then does).
  if (!existsSync(`${path}-journal`)) checkContent(path, options);
  return 'ours';
}

/** Opening a pipe or a device would wait for ever or do harm. */
function checkKind(path: string, stats: Stats): void {
  if (stats.isDirectory()) throw refuse(path, 'is a folder', 'Name a file in it with --db.');
  if (!stats.isFile()) throw refuse(path, 'is no ordinary file');
}

/** The first 100 bytes of a SQLite file (https://sqlite.org/fileformat2.html section 1.3). */
const HEADER_BYTES = 100;
const MAGIC = 'SQLite format 3\0';
const USER_VERSION_OFFSET = 60;
const APPLICATION_ID_OFFSET = 68;

function readHeader(path: string): Buffer {
  const file = openSync(path, 'r');
  try {
    const header = Buffer.alloc(HEADER_BYTES);
    return header.subarray(0, readSync(file, header, 0, HEADER_BYTES, 0));
  } finally {
    closeSync(file);
  }
}

function checkHeader(path: string, header: Buffer): void {
  if (header.toString('latin1', 0, MAGIC.length) !== MAGIC) throw refuse(path, 'is not a SQLite file');
  if (header.length < HEADER_BYTES) throw refuse(path, 'is damaged: it ends within its header', DAMAGED_HINT);
  if (header.readUInt32BE(APPLICATION_ID_OFFSET) !== APPLICATION_ID) {
    throw refuse(path, 'is the SQLite file of another program');
  }
  refuseNewer(path, header.readUInt32BE(USER_VERSION_OFFSET));
}

/** A full check of a larger file would delay every start (about 3 ms a MiB); there, damage shows where it is read. */
const FULL_CHECK_BYTES = 8 * 1024 * 1024;

/** What the header cannot tell: a format number still in the write-ahead log, and damage. */
function checkContent(path: string, options: { readonly busyTimeoutMs: number }): void {
  const connection = new Connection(path, { ...options, readonly: true });
  try {
    refuseNewer(path, Number(connection.pragma('user_version')));
    const isSmall = statSync(path).size <= FULL_CHECK_BYTES;
    const found = isSmall ? connection.pragma('quick_check(1)') : connection.pragma('schema_version');
    if (isSmall && found !== 'ok') throw refuse(path, 'is damaged', DAMAGED_HINT);
  } finally {
    connection.close();
  }
}
