// What the sandbox writes down: connections as the server counts them, questions per domain, talk out of turn.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts';
import type { MailHost, Mood } from '../../src/sandbox/world.ts';
import { people, worldOf } from '../../src/sandbox/world-builders.ts';
import { ManualClock } from './manual-clock.ts';
import { RawClient } from './raw-client.ts';

const A = '127.0.43.1';
const B = '127.0.43.2';

function host(name: string, address: string, mood: Mood = {}): MailHost {
  const domains = [`${name}.test`, `also-${name}.test`];
  return {
    name: `mx.${name}.test`,
    provider: 'big',
    addresses: [address],
    domains,
    mailboxes: people('anna'),
    ...mood,
  };
}

async function withHosts(
  hosts: readonly MailHost[],
  run: (sandbox: Sandbox) => Promise<void>,
  options: SandboxOptions = {},
): Promise<void> {
  const sandbox = await startSandbox(worldOf({ hosts }), options);
  try {
    await run(sandbox);
  } finally {
    await sandbox.stop();
  }
}

test('connections are counted per address, host, provider and overall, now and at most', async () => {
  await withHosts([host('a', A), host('b', B)], async ({ smtpPort, record }) => {
    const clients = await Promise.all([A, A, B].map((address) => RawClient.connect(smtpPort, address)));
    for (const client of clients) await client.reply();
    assert.deepEqual(record.byHostAddress.get(A), { now: 2, max: 2, total: 2 });
    assert.deepEqual(record.byHost.get('mx.b.test'), { now: 1, max: 1, total: 1 });
    assert.deepEqual(record.byProvider.get('big'), { now: 3, max: 3, total: 3 });
    for (const client of clients) client.destroy();
    await record.until(({ overall }) => overall.now === 0);
    const again = await RawClient.connect(smtpPort, A);
    await again.reply();
    assert.deepEqual(record.overall, { now: 1, max: 3, total: 4 });
    again.destroy();
  });
});

test('a client that waits for 221 before the next connection never counts twice', async () => {
  await withHosts([host('a', A)], async ({ smtpPort, record }) => {
    for (let i = 0; i < 50; i++) {
      const client = await RawClient.connect(smtpPort, A);
      await client.reply();
      await client.ask('QUIT');
      client.destroy();
    }
    assert.equal(record.overall.max, 1);
    assert.equal(record.sessionsWithoutQuit, 0);
  });
});

test('questions are counted per domain and address, with the connections that asked', async () => {
  await withHosts([host('a', A)], async ({ smtpPort, record }) => {
    for (const names of [['anna', 'kqzvwp'], ['anna']]) {
      const client = await RawClient.connect(smtpPort, A);
      await client.greet();
      for (const name of names) await client.ask(`RCPT TO:<${name}@a.test>`);
      await client.ask('RCPT TO:<anna@also-a.test>');
      await client.ask('QUIT');
    }
    const tally = record.byDomain.get('a.test');
    assert.equal(tally?.recipients, 3);
    assert.deepEqual(tally?.connections, { now: 0, max: 1, total: 2 });
    assert.equal(tally?.questions.get('anna@a.test'), 2, 'a repeated question shows');
    assert.equal(record.questionsBeside('a.test', new Set(['anna@a.test'])), 1, 'and so does a catch-all question');
    assert.equal(record.byDomain.get('also-a.test')?.recipients, 2);
    assert.equal(record.recipients, 5);
    assert.equal(record.verbs.get('RCPT'), 5);
  });
});

test('openings and closings stand in one order, and commands as they came', async () => {
  await withHosts([host('a', A)], async ({ smtpPort, record }) => {
    const first = await RawClient.connect(smtpPort, A);
    await first.reply();
    const second = await RawClient.connect(smtpPort, A);
    await second.reply();
    await first.ask('EHLO client.test');
    await first.ask('QUIT');
    second.destroy();
    await record.until(({ overall }) => overall.now === 0);
    const [one, two] = record.connections;
    assert.deepEqual([one?.openedOrder, two?.openedOrder, one?.closedOrder, two?.closedOrder], [0, 1, 2, 3]);
    assert.deepEqual(
      one?.commands.map((command) => command.line),
      ['EHLO client.test', 'QUIT'],
    );
    assert.deepEqual([one?.host, one?.hostAddress, one?.clientAddress], ['mx.a.test', A, '127.0.0.1']);
    assert.equal(record.sessionsWithoutQuit, 1);
    assert.equal(two?.quit, false);
  });
});

test('talking before the banner is noticed, and punished where the host is strict', async () => {
  const clock = new ManualClock();
  const teaser = { say: '220-wait\n220 ready', pauseMs: 1000 };
  const strict: Mood = { at: { banner: teaser }, limits: { punishesEarlyTalk: 'postscreen' } };
  const hosts = [host('a', A, { at: { banner: teaser } }), host('b', B, strict)];
  await withHosts(
    hosts,
    async ({ smtpPort, record }) => {
      const mild = await RawClient.connect(smtpPort, A);
      await mild.match(/^220-wait\r\n/);
      mild.send('EHLO client.test\r\n');
      await record.until((each) => each.earlyTalk === 1);
      clock.advance(1000);
      assert.equal(await mild.reply(), '220 ready');
      const hasty = await RawClient.connect(smtpPort, B);
      await hasty.match(/^220-wait\r\n/);
      hasty.send('EHLO client.test\r\n');
      await record.until((each) => each.earlyTalk === 2);
      clock.advance(1000);
      assert.equal(await hasty.reply(), '220 ready');
      assert.match((await hasty.reply()) ?? '', /^521/);
      assert.equal(await hasty.closed(), 'closed');
      mild.destroy();
    },
    { clock },
  );
});

const early: readonly [mood: Mood, lines: string, counts: [pipelined: number, early: number], ends: string | null][] = [
  [{}, 'RCPT TO:<anna@a.test>\r\nRCPT TO:<x@a.test>\r\nQUIT\r\n', [2, 0], '221'],
  [{}, 'NOOP\r\nRSET\r\n', [0, 1], null],
  [{ offers: { pipelining: false } }, 'RCPT TO:<anna@a.test>\r\nRCPT TO:<x@a.test>\r\n', [0, 1], null],
  [
    { offers: { pipelining: false }, limits: { punishesEarlyTalk: 'opensmtpd' } },
    'RSET\r\nRSET\r\n',
    [0, 1],
    '500 5.5.1',
  ],
  [{ offers: { pipelining: false }, limits: { punishesEarlyTalk: 'exim' } }, 'RSET\r\nRSET\r\n', [0, 1], '554 SMTP'],
  [
    { offers: { pipelining: false }, limits: { punishesEarlyTalk: 'postfix' } },
    'RSET\r\nRSET\r\n',
    [0, 1],
    '554 5.5.0',
  ],
];

for (const [mood, lines, [pipelined, tooEarly], ends] of early) {
  const title = `${lines.trim().replaceAll('\r\n', ', ')} at once counts ${pipelined} pipelined and ${tooEarly} early`;
  test(`${title} ${JSON.stringify(mood)}`, async () => {
    await withHosts([host('a', A, mood)], async ({ smtpPort, record }) => {
      const client = await RawClient.connect(smtpPort, A);
      await client.greet();
      client.send(lines);
      const replies: string[] = [];
      for (let i = 0; i < lines.split('\r\n').length - 1; i++) replies.push((await client.reply()) ?? '');
      assert.deepEqual([record.pipelined, record.earlyTalk], [pipelined, tooEarly]);
      if (ends !== null) assert.ok(replies.at(-1)?.startsWith(ends), replies.at(-1));
      client.destroy();
    });
  });
}

test('a host with a limit of connections turns more away', async () => {
  await withHosts([host('a', A, { limits: { connections: 1 } })], async ({ smtpPort, record }) => {
    const first = await RawClient.connect(smtpPort, A);
    assert.match((await first.reply()) ?? '', /^220/);
    const second = await RawClient.connect(smtpPort, A);
    assert.match((await second.reply()) ?? '', /^421 4\.7\.0/);
    await first.ask('QUIT');
    await record.until(({ overall }) => overall.now === 0);
    const third = await RawClient.connect(smtpPort, A);
    assert.match((await third.reply()) ?? '', /^220/);
    for (const client of [first, second, third]) client.destroy();
  });
});

test('without kept commands the counters are the same and nothing else grows', async () => {
  await withHosts(
    [host('a', A)],
    async ({ smtpPort, record }) => {
      const client = await RawClient.connect(smtpPort, A);
      await client.greet();
      await client.ask('RCPT TO:<anna@a.test>');
      await client.ask('QUIT');
      assert.equal(record.recipients, 1);
      assert.equal(record.byDomain.get('a.test')?.recipients, 1);
      assert.equal(record.byDomain.get('a.test')?.questions.size, 0);
      assert.equal(record.connections.length, 0);
    },
    { keepCommands: false },
  );
});

test('a line without end is cut off and refused, and the session goes on', async () => {
  await withHosts([host('a', A)], async ({ smtpPort }) => {
    const client = await RawClient.connect(smtpPort, A);
    await client.reply();
    client.send('X'.repeat(100_000));
    assert.match((await client.reply()) ?? '', /^500 5\.5\.2/);
    client.send('X\r\n');
    assert.match((await client.ask('NOOP')) ?? '', /^250/);
    client.destroy();
  });
});
