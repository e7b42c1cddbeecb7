// Tests src/dns/self-test.ts: honest, rewriting, deaf and half-deaf resolvers.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createResolver } from '../../src/dns/resolver.ts';
import { hasIpv6Egress, testResolver } from '../../src/dns/self-test.ts';
import { type Handler, SOA, startFakeDns, zoneHandler } from './fake-dns-server.ts';
import { manualClock } from './manual-clock.ts';

async function examine(t: TestContext, handler: Handler, options: { tcp?: boolean; knownName?: string } = {}) {
  const server = await startFakeDns(handler, { tcp: options.tcp ?? true });
  const resolver = createResolver({ servers: [server], clock: manualClock() });
  t.after(async () => {
    await resolver.close();
    await server.close();
  });
  let seed = 0;
  const random = () => {
    seed = (seed + 0.37) % 1;
    return seed;
  };
  const { knownName } = options;
  const outcome = await testResolver(resolver, { random, ...(knownName === undefined ? {} : { knownName }) });
  return { outcome, server };
}

test('a resolver that says "no such name" over UDP and TCP, with an SOA, is honest without a warning', async (t) => {
  const { outcome, server } = await examine(t, zoneHandler({ 'sender.test': { A: ['127.0.0.1'] } }), {
    knownName: 'sender.test',
  });
  assert.deepEqual(outcome, { status: 'honest', warnings: [] });
  assert.ok(server.queries.every((query) => /^(?:[a-z]{20}\.(?:com|net)|sender\.test)$/.test(query.name)));
});

test('a resolver that invents addresses is found out, and its addresses are known', async (t) => {
  const { outcome } = await examine(t, (query, channel) =>
    query.type === 'A'
      ? channel.send({ answers: [{ type: 'A', name: query.name, ttl: 60, data: '203.0.113.9' }] })
      : channel.send({ authorities: [SOA] }),
  );
  assert.ok(outcome.status === 'rewriting');
  assert.deepEqual([...outcome.mask], ['203.0.113.9']);
  assert.match(outcome.detail, /203\.0\.113\.9/);
});

test('one that is honest for MX and invents addresses is found out too', async (t) => {
  const { outcome } = await examine(t, (query, channel) =>
    query.type === 'A'
      ? channel.send({ answers: [{ type: 'A', name: query.name, ttl: 60, data: '203.0.113.9' }] })
      : channel.send({ rcode: 3, authorities: [SOA] }),
  );
  assert.equal(outcome.status, 'rewriting');
});

test('"no data" for a name that cannot exist is rewriting as well', async (t) => {
  const { outcome } = await examine(t, (_query, channel) => channel.send({ authorities: [SOA] }));
  assert.ok(outcome.status === 'rewriting');
  assert.equal(outcome.mask.size, 0);
});

test('a server that answers nothing but SERVFAIL is as good as silent', async (t) => {
  const { outcome } = await examine(t, (_query, channel) => channel.send({ rcode: 2 }), { knownName: 'sender.test' });
  assert.ok(outcome.status === 'silent');
  assert.match(outcome.detail, /SERVFAIL/);
});

test('trouble with one top-level domain is no trouble of the resolver', async (t) => {
  const { outcome } = await examine(t, (query, channel) =>
    channel.send(query.name.endsWith('.com') ? { rcode: 2 } : { rcode: 3, authorities: [SOA] }),
  );
  assert.deepEqual(outcome, { status: 'honest', warnings: [] });
});

const doubts: [string, Handler, { tcp?: boolean; knownName?: string }, RegExp][] = [
  ['TCP closed', zoneHandler({}), { tcp: false }, /TCP/],
  ['no SOA', (_query, channel) => channel.send({ rcode: 3 }), {}, /SOA/],
  ['the sender domain missing', zoneHandler({}), { knownName: 'sender.test' }, /sender\.test does not resolve/],
];
for (const [what, handler, options, pattern] of doubts) {
  test(`${what} is a warning`, async (t) => {
    const { outcome } = await examine(t, handler, options);
    assert.ok(outcome.status === 'honest');
    assert.equal(outcome.warnings.length, 1);
    assert.match(outcome.warnings[0] ?? '', pattern);
  });
}

const routes: [string, () => Promise<string>, boolean][] = [
  ['a public local address', () => Promise.resolve('2606:4700::1'), true],
  ['a unique local address only', () => Promise.resolve('fd00::1'), false],
  ['a link-local address only', () => Promise.resolve('fe80::1'), false],
  ['no route', () => Promise.reject(new Error('ENETUNREACH')), false],
];
for (const [what, routeTo, expected] of routes) {
  test(`with ${what} IPv6 is ${expected ? '' : 'not '}usable`, async () => {
    assert.equal(await hasIpv6Egress(routeTo), expected);
  });
}
