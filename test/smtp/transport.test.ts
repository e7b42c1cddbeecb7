// What networks and rude hosts do to a connection, in the clear, over TLS and through a proxy; and that nothing is left of it.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { afterEach, test } from 'node:test';
import { systemClock } from '../../src/clock.ts';
import { selfSignedContext } from '../../src/sandbox/certificate.ts';
import { parseProxy } from '../../src/smtp/proxy.ts';
import { dialThrough } from '../../src/smtp/proxy-dial.ts';
import { openSession, type SessionOptions } from '../../src/smtp/session.ts';
import { DEFAULT_TIMEOUTS } from '../../src/smtp/timeouts.ts';
import { type SocksServer, startSocksServer } from '../support/socks-server.ts';
import { jane, john, openFailed, openReady, optionsFor, serve, summaryOf } from './conversation.ts';
import type { Peer } from './scripted-server.ts';

const proxies: SocksServer[] = [];
afterEach(async () => {
  await Promise.all(proxies.splice(0).map((proxy) => proxy.stop()));
});

async function byProxy(): Promise<Partial<SessionOptions>> {
  const proxy = await startSocksServer({}, '127.0.59.1');
  proxies.push(proxy);
  return { dial: dialThrough(parseProxy(`socks5://127.0.59.1:${proxy.port}`)) };
}

async function overTls(): Promise<Partial<SessionOptions>> {
  return { tls: 'always' };
}

/** Banner and EHLO, over to TLS where it is wanted, and EHLO again. */
async function upToEhlo(peer: Peer, isTls: boolean): Promise<void> {
  await peer.send('220 mx.host.test ESMTP\r\n');
  await peer.answer(/^EHLO/, '250-mx.host.test\r\n250 STARTTLS\r\n');
  if (!isTls) return;
  await peer.answer('STARTTLS', '220 go\r\n');
  await peer.secure(selfSignedContext());
  await peer.answer(/^EHLO/, '250 mx.host.test\r\n');
}

const WAYS: readonly [way: string, options: () => Promise<Partial<SessionOptions>>, isTls: boolean][] = [
  ['in the clear', async () => ({}), false],
  ['over TLS', overTls, true],
  ['through a proxy', byProxy, false],
  ['over TLS through a proxy', async () => ({ ...(await overTls()), ...(await byProxy()) }), true],
];

for (const [way, options, isTls] of WAYS) {
  for (const end of ['close', 'reset'] as const) {
    test(`${way}: ${end} at MAIL keeps the question at this host`, async () => {
      const server = await serve(async (peer) => {
        await upToEhlo(peer, isTls);
        await peer.expect(/^MAIL/);
        peer[end]();
      });
      const start = await openFailed(server, await options());
      const { stage, failure, tryNextHost } = summaryOf(start);
      assert.ok(failure === 'reset' || failure === 'closed', failure);
      assert.deepEqual({ stage, tryNextHost }, { stage: 'mail', tryNextHost: false });
      await start.closed;
    });

    test(`${way}: ${end} behind an answer leaves that answer good and the next question open`, async () => {
      const server = await serve(async (peer) => {
        await upToEhlo(peer, isTls);
        await peer.answer(/^MAIL/, '250 Ok\r\n');
        await peer.answer(/^RCPT/, '550 5.1.1 no\r\n');
        await peer.expect(/^RCPT/);
        peer[end]();
      });
      const session = await openReady(server, await options());
      assert.equal((await session.ask(jane)).reply?.code, 550);
      const answer = await session.ask(john);
      assert.ok(answer.status === 'lost' && ['reset', 'closed'].includes(answer.failure));
      assert.equal(session.outOfStep, false);
      await session.closed;
    });

    test(`${way}: ${end} in answer to QUIT is a goodbye like any other`, async () => {
      const server = await serve(async (peer) => {
        await upToEhlo(peer, isTls);
        await peer.answer(/^MAIL/, '250 Ok\r\n');
        await peer.answer(/^RCPT/, '250 Ok\r\n');
        await peer.expect('QUIT');
        peer[end]();
      });
      const session = await openReady(server, await options());
      assert.equal((await session.ask(jane)).reply?.code, 250);
      await session.close();
      assert.equal(session.outOfStep, false);
    });
  }

  test(`${way}: replies one byte at a time are read like whole ones`, async () => {
    const server = await serve(async (peer) => {
      await upToEhlo(peer, isTls);
      await peer.answer(/^MAIL/, ...'250-2.1.0\r\n250 2.1.0 Ok\r\n');
      await peer.answer(/^RCPT/, ...'550-5.1.1 no\r\n550 5.1.1 such user\r\n');
      await peer.answer('QUIT', ...'221 Bye\r\n');
    });
    const session = await openReady(server, await options());
    assert.equal((await session.ask(jane)).reply?.text, '5.1.1 no\n5.1.1 such user');
    await session.close();
    assert.equal(session.outOfStep, false);
  });

  test(`${way}: an answer before its question is none`, async () => {
    let received = '';
    const server = await serve(async (peer) => {
      await upToEhlo(peer, isTls);
      await peer.answer(/^MAIL/, '250 Ok\r\n250 Ok to whatever you ask\r\n');
      await peer.gone;
      received = peer.received;
    });
    const start = await openFailed(server, await options());
    assert.deepEqual(summaryOf(start), { stage: 'mail', failure: 'protocol', code: null, tryNextHost: false });
    await start.closed;
    await server.stop();
    assert.doesNotMatch(received, /RCPT/);
  });
}

test('a host that answers EHLO together with its banner is out of step before it is asked anything', async () => {
  let received = 'x';
  const server = await serve(async (peer) => {
    await peer.send('220 mx.host.test ESMTP\r\n250 mx.host.test\r\n');
    await peer.gone;
    received = peer.received;
  });
  const start = await openFailed(server);
  assert.deepEqual(summaryOf(start), { stage: 'greeting', failure: 'protocol', code: null, tryNextHost: false });
  await start.closed;
  await server.stop();
  assert.equal(received, '');
});

test('a conversation never looks at the time of day, which may jump', async () => {
  const server = await serve(async (peer) => {
    await peer.upToMail();
    await peer.answer(/^RCPT/, '250 Ok\r\n');
    await peer.answer('QUIT', '221 Bye\r\n');
  });
  const clock = {
    ...systemClock,
    now: (): number => {
      throw new Error('the time of day was looked at');
    },
  };
  const session = await openReady(server, { clock });
  assert.equal((await session.ask(jane)).reply?.code, 250);
  await session.close();
});

test('an IPv6 address goes to a proxy as one', async () => {
  const proxy = await startSocksServer({ on: () => 8 }, '127.0.59.1');
  proxies.push(proxy);
  const dial = dialThrough(parseProxy(`socks5://127.0.59.1:${proxy.port}`));
  const start = await openFailed({ port: 25 }, { dial, address: '2001:db8::25' });
  assert.deepEqual(summaryOf(start), { stage: 'connect', failure: 'unreachable', code: null, tryNextHost: true });
  assert.deepEqual(proxy.requests, [{ host: '2001:db8:0:0:0:0:0:25', isName: false, port: 25, user: null }]);
  await start.closed;
});

test('an abort leaves no descriptor open, whatever each session was waiting for', async () => {
  const waiting: Peer[] = [];
  const tls = await serve(async (peer) => {
    await peer.send('220 mx.host.test ESMTP\r\n');
    await peer.answer(/^EHLO/, '250-mx.host.test\r\n250 STARTTLS\r\n');
    await peer.answer('STARTTLS', '220 go\r\n');
    await peer.heard(/\u0016\u0003/);
    waiting.push(peer);
    await peer.gone;
  });
  const secured = await serve(async (peer) => {
    await upToEhlo(peer, true);
    await peer.expect(/^MAIL/);
    waiting.push(peer);
    await peer.gone;
  });
  const plain = await serve(async (peer) => {
    await upToEhlo(peer, false);
    await peer.expect(/^MAIL/);
    waiting.push(peer);
    await peer.gone;
  });
  const through = await byProxy();
  const stopper = new AbortController();
  const before = openDescriptors();
  const plans = [
    optionsFor(tls, { tls: 'always' }),
    optionsFor(secured, { tls: 'always' }),
    optionsFor(plain),
    optionsFor(plain, through),
    optionsFor(secured, { ...through, tls: 'always' }),
  ];
  const timeouts = { ...DEFAULT_TIMEOUTS, ehloMs: 20_000 };
  const opening = Array.from({ length: 10 }, () => plans)
    .flat()
    .map((plan) => openSession({ ...plan, timeouts, signal: stopper.signal }));
  while (waiting.length < opening.length) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(openDescriptors() >= before + opening.length);
  stopper.abort();
  const starts = await Promise.all(opening);
  assert.deepEqual(new Set(starts.map((start) => start.status === 'failed' && start.failure)), new Set(['cancelled']));
  await Promise.all(starts.map((start) => start.status === 'failed' && start.closed));
  await Promise.all(waiting.map((peer) => peer.gone));
  while ((proxies[0]?.open ?? 0) > 0) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(openDescriptors() <= before, `${openDescriptors()} after, ${before} before`);
});

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}
