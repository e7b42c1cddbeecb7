// Opening the store: what is created, what is refused untouched, and what two processes and a crash do to it.
import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { MailgateError } from '../../src/errors.ts';
import { openConnection, openStore } from '../../src/store/database.ts';
import { APPLICATION_ID, LATEST_VERSION } from '../../src/store/migrations.ts';
import { VerdictStore } from '../../src/store/verdicts.ts';
import { otherUser } from '../support/other-user.ts';
import { handClock, NOW, outcomeOf, scratchFolder, someVerdict, startChild } from './scratch.ts';

const IS_POSIX = process.platform !== 'win32';

function storeAt(path: string, busyTimeoutMs?: number) {
  return openStore({ path, clock: handClock(), ...(busyTimeoutMs === undefined ? {} : { busyTimeoutMs }) });
}

/** A store with some verdicts, closed again, and its path. */
function madeStore(folder: string, verdicts = 1): string {
  const path = join(folder, 'store.sqlite');
  const store = storeAt(path);
  store.verdicts.putMany(
    Array.from({ length: verdicts }, (_, index) => ({ key: `user${index}@list.test`, verdict: someVerdict() })),
  );
  store.close();
  return path;
}

function refusal(pattern: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof MailgateError, String(error));
    assert.equal(error.kind, 'store');
    assert.match(error.message, pattern);
    assert.ok(error.hint !== null && error.hint.length > 10, 'a hint says what to do next');
    return true;
  };
}

test('a missing file is created with its folders, for this user only', { skip: !IS_POSIX }, (t) => {
  const path = join(scratchFolder(t), 'new', 'folder', 'store.sqlite');
  const store = storeAt(path);
  store.verdicts.putMany([{ key: 'ann@list.test', verdict: someVerdict() }]);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(statSync(`${path}-wal`).mode & 0o777, 0o600);
  assert.equal(statSync(join(path, '..')).mode & 0o777, 0o700);
  assert.equal(statSync(join(path, '..', '..')).mode & 0o777, 0o700);
  store.close();
});

test('an empty file is taken as a new one', (t) => {
  const path = join(scratchFolder(t), 'empty.sqlite');
  writeFileSync(path, '');
  storeAt(path).close();
  assert.equal(new Database(path, { readonly: true }).pragma('user_version', { simple: true }), LATEST_VERSION);
});

test('what was kept is there after closing and opening again', (t) => {
  const path = madeStore(scratchFolder(t));
  const store = storeAt(path);
  t.after(() => store.close());
  assert.deepEqual(store.verdicts.get('user0@list.test'), someVerdict({ source: 'cache' }));
});

test('closing merges the log into the file and leaves nothing beside it', (t) => {
  const path = madeStore(scratchFolder(t));
  assert.equal(existsSync(`${path}-wal`), false);
  assert.equal(existsSync(`${path}-shm`), false);
});

test('the connection keeps every commit through a power cut, and looks after domains and deleted rows', (t) => {
  const connection = openConnection({ path: join(scratchFolder(t), 'store.sqlite') });
  t.after(() => connection.close());
  const expected = { journal_mode: 'wal', synchronous: 2, foreign_keys: 1, secure_delete: 1, trusted_schema: 0 };
  for (const [name, value] of Object.entries(expected)) assert.equal(connection.pragma(name), value, name);
});

/** Each makes a file at `path` that must be refused untouched, and the words its refusal must have. */
const refused: readonly [what: string, make: (path: string) => void, words: RegExp][] = [
  ['a text file', (path) => writeFileSync(path, 'email,name\nann@list.test,Ann\n'.repeat(20)), /not a SQLite file/],
  ['a short text file', (path) => writeFileSync(path, 'x'), /not a SQLite file/],
  ['a file that ends within its header', (path) => writeFileSync(path, 'SQLite format 3\0abc'), /damaged/],
  ["another program's SQLite file", (path) => otherProgram(path, 0x1234), /another program/],
  ['an SQLite file nobody signed', (path) => otherProgram(path, 0), /another program/],
  ['a file from a newer mailgate', (path) => newerFile(path), /newer mailgate \(format 99/],
  ['a truncated store', (path) => changed(path, (bytes) => bytes.subarray(0, bytes.length >> 1)), /damaged/],
  [
    'a store with a scribbled page',
    (path) => changed(path, (bytes) => bytes.fill(0xa5, 4096 * 3, 4096 * 4)),
    /damaged/,
  ],
  ['a store with a scribbled first page', (path) => changed(path, (bytes) => bytes.fill(0xa5, 100, 4096)), /damaged/],
];

function otherProgram(path: string, applicationId: number): void {
  const database = new Database(path);
  database.pragma(`application_id = ${applicationId}`);
  database.exec('CREATE TABLE bookmark (url TEXT)');
  database.close();
}

function newerFile(path: string): void {
  const database = new Database(path);
  database.pragma(`application_id = ${APPLICATION_ID}`);
  database.pragma('user_version = 99');
  database.close();
}

function changed(path: string, change: (bytes: Buffer) => Buffer): void {
  const store = storeAt(path);
  store.verdicts.putMany(
    Array.from({ length: 500 }, (_, index) => ({ key: `user${index}@list.test`, verdict: someVerdict() })),
  );
  store.close();
  writeFileSync(path, change(readFileSync(path)));
}

for (const [what, make, words] of refused) {
  test(`${what} is refused, and not a byte of it changes`, (t) => {
    const path = join(scratchFolder(t), 'store.sqlite');
    make(path);
    const before = readFileSync(path);
    assert.throws(() => storeAt(path), refusal(words));
    assert.deepEqual(readFileSync(path), before);
    assert.equal(existsSync(`${path}-wal`), false);
  });
}

test('a newer format that so far stands only in the log is refused, and the file stays as it is', (t) => {
  const path = madeStore(scratchFolder(t));
  const other = new Database(path);
  t.after(() => other.close());
  other.pragma('user_version = 99');
  const crashed = `${path}.copy`;
  for (const suffix of ['', '-wal']) copyFileSync(path + suffix, crashed + suffix);
  for (const name of [path, crashed]) {
    const before = readFileSync(name);
    assert.throws(() => storeAt(name), refusal(/newer mailgate/));
    assert.deepEqual(readFileSync(name), before);
  }
});

test('a folder is refused', (t) => {
  assert.throws(() => storeAt(scratchFolder(t)), refusal(/is a folder/));
});

test('a device is refused rather than read for ever', { skip: !IS_POSIX }, () => {
  assert.throws(() => storeAt('/dev/zero'), refusal(/no ordinary file/));
});

test('a file in the place of a folder is refused', (t) => {
  const folder = scratchFolder(t);
  writeFileSync(join(folder, 'file'), '');
  assert.throws(
    () => storeAt(join(folder, 'file', 'store.sqlite')),
    refusal(/a file stands in its place|name is a file/),
  );
});

test('a link that points nowhere is refused', { skip: !IS_POSIX }, (t) => {
  const folder = scratchFolder(t);
  symlinkSync(join(folder, 'gone', 'store.sqlite'), join(folder, 'link.sqlite'));
  assert.throws(() => storeAt(join(folder, 'link.sqlite')), refusal(/cannot be created/));
});

const permissions: readonly [what: string, fileMode: number, folderMode: number, words: RegExp][] = [
  ['a file that may not be read', 0o000, 0o700, /^store: .* may not be read and written by you\./],
  ['a file that may only be read', 0o400, 0o700, /^store: .* may not be read and written by you\./],
  ['a file in a folder that may not be written', 0o600, 0o500, /^store: .* may not be read and written by you\./],
];

for (const [what, fileMode, folderMode, words] of permissions) {
  test(`${what} is refused, and not a byte of it changes`, { skip: !IS_POSIX }, async (t) => {
    const isRoot = process.getuid?.() === 0;
    const user = isRoot ? otherUser() : null;
    if (user !== null && 'skip' in user) return t.skip(user.skip);
    const folder = scratchFolder(t);
    const path = madeStore(folder);
    const before = readFileSync(path);
    if (user !== null) for (const name of [folder, path]) chownSync(name, user.uid, user.uid);
    chmodSync(path, fileMode);
    chmodSync(folder, folderMode);
    const { output } = await outcomeOf(startChild(['open', path], user ?? {}));
    chmodSync(folder, 0o700);
    chmodSync(path, 0o600);
    assert.match(output, words);
    assert.deepEqual(readFileSync(path), before);
  });
}

test('a file another program has locked for itself is told, not waited for without end', (t) => {
  const path = madeStore(scratchFolder(t));
  const other = new Database(path);
  t.after(() => other.close());
  other.pragma('locking_mode = EXCLUSIVE');
  other.exec('BEGIN EXCLUSIVE');
  assert.throws(() => storeAt(path, 20), refusal(/locked by another program/));
});

test('a write while another program holds the write lock is told, and works once it lets go', (t) => {
  const path = madeStore(scratchFolder(t));
  const store = storeAt(path, 20);
  const other = new Database(path);
  t.after(() => {
    store.close();
    other.close();
  });
  other.exec('BEGIN IMMEDIATE');
  const entry = { key: 'ann@list.test', verdict: someVerdict() };
  assert.throws(() => store.verdicts.putMany([entry]), refusal(/locked by another program/));
  other.exec('ROLLBACK');
  store.verdicts.putMany([entry]);
  assert.notEqual(store.verdicts.get(entry.key), null);
});

test('a full disk is told; what was committed stays, and half a batch is not kept', (t) => {
  const connection = openConnection({ path: join(scratchFolder(t), 'store.sqlite') });
  t.after(() => connection.close());
  const verdicts = new VerdictStore(connection, handClock());
  verdicts.putMany([{ key: 'first@list.test', verdict: someVerdict() }]);
  connection.pragma(`max_page_count = ${connection.pragma('page_count')}`); // SQLite's own way to run out of space
  const many = Array.from({ length: 500 }, (_, index) => ({ key: `user${index}@list.test`, verdict: someVerdict() }));
  assert.throws(() => verdicts.putMany(many), refusal(/no space left/));
  assert.equal(verdicts.count(), 1);
  connection.pragma('max_page_count = 100000');
  verdicts.putMany(many);
  assert.equal(verdicts.count(), 501);
});

test('entries of all kinds share a transaction: where one cannot be kept, none is', (t) => {
  const store = storeAt(join(scratchFolder(t), 'store.sqlite'));
  t.after(() => store.close());
  const verdict = { kind: 'verdict', key: 'ann@list.test', verdict: someVerdict() } as const;
  const hosts = { kind: 'mail_hosts', domain: 'list.test', outcome: { status: 'hosts' }, expiresAt: NOW + 1 } as const;
  const catchall = { kind: 'catchall', domain: 'list.test', state: 'no', mailHosts: 'mx1', checkedAt: NOW } as const;
  assert.throws(() => store.putAll([verdict, hosts, { ...catchall, state: 'perhaps' as 'no' }]));
  assert.deepEqual([store.verdicts.count(), store.mailHosts.count(), store.domains.count()], [0, 0, 0]);
  store.putAll([verdict, hosts, catchall]);
  assert.deepEqual([store.verdicts.count(), store.mailHosts.count(), store.domains.count()], [1, 1, 1]);
});

test('forgetting a domain takes its verdicts, mail hosts and state out of the file, bytes included', (t) => {
  const path = join(scratchFolder(t), 'store.sqlite');
  const store = storeAt(path);
  for (const name of ['kept', 'secretive']) {
    store.putAll([
      { kind: 'verdict', key: `ann@${name}.test`, verdict: someVerdict() },
      { kind: 'mail_hosts', domain: `${name}.test`, outcome: {}, expiresAt: NOW + 1 },
      { kind: 'catchall', domain: `${name}.test`, state: 'no', mailHosts: 'mx1', checkedAt: NOW },
    ]);
  }
  assert.equal(store.forget({ domain: 'secretive.test' }), 1);
  assert.equal(store.forget({ domain: 'secretive.test' }), 0);
  assert.equal(store.verdicts.count(), 1);
  store.close();
  const bytes = readFileSync(path, 'latin1');
  assert.equal(bytes.includes('secretive'), false);
  assert.equal(bytes.includes('kept.test'), true);
});

test('statistics count every kind and the bytes on disk', (t) => {
  const store = storeAt(join(scratchFolder(t), 'store.sqlite'));
  t.after(() => store.close());
  store.verdicts.putMany([{ key: 'ann@list.test', verdict: someVerdict() }]);
  store.mailHosts.put({ domain: 'list.test', outcome: {}, expiresAt: NOW + 1 });
  const { verdicts, mailHosts, domains, fileBytes } = store.stats();
  assert.deepEqual([verdicts.total, mailHosts, domains], [1, 1, 1]);
  assert.ok(fileBytes > 4096, String(fileBytes));
});

test('several processes may make and fill one file at once: every verdict is there, and one control name won', async (t) => {
  const path = join(scratchFolder(t), 'shared', 'store.sqlite');
  const names = ['one', 'two', 'three'];
  const children = names.map((name) => outcomeOf(startChild(['fill', path, name])));
  for (const { code } of await Promise.all(children)) assert.equal(code, 0);
  const store = storeAt(path);
  t.after(() => store.close());
  assert.equal(store.verdicts.count(), names.length * 400);
  assert.equal(store.domains.count(), 40);
  assert.match(store.domains.controlName('domain7.test') ?? '', /^control-of-/);
});

test('a process killed while it writes loses nothing it had committed, and the file is sound', async (t) => {
  const path = join(scratchFolder(t), 'store.sqlite');
  const child = startChild(['write-for-ever', path]);
  const committed = await new Promise<number>((resolve) => {
    let output = '';
    child.stdout?.on('data', (chunk) => {
      output += chunk;
      const last = Number(output.slice(0, output.lastIndexOf('\n')).split('\n').at(-1));
      if (last > 1500) resolve(last);
    });
  });
  child.kill('SIGKILL');
  await new Promise((resolve) => child.on('exit', resolve));
  const store = storeAt(path);
  t.after(() => store.close());
  const keys = Array.from({ length: committed }, (_, index) => `user${index}@list.test`);
  assert.equal(store.verdicts.getMany(keys).size, committed);
});

test('a transaction cut off by a crash is rolled back', (t) => {
  const folder = scratchFolder(t);
  const path = madeStore(folder);
  const crashed = join(folder, 'crashed.sqlite');
  const other = new Database(path);
  t.after(() => other.close());
  other.pragma('journal_mode = DELETE');
  other.pragma('cache_size = 5'); // pages: more than these are written to the file before the commit
  other.exec('BEGIN; UPDATE verdict SET local = 1');
  other.exec(
    'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) INSERT INTO domain (name) SELECT i FROM n',
  );
  copyFileSync(path, crashed);
  copyFileSync(`${path}-journal`, `${crashed}-journal`);
  const store = storeAt(crashed);
  t.after(() => store.close());
  assert.equal(store.domains.count(), 1);
  assert.notEqual(store.verdicts.get('user0@list.test'), null);
});
