// Hosts that take few recipients in a session: what lies behind their limit was not answered, and is asked in another session.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MOODS } from '../../src/sandbox/moods.ts';
import type { Mood } from '../../src/sandbox/world.ts';
import { people, worldOf } from '../../src/sandbox/world-builders.ts';
import { seededRandom } from '../bench/random.ts';
import { askWorld } from '../support/ask-world.ts';

const KNOWN = ['anna', 'bert', 'carla', 'dora', 'emil', 'fritz', 'gerda', 'hans', 'ida', 'jan'];
const LOCALS = [...KNOWN, ...KNOWN.map((name) => `no.${name}`)];
const RIGHT = LOCALS.map((local) => (local.startsWith('no.') ? 'mailbox_not_found' : 'accepted'));

const HOSTS: readonly (readonly [what: string, mood: Mood])[] = [
  ['one', MOODS.oneRecipientATransaction],
  ['two', { limits: { recipients: 2, tooManySays: '452 4.5.3 Too many recipients' } }],
  ['ten', MOODS.tenRecipientsATransaction],
];

for (const [what, mood] of HOSTS) {
  test(`a host that takes ${what} at a time decides everybody, whatever the order they are asked in`, async () => {
    for (let seed = 1; seed <= 8; seed += 1) {
      const host = { name: 'mx.few.test', addresses: ['127.67.2.1'], domains: ['few.test'], ...mood };
      const world = worldOf({ hosts: [{ ...host, mailboxes: people(...KNOWN) }] });
      const addresses = LOCALS.map((local) => `${local}@few.test`);
      const { verdicts, record } = await askWorld(world, addresses, { random: seededRandom(seed) });
      assert.deepEqual(
        addresses.map((address) => verdicts.get(address)?.reason),
        RIGHT,
        `seed ${seed}`,
      );
      assert.ok(record.overall.total <= 2 * LOCALS.length, `${record.overall.total} connections`);
    }
  });
}
