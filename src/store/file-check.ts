// Looks at a file before SQLite may touch it, and refuses whatever is not a sound mailgate file of a known format.
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  type Stats,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { Connection } from './connection.ts';
import { APPLICATION_ID, PRETEND_APPLICATION_ID, refuseNewer } from './migrations.ts';
import { pause } from './pause.ts';
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
const OUR_IDS: ReadonlySet<number> = new Set([APPLICATION_ID, PRETEND_APPLICATION_ID]);

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
  if (!OUR_IDS.has(header.readUInt32BE(APPLICATION_ID_OFFSET))) {
    throw refuse(path, 'is the SQLite file of another program');
  }
  refuseNewer(path, header.readUInt32BE(USER_VERSION_OFFSET));
}

/** Another process may be making the file at this moment, and a file read half-way through looks like damage. */
const TRIES = 3;
const PAUSE_MS = 50;

/** What the header alone cannot tell: damage, and a format number that so far stands only in the write-ahead log. */
function checkContent(path: string, options: { readonly busyTimeoutMs: number }): void {
  const busyTimeoutMs = Math.ceil(options.busyTimeoutMs / TRIES);
  for (let triesLeft = TRIES; ; triesLeft -= 1) {
    try {
      // A log means that another process has the file open, or crashed with it: only SQLite can read the two together.
      if (existsSync(`${path}-wal`)) inspect(new Connection(path, { busyTimeoutMs, readonly: true }));
      else checkCopy(path);
      return;
    } catch (error) {
      if (triesLeft === 1) throw error;
      pause(PAUSE_MS);
    }
  }
}

/** A full check of a larger file would delay every start (about 2 ms a MiB); there, damage shows where it is read. */
const FULL_CHECK_BYTES = 8 * 1024 * 1024;

/** Looks at a copy in memory, since a connection in the mode of the file would make a log beside it. */
function checkCopy(path: string): void {
  const { size } = statSync(path);
  if (size < writtenSize(readHeader(path))) throw refuse(path, 'is damaged: its end is missing', DAMAGED_HINT);
  if (size > FULL_CHECK_BYTES) return;
  const bytes = withoutLogMode(readFileSync(path));
  inspect(new Connection(path, { busyTimeoutMs: 0, readonly: true, bytes }));
}

function inspect(connection: Connection): void {
  try {
    refuseNewer(connection.path, Number(connection.pragma('user_version')));
    if (statSync(connection.path).size > FULL_CHECK_BYTES) return;
    if (connection.pragma('quick_check(1)') !== 'ok') throw refuse(connection.path, 'is damaged', DAMAGED_HINT);
  } finally {
    connection.close();
  }
}

const PAGE_SIZE_OFFSET = 16;
const PAGE_COUNT_OFFSET = 28;

/** How many bytes the file had when its header was written; a page size of 65536 is written as 1. */
function writtenSize(header: Buffer): number {
  const pageSize = header.readUInt16BE(PAGE_SIZE_OFFSET);
  return header.readUInt32BE(PAGE_COUNT_OFFSET) * (pageSize === 1 ? 65_536 : pageSize);
}

const WRITE_VERSION_OFFSET = 18;
const READ_VERSION_OFFSET = 19;
const ROLLBACK_JOURNAL = 1;

/** Bytes in memory cannot have a write-ahead log, and SQLite refuses them while their header asks for one. */
function withoutLogMode(bytes: Buffer): Buffer {
  bytes[WRITE_VERSION_OFFSET] = ROLLBACK_JOURNAL;
  bytes[READ_VERSION_OFFSET] = ROLLBACK_JOURNAL;
  return bytes;
}
