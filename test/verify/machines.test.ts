// Many names, one machine: how many connections a machine sees, counted by itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { providerOf } from '../../src/dns/provider.ts';
import { MOODS } from '../../src/sandbox/moods.ts';
import type { Behaviour, MailHost } from '../../src/sandbox/world.ts';
import { addressZone, mailZone, worldOf } from '../../src/sandbox/world-builders.ts';
import { VERIFY_DEFAULTS } from '../../src/verify/defaults.ts';
import { HostMemory } from '../../src/verify/hosts.ts';
import { Providers } from '../../src/verify/providers.ts';
import { askWorld } from '../support/ask-world.ts';

const MACHINE = '127.0.71.1';
const DEAD = '127.0.71.9';
const CUSTOMERS = Array.from({ length: 80 }, (_, i) => `customer${i}.test`);
const ADDRESSES = CUSTOMERS.flatMap((domain) => [`anna@${domain}`, `nobody@${domain}`]);

/** One machine that 80 domains call by names of their own. */
function vanityWorld(rest: Behaviour = {}) {
  const machine: MailHost = {
    name: 'machine.hoster.test',
    aliases: CUSTOMERS.map((domain) => `mx.${domain}`),
    addresses: [MACHINE],
    domains: CUSTOMERS,
    mailboxes: (local) => local === 'anna',
    ...rest,
  };
  const zones = CUSTOMERS.map((domain) => mailZone(domain, [`mx.${domain}`]));
  return worldOf({ hosts: [machine], zones });
}

function wrong(verdicts: ReadonlyMap<string, { reason: string }>): string[] {
  return [...verdicts].flatMap(([address, { reason }]) =>
    reason === (address.startsWith('anna') ? 'accepted' : 'mailbox_not_found') ? [] : [`${address} ${reason}`],
  );
}

test('eighty domains with mail hosts of their own names on one machine are one provider to it', async () => {
  const { verdicts, record } = await askWorld(vanityWorld({ wire: { latencyMs: 5 } }), ADDRESSES);
  assert.deepEqual(wrong(verdicts), []);
  assert.equal(verdicts.size, 160);
  const machine = record.byHostAddress.get(MACHINE);
  assert.ok(machine !== undefined && machine.max > 1 && machine.max <= 5, `${machine?.max} at once`);
  assert.ok(machine.total <= 160);
});

test('a machine of many names that asks for less gets less from all of them', async () => {
  const { verdicts, record, outcome } = await askWorld(
    vanityWorld({ limits: { connections: 2 }, wire: { latencyMs: 3 } }),
    ADDRESSES,
    { hosts: new HostMemory({ ...VERIFY_DEFAULTS, slowDownPauseMs: 40, cleanSessionsPerStep: 1000 }) },
  );
  assert.deepEqual(wrong(verdicts), []);
  const turnedAway = record.connections.filter(({ commands }) => !commands.some(({ line }) => line.startsWith('MAIL')));
  assert.ok(turnedAway.length <= 3, `${turnedAway.length} met the limit: those that were on their way, and no others`);
  assert.ok(outcome.status === 'done');
  assert.equal(outcome.troubles?.length, 1);
  assert.match(outcome.troubles?.[0]?.provider ?? '', /^customer\d+\.test \(one machine with \d+ other names\)$/);
});

test('a machine of many names that blocks us is asked no more after a few sessions, whatever it is called', async () => {
  const { verdicts, record } = await askWorld(vanityWorld(MOODS.blockedAtBanner), ADDRESSES);
  assert.equal(verdicts.size, 160);
  assert.ok([...verdicts.values()].every(({ reason }) => reason === 'blocked'));
  assert.ok(record.overall.total <= 10, `${record.overall.total} connections`);
});

/** Each customer has a host of its own that is down, and all have the same backup. */
function backupWorld(latencyMs: number, customers = CUSTOMERS) {
  const backup: MailHost = {
    name: 'backup.hoster.test',
    addresses: [MACHINE],
    domains: customers,
    mailboxes: (local) => local === 'anna',
    wire: { latencyMs },
  };
  const free: MailHost = {
    name: 'mx.free.test',
    addresses: ['127.0.71.2'],
    domains: ['free.test'],
    mailboxes: (local) => local === 'anna',
  };
  const zones = customers.flatMap((domain, i) => [
    mailZone(domain, [`mx.${domain}`, 'backup.hoster.test']),
    addressZone(`mx.${domain}`, [`127.0.72.${i + 1}`]),
  ]);
  return worldOf({ hosts: [backup, free], zones });
}

test('a backup host that many providers share never sees more than the limit, and every address is asked', async () => {
  const { verdicts, record } = await askWorld(backupWorld(10), ADDRESSES);
  assert.deepEqual(wrong(verdicts), []);
  const most = record.byHostAddress.get(MACHINE)?.max ?? 0;
  assert.ok(most > 1 && most <= 5, `${most} at once`);
});

test('who waits for a shared host leaves the slots of the run to others', async () => {
  const order: string[] = [];
  const customers = CUSTOMERS.slice(0, 20);
  const addresses = [...customers.map((domain) => `anna@${domain}`), 'anna@free.test'];
  await askWorld(backupWorld(20, customers), addresses, {
    limits: { concurrency: 4, perDomain: 1, perProvider: 1, ratePerMinute: null },
    record: (job) => void order.push(addresses[job.id] ?? ''),
  });
  assert.equal(order.length, 21);
  assert.ok(order.indexOf('anna@free.test') < 10, 'it was not asked behind all that wait');
});

test('a run that is stopped while many wait for a shared host ends at once, and nobody is dialled any more', async () => {
  const stop = new AbortController();
  const addresses = CUSTOMERS.map((domain) => `anna@${domain}`);
  let decided = 0;
  const { outcome, record } = await askWorld(backupWorld(20), addresses, {
    signal: stop.signal,
    limits: { concurrency: 100, perDomain: 1, perProvider: 2, ratePerMinute: null },
    record: () => {
      decided += 1;
      stop.abort();
    },
  });
  assert.equal(outcome.status, 'stopped');
  assert.ok(decided < 10 && record.overall.total < 10, `${decided} decided in ${record.overall.total} connections`);
});

test('a dead host that many wait for is given up for all of them after a few attempts', async () => {
  const zones = CUSTOMERS.map((domain, i) => mailZone(domain, [`mx.${domain}`, `mx2.customer${i}.test`]));
  const hosts: MailHost[] = [{ name: 'unused.test', addresses: ['127.0.71.3'], domains: [] }];
  const dead = CUSTOMERS.flatMap((domain, i) => [
    addressZone(`mx.${domain}`, [`127.0.73.${i + 1}`]),
    addressZone(`mx2.${domain}`, [DEAD]),
  ]);
  let dialled = 0;
  const { openSession } = await import('../../src/smtp/session.ts');
  const { verdicts } = await askWorld(worldOf({ hosts, zones: [...zones, ...dead] }), ADDRESSES, {
    openSession: (session) => {
      if (session.address === DEAD) dialled += 1;
      return openSession(session);
    },
  });
  assert.ok([...verdicts.values()].every(({ reason }) => reason === 'connect_failed'));
  assert.ok(dialled <= 6, `${dialled} connections to a dead machine`);
});

test('a stranger who lists the address of another beside its own does not count as the other', () => {
  const providers = new Providers(VERIFY_DEFAULTS);
  const at = (name: string, ...addresses: string[]) => ({
    provider: providerOf(name),
    hosts: [{ name, preference: 10, addresses }],
  });
  assert.equal(providers.join(at('mx.good.test', '192.0.2.1')).provider.key, 'good.test');
  assert.equal(providers.join(at('mx.evil.test', '192.0.2.1', '192.0.2.66')).provider.key, 'evil.test');
  assert.equal(providers.join(at('mx.alike.test', '192.0.2.1')).provider.key, 'good.test');
  assert.equal(providers.join(at('mx2.alike.test', '192.0.2.9')).provider.key, 'good.test', 'one provider has one key');
});

test('a name of its own at the address of a known operator does not count as the operator', () => {
  const providers = new Providers(VERIFY_DEFAULTS);
  const hosts = (name: string) => [{ name, preference: 10, addresses: ['192.0.2.1'] }];
  assert.equal(
    providers.join({ provider: providerOf('aspmx.l.google.com'), hosts: hosts('aspmx.l.google.com') }).provider.key,
    'google.com',
  );
  assert.equal(
    providers.join({ provider: providerOf('mx.vanity.test'), hosts: hosts('mx.vanity.test') }).provider.key,
    'vanity.test',
  );
});

test('hosts of equal preference make one machine in whatever order they are drawn', () => {
  const providers = new Providers(VERIFY_DEFAULTS);
  const a = (domain: string) => ({ name: `a.${domain}`, preference: 10, addresses: ['192.0.2.1'] });
  const b = (domain: string) => ({ name: `b.${domain}`, preference: 10, addresses: ['192.0.2.2'] });
  providers.join({ provider: providerOf('a.one.test'), hosts: [a('one.test'), b('one.test')] });
  assert.equal(
    providers.join({ provider: providerOf('b.two.test'), hosts: [b('two.test'), a('two.test')] }).provider.key,
    'one.test',
  );
});

test('a provider for which nothing waits any more is forgotten with its names', () => {
  const providers = new Providers(VERIFY_DEFAULTS);
  const at = (name: string) => ({
    provider: providerOf(name),
    hosts: [{ name, preference: 10, addresses: ['192.0.2.1'] }],
  });
  providers.join(at('mx.one.test'));
  assert.equal(providers.join(at('mx.two.test')).provider.key, 'one.test');
  providers.retire('one.test');
  assert.equal(providers.join(at('mx.two.test')).provider.key, 'two.test');
});
