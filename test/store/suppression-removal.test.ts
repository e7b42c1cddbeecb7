// Removing and forgetting: what it takes, what is left in the history and in the file, and what may come back.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { MailgateError } from '../../src/errors.ts';
import { openStore } from '../../src/store/database.ts';
import { handClock, NOW, someVerdict } from './scratch.ts';
import { ANN, add, contentOf, DAY, freshStore, type OpenedStore, reasonOf, someEvent } from './suppression-samples.ts';

const ANN_KEY = { type: 'email', value: ANN } as const;
const BY_HAND = { scope: null, force: false, why: 'she asked to come back' } as const;

function md5Of(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

/** Everything on disk that belongs to the store. */
function bytesOf({ path }: OpenedStore): string {
  return [path, `${path}-wal`, `${path}-shm`, `${path}.key`]
    .filter((name) => existsSync(name))
    .map((name) => readFileSync(name, 'latin1'))
    .join('');
}

test('a removed address is free, and the history tells who was removed, when and why', (t) => {
  const opened = freshStore(t);
  add(opened, someEvent());
  const outcome = opened.store.suppressions.remove(ANN_KEY, BY_HAND);
  assert.deepEqual(outcome, { status: 'removed', reasons: ['hard_bounce'] });
  assert.equal(reasonOf(opened), null);
  const rows = [...opened.store.suppressions.history(ANN_KEY)];
  assert.deepEqual(
    rows.map(({ action, detail }) => [action, detail]),
    [
      ['suppressed', '550 5.1.1 no such user'],
      ['removed', 'she asked to come back'],
    ],
  );
  assert.deepEqual(opened.store.suppressions.remove(ANN_KEY, BY_HAND), { status: 'absent' });
});

for (const reason of ['manual', 'complaint'] as const) {
  test(`a ${reason} entry is removed by force alone, and until then everything stays`, (t) => {
    const opened = freshStore(t);
    add(opened, someEvent());
    add(opened, someEvent({ reason }));
    const before = contentOf(opened);
    assert.deepEqual(opened.store.suppressions.remove(ANN_KEY, BY_HAND), { status: 'refused', reason });
    assert.deepEqual(contentOf(opened), before);
    const forced = opened.store.suppressions.remove(ANN_KEY, { ...BY_HAND, force: true });
    assert.equal(forced.status, 'removed');
    assert.equal(reasonOf(opened), null);
  });
}

test('neither the same evidence nor an older one brings a removed address back, a newer one does', (t) => {
  const opened = freshStore(t);
  const event = someEvent({ at: NOW - DAY });
  add(opened, event);
  opened.store.suppressions.remove(ANN_KEY, BY_HAND);
  assert.equal(add(opened, event).status, 'ignored');
  assert.equal(add(opened, someEvent({ at: NOW - 2 * DAY })).status, 'ignored');
  assert.equal(reasonOf(opened), null);
  opened.clock.advance(DAY);
  assert.equal(add(opened, someEvent({ at: NOW + DAY })).status, 'suppressed');
});

test('removing one scope leaves the others, and takes the address off hashed lists as well', (t) => {
  const opened = freshStore(t);
  add(opened, someEvent({ reason: 'unsubscribe', scope: 'news' }));
  add(opened, someEvent({ reason: 'unsubscribe', scope: 'offers' }));
  add(opened, someEvent({ reason: 'imported', key: { type: 'md5', value: md5Of(ANN) } }));
  assert.equal(opened.store.suppressions.remove(ANN_KEY, { ...BY_HAND, scope: 'news' }).status, 'removed');
  assert.deepEqual([reasonOf(opened, ANN, 'news'), reasonOf(opened, ANN, 'offers')], ['imported', 'unsubscribe']);
  opened.store.suppressions.remove(ANN_KEY, BY_HAND);
  assert.deepEqual([reasonOf(opened, ANN, 'offers'), reasonOf(opened)], [null, null]);
});

test('removal starts the count of soft bounces afresh', (t) => {
  const opened = freshStore(t);
  for (const days of [5, 3]) add(opened, someEvent({ reason: 'soft_bounce', at: NOW - days * DAY }));
  assert.equal(opened.store.suppressions.remove(ANN_KEY, BY_HAND).status, 'removed');
  opened.clock.advance(DAY);
  assert.equal(add(opened, someEvent({ reason: 'soft_bounce', at: NOW + DAY })).status, 'counted');
});

test('a forgotten address stays suppressed for every stream, and nothing on the disk tells it', (t) => {
  const opened = freshStore(t);
  add(opened, someEvent({ detail: `550 ${ANN}: no such user`, evidenceId: `<${ANN}>` }));
  for (const days of [5, 3]) add(opened, someEvent({ reason: 'soft_bounce', at: NOW - days * DAY, messageId: ANN }));
  add(opened, someEvent({ reason: 'imported', key: { type: 'md5', value: md5Of(ANN) } }));
  opened.store.verdicts.putMany([{ key: 'bob@list.test', verdict: someVerdict({ reply: null }) }]);
  assert.ok(bytesOf(opened).includes('ann@'), 'the test can see it while it is there');
  const outcome = opened.store.suppressions.forget(ANN, { why: 'demand of 12 June' });
  assert.deepEqual(outcome, { status: 'forgotten', entries: 2 });
  const bytes = bytesOf(opened);
  for (const trace of ['ann@', md5Of(ANN)]) assert.ok(!bytes.includes(trace), `${trace} is still on the disk`);
  const match = opened.store.suppressions.match([ANN], 'any stream').get(ANN);
  assert.deepEqual([match?.reason, match?.hard, match?.entry.key.type], ['manual', false, 'hmac']);
  assert.equal(reasonOf(opened, 'bob@list.test'), null);
  assert.deepEqual(opened.store.suppressions.forget(ANN, { why: null }), { status: 'already', entries: 0 });
});

test('later events bring a forgotten name not back into the file', (t) => {
  const opened = freshStore(t);
  opened.store.suppressions.forget(ANN, { why: null });
  assert.equal(add(opened, someEvent()).status, 'already');
  assert.equal(add(opened, someEvent({ reason: 'manual', evidenceId: null })).status, 'already');
  assert.ok(!bytesOf(opened).includes('ann@'));
});

test('a forgotten address is removed by force, and then old bounces do not count', (t) => {
  const opened = freshStore(t);
  opened.store.suppressions.forget(ANN, { why: null });
  assert.equal(opened.store.suppressions.remove(ANN_KEY, BY_HAND).status, 'refused');
  assert.equal(opened.store.suppressions.remove(ANN_KEY, { ...BY_HAND, force: true }).status, 'removed');
  assert.equal(reasonOf(opened), null);
  assert.equal(add(opened, someEvent({ at: NOW - DAY })).status, 'ignored');
  opened.clock.advance(1);
  assert.equal(add(opened, someEvent({ at: NOW + 1 })).status, 'suppressed');
  assert.equal(opened.store.suppressions.forget(ANN, { why: null }).status, 'forgotten');
  assert.equal(reasonOf(opened), 'manual');
});

test('the key of the tombstones lies beside the store, for its owner alone, and is made once', (t) => {
  const opened = freshStore(t);
  const keyFile = `${opened.path}.key`;
  assert.ok(!existsSync(keyFile));
  opened.store.suppressions.forget(ANN, { why: null });
  if (process.platform !== 'win32') assert.equal(statSync(keyFile).mode & 0o777, 0o600);
  const key = readFileSync(keyFile, 'utf8');
  assert.match(key, /^[0-9a-f]{64}\n$/);
  assert.ok(!readFileSync(opened.path, 'latin1').includes(key.trim()));
  const other = openStore({ path: opened.path, clock: handClock() });
  other.suppressions.forget('bob@list.test', { why: null });
  assert.equal(readFileSync(keyFile, 'utf8'), key);
  assert.equal(reasonOf({ store: other }), 'manual');
  other.close();
});

test('with the key missing, damaged or exchanged, nobody is taken for unknown: it is said and refused', (t) => {
  const opened = freshStore(t);
  opened.store.suppressions.forget(ANN, { why: null });
  const keyFile = `${opened.path}.key`;
  const refusal = (pattern: RegExp) => (error: unknown) =>
    error instanceof MailgateError && error.kind === 'store' && pattern.test(error.message) && error.hint !== null;
  const ask = () => {
    const store = openStore({ path: opened.path, clock: handClock() });
    try {
      return reasonOf({ store });
    } finally {
      store.close();
    }
  };
  renameSync(keyFile, `${keyFile}.away`);
  assert.throws(ask, refusal(/is missing/));
  writeFileSync(keyFile, `${'0'.repeat(64)}\n`);
  assert.throws(ask, refusal(/is not the key/));
  writeFileSync(keyFile, 'half a k');
  assert.throws(ask, refusal(/holds no key/));
  rmSync(keyFile);
  renameSync(`${keyFile}.away`, keyFile);
  assert.equal(ask(), 'manual');
});
