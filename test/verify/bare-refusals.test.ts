// Refusals that tell nothing of the name: what they are worth must not hang on who happened to be asked first.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { worldOf } from '../../src/sandbox/world-builders.ts';
import { seededRandom } from '../bench/random.ts';
import { askWorld } from '../support/ask-world.ts';

const BARE = '524 5.2.4 Mailing list expansion problem';
const LIMITS = { concurrency: 10, perDomain: 1, perProvider: 1, ratePerMinute: null };
const NAMES = ['anna', 'ben', ...Array.from({ length: 8 }, (_, i) => `gone${i}`)];

for (const seed of [1, 2, 3, 4, 5, 6]) {
  test(`bare refusals heard before the host shows what it means by them count as those after (order ${seed})`, async () => {
    const host = { name: 'mx.bare.test', addresses: ['127.79.201.1'], domains: ['bare.test'] };
    const isKnown = (local: string): boolean => local === 'anna' || local === 'ben';
    const world = worldOf({ hosts: [{ ...host, mailboxes: isKnown, otherwise: { say: BARE } }] });
    const { verdicts } = await askWorld(
      world,
      NAMES.map((name) => `${name}@bare.test`),
      { limits: LIMITS, recipientsPerSession: 2, random: seededRandom(seed) },
    );
    const found = NAMES.map((name) => [name, verdicts.get(`${name}@bare.test`)?.reason]);
    assert.deepEqual(
      found,
      NAMES.map((name) => [name, isKnown(name) ? 'accepted' : 'mailbox_not_found']),
    );
  });
}

test('a host that refuses everybody in bare words makes nobody invalid', async () => {
  const host = { name: 'mx.bare.test', addresses: ['127.79.201.2'], domains: ['bare.test'] };
  const world = worldOf({ hosts: [{ ...host, mailboxes: () => false, otherwise: { say: BARE } }] });
  const { verdicts, record } = await askWorld(
    world,
    NAMES.map((name) => `${name}@bare.test`),
    { limits: LIMITS },
  );
  assert.deepEqual(new Set([...verdicts.values()].map(({ reason }) => reason)), new Set(['blocked']));
  assert.equal(verdicts.size, NAMES.length);
  assert.ok(record.connections.length <= 6, `${record.connections.length} connections`);
});
