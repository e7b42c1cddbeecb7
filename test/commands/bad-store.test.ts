// Every kind of store that cannot be used: a clear sentence, exit code 5, and not a byte of the file changed.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { people, worldOf } from '../../src/sandbox/world-builders.ts';
import { freshFolder, type Workdir } from '../support/mailgate.ts';
import { otherUser } from '../support/other-user.ts';
import { column } from './rows.ts';
import { startWorld } from './world.ts';

/** One that is no part of the pretend world: to the run that asks it, as real as any. */
const REAL_HOST = {
  name: 'mx.real.test',
  addresses: ['127.67.1.1'],
  domains: ['real.test'],
  mailboxes: people('anna'),
};

/** A sound store with one verdict in it. */
async function makeStore(folder: Workdir): Promise<string> {
  await folder.run(['check', 'anna.bergmann@gmail.com', '--sandbox', '--db', 'store.sqlite']);
  return folder.pathOf('store.sqlite');
}

function changeIn(path: string, sql: string): null {
  const database = new Database(path);
  database.exec(sql);
  database.close();
  return null;
}

const refused: readonly [what: string, spoil: (path: string) => Buffer | null, says: RegExp][] = [
  ['is no database', () => Buffer.from('dear diary, '.repeat(50)), /is not a SQLite file/],
  ['is cut short', (path) => readFileSync(path).subarray(0, 9000), /is damaged/],
  ['is damaged in the midst', (path) => readFileSync(path).fill(0x5a, 4096, 8192), /is damaged/],
  ['belongs to another program', (path) => changeIn(path, 'PRAGMA application_id = 7'), /of another program/],
  ['comes from a newer mailgate', (path) => changeIn(path, 'PRAGMA user_version = 999'), /newer/],
];
for (const [what, spoil, says] of refused) {
  test(`a store that ${what} is refused and left alone`, async (t) => {
    const folder = freshFolder(t);
    const path = await makeStore(folder);
    const spoilt = spoil(path);
    if (spoilt !== null) folder.write('store.sqlite', spoilt);
    folder.write('list.csv', 'email\nanna@gmx.de\n');
    folder.write('clean.csv', 'old');
    const before = readFileSync(path);
    for (const args of [
      ['verify', 'list.csv', '-o', 'clean.csv', '--offline'],
      ['check', 'anna@gmx.de', '--offline'],
      ['cache', 'stats'],
    ]) {
      const run = await folder.run([...args, '--db', 'store.sqlite']);
      assert.equal(run.exitCode, 5, run.stderr);
      assert.match(run.stderr, says);
      assert.match(run.stderr, /^mailgate: .*store\.sqlite .*\n {2}\S.*\n$/, 'one sentence and one hint');
      assert.equal(run.stdout, '');
    }
    assert.ok(before.equals(readFileSync(path)));
    assert.equal(folder.read('clean.csv'), 'old');
    assert.deepEqual(folder.files(), ['clean.csv', 'list.csv', 'store.sqlite']);
  });
}

test('a store that is a folder, or cannot be made, is refused', async (t) => {
  const folder = freshFolder(t);
  mkdirSync(folder.pathOf('stores'));
  folder.write('file', '');
  for (const [db, says] of [
    ['stores', /stores is a folder/],
    [
      'file/store.sqlite',
      /store\.sqlite cannot (be made: a file stands in its place|exist: a part of its folder.s name is a file)/,
    ],
  ] as const) {
    const run = await folder.run(['check', 'anna@gmx.de', '--offline', '--db', db]);
    assert.equal(run.exitCode, 5, run.stderr);
    assert.match(run.stderr, says);
  }
});

test('a store that may only be read is refused', async (t) => {
  const user = otherUser();
  if ('skip' in user) return t.skip(user.skip);
  const folder = freshFolder(t);
  const path = await makeStore(folder);
  folder.giveTo(user.uid);
  chmodSync(path, 0o400);
  const run = await folder.run(['check', 'anna@gmx.de', '--offline', '--db', 'store.sqlite'], { uid: user.uid });
  assert.equal(run.exitCode, 5, run.stderr);
  assert.match(run.stderr, /store\.sqlite may not be read and written by you\.\n {2}Check the permissions/);
});

test('a store another program has locked is waited for, and then refused', async (t) => {
  const folder = freshFolder(t);
  const path = await makeStore(folder);
  const other = new Database(path);
  t.after(() => other.close());
  other.pragma('locking_mode = EXCLUSIVE');
  other.exec('BEGIN EXCLUSIVE; UPDATE verdict SET attempts = attempts');
  folder.write('list.csv', 'email\nanna@gmx.de\n');
  const run = await folder.run(['verify', 'list.csv', '-o', 'clean.csv', '--offline', '--db', 'store.sqlite']);
  assert.equal(run.exitCode, 5, run.stderr);
  assert.match(run.stderr, /store\.sqlite is locked by another program\.\n {2}Wait until/);
  assert.ok(!folder.files().includes('clean.csv'));
});

test('a store of the pretend world answers no real run, and one of real answers takes in no pretend ones', async (t) => {
  const folder = freshFolder(t);
  folder.write('list.csv', 'email\nanna.bergmann@gmail.com\n');
  const pretend = ['--sandbox', '--db', 'pretend.sqlite'];
  const first = await folder.run(['verify', 'list.csv', '-o', '-', ...pretend]);
  assert.equal(first.exitCode, 0, first.stderr);
  assert.match(first.stderr, /kept in \S+pretend\.sqlite: runs without --sandbox refuse this file\.$/m);
  const again = await folder.run(['verify', 'list.csv', '-o', '-', ...pretend]);
  assert.equal(column(again.stdout, 'source')[0], 'cache', again.stderr);
  for (const command of [
    ['verify', 'list.csv', '-o', '-'],
    ['check', 'anna.bergmann@gmail.com'],
  ]) {
    const run = await folder.run([...command, '--offline', '--db', 'pretend.sqlite']);
    assert.deepEqual([run.exitCode, run.stdout], [5, ''], run.stderr);
    assert.match(run.stderr, /pretend\.sqlite is for the answers of the pretend world \(--sandbox\)\.\n {2}For real/);
  }
  const { flags } = await startWorld(t, worldOf({ hosts: [REAL_HOST] }));
  await folder.run(['check', 'anna@real.test', ...flags, '--db', 'real.sqlite']);
  const mixed = await folder.run(['verify', 'list.csv', '-o', '-', '--sandbox', '--db', 'real.sqlite']);
  assert.deepEqual([mixed.exitCode, mixed.stdout], [5, ''], mixed.stderr);
  assert.match(mixed.stderr, /real\.sqlite holds answers about real addresses\.\n {2}Name another file/);
});
