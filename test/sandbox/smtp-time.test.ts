// Everything about mail hosts that takes time: greylists, slow replies, tarpits and rates, with a clock moved by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import type { Mood } from '../../src/sandbox/world.ts';
import { mailboxes, worldOf } from '../../src/sandbox/world-builders.ts';
import { ManualClock } from './manual-clock.ts';
import { RawClient } from './raw-client.ts';

const ADDRESS = '127.0.42.1';

interface Setting {
  readonly clock: ManualClock;
  readonly sandbox: Sandbox;
  connect(): Promise<RawClient>;
}

async function withHost(mood: Mood, run: (setting: Setting) => Promise<void>): Promise<void> {
  const clock = new ManualClock();
  const people = mailboxes([
    ['anna', 'ok'],
    ['later', { until: { tries: 3 }, becomes: 'ok' }],
    ['slow', { delayMs: 700, becomes: 'ok' }],
  ]);
  const host = { name: 'mx.a.test', addresses: [ADDRESS], domains: ['a.test'], mailboxes: people, ...mood };
  const sandbox = await startSandbox(worldOf({ hosts: [host] }), { clock });
  try {
    await run({ clock, sandbox, connect: () => RawClient.connect(sandbox.smtpPort, ADDRESS) });
  } finally {
    await sandbox.stop();
  }
  assert.equal(clock.pending, 0, 'stopping leaves no timer behind');
}

/** Sends a command and waits until the host has seen it, so that moving the clock has something to move. */
async function sendSeen({ sandbox }: Setting, client: RawClient, line: string): Promise<void> {
  const before = commandsSeen(sandbox);
  client.send(`${line}\r\n`);
  await sandbox.record.until(() => commandsSeen(sandbox) > before);
}

function commandsSeen(sandbox: Sandbox): number {
  return [...sandbox.record.verbs.values()].reduce((sum, count) => sum + count, 0);
}

async function askOnce(setting: Setting, sender: string, recipient: string): Promise<string> {
  const client = await setting.connect();
  await client.greet(sender);
  const reply = await client.ask(`RCPT TO:<${recipient}>`);
  await client.ask('QUIT');
  client.destroy();
  return reply?.slice(0, 9) ?? 'none';
}

test('a greylist lets the same client, sender and recipient through after the wait', async () => {
  await withHost({ greylist: { waitMs: 300_000 } }, async (setting) => {
    assert.equal(await askOnce(setting, 'me@x.test', 'anna@a.test'), '450 4.2.0');
    setting.clock.advance(299_000);
    assert.equal(await askOnce(setting, 'me@x.test', 'anna@a.test'), '450 4.2.0');
    assert.equal(await askOnce(setting, 'me@x.test', 'zoe@a.test'), '450 4.2.0', 'unknown users wait as well');
    setting.clock.advance(1000);
    assert.equal(await askOnce(setting, 'me@x.test', 'anna@a.test'), '250 2.1.5');
    assert.equal(await askOnce(setting, 'other@x.test', 'anna@a.test'), '450 4.2.0', 'another sender is a stranger');
    setting.clock.advance(300_000);
    assert.equal(await askOnce(setting, 'me@x.test', 'zoe@a.test'), '550 5.1.1', 'the truth comes after the wait');
  });
});

test('a mailbox may be greylisted until the third try', async () => {
  await withHost({}, async (setting) => {
    const tries = [];
    for (let i = 0; i < 4; i++) tries.push(await askOnce(setting, '', 'later@a.test'));
    assert.deepEqual(tries, ['450 4.2.0', '450 4.2.0', '250 2.1.5', '250 2.1.5']);
  });
});

test('latency is a round trip that pipelined commands share; thinking is done one by one', async () => {
  await withHost({ wire: { latencyMs: 50 } }, async (setting) => {
    const client = await openSlowly(setting, 50);
    client.send('RCPT TO:<anna@a.test>\r\nRCPT TO:<zoe@a.test>\r\n');
    await setting.sandbox.record.until((record) => record.recipients === 2);
    setting.clock.advance(50);
    assert.match((await client.reply()) ?? '', /^250/);
    assert.match((await client.reply()) ?? '', /^550/);
    client.destroy();
  });
  await withHost({ wire: { thinkMs: 50 } }, async (setting) => {
    const client = await openSlowly(setting, 50);
    client.send('RCPT TO:<anna@a.test>\r\nRCPT TO:<zoe@a.test>\r\n');
    await setting.sandbox.record.until((record) => record.recipients === 2);
    setting.clock.advance(50);
    assert.match((await client.reply()) ?? '', /^250/);
    assert.equal(client.received, '');
    setting.clock.advance(50);
    assert.match((await client.reply()) ?? '', /^550/);
    client.destroy();
  });
});

test('one mailbox may answer late', async () => {
  await withHost({}, async (setting) => {
    const client = await setting.connect();
    await client.greet();
    await sendSeen(setting, client, 'RCPT TO:<slow@a.test>');
    setting.clock.advance(699);
    await sendSeen(setting, client, 'NOOP');
    assert.equal(client.received, '');
    setting.clock.advance(1);
    assert.match((await client.reply()) ?? '', /^250 2\.1\.5/);
    client.destroy();
  });
});

test('a tarpit sends a byte a second', async () => {
  await withHost({ wire: { byteMs: 1000 } }, async (setting) => {
    const client = await setting.connect();
    await setting.sandbox.record.until((record) => record.overall.total === 1);
    setting.clock.advance(2000);
    assert.equal(await client.match(/^220/), '220');
    setting.clock.advance(60_000);
    assert.equal(await client.match(/^ mx\.a\.test ESMTP Sandbox\r\n/), ' mx.a.test ESMTP Sandbox\r\n');
    client.destroy();
  });
});

test('past the soft error limit every reply is late, past the hard one an unasked 421 ends the session', async () => {
  await withHost({ limits: { softErrors: 2, hardErrors: 3 } }, async (setting) => {
    const client = await setting.connect();
    await client.greet();
    assert.match((await client.ask('RCPT TO:<x@a.test>')) ?? '', /^550/);
    await sendSeen(setting, client, 'RCPT TO:<y@a.test>');
    setting.clock.advance(1000);
    assert.match((await client.reply()) ?? '', /^550/);
    await sendSeen(setting, client, 'RCPT TO:<anna@a.test>');
    setting.clock.advance(1000);
    assert.match((await client.reply()) ?? '', /^250/, 'good names wait as well');
    await sendSeen(setting, client, 'RCPT TO:<z@a.test>');
    setting.clock.advance(1000);
    assert.match((await client.reply()) ?? '', /^550/);
    assert.match((await client.reply()) ?? '', /^421 4\.7\.0 mx\.a\.test Error: too many errors/);
    assert.equal(await client.closed(), 'closed');
  });
});

test('a rate lets so many recipients through in its window', async () => {
  await withHost({ limits: { rate: { recipients: 2, perMs: 60_000 } } }, async (setting) => {
    const replies = [];
    for (let i = 0; i < 3; i++) replies.push(await askOnce(setting, '', 'anna@a.test'));
    assert.deepEqual(replies, ['250 2.1.5', '250 2.1.5', '450 4.7.1']);
    setting.clock.advance(60_000);
    assert.equal(await askOnce(setting, '', 'anna@a.test'), '250 2.1.5');
  });
});

test('stopping ends slow, silent and flooding sessions at once', async () => {
  const setting: { clients: RawClient[] } = { clients: [] };
  await withHost({ wire: { thinkMs: 1_000_000 }, at: { ehlo: 'silent' } }, async ({ connect, sandbox }) => {
    setting.clients = [await connect(), await connect()];
    setting.clients[0]?.send('EHLO x\r\n');
    await sandbox.record.until((record) => record.overall.total === 2 && record.verbs.get('EHLO') === 1);
  });
  for (const client of setting.clients) await client.closed();
});

/** Banner, EHLO and MAIL at a host whose every reply takes `ms`. */
async function openSlowly(setting: Setting, ms: number): Promise<RawClient> {
  const client = await setting.connect();
  await setting.sandbox.record.until((record) => record.overall.total === 1);
  setting.clock.advance(ms);
  await client.reply();
  for (const line of ['EHLO client.test', 'MAIL FROM:<>']) {
    await sendSeen(setting, client, line);
    setting.clock.advance(ms);
    await client.reply();
  }
  return client;
}
