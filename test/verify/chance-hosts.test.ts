// Hosts that answer by chance, or with several machines that know different people: a few are asked again, and tell.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Behaviour, MailHost } from '../../src/sandbox/world.ts';
import { worldOf } from '../../src/sandbox/world-builders.ts';
import { VERIFY_DEFAULTS } from '../../src/verify/defaults.ts';
import { HostMemory } from '../../src/verify/hosts.ts';
import { seededRandom } from '../bench/random.ts';
import { type Asked, askWorld } from '../support/ask-world.ts';

const ONE = { concurrency: 10, perDomain: 1, perProvider: 1, ratePerMinute: null };
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];
const NOBODY: Behaviour = { at: { rcpt: { say: '550 5.1.1 <{rcpt}>: Recipient address rejected: User unknown' } } };
const ANYBODY: Behaviour = { accepts: 'anything' };

interface Case {
  readonly count: number;
  readonly seed: number;
  readonly name?: string;
}

function ask({ count, seed, name = 'mx.dice.test' }: Case, rest: Partial<MailHost>): Promise<Asked> {
  const host: MailHost = { name, addresses: ['127.0.178.1'], domains: ['dice.test'], ...rest };
  const addresses = Array.from({ length: count }, (_, i) => `p${i}@dice.test`);
  return askWorld(worldOf({ hosts: [host] }), addresses, { limits: ONE, random: seededRandom(seed) });
}

/** Every tenth, third … is missing; which ones depends on the seed. */
function knows(missing: number, seed: number): (local: string) => boolean {
  const random = seededRandom(seed * 31 + 7);
  const fates = Array.from({ length: 1000 }, () => random() >= missing);
  return (local) => fates[Number(local.slice(1))] ?? false;
}

function claims({ verdicts }: Asked): readonly string[] {
  return [...verdicts].flatMap(([address, { status, reason }]) =>
    status === 'valid' || status === 'invalid' ? [`${address} ${reason}`] : [],
  );
}

function untrue(asked: Asked, isKnown: (local: string) => boolean): readonly string[] {
  return claims(asked).filter((claim) => {
    const isRight = claim.endsWith(' accepted') === isKnown(localOf(claim));
    return !isRight;
  });
}

/** Questions beyond the first for each such name. */
function questionsMore({ record }: Asked, of: (local: string) => boolean): number {
  const all = [...(record.byDomain.get('dice.test')?.questions ?? [])];
  return all.reduce((sum, [address, times]) => (of(localOf(address)) ? sum + times - 1 : sum), 0);
}

function localOf(address: string): string {
  return address.slice(0, address.indexOf('@'));
}

for (const accepts of [0.1, 0.3, 0.5, 0.7, 0.9]) {
  for (const count of [20, 60, 200]) {
    test(`of ${count} at a host that accepts anybody with a chance of ${accepts}, hardly any gets a verdict`, async () => {
      let claimed = 0;
      for (const seed of SEEDS) {
        const dice = seededRandom(seed * 1009 + count);
        const asked = await ask({ count, seed }, { mailboxes: () => dice() < accepts });
        assert.equal(asked.verdicts.size, count);
        claimed += claims(asked).length;
      }
      // One run in eight goes by unnoticed, or begins with so many refusals that they count (constancy.ts).
      assert.ok(claimed <= SEEDS.length * count * 0.2, `${claimed} of ${SEEDS.length * count}`);
    });
  }
}

const MACHINES: readonly [name: string, variants: readonly Behaviour[]][] = [
  ['one of two machines knows nobody', [{}, NOBODY]],
  ['the first of two machines knows nobody', [NOBODY, {}]],
  ['one of three machines knows nobody', [{}, {}, NOBODY]],
  ['the first of two machines takes anybody', [ANYBODY, {}]],
  ['one of three machines takes anybody', [{}, ANYBODY, {}]],
];

for (const [name, list] of MACHINES) {
  test(`where ${name}, hardly any of 200 gets a verdict that is not true`, async () => {
    let wrong = 0;
    for (const seed of SEEDS) {
      const isKnown = knows(0.2, seed);
      const asked = await ask({ count: 200, seed }, { mailboxes: isKnown, variants: { list, afterwards: 'repeat' } });
      wrong += untrue(asked, isKnown).length;
    }
    assert.ok(wrong <= SEEDS.length * 200 * 0.02, `${wrong} of ${SEEDS.length * 200}`);
  });
}

for (const missing of [0.1, 0.35, 0.7]) {
  for (const count of [6, 20, 100]) {
    test(`a host that stands by its answers is asked few questions more: ${missing} of ${count} missing`, async () => {
      for (const seed of SEEDS) {
        const isKnown = knows(missing, seed);
        const asked = await ask({ count, seed }, { mailboxes: isKnown });
        assert.equal(claims(asked).length, count, 'everybody gets a verdict');
        assert.deepEqual(untrue(asked, isKnown), []);
        // Acceptances behind refusals are asked about again for themselves; refusals only for this.
        const more = questionsMore(asked, (local) => !isKnown(local));
        assert.ok(more <= 6, `${more} refused again, seed ${seed}`);
        const most = Math.max(...asked.record.byDomain.get('dice.test')!.questions.values());
        assert.ok(most <= 3, `nobody ${most} times`);
      }
    });
  }
}

test('who is left when a host has contradicted itself is not asked any more', async () => {
  const dice = seededRandom(1);
  const { verdicts, record } = await ask({ count: 300, seed: 1 }, { mailboxes: () => dice() < 0.5 });
  const reasons = new Map<string, number>();
  for (const { reason } of verdicts.values()) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  assert.deepEqual(reasons, new Map([['inconsistent', 300]]));
  assert.ok(record.recipients < 60, `${record.recipients} questions`);
  const spared = [...verdicts.values()].filter(({ detail }) => detail?.startsWith('not asked') === true);
  assert.ok(spared.length > 240, `${spared.length} spared`);
});

test('a domain that refuses everybody is asked one question more, and none where that took a connection', async () => {
  for (const [count, more] of [
    [6, 0],
    [60, 1],
  ] as const) {
    const asked = await ask({ count, seed: 1 }, { mailboxes: () => false });
    assert.equal(claims(asked).length, count);
    assert.equal(
      questionsMore(asked, () => true),
      more,
    );
  }
});

test('an operator that is known not to answer by chance is asked nobody again', async () => {
  const isKnown = knows(0.5, 3);
  const google = 'aspmx.l.google.com';
  const asked = await ask({ count: 40, seed: 3, name: google }, { mailboxes: isKnown, offers: { pipelining: false } });
  assert.deepEqual(untrue(asked, isKnown), []);
  const twice = [...asked.record.byDomain.get('dice.test')!.questions].filter(([, times]) => times > 1);
  const unproved = twice.filter(([address]) => isKnown(localOf(address)));
  assert.deepEqual(twice, unproved, 'only acceptances behind refusals are asked about again');
});

test('a host that falls silent before it was asked again is taken at its word', async () => {
  const isKnown = knows(0.5, 5);
  const variants = {
    list: [{}, { at: { rcpt: { say: '451 4.3.0 Try again later' } } }],
    afterwards: 'repeat',
  } as const;
  const asked = await ask({ count: 10, seed: 5 }, { mailboxes: isKnown, variants, offers: { pipelining: false } });
  assert.deepEqual(untrue(asked, isKnown), []);
  assert.ok(claims(asked).length >= 8, claims(asked).join());
});

test('a backup that takes anything contradicts nothing that its primary says', async () => {
  const isKnown = knows(0.3, 2);
  const primary: MailHost = {
    ...{ name: 'mx1.dice.test', addresses: ['127.0.178.1'], domains: ['dice.test'], mailboxes: isKnown },
    variants: { list: [{}, { at: { banner: 'drop' } }], afterwards: 'repeat' },
  };
  const backup: MailHost = { name: 'mx2.dice.test', addresses: ['127.0.178.2'], domains: ['dice.test'], ...ANYBODY };
  const world = worldOf({ hosts: [primary, backup] });
  for (const seed of SEEDS) {
    const addresses = Array.from({ length: 40 }, (_, i) => `p${i}@dice.test`);
    const hosts = new HostMemory({ ...VERIFY_DEFAULTS, slowDownPauseMs: 5, longestSlowDownPauseMs: 5 });
    const { verdicts } = await askWorld(world, addresses, { limits: ONE, random: seededRandom(seed), hosts });
    const asked = [...verdicts];
    assert.deepEqual(
      asked.filter(([, { reason }]) => reason === 'inconsistent'),
      [],
    );
    const wrong = asked.filter(([address, { status }]) => status === 'valid' && !isKnown(localOf(address)));
    assert.deepEqual(wrong, []);
  }
});

test('a host that tires of a session, in its usual words, is asked in shorter ones, and nobody loses by it', async () => {
  let right = 0;
  for (const seed of SEEDS) {
    const isKnown = knows(0.2, seed);
    const asked = await ask(
      { count: 100, seed },
      { mailboxes: isKnown, afterRefusals: { refusals: 3, fate: 'unknown' } },
    );
    assert.ok(untrue(asked, isKnown).length <= 2, untrue(asked, isKnown).join());
    right += claims(asked).length;
  }
  assert.ok(right >= SEEDS.length * 100 * 0.8, `${right} verdicts`);
});

test('in a large domain one answer that changes is a hiccup, and costs nobody else the verdict', async () => {
  let questions = 0;
  const isKnown = knows(0.1, 4);
  const mailboxes = (local: string): boolean => {
    if (local === 'p0') questions += 1;
    return local === 'p0' ? questions > 1 : /^p\d/.test(local) && isKnown(local);
  };
  const asked = await ask({ count: 100, seed: 4 }, { mailboxes });
  assert.deepEqual(
    untrue(asked, (local) => local === 'p0' || isKnown(local)).filter((claim) => !claim.startsWith('p0@')),
    [],
  );
  assert.ok(claims(asked).length >= 99, `${claims(asked).length} verdicts`);
});

test('whose provider is given up while answers wait for a second question gets a verdict all the same', async () => {
  const isKnown = knows(0.5, 6);
  const list = [{}, { at: { banner: { say: '554 5.7.1 go away', close: true } } }] as const;
  const asked = await ask(
    { count: 40, seed: 6 },
    { mailboxes: isKnown, variants: { list: [list[0], ...Array(20).fill(list[1])], afterwards: 'repeat' } },
  );
  assert.equal(asked.verdicts.size, 40);
  assert.deepEqual(untrue(asked, isKnown), []);
});
