// Hosts that put everybody off, or hang up on every question: they are not asked address by address until the list is done.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fate, MailHost } from '../../src/sandbox/world.ts';
import { worldOf } from '../../src/sandbox/world-builders.ts';
import { VERIFY_DEFAULTS } from '../../src/verify/defaults.ts';
import { HostMemory } from '../../src/verify/hosts.ts';
import { seededRandom } from '../bench/random.ts';
import { type Asked, askWorld } from '../support/ask-world.ts';

const COUNT = 60;

function ask(mailboxes: MailHost['mailboxes'], rest: Partial<MailHost> = {}): Promise<Asked> {
  const host: MailHost = { name: 'mx.storm.test', addresses: ['127.0.180.1'], domains: ['storm.test'], ...rest };
  const addresses = Array.from({ length: COUNT }, (_, i) => `p${i}@storm.test`);
  return askWorld(worldOf({ hosts: [{ ...host, ...(mailboxes && { mailboxes }) }] }), addresses, {
    random: seededRandom(1),
    hosts: new HostMemory({ ...VERIFY_DEFAULTS, slowDownPauseMs: 20, longestSlowDownPauseMs: 20 }),
  });
}

function reasonsOf({ verdicts }: Asked): readonly string[] {
  return [...new Set([...verdicts.values()].map(({ reason }) => reason))].sort();
}

const GOODBYE: Fate = { say: '421 4.3.2 Service shutting down', close: true };

const STORMS: readonly [name: string, fates: readonly Fate[], reasons: readonly string[]][] = [
  ['hangs up on everybody', [GOODBYE], ['temporary_failure']],
  ['hangs up on some and puts the others off', [GOODBYE, 'tempfail'], ['temporary_failure']],
  ['hangs up for our haste', [{ say: '421 4.7.0 Too many connections', close: true }], ['rate_limited']],
  ['drops everybody', ['drop'], ['connect_failed']],
];

for (const [name, fates, reasons] of STORMS) {
  test(`a host that ${name} sees a few connections and no more`, async () => {
    const dice = seededRandom(7);
    const asked = await ask(() => fates[Math.floor(dice() * fates.length)]);
    assert.equal(asked.verdicts.size, COUNT);
    assert.deepEqual(reasonsOf(asked), reasons);
    assert.ok(asked.record.connections.length <= 8, `${asked.record.connections.length} connections`);
  });
}

test('a host that puts everybody off from the first word on is asked about everybody once', async () => {
  const asked = await ask(() => 'tempfail');
  assert.deepEqual(reasonsOf(asked), ['temporary_failure']);
  assert.equal(asked.record.recipients, COUNT);
});

test('who is put off behind unknown users is asked about again, by another connection', async () => {
  const isKnown = (local: string): boolean => Number(local.slice(1)) % 3 !== 0;
  const asked = await ask(isKnown, { defersAfterRefusals: 2 });
  const open = [...asked.verdicts].filter(([, { reason }]) => reason === 'temporary_failure');
  assert.ok(open.length <= COUNT / 4, `${open.length} put off twice, and left to a later run`);
  for (const [address, { reason }] of asked.verdicts) {
    const right = isKnown(address.slice(0, address.indexOf('@'))) ? 'accepted' : 'mailbox_not_found';
    assert.ok(reason === right || reason === 'temporary_failure', `${address} ${reason}`);
  }
});

test('one address that makes the host hang up costs nobody else the answer', async () => {
  const asked = await ask((local) => (local === 'p7' ? GOODBYE : /^p\d/.test(local)));
  const others = [...asked.verdicts].filter(([address]) => address !== 'p7@storm.test');
  assert.equal(others.length, COUNT - 1);
  assert.deepEqual([...new Set(others.map(([, { status }]) => status))], ['valid']);
  assert.equal(asked.verdicts.get('p7@storm.test')?.reason, 'temporary_failure');
});
