// One conversation over real sockets, up to MAIL and with recipients after it: what is sent when, and what each reply leads to.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_TIMEOUTS } from '../../src/smtp/timeouts.ts';
import { gate, jane, john, openFailed, openReady, running, serve, summaryOf } from './conversation.ts';
import { createHandClock } from './hand-clock.ts';

// ── The usual course ──────────────────────────────────────────────────────────────────────────────────────────────

test('greets, asks recipients one after the other under one MAIL, and leaves with QUIT', async () => {
  let all = '';
  const server = await serve(async (peer) => {
    await peer.upToMail('250-mx.host.test hello\r\n250-PIPELINING\r\n250 SIZE 1000\r\n');
    await peer.answer('RCPT TO:<Jane@example.test>', '250 2.1.5 Ok\r\n');
    await peer.answer('RCPT TO:<john@example.test>', '550-5.1.1 No\r\n550 5.1.1 such user\r\n');
    await peer.answer('QUIT', '221 2.0.0 Bye\r\n');
    await peer.gone;
    all = peer.received;
  });
  const session = await openReady(server);
  assert.equal(session.banner.text, 'mx.host.test ESMTP');
  assert.equal(session.hello, 'EHLO');
  assert.equal(session.secured, false);
  assert.deepEqual(
    [...session.extensions],
    [
      ['PIPELINING', ''],
      ['SIZE', '1000'],
    ],
  );

  const first = await session.ask(jane);
  assert.equal(first.status, 'replied');
  assert.deepEqual(first.reply, { code: 250, enhanced: '2.1.5', text: '2.1.5 Ok' });
  const second = await session.ask(john);
  assert.equal(second.status, 'replied');
  assert.deepEqual(second.reply, { code: 550, enhanced: '5.1.1', text: '5.1.1 No\n5.1.1 such user' });
  assert.equal(session.isOpen, true);

  await session.close();
  assert.equal(session.isOpen, false);
  assert.equal(session.outOfStep, false);
  await running.splice(0)[0]?.stop();
  assert.equal(
    all,
    'EHLO client.test\r\nMAIL FROM:<>\r\nRCPT TO:<Jane@example.test>\r\nRCPT TO:<john@example.test>\r\nQUIT\r\n',
  );
});

test('asks fifty recipients in one session without RSET, NOOP or VRFY between them', async () => {
  let commands: string[] = [];
  const server = await serve(async (peer) => {
    await peer.upToMail();
    for (let index = 0; index < 50; index += 1)
      await peer.answer(/^RCPT/, index % 2 === 0 ? '250 Ok\r\n' : '550 No\r\n');
    await peer.answer('QUIT', '221 Bye\r\n');
    commands = peer.received
      .trimEnd()
      .split('\r\n')
      .map((line) => line.slice(0, 4));
  });
  const session = await openReady(server);
  for (let index = 0; index < 50; index += 1) {
    const answer = await session.ask({ local: `user${index}`, domain: 'example.test', smtputf8: false });
    assert.equal(answer.reply?.code, index % 2 === 0 ? 250 : 550);
  }
  await session.close();
  assert.deepEqual(commands, ['EHLO', 'MAIL', ...Array<string>(50).fill('RCPT'), 'QUIT']);
});

test('reads replies cut into single bytes, with bare LF and without text', async () => {
  const server = await serve(async (peer) => {
    await peer.send(...'220-mx\n220\n');
    await peer.answer('EHLO client.test', ...'250-mx\r\n250 SMTPUTF8\r\n');
    await peer.answer('MAIL FROM:<>', '250\r\n');
    await peer.answer(/^RCPT/, ...'550 5.1.1 b\xfccher\r\n');
    await peer.answer('QUIT', '2', '21', '\n');
  });
  const session = await openReady(server);
  const answer = await session.ask(jane);
  assert.deepEqual(answer.reply, { code: 550, enhanced: '5.1.1', text: '5.1.1 b\u00fccher' });
  await session.close();
});

for (const mailFrom of ['probe@client.test', '"a@b"@client.test']) {
  test(`gives its sender ${mailFrom} in MAIL`, async () => {
    const server = await serve(async (peer) => {
      await peer.send('220 mx\r\n');
      await peer.answer(/^EHLO/, '250 mx\r\n');
      await peer.answer(`MAIL FROM:<${mailFrom}>`, '250 Ok\r\n');
      await peer.answer('QUIT', '221 Bye\r\n');
    });
    const session = await openReady(server, { mailFrom });
    await session.close();
  });
}

test('speaks from the source address it is given', async () => {
  let from = '';
  const server = await serve(async (peer) => {
    from = peer.remoteAddress;
    await peer.upToMail();
    await peer.answer('QUIT', '221 Bye\r\n');
  });
  const session = await openReady(server, { sourceIp: '127.0.0.7' });
  await session.close();
  assert.equal(from, '127.0.0.7');
});

test('talks to a host on IPv6', async (t) => {
  const server = await serve(async (peer) => {
    await peer.upToMail();
    await peer.answer('QUIT', '221 Bye\r\n');
  }, '::1').catch(() => null);
  if (server === null) return t.skip('this machine has no IPv6 loopback');
  const session = await openReady(server, { address: '::1' });
  await session.close();
});

test('tells the dialogue, made printable, to whoever listens', async () => {
  const server = await serve(async (peer) => {
    await peer.upToMail('250-mx\r\n250 SIZE 1\r\n');
    await peer.answer(/^RCPT/, '550 \x1b[31mno\r\n');
    await peer.answer('QUIT', '221 Bye\r\n');
  });
  const lines: string[] = [];
  const session = await openReady(server, {
    hostname: 'mx.host.test',
    trace: (direction, line) => lines.push(`${direction} ${line}`),
  });
  await session.ask(jane);
  await session.close();
  assert.deepEqual(lines, [
    `note connected to mx.host.test (127.0.0.1 port ${server.port})`,
    'received 220 mx.host.test ESMTP',
    'sent EHLO client.test',
    'received 250-mx',
    'received 250 SIZE 1',
    'sent MAIL FROM:<>',
    'received 250 2.1.0 Ok',
    'sent RCPT TO:<Jane@example.test>',
    'received 550 \\x1b[31mno',
    'sent QUIT',
    'received 221 Bye',
    'note the session was closed',
  ]);
});

test('measures each reply, the slowest of them, and the greet pause apart', async () => {
  const clock = createHandClock();
  const pauses = { banner: gate(), mail: gate(), slow: gate(), quick: gate() };
  const reached = { connection: gate(), mail: gate(), slow: gate(), quick: gate() };
  const server = await serve(async (peer) => {
    await pauses.banner.opened;
    await peer.send('220 mx\r\n');
    await peer.answer(/^EHLO/, '250 mx\r\n');
    for (const [command, step] of [
      [/^MAIL/, 'mail'],
      [/^RCPT/, 'slow'],
      [/^RCPT/, 'quick'],
    ] as const) {
      await peer.expect(command);
      reached[step].open();
      await pauses[step].opened;
      await peer.send('250 Ok\r\n');
    }
    await peer.answer('QUIT', '221 Bye\r\n');
  });
  async function pass(step: 'mail' | 'slow' | 'quick', ms: number): Promise<void> {
    await reached[step].opened;
    clock.advance(ms);
    pauses[step].open();
  }

  const opening = openReady(server, { clock, trace: () => reached.connection.open() });
  await reached.connection.opened;
  clock.advance(6000);
  pauses.banner.open();
  await pass('mail', 300);
  const session = await opening;
  assert.equal(session.greetingMs, 6000);
  assert.equal(session.slowestReplyMs, 300);

  const [slow] = await Promise.all([session.ask(jane), pass('slow', 1000)]);
  assert.equal(slow.status === 'replied' && slow.ms, 1000);
  const [quick] = await Promise.all([session.ask(john), pass('quick', 20)]);
  assert.equal(quick.status === 'replied' && quick.ms, 20);
  assert.equal(session.slowestReplyMs, 1000);
  await session.close();
  assert.equal(clock.pending, 0, 'no deadline is left behind');
});

// ── Greeting ──────────────────────────────────────────────────────────────────────────────────────────────────────

test('says nothing before the last line of the banner', async () => {
  let early = 'never looked';
  const server = await serve(async (peer) => {
    await peer.send('220-mx teaser\r\n', '220-more\r\n');
    // Anything sent too early would be here by the time a second round trip through the event loop is over.
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
    early = peer.received;
    await peer.send('220 mx ESMTP\r\n');
    await peer.answer('EHLO client.test', '250 mx\r\n');
    await peer.answer('MAIL FROM:<>', '250 Ok\r\n');
    await peer.answer('QUIT', '221 Bye\r\n');
  });
  const session = await openReady(server);
  assert.equal(early, '');
  assert.equal(session.banner.text, 'mx teaser\nmore\nmx ESMTP');
  await session.close();
});

const badBanners: readonly (readonly [banner: string, expected: object, why: string])[] = [
  ['554 5.7.1 blocked\r\n', { failure: 'reply', code: 554, tryNextHost: true }, 'refused, but its reply is kept'],
  ['521 no mail here\r\n', { failure: 'reply', code: 521, tryNextHost: true }, 'RFC 7504'],
  ['450 busy\r\n', { failure: 'reply', code: 450, tryNextHost: true }, 'a 4xx banner'],
  ['421 4.3.2 all ports busy\r\n', { failure: 'reply', code: 421, tryNextHost: true }, 'a 421 banner'],
  ['250 hello\r\n', { failure: 'protocol', code: 250, tryNextHost: true }, 'a banner is 220'],
  ['SSH-2.0-OpenSSH\r\n', { failure: 'protocol', code: null, tryNextHost: true }, 'another protocol'],
  ['220-a\r\n554 b\r\n', { failure: 'protocol', code: null, tryNextHost: true }, 'two codes'],
  ['220 a\r\n220 b\r\n', { failure: 'protocol', code: null, tryNextHost: false }, 'more than a banner: out of step'],
  [`220-${'x'.repeat(10_000)}`, { failure: 'protocol', code: null, tryNextHost: true }, 'an endless line'],
  ['220-x\r\n'.repeat(300), { failure: 'protocol', code: null, tryNextHost: true }, 'endless lines'],
];

for (const [banner, expected, why] of badBanners) {
  test(`banner ${JSON.stringify(banner.slice(0, 30))} fails at the greeting: ${why}`, async () => {
    const server = await serve(async (peer) => {
      await peer.send(banner);
      await peer.gone;
      assert.match(peer.received, /^(?:QUIT\r\n)?$/, 'nothing but QUIT may follow');
    });
    const start = await openFailed(server, { timeouts: { ...DEFAULT_TIMEOUTS, quitMs: 20 } });
    assert.deepEqual(summaryOf(start), { stage: 'greeting', ...expected });
    await start.closed;
  });
}

test('says QUIT after a refusing banner and waits for 221', async () => {
  const server = await serve(async (peer) => {
    await peer.send('554 5.7.1 no\r\n');
    await peer.answer('QUIT', '221 Bye\r\n');
    await peer.gone;
  });
  await (await openFailed(server)).closed;
});

test('does not say QUIT after a 421 banner, which ends the session by itself', async () => {
  let received = 'x';
  const server = await serve(async (peer) => {
    await peer.send('421 busy\r\n');
    await peer.gone;
    received = peer.received;
  });
  await (await openFailed(server)).closed;
  await running.splice(0)[0]?.stop();
  assert.equal(received, '');
});

// ── EHLO and MAIL ─────────────────────────────────────────────────────────────────────────────────────────────────

for (const code of [500, 501, 502, 504]) {
  test(`falls back to HELO after ${code} to EHLO`, async () => {
    const server = await serve(async (peer) => {
      await peer.send('220 mx\r\n');
      await peer.answer('EHLO client.test', `${code} what?\r\n`);
      await peer.answer('HELO client.test', '250-mx\r\n250 PIPELINING\r\n');
      await peer.answer('MAIL FROM:<>', '250 Ok\r\n');
      await peer.answer(/^RCPT/, '250 Ok\r\n');
      await peer.answer('QUIT', '221 Bye\r\n');
    });
    const session = await openReady(server);
    assert.equal(session.hello, 'HELO');
    assert.equal(session.extensions.size, 0, 'HELO offers nothing, whatever its reply says');
    assert.equal((await session.ask(jane)).reply?.code, 250);
    await session.close();
  });
}

const badHellos: readonly (readonly [replies: readonly string[], expected: object, why: string])[] = [
  [['550 5.7.1 bad helo\r\n'], { failure: 'reply', code: 550 }, '550 is policy and HELO would not mend it'],
  [['421 4.7.0 no\r\n'], { failure: 'reply', code: 421 }, '421'],
  [['450 4.7.1 later\r\n'], { failure: 'reply', code: 450 }, '4xx'],
  [['554 no\r\n'], { failure: 'reply', code: 554 }, '554'],
  [['502 no\r\n', '504 5.5.2 no\r\n'], { failure: 'reply', code: 504 }, 'HELO refused as well'],
  [['220 mx\r\n'], { failure: 'protocol', code: 220 }, 'no answer to EHLO'],
  [['354 go on\r\n'], { failure: 'protocol', code: 354 }, 'nor this'],
  [['250-mx\r\n550 no\r\n'], { failure: 'protocol', code: null }, 'two codes'],
  [['250-x\r\n'.repeat(300)], { failure: 'protocol', code: null }, 'endless lines'],
];

for (const [replies, expected, why] of badHellos) {
  test(`${JSON.stringify(replies[0]?.slice(0, 30))} to EHLO fails there: ${why}`, async () => {
    const server = await serve(async (peer) => {
      await peer.send('220 mx\r\n');
      for (const [index, reply] of replies.entries()) await peer.answer(index === 0 ? /^EHLO/ : /^HELO/, reply);
      await peer.answer('QUIT', '221 Bye\r\n');
    });
    const start = await openFailed(server);
    assert.deepEqual(summaryOf(start), { stage: 'ehlo', ...expected, tryNextHost: false });
    await start.closed;
  });
}

const badMails: readonly (readonly [reply: string, expected: object])[] = [
  ['530 5.7.1 Authentication required\r\n', { failure: 'reply', code: 530 }],
  ['550 5.7.1 sender rejected\r\n', { failure: 'reply', code: 550 }],
  ['451 4.3.0 later\r\n', { failure: 'reply', code: 451 }],
  ['354 data?\r\n', { failure: 'protocol', code: 354 }],
  ['251 moved\r\n', { failure: 'protocol', code: 251 }],
];

for (const [reply, expected] of badMails) {
  test(`${JSON.stringify(reply)} to MAIL fails there, with its reply`, async () => {
    const server = await serve(async (peer) => {
      await peer.send('220 mx\r\n');
      await peer.answer(/^EHLO/, '250 mx\r\n');
      await peer.answer(/^MAIL/, reply);
      await peer.answer('QUIT', '221 Bye\r\n');
    });
    const start = await openFailed(server);
    assert.deepEqual(summaryOf(start), { stage: 'mail', ...expected, tryNextHost: false });
    await start.closed;
  });
}

test('uses SMTPUTF8 where a recipient needs it and the host offers it', async () => {
  const server = await serve(async (peer) => {
    await peer.send('220 mx\r\n');
    await peer.answer(/^EHLO/, '250-mx\r\n250 SMTPUTF8\r\n');
    await peer.answer('MAIL FROM:<> SMTPUTF8', '250 Ok\r\n');
    await peer.answer(Buffer.from('RCPT TO:<用户@example.test>').toString('latin1'), '250 Ok\r\n');
    await peer.answer('RCPT TO:<Jane@example.test>', '250 Ok\r\n');
    await peer.answer('QUIT', '221 Bye\r\n');
  });
  const session = await openReady(server, { smtputf8: true });
  assert.equal((await session.ask({ local: '用户', domain: 'example.test', smtputf8: true })).reply?.code, 250);
  assert.equal((await session.ask(jane)).reply?.code, 250);
  await session.close();
});

for (const [why, changed] of [
  ['a recipient', { smtputf8: true }],
  ['the sender', { mailFrom: 'prüfer@client.test' }],
] as const) {
  test(`goes no further where ${why} needs SMTPUTF8 and the host does not offer it`, async () => {
    const server = await serve(async (peer) => {
      await peer.send('220 mx\r\n');
      await peer.answer(/^EHLO/, '250-mx\r\n250 8BITMIME\r\n');
      await peer.answer('QUIT', '221 Bye\r\n');
    });
    const start = await openFailed(server, changed);
    assert.deepEqual(summaryOf(start), {
      stage: 'ehlo',
      failure: 'smtputf8_not_offered',
      code: 250,
      tryNextHost: false,
    });
    await start.closed;
  });
}

test('does not mention SMTPUTF8 where nobody needs it, and refuses a recipient that would', async () => {
  const server = await serve(async (peer) => {
    await peer.upToMail('250-mx\r\n250 SMTPUTF8\r\n');
    await peer.answer('QUIT', '221 Bye\r\n');
    assert.doesNotMatch(peer.received, /SMTPUTF8/);
  });
  const session = await openReady(server);
  await assert.rejects(session.ask({ local: '用户', domain: 'example.test', smtputf8: true }), TypeError);
  await session.close();
});
