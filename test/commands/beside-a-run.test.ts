// What a person meets who uses mailgate while a cleaning is at work on the same store: no long wait, and no limit exceeded.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { people, worldOf } from '../../src/sandbox/world-builders.ts';
import { freshFolder, type Running, type Workdir } from '../support/mailgate.ts';
import { column, listOf } from './rows.ts';
import { type AskedWorld, startWorld } from './world.ts';

const NAMES = Array.from({ length: 60 }, (_, i) => `p${i}`);
const HOST = { name: 'mx.slow.test', provider: 'slow', mailboxes: people(...NAMES), addresses: ['127.72.1.1'] };

interface AtWork {
  readonly folder: Workdir;
  readonly asked: AskedWorld;
  /** Options for all programs that take part. */
  readonly flags: readonly string[];
  /** A cleaning in the midst of asking the one slow domain about everybody. */
  readonly cleaning: Running;
}

async function startCleaning(t: TestContext, perProvider: number, latencyMs = 250): Promise<AtWork> {
  const folder = freshFolder(t);
  const domains = ['slow.test', 'other.test'];
  const asked = await startWorld(t, worldOf({ hosts: [{ ...HOST, domains, wire: { latencyMs } }] }));
  folder.write('list.csv', listOf(NAMES.map((name) => `${name}@slow.test`)));
  folder.write('same.csv', listOf(NAMES.slice(0, 5).map((name) => `${name}@slow.test`)));
  const flags = [...asked.flags, '--per-provider', String(perProvider)];
  const cleaning = folder.start(['verify', 'list.csv', '-o', 'clean.csv', ...flags]);
  await Promise.race([cleaning.finished, asked.record.until(({ recipients }) => recipients > 0)]);
  return { folder, asked, flags, cleaning };
}

function mostAtOnce({ asked }: AtWork): number {
  return asked.record.byProvider.get('slow')?.max ?? 0;
}

for (const perProvider of [1, 3]) {
  test(`a check is answered while a list is asked, within a limit of ${perProvider}`, {
    timeout: 90_000,
  }, async (t) => {
    const atWork = await startCleaning(t, perProvider);
    const { folder, flags, cleaning } = atWork;
    const check = await folder.run(['check', 'p7@other.test', '--json', ...flags]);
    assert.equal(check.exitCode, 0, check.stderr);
    assert.match(check.stdout, /"reason":"accepted"/);
    const { exitCode, stderr } = await cleaning.finished;
    assert.equal(exitCode, 0, stderr);
    assert.ok(mostAtOnce(atWork) <= perProvider, `${mostAtOnce(atWork)} connections at once`);
    assert.deepEqual([...new Set(column(folder.read('clean.csv'), 'reason'))], ['accepted']);
  });
}

test('a check of an address in the midst of its own domain says whom it waits for, and does not wait for long', {
  timeout: 90_000,
}, async (t) => {
  const atWork = await startCleaning(t, 3);
  const { folder, flags, cleaning } = atWork;
  const check = await folder.run(['check', 'nobody@slow.test', ...flags]);
  assert.equal(check.exitCode, 1, check.stderr);
  assert.match(check.stdout, /mailbox_not_found/);
  assert.match(check.stderr, new RegExp(`Another mailgate \\(process ${cleaning.pid}\\) is asking about slow\\.test`));
  assert.equal((await cleaning.finished).exitCode, 0);
  assert.ok(mostAtOnce(atWork) <= 3, `${mostAtOnce(atWork)} connections at once`);
});

test('whoever has nothing left but to wait for another cleaning says so, and stops at the time limit', {
  timeout: 90_000,
}, async (t) => {
  const { folder, flags, cleaning } = await startCleaning(t, 3, 1500);
  const { exitCode, stderr } = await folder.run([
    ...['verify', 'same.csv', '-o', 'same-clean.csv', ...flags],
    ...['--time-limit', '2s'],
  ]);
  assert.equal(exitCode, 6, stderr);
  assert.match(
    stderr,
    new RegExp(`Waiting for another mailgate \\(process ${cleaning.pid}\\) that is asking about 5 at slow\\.test`),
  );
  assert.deepEqual([...new Set(column(folder.read('same-clean.csv'), 'reason'))], ['not_checked']);
  cleaning.kill('SIGKILL');
});

test('Ctrl-C ends the wait for another cleaning at once', { timeout: 90_000 }, async (t) => {
  const { folder, flags, cleaning } = await startCleaning(t, 3, 1500);
  const waiting = folder.start(['verify', 'same.csv', '-o', 'same-clean.csv', ...flags]);
  await waiting.says(/Waiting for another mailgate/, 'stderr');
  waiting.kill('SIGINT');
  const { exitCode, stderr } = await waiting.finished;
  assert.equal(exitCode, 130, stderr);
  cleaning.kill('SIGKILL');
});

test('whoever waits for a cleaning takes its answers when it is done', { timeout: 90_000 }, async (t) => {
  const { folder, asked, flags, cleaning } = await startCleaning(t, 3);
  const waiting = folder.start(['verify', 'same.csv', '-o', 'same-clean.csv', ...flags]);
  const [first, second] = await Promise.all([cleaning.finished, waiting.finished]);
  assert.equal(first.exitCode, 0, first.stderr);
  assert.equal(second.exitCode, 0, second.stderr);
  assert.deepEqual([...new Set(column(folder.read('same-clean.csv'), 'source'))], ['cache']);
  const questions = asked.record.byDomain.get('slow.test')?.questions ?? new Map<string, number>();
  assert.deepEqual(
    [...questions].filter(([, times]) => times > 1),
    [],
  );
});
