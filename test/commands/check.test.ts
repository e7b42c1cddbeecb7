// `mailgate check`, whole: the lines people read, the objects machines read, several addresses, standard input, exit codes.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { mailZone, people, worldOf } from '../../src/sandbox/world-builders.ts';
import { freshFolder } from '../support/mailgate.ts';
import { objectsOf, within } from './rows.ts';
import { startWorld } from './world.ts';

const WORLD = worldOf({
  hosts: [
    {
      name: 'mx.known.test',
      addresses: ['127.33.1.1'],
      domains: ['known.test'],
      mailboxes: people('anna', 'info'),
      fatesByName: true,
    },
    { name: 'mx.all.test', addresses: ['127.33.1.2'], domains: ['all.test'], accepts: 'anything' },
    {
      name: 'mx.fortress.test',
      addresses: ['127.33.1.3'],
      domains: ['fortress.test'],
      at: { banner: { say: '554 5.7.1 no mail from you' } },
    },
    { name: 'mx.mute.test', addresses: ['127.33.1.4'], domains: ['mute.test'], at: { banner: 'silent' } },
  ],
  zones: [mailZone('nobody.test', ['mx.nowhere.test'])],
});

async function checkInWorld(t: TestContext) {
  const folder = freshFolder(t);
  const world = await startWorld(t, WORLD);
  return {
    folder,
    world,
    check: async (args: readonly string[], stdin = '') =>
      await folder.run(['check', ...args, ...world.flags], { stdin }),
  };
}

const answers: readonly [address: string, exitCode: number, firstLine: string, says: readonly RegExp[]][] = [
  [
    'anna@known.test',
    0,
    'anna@known.test  valid (accepted)',
    [
      /^ {2}mx +10 mx\.known\.test \(127\.33\.1\.1\)$/m,
      /about a name nobody has .*→ mailbox_not_found/,
      /^ {2}catch-all no: /m,
    ],
  ],
  [
    'nobody@known.test',
    1,
    'nobody@known.test  invalid (mailbox_not_found)',
    [/asked +mx\.known\.test about nobody@known\.test: 550 5\.1\.1 /],
  ],
  [
    'x@all.test',
    1,
    'x@all.test  catchall (accepts_anything)',
    [/^ {2}catch-all yes: a name nobody has was accepted too$/m],
  ],
  [
    'greylist@known.test',
    1,
    'greylist@known.test  unknown (greylisted)',
    [/→ greylisted \(rule /, /^ {2}next +Run the same command again in /m],
  ],
  ['x@gone.test', 1, 'x@gone.test  invalid (domain_not_found)', [/^ {2}dns +the domain gone\.test does not exist$/m]],
  ['not an address', 1, 'not an address  invalid (syntax)', [/^ {2}syntax +bad: /m, /^ {2}source +nobody was asked$/m]],
  [
    'INFO@Known.Test',
    0,
    'INFO@known.test  valid (accepted)',
    [/^ {2}flags +role$/m, /^ {2}score +90 = status_valid \+100, role -10$/m],
  ],
];
for (const [address, exitCode, firstLine, says] of answers) {
  test(`check ${address} says "${firstLine}" and why`, async (t) => {
    const { check } = await checkInWorld(t);
    const run = await check([address]);
    assert.equal(run.exitCode, exitCode, run.stderr);
    assert.equal(run.stdout.split('\n')[0], firstLine);
    for (const words of says) assert.match(run.stdout, words);
    assert.match(run.stdout, /^ {2}source +(?:asked just now|nobody was asked)$/m);
    assert.equal(run.stderr, '');
  });
}

test('what a host said at its door is shown once', async (t) => {
  const { check } = await checkInWorld(t);
  const run = await check(['x@fortress.test']);
  assert.equal(run.stdout.match(/no mail from you/g)?.length, 1, run.stdout);
});

test('check --json gives one object per address, by the names of the contract', async (t) => {
  const { check } = await checkInWorld(t);
  const run = await check(['anna@known.test', 'no address', '--json']);
  assert.equal(run.exitCode, 1);
  const [valid, bad] = objectsOf(run.stdout);
  const { factors, checked_at, evidence, mx, ...rest } = valid ?? {};
  assert.deepEqual(rest, {
    input: 'anna@known.test',
    address: 'anna@known.test',
    status: 'valid',
    reason: 'accepted',
    score: 100,
    syntax: {
      valid: true,
      reason: null,
      message: null,
      position: null,
      repairs: [],
      ascii: 'anna@known.test',
      smtputf8: false,
      quoted: false,
    },
    domain: 'known.test',
    suggestion: null,
    provider: 'known.test',
    smtp: {
      host: 'mx.known.test',
      stage: 'rcpt',
      code: 250,
      enhanced: '2.1.5',
      reply: '250 2.1.5 Ok',
      attempts: 1,
      tls: null,
    },
    detail: null,
    stage: 'rcpt',
    catchall: 'no',
    flags: { role: false, disposable: false, free: false, relay: false, typo: false, implicit_mx: false },
    source: 'live',
  });
  assert.deepEqual(factors, [{ name: 'status_valid', points: 100 }]);
  assert.match(String(checked_at), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  assert.deepEqual(mx, [{ name: 'mx.known.test', preference: 10, addresses: ['127.33.1.1'] }]);
  const shown = (evidence as Record<string, unknown>[]).map(({ control, code, meaning }) => [control, code, meaning]);
  assert.deepEqual(shown, [
    [false, 250, 'accepted'],
    [true, 550, 'mailbox_not_found'],
  ]);
  assert.deepEqual(
    [bad?.['input'], bad?.['address'], bad?.['status'], bad?.['reason']],
    ['no address', null, 'invalid', 'syntax'],
  );
  assert.equal(within(bad, 'syntax', 'valid'), false);
});

test('syntax.valid speaks of the text alone: a reserved domain is no fault of it', async (t) => {
  const run = await freshFolder(t).run(['check', 'anna@example.invalid', '--json', '--offline']);
  const [answer] = objectsOf(run.stdout);
  assert.deepEqual([answer?.['reason'], within(answer, 'syntax', 'valid')], ['reserved_domain', true]);
});

test('check - takes an address per line, blank lines aside', async (t) => {
  const { check } = await checkInWorld(t);
  const run = await check(['-', '--json'], 'anna@known.test\r\n\n  nobody@known.test  \nx@all.test');
  assert.deepEqual(
    objectsOf(run.stdout).map(({ status }) => status),
    ['valid', 'invalid', 'catchall'],
  );
  assert.ok(objectsOf(run.stdout).every((answer) => !('id' in answer)));
});

test('check - takes objects, and gives each id back as it came', async (t) => {
  const { check } = await checkInWorld(t);
  const ids = [7, 'b', null, { deep: [1] }];
  const lines = ids.map((id) => JSON.stringify({ id, address: 'anna@known.test', more: true }));
  const run = await check(['-', '--json'], lines.join('\n'));
  assert.deepEqual(
    objectsOf(run.stdout).map(({ id }) => id),
    ids,
  );
  assert.equal(run.exitCode, 0);
});

const badLines: readonly [stdin: string, says: RegExp][] = [
  ['{"address":"a@gmx.de"}\nplain\n', /line 2 of standard input is no JSON object/],
  ['{"address":"a@gmx.de"}\n[1]\n', /line 2 of standard input is no JSON object/],
  ['{"mail":"a@gmx.de"}\n', /line 1 of standard input has no text under "address"/],
  ['{"address":7}\n', /line 1 of standard input has no text under "address"/],
];
for (const [stdin, says] of badLines) {
  test(`check - refuses ${JSON.stringify(stdin)} with the number of the line`, async (t) => {
    const run = await freshFolder(t).run(['check', '-', '--offline', '--json'], { stdin });
    assert.equal(run.exitCode, 3);
    assert.match(run.stderr, says);
  });
}

test('several addresses of a domain ask the catch-all question once, and a second run asks nothing', async (t) => {
  const { check, world } = await checkInWorld(t);
  const addresses = ['anna@known.test', 'info@known.test'];
  assert.equal((await check(addresses)).exitCode, 0);
  assert.equal(world.record.questionsBeside('known.test', new Set(addresses)), 1);
  const connections = world.record.overall.total;
  const again = await check(addresses);
  assert.equal(again.exitCode, 0);
  assert.match(again.stdout, /^ {2}source +from the cache, asked \d{4}-/m);
  assert.equal(world.record.overall.total, connections);
});

test('check -v shows the dialogue below the evidence', async (t) => {
  const { check } = await checkInWorld(t);
  const run = await check(['-v', 'nobody@known.test']);
  assert.match(
    run.stdout,
    /^ {4}> MAIL FROM:<verify@client\.test>\n {4}< 250 2\.1\.0 Ok\n {4}> RCPT TO:<nobody@known\.test>$/m,
  );
});

test('check --no-smtp finds the mail hosts and stops there', async (t) => {
  const { check, world } = await checkInWorld(t);
  const run = await check(['anna@known.test', '--no-smtp', '--json']);
  const [answer] = objectsOf(run.stdout);
  assert.deepEqual([answer?.['status'], answer?.['reason']], ['unknown', 'not_checked']);
  assert.equal(within(answer, 'mx', 'length'), 1);
  assert.equal(world.record.overall.total, 0);
});

test('a suggestion stands where a typing error is plain', async (t) => {
  const run = await freshFolder(t).run(['check', 'laura@gmial.com', '--sandbox', '--json']);
  assert.equal(objectsOf(run.stdout)[0]?.['suggestion'], 'laura@gmail.com');
});

test('an address given twice is asked about once', async (t) => {
  const { check, world } = await checkInWorld(t);
  const run = await check(['nobody@known.test', 'Nobody@known.test', '--json']);
  assert.deepEqual(
    objectsOf(run.stdout).map(({ status, source }) => [status, source]),
    [
      ['invalid', 'live'],
      ['invalid', 'cache'],
    ],
  );
  assert.equal(world.record.recipients, 1);
});

test('--time-limit ends the asking: the rest is not checked, and the exit code says so', async (t) => {
  const { check } = await checkInWorld(t);
  const run = await check([
    'anna@known.test',
    'x@mute.test',
    'info@known.test',
    'no address',
    '--json',
    '--time-limit',
    '2s',
  ]);
  assert.equal(run.exitCode, 6, run.stderr);
  assert.deepEqual(
    objectsOf(run.stdout).map(({ reason }) => reason),
    ['accepted', 'not_checked', 'not_checked', 'syntax'],
  );
});
