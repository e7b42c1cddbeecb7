// Replies counted against commands, deadlines, and every way a connection can fail or end, over real sockets.
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { createServer, Socket } from 'node:net';
import { test } from 'node:test';
import type { Dial } from '../../src/smtp/dial.ts';
import { openSession } from '../../src/smtp/session.ts';
import { DEFAULT_TIMEOUTS } from '../../src/smtp/timeouts.ts';
import {
  gate,
  jane,
  john,
  listeningDial,
  openFailed,
  openReady,
  optionsFor,
  running,
  serve,
  summaryOf,
} from './conversation.ts';
import { createHandClock } from './hand-clock.ts';
import type { Script } from './scripted-server.ts';

// ── RCPT ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Opens a session against a host that answers the first RCPT with these parts and then does as `then` says. */
async function askOnce(parts: readonly string[], then: 'stay' | 'close' | 'reset' = 'stay') {
  const server = await serve(async (peer) => {
    await peer.upToMail();
    await peer.answer(/^RCPT/, ...parts);
    if (then === 'close') peer.close();
    if (then === 'reset') peer.reset();
    await peer.answer('QUIT', '221 Bye\r\n');
  });
  const session = await openReady(server, { timeouts: { ...DEFAULT_TIMEOUTS, quitMs: 50 } });
  return { session, answer: await session.ask(jane) };
}

for (const code of [250, 251, 252, 450, 451, 452, 454, 500, 503, 550, 551, 552, 553, 554, 559]) {
  test(`${code} to RCPT is an answer, and the session goes on`, async () => {
    const { session, answer } = await askOnce([`${code} text\r\n`]);
    assert.equal(answer.status, 'replied');
    assert.equal(answer.reply.code, code);
    assert.equal(session.isOpen, true);
    await session.close();
    assert.equal(session.outOfStep, false);
  });
}

for (const code of [200, 220, 221, 253, 354, 334]) {
  test(`${code} is no answer to RCPT`, async () => {
    const { session, answer } = await askOnce([`${code} text\r\n`]);
    assert.equal(answer.status === 'lost' && answer.failure, 'protocol');
    assert.equal(answer.reply?.code, code);
    assert.equal(session.isOpen, false);
    assert.equal(session.outOfStep, true);
    await session.closed;
  });
}

const lostAnswers: readonly (readonly [
  parts: readonly string[],
  then: 'stay' | 'close' | 'reset',
  failure: string,
  why: string,
])[] = [
  [['garbage\r\n'], 'stay', 'protocol', 'no reply'],
  [['250-a\r\n550 b\r\n'], 'stay', 'protocol', 'two codes in one reply'],
  [['250 a\r\n550 b\r\n'], 'stay', 'protocol', 'two replies to one question: neither is believed'],
  [['250 a\r\n250 a\r\n'], 'stay', 'protocol', 'not even when they agree'],
  [['250 a\r\n55'], 'close', 'closed', 'the beginning of another reply'],
  [['250 a\r\ngarbage\r\n'], 'stay', 'protocol', 'garbage behind the answer'],
  [['250 a\r\n421 b\r\n250 c\r\n'], 'stay', 'protocol', 'more behind a goodbye'],
  [['250 a\r\n250 b\r\n250 c\r\n25'], 'stay', 'protocol', 'a flood that never ends with a reply'],
  [['250 a\r\n'.repeat(5000)], 'stay', 'protocol', 'a flood of replies'],
  [[`550 ${'x'.repeat(100_000)}`], 'stay', 'protocol', 'a line without end'],
  [['550-x\r\n'.repeat(5000)], 'stay', 'protocol', 'a reply without end'],
  [[], 'close', 'closed', 'the host hangs up'],
  [['550 5.1.1 no'], 'close', 'closed', 'the host hangs up within its reply'],
  [['550-5.1.1 no\r\n'], 'close', 'closed', 'the host hangs up between the lines'],
  [[], 'reset', 'reset', 'the host resets the connection'],
];

for (const [parts, then, failure, why] of lostAnswers) {
  test(`${JSON.stringify(parts.join('').slice(0, 40))}, then ${then}, leaves the recipient open: ${why}`, async () => {
    const { session, answer } = await askOnce(parts, then);
    assert.equal(answer.status, 'lost');
    assert.equal(answer.failure, failure);
    assert.equal(session.isOpen, false);
    const again = await session.ask(john);
    assert.deepEqual(again, answer, 'whatever is asked later gets the same end');
    await session.closed;
  });
}

test('a 421 in answer to RCPT is the answer, and the end', async () => {
  const { session, answer } = await askOnce(['421 4.7.0 too many errors\r\n']);
  assert.equal(answer.status, 'replied');
  assert.equal(answer.reply.code, 421);
  assert.equal(session.isOpen, false);
  const next = await session.ask(john);
  assert.equal(next.status === 'lost' && next.failure, 'closed');
  assert.equal(next.reply?.code, 421);
  await session.closed;
});

test('a 421 right behind an answer ends the session and leaves the answer good', async () => {
  for (const parts of [
    ['550 5.1.1 no\r\n421 4.7.0 too many errors\r\n'],
    ['550 5.1.1 no\r\n4', '21 4.7.0 too many', ' errors\r\n'],
  ]) {
    const { session, answer } = await askOnce(parts, 'close');
    assert.equal(answer.status, 'replied');
    assert.equal(answer.reply.code, 550);
    assert.equal(session.isOpen, false);
    assert.equal(session.outOfStep, false);
    const next = await session.ask(john);
    assert.equal(next.status === 'lost' && next.failure, 'closed');
    assert.equal(next.reply?.code, 421);
  }
});

for (const [sent, code, outOfStep] of [
  ['421 4.4.2 timeout\r\n', 421, false],
  ['250 unasked\r\n', null, true],
  ['noise\r\n', null, true],
] as const) {
  test(`${JSON.stringify(sent)} between two questions ends the session, and the answer before it stands`, async () => {
    const speak = gate();
    const server = await serve(async (peer) => {
      await peer.upToMail();
      await peer.answer(/^RCPT/, '250 Ok\r\n');
      await speak.opened;
      await peer.send(sent);
      await peer.gone;
    });
    const session = await openReady(server);
    assert.equal((await session.ask(jane)).status, 'replied');
    speak.open();
    await session.closed;
    const next = await session.ask(john);
    assert.equal(next.status === 'lost' && next.failure, outOfStep ? 'protocol' : 'closed');
    assert.equal(next.reply?.code ?? null, code);
    assert.equal(session.outOfStep, outOfStep);
  });
}

test('sends no command while the host is in the middle of something unasked', async () => {
  const speak = gate();
  let received = '';
  const server = await serve(async (peer) => {
    await peer.upToMail();
    await peer.answer(/^RCPT/, '250 Ok\r\n');
    await speak.opened;
    await peer.send('250-hal');
    await peer.gone;
    received = peer.received;
  });
  const listening = listeningDial();
  const session = await openReady(server, { dial: listening.dial });
  await session.ask(jane);
  speak.open();
  await listening.until('250-hal');
  const answer = await session.ask(john);
  assert.equal(answer.status === 'lost' && answer.failure, 'protocol');
  assert.equal(session.outOfStep, true);
  await session.closed;
  await running.splice(0)[0]?.stop();
  assert.doesNotMatch(received, /john/);
});

test('an extra reply that moved every answer by one shows at QUIT at the latest', async () => {
  const extra = gate();
  const server = await serve(async (peer) => {
    await peer.send('220 mx\r\n');
    await peer.answer(/^EHLO/, '250 mx\r\n');
    await peer.answer(/^MAIL/, '250 Ok\r\n');
    await peer.expect(/^RCPT/);
    await peer.send('250 late answer to nothing\r\n');
    await extra.opened;
    await peer.send('550 5.1.1 the true answer\r\n');
    await peer.answer('QUIT', '221 Bye\r\n').catch(() => {});
  });
  const session = await openReady(server);
  const answer = await session.ask(jane);
  assert.equal(answer.reply?.code, 250, 'nothing shows it yet');
  const closing = session.close();
  extra.open();
  await closing;
  assert.equal(session.outOfStep, true);
});

test('a host that says goodbye in its own way is not out of step', async () => {
  for (const goodbye of ['250 bye\r\n', '502 what?\r\n', '421 bye\r\n', '221 bye\r\n421 closing\r\n', '']) {
    const server = await serve(async (peer) => {
      await peer.upToMail();
      await peer.answer('QUIT', goodbye);
      peer.close();
      await peer.gone;
    });
    const session = await openReady(server);
    await session.close();
    assert.equal(session.outOfStep, false, goodbye);
  }
});

test('a second question before the answer to the first is a bug', async () => {
  const go = gate();
  const server = await serve(async (peer) => {
    await peer.upToMail();
    await peer.expect(/^RCPT/);
    await go.opened;
    await peer.send('250 Ok\r\n');
    await peer.answer('QUIT', '221 Bye\r\n');
  });
  const session = await openReady(server);
  const first = session.ask(jane);
  await assert.rejects(session.ask(john), TypeError);
  go.open();
  assert.equal((await first).status, 'replied');
  await session.close();
});

// ── Connecting ────────────────────────────────────────────────────────────────────────────────────────────────────

test('a refused connection sends the question to the next host', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  const start = await openFailed({ port });
  assert.deepEqual(summaryOf(start), { stage: 'connect', failure: 'refused', code: null, tryNextHost: true });
  assert.match(start.detail, /ECONNREFUSED/);
  await start.closed;
});

const dialFailures: readonly (readonly [code: string, failure: string])[] = [
  ['EHOSTUNREACH', 'unreachable'],
  ['ENETUNREACH', 'unreachable'],
  ['EADDRNOTAVAIL', 'unreachable'],
  ['EACCES', 'unreachable'],
  ['ETIMEDOUT', 'timeout'],
  ['ECONNRESET', 'reset'],
];

for (const [code, failure] of dialFailures) {
  test(`a dialer that fails with ${code} gives '${failure}' at the connect stage`, async () => {
    const dial: Dial = () => {
      const socket = new Socket();
      setImmediate(() => socket.destroy(Object.assign(new Error(code), { code })));
      return socket;
    };
    const start = await openFailed({ port: 25 }, { dial });
    assert.deepEqual(summaryOf(start), { stage: 'connect', failure, code: null, tryNextHost: true });
    await start.closed;
  });
}

test('a source address that is not ours is unreachable, not an exception', async () => {
  const server = await serve(async (peer) => peer.gone);
  const start = await openFailed(server, { sourceIp: '192.0.2.1' });
  assert.deepEqual(summaryOf(start), { stage: 'connect', failure: 'unreachable', code: null, tryNextHost: true });
  await start.closed;
});

for (const [how, failure] of [
  ['close', 'closed'],
  ['reset', 'reset'],
] as const) {
  for (const sent of ['', '220-mx\r\n']) {
    test(`${how} before the end of the banner (${JSON.stringify(sent)}) sends the question to the next host`, async () => {
      const server = await serve(async (peer) => {
        await peer.send(sent);
        peer[how]();
      });
      const start = await openFailed(server);
      const { stage, failure: seen, ...rest } = summaryOf(start);
      // A reset may overtake the news that the connection stood, and older Nodes tell one behind bytes as an end.
      assert.ok(['connect', 'greeting'].includes(stage) && [failure, 'closed'].includes(seen), `${stage} ${seen}`);
      assert.deepEqual(rest, { code: null, tryNextHost: true });
      await start.closed;
    });
  }
  test(`${how} at EHLO keeps the question at this host`, async () => {
    const server = await serve(async (peer) => {
      await peer.send('220 mx\r\n');
      await peer.expect(/^EHLO/);
      peer[how]();
    });
    const start = await openFailed(server);
    assert.deepEqual(summaryOf(start), { stage: 'ehlo', failure, code: null, tryNextHost: false });
    await start.closed;
  });
}

test('a name instead of an address is a bug', async () => {
  await assert.rejects(openSession(optionsFor({ port: 25 }, { address: 'mx.host.test' })), TypeError);
});

for (const changed of [{ heloName: 'a b' }, { mailFrom: 'nobody' }, { mailFrom: 'a@b\r\nDATA' }, { mailFrom: '' }]) {
  test(`${JSON.stringify(changed)} is a bug and opens no connection`, async () => {
    const server = await serve(async (peer) => peer.gone);
    await assert.rejects(openSession(optionsFor(server, changed)), TypeError);
    assert.equal(server.connections, 0);
  });
}

// ── Deadlines ─────────────────────────────────────────────────────────────────────────────────────────────────────

test('a host that never answers the handshake costs the connect timeout and no more', async () => {
  const clock = createHandClock();
  const opening = openFailed({ port: 25 }, { clock, dial: () => new Socket() });
  clock.advance(14_999);
  assert.equal(clock.pending, 1);
  clock.advance(1);
  const start = await opening;
  assert.deepEqual(summaryOf(start), { stage: 'connect', failure: 'timeout', code: null, tryNextHost: true });
  assert.match(start.detail, /within 15 s/);
  await start.closed;
  assert.equal(clock.pending, 0);
});

test('one byte a second does not outlive the deadline of the banner', async () => {
  const clock = createHandClock();
  const step = [gate(), gate(), gate()];
  const server = await serve(async (peer) => {
    for (const [index, each] of step.entries()) {
      await each.opened;
      await peer.send('220'.charAt(index));
    }
    await peer.gone;
  });
  const connected = gate();
  const listening = listeningDial();
  const opening = openFailed(server, { clock, dial: listening.dial, trace: () => connected.open() });
  await connected.opened;
  for (const [index, each] of step.entries()) {
    clock.advance(15_000);
    each.open();
    await listening.until('220'.slice(0, index + 1));
  }
  clock.advance(14_999);
  assert.equal(clock.pending, 1, 'still waiting');
  clock.advance(1);
  const start = await opening;
  assert.deepEqual(summaryOf(start), { stage: 'greeting', failure: 'timeout', code: null, tryNextHost: true });
  assert.match(start.detail, /the banner within 60 s/);
  await start.closed;
});

const silences: readonly (readonly [stage: string, limitMs: number])[] = [
  ['greeting', 60_000],
  ['ehlo', 30_000],
  ['mail', 30_000],
];

for (const [stage, limitMs] of silences) {
  test(`silence at ${stage} times out after ${limitMs} ms`, async () => {
    const clock = createHandClock();
    const silent = gate();
    const server = await serve(async (peer) => {
      if (stage !== 'greeting') {
        await peer.send('220 mx\r\n');
        await peer.expect(/^EHLO/);
      }
      if (stage === 'mail') {
        await peer.send('250 mx\r\n');
        await peer.expect(/^MAIL/);
      }
      silent.open();
      await peer.gone;
      assert.doesNotMatch(peer.received, /QUIT/, 'no command may follow one that was not answered');
    });
    const connected = gate();
    const opening = openFailed(server, { clock, trace: () => connected.open() });
    await Promise.all([silent.opened, connected.opened]);
    clock.advance(limitMs - 1);
    assert.equal(clock.pending, 1);
    clock.advance(1);
    const start = await opening;
    const tryNextHost = stage === 'greeting';
    assert.deepEqual(summaryOf(start), { stage, failure: 'timeout', code: null, tryNextHost });
    await start.closed;
  });
}

test('an unfinished answer to RCPT times out after 60 s, and the next ask does not wait again', async () => {
  const clock = createHandClock();
  const server = await serve(async (peer) => {
    await peer.upToMail();
    await peer.answer(/^RCPT/, '550-5.1.1 no\r\n');
    await peer.gone;
  });
  const listening = listeningDial();
  const session = await openReady(server, { clock, dial: listening.dial });
  const asking = session.ask(jane);
  await listening.until('550-5.1.1 no\r\n');
  clock.advance(59_999);
  assert.equal(clock.pending, 1);
  clock.advance(1);
  const answer = await asking;
  assert.equal(answer.status === 'lost' && answer.failure, 'timeout');
  assert.equal((await session.ask(john)).status, 'lost');
  await session.closed;
});

test('the session as a whole has a deadline, however quick each answer is', async () => {
  const clock = createHandClock();
  const silent = gate();
  const server = await serve(async (peer) => {
    await peer.upToMail();
    for (let index = 0; index < 6; index += 1) await peer.answer(/^RCPT/, '250 Ok\r\n');
    await peer.expect(/^RCPT/);
    silent.open();
    await peer.gone;
  });
  const session = await openReady(server, { clock });
  for (let index = 0; index < 6; index += 1) {
    assert.equal((await session.ask(jane)).status, 'replied');
    clock.advance(45_000);
  }
  const asking = session.ask(john);
  await silent.opened;
  clock.advance(29_999);
  assert.equal(clock.pending, 1);
  clock.advance(1);
  const answer = await asking;
  assert.equal(answer.status === 'lost' && answer.failure, 'timeout');
  assert.match(answer.status === 'lost' ? answer.detail : '', /session took longer than 300 s/);
  await session.closed;
});

test('a session past its deadline asks nothing more', async () => {
  const clock = createHandClock();
  const server = await serve(async (peer) => {
    await peer.upToMail();
    await peer.gone;
    assert.doesNotMatch(peer.received, /RCPT/);
  });
  const session = await openReady(server, { clock });
  clock.advance(300_000);
  const answer = await session.ask(jane);
  assert.equal(answer.status === 'lost' && answer.failure, 'timeout');
  await session.closed;
});

// ── Closing ───────────────────────────────────────────────────────────────────────────────────────────────────────

test('close waits two seconds for 221 and then goes', async () => {
  const clock = createHandClock();
  const quit = gate();
  const server = await serve(async (peer) => {
    await peer.upToMail();
    await peer.expect('QUIT');
    quit.open();
    await peer.gone;
  });
  const session = await openReady(server, { clock });
  let closed = false;
  const closing = session.close().then(() => {
    closed = true;
  });
  await quit.opened;
  clock.advance(1999);
  await new Promise(setImmediate);
  assert.equal(closed, false);
  clock.advance(1);
  await closing;
  await session.closed;
});

test('close may be called twice and says QUIT once; asking afterwards sends nothing', async () => {
  let received = '';
  const server = await serve(async (peer) => {
    await peer.upToMail();
    await peer.answer('QUIT', '221 Bye\r\n');
    await peer.gone;
    received = peer.received;
  });
  const session = await openReady(server);
  const closing = Promise.all([session.close(), session.close()]);
  const answer = await session.ask(jane);
  assert.equal(answer.status === 'lost' && answer.failure, 'closed');
  await closing;
  await running.splice(0)[0]?.stop();
  assert.match(received, /MAIL FROM:<>\r\nQUIT\r\n$/);
});

test('close with a question open cuts the connection: no command may follow an unanswered one', async () => {
  const asked = gate();
  let received = '';
  const server = await serve(async (peer) => {
    await peer.upToMail();
    await peer.expect(/^RCPT/);
    asked.open();
    await peer.gone;
    received = peer.received;
  });
  const session = await openReady(server);
  const asking = session.ask(jane);
  await asked.opened;
  await session.close();
  const answer = await asking;
  assert.equal(answer.status === 'lost' && answer.failure, 'cancelled');
  await running.splice(0)[0]?.stop();
  assert.doesNotMatch(received, /QUIT/);
});

for (const stage of ['greeting', 'ehlo', 'mail', 'rcpt', 'quit'] as const) {
  test(`an abort at ${stage} ends the conversation at once`, async () => {
    const controller = new AbortController();
    const reached = gate();
    const server = await serve(async (peer) => {
      const stop = async (): Promise<never> => {
        reached.open();
        await peer.gone;
        throw new Error('unreachable');
      };
      try {
        if (stage === 'greeting') return await stop();
        await peer.send('220 mx\r\n');
        await peer.expect(/^EHLO/);
        if (stage === 'ehlo') return await stop();
        await peer.send('250 mx\r\n');
        await peer.expect(/^MAIL/);
        if (stage === 'mail') return await stop();
        await peer.send('250 Ok\r\n');
        await peer.expect(stage === 'rcpt' ? /^RCPT/ : 'QUIT');
        await stop();
      } catch {}
    });
    const connected = gate();
    const opening = openSession(optionsFor(server, { signal: controller.signal, trace: () => connected.open() }));
    if (stage === 'rcpt' || stage === 'quit') {
      const start = await opening;
      assert.equal(start.status, 'ready');
      const pending = stage === 'rcpt' ? start.session.ask(jane) : start.session.close();
      await reached.opened;
      controller.abort();
      const answer = await pending;
      if (answer !== undefined) assert.equal(answer.status === 'lost' && answer.failure, 'cancelled');
      await start.session.closed;
    } else {
      await Promise.all([reached.opened, connected.opened]);
      controller.abort();
      const start = await opening;
      assert.equal(start.status, 'failed');
      assert.deepEqual(summaryOf(start), { stage, failure: 'cancelled', code: null, tryNextHost: false });
      await start.closed;
    }
  });
}

test('an abort before the start dials nobody', async () => {
  const server = await serve(async (peer) => peer.gone);
  const start = await openFailed(server, { signal: AbortSignal.abort() });
  assert.deepEqual(summaryOf(start), { stage: 'connect', failure: 'cancelled', code: null, tryNextHost: false });
  await start.closed;
  assert.equal(server.connections, 0);
});

test('a hundred sessions on one signal, however they end, leave no socket, timer or listener behind', async () => {
  const controller = new AbortController();
  const warnings: Error[] = [];
  const warn = (warning: Error) => warnings.push(warning);
  process.on('warning', warn);

  const endings: readonly Script[] = [
    async (peer) => {
      await peer.upToMail();
      await peer.answer(/^RCPT/, '250 Ok\r\n');
      await peer.answer('QUIT', '221 Bye\r\n');
    },
    async (peer) => peer.reset(),
    async (peer) => peer.send('554 no\r\n'),
    async (peer) => {
      await peer.upToMail();
      await peer.answer(/^RCPT/, 'garbage\r\n');
    },
    async (peer) => {
      await peer.upToMail();
      await peer.expect(/^RCPT/);
      peer.reset();
    },
  ];
  const server = await serve(async (peer, connection) => endings[connection % endings.length]?.(peer, connection));
  const handles = () =>
    process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap' || name === 'Timeout').length;
  const before = handles();
  await Promise.all(
    Array.from({ length: 100 }, async () => {
      const timeouts = { ...DEFAULT_TIMEOUTS, quitMs: 50 };
      const start = await openSession(optionsFor(server, { signal: controller.signal, timeouts }));
      if (start.status === 'failed') return start.closed;
      await start.session.ask(jane);
      return start.session.close();
    }),
  );
  await running.splice(0)[0]?.stop();
  await new Promise(setImmediate);
  process.off('warning', warn);
  assert.equal(getEventListeners(controller.signal, 'abort').length, 1, 'one listener serves all');
  assert.deepEqual(warnings, []);
  assert.ok(handles() <= before, `${handles()} handles now, ${before} before`);
});
