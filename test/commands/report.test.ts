// verify --report with the real program: whole or not at all, for its owner alone, and true to runs of every kind.
import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { MOODS } from '../../src/sandbox/moods.ts';
import { people, worldOf } from '../../src/sandbox/world-builders.ts';
import { freshFolder } from '../support/mailgate.ts';
import { listOf } from './rows.ts';
import { startWorld } from './world.ts';

const REPORT = ['-o', 'clean.csv', '--report', 'report.html'];

test('the report is a whole page for its owner alone, and says in the end where it is', async (t) => {
  const folder = freshFolder(t);
  folder.write('list.csv', listOf(['anna@gmx.de', 'not an address']));
  const { stderr, exitCode } = await folder.run(['verify', 'list.csv', ...REPORT, '--offline']);
  assert.equal(exitCode, 0);
  assert.match(stderr, /Written to clean\.csv \(2 rows\) and report\.html \(the report\)\./);
  const page = folder.read('report.html');
  assert.match(page, /^<!doctype html>\n[\s\S]*<\/html>\n$/);
  assert.match(page, /Nobody was asked\./);
  assert.doesNotMatch(page, /anna/);
  assert.equal(statSync(folder.pathOf('report.html')).mode & 0o777, 0o600);
  assert.deepEqual(folder.files(), ['clean.csv', 'list.csv', 'report.html'], 'no temporary file is left');
});

test('the report tells who slowed the run down and who was put off, and how to go on', async (t) => {
  const folder = freshFolder(t);
  const world = worldOf({
    hosts: [
      { name: 'mx.good.test', addresses: ['127.35.1.1'], domains: ['good.test'], mailboxes: people('anna') },
      { name: 'mx.grey.test', addresses: ['127.35.1.2'], domains: ['grey.test'], ...MOODS.greylisting },
      {
        ...{ name: 'mx.busy.test', addresses: ['127.35.1.3'], domains: ['busy.test'] },
        at: { banner: { say: '421 4.7.0 too many connections, slow down' } },
      },
    ],
    zones: [],
  });
  const { flags } = await startWorld(t, world);
  folder.write('list.csv', listOf(['anna@good.test', 'bob@good.test', 'a@grey.test', 'a@busy.test']));
  const run = await folder.run(['verify', 'list.csv', ...REPORT, ...flags, '--summary', 'run.json', '-q']);
  assert.equal(run.exitCode, 0, run.stderr);
  const page = folder.read('report.html');
  assert.match(page, /How the run went/);
  assert.match(page, /<b>Slowed down:<\/b> busy\.test asks us to slow down/);
  assert.match(page, /Who held the run back[\s\S]*<b>busy\.test<\/b> asked once to slow down/);
  assert.match(page, /<code>mailgate verify list\.csv -o clean\.csv --report report\.html/);
  assert.match(page, /<dt>Asked as<\/dt><dd>probe\.client\.test<\/dd>/);
  assert.match(page, /&lt;verify@client\.test&gt;/);
  const { put_off } = JSON.parse(folder.read('run.json')) as { put_off: Record<string, unknown> };
  assert.ok(Number(put_off['rows']) >= 1);
  assert.ok(Date.parse(String(put_off['first_due_at'])) <= Date.parse(String(put_off['last_due_at'])));
});

test('a run that stopped at its time limit says so in the report, too', async (t) => {
  const folder = freshFolder(t);
  const silent = { name: 'mx.silent.test', addresses: ['127.35.2.1'], domains: ['silent.test'], ...MOODS.silentBanner };
  const { flags } = await startWorld(t, worldOf({ hosts: [silent], zones: [] }));
  folder.write('list.csv', listOf(['a@silent.test', 'b@silent.test']));
  const run = await folder.run(['verify', 'list.csv', ...REPORT, ...flags, '--time-limit', '1s', '-q']);
  assert.equal(run.exitCode, 6, run.stderr);
  assert.match(folder.read('report.html'), /Stopped at the time limit\.<\/b> 2 rows were not asked about/);
});

test('an interrupted run writes no report, leaves an older one as it was, and says so', async (t) => {
  const folder = freshFolder(t);
  const silent = { name: 'mx.silent.test', addresses: ['127.35.3.1'], domains: ['silent.test'], ...MOODS.silentBanner };
  const sandbox = await startWorld(t, worldOf({ hosts: [silent], zones: [] }));
  folder.write('list.csv', listOf(['a@silent.test']));
  folder.write('report.html', 'an older one');
  const running = folder.start(['verify', 'list.csv', ...REPORT, ...sandbox.flags, '-v']);
  await running.says(/connected to mx\.silent\.test/, 'stderr');
  running.kill('SIGINT');
  const { exitCode, stderr } = await running.finished;
  assert.equal(exitCode, 130);
  assert.match(stderr, /stopped\. clean\.csv and report\.html were not written\./);
  assert.equal(folder.read('report.html'), 'an older one');
  assert.ok(!existsSync(folder.pathOf('clean.csv')));
});

test('a list with a header alone has a report, and so has one from standard input', async (t) => {
  const folder = freshFolder(t);
  const empty = await folder.run(['verify', '-', ...REPORT, '--offline', '-q'], { stdin: 'email,name\n' });
  assert.equal(empty.exitCode, 0, empty.stderr);
  assert.match(folder.read('report.html'), /<h1>standard input<\/h1>[\s\S]*The list has no rows\./);
});

const refused: readonly [why: string, args: readonly string[], says: RegExp][] = [
  ['the output', ['-o', 'same.html', '--report', './same.html'], /--report and -o are the same file/],
  ['the list', ['-o', 'clean.csv', '--report', 'list.csv'], /--report and the list are the same file/],
  ['the summary', ['--summary', 'a', '--report', 'a'], /--report and --summary are the same file/],
  ['standard output', ['--report', '-'], /--report: a file is wanted here/],
  ['a file of --split', ['--split', 'by', '--report', 'by/valid.csv'], /are the same file/],
];
for (const [why, args, says] of refused) {
  test(`a report in the place of ${why} is refused before anything is read`, async (t) => {
    const folder = freshFolder(t);
    folder.write('list.csv', listOf(['anna@gmx.de']));
    const { exitCode, stderr } = await folder.run(['verify', 'list.csv', ...args, '--offline']);
    assert.equal(exitCode, 2);
    assert.match(stderr, says);
    assert.deepEqual(folder.files(), ['list.csv']);
  });
}

test('a report that cannot be written is told before the work, not after it', async (t) => {
  const folder = freshFolder(t);
  folder.write('list.csv', listOf(['anna@gmx.de']));
  const args = ['verify', 'list.csv', '-o', 'clean.csv', '--report', 'nowhere/report.html', '--offline'];
  const { exitCode, stderr } = await folder.run(args);
  assert.equal(exitCode, 3);
  assert.match(stderr, /nowhere\/report\.html cannot be written: its folder does not exist/);
  assert.deepEqual(folder.files(), ['list.csv']);
});
