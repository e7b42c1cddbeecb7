// The verdict cache on a real file: what comes back, what replaces what, and what forgetting and pruning leave.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Database from 'better-sqlite3';
import { openStore, type Store } from '../../src/store/database.ts';
import { REASONS_BY_STATUS, STATUSES, type Verdict } from '../../src/verdict.ts';
import { handClock, NOW, scratchFolder, someVerdict } from './scratch.ts';

const DAY = 86_400_000;

function freshStore(t: TestContext): Store {
  const store = openStore({ path: join(scratchFolder(t), 'store.sqlite'), clock: handClock() });
  t.after(() => store.close());
  return store;
}

const bare = { reply: null, detail: null, mx: null, provider: null, implicitMx: false, attempts: 0 } as const;

const kept: readonly [verdict: Partial<Verdict>, why: string][] = [
  [{}, 'with evidence in every field'],
  [{ ...bare, status: 'invalid', reason: 'domain_not_found', stage: 'dns', catchall: 'not_asked' }, 'without a reply'],
  [{ reply: { code: 250, enhanced: null, text: '' }, status: 'valid', reason: 'accepted' }, 'with a reply of no words'],
  [{ reply: { code: 550, enhanced: null, text: 'kein Empfänger 日本 🙂 \u0007 "\'\\' } }, 'with odd characters'],
  [{ checkedAt: NOW + 0.4 }, 'made between two milliseconds'],
];

for (const [changes, why] of kept) {
  test(`a verdict ${why} comes back as it was, from the cache`, (t) => {
    const store = freshStore(t);
    store.verdicts.putMany([{ key: 'ann@list.test', verdict: someVerdict(changes) }]);
    const checkedAt = Math.round(changes.checkedAt ?? NOW);
    assert.deepEqual(store.verdicts.get('ann@list.test'), someVerdict({ ...changes, checkedAt, source: 'cache' }));
  });
}

test('every reason can be kept, and stands under its status', (t) => {
  const store = freshStore(t);
  const entries = STATUSES.flatMap((status) =>
    REASONS_BY_STATUS[status].map((reason) => ({
      key: `${reason}@list.test`,
      verdict: someVerdict({ status, reason }),
    })),
  );
  store.verdicts.putMany(entries);
  for (const { key, verdict } of entries) assert.equal(store.verdicts.get(key)?.status, verdict.status, key);
  assert.equal(store.verdicts.stats().byReason.size, entries.length);
});

test('a long text is cut where it bounds the file, and never within a character', (t) => {
  const store = freshStore(t);
  const text = `${'x'.repeat(999)}🙂${'y'.repeat(5000)}`;
  const verdict = someVerdict({ reply: { code: 550, enhanced: null, text }, detail: text, mx: 'm'.repeat(400) });
  store.verdicts.putMany([{ key: 'ann@list.test', verdict }]);
  const found = store.verdicts.get('ann@list.test');
  assert.equal(found?.reply?.text, 'x'.repeat(999));
  assert.equal(found?.detail, 'x'.repeat(999));
  assert.equal(found?.mx, 'm'.repeat(255));
});

const keys: readonly [key: string, why: string][] = [
  ['ann@list.test', 'a plain one'],
  ['"a@b"@list.test', 'a quoted local part with an @ splits at the last one'],
  ['"ann lee"@list.test', 'a space in it is no separator'],
  ['dön@xn--bcher-kva.test', 'letters beyond ASCII'],
  ["o'hara%_\\@list.test", 'characters that mean something to SQL'],
  ['7 up@7.test', 'digits and a space'],
  ['__proto__@constructor', 'names that mean something to JavaScript'],
];

for (const [key, why] of keys) {
  test(`the key ${key} finds its verdict and no other: ${why}`, (t) => {
    const store = freshStore(t);
    store.verdicts.putMany([
      { key, verdict: someVerdict({ attempts: 7 }) },
      { key: `x${key}`, verdict: someVerdict() },
      { key: `${key}x`, verdict: someVerdict() },
    ]);
    assert.deepEqual([...store.verdicts.getMany([key]).keys()], [key]);
    assert.equal(store.verdicts.get(key)?.attempts, 7);
    assert.ok([...store.verdicts.list()].some((entry) => entry.key === key));
  });
}

test('a key without a local part or a domain is a bug of the caller', (t) => {
  const store = freshStore(t);
  for (const key of ['list.test', '@list.test', 'ann@']) assert.throws(() => store.verdicts.get(key), TypeError);
});

test('a later verdict replaces an earlier one, in one batch as in two', (t) => {
  const { verdicts } = freshStore(t);
  const key = 'ann@list.test';
  const full = someVerdict({ reason: 'mailbox_full' });
  const valid = someVerdict({ status: 'valid', reason: 'accepted', reply: null });
  verdicts.putMany([
    { key, verdict: full },
    { key: 'bob@list.test', verdict: full },
    { key, verdict: valid },
  ]);
  assert.equal(verdicts.get(key)?.reason, 'accepted');
  verdicts.putMany([{ key, verdict: full }]);
  assert.deepEqual(verdicts.get(key), { ...full, source: 'cache' });
  assert.equal(verdicts.count(), 2);
});

test('thousands of keys are found in one call, over many domains, and only those there are', (t) => {
  const { verdicts } = freshStore(t);
  const present = Array.from({ length: 3000 }, (_, index) => `user${index}@domain${index % 700}.test`);
  verdicts.putMany(present.map((key, index) => ({ key, verdict: someVerdict({ attempts: index }) })));
  const absent = Array.from({ length: 3000 }, (_, index) => `other${index}@domain${index % 1400}.test`);
  const found = verdicts.getMany([...absent, ...present, ...present.slice(0, 10)]);
  assert.equal(found.size, present.length);
  for (const [index, key] of present.entries()) assert.equal(found.get(key)?.attempts, index);
});

test('nothing is asked for and nothing is put without harm', (t) => {
  const { verdicts } = freshStore(t);
  verdicts.putMany([]);
  assert.equal(verdicts.getMany([]).size, 0);
  assert.equal(verdicts.get('ann@list.test'), null);
});

test('a reason of a later version counts as no verdict', (t) => {
  const store = freshStore(t);
  store.verdicts.putMany([{ key: 'ann@list.test', verdict: someVerdict() }]);
  const other = new Database(store.path);
  other.exec("UPDATE verdict SET reason = 'moved_to_mars'");
  other.close();
  assert.equal(store.verdicts.get('ann@list.test'), null);
  assert.deepEqual([...store.verdicts.list()], []);
  assert.equal(store.verdicts.stats().total, 0);
  assert.equal(store.verdicts.prune({ isStale: () => false }), 1);
});

test('one address or a whole domain is forgotten, and nothing else', (t) => {
  const { verdicts } = freshStore(t);
  const all = ['ann@one.test', 'bob@one.test', 'cat@one.test', 'ann@two.test'];
  verdicts.putMany(all.map((key) => ({ key, verdict: someVerdict() })));
  assert.equal(verdicts.forget({ address: 'ann@one.test' }), 1);
  assert.equal(verdicts.forget({ address: 'ann@one.test' }), 0);
  assert.deepEqual([...verdicts.getMany(all).keys()].sort(), ['ann@two.test', 'bob@one.test', 'cat@one.test']);
  assert.equal(verdicts.forget({ domain: 'one.test' }), 2);
  assert.equal(verdicts.forget({ domain: 'nowhere.test' }), 0);
  assert.deepEqual([...verdicts.getMany(all).keys()], ['ann@two.test']);
});

test('pruning by age keeps what is just old enough', (t) => {
  const { verdicts } = freshStore(t);
  const ages = { fresh: 0, edge: 30 * DAY, old: 30 * DAY + 1 };
  for (const [name, age] of Object.entries(ages)) {
    verdicts.putMany([{ key: `${name}@list.test`, verdict: someVerdict({ checkedAt: NOW - age }) }]);
  }
  assert.equal(verdicts.prune({ olderThanMs: 30 * DAY }), 1);
  assert.deepEqual([...verdicts.list()].map(({ key }) => key).sort(), ['edge@list.test', 'fresh@list.test']);
});

test('pruning by a rule sees each reason and age, over several pages', (t) => {
  const { verdicts } = freshStore(t);
  verdicts.putMany(
    Array.from({ length: 5000 }, (_, index) => ({
      key: `user${index}@domain${index % 9}.test`,
      verdict: someVerdict({ reason: index % 2 === 0 ? 'mailbox_full' : 'mailbox_not_found', checkedAt: NOW - index }),
    })),
  );
  const removed = verdicts.prune({
    isStale: (reason, checkedAt) => reason === 'mailbox_full' && NOW - checkedAt >= 2500,
  });
  assert.equal(removed, 1250);
  assert.equal(verdicts.count(), 3750);
});

test('statistics count statuses and reasons, the most frequent first, and tell the oldest and newest', (t) => {
  const { verdicts } = freshStore(t);
  assert.deepEqual(
    [verdicts.stats().total, verdicts.stats().oldest, verdicts.stats().newest],
    [0, null, null],
    'an empty file has no oldest',
  );
  verdicts.putMany([
    { key: 'a@list.test', verdict: someVerdict({ reason: 'mailbox_full', checkedAt: NOW - 5 }) },
    { key: 'b@list.test', verdict: someVerdict() },
    { key: 'c@list.test', verdict: someVerdict({ checkedAt: NOW + 5 }) },
    { key: 'd@list.test', verdict: someVerdict({ status: 'valid', reason: 'accepted' }) },
  ]);
  const stats = verdicts.stats();
  assert.deepEqual(
    [...stats.byStatus],
    [
      ['valid', 1],
      ['invalid', 3],
      ['catchall', 0],
      ['unknown', 0],
    ],
  );
  assert.deepEqual([...stats.byReason.keys()][0], 'mailbox_not_found');
  assert.deepEqual([stats.total, stats.oldest, stats.newest], [4, NOW - 5, NOW + 5]);
});

test('a list is walked domain by domain, over several pages, while it is written to', (t) => {
  const { verdicts } = freshStore(t);
  verdicts.putMany(
    Array.from({ length: 4500 }, (_, index) => ({
      key: `user${index}@domain${index % 3}.test`,
      verdict: someVerdict(),
    })),
  );
  const seen: string[] = [];
  for (const { key } of verdicts.list()) {
    if (seen.length === 10) verdicts.putMany([{ key: 'new@other.test', verdict: someVerdict() }]);
    seen.push(key);
  }
  assert.equal(new Set(seen).size, 4501);
  const domains = seen.map((key) => key.split('@')[1]);
  assert.equal(
    domains.filter((domain, index) => domain !== domains[index - 1]).length,
    4,
    'each domain stands together',
  );
});

test('a list of one domain holds that domain alone, and one of an unknown domain nothing', (t) => {
  const { verdicts } = freshStore(t);
  verdicts.putMany(
    Array.from({ length: 4500 }, (_, index) => ({
      key: `user${index}@domain${index % 2}.test`,
      verdict: someVerdict(),
    })),
  );
  const seen = [...verdicts.list({ domain: 'domain1.test' })].map(({ key }) => key);
  assert.equal(new Set(seen).size, 2250);
  assert.ok(seen.every((key) => key.endsWith('@domain1.test')));
  assert.deepEqual([...verdicts.list({ domain: 'nowhere.test' })], []);
});
