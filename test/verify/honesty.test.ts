// Domains that accept what they should not: by taste, by chance, or only now and then. Nobody is valid by accident there.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import type { MailHost, PickyTaste } from '../../src/sandbox/world.ts';
import { worldOf } from '../../src/sandbox/world-builders.ts';
import { makeControlName } from '../../src/verify/control-name.ts';
import type { RetryMemory, StoredRetry } from '../../src/verify/retry.ts';
import { askSandbox, askWorld, memoryOfDomains } from '../support/ask-world.ts';

const ONE = { concurrency: 10, perDomain: 1, perProvider: 1, ratePerMinute: null };

function host(domain: string, rest: Partial<MailHost> = {}): MailHost {
  return { name: `mx.${domain}`, addresses: ['127.0.174.1'], domains: [domain], ...rest };
}

const STYLES: readonly [style: string, locals: readonly string[]][] = [
  ['first.last', ['anna.weber', 'karl.otto', 'lena.maier', 'sales']],
  ['first_last', ['anna_weber', 'karl_otto', 'lena_maier']],
  ['f.last', ['a.weber', 'k.otto', 'l.maier']],
  ['first', ['anna', 'karl', 'lena', 'paul']],
];
const TASTES: readonly PickyTaste[] = ['human_names', 'no_digits', 'with_vowels', 'short_names', 'dictionary_names'];

for (const accepts of TASTES) {
  for (const [style, locals] of STYLES) {
    test(`a catch-all with the taste "${accepts}" cannot tell our name from its own, where they are ${style}`, async () => {
      const addresses = locals.map((local) => `${local}@picky.test`);
      const mailboxes = (local: string): boolean => locals.includes(local);
      const world = worldOf({ hosts: [host('picky.test', { accepts, mailboxes })] });
      const { verdicts, record } = await askWorld(world, addresses);
      const reasons = new Set([...verdicts.values()].map(({ reason }) => reason));
      assert.deepEqual(
        [...reasons],
        ['accepts_anything'],
        [...record.byDomain.get('picky.test')!.questions.keys()].join(),
      );
      assert.equal(record.questionsBeside('picky.test', new Set(addresses)), 1, 'for one question');
    });
  }
}

test('names nobody has differ, have no digits, and are no longer than a dozen letters', () => {
  for (const [, beside] of STYLES) {
    const names = new Set<string>();
    for (let i = 0; i < 500; i += 1) names.add(makeControlName({ random: Math.random, beside, isForEverybody: false }));
    assert.ok(names.size > 450, `${names.size} different names of 500, beside ${beside[0]}`);
    for (const name of names) assert.match(name, /^[a-z](?=.{5,11}$)[a-z]*[._]?[a-z]+$/);
  }
});

test('at a mailbox provider, where every plausible name is somebody, the name is eleven letters in syllables', () => {
  const name = makeControlName({ random: Math.random, beside: ['anna.weber'], isForEverybody: true });
  assert.match(name, /^(?:[b-df-hj-np-tv-z][aeiou]){5}[b-df-hj-np-tv-z]$/);
});

test('a listed name is never taken for one nobody has, even where chance would have it', () => {
  const random = (): number => 0;
  const first = makeControlName({ random, beside: [], isForEverybody: false });
  assert.notEqual(makeControlName({ random, beside: [first], isForEverybody: false }), first);
});

test('who is refused where a name nobody has is accepted is asked once more, by another connection', async () => {
  const mailboxes = (local: string) => (local.startsWith('gone') ? 'unknown' : undefined) as 'unknown' | undefined;
  const world = worldOf({ hosts: [host('most.test', { accepts: 'anything', mailboxes })] });
  const memory = memoryOfDomains();
  memory.rememberCatchall('most.test', 'mx.most.test (private)', 'yes');
  const { verdicts, record } = await askWorld(world, ['anna@most.test', 'gone1@most.test', 'gone2@most.test'], {
    limits: ONE,
    memory,
  });
  const reasons = Object.fromEntries([...verdicts].map(([address, { reason }]) => [address, reason]));
  const invalid = 'mailbox_not_found';
  assert.deepEqual(reasons, {
    'anna@most.test': 'accepts_anything',
    'gone1@most.test': invalid,
    'gone2@most.test': invalid,
  });
  assert.equal(record.byDomain.get('most.test')!.questions.get('gone1@most.test'), 2);
  assert.ok(record.connections.length >= 2);
});

test('a host that refuses a name and accepts it by the next connection makes it inconsistent', async () => {
  let questions = 0;
  const mailboxes = (local: string) => {
    if (local !== 'anna') return 'ok';
    questions += 1;
    return questions === 1 ? 'unknown' : 'ok';
  };
  const memory = memoryOfDomains();
  memory.rememberCatchall('odd.test', 'mx.odd.test (private)', 'yes');
  const { verdicts } = await askWorld(worldOf({ hosts: [host('odd.test', { mailboxes })] }), ['anna@odd.test'], {
    memory,
  });
  const verdict = verdicts.get('anna@odd.test');
  assert.equal(verdict?.reason, 'inconsistent');
  assert.match(verdict?.detail ?? '', /refused before, by another connection/);
});

test('who was accepted, and is refused when the catch-all question comes due, is inconsistent: in a later run, too', async () => {
  const kept = new Map<string, StoredRetry>();
  const retries: RetryMemory = {
    retriesOf: () => new Map(kept),
    rememberRetry: (_domain, local, retry) => void kept.set(local, retry),
    forgetRetry: (_domain, local) => void kept.delete(local),
  };
  let known = true;
  const mailboxes = (local: string) => (local === 'anna' ? (known ? 'ok' : 'unknown') : 'greylisted');
  const sandbox = await startSandbox(worldOf({ hosts: [host('turn.test', { mailboxes })] }));
  const memory = memoryOfDomains();
  try {
    const first = await askSandbox(sandbox, ['anna@turn.test'], { retries, memory });
    assert.equal(first.verdicts.get('anna@turn.test')?.reason, 'catchall_untested');
    known = false;
    for (const [local, retry] of kept) kept.set(local, { ...retry, dueAt: Date.now() - 1 });
    const later = await askSandbox(sandbox, ['anna@turn.test'], { retries, memory });
    assert.equal(later.verdicts.get('anna@turn.test')?.reason, 'inconsistent');
  } finally {
    await sandbox.stop();
  }
});

test('hosts that accept names nobody has by chance make no listed name invalid that they have', async () => {
  const known = (local: string): boolean => /^p\d*[1-9]$/.test(local);
  for (const anew of [true, false]) {
    const chance = host('dice.test', { mailboxes: (local) => known(local), acceptsByChance: { oneIn: 2, anew } });
    const addresses = Array.from({ length: 60 }, (_, i) => `p${i + 1}@dice.test`);
    const { verdicts } = await askWorld(worldOf({ hosts: [chance] }), addresses, { limits: ONE });
    assert.equal(verdicts.size, 60);
    const wrong = [...verdicts].filter(([address, { status }]) => status === 'invalid' && !address.includes('0@'));
    assert.deepEqual(wrong, []);
  }
});

test('who is refused in doubtful words by a host that took anything before is decided with the last of its provider', async () => {
  const words = { say: '550 mailbox unavailable' };
  const shared = host('one.test', { domains: ['one.test', 'two.test'], mailboxes: () => words, otherwise: words });
  const memory = { ...memoryOfDomains(), catchallOf: () => 'yes' as const };
  for (const [ones, twos] of [
    [1, 1],
    [3, 3],
    [40, 1],
  ] as const) {
    const listed = (domain: string, count: number): string[] =>
      Array.from({ length: count }, (_, i) => `p${i}@${domain}`);
    const addresses = [...listed('one.test', ones), ...listed('two.test', twos)];
    const { verdicts } = await askWorld(worldOf({ hosts: [shared] }), addresses, { limits: ONE, memory });
    assert.equal(verdicts.size, addresses.length, 'nobody is left out');
    assert.deepEqual([...new Set([...verdicts.values()].map(({ status }) => status))], ['unknown']);
  }
});
