import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../src/clock.ts';
import { openStore } from '../../src/store/database.ts';
import { FIXTURES, objects, run, workFolder } from './reports-runner.ts';

const COMPLAINTS = join(FIXTURES, 'complaints');
const SENT_LOG = join(COMPLAINTS, 'sent.csv');

/** Whose complaint the fixtures name openly, and who unsubscribed. */
const OPEN = ['ann@example.net', 'bob@example.net', 'carl@example.org', 'hana@yahoo.example', 'ivan@outlook.example'];
const UNSUBSCRIBED = ['eve@example.net', 'jane@icloud.example'];

function suppressed(folder: string): string[] {
  const store = openStore({ path: join(folder, 'store.db'), clock: systemClock });
  try {
    const everybody = [...OPEN, ...UNSUBSCRIBED, 'frank@example.net', 'gina@example.net', 'kim@example.net'];
    const asked = [...everybody, 'dora@example.net', 'mona@example.net', 'redacted@example.net'];
    return [...store.suppressions.match(asked).keys()].sort();
  } finally {
    store.close();
  }
}

function historyOf(folder: string): unknown[] {
  const store = openStore({ path: join(folder, 'store.db'), clock: systemClock });
  try {
    return [...store.suppressions.history()];
  } finally {
    store.close();
  }
}

function maildirOf(t: TestContext): { folder: string; maildir: string } {
  const folder = workFolder(t);
  const maildir = join(folder, 'Maildir');
  for (const name of ['new', 'cur', 'tmp']) mkdirSync(join(maildir, name), { recursive: true });
  for (const name of readdirSync(COMPLAINTS).filter((each) => each.endsWith('.eml'))) {
    cpSync(join(COMPLAINTS, name), join(maildir, 'new', `${name}.host`));
  }
  return { folder, maildir };
}

function keyFile(folder: string): string {
  const path = join(folder, 'verp.key');
  writeFileSync(path, Buffer.from('only-for-tests-and-never-for-real-mail!!').toString('base64'));
  return path;
}

test('each complaint is a line; where it stays unknown who complained, the exit code tells', async (t) => {
  const { code, out, err } = await run(workFolder(t), ['complaints', COMPLAINTS]);
  assert.equal(code, 1);
  assert.match(out, /^abuse +ann@example\.net +by original-rcpt-to .*abuse\.eml$/m);
  assert.match(out, /^abuse +unresolved the report hides who complained/m);
  assert.match(err, /13 messages read: 6 abuse, 2 opt-out/);
  assert.match(err, /2 complaints of unknown people/);
  assert.ok(!existsSync(join(workFolder(t), 'store.db')), 'nothing is kept unless asked for');
});

test('--json prints one object a message with the documented names', async (t) => {
  const [object] = objects(await run(workFolder(t), ['complaints', join(COMPLAINTS, 'abuse.eml'), '--json', '-q']));
  assert.deepEqual(Object.keys(object), [
    'file',
    'kind',
    'feedback_type',
    'action',
    'recipients',
    'recipient_from',
    'unresolved',
    'redacted',
    'verified',
    'incidents',
    'source_ip',
    'user_agent',
    'original_mail_from',
    'reported_domains',
    'arrival_date',
    'message_id',
    'subject',
    'from',
    'date',
    'detail',
  ]);
  assert.deepEqual(object.recipients, [{ address: 'ann@example.net' }]);
});

test('hidden recipients are resolved by what was signed and by the log of what was sent', async (t) => {
  const folder = workFolder(t);
  const args = ['complaints', COMPLAINTS, '--json', '--sent-log', SENT_LOG, '--verp-key', keyFile(folder)];
  const outcome = await run(folder, args);
  assert.equal(outcome.code, 0);
  const found = new Map(objects(outcome).map((each) => [String(each.file).split('/').at(-1), each]));
  assert.deepEqual(found.get('redacted-signed.eml').recipients, [{ address: 'dora@example.net' }]);
  assert.equal(found.get('redacted-signed.eml').verified, true);
  assert.deepEqual(found.get('redacted-logged.eml').recipients, [{ address: 'mona@example.net' }]);
  assert.equal(found.get('redacted-logged.eml').recipient_from, 'sent-log');
  assert.equal(found.get('redacted-logged.eml').verified, false);
});

test('a message that was sent to several does not tell who complained', async (t) => {
  const folder = workFolder(t);
  const source = readFileSync(join(COMPLAINTS, 'redacted-logged.eml'), 'latin1').replace('spring-42', 'spring-43');
  const outcome = await run(folder, ['complaints', '-', '--json', '--sent-log', SENT_LOG], { stdin: source });
  const [object] = objects(outcome);
  assert.deepEqual([outcome.code, object.unresolved, object.recipients], [1, true, []]);
  assert.match(object.detail, /went to several/);
});

test('--suppress takes complaints and unsubscribes, and nobody for reports of other kinds', async (t) => {
  const folder = workFolder(t);
  const outcome = await run(folder, ['complaints', COMPLAINTS, '--suppress']);
  assert.deepEqual(suppressed(folder), [...OPEN, ...UNSUBSCRIBED].sort());
  assert.match(outcome.out, /frank@example\.net .*ignored \(a not-spam report is no complaint\)/);
});

test('scanning twice changes nothing, and reads again only what is still unknown', async (t) => {
  const folder = workFolder(t);
  await run(folder, ['complaints', COMPLAINTS, '--suppress']);
  const before = historyOf(folder);
  const { out, err } = await run(folder, ['complaints', COMPLAINTS, '--suppress']);
  assert.deepEqual(historyOf(folder), before);
  assert.equal(out.trim().split('\n').length, 2, 'the two whose people are unknown');
  assert.match(err, /11 known from before/);
  const log = await run(folder, ['complaints', COMPLAINTS, '--suppress', '--sent-log', SENT_LOG]);
  assert.match(log.out, /mona@example\.net/);
});

test('--dry-run says what would happen and keeps nothing', async (t) => {
  const folder = workFolder(t);
  const { out } = await run(folder, ['complaints', COMPLAINTS, '--dry-run']);
  assert.match(out, /ann@example\.net .*suppressed/);
  assert.deepEqual(suppressed(folder), []);
});

test('--only-verified believes only what was signed', async (t) => {
  const folder = workFolder(t);
  const args = ['complaints', COMPLAINTS, '--suppress', '--only-verified', '--verp-key', keyFile(folder)];
  await run(folder, args);
  assert.deepEqual(suppressed(folder), ['dora@example.net']);
});

test('--move-to takes messages away once their result is kept, also those an earlier run had left', async (t) => {
  const { folder, maildir } = maildirOf(t);
  await run(folder, ['complaints', 'Maildir', '--suppress']);
  assert.equal(readdirSync(join(maildir, 'new')).length, 12, 'read-only unless asked');
  await run(folder, ['complaints', 'Maildir', '--suppress', '--move-to', 'done']);
  assert.deepEqual(readdirSync(join(maildir, 'new')), []);
  assert.equal(readdirSync(join(folder, 'done')).length, 12);
});

test('--mark-seen moves messages of a Maildir to cur/ with the flag', async (t) => {
  const { folder, maildir } = maildirOf(t);
  await run(folder, ['complaints', 'Maildir', '--suppress', '--mark-seen']);
  assert.deepEqual(readdirSync(join(maildir, 'new')), []);
  assert.ok(readdirSync(join(maildir, 'cur')).every((name) => name.endsWith(':2,S')));
});

test('one source that would suppress very many is stopped, and nothing of it kept', async (t) => {
  const folder = workFolder(t);
  mkdirSync(join(folder, 'forged'));
  const source = readFileSync(join(COMPLAINTS, 'abuse.eml'), 'latin1');
  for (let i = 0; i < 20; i += 1) {
    writeFileSync(join(folder, 'forged', `${i}.eml`), source.replaceAll('ann@', `ann${i}@`));
  }
  const scan = run(folder, ['complaints', 'forged', '--suppress', '--source-limit', '10']);
  await assert.rejects(scan, /provider\.example would suppress more than 10 addresses/);
  assert.deepEqual(historyOf(folder), []);
});

test('what was named and is not there ends with exit code 3, and the rest is read', async (t) => {
  const { code, out, err } = await run(workFolder(t), ['complaints', 'absent', join(COMPLAINTS, 'abuse.eml')]);
  assert.equal(code, 3);
  assert.match(err, /absent was not read \(not found\)/);
  assert.match(out, /ann@example\.net/);
});

test('words of strangers reach neither the terminal nor the reader of JSON as commands', async (t) => {
  const evil = '\x1b[2J\x9b31m';
  const source = readFileSync(join(COMPLAINTS, 'abuse.eml'), 'latin1')
    .replace('Feedback-Type: abuse', `Feedback-Type: abuse${evil}`)
    .replace('Subject: Our spring offers', `Subject: ${evil}`);
  const folder = workFolder(t);
  for (const args of [
    ['complaints', '-'],
    ['complaints', '-', '--json'],
  ]) {
    const { out } = await run(folder, args, { stdin: source });
    assert.ok(!/[\x1b\x80-\x9f]/.test(out), JSON.stringify(out));
    assert.equal(out.trim().split('\n').length, 1);
  }
});
