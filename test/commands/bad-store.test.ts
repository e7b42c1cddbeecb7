// Every kind of store that cannot be used: a clear sentence, exit code 5, and not a byte of the file changed.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { freshFolder, type Workdir } from '../support/mailgate.ts';
import { otherUser } from '../support/other-user.ts';

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
