import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { Command } from 'commander';
import { addBouncesCommand } from '../../src/cli/commands/bounces.ts';
import { systemClock } from '../../src/clock.ts';
import { MailgateError } from '../../src/errors.ts';
import { makeVerp } from '../../src/feedback/verp.ts';
import { openStore } from '../../src/store/database.ts';

const FIXTURES = join(import.meta.dirname, '..', '..', 'fixtures', 'bounces');

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function workFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'mailgate-bounces-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function run(
  folder: string,
  args: readonly string[],
  given: { readonly stdin?: string; readonly interrupted?: AbortSignal; readonly onOutput?: () => void } = {},
): Promise<Outcome> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  let out = '';
  let err = '';
  let code = 0;
  stdout.on('data', (chunk) => {
    out += String(chunk);
    given.onOutput?.();
  });
  stderr.on('data', (chunk) => {
    err += String(chunk);
  });
  const program = new Command('mailgate').exitOverride();
  addBouncesCommand(program, {
    invocation: {
      args,
      env: {},
      cwd: folder,
      home: folder,
      stdin: Readable.from(given.stdin === undefined ? [] : [Buffer.from(given.stdin, 'latin1')]),
      stdout,
      stderr,
      interrupted: given.interrupted ?? new AbortController().signal,
    },
    exitWith: (wanted) => {
      code = wanted;
    },
  });
  await program.parseAsync(['bounces', ...args, '--db', join(folder, 'store.db')], { from: 'user' });
  return { code, out, err };
}

function objects({ out }: Outcome): ReturnType<typeof JSON.parse>[] {
  return out
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

function suppressed(folder: string, ...addresses: string[]): string[] {
  const store = openStore({ path: join(folder, 'store.db'), clock: systemClock });
  try {
    return [...store.suppressions.match(addresses).keys()].sort();
  } finally {
    store.close();
  }
}

const HARD = ['ann@alumni.example', 'gone@example.net', 'nobody@example.com', 'student@example.edu'];

test('each recipient that bounced is a line, with its weight and reason', async (t) => {
  const { code, out, err } = await run(workFolder(t), [FIXTURES]);
  assert.equal(code, 0);
  assert.match(out, /^hard +gone@example\.net +mailbox_not_found +550 5\.1\.1 .*postfix-unknown-user\.eml$/m);
  assert.match(out, /^none +customer@example\.com +blocked /m);
  assert.match(out, /^autoreply +kim@example\.net /m);
  assert.match(err, /14 messages read: 10 bounce, 3 not_bounce, 1 autoreply/);
});

test('--json prints one object a message with the documented names', async (t) => {
  const outcome = await run(workFolder(t), [join(FIXTURES, 'postfix-forwarded.eml'), '--json', '--quiet']);
  const [object] = objects(outcome);
  assert.deepEqual(Object.keys(object), [
    'file',
    'kind',
    'recipients',
    'verified',
    'family',
    'reporting_mta',
    'original_message_id',
    'forwarded',
    'message_id',
    'date',
    'from',
    'subject',
    'detail',
  ]);
  const { address, original, final, reason, hard, action, status, reply, diagnostic } = object.recipients[0];
  assert.deepEqual(
    { address, original, final, reason, hard, action, status, reply, diagnostic },
    {
      address: 'ann.old@mail.example',
      original: 'ann@alumni.example',
      final: 'ann.old@mail.example',
      reason: 'mailbox_not_found',
      hard: true,
      action: 'failed',
      status: '5.1.1',
      reply: '550',
      diagnostic: '550 5.1.1 No such user',
    },
  );
  assert.equal(outcome.err, '');
});

test('standard input and mboxes are read, and files are shown as they were named', async (t) => {
  const folder = workFolder(t);
  const one = readFileSync(join(FIXTURES, 'qmail-local.eml'), 'latin1');
  const fromStdin = objects(await run(folder, ['-', '--json'], { stdin: one }));
  assert.deepEqual([fromStdin[0].file, fromStdin[0].kind], ['-', 'bounce']);
  writeFileSync(
    join(folder, 'all.mbox'),
    `From x Thu Jan  1 00:00:00 2026\n${one}\nFrom x Thu Jan  1 00:00:00 2026\n${one.replaceAll('student', 'other')}`,
  );
  const fromMbox = objects(await run(folder, ['all.mbox', '--json']));
  assert.deepEqual(
    fromMbox.map(({ file, part, recipients }) => [file, part, recipients[0].address]),
    [
      ['all.mbox', '1', 'student@example.edu'],
      ['all.mbox', '2', 'other@example.edu'],
    ],
  );
});

test('--suppress suppresses hard bounces only, whom we mailed and not where it was forwarded to', async (t) => {
  const folder = workFolder(t);
  const { err } = await run(folder, [FIXTURES, '--suppress']);
  assert.deepEqual(
    suppressed(
      folder,
      ...HARD,
      'ann.old@mail.example',
      'full@example.org',
      'locked@example.org',
      'slow@example.net',
      'customer@example.com',
      'victim@example.net',
      'kim@example.net',
    ),
    HARD,
  );
  assert.match(err, /in the suppression store: .*suppressed/);
});

test('the same messages a second time, elsewhere and with other line ends change nothing', async (t) => {
  const folder = workFolder(t);
  await run(folder, [FIXTURES, '--suppress']);
  const history = historyOf(folder);
  const again = await run(folder, [FIXTURES, '--suppress']);
  assert.equal(again.out, '');
  assert.match(again.err, /0 messages read, 14 known from before/);
  const copy = join(folder, 'copy');
  cpSync(FIXTURES, copy, { recursive: true });
  for (const name of readdirSync(copy)) {
    const file = join(copy, name);
    writeFileSync(file, readFileSync(file, 'latin1').replaceAll('\n', '\r\n'), 'latin1');
  }
  assert.match((await run(folder, [copy, '--suppress'])).err, /0 messages read, 14 known/);
  assert.deepEqual(historyOf(folder), history);
});

function historyOf(folder: string): unknown[] {
  const store = openStore({ path: join(folder, 'store.db'), clock: systemClock });
  try {
    return [...store.suppressions.history()];
  } finally {
    store.close();
  }
}

test('--dry-run says what would happen and keeps nothing', async (t) => {
  const folder = workFolder(t);
  const outcome = await run(folder, [FIXTURES, '--dry-run', '--json']);
  const gone = objects(outcome)
    .flatMap(({ recipients }) => recipients)
    .find(({ address }) => address === 'gone@example.net');
  assert.equal(gone.outcome, 'suppressed');
  assert.deepEqual(suppressed(folder, ...HARD), []);
  assert.equal(objects(await run(folder, [FIXTURES, '--dry-run', '--json'])).length, 14);
});

test('what does not count says why', async (t) => {
  const outcome = await run(workFolder(t), [FIXTURES, '--dry-run', '--json']);
  const whyOf = (wanted: string) =>
    objects(outcome)
      .flatMap(({ recipients }) => recipients)
      .find(({ address }) => address === wanted)?.why;
  assert.match(whyOf('slow@example.net'), /still being tried/);
  assert.match(whyOf('victim@example.net'), /passed it on/);
  assert.equal(whyOf('customer@example.com'), undefined);
});

test('three soft bounces of different messages on different days suppress, warnings never', async (t) => {
  const folder = workFolder(t);
  const full = readFileSync(join(FIXTURES, 'postfix-unknown-user.eml'), 'latin1');
  const slow = readFileSync(join(FIXTURES, 'postfix-delayed.eml'), 'latin1');
  const now = Date.now();
  mkdirSync(join(folder, 'in'));
  for (let day = 1; day <= 3; day += 1) {
    const date = new Date(now - day * 86_400_000).toUTCString();
    const dated = (text: string) =>
      text.replace(/^Date: .*$/m, `Date: ${date}`).replaceAll('campaign-7.1', `campaign-${day}`);
    writeFileSync(join(folder, 'in', `full-${day}.eml`), dated(full), 'latin1');
    writeFileSync(join(folder, 'in', `slow-${day}.eml`), dated(slow), 'latin1');
    await run(folder, ['in', '--suppress']);
    assert.deepEqual(suppressed(folder, 'full@example.org', 'slow@example.net'), day < 3 ? [] : ['full@example.org']);
  }
});

test('one source that suppresses very many stops the run, and nothing of that batch is kept', async (t) => {
  const folder = workFolder(t);
  const scan = run(folder, [manyBounces(folder), '--suppress', '--source-limit', '5']);
  await assert.rejects(scan, (error) => error instanceof MailgateError && error.kind === 'input');
  assert.deepEqual(suppressed(folder, 'u1@example.test', 'u2@example.test'), []);
  await run(folder, ['many', '--suppress', '--source-limit', '5', '--yes']);
  assert.deepEqual(suppressed(folder, 'u1@example.test', 'u2@example.test'), ['u1@example.test', 'u2@example.test']);
});

function manyBounces(folder: string): string {
  const one = readFileSync(join(FIXTURES, 'qmail-local.eml'), 'latin1');
  const path = join(folder, 'many');
  mkdirSync(path);
  for (let i = 1; i <= 10; i += 1)
    writeFileSync(join(path, `${i}.eml`), one.replaceAll('student@example.edu', `u${i}@example.test`));
  return path;
}

test('--move-to and --mark-seen put messages away once they are kept, unparsed ones aside with the reason', async (t) => {
  const folder = workFolder(t);
  const maildir = join(folder, 'Maildir');
  for (const name of ['new', 'cur', 'tmp']) mkdirSync(join(maildir, name), { recursive: true });
  const one = readFileSync(join(FIXTURES, 'qmail-local.eml'), 'latin1');
  writeFileSync(join(maildir, 'new', '1.a.host'), one);
  writeFileSync(join(maildir, 'cur', '2.b.host:2,F'), one.replaceAll('student', 'other'));
  writeFileSync(join(maildir, 'new', '4.d.host'), 'From: MAILER-DAEMON@x.test\nSubject: Undeliverable\n\nno idea\n');
  await run(folder, ['Maildir', '--suppress', '--mark-seen']);
  assert.deepEqual(readdirSync(join(maildir, 'new')), ['4.d.host'], 'what nobody could read is left unseen');
  assert.deepEqual(readdirSync(join(maildir, 'cur')).sort(), ['1.a.host:2,S', '2.b.host:2,FS']);
  writeFileSync(join(maildir, 'new', '3.c.host'), one.replaceAll('student', 'third'));
  await run(folder, ['Maildir', '--suppress', '--move-to', 'done']);
  assert.deepEqual(
    readdirSync(join(folder, 'done')).sort(),
    ['1.a.host:2,S', '2.b.host:2,FS', '3.c.host', 'unreadable'],
    'also those kept before',
  );
  assert.deepEqual(readdirSync(join(folder, 'done', 'unreadable')).sort(), ['4.d.host', '4.d.host.reason']);
  assert.deepEqual(readdirSync(join(maildir, 'new')), []);
});

test('nothing is moved without --suppress', async (t) => {
  const folder = workFolder(t);
  await assert.rejects(run(folder, [FIXTURES, '--move-to', 'done']), /need --suppress/);
  assert.equal(existsSync(join(folder, 'done')), false);
});

test('a signed return address verifies a bounce and names its recipient even where nothing can be read', async (t) => {
  const folder = workFolder(t);
  const secret = Buffer.alloc(32, 9);
  writeFileSync(join(folder, 'verp.key'), secret.toString('base64'));
  const returned = makeVerp({ recipient: 'unreadable@example.net', returnAddress: 'bounce@shop.example' }, { secret });
  const body = `From: MAILER-DAEMON@x.test\nTo: ${returned}\nSubject: Undeliverable\n\nкаша\n`;
  writeFileSync(join(folder, 'signed.eml'), body);
  writeFileSync(join(folder, 'forged.eml'), body.replace('unreadable', 'victim'));
  const [forged, signed] = objects(await run(folder, ['forged.eml', 'signed.eml', '--json', '--verp-key', 'verp.key']));
  assert.deepEqual(
    [signed.kind, signed.verified, signed.recipients[0].address],
    ['bounce', true, 'unreadable@example.net'],
  );
  assert.deepEqual([forged.kind, forged.verified], ['unparsed', false]);
});

test('--only-verified believes nothing else', async (t) => {
  const folder = workFolder(t);
  writeFileSync(join(folder, 'verp.key'), Buffer.alloc(32, 9).toString('hex'));
  await run(folder, [FIXTURES, '--suppress', '--only-verified', '--verp-key', 'verp.key']);
  assert.deepEqual(suppressed(folder, ...HARD), []);
  await assert.rejects(run(folder, [FIXTURES, '--only-verified']), /needs the key/);
});

test('what is named and cannot be read gives exit code 3, and the rest is read', async (t) => {
  const { code, out, err } = await run(workFolder(t), ['nowhere', join(FIXTURES, 'qmail-local.eml')]);
  assert.equal(code, 3);
  assert.match(err, /nowhere was not read \(not found\)/);
  assert.match(out, /student@example\.edu/);
});

test('words of strangers start no line, no escape sequence and no second JSON object', async (t) => {
  const folder = workFolder(t);
  const evil =
    'From: MAILER-DAEMON@x.test\nSubject: =?utf-8?Q?Undeliverable=0A=1B[31m=E2=80=AE?=\nMIME-Version: 1.0\n\nThis is the qmail-send program at x.\n\n<a@example.test>:\n550 5.1.1 \x9b\x1b]0;owned\x07\x1b[2J {"file":"fake"}\u2028no such user\n';
  writeFileSync(join(folder, 'evil.eml'), evil);
  writeFileSync(join(folder, 'other.eml'), evil.replace('<a@example.test>:', '(nobody)'));
  const plain = await run(folder, ['evil.eml', 'other.eml']);
  assert.doesNotMatch(plain.out, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e]/);
  assert.equal(plain.out.trim().split('\n').length, 2);
  const json = await run(folder, ['evil.eml', 'other.eml', '--json']);
  assert.equal(objects(json).length, 2);
  assert.doesNotMatch(json.out, /[\x1b\u2028\x9b]/);
});

test('--watch goes on until it is stopped, and reads only what is new', async (t) => {
  const folder = workFolder(t);
  const one = readFileSync(join(FIXTURES, 'qmail-local.eml'), 'latin1');
  mkdirSync(join(folder, 'in'));
  writeFileSync(join(folder, 'in', '1.eml'), one);
  const stop = new AbortController();
  let lines = 0;
  const onOutput = () => {
    lines += 1;
    if (lines === 1) writeFileSync(join(folder, 'in', '2.eml'), one.replaceAll('student', 'second'));
    else stop.abort(new Error('enough'));
  };
  await assert.rejects(
    run(folder, ['in', '--json', '--watch', '10ms'], { interrupted: stop.signal, onOutput }),
    /enough/,
  );
  assert.equal(lines, 2);
});
