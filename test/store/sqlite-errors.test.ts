// Which failures a person is told of, and that no row of the table stands in the shadow of another.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { MailgateError } from '../../src/errors.ts';
import { storeError } from '../../src/store/sqlite-errors.ts';

const cases: readonly [code: string, words: RegExp][] = [
  ['SQLITE_FULL', /no space left/],
  ['SQLITE_BUSY', /locked by another program/],
  ['SQLITE_BUSY_SNAPSHOT', /locked by another program/],
  ['SQLITE_PROTOCOL', /locks .* do not work/],
  ['SQLITE_READONLY', /cannot be written/],
  ['SQLITE_READONLY_DIRECTORY', /cannot be written/],
  ['SQLITE_READONLY_DBMOVED', /moved or deleted/],
  ['SQLITE_CANTOPEN', /cannot be opened/],
  ['SQLITE_NOTADB', /not a SQLite file/],
  ['SQLITE_CORRUPT', /damaged/],
  ['SQLITE_CORRUPT_INDEX', /damaged/],
  ['SQLITE_IOERR_FSYNC', /disk failed/],
];

for (const [code, words] of cases) {
  test(`${code} is told as a failure of the store`, () => {
    const cause = new Database.SqliteError('words of SQLite', code);
    const error = storeError(cause, '/data/store.sqlite');
    assert.ok(error instanceof MailgateError);
    assert.equal(error.kind, 'store');
    assert.match(error.message, words);
    assert.match(error.message, /\/data\/store\.sqlite/);
    assert.equal(error.cause, cause);
    assert.notEqual(error.hint, null);
  });
}

for (const code of [
  'ENOSPC',
  'EDQUOT',
  'EACCES',
  'EPERM',
  'EROFS',
  'ENOTDIR',
  'EEXIST',
  'ENOENT',
  'ELOOP',
  'ENAMETOOLONG',
]) {
  test(`${code} of the file system is told as a failure of the store`, () => {
    const error = storeError(Object.assign(new Error('words'), { code, syscall: 'open' }), '/data/store.sqlite');
    assert.ok(error instanceof MailgateError && error.kind === 'store');
  });
}

const bugs: readonly [error: unknown, why: string][] = [
  [new Database.SqliteError('no such column', 'SQLITE_ERROR'), 'wrong SQL'],
  [new Database.SqliteError('UNIQUE', 'SQLITE_CONSTRAINT_UNIQUE'), 'a broken constraint'],
  [new Database.SqliteError('x', 'SQLITE_FULLY'), 'a code that only begins like one of the table'],
  [new TypeError('x is not a function'), 'a slip in our code'],
  [Object.assign(new Error('x'), { code: 'ERR_INVALID_ARG_TYPE' }), "a wrong argument of Node's"],
];

for (const [error, why] of bugs) {
  test(`${why} stays the bug it is`, () => assert.equal(storeError(error, '/x'), error));
}
