// `mailgate explain`, whole: arguments, lines and objects on standard input, what stands in the answer, exit codes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshFolder } from '../support/mailgate.ts';
import { objectsOf } from './rows.ts';

test('explain says meaning, verdict and rule of each reply it is given', async (t) => {
  const run = await freshFolder(t).run([
    'explain',
    '550 5.1.1 <x@example.com>: User unknown',
    '450 4.2.0 Greylisted, see you',
  ]);
  assert.equal(run.exitCode, 0, run.stderr);
  assert.match(
    run.stdout,
    /^550 5\.1\.1 <x@example\.com>: User unknown\n {2}meaning {2}mailbox_not_found\n {2}verdict {2}invalid \(mailbox_not_found\).*\n {2}rule {5}\S+: \S/,
  );
  assert.match(
    run.stdout,
    /^450 4\.2\.0 Greylisted, see you\n {2}meaning {2}greylisted\n {2}verdict {2}unknown \(greylisted\)/m,
  );
});

test('explain --json carries meaning, status, reason and rule', async (t) => {
  const run = await freshFolder(t).run(['explain', '552 5.2.2 Mailbox full', '--json']);
  const [answer] = objectsOf(run.stdout);
  const { rule, why, ...rest } = answer ?? {};
  assert.deepEqual(rest, {
    reply: '552 5.2.2 Mailbox full',
    stage: 'rcpt',
    code: 552,
    enhanced: '5.2.2',
    meaning: 'mailbox_full',
    status: 'invalid',
    reason: 'mailbox_full',
    strength: 'strong',
    problem: null,
  });
  assert.ok(String(rule).length > 3 && String(why).length > 10);
});

test('the stage decides what the same words can mean', async (t) => {
  const run = await freshFolder(t).run(['explain', '550 5.1.1 User unknown', '--stage', 'mail', '--json']);
  assert.notEqual(objectsOf(run.stdout)[0]?.['status'], 'invalid');
});

test('what is no reply is said to be none, ends with 1, and does not stop the others', async (t) => {
  const run = await freshFolder(t).run(['explain', 'hello', '250 OK']);
  assert.equal(run.exitCode, 1);
  assert.match(run.stdout, /^hello\n {2}not a reply: .*\n250 OK\n {2}meaning {2}accepted/);
  assert.equal(run.stderr, '');
});

test('explain - takes a reply per line, with a literal \\n between the lines of one', async (t) => {
  const stdin = '550-5.1.1 No such\\n550 5.1.1 user here\n\n421 4.7.0 Too many connections\n';
  const run = await freshFolder(t).run(['explain', '-', '--json'], { stdin });
  assert.deepEqual(
    objectsOf(run.stdout).map(({ code, meaning }) => [code, meaning]),
    [
      [550, 'mailbox_not_found'],
      [421, 'rate_limited'],
    ],
  );
});

test('explain - takes objects, gives each id back, and believes their code, enhanced code and stage', async (t) => {
  const records = [
    { id: 7, stage: 'rcpt', code: 550, enhanced: '5.1.1', text: 'User unknown' },
    { id: 'b', stage: 'greeting', code: 554, text: 'Your IP is listed at a blocklist' },
    { id: null, code: '452', enhanced: null, text: '4.2.2 Mailbox full' },
    { text: '250 2.1.5 OK' },
    { id: 5, stage: 'RCPT', code: 550, enhanced: '', text: null },
  ];
  const run = await freshFolder(t).run(['explain', '-'], {
    stdin: records.map((each) => JSON.stringify(each)).join('\n'),
  });
  assert.equal(run.exitCode, 0, run.stdout);
  const answers = objectsOf(run.stdout);
  assert.deepEqual(
    answers.map(({ id, stage, code, meaning, status, reason }) => [id, stage, code, meaning, status, reason]),
    [
      [7, 'rcpt', 550, 'mailbox_not_found', 'invalid', 'mailbox_not_found'],
      ['b', 'greeting', 554, 'blocked', 'unknown', 'blocked'],
      [null, 'rcpt', 452, 'mailbox_full', 'unknown', 'temporary_failure'],
      [undefined, 'rcpt', 250, 'accepted', 'valid', 'accepted'],
      [5, 'rcpt', 550, 'mailbox_not_found', 'unknown', 'blocked'],
    ],
  );
  assert.ok(!('id' in (answers[3] ?? {})));
});

test('explain refuses a stage nobody knows, and a line that is no object among objects', async (t) => {
  const folder = freshFolder(t);
  const stage = await folder.run(['explain', '250 OK', '--stage', 'rcptt']);
  assert.deepEqual([stage.exitCode, /did you mean rcpt\?/.test(stage.stderr)], [2, true]);
  const line = await folder.run(['explain', '-'], { stdin: '{"text":"250 OK"}\n250 OK\n' });
  assert.deepEqual([line.exitCode, /line 2 of standard input is no JSON object/.test(line.stderr)], [3, true]);
});

test('explain needs neither store nor network', async (t) => {
  const folder = freshFolder(t);
  const run = await folder.run(['explain', '250 OK', '--db', '/dev/null/none']);
  assert.equal(run.exitCode, 0, run.stderr);
});
