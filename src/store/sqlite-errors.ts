// Turns what SQLite and the file system say of the file into a sentence for a person; a bug in our SQL stays a bug.
import Database from 'better-sqlite3';
import { MailgateError } from '../errors.ts';

/** The `MailgateError` that tells of `error` at `path`, or `error` itself where it is a bug and not the file's state. */
export function storeError(error: unknown, path: string): unknown {
  if (error instanceof MailgateError) return error;
  const code = codeOf(error);
  const failure = code === null ? undefined : FAILURES.find((row) => code === row.code || isKindOf(code, row.code));
  if (failure === undefined) return error;
  return new MailgateError('store', failure.sentence(path), { hint: failure.hint, cause: error });
}

/** The one refusal that several checks come to: `path` is not what it should be, and stays as it is. */
export function refuse(path: string, what: string, hint: string = OTHER_FILE_HINT): MailgateError {
  return new MailgateError('store', `${path} ${what}.`, { hint });
}

const OTHER_FILE_HINT = 'Nothing in it was changed. Name another file with --db.';

/** What to do about a damaged file. */
export const DAMAGED_HINT =
  'Restore it from a copy, or move it away and run again: verdicts are asked anew, suppressions must be imported again.';

interface Failure {
  /** A SQLite result code, its extended forms included (https://sqlite.org/rescode.html), or an errno name. */
  readonly code: string;
  readonly sentence: (path: string) => string;
  readonly hint: string;
}

/** First match wins, so an extended code stands above the code it extends. */
const FAILURES: readonly Failure[] = [
  {
    code: 'SQLITE_FULL',
    sentence: (path) => `There is no space left to write ${path}.`,
    hint: 'Free some space or name a file elsewhere with --db; what was committed before is kept.',
  },
  {
    code: 'ENOSPC',
    sentence: (path) => `There is no space left to write ${path}.`,
    hint: 'Free some space or name a file elsewhere with --db.',
  },
  {
    code: 'EDQUOT',
    sentence: (path) => `Your disk quota leaves no space to write ${path}.`,
    hint: 'Free some space or name a file elsewhere with --db.',
  },
  {
    code: 'SQLITE_BUSY',
    sentence: (path) => `${path} is locked by another program.`,
    hint: 'Wait until that program is done with it, then run again; several mailgates may share one file.',
  },
  {
    // Locking that gives contradictory answers: in practice a network file system.
    code: 'SQLITE_PROTOCOL',
    sentence: (path) => `The locks of ${path} do not work.`,
    hint: 'Keep the file on a local disk: SQLite needs locks and shared memory that network folders lack.',
  },
  {
    code: 'SQLITE_READONLY_DBMOVED',
    sentence: (path) => `${path} was moved or deleted while it was in use.`,
    hint: 'Put it back, or run again to begin a new one.',
  },
  {
    code: 'SQLITE_READONLY',
    sentence: (path) => `${path} cannot be written.`,
    hint: 'Check the permissions of the file and of its folder, or name another file with --db.',
  },
  {
    code: 'SQLITE_CANTOPEN',
    sentence: (path) => `${path} cannot be opened.`,
    hint: 'The folder must be writable too: SQLite keeps a -wal and a -shm file beside it.',
  },
  {
    code: 'SQLITE_NOTADB',
    sentence: (path) => `${path} is damaged, or not a SQLite file.`,
    hint: DAMAGED_HINT,
  },
  { code: 'SQLITE_CORRUPT', sentence: (path) => `${path} is damaged.`, hint: DAMAGED_HINT },
  {
    // A full disk also shows here: the shared-memory file cannot grow (SQLITE_IOERR_SHMSIZE).
    code: 'SQLITE_IOERR',
    sentence: (path) => `The disk failed while ${path} was read or written.`,
    hint: 'Check that the disk is in order and has space; keep the file on a local disk.',
  },
  {
    code: 'EACCES',
    sentence: (path) => `${path} may not be read and written by you.`,
    hint: 'Check the permissions of the file and of its folder, or name another file with --db.',
  },
  {
    code: 'EPERM',
    sentence: (path) => `${path} may not be read and written by you.`,
    hint: 'Check the permissions of the file and of its folder, or name another file with --db.',
  },
  {
    code: 'EROFS',
    sentence: (path) => `${path} lies on a file system that is mounted read-only.`,
    hint: 'Name a file elsewhere with --db.',
  },
  {
    code: 'ENOTDIR',
    sentence: (path) => `${path} cannot exist: a part of its folder's name is a file.`,
    hint: 'Name another file with --db.',
  },
  {
    code: 'EEXIST',
    sentence: (path) => `The folder of ${path} cannot be made: a file stands in its place.`,
    hint: 'Name another file with --db.',
  },
  {
    code: 'ENOENT',
    sentence: (path) => `${path} cannot be created.`,
    hint: 'Its folder, or what a link in its path points at, does not exist; name another file with --db.',
  },
  {
    code: 'ELOOP',
    sentence: (path) => `${path} cannot be reached: its links run in a circle.`,
    hint: 'Name another file with --db.',
  },
  {
    code: 'ENAMETOOLONG',
    sentence: (path) => `The name of ${path} is too long.`,
    hint: 'Name another file with --db.',
  },
];

function codeOf(error: unknown): string | null {
  if (error instanceof Database.SqliteError) return error.code;
  if (error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string') {
    return error.code;
  }
  return null;
}

/** Extended result codes carry the name of their primary one: SQLITE_IOERR_FSYNC is a SQLITE_IOERR. */
function isKindOf(code: string, primary: string): boolean {
  return primary.startsWith('SQLITE_') && code.startsWith(`${primary}_`);
}
