// A store whose disk is full, that may only be read, or that another program keeps locked: a sentence, or patience, and nothing lost.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { systemClock } from '../../src/clock.ts';
import type { MailHost, World } from '../../src/sandbox/world.ts';
import { worldOf } from '../../src/sandbox/world-builders.ts';
import { openStore } from '../../src/store/database.ts';
import { column, listOf } from '../commands/rows.ts';
import { type AskedWorld, startWorld } from '../commands/world.ts';
import { BIN, freshFolder, type Workdir } from '../support/mailgate.ts';

/** Enough addresses, answered here sooner and there later, for several commits. */
const DOMAINS = Array.from({ length: 8 }, (_, i) => `d${i}.test`);
const ADDRESSES = DOMAINS.flatMap((domain) => Array.from({ length: 60 }, (_, i) => `p${i}@${domain}`));
const isKnown = (local: string): boolean => Number(local.slice(1)) % 3 === 0;
const EXPECTED = ADDRESSES.map((address) => (isKnown(address.replace(/@.*/, '')) ? 'accepted' : 'mailbox_not_found'));

function world(): World {
  const hosts = DOMAINS.map(
    (domain, i): MailHost => ({
      name: `mx.${domain}`,
      addresses: [`127.64.1.${i + 1}`],
      domains: [domain],
      mailboxes: (local) => /^p\d+$/.test(local) && isKnown(local),
      offers: { pipelining: false },
      wire: { latencyMs: 5 * (i + 1) },
    }),
  );
  return worldOf({ hosts });
}

interface Cleaning {
  readonly folder: Workdir;
  readonly asked: AskedWorld;
  readonly args: readonly string[];
}

async function startCleaning(t: TestContext): Promise<Cleaning> {
  const folder = freshFolder(t);
  folder.write('list.csv', listOf(ADDRESSES));
  folder.write('clean.csv', 'old');
  const asked = await startWorld(t, world());
  return { folder, asked, args: ['verify', 'list.csv', '-o', 'clean.csv', ...asked.flags] };
}

function questionsOf({ record }: AskedWorld): Map<string, number> {
  return new Map([...record.byDomain.values()].flatMap(({ questions }) => [...questions]));
}

/** The addresses whose verdicts are committed in a store that nobody has open, read from a copy. */
function committed(folder: Workdir, path: string): string[] {
  const copy = join(mkdtempSync(join(folder.base, 'copy-')), 'mailgate.sqlite');
  for (const ending of ['', '-wal']) if (existsSync(path + ending)) copyFileSync(path + ending, copy + ending);
  const store = openStore({ path: copy, clock: systemClock });
  const keys = [...store.verdicts.getMany(ADDRESSES).keys()];
  store.close();
  return keys;
}

/** Where the mounts of one command are seen by nobody else, and gone when it ends. */
const NAMESPACE = ['unshare', '--mount'] as const;

function noMounts(t: TestContext): boolean {
  const tried = spawnSync(NAMESPACE[0], ['--mount', 'sh', '-c', 'mount -t tmpfs none /mnt'], { encoding: 'utf8' });
  if (tried.status === 0) return false;
  t.skip(`no file system can be mounted here: ${(tried.stderr ?? 'there is no unshare').trim()}`);
  return true;
}

test('a disk that fills up ends the run with a sentence, and a rerun goes on where it was', {
  timeout: 60_000,
}, async (t) => {
  if (noMounts(t)) return;
  const { folder, asked, args } = await startCleaning(t);
  mkdirSync(folder.pathOf('disk'));
  const script = `
    mount -t tmpfs -o size=4m none disk
    left=$(df --output=avail -k disk | tail -n 1)
    head -c $(( (left - 260) * 1024 )) /dev/zero >disk/filler
    "$NODE" "$BIN" "$@" --db disk/store.sqlite
    echo "first run: $?"
    read go
    rm disk/filler
    "$NODE" "$BIN" "$@" --db disk/store.sqlite
    echo "second run: $?"`;
  const stdin = new PassThrough();
  const run = folder.start(args, {
    command: [NAMESPACE[0], '--mount', 'sh', '-c', script, 'sh'],
    env: { NODE: process.execPath, BIN },
    stdin,
  });
  await run.says(/first run: \d+/);
  assert.match(run.stdout, /first run: 5/, run.stderr);
  assert.match(
    run.stderr,
    /^mailgate: (?:There is no space left to write|The disk failed while) \S+\.sqlite.*\n {2}\S/m,
  );
  assert.doesNotMatch(run.stderr, /bug of its own|Written to/);
  assert.equal(folder.read('clean.csv'), 'old');
  const kept = committed(folder, `/proc/${run.pid}/root${folder.pathOf('disk/store.sqlite')}`);
  t.diagnostic(`${kept.length} of ${ADDRESSES.length} verdicts were committed when the disk was full`);
  assert.ok(kept.length < ADDRESSES.length);
  const before = questionsOf(asked);
  stdin.end('go\n');
  const { stdout, stderr } = await run.finished;
  assert.match(stdout, /second run: 0/, stderr);
  assert.deepEqual(column(folder.read('clean.csv'), 'reason'), EXPECTED);
  const after = questionsOf(asked);
  assert.deepEqual(
    kept.filter((key) => after.get(key) !== before.get(key)),
    [],
    'what was committed is not asked again',
  );
});

test('a store on a file system that is mounted read-only is refused, and nobody is asked', {
  timeout: 60_000,
}, async (t) => {
  if (noMounts(t)) return;
  const { folder, asked, args } = await startCleaning(t);
  mkdirSync(folder.pathOf('disk'));
  const script = `
    mount -t tmpfs none disk
    "$NODE" "$BIN" check anna@d0.test --offline --db disk/store.sqlite >&2
    mount -o remount,ro disk
    exec "$NODE" "$BIN" "$@" --db disk/store.sqlite`;
  const run = await folder.run(args, {
    command: [NAMESPACE[0], '--mount', 'sh', '-c', script, 'sh'],
    env: { NODE: process.execPath, BIN },
  });
  assert.equal(run.exitCode, 5, run.stderr);
  assert.match(
    run.stderr,
    /^mailgate: \S+store\.sqlite lies on a file system that is mounted read-only\.\n {2}Name a file/m,
  );
  assert.equal(folder.read('clean.csv'), 'old');
  assert.equal(asked.record.overall.total, 0);
});

/** Takes the lock every writer needs, as a backup or another program may. */
function lockStore(path: string): { release(): void } {
  const other = new Database(path, { timeout: 10_000 });
  other.exec('BEGIN IMMEDIATE');
  return {
    release: () => {
      if (other.inTransaction) other.exec('ROLLBACK');
      other.close();
    },
  };
}

/** Resolves once the store that another process fills holds so many verdicts. */
async function untilKept(folder: Workdir, count: number): Promise<void> {
  const store = openStore({ path: folder.store, clock: systemClock });
  while (store.verdicts.count() < count) await pause(10);
  store.close();
}

test('a store that another program locks for a moment is waited for', { timeout: 60_000 }, async (t) => {
  const { folder, asked, args } = await startCleaning(t);
  const run = folder.start(args);
  await asked.record.until(({ recipients }) => recipients >= 40);
  const lock = lockStore(folder.store);
  await pause(700); // what the run decides meanwhile has to wait: a commit is due five times a second
  lock.release();
  const { exitCode, stderr } = await run.finished;
  assert.equal(exitCode, 0, stderr);
  assert.deepEqual(column(folder.read('clean.csv'), 'reason'), EXPECTED);
  assert.deepEqual(committed(folder, folder.store).length, ADDRESSES.length);
});

test('a store that stays locked ends the run with a sentence, and a rerun goes on where it was', {
  timeout: 60_000,
}, async (t) => {
  const { folder, asked, args } = await startCleaning(t);
  const run = folder.start(args);
  await untilKept(folder, 50);
  const lock = lockStore(folder.store);
  const { exitCode, stderr } = await run.finished;
  lock.release();
  assert.equal(exitCode, 5, stderr);
  assert.match(stderr, /^mailgate: \S+mailgate\.sqlite is locked by another program\.\n {2}Wait until/m);
  assert.doesNotMatch(stderr, /bug of its own|Written to/);
  assert.equal(folder.read('clean.csv'), 'old');
  const kept = committed(folder, folder.store);
  const before = questionsOf(asked);
  const again = await folder.run(args);
  assert.equal(again.exitCode, 0, again.stderr);
  assert.deepEqual(column(folder.read('clean.csv'), 'reason'), EXPECTED);
  const after = questionsOf(asked);
  t.diagnostic(`${kept.length} of ${ADDRESSES.length} verdicts were committed before`);
  assert.deepEqual(
    kept.filter((key) => after.get(key) !== before.get(key)),
    [],
    'what was committed is not asked again',
  );
});
