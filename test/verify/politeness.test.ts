// How the engine treats providers that ask it to slow down or refuse it, as the provider's server saw it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MOODS } from '../../src/sandbox/moods.ts';
import type { ConnectionRecord, SandboxRecord } from '../../src/sandbox/record.ts';
import type { Behaviour, MailHost } from '../../src/sandbox/world.ts';
import { providerWorld, worldOf } from '../../src/sandbox/world-builders.ts';
import { VERIFY_DEFAULTS } from '../../src/verify/defaults.ts';
import { type HostLimits, HostMemory } from '../../src/verify/hosts.ts';
import { askWorld } from '../support/ask-world.ts';

/** Pauses short enough for a test; what they are by default is the hand-driven clock's business (pace.test.ts). */
function hosts(rest: Partial<HostLimits> = {}): HostMemory {
  return new HostMemory({ ...VERIFY_DEFAULTS, slowDownPauseMs: 40, longestSlowDownPauseMs: 80, ...rest });
}

const LIMITS = { concurrency: 50, perDomain: 2, perProvider: 6, ratePerMinute: null };

function bigmail(rest: Partial<MailHost>, domains: number) {
  const mailboxes = (local: string): boolean => /^p\d/.test(local);
  return providerWorld({
    domains,
    host: { name: 'mx.bigmail.test', addresses: ['127.0.62.1'], provider: 'bigmail', mailboxes, ...rest },
  });
}

function addresses(domains: number, perDomain = 1): string[] {
  return Array.from({ length: domains * perDomain }, (_, i) => [
    `p${i}@d${i % domains}.customers.test`,
    `nobody${i}@d${i % domains}.customers.test`,
  ]).flat();
}

function wrong(verdicts: ReadonlyMap<string, { reason: string }>): string[] {
  return [...verdicts].flatMap(([address, { reason }]) =>
    reason === (address.startsWith('p') ? 'accepted' : 'mailbox_not_found') ? [] : [`${address} ${reason}`],
  );
}

/** The most connections open at once among those the server saw from the given one on. */
function mostFrom(record: SandboxRecord, first: number): number {
  const events = record.connections.slice(first).flatMap(({ openedOrder, closedOrder }) => [
    [openedOrder, 1],
    [closedOrder ?? Number.POSITIVE_INFINITY, -1],
  ]);
  events.sort((a, b) => (a[0] as number) - (b[0] as number));
  let open = 0;
  let most = 0;
  for (const [, change] of events) {
    open += change as number;
    most = Math.max(most, open);
  }
  return most;
}

function wasTurnedAway({ commands }: ConnectionRecord): boolean {
  return !commands.some(({ line }) => line.startsWith('MAIL'));
}

test('a server that takes three connections is turned to with three at most, and nobody is lost', async () => {
  const world = bigmail({ limits: { connections: 3 }, wire: { latencyMs: 3 } }, 60);
  const { verdicts, outcome, record, events } = await askWorld(world, addresses(60), {
    limits: LIMITS,
    hosts: hosts({ cleanSessionsPerStep: 1000 }),
  });
  assert.deepEqual(wrong(verdicts), []);
  assert.equal(verdicts.size, 120);
  assert.ok(record.connections.filter(wasTurnedAway).length <= 3, 'those that were on their way, and no others');
  assert.ok(mostFrom(record, 6) <= 3, `${mostFrom(record, 6)} at once after the first six`);
  assert.ok(outcome.status === 'done');
  assert.deepEqual(
    outcome.troubles?.map(({ provider, slowDowns, isHalted }) => [provider, slowDowns, isHalted]),
    [['bigmail.test', 1, false]],
  );
  assert.match(outcome.troubles?.[0]?.words ?? '', /^421 4\.7\.0 .*too many connections/);
  const notes = events.filter((event) => event.type === 'dialogue' && event.line.includes('asks us to slow down'));
  assert.equal(notes.length, 1, 'said once to whoever watches');
});

test('the limit is felt for again, a connection at a time', async () => {
  const { verdicts, outcome, record, events } = await askWorld(
    bigmail({ limits: { connections: 3 } }, 80),
    addresses(80),
    {
      limits: LIMITS,
      hosts: hosts({ cleanSessionsPerStep: 3, slowDownPauseMs: 5, longestSlowDownPauseMs: 5 }),
    },
  );
  const left = wrong(verdicts);
  assert.ok(left.length <= 5 && left.every((line) => line.endsWith(' rate_limited')), `met it twice: ${left}`);
  assert.ok(
    outcome.status === 'done' && (outcome.troubles?.[0]?.slowDowns ?? 0) > 1,
    'it came back and was told again',
  );
  assert.ok(record.byProvider.get('bigmail')!.max <= LIMITS.perProvider);
  const told = events.flatMap((event) => (event.type === 'provider' && event.turn === 'back' ? [event.line] : []));
  assert.equal(told[0], 'bigmail.test goes well: 4 connections at most now', 'and whoever watches is told');
});

test('a provider that was slowed down and gets all its connections back is told so, and summed up so', async () => {
  const world = bigmail({ variants: { list: [{}, MOODS.busyAtBanner], afterwards: 'base' } }, 40);
  const { outcome, events } = await askWorld(world, addresses(40), {
    limits: { ...LIMITS, perProvider: 2 },
    hosts: hosts({ cleanSessionsPerStep: 3 }),
  });
  const told = events.flatMap((event) => (event.type === 'provider' ? [event.line] : []));
  assert.deepEqual(told, [
    'bigmail.test asks us to slow down: 1 connection at most, no new one for 0.04 s',
    'bigmail.test is back to 2 connections',
  ]);
  assert.ok(outcome.status === 'done');
  assert.deepEqual(
    outcome.troubles?.map(({ slowDowns, atEnd }) => [slowDowns, atEnd]),
    [[1, 'as_before']],
  );
});

const BUSY: Behaviour = MOODS.busyAtBanner;

test('a server that is busy for some connections gets every address through in the end', async () => {
  const world = bigmail({ variants: { list: [{}, BUSY, BUSY, {}, BUSY], afterwards: 'base' } }, 20);
  const { verdicts, record } = await askWorld(world, addresses(20), { limits: LIMITS, hosts: hosts() });
  assert.deepEqual(wrong(verdicts), []);
  for (const domain of record.byDomain.values())
    for (const [address, times] of domain.questions) assert.equal(times, 1, address);
});

test('a server with a limit per minute is asked in portions, and nobody is asked twice in a session', async () => {
  const world = bigmail({ limits: { rate: { recipients: 12, perMs: 60 } }, offers: { pipelining: false } }, 1);
  const known = Array.from({ length: 50 }, (_, i) => `p${i}@d0.customers.test`);
  const { verdicts, outcome, record } = await askWorld(world, known, {
    limits: { ...LIMITS, perProvider: 1 },
    hosts: hosts({ slowDownPauseMs: 80, longestSlowDownPauseMs: 80 }),
  });
  assert.equal(verdicts.size, 50);
  assert.deepEqual(wrong(verdicts), []);
  assert.ok(outcome.status === 'done' && (outcome.troubles?.[0]?.slowDowns ?? 0) >= 1);
  for (const { commands } of record.connections) {
    const asked = commands.filter(({ line }) => line.startsWith('RCPT')).map(({ line }) => line);
    assert.equal(new Set(asked).size, asked.length);
  }
});

test('a server that never stops saying slow down is left alone after two pauses', async () => {
  const { verdicts, outcome, record } = await askWorld(bigmail(MOODS.busyAtBanner, 50), addresses(50), {
    limits: LIMITS,
    hosts: hosts(),
  });
  assert.equal(verdicts.size, 100);
  assert.ok([...verdicts.values()].every(({ status }) => status === 'unknown'));
  assert.ok(record.overall.total <= 12, `${record.overall.total} connections`);
  assert.ok(outcome.status === 'done' && outcome.troubles?.[0]?.isHalted === true);
});

test('a server that hangs up on connections beyond its liking, without a word, is slowed down for', async () => {
  const drop: Behaviour = MOODS.resetsAtBanner;
  const list: Behaviour[] = [{}, {}, {}, {}, {}, {}, {}, {}, drop, drop, {}, drop];
  const { verdicts, outcome } = await askWorld(bigmail({ variants: { list, afterwards: 'base' } }, 30), addresses(30), {
    limits: { ...LIMITS, perProvider: 2 },
    hosts: hosts(),
  });
  assert.deepEqual(wrong(verdicts), []);
  assert.ok(outcome.status === 'done' && (outcome.troubles?.[0]?.slowDowns ?? 0) >= 1);
});

test('a primary host that is busy on purpose slows nothing down: its fellow takes the mail', async () => {
  const mailboxes = (local: string): boolean => /^p\d/.test(local);
  const domains = Array.from({ length: 10 }, (_, i) => `d${i}.customers.test`);
  const world = worldOf({
    hosts: [
      { name: 'mx1.bigmail.test', addresses: ['127.0.62.1'], domains, ...MOODS.busyAtBanner },
      { name: 'mx2.bigmail.test', addresses: ['127.0.62.2'], domains, mailboxes },
    ],
  });
  const { verdicts, outcome } = await askWorld(world, addresses(10), { limits: LIMITS, hosts: hosts() });
  assert.deepEqual(wrong(verdicts), []);
  assert.ok(outcome.status === 'done');
  assert.deepEqual(outcome.troubles, []);
});

test('a provider that refused us is tested by one session while other work goes on, and asked when it lets us in', async () => {
  const blocked: Behaviour = MOODS.blockedAtBanner;
  const variants = { list: [blocked, blocked, blocked, blocked], afterwards: 'base' } as const;
  const world = bigmail({ variants }, 20);
  const other: MailHost = {
    name: 'mx.patient.test',
    addresses: ['127.0.62.9'],
    domains: ['patient.test'],
    mailboxes: (local) => /^p\d/.test(local),
    offers: { pipelining: false },
    wire: { latencyMs: 10 },
  };
  const joined = worldOf({ hosts: [...world.hosts, other] });
  const patient = Array.from({ length: 60 }, (_, i) => `p${i}@patient.test`);
  const { verdicts, record, outcome } = await askWorld(joined, [...addresses(20), ...patient], {
    limits: { ...LIMITS, perDomain: 1, perProvider: 1 },
    hosts: hosts({ circuitPauseMs: 60 }),
  });
  const refused = [...verdicts].filter(([, { reason }]) => reason === 'blocked');
  assert.equal(refused.length, 4, 'three until it was left alone, and one in the first test');
  assert.deepEqual(wrong(new Map([...verdicts].filter(([, { reason }]) => reason !== 'blocked'))), []);
  assert.equal(verdicts.size, 100);
  assert.equal(record.byProvider.get('bigmail')!.max, 1);
  assert.ok(outcome.status === 'done' && outcome.troubles?.[0]?.isHalted === true);
  assert.match(outcome.troubles?.[0]?.words ?? '', /554 5\.7\.1 .*blocklist/);
});
