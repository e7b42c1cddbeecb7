// The launcher on a Node too old for mailgate: it hands over to the pinned one with streams, signals and exit code, or says why not.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { BIN, freshFolder, type Workdir } from '../support/mailgate.ts';

const PINNED = join(import.meta.dirname, '..', '..', 'node_modules', 'node', 'bin', 'node');
const OLD_NODE = findOldNode();
const NO_OLD_NODE = OLD_NODE === null ? 'there is no Node older than 22 on this machine' : false;
const NOT_PINNED = NO_OLD_NODE || (existsSync(PINNED) ? false : 'this checkout has no pinned Node');

/** The first Node on the path that is older than what mailgate needs. */
function findOldNode(): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/usr/local/bin'];
  for (const node of new Set(folders.map((folder) => join(folder, 'node')))) {
    if (!existsSync(node)) continue;
    const version = /^v(\d+)\./.exec(String(spawnSync(node, ['--version']).stdout))?.[1];
    if (version !== undefined && Number(version) < 22) return node;
  }
  return null;
}

/** A bin folder without anything around it. */
function lonelyBin(folder: Workdir): string {
  const bin = join(folder.base, 'lonely', 'bin');
  mkdirSync(bin, { recursive: true });
  for (const name of ['mailgate.js', 'start.js', 'package.json']) copyFileSync(join(BIN, '..', name), join(bin, name));
  return join(bin, 'mailgate.js');
}

const onOldNode = (bin = BIN): { command: [string, string] } => ({ command: [OLD_NODE ?? '', bin] });

test('on an old Node the pinned one does the work and its exit code comes back', { skip: NOT_PINNED }, async (t) => {
  const folder = freshFolder(t);
  const codes: readonly [args: readonly string[], exitCode: number][] = [
    [['explain', '250 OK'], 0],
    [['explain', 'hello'], 1],
    [['verify', 'list.csv', '--wrong'], 2],
    [['verify', 'list.csv', '--offline'], 3],
  ];
  for (const [args, exitCode] of codes) {
    const run = await folder.run(args, onOldNode());
    assert.equal(run.exitCode, exitCode, run.stderr);
  }
});

test('on an old Node standard input and both outputs are handed over', { skip: NOT_PINNED }, async (t) => {
  const run = await freshFolder(t).run(['verify', '-', '--offline', '--columns', 'status'], {
    ...onOldNode(),
    stdin: 'email\nanna@gmx.de\n',
  });
  assert.equal(run.stdout, 'email,mailgate_status\nanna@gmx.de,unknown\n');
  assert.match(run.stderr, /Reading addresses from column "email" of standard input/);
});

for (const [signal, exitCode] of [
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const) {
  test(`on an old Node ${signal} reaches the pinned one`, { skip: NOT_PINNED }, async (t) => {
    const stdin = new PassThrough();
    const run = freshFolder(t).start(['explain', '-'], { ...onOldNode(), stdin });
    stdin.write('250 OK\n');
    await run.says(/rule/);
    run.kill(signal);
    const ended = await run.finished;
    assert.deepEqual([ended.exitCode, ended.signal, ended.stderr], [exitCode, null, '']);
  });
}

test('on an old Node without a pinned one, one sentence says what is needed', { skip: NO_OLD_NODE }, async (t) => {
  const folder = freshFolder(t);
  const run = await folder.run(['--version'], onOldNode(lonelyBin(folder)));
  assert.deepEqual([run.exitCode, run.stdout], [2, '']);
  assert.match(run.stderr, /^mailgate needs Node 22\.\d+ or newer, and this is v\d+\.\S+: install a newer Node .*\n$/);
});

test('a checkout that was not built says how to build it', async (t) => {
  const folder = freshFolder(t);
  const run = await folder.run(['--version'], { command: [process.execPath, lonelyBin(folder)] });
  assert.deepEqual([run.exitCode, run.stdout], [70, '']);
  assert.equal(run.stderr, 'mailgate is not built yet: run "npm ci" (or "npm run build") in its folder first.\n');
});

test('started through a symbolic link it finds its own files', async (t) => {
  const folder = freshFolder(t);
  spawnSync('ln', ['-s', BIN, folder.pathOf('mailgate')]);
  const run = await folder.run(['--version'], { command: [process.execPath, folder.pathOf('mailgate')] });
  assert.equal(run.exitCode, 0, run.stderr);
});
