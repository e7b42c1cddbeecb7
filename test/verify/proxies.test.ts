// Runs through SOCKS5 proxies: turns, limits, greylists that know an exit, proxies that die, and what none of that may decide.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../src/clock.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import type { MailHost } from '../../src/sandbox/world.ts';
import { worldOf } from '../../src/sandbox/world-builders.ts';
import { parseProxy } from '../../src/smtp/proxy.ts';
import { dialThrough } from '../../src/smtp/proxy-dial.ts';
import { VERIFY_DEFAULTS } from '../../src/verify/defaults.ts';
import { HostMemory } from '../../src/verify/hosts.ts';
import { Proxies } from '../../src/verify/proxies.ts';
import type { RetryMemory, StoredRetry } from '../../src/verify/retry.ts';
import { SourceIps } from '../../src/verify/source-ips.ts';
import { createHandClock } from '../smtp/hand-clock.ts';
import { askSandbox, askWorld, memoryOfDomains } from '../support/ask-world.ts';
import { type SocksBehaviour, type SocksServer, startSocksServer } from '../support/socks-server.ts';

const A = '127.0.56.11';
const B = '127.0.57.12';
const known = (local: string): boolean => /^(?:anna|p\d*[1-9])$/.test(local);

function host(domain: string, rest: Partial<MailHost> = {}, number = 1): MailHost {
  return { name: `mx.${domain}`, addresses: [`127.0.56.${number}`], domains: [domain], mailboxes: known, ...rest };
}

function people(domain: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `p${i + 1}@${domain}`);
}

function wrong(verdicts: ReadonlyMap<string, { reason: string }>): string[] {
  return [...verdicts].flatMap(([address, { reason }]) => {
    const right = known(address.slice(0, address.indexOf('@'))) ? 'accepted' : 'mailbox_not_found';
    return reason === right ? [] : [`${address} ${reason}`];
  });
}

async function startProxies(t: Pick<TestContext, 'after'>, ...behaviours: readonly SocksBehaviour[]) {
  const proxies = await Promise.all(behaviours.map((behaviour) => startSocksServer(behaviour, '127.0.56.200')));
  t.after(() => Promise.all(proxies.map((proxy) => proxy.stop())));
  return proxies;
}

/** The sources these proxies make, and what was said of them. */
function sourcesOf(servers: readonly SocksServer[], { login = '' } = {}) {
  const said: string[] = [];
  const exits = servers.map(({ address, port }) => {
    const proxy = parseProxy(`socks5://${login}${address}:${port}`);
    return { id: proxy.id, label: proxy.label, dial: dialThrough(proxy) };
  });
  const { proxyDownAfterFailures: downAfterFailures, proxyDownMs: downMs } = VERIFY_DEFAULTS;
  const proxies = new Proxies(exits, {
    clock: systemClock,
    downAfterFailures,
    retryPauseMs: 10,
    downMs,
    onDown: (line) => said.push(line),
  });
  return { sources: new SourceIps([], proxies), said, ids: exits.map(({ id }) => id) };
}

test('connections take turns, and all proxies together keep the limit of a provider', async (t) => {
  const servers = await startProxies(t, { exitAddress: A }, { exitAddress: B });
  const { sources } = sourcesOf(servers);
  const world = worldOf({ hosts: [host('turns.test', { limits: { recipientsPerSession: 10 } })] });
  const limits = { concurrency: 50, perDomain: 2, perProvider: 2, ratePerMinute: null };
  const { verdicts, record } = await askWorld(world, people('turns.test', 200), {
    sources,
    limits,
    recipientsPerSession: 10,
  });
  assert.deepEqual(wrong(verdicts), []);
  assert.equal(verdicts.size, 200);
  const counts = [A, B].map((exit) => record.connections.filter(({ clientAddress }) => clientAddress === exit).length);
  assert.ok(Math.abs((counts[0] ?? 0) - (counts[1] ?? 0)) <= 1, `${counts}`);
  assert.equal((counts[0] ?? 0) + (counts[1] ?? 0), record.connections.length, 'nobody was asked directly');
  assert.ok(record.overall.max <= 2);
});

test('a proxy that dies within a run is said once and left alone; the others finish, and no host is held for dead', async (t) => {
  let dying = (): void => {};
  let met = 0;
  const servers = await startProxies(
    t,
    {
      exitAddress: A,
      onRequest: () => {
        met += 1;
        if (met === 5) dying();
      },
    },
    { exitAddress: B },
  );
  dying = () => void servers[0]?.die();
  const { sources, said } = sourcesOf(servers);
  const hosts = Array.from({ length: 30 }, (_, i) => host(`d${i}.test`, {}, i + 1));
  const memory = new HostMemory(VERIFY_DEFAULTS);
  const addresses = hosts.flatMap((_, i) => people(`d${i}.test`, 11));
  const { verdicts, outcome } = await askWorld(worldOf({ hosts }), addresses, {
    sources,
    hosts: memory,
    limits: { concurrency: 4, perDomain: 1, perProvider: 2, ratePerMinute: null },
  });
  assert.equal(outcome.status, 'done');
  assert.equal(verdicts.size, addresses.length);
  // Who was being asked when it died lost a connection, as mail hosts break them off, too; everybody else has the truth.
  const lost = [...verdicts.values()].filter(({ reason }) => reason === 'connect_failed');
  assert.ok(lost.length <= 22, `${lost.length} lost`);
  assert.deepEqual(
    wrong(verdicts).filter((line) => !line.endsWith(' connect_failed')),
    [],
  );
  assert.equal(said.length, 1, said.join('\n'));
  assert.match(said[0] ?? '', /^the proxy socks5:\/\/127\.0\.56\.200:\d+ failed: .*\. Going on with the other one/);
  assert.deepEqual(
    hosts.flatMap(({ addresses: [address = ''] }) => (memory.isDead(address) ? [address] : [])),
    [],
  );
});

const NEVER: readonly [why: string, behaviour: SocksBehaviour][] = [
  ['refuses the login', { users: { me: 'other' } }],
  ['hangs up', { greeting: 'close' }],
  ['talks nonsense', { greeting: Buffer.from('220 mail.host ESMTP\r\n') }],
  ['forbids every connection', { on: () => 2 }],
  ['dies before it has connected', { on: () => 'reset' }],
];

for (const [why, behaviour] of NEVER) {
  test(`where the only proxy ${why}, the run ends, and nothing is decided or held against a mail host`, async (t) => {
    const { sources, said } = sourcesOf(await startProxies(t, behaviour), { login: 'me:secret@' });
    const hosts = new HostMemory(VERIFY_DEFAULTS);
    const world = worldOf({ hosts: [host('one.test', {}, 1), host('two.test', {}, 2)] });
    const addresses = [...people('one.test', 30), ...people('two.test', 30)];
    const { verdicts, outcome, record } = await askWorld(world, addresses, {
      sources,
      hosts,
      portBlockedAfterProviders: 1,
    });
    assert.equal(outcome.status, 'proxies_down');
    assert.match(
      outcome.status === 'proxies_down' ? outcome.detail : '',
      /^the proxy socks5:\/\/\*\*\*@127\.0\.56\.200:\d+ failed: /,
    );
    assert.deepEqual([...verdicts], []);
    assert.deepEqual(
      [record.overall.total, said, hosts.isDead('127.0.56.1'), hosts.providersFailedInVain],
      [0, [], false, 0],
    );
  });
  test(`where one of two proxies ${why}, the other does all the work`, async (t) => {
    const { sources, said } = sourcesOf(await startProxies(t, behaviour, { users: { me: 'secret' } }), {
      login: 'me:secret@',
    });
    const { verdicts } = await askWorld(worldOf({ hosts: [host('one.test')] }), people('one.test', 40), { sources });
    assert.deepEqual(wrong(verdicts), []);
    assert.equal(verdicts.size, 40);
    assert.ok(said.length <= 1);
  });
}

test('what a proxy says of a mail host is evidence about that host', async (t) => {
  const { sources } = sourcesOf(await startProxies(t, { on: ({ host: to }) => (to === '127.0.56.2' ? 5 : 'relay') }));
  const hosts = new HostMemory(VERIFY_DEFAULTS);
  const world = worldOf({ hosts: [host('lives.test', {}, 1), host('dead.test', {}, 2)] });
  const { verdicts, outcome } = await askWorld(world, [...people('lives.test', 11), 'p1@dead.test', 'p2@dead.test'], {
    sources,
    hosts,
  });
  assert.equal(outcome.status, 'done');
  assert.deepEqual(wrong(verdicts).sort(), ['p1@dead.test connect_failed', 'p2@dead.test connect_failed']);
  assert.equal(hosts.isDead('127.0.56.2'), true);
});

test('port 25 that no proxy lets anybody connect to is found out', async (t) => {
  const { sources } = sourcesOf(await startProxies(t, { on: () => 1 }));
  const hosts = Array.from({ length: 12 }, (_, i) => host(`shut${i}.test`, {}, i + 1));
  const addresses = hosts.flatMap((_, i) => people(`shut${i}.test`, 1));
  const { outcome } = await askWorld(worldOf({ hosts }), addresses, { sources, portBlockedAfterProviders: 5 });
  assert.equal(outcome.status, 'port_blocked');
});

test('who was greylisted is asked again through the same proxy, also by a later run', async (t) => {
  const servers = await startProxies(t, { exitAddress: A }, { exitAddress: B });
  const kept = new Map<string, StoredRetry>();
  const retries: RetryMemory = {
    retriesOf: () => new Map(kept),
    rememberRetry: (_domain, local, retry) => void kept.set(local, retry),
    forgetRetry: (_domain, local) => void kept.delete(local),
  };
  const memory = memoryOfDomains();
  const fate = (local: string) => (known(local) ? 'ok' : ({ until: { tries: 2 }, becomes: 'unknown' } as const));
  const sandbox = await startSandbox(worldOf({ hosts: [host('late.test', { mailboxes: fate })] }));
  t.after(() => sandbox.stop());
  const second = sourcesOf(servers.slice(1), { login: 'me:secret@' });
  await askSandbox(sandbox, ['anna@late.test'], { memory, retries, sources: second.sources });
  const stored = kept.get('anna');
  assert.equal(stored?.sourceIp, second.ids[0]);
  assert.doesNotMatch(JSON.stringify([...kept]), /secret|"me/);
  if (stored !== undefined) kept.set('anna', { ...stored, dueAt: Date.now() - 1 });
  const before = sandbox.record.connections.length;
  const { sources } = sourcesOf(servers, { login: 'me:secret@' });
  const later = await askSandbox(sandbox, ['anna@late.test'], { memory, retries, sources });
  assert.equal(later.verdicts.get('anna@late.test')?.reason, 'accepted');
  const from = new Set(sandbox.record.connections.slice(before).map(({ clientAddress }) => clientAddress));
  assert.deepEqual([...from], [B]);
});

test('a proxy that is down is tried again after a while, and failing once is enough then', () => {
  const clock = createHandClock();
  const said: string[] = [];
  const exit = (id: string) => ({ id, label: id, dial: dialThrough(parseProxy(`socks5://${id}.test:1`)) });
  const proxies = new Proxies([exit('a'), exit('b')], {
    ...{ clock, downAfterFailures: 2, downMs: 1000, retryPauseMs: 100 },
    onDown: (line) => said.push(line),
  });
  const fail = (id: string, startedAtMs = clock.monotonic()): void => {
    clock.advance(1);
    proxies.noteFailed(id, { detail: `${id} fails`, startedAtMs });
  };
  const before = clock.monotonic();
  fail('a');
  proxies.noteWorked('a');
  fail('a');
  fail('a', before);
  assert.deepEqual(proxies.usable(), ['a', 'b'], 'neither what works in between nor what was under way counts as down');
  assert.equal(proxies.pauseMs('a'), 0, 'the other one works');
  fail('a');
  assert.deepEqual([proxies.usable(), said.length], [['b'], 1]);
  clock.advance(1000);
  assert.deepEqual(proxies.usable(), ['a', 'b']);
  fail('a');
  assert.deepEqual([proxies.usable(), said.length, proxies.allDown], [['b'], 2, null]);
  fail('b');
  assert.equal(proxies.pauseMs('b'), 100, 'there is no other to try meanwhile');
  fail('b');
  assert.deepEqual([proxies.usable(), proxies.allDown], [[], 'b fails']);
  clock.advance(1000);
  assert.equal(proxies.allDown, 'b fails', 'the run has been stopped for it');
});

test('the only proxy may be away for a moment: the run waits for it, and nobody is lost', async (t) => {
  let calls = 0;
  const [server] = await startProxies(t, { on: () => (++calls <= 2 ? 'reset' : 'relay') });
  const { sources, said } = sourcesOf(server === undefined ? [] : [server]);
  const limits = { concurrency: 1, perDomain: 1, perProvider: 1, ratePerMinute: null };
  const { verdicts, outcome } = await askWorld(worldOf({ hosts: [host('one.test')] }), people('one.test', 30), {
    sources,
    limits,
  });
  assert.deepEqual([outcome.status, wrong(verdicts), verdicts.size, said], ['done', [], 30, []]);
});
