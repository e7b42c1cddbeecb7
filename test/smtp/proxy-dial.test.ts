// Sessions through a SOCKS5 proxy, over real sockets: what is the proxy's failure, what is the mail host's.
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { selfSignedContext } from '../../src/sandbox/certificate.ts';
import { parseProxy } from '../../src/smtp/proxy.ts';
import { dialThrough } from '../../src/smtp/proxy-dial.ts';
import type { SessionOptions } from '../../src/smtp/session.ts';
import { DEFAULT_TIMEOUTS } from '../../src/smtp/timeouts.ts';
import { type SocksBehaviour, type SocksServer, startSocksServer } from '../support/socks-server.ts';
import { gate, jane, openFailed, openReady, serve, summaryOf } from './conversation.ts';
import { createHandClock } from './hand-clock.ts';
import type { Script } from './scripted-server.ts';

const proxies: SocksServer[] = [];
afterEach(async () => {
  await Promise.all(proxies.splice(0).map((proxy) => proxy.stop()));
});

async function proxyWith(behaviour: SocksBehaviour = {}): Promise<SocksServer> {
  const proxy = await startSocksServer(behaviour, '127.0.55.1');
  proxies.push(proxy);
  return proxy;
}

/** The options that lead through the proxy. */
function through(proxy: SocksServer, { login = '', scheme = 'socks5' } = {}): Partial<SessionOptions> {
  return { dial: dialThrough(parseProxy(`${scheme}://${login}${proxy.address}:${proxy.port}`)) };
}

const plainHost: Script = async (peer) => {
  await peer.upToMail();
  await peer.answer(/^RCPT/, '250 Ok\r\n');
  await peer.answer('QUIT', '221 Bye\r\n');
};

test('a session goes through a proxy as it goes without one, and the dialogue says so', async () => {
  const server = await serve(plainHost);
  const proxy = await proxyWith();
  const notes: string[] = [];
  const trace = (_: string, line: string): void => void notes.push(line);
  const session = await openReady(server, { ...through(proxy), hostname: 'mx.host.test', trace });
  assert.equal((await session.ask(jane)).reply?.code, 250);
  await session.close();
  assert.deepEqual(proxy.requests, [{ host: '127.0.0.1', isName: false, port: server.port, user: null }]);
  assert.equal(
    notes[0],
    `connected to mx.host.test (127.0.0.1 port ${server.port}) through socks5://127.0.55.1:${proxy.port}`,
  );
});

test('with socks5h the proxy is given the name of the mail host', async () => {
  const server = await serve(plainHost);
  const proxy = await proxyWith({ on: () => ({ to: '127.0.0.1' }) });
  const session = await openReady(server, { ...through(proxy, { scheme: 'socks5h' }), hostname: 'mx.host.test' });
  await session.ask(jane);
  await session.close();
  assert.deepEqual(proxy.requests, [{ host: 'mx.host.test', isName: true, port: server.port, user: null }]);
});

test('user and password go to the proxy, and nowhere else', async () => {
  const server = await serve(async (peer) => {
    await plainHost(peer, 1);
    assert.doesNotMatch(peer.received, /sécret/);
  });
  const proxy = await proxyWith({ users: { 'me@shop': 'sécret:1' } });
  const notes: string[] = [];
  const trace = (_: string, line: string): void => void notes.push(line);
  const login = `${encodeURIComponent('me@shop')}:${encodeURIComponent('sécret:1')}@`;
  const session = await openReady(server, { ...through(proxy, { login }), trace });
  await session.ask(jane);
  await session.close();
  assert.equal(proxy.requests[0]?.user, 'me@shop');
  assert.doesNotMatch(notes.join('\n'), /sécret|s%C3|shop/);
});

for (const behaviour of [{ dribbles: true }, { joinsBanner: true }] satisfies SocksBehaviour[]) {
  test(`however a proxy cuts its bytes, ${JSON.stringify(behaviour)}, none is lost`, async () => {
    const server = await serve(plainHost);
    const proxy = await proxyWith(behaviour);
    const session = await openReady(server, through(proxy));
    assert.equal(session.banner.text, 'mx.host.test ESMTP');
    assert.equal((await session.ask(jane)).reply?.code, 250);
    await session.close();
  });
}

test('STARTTLS works through a proxy', async () => {
  const context = selfSignedContext();
  const server = await serve(async (peer) => {
    await peer.send('220 mx.host.test ESMTP\r\n');
    await peer.answer(/^EHLO/, '250-mx.host.test\r\n250 STARTTLS\r\n');
    await peer.answer('STARTTLS', '220 go\r\n');
    await peer.secure(context);
    await plainHost(
      {
        ...peer,
        upToMail: async () => {
          await peer.answer(/^EHLO/, '250 mx.host.test\r\n');
          await peer.answer(/^MAIL/, '250 Ok\r\n');
        },
      },
      1,
    );
  });
  const session = await openReady(server, { ...through(await proxyWith()), tls: 'always' });
  assert.equal(session.secured, true);
  assert.equal((await session.ask(jane)).reply?.code, 250);
  await session.close();
});

/** What the proxy says of the mail host: evidence about the host, as without a proxy. */
const HOST_FAILURES: readonly [code: number, failure: string, detail: RegExp][] = [
  [1, 'unreachable', /no connection, says the proxy/],
  [3, 'unreachable', /network unreachable/],
  [4, 'unreachable', /host unreachable/],
  [5, 'refused', /connection refused/],
  [6, 'timeout', /TTL expired/],
  [8, 'unreachable', /addresses of this kind/],
];

for (const [code, failure, detail] of HOST_FAILURES) {
  for (const dribbles of [false, true]) {
    test(`reply ${code} of a proxy${dribbles ? ', byte by byte,' : ''} is the mail host's failure: ${failure}`, async () => {
      const start = await openFailed({ port: 25 }, through(await proxyWith({ on: () => code, dribbles })));
      assert.deepEqual(summaryOf(start), { stage: 'connect', failure, code: null, tryNextHost: true });
      assert.match(start.detail, detail);
      await start.closed;
    });
  }
}

test('a target that refuses the connection is told as such by a proxy', async () => {
  const server = await serve(async () => {});
  await server.stop();
  const start = await openFailed(server, through(await proxyWith()));
  assert.equal(start.failure, 'refused');
  await start.closed;
});

/** The proxy's own failures: no evidence about any mail host. */
const PROXY_FAILURES: readonly [why: string, behaviour: SocksBehaviour, login: string][] = [
  ['its rules forbid the connection', { on: () => 2 }, ''],
  ['it does not know how to connect', { on: () => 7 }, ''],
  ['it answers with a code nobody knows', { on: () => 77 }, ''],
  ['it wants a login and got none', { users: { me: 'secret' } }, ''],
  ['it refuses the login', { users: { me: 'secret' } }, 'me:wrong@'],
  ['it speaks SOCKS4', { greeting: Buffer.of(0, 0x5a) }, ''],
  ['it is a web server', { greeting: Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n') }, ''],
  ['it wants a login of a kind we do not know', { greeting: Buffer.of(5, 1) }, ''],
  ['it hangs up at the greeting', { greeting: 'close' }, ''],
  ['it resets at the greeting', { greeting: 'reset' }, ''],
  ['it hangs up at the request', { on: () => 'close' }, ''],
  ['it resets at the request', { on: () => 'reset' }, ''],
  ['it answers nonsense to the request', { on: () => Buffer.from('what do you mean?') }, ''],
];

for (const [why, behaviour, login] of PROXY_FAILURES) {
  test(`${why}: that is the proxy's failure, and the mail host was never met`, async () => {
    let met = false;
    const start = await openFailed(
      { port: 25 },
      {
        ...through(await proxyWith(behaviour), { login }),
        onConnected: () => {
          met = true;
        },
      },
    );
    const { stage, failure } = summaryOf(start);
    assert.equal(`${stage} ${failure}`, 'connect proxy', start.detail);
    assert.match(start.detail, /^the proxy socks5:\/\/(?:\*\*\*@)?127\.0\.55\.1:\d+ failed: /);
    assert.doesNotMatch(start.detail, /secret|wrong/);
    assert.equal(met, false);
    await start.closed;
  });
}

test('a proxy that is not there has failed by itself', async () => {
  const proxy = await proxyWith();
  await proxy.stop();
  const start = await openFailed({ port: 25 }, through(proxy));
  assert.equal(`${start.stage} ${start.failure}`, 'connect proxy');
  assert.match(start.detail, /ECONNREFUSED/);
  await start.closed;
});

for (const [what, behaviour, failure] of [
  ['a proxy that is silent from the start', { greeting: 'silent' }, 'proxy'],
  ['a proxy that was asked to connect and is still waiting', { on: () => 'silent' }, 'timeout'],
  ['the same behind a login', { users: { me: 'secret' }, on: () => 'silent' }, 'timeout'],
] as const) {
  test(`${what} is given the time for a connection and no more; it is a failure of the ${failure === 'proxy' ? 'proxy' : 'mail host'}`, async () => {
    const clock = createHandClock();
    const waiting = gate();
    const given = behaviour as SocksBehaviour;
    const proxy = await proxyWith({
      ...given,
      ...(given.on === undefined
        ? {}
        : {
            on: () => {
              waiting.open();
              return 'silent';
            },
          }),
    });
    const opening = openFailed({ port: 25 }, { ...through(proxy, { login: 'me:secret@' }), clock });
    if (given.on === undefined) while (proxy.handshakes === '') await new Promise(setImmediate);
    else await waiting.opened;
    clock.advance(DEFAULT_TIMEOUTS.connectMs - 1);
    await new Promise(setImmediate);
    clock.advance(1);
    const start = await opening;
    assert.equal(`${start.stage} ${start.failure}`, `connect ${failure}`);
    await start.closed;
    assert.equal(clock.pending, 0);
  });
}

test('a proxy that dies within a conversation has ended the connection, as the host might have', async () => {
  const proxy = await proxyWith();
  const server = await serve(async (peer) => {
    await peer.upToMail();
    await peer.expect(/^RCPT/);
    await proxy.die();
    await peer.gone;
  });
  const session = await openReady(server, through(proxy));
  const answer = await session.ask(jane);
  assert.equal(answer.status, 'lost');
  assert.ok(answer.failure === 'reset' || answer.failure === 'closed', answer.failure);
  await session.closed;
});

test('giving up closes the connection to the proxy, at whatever step', async () => {
  for (const behaviour of [{ greeting: 'silent' }, { on: () => 'silent' }] satisfies SocksBehaviour[]) {
    const proxy = await proxyWith(behaviour);
    const stopper = new AbortController();
    const opening = openFailed({ port: 25 }, { ...through(proxy), signal: stopper.signal });
    while (proxy.handshakes === '') await new Promise(setImmediate);
    stopper.abort();
    const start = await opening;
    assert.equal(start.failure, 'cancelled');
    await start.closed;
    while (proxy.open > 0) await new Promise(setImmediate);
  }
});
