// What is left after Ctrl-C, SIGTERM and kill -9 in the midst of a cleaning: the old output, everything decided, and a way on.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '../../src/clock.ts';
import type { Behaviour, MailHost, World } from '../../src/sandbox/world.ts';
import { people, worldOf } from '../../src/sandbox/world-builders.ts';
import { openStore } from '../../src/store/database.ts';
import { freshFolder, type Workdir } from '../support/mailgate.ts';
import { column, listOf, rowsOf } from './rows.ts';
import { type AskedWorld, startWorld } from './world.ts';

const QUICK = ['quick0.test', 'quick1.test', 'quick2.test'];
const LIST = listOf([
  'no address',
  ...QUICK.flatMap((domain) => [`anna@${domain}`, `nobody@${domain}`, `nobody2@${domain}`]),
  ...['anna@slow.test', 'nobody@slow.test', 'anna@slow.test'],
]);
/** The addresses of the quick domains. */
const DECIDED_AT_ONCE = 9;

/** Some domains that answer, and one that keeps the first of its clients waiting for ever where `isStuck`. */
function world(isStuck: boolean): World {
  const stuck: Behaviour = { at: { rcpt: 'silent' } };
  const hosts: MailHost[] = QUICK.map((domain, i) => ({
    name: `mx.${domain}`,
    addresses: [`127.32.1.${i + 1}`],
    domains: [domain],
    mailboxes: people('anna'),
  }));
  const slow: MailHost = {
    name: 'mx.slow.test',
    addresses: ['127.32.1.9'],
    domains: ['slow.test'],
    mailboxes: people('anna'),
    ...(isStuck ? { variants: { list: [stuck], afterwards: 'base' } as const } : {}),
  };
  return worldOf({ hosts: [...hosts, slow] });
}

interface Stuck {
  readonly folder: Workdir;
  readonly asked: AskedWorld;
  readonly run: ReturnType<Workdir['start']>;
  readonly args: readonly string[];
}

/** A cleaning that has decided all it can and waits for the host that will not answer. */
async function stuckRun(t: TestContext): Promise<Stuck> {
  const folder = freshFolder(t);
  folder.write('list.csv', LIST);
  folder.write('clean.csv', 'old');
  const asked = await startWorld(t, world(true));
  const args = ['verify', 'list.csv', '-o', 'clean.csv', '--per-domain', '1', ...asked.flags];
  const run = folder.start(args);
  await asked.record.until((record) => record.byDomain.get('slow.test') !== undefined);
  await keptVerdicts(folder, DECIDED_AT_ONCE);
  return { folder, asked, run, args };
}

/** The list as a run cleans it that nobody disturbs. */
async function undisturbed(t: TestContext): Promise<string> {
  const folder = freshFolder(t);
  folder.write('list.csv', LIST);
  const { flags } = await startWorld(t, world(false));
  const run = await folder.run(['verify', 'list.csv', ...flags]);
  assert.equal(run.exitCode, 0, run.stderr);
  return timeless(run.stdout);
}

/** All but the time, the source and the number of attempts, which a rerun tells truly and so differently. */
function timeless(csv: string): string {
  return JSON.stringify(
    rowsOf(csv).map((row) => ({ ...row, mailgate_checked_at: '', mailgate_source: '', mailgate_attempts: '' })),
    null,
    1,
  );
}

for (const [signal, exitCode] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  test(`${signal} ends a cleaning with ${exitCode}, the old output as it was, and a rerun goes on`, async (t) => {
    const { folder, asked, run, args } = await stuckRun(t);
    run.kill(signal);
    const stopped = await run.finished;
    assert.deepEqual([stopped.exitCode, stopped.signal], [exitCode, null], stopped.stderr);
    assert.match(
      stopped.stderr,
      /clean\.csv was not written\. What was decided is kept in \S+: run the same command again to go on\.$/m,
    );
    assert.doesNotMatch(stopped.stderr, /rows in|Written to/);
    assert.deepEqual([folder.read('clean.csv'), folder.files()], ['old', ['clean.csv', 'list.csv']]);
    const questions = QUICK.map((domain) => asked.record.byDomain.get(domain)?.recipients);
    const again = await folder.run(args);
    assert.equal(again.exitCode, 0, again.stderr);
    assert.deepEqual(
      QUICK.map((domain) => asked.record.byDomain.get(domain)?.recipients),
      questions,
      'nobody is asked twice',
    );
    assert.equal(
      column(folder.read('clean.csv'), 'source').filter((source) => source === 'cache').length,
      DECIDED_AT_ONCE,
    );
    assert.equal(timeless(folder.read('clean.csv')), await undisturbed(t));
  });
}

test('kill -9 loses nothing that was decided, and leaves nothing that the rerun does not clear away', async (t) => {
  const { folder, asked, run, args } = await stuckRun(t);
  run.kill('SIGKILL');
  assert.equal((await run.finished).signal, 'SIGKILL');
  assert.equal(folder.read('clean.csv'), 'old');
  const questions = QUICK.map((domain) => asked.record.byDomain.get(domain)?.recipients);
  const again = await folder.run(args);
  assert.equal(again.exitCode, 0, again.stderr);
  assert.deepEqual(
    QUICK.map((domain) => asked.record.byDomain.get(domain)?.recipients),
    questions,
  );
  assert.equal(timeless(folder.read('clean.csv')), await undisturbed(t));
  assert.deepEqual(folder.files(), ['clean.csv', 'list.csv']);
});

test('kill -9 at the very beginning and at any answer: the rerun ends with the same output', async (t) => {
  const expected = await undisturbed(t);
  for (const answers of [0, 1, 4]) {
    const folder = freshFolder(t);
    folder.write('list.csv', LIST);
    const asked = await startWorld(t, world(false));
    const args = ['verify', 'list.csv', '-o', 'clean.csv', ...asked.flags];
    const run = folder.start(args);
    await asked.record.until((record) => record.dnsTotal > 0 && record.recipients >= answers);
    run.kill('SIGKILL');
    await run.finished;
    const again = await folder.run(args);
    assert.equal(again.exitCode, 0, again.stderr);
    assert.equal(timeless(folder.read('clean.csv')), expected);
  }
});

test('a second Ctrl-C ends at once what the first could not', async (t) => {
  const folder = freshFolder(t);
  folder.write('list.csv', LIST);
  const made = spawnSync('mkfifo', [folder.pathOf('nobody-reads')]);
  if (made.status !== 0) return t.skip('this system has no mkfifo');
  const run = folder.start(['verify', 'list.csv', '-o', 'nobody-reads', '--offline']);
  await run.says(/Reading addresses/, 'stderr');
  const stopRepeating = new AbortController();
  void repeatedly(() => run.kill('SIGINT'), stopRepeating.signal);
  const { exitCode, signal } = await run.finished;
  stopRepeating.abort();
  assert.deepEqual([exitCode, signal], [null, 'SIGINT']);
});

test('Ctrl-C between a greylisting and the end of its session leaves no timer to wait for', {
  timeout: 25_000, // of ten minutes that it could wait
}, async (t) => {
  const folder = freshFolder(t);
  const host = { name: 'mx.grey.test', addresses: ['127.32.1.20'], domains: ['grey.test'] };
  const behaviour: Behaviour = { greylist: { waitMs: 300_000 }, at: { quit: 'silent' } };
  const { flags, record } = await startWorld(t, worldOf({ hosts: [{ ...host, ...behaviour }] }));
  folder.write('list.csv', listOf(['anna@grey.test']));
  const run = folder.start(['verify', 'list.csv', '-o', 'clean.csv', ...flags, '--wait', '10m']);
  await record.until(({ verbs }) => verbs.get('QUIT') === 1);
  run.kill('SIGINT');
  assert.equal((await run.finished).exitCode, 130);
});

test('the sandbox of a run that was stopped leaves no file behind, and promises nothing it has not kept', async (t) => {
  const folder = freshFolder(t);
  folder.write('list.csv', listOf(['psst@stille-post.test']));
  const run = folder.start([
    'verify',
    'list.csv',
    '-o',
    'clean.csv',
    '--sandbox',
    '--verbose',
    '--command-timeout',
    '1m',
  ]);
  await run.says(/connected to mx\.stille-post\.test/, 'stderr');
  run.kill('SIGINT');
  const { exitCode, stderr } = await run.finished;
  assert.equal(exitCode, 130);
  assert.match(stderr, /warning: stopped\. clean\.csv was not written\./);
  assert.doesNotMatch(stderr, /is kept/);
  assert.deepEqual([folder.files(), folder.leftovers()], [['list.csv'], []]);
});

test('check that is stopped ends with 130 and shows what it had found out', async (t) => {
  const folder = freshFolder(t);
  const { flags, record } = await startWorld(t, world(true));
  const run = folder.start(['check', 'nobody@quick0.test', 'anna@slow.test', ...flags]);
  await record.until(({ byDomain }) => byDomain.get('slow.test') !== undefined);
  run.kill('SIGINT');
  const { exitCode, stdout, stderr } = await run.finished;
  assert.equal(exitCode, 130, stderr);
  assert.match(stdout, /^nobody@quick0\.test {2}invalid \(mailbox_not_found\)$/m);
  assert.doesNotMatch(stdout, /slow\.test/);
  assert.equal(stderr, '');
});

/** Signals in a moment count as one (a launcher passes them on), so one is sent after the other. */
async function repeatedly(send: () => void, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    send();
    await pause(100, undefined, { signal: stop }).catch(() => {});
  }
}

/** Resolves once the store that another process fills holds so many verdicts. */
async function keptVerdicts(folder: Workdir, count: number): Promise<void> {
  const store = openStore({ path: folder.store, clock: systemClock });
  for (let tries = 0; store.verdicts.count() < count; tries += 1) {
    assert.ok(tries < 1000, `${store.verdicts.count()} verdicts are kept, not ${count}`);
    await pause(20);
  }
  store.close();
}
