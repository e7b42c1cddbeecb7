// Tests src/dns/resolver.ts as a whole, over real sockets against a fake server with moods.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import type { OptAnswer } from 'dns-packet';
import { systemClock } from '../../src/clock.ts';
import type { DnsLimits } from '../../src/dns/defaults.ts';
import { createResolver, type Resolver } from '../../src/dns/resolver.ts';
import { type FakeDns, type FakeReply, type Handler, SOA, startFakeDns, zoneHandler } from './fake-dns-server.ts';
import { type ManualClock, manualClock } from './manual-clock.ts';

const MX: FakeReply = {
  answers: [{ type: 'MX', name: 'a.test', ttl: 3_600, data: { preference: 5, exchange: 'mx.a.test' } }],
};
const MX_RECORDS = [{ preference: 5, exchange: 'mx.a.test' }];

interface Setup {
  readonly resolver: Resolver;
  readonly servers: readonly FakeDns[];
  readonly server: FakeDns;
  readonly clock: ManualClock;
}

async function setUp(
  t: TestContext,
  handlers: Handler | readonly Handler[],
  options: { readonly limits?: Partial<DnsLimits>; readonly tcp?: boolean } = {},
): Promise<Setup> {
  const clock = manualClock();
  const list = typeof handlers === 'function' ? [handlers] : handlers;
  const servers = await Promise.all(list.map((handler) => startFakeDns(handler, { tcp: options.tcp ?? true })));
  const resolver = createResolver({ servers, clock, limits: { socketsPerServer: 2, ...options.limits } });
  t.after(async () => {
    await resolver.close();
    await Promise.all(servers.map((server) => server.close()));
  });
  return { resolver, servers, server: servers[0]!, clock };
}

const silent: Handler = () => {};
const saying =
  (reply: FakeReply): Handler =>
  (_query, channel) =>
    channel.send(reply);

/** A port of loopback where nothing listens. */
async function closedPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}

test('an answer gives the records with an expiry by their TTL', async (t) => {
  const { resolver, clock } = await setUp(t, saying(MX));
  assert.deepEqual(await resolver.query('A.TEST.', 'MX'), {
    status: 'answer',
    records: MX_RECORDS,
    name: 'a.test',
    expiresAt: clock.now() + 3_600_000,
    isStale: false,
  });
});

test('queries say EDNS with 1232 octets, desire recursion, and have an unguessable id each', async (t) => {
  const ids = new Set<number>();
  const { resolver, server } = await setUp(t, (query, channel) => {
    ids.add(query.id);
    channel.send({ rcode: 3, authorities: [SOA] });
  });
  await Promise.all(Array.from({ length: 50 }, (_, i) => resolver.query(`n${i}.test`, 'A')));
  assert.ok(ids.size > 40, `${ids.size} different ids of 50`);
  assert.ok(server.queries.every((query) => query.edns));
  assert.equal(new Set(server.queries.map((query) => query.port)).size, 2, 'both sockets are used');
});

const negatives: [string, FakeReply, string, number, boolean][] = [
  ['NXDOMAIN with an SOA', { rcode: 3, authorities: [SOA] }, 'nxdomain', 600_000, true],
  ['NXDOMAIN without an SOA', { rcode: 3 }, 'nxdomain', 300_000, false],
  ['NODATA with an SOA', { authorities: [SOA] }, 'nodata', 600_000, true],
  ['NODATA without an SOA', {}, 'nodata', 300_000, false],
  [
    'NXDOMAIN with the SOA of another zone',
    { rcode: 3, authorities: [{ ...SOA, name: 'b.test' }] },
    'nxdomain',
    300_000,
    false,
  ],
];
for (const [what, reply, status, lifeMs, hasSoa] of negatives) {
  test(`${what} is kept for ${lifeMs / 1000} s`, async (t) => {
    const { resolver, clock } = await setUp(t, saying(reply));
    assert.deepEqual(await resolver.query('a.test', 'MX'), { status, expiresAt: clock.now() + lifeMs, hasSoa });
  });
}

const failures: [string, FakeReply, string][] = [
  ['SERVFAIL', { rcode: 2 }, 'servfail'],
  ['REFUSED', { rcode: 5 }, 'refused'],
  ['NOTIMP with OPT', { rcode: 4, additionals: [opt()] }, 'not_implemented'],
  ['FORMERR with OPT', { rcode: 1, additionals: [opt()] }, 'format_error'],
  ['a code nobody knows', { rcode: 11 }, 'bogus'],
  ['records of another owner', answer('A', 'b.test', '127.0.0.9'), 'bogus'],
  ['records of another type', { answers: [{ type: 'TXT', name: 'a.test', ttl: 60, data: 'x' }] }, 'bogus'],
  ['NXDOMAIN together with records', { rcode: 3, ...answer('A', 'a.test', '127.0.0.9') }, 'bogus'],
  ['a referral', { authorities: [{ type: 'NS', name: 'test', ttl: 60, data: 'ns.test' }] }, 'bogus'],
  ['a CNAME loop', { answers: [cname('a.test', 'b.test'), cname('b.test', 'a.test')] }, 'alias_loop'],
];
for (const [what, reply, why] of failures) {
  test(`${what} is a failure (${why}), never an answer about the name`, async (t) => {
    const { resolver, server, clock } = await setUp(t, saying(reply));
    const failed = await resolver.query('a.test', 'A');
    assert.equal(failed.status, 'failure');
    assert.equal(failed.status === 'failure' && failed.why, why);
    assert.equal(failed.status === 'failure' && failed.retryAt, clock.now() + 5_000);
    assert.equal(server.queries.length, 1);
  });

  test(`after ${what} of the first server the second is asked at once`, async (t) => {
    const { resolver } = await setUp(t, [saying(reply), saying(answer('A', 'a.test', '127.0.0.7'))]);
    const found = await resolver.query('a.test', 'A');
    assert.deepEqual(found.status === 'answer' && found.records, ['127.0.0.7']);
  });
}

function answer(type: 'A' | 'AAAA', name: string, data: string): FakeReply {
  return { answers: [{ type, name, ttl: 3_600, data }] };
}

function cname(name: string, data: string): { type: 'CNAME'; name: string; ttl: number; data: string } {
  return { type: 'CNAME', name, ttl: 900, data };
}

function opt(): OptAnswer {
  return {
    type: 'OPT',
    name: '.',
    udpPayloadSize: 1232,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  };
}

test('of several owners only the records at the end of the CNAME chain count, for the least TTL', async (t) => {
  const { resolver, clock } = await setUp(
    t,
    saying({
      answers: [
        { type: 'A', name: 'evil.test', ttl: 60, data: '127.0.0.66' },
        cname('b.test', 'c.test'),
        cname('a.test', 'b.test'),
        { type: 'A', name: 'c.test', ttl: 3_600, data: '127.0.0.3' },
      ],
    }),
  );
  assert.deepEqual(await resolver.query('a.test', 'A'), {
    status: 'answer',
    records: ['127.0.0.3'],
    name: 'c.test',
    expiresAt: clock.now() + 900_000,
    isStale: false,
  });
});

test('an alias whose target is not in the reply is followed by a new query', async (t) => {
  const { resolver, server } = await setUp(t, (query, channel) =>
    channel.send(
      query.name === 'a.test' ? { answers: [cname('a.test', 'b.test')] } : answer('A', 'b.test', '127.0.0.2'),
    ),
  );
  const found = await resolver.query('a.test', 'A');
  assert.deepEqual(found.status === 'answer' && [found.name, ...found.records], ['b.test', '127.0.0.2']);
  assert.deepEqual(
    server.queries.map((query) => query.name),
    ['a.test', 'b.test'],
  );
});

test('aliases that lead on without end are given up after eight', async (t) => {
  const { resolver, server } = await setUp(t, (query, channel) => {
    const next = `n${Number(query.name.slice(1, -5)) + 1}.test`;
    channel.send({ answers: [cname(query.name, next)] });
  });
  const failed = await resolver.query('n0.test', 'A');
  assert.equal(failed.status === 'failure' && failed.why, 'alias_loop');
  assert.equal(server.queries.length, 9);
});

test('a CNAME to a name that does not exist is NXDOMAIN, but names below the alias are not', async (t) => {
  const { resolver, server } = await setUp(t, (query, channel) =>
    channel.send(
      query.name === 'a.test' ? { rcode: 3, answers: [cname('a.test', 'gone.test')], authorities: [SOA] } : MX,
    ),
  );
  assert.equal((await resolver.query('a.test', 'MX')).status, 'nxdomain');
  assert.equal((await resolver.query('x.gone.test', 'MX')).status, 'nxdomain', 'below the name that is gone');
  await resolver.query('x.a.test', 'MX');
  assert.equal(server.queries.length, 2);
});

test('a type CNAME question is answered by the CNAME itself', async (t) => {
  const { resolver } = await setUp(t, zoneHandler({ 'a.test': { CNAME: ['b.test'] }, 'b.test': {} }));
  const found = await resolver.query('a.test', 'CNAME');
  assert.deepEqual(found.status === 'answer' && found.records, ['b.test']);
});

test('junk is dropped and the answer waited for', async (t) => {
  const { resolver } = await setUp(t, async (query, channel) => {
    channel.raw(Buffer.from('not DNS at all'));
    channel.raw(Buffer.alloc(0));
    channel.send({ ...answer('A', 'a.test', '127.0.0.66'), id: query.id ^ 1 });
    channel.send({ ...answer('A', 'b.test', '127.0.0.66'), questions: [{ name: 'b.test', type: 'A' }] });
    channel.send({ ...answer('A', 'a.test', '127.0.0.66'), questions: [{ name: 'a.test', type: 'AAAA' }] });
    channel.send({ ...answer('A', 'a.test', '127.0.0.66'), questions: [{ name: 'a.test', type: 'A', class: 'CH' }] });
    channel.send({ ...answer('A', 'a.test', '127.0.0.66'), questions: [] });
    channel.send({ ...answer('A', 'a.test', '127.0.0.66'), type: 'query' });
    channel.raw(channel.encode(answer('A', 'a.test', '127.0.0.66')).subarray(0, -2));
    await channel.fromElsewhere(answer('A', 'a.test', '127.0.0.66'));
    channel.send({ ...answer('A', 'A.tEsT', '127.0.0.1'), questions: [{ name: 'A.TEST', type: 'A' }] });
  });
  const found = await resolver.query('a.test', 'A');
  assert.deepEqual(found.status === 'answer' && found.records, ['127.0.0.1']);
});

test('a first send that is lost is sent again, with the same id from the same port', async (t) => {
  const { resolver, server, clock } = await setUp(t, (query, channel) => {
    if (query.nth > 0) channel.send(MX);
  });
  const found = resolver.query('a.test', 'MX');
  await server.seen(1);
  clock.advance(5_000);
  assert.equal((await found).status, 'answer');
  const [first, second] = server.queries;
  assert.deepEqual([first?.id, first?.port], [second?.id, second?.port]);
});

test('an answer after four seconds counts, and so does one to an earlier send', async (t) => {
  let answerFirst = () => {};
  const { resolver, server, clock } = await setUp(t, (query, channel) => {
    if (query.nth === 0) answerFirst = () => channel.send(MX);
  });
  const found = resolver.query('a.test', 'MX');
  await server.seen(1);
  clock.advance(5_000);
  await server.seen(2);
  clock.advance(4_000);
  answerFirst();
  assert.equal((await found).status, 'answer');
  assert.equal(server.queries.length, 2);
});

test('after three sends and 15 seconds of silence the question fails with a timeout', async (t) => {
  const { resolver, server, clock } = await setUp(t, silent);
  const found = resolver.query('a.test', 'MX');
  for (let sends = 1; sends <= 3; sends += 1) {
    await server.seen(sends);
    clock.advance(5_000);
  }
  const failed = await found;
  assert.equal(failed.status === 'failure' && failed.why, 'timeout');
  assert.equal(server.queries.length, 3);
});

test('a silent first server hands over to the second, and is asked last for 30 seconds', async (t) => {
  const { resolver, servers, clock } = await setUp(t, [silent, saying({ rcode: 3, authorities: [SOA] })]);
  const [dead, alive] = servers as [FakeDns, FakeDns];
  const first = resolver.query('a1.test', 'MX');
  await dead.seen(1);
  clock.advance(5_000);
  assert.equal((await first).status, 'nxdomain');
  await resolver.query('a2.test', 'MX');
  assert.equal(dead.queries.length, 1, 'remembered as dead');
  clock.advance(30_000);
  const probing = resolver.query('a3.test', 'MX');
  await dead.seen(2);
  await resolver.query('a4.test', 'MX');
  assert.equal(dead.queries.length, 2, 'one question is enough to find out');
  clock.advance(5_000);
  await probing;
  assert.equal(alive.queries.length, 4);
});

test('a server that answers others is not dead for one silence', async (t) => {
  const slowOne: Handler = (query, channel) => {
    if (query.name !== 'slow.test') channel.send({ rcode: 3, authorities: [SOA] });
  };
  const { resolver, servers, clock } = await setUp(t, [slowOne, saying({ authorities: [SOA] })]);
  const [first, second] = servers as [FakeDns, FakeDns];
  const slow = resolver.query('slow.test', 'A');
  await first.seen(1);
  clock.advance(2_000);
  await resolver.query('quick.test', 'A');
  clock.advance(3_000);
  await second.seen(1);
  assert.equal((await slow).status, 'nodata');
  await resolver.query('other.test', 'A');
  assert.deepEqual(
    first.queries.map((query) => query.name),
    ['slow.test', 'quick.test', 'other.test'],
  );
});

test('a closed port hands over to the next server without waiting', async (t) => {
  const server = await startFakeDns(saying(MX));
  const clock = manualClock();
  const port = await closedPort();
  const resolver = createResolver({ servers: [{ address: '127.0.0.1', port }, server], clock });
  t.after(async () => {
    await resolver.close();
    await server.close();
  });
  assert.equal((await resolver.query('a.test', 'MX')).status, 'answer');
});

test('a closed port alone is tried three times and called unreachable', async (t) => {
  const port = await closedPort();
  const resolver = createResolver({
    servers: [{ address: '127.0.0.1', port }],
    clock: systemClock,
    limits: { unreachablePauseMs: 5 },
  });
  t.after(() => resolver.close());
  const failed = await resolver.query('a.test', 'MX');
  assert.equal(failed.status === 'failure' && failed.why, 'unreachable');
  assert.match(failed.status === 'failure' ? failed.detail : '', /ECONNREFUSED/);
});

const ednsRefusals: [string, FakeReply][] = [
  ['FORMERR', { rcode: 1 }],
  ['FORMERR as a bare header', { rcode: 1, questions: [] }],
  ['NOTIMP', { rcode: 4 }],
  ['BADVERS', { rcode: 0, additionals: [{ ...opt(), extendedRcode: 1 }] }],
];
for (const [what, reply] of ednsRefusals) {
  test(`${what} to EDNS leads to the same query without, and the server is remembered`, async (t) => {
    const { resolver, server } = await setUp(t, (query, channel) => channel.send(query.edns ? reply : MX));
    assert.equal((await resolver.query('a.test', 'MX')).status, 'answer');
    await resolver.query('b.test', 'MX');
    assert.deepEqual(
      server.queries.map((query) => query.edns),
      [true, false, false],
    );
  });
}

test('a second refusal of EDNS, to an earlier send, is not taken for an answer', async (t) => {
  const { resolver, server, clock } = await setUp(t, (query, channel) => {
    if (query.nth === 0) return;
    if (!query.edns) return channel.send(MX);
    channel.send({ rcode: 1 });
    channel.send({ rcode: 1 });
  });
  const found = resolver.query('a.test', 'MX');
  await server.seen(1);
  clock.advance(5_000);
  assert.equal((await found).status, 'answer');
});

const MANY = Array.from({ length: 60 }, (_, i) => ({
  type: 'MX' as const,
  name: 'a.test',
  ttl: 3_600,
  data: { preference: i, exchange: `mail-host-number-${i}.a.test` },
}));

test('a truncated answer is fetched whole over TCP, its length split over segments', async (t) => {
  const { resolver, server } = await setUp(t, (query, channel) => {
    if (channel.tcp === null) return channel.send({ truncated: true, answers: MANY.slice(0, 3) });
    const message = channel.encode({ answers: MANY });
    channel.tcp.write(Buffer.from([message.length >> 8]));
    setImmediate(() => {
      channel.tcp?.write(Buffer.concat([Buffer.from([message.length & 0xff]), message.subarray(0, 100)]));
      setImmediate(() => channel.tcp?.write(message.subarray(100)));
    });
    assert.equal(query.transport, 'tcp');
  });
  const found = await resolver.query('a.test', 'MX');
  assert.equal(found.status === 'answer' && found.records.length, 60);
  assert.deepEqual(
    server.queries.map((query) => query.transport),
    ['udp', 'tcp'],
  );
});

test('TCP connections are shared and at most four', async (t) => {
  const { resolver, server } = await setUp(t, (_query, channel) =>
    channel.send(channel.tcp === null ? { truncated: true } : { rcode: 3, authorities: [SOA] }),
  );
  const names = Array.from({ length: 40 }, (_, i) => `n${i}.test`);
  const found = await Promise.all(names.map((name) => resolver.query(name, 'MX')));
  assert.ok(found.every((each) => each.status === 'nxdomain'));
  const ports = new Set(server.queries.filter((query) => query.transport === 'tcp').map((query) => query.port));
  assert.ok(ports.size <= 4, `${ports.size} connections`);
});

test('an idle TCP connection is closed after ten seconds', async (t) => {
  const { resolver, server, clock } = await setUp(t, (_query, channel) =>
    channel.send(channel.tcp === null ? { truncated: true } : MX),
  );
  let closed: Promise<unknown> = Promise.resolve();
  const reply = server.handler;
  server.handler = (query, channel) => {
    if (channel.tcp !== null) closed = once(channel.tcp, 'close');
    reply(query, channel);
  };
  await resolver.query('a.test', 'MX');
  clock.advance(10_000);
  await closed;
});

test('a TCP connection the server closed while idle is no failure: a new one is opened', async (t) => {
  const { resolver, server } = await setUp(t, (query, channel) => {
    if (channel.tcp === null) return channel.send({ truncated: true });
    if (query.name === 'b.test' && query.nth === 1) channel.tcp.destroy();
    else channel.send({ rcode: 3, authorities: [SOA] });
  });
  await resolver.query('a.test', 'MX');
  assert.equal((await resolver.query('b.test', 'MX')).status, 'nxdomain');
  assert.equal(server.queries.filter((query) => query.transport === 'tcp').length, 3);
});

test('truncated, and TCP closed: a failure, not "no MX"', async (t) => {
  const { resolver } = await setUp(t, saying({ truncated: true }), { tcp: false });
  const failed = await resolver.query('a.test', 'MX');
  assert.equal(failed.status === 'failure' && failed.why, 'tcp');
});

test('truncated, and TCP silent: a failure when its time is over', async (t) => {
  let tcpAsked = () => {};
  const asked = new Promise<void>((resolve) => {
    tcpAsked = resolve;
  });
  const { resolver, clock } = await setUp(t, (_query, channel) =>
    channel.tcp === null ? channel.send({ truncated: true }) : tcpAsked(),
  );
  const found = resolver.query('a.test', 'MX');
  await asked;
  clock.advance(5_000);
  const failed = await found;
  assert.equal(failed.status === 'failure' && failed.why, 'tcp');
});

test('one query serves everyone who asks the same while it is under way', async (t) => {
  const { resolver, server } = await setUp(t, saying(MX));
  const found = await Promise.all(Array.from({ length: 100 }, () => resolver.query('a.test', 'MX')));
  assert.ok(found.every((each) => each.status === 'answer'));
  assert.equal(server.queries.length, 1);
});

test('an answer is given from memory until it expires', async (t) => {
  const { resolver, server, clock } = await setUp(t, saying(MX));
  await resolver.query('a.test', 'MX');
  clock.advance(3_599_999);
  await resolver.query('a.test', 'MX');
  assert.equal(server.queries.length, 1);
  clock.advance(1);
  await resolver.query('a.test', 'MX');
  assert.equal(server.queries.length, 2);
});

test('NXDOMAIN of a name answers every type of it and every name below, until it expires', async (t) => {
  const { resolver, server, clock } = await setUp(t, saying({ rcode: 3, authorities: [SOA] }));
  await resolver.query('a.test', 'MX');
  assert.equal((await resolver.query('a.test', 'A')).status, 'nxdomain');
  assert.equal((await resolver.query('deep.down.a.test', 'AAAA')).status, 'nxdomain');
  assert.equal(server.queries.length, 1);
  await resolver.query('ba.test', 'A');
  assert.equal(server.queries.length, 2, 'a name that merely ends alike is another name');
  clock.advance(600_000);
  await resolver.query('deep.down.a.test', 'AAAA');
  assert.equal(server.queries.length, 3);
});

test('NODATA of one type says nothing of another', async (t) => {
  const { resolver, server } = await setUp(t, saying({ authorities: [SOA] }));
  await resolver.query('a.test', 'MX');
  await resolver.query('a.test', 'MX');
  await resolver.query('a.test', 'A');
  assert.equal(server.queries.length, 2);
});

test('a failure is remembered for 5, 10, 20 … 300 seconds, and forgotten after a success', async (t) => {
  const { resolver, server, clock } = await setUp(t, saying({ rcode: 2 }));
  for (const seconds of [5, 10, 20, 40, 80, 160, 300, 300]) {
    const failed = await resolver.query('a.test', 'MX');
    assert.equal(failed.status === 'failure' && failed.retryAt - clock.now(), seconds * 1_000);
    const asked = server.queries.length;
    clock.advance(seconds * 1_000 - 1);
    await resolver.query('a.test', 'MX');
    assert.equal(server.queries.length, asked);
    clock.advance(1);
  }
  server.handler = saying({ authorities: [SOA] });
  await resolver.query('a.test', 'MX');
  clock.advance(600_000);
  server.handler = saying({ rcode: 2 });
  const failed = await resolver.query('a.test', 'MX');
  assert.equal(failed.status === 'failure' && failed.retryAt - clock.now(), 5_000);
});

test('an expired answer serves for a day while asking anew fails, and says so', async (t) => {
  const { resolver, server, clock } = await setUp(t, saying(MX));
  await resolver.query('a.test', 'MX');
  clock.advance(3_600_000);
  server.handler = saying({ rcode: 2 });
  const stale = await resolver.query('a.test', 'MX');
  assert.deepEqual(stale.status === 'answer' && [stale.isStale, stale.expiresAt - clock.now()], [true, 30_000]);
  clock.advance(24 * 3_600_000);
  assert.equal((await resolver.query('a.test', 'MX')).status, 'failure');
});

test('the memory keeps a bounded number of names, the oldest go first', async (t) => {
  const { resolver, server } = await setUp(t, saying({ rcode: 3, authorities: [SOA] }), { limits: { cachedNames: 2 } });
  for (const name of ['a.test', 'b.test', 'c.test', 'c.test', 'b.test', 'a.test']) await resolver.query(name, 'A');
  assert.deepEqual(
    server.queries.map((query) => query.name),
    ['a.test', 'b.test', 'c.test', 'a.test'],
  );
});

const badNames: [string, string][] = [
  ['', 'empty'],
  ['.', 'the root'],
  ['a..b', 'an empty label'],
  ['.a.test', 'an empty first label'],
  [`${'x'.repeat(64)}.test`, 'a label of 64 octets'],
  [`${'abcdefg.'.repeat(32)}test`, 'a name of 260 octets'],
  ['a\u200db.test', 'a zero-width joiner'],
  ['a\ud800.test', 'a lone surrogate'],
  ['a\0b.test', 'a NUL'],
  ['a b.test', 'a space'],
  ['bücher.test', 'raw UTF-8'],
  ['a\\b.test', 'a stray backslash'],
];
for (const [name, why] of badNames) {
  test(`a name with ${why} is refused without a query`, async (t) => {
    const { resolver, server } = await setUp(t, saying(MX));
    const failed = await resolver.query(name, 'MX');
    assert.equal(failed.status === 'failure' && failed.why, 'bad_name');
    await resolver.query('a.test', 'MX');
    assert.equal(server.queries.length, 1, 'only the good name arrived');
  });
}

test('no more questions than allowed are under way at once', async (t) => {
  const waiting: (() => void)[] = [];
  const { resolver, server, clock } = await setUp(
    t,
    (_query, channel) => waiting.push(() => channel.send({ rcode: 3, authorities: [SOA] })),
    { limits: { inFlight: 2, queriesPerSecond: 10_000 } },
  );
  const all = Promise.all(['a', 'b', 'c', 'd', 'e'].map((label) => resolver.query(`${label}.test`, 'A')));
  for (let seen = 2; seen <= 5; seen += 1) {
    await server.seen(seen);
    assert.ok(server.queries.length - (seen - 2) <= 2);
    waiting.shift()?.();
    clock.advance(1);
  }
  for (const answer of waiting) answer();
  assert.ok((await all).every((each) => each.status === 'nxdomain'));
});

test('queries leave at the rate allowed', async (t) => {
  const { resolver, server, clock } = await setUp(t, saying({ rcode: 3, authorities: [SOA] }), {
    limits: { queriesPerSecond: 10 },
  });
  const all = Promise.all(['a', 'b', 'c', 'd'].map((label) => resolver.query(`${label}.test`, 'A')));
  for (let seen = 1; seen <= 4; seen += 1) {
    await server.seen(seen);
    await new Promise(setImmediate);
    assert.equal(server.queries.length, seen);
    clock.advance(100);
  }
  await all;
});

test('closing fails what is under way and what waits, and later questions, without an error', async (t) => {
  const { resolver, server } = await setUp(t, silent, { limits: { inFlight: 1 } });
  const underWay = resolver.query('a.test', 'MX');
  const waiting = resolver.query('b.test', 'MX');
  await server.seen(1);
  await resolver.close();
  for (const question of [underWay, waiting, resolver.query('c.test', 'MX')]) {
    const failed = await question;
    assert.equal(failed.status === 'failure' && failed.why, 'closed');
  }
});

test('a server on IPv6 loopback is asked as well', async (t) => {
  const server = await startFakeDns(saying(MX), { address: '::1' }).catch(() => null);
  if (server === null) return t.skip('no IPv6 loopback here');
  const resolver = createResolver({ servers: [server], clock: manualClock() });
  t.after(async () => {
    await resolver.close();
    await server.close();
  });
  assert.equal((await resolver.query('a.test', 'MX')).status, 'answer');
});

test('2,000 questions under way at once lose nothing', async (t) => {
  const server = await startFakeDns(saying({ rcode: 3, authorities: [SOA] }));
  const limits = { inFlight: 2_000, queriesPerSecond: 1_000_000 };
  const resolver = createResolver({ servers: [server], clock: systemClock, limits });
  t.after(async () => {
    await resolver.close();
    await server.close();
  });
  const found = await Promise.all(Array.from({ length: 6_000 }, (_, i) => resolver.query(`n${i}.test`, 'MX')));
  assert.equal(found.filter((each) => each.status === 'nxdomain').length, 6_000);
});
