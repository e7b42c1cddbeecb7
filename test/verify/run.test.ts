import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MOODS } from '../../src/sandbox/moods.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import type { MailHost } from '../../src/sandbox/world.ts';
import {
  addressZone,
  mailboxes,
  mailZone,
  people,
  providerWorld,
  tailWorld,
  worldOf,
} from '../../src/sandbox/world-builders.ts';
import { VERIFY_DEFAULTS } from '../../src/verify/defaults.ts';
import { HostMemory } from '../../src/verify/hosts.ts';
import { askSandbox, askWorld, memoryOfDomains } from '../support/ask-world.ts';

function host(name: string, address: string, rest: Partial<MailHost> = {}): MailHost {
  return {
    name: `mx.${name}`,
    addresses: [address],
    domains: [name],
    mailboxes: people('anna', 'bert', 'carla'),
    ...rest,
  };
}

test('with 300 domains at one provider the server never sees more connections than the limits allow', async () => {
  const world = providerWorld({
    domains: 300,
    host: { name: 'mx.bigmail.test', addresses: ['127.0.40.1'], mailboxes: people('anna'), provider: 'bigmail' },
  });
  const addresses = Array.from({ length: 300 }, (_, i) => [
    `anna@d${i}.customers.test`,
    `nobody@d${i}.customers.test`,
  ]).flat();
  const { verdicts, record } = await askWorld(world, addresses, {
    limits: { concurrency: 50, perDomain: 2, perProvider: 4, ratePerMinute: null },
  });
  assert.equal(verdicts.size, 600);
  for (const [address, { reason }] of verdicts) {
    assert.equal(reason, address.startsWith('anna@') ? 'accepted' : 'mailbox_not_found', address);
  }
  assert.ok(record.byProvider.get('bigmail')!.max <= 4, `${record.byProvider.get('bigmail')!.max} at once`);
  assert.equal(record.byProvider.get('bigmail')!.max, 4, 'and the limit is used');
});

test('many providers are asked at once, within the global limit', async () => {
  const world = tailWorld({
    domains: 60,
    addresses: 60,
    behaviour: { mailboxes: people('anna'), wire: { latencyMs: 20 } },
  });
  const addresses = Array.from({ length: 60 }, (_, i) => `anna@t${i}-tail.test`);
  const { verdicts, record } = await askWorld(world, addresses, {
    limits: { concurrency: 25, perDomain: 3, perProvider: 5, ratePerMinute: null },
  });
  assert.ok([...verdicts.values()].every(({ reason }) => reason === 'accepted'));
  // The slot of a session is free at its last answer; the connection itself may still be saying QUIT.
  assert.ok(record.overall.max <= 50 && record.overall.max >= 20, `${record.overall.max} at once`);
});

test('the catch-all question is asked once for a domain, and not at all where a refusal has told', async () => {
  const known = new Set(['anna@quiet.test', 'bert@quiet.test', 'carla@quiet.test']);
  const told = new Set(['anna@told.test', 'bert@told.test', 'nobody@told.test']);
  const world = worldOf({ hosts: [host('quiet.test', '127.0.40.2'), host('told.test', '127.0.40.3')] });
  const { verdicts, record } = await askWorld(world, [...known, ...told]);
  for (const address of [...known, 'anna@told.test', 'bert@told.test'])
    assert.equal(verdicts.get(address)?.reason, 'accepted', address);
  assert.equal(verdicts.get('nobody@told.test')?.reason, 'mailbox_not_found');
  assert.equal(record.questionsBeside('quiet.test', known), 1);
  assert.equal(record.questionsBeside('told.test', told), 0);
});

test('what was learnt of a domain is not asked again by the next run', async () => {
  const sandbox = await startSandbox(
    worldOf({ hosts: [host('twice.test', '127.0.40.4'), host('any.test', '127.0.40.5', { accepts: 'anything' })] }),
  );
  try {
    const memory = memoryOfDomains();
    await askSandbox(sandbox, ['anna@twice.test', 'anna@any.test'], { memory });
    const { verdicts } = await askSandbox(sandbox, ['bert@twice.test', 'bert@any.test'], { memory });
    assert.equal(verdicts.get('bert@twice.test')?.reason, 'accepted');
    assert.equal(verdicts.get('bert@any.test')?.reason, 'accepts_anything');
    assert.equal(sandbox.record.questionsBeside('twice.test', new Set(['anna@twice.test', 'bert@twice.test'])), 1);
    assert.equal(sandbox.record.questionsBeside('any.test', new Set(['anna@any.test', 'bert@any.test'])), 1);
  } finally {
    await sandbox.stop();
  }
});

const FATES: readonly [name: string, host: Partial<MailHost>, address: string, expected: string, why: string][] = [
  [
    'full',
    { mailboxes: mailboxes([['anna', 'full']]) },
    'anna',
    'invalid mailbox_full',
    '552 5.2.2 speaks of the mailbox',
  ],
  [
    'disabled',
    { mailboxes: mailboxes([['anna', 'disabled']]) },
    'anna',
    'invalid mailbox_disabled',
    '550 5.2.1 speaks of the mailbox',
  ],
  ['grey', { greylist: { waitMs: 300_000 } }, 'anna', 'unknown greylisted', 'everybody is put off at first'],
  ['any', { accepts: 'anything' }, 'anna', 'catchall accepts_anything', 'a name nobody has is accepted too'],
  ['blocked-banner', MOODS.blockedAtBanner, 'anna', 'unknown blocked', 'a banner says nothing of a mailbox'],
  ['blocked-ehlo', MOODS.blockedAtEhlo, 'anna', 'unknown blocked', 'nor does EHLO'],
  ['blocked-mail', MOODS.blockedAtMail, 'anna', 'unknown blocked', 'nor does MAIL'],
  ['blocked-rcpt', MOODS.blockedAtRcpt, 'anna', 'unknown blocked', 'the words speak of us'],
  ['helo-only', { offers: { ehlo: false } }, 'anna', 'valid accepted', 'EHLO unknown, HELO fine'],
  ['tls', { offers: { starttls: 'required' } }, 'anna', 'valid accepted', 'a host that demands TLS gets it'],
  ['tls-broken', { offers: { starttls: 'required_broken' } }, 'anna', 'unknown tls_failed', 'demanded and broken'],
  ['tls-offered', { offers: { starttls: 'broken' } }, 'anna', 'valid accepted', 'offered, broken, and not needed'],
  ['lf-only', { wire: { lineEnd: '\n' } }, 'anna', 'valid accepted', 'bare LF is tolerated'],
  ['bytewise', { wire: { byteMs: 0 } }, 'anna', 'valid accepted', 'one byte a segment is correct'],
];

for (const [name, mood, local, expected, why] of FATES) {
  test(`${name}: ${expected}, ${why}`, async () => {
    const domain = `${name}.test`;
    const { verdicts } = await askWorld(worldOf({ hosts: [host(domain, '127.0.41.1', mood)] }), [`${local}@${domain}`]);
    const verdict = verdicts.get(`${local}@${domain}`);
    assert.equal(`${verdict?.status} ${verdict?.reason}`, expected, verdict?.detail ?? verdict?.reply?.text);
  });
}

test('a dead first host moves on to the second, a conversation that fails does not', async () => {
  const zones = [
    mailZone('backup.test', ['dead.backup.test', 'mx.backup.test']),
    addressZone('dead.backup.test', ['127.0.42.99']),
  ];
  const world = worldOf({ hosts: [host('backup.test', '127.0.42.1')], zones });
  const { verdicts } = await askWorld(world, ['anna@backup.test', 'nobody@backup.test']);
  assert.equal(verdicts.get('anna@backup.test')?.reason, 'accepted');
  assert.equal(verdicts.get('anna@backup.test')?.mx, 'mx.backup.test');
  assert.equal(verdicts.get('nobody@backup.test')?.reason, 'mailbox_not_found');
});

test('a provider that refuses every session is left alone after a few', async () => {
  const people50 = Array.from({ length: 50 }, (_, i) => `p${i}@fortress.test`);
  const { verdicts, record } = await askWorld(
    worldOf({ hosts: [host('fortress.test', '127.0.43.1', MOODS.blockedAtBanner)] }),
    people50,
  );
  assert.equal(verdicts.size, 50);
  assert.ok([...verdicts.values()].every(({ reason }) => reason === 'blocked'));
  assert.ok(record.overall.total <= 6, `${record.overall.total} connections`);
});

test('when the first connections to many providers all fail, the run is called off and nothing is decided for the rest', async () => {
  const zones = Array.from({ length: 40 }, (_, i) => [
    mailZone(`gone${i}.test`, [`mx.gone${i}.test`]),
    addressZone(`mx.gone${i}.test`, [`127.0.44.${i + 1}`]),
  ]).flat();
  const world = worldOf({ hosts: [host('unused.test', '127.0.44.200')], zones });
  const addresses = Array.from({ length: 40 }, (_, i) => `anna@gone${i}.test`);
  const { outcome } = await askWorld(world, addresses, {
    portBlockedAfterProviders: 10,
    limits: { concurrency: 4, perDomain: 3, perProvider: 5, ratePerMinute: null },
  });
  assert.equal(outcome.status, 'port_blocked');
});

test('a dead host costs a few connections, however many addresses it has', async () => {
  const zones = [mailZone('gone.test', ['mx.gone.test']), addressZone('mx.gone.test', ['127.0.45.99'])];
  const world = worldOf({ hosts: [host('unused.test', '127.0.45.200')], zones });
  const addresses = Array.from({ length: 200 }, (_, i) => `p${i}@gone.test`);
  const hosts = new HostMemory({ ...VERIFY_DEFAULTS, deadAfterFailures: 2 });
  const { verdicts, events } = await askWorld(world, addresses, { hosts });
  assert.ok([...verdicts.values()].every(({ reason }) => reason === 'connect_failed'));
  assert.equal(verdicts.size, 200);
  assert.ok(events.filter(({ type }) => type === 'connect').length <= 6);
});

test('an aborted run keeps what was decided and says nothing of the rest', async () => {
  const stop = new AbortController();
  const world = worldOf({
    hosts: [host('slow.test', '127.0.46.1', { mailboxes: () => false, wire: { latencyMs: 10 } })],
  });
  const sandbox = await startSandbox(world);
  try {
    const addresses = Array.from({ length: 100 }, (_, i) => `p${i}@slow.test`);
    const run = askSandbox(sandbox, addresses, { signal: stop.signal });
    await sandbox.record.until((record) => record.recipients >= 40);
    stop.abort();
    const { verdicts, outcome } = await run;
    assert.equal(outcome.status, 'stopped');
    assert.ok(verdicts.size >= 1 && verdicts.size < 100, `${verdicts.size} decided`);
    assert.ok([...verdicts.values()].every(({ reason }) => reason === 'mailbox_not_found'));
  } finally {
    await sandbox.stop();
  }
});

test('an address in letters beyond ASCII is asked about only where the host offers SMTPUTF8', async () => {
  const world = worldOf({
    hosts: [
      host('plain.test', '127.0.47.1', { mailboxes: people('müller'), offers: { smtputf8: false } }),
      host('modern.test', '127.0.47.2', { mailboxes: people('müller'), offers: { smtputf8: true } }),
    ],
  });
  const { verdicts } = await askWorld(world, ['müller@plain.test', 'müller@modern.test']);
  assert.equal(verdicts.get('müller@plain.test')?.reason, 'smtputf8_needed');
  assert.equal(verdicts.get('müller@modern.test')?.reason, 'accepted');
});

test('a run that is stopped does not wait for a resolver that never answers', async () => {
  const stop = new AbortController();
  let questions = 0;
  const resolver = {
    query: () => {
      questions += 1;
      if (questions === 3) stop.abort();
      return new Promise<never>(() => {});
    },
    answersOverTcp: () => Promise.resolve(true),
    close: () => Promise.resolve(),
  };
  const addresses = ['anna@one.test', 'anna@two.test', 'anna@three.test', 'anna@four.test'];
  const cache = { get: () => null, put: () => {} };
  const plan = { resolver, cache, useIpv6: false, refresh: false, trustNxdomain: true, mask: new Set<string>() };
  const { verdicts, outcome } = await askWorld(worldOf({ hosts: [] }), addresses, { signal: stop.signal, plan });
  assert.equal(outcome.status, 'stopped');
  assert.equal(verdicts.size, 0);
});
