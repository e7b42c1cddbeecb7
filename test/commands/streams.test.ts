// How mailgate gets on with its streams: standard input that does not end, standard output that takes nothing.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { watch } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { BIN, freshFolder } from '../support/mailgate.ts';

const NO_DEV_FULL = existsSync('/dev/full') ? false : 'this system has no /dev/full';

const askedLineByLine: readonly (readonly [command: string, line: string])[] = [
  ['check', 'anna@gmx.de'],
  ['explain', '250 OK'],
];
for (const [command, line] of askedLineByLine) {
  test(`${command} - answers line by line, and is interrupted while it waits for the next one`, async (t) => {
    const stdin = new PassThrough();
    const run = freshFolder(t).start([command, '-'], { stdin, env: { MAILGATE_OFFLINE: 'yes' } });
    stdin.write(`${line}\n`);
    await run.says(/score|rule/);
    run.kill('SIGINT');
    const { exitCode, signal, stderr } = await run.finished;
    assert.deepEqual([exitCode, signal, stderr], [130, null, '']);
  });
}

test('verify - is interrupted while it waits for the end of standard input, and leaves no copy of it', async (t) => {
  const folder = freshFolder(t);
  const copies = watch(folder.temporary, { signal: AbortSignal.timeout(30_000) });
  const stdin = new PassThrough();
  const run = folder.start(['verify', '-', '--offline'], { stdin });
  stdin.write('email\nanna@gmx.de\n');
  for await (const { eventType } of copies) if (eventType === 'change') break; // the first bytes stand in the copy
  run.kill('SIGINT');
  const { exitCode, signal, stdout, stderr } = await run.finished;
  assert.deepEqual([exitCode, signal, stdout], [130, null, '']);
  assert.doesNotMatch(stderr, /cannot be/);
  assert.deepEqual([folder.files(), folder.leftovers()], [[], []]);
});

const printing: readonly (readonly string[])[] = [
  ['verify', 'list.csv', '--offline'],
  ['verify', 'list.csv', '--offline', '--json'],
  ['check', 'anna@gmx.de', '--offline'],
  ['explain', '250 OK'],
  ['cache', 'stats'],
  ['completion', 'bash'],
];
for (const args of printing) {
  test(`${args.join(' ')} says so where standard output goes to a full disk`, { skip: NO_DEV_FULL }, async (t) => {
    const folder = freshFolder(t);
    folder.write('list.csv', 'email\nanna@gmx.de\n');
    if (args[0] === 'cache') await folder.run(['check', 'anna@gmx.de', '--offline']); // makes the store
    const inShell = ['-c', 'exec "$0" "$@" > /dev/full', process.execPath, BIN] as const;
    const { exitCode, stderr } = await folder.run(args, { command: ['sh', ...inShell] });
    assert.equal(exitCode, 3, stderr);
    assert.match(stderr, /^mailgate: standard output cannot be written: the disk is full$/m);
  });
}
