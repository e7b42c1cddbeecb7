// The suppression store: what events bring about, what outweighs what, and what a second time changes.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { openStore } from '../../src/store/database.ts';
import { SUPPRESSION_REASONS, type SuppressionReason } from '../../src/store/suppression-reasons.ts';
import { handClock, NOW } from './scratch.ts';
import { ANN, add, contentOf, DAY, freshStore, reasonOf, someEvent } from './suppression-samples.ts';

/** Those that suppress by themselves, strongest first. */
const AT_ONCE: readonly SuppressionReason[] = SUPPRESSION_REASONS.filter(
  (reason) => reason !== 'suspect' && reason !== 'soft_bounce',
);

test('a hard bounce suppresses at once, and its match tells why', (t) => {
  const opened = freshStore(t);
  assert.equal(opened.store.suppressions.isEmpty, true);
  const event = someEvent({ at: NOW - DAY });
  assert.deepEqual(add(opened, event), { status: 'suppressed', why: 'hard_bounce' });
  assert.equal(opened.store.suppressions.isEmpty, false);
  const match = opened.store.suppressions.match([ANN, 'bob@list.test']).get(ANN);
  assert.equal(match?.hard, true);
  assert.equal(match?.evidence, event.evidenceId);
  assert.equal(match?.text, 'hard_bounce since 2025-06-14: 550 5.1.1 no such user');
  assert.equal(reasonOf(opened, 'bob@list.test'), null);
});

for (const [strongRank, strong] of AT_ONCE.entries()) {
  for (const weak of AT_ONCE.slice(strongRank + 1)) {
    test(`${weak} changes nothing about an address suppressed for ${strong}, in whichever order they come`, (t) => {
      const opened = freshStore(t);
      add(opened, someEvent({ reason: strong }));
      const before = [...opened.store.suppressions.list({ reason: strong })];
      assert.equal(add(opened, someEvent({ reason: weak, expiresAt: NOW + DAY, at: NOW })).status, 'already');
      assert.deepEqual([...opened.store.suppressions.list({ reason: strong })], before);
      opened.clock.advance(2 * DAY);
      assert.equal(reasonOf(opened), strong);

      const other = freshStore(t);
      add(other, someEvent({ reason: weak }));
      assert.equal(add(other, someEvent({ reason: strong })).status, 'suppressed');
      assert.equal(reasonOf(other), strong);
    });
  }
}

test('a weaker reason holds again once a stronger one has ended', (t) => {
  const opened = freshStore(t);
  add(opened, someEvent({ reason: 'hard_bounce' }));
  add(opened, someEvent({ reason: 'manual', expiresAt: NOW + DAY }));
  assert.equal(reasonOf(opened), 'manual');
  opened.clock.advance(2 * DAY);
  assert.equal(reasonOf(opened), 'hard_bounce');
});

test('the same evidence changes nothing a second time, whoever brings it', (t) => {
  const opened = freshStore(t);
  const events = [
    someEvent(),
    someEvent({ reason: 'complaint', address: 'bob@list.test' }),
    someEvent({ reason: 'soft_bounce', address: 'cid@list.test' }),
    someEvent({ reason: 'imported', key: { type: 'md5', value: 'a'.repeat(32) } }),
    someEvent({ evidenceId: null, reason: 'manual', address: 'dag@list.test' }),
  ];
  opened.store.suppressions.add(events);
  const before = contentOf(opened);
  opened.clock.advance(DAY);
  const outcomes = opened.store.suppressions.add([...events, ...events]);
  assert.deepEqual(new Set(outcomes.map(({ status }) => status)), new Set(['already']));
  assert.deepEqual(contentOf(opened), before);
});

test('evidence that was read as something else before counts as what it is read as now', (t) => {
  const opened = freshStore(t);
  const event = someEvent({ reason: 'soft_bounce' });
  assert.equal(add(opened, event).status, 'counted');
  assert.equal(add(opened, { ...event, reason: 'hard_bounce' }).status, 'suppressed');
});

test('new evidence for what stands is kept: first and last time, number, and the newest words', (t) => {
  const opened = freshStore(t);
  add(opened, someEvent({ at: NOW - 2 * DAY, detail: 'second', source: 'mx2' }));
  add(opened, someEvent({ at: NOW - 3 * DAY, detail: 'first', source: 'mx1' }));
  assert.equal(add(opened, someEvent({ at: NOW - DAY, detail: 'third', source: 'mx3' })).status, 'already');
  const [entry, ...others] = opened.store.suppressions.list();
  assert.deepEqual(others, []);
  assert.deepEqual(
    [entry?.firstSeen, entry?.lastSeen, entry?.count, entry?.detail, entry?.source],
    [NOW - 3 * DAY, NOW - DAY, 3, 'third', 'mx3'],
  );
});

test('an unsubscribe from one stream stops that stream alone, a hard bounce every stream', (t) => {
  const opened = freshStore(t);
  add(opened, someEvent({ reason: 'unsubscribe', scope: 'newsletter' }));
  assert.equal(reasonOf(opened, ANN, 'newsletter'), 'unsubscribe');
  assert.equal(reasonOf(opened, ANN, 'receipts'), null);
  assert.equal(reasonOf(opened, ANN), null);
  add(opened, someEvent({ reason: 'hard_bounce', scope: 'newsletter' }));
  assert.equal(reasonOf(opened, ANN, 'receipts'), 'hard_bounce');
  assert.equal(reasonOf(opened, ANN, 'newsletter'), 'unsubscribe');
});

test('a domain covers its addresses, and its subdomains only where that was said', (t) => {
  const opened = freshStore(t);
  add(opened, someEvent({ reason: 'manual', key: { type: 'domain', value: 'exact.test' } }));
  add(opened, someEvent({ reason: 'manual', key: { type: 'domain', value: 'wide.test' }, subdomains: true }));
  const asked = [
    'a@exact.test',
    'a@sub.exact.test',
    'a@wide.test',
    'a@b.sub.wide.test',
    'a@otherwide.test',
    '"@wide.test"@x.test',
  ];
  assert.deepEqual([...opened.store.suppressions.match(asked).keys()].sort(), [
    'a@b.sub.wide.test',
    'a@exact.test',
    'a@wide.test',
  ]);
  assert.match(
    opened.store.suppressions.match(['a@b.sub.wide.test']).get('a@b.sub.wide.test')?.text ?? '',
    /wide\.test/,
  );
});

for (const type of ['md5', 'sha256'] as const) {
  test(`an address whose ${type} hash stands on a list is suppressed`, (t) => {
    const opened = freshStore(t);
    const value = createHash(type).update(ANN).digest('hex');
    add(opened, someEvent({ reason: 'imported', key: { type, value } }));
    assert.equal(reasonOf(opened), 'imported');
    assert.equal(reasonOf(opened, 'bob@list.test'), null);
  });
}

test('many addresses are told apart in one question', (t) => {
  const opened = freshStore(t);
  const addresses = Array.from({ length: 3000 }, (_, index) => `user${index}@domain${index % 7}.test`);
  opened.store.suppressions.add(
    addresses.filter((_, index) => index % 3 === 0).map((address) => someEvent({ address })),
  );
  const found = opened.store.suppressions.match([...addresses, ...addresses]);
  assert.deepEqual([...found.keys()].sort(), addresses.filter((_, index) => index % 3 === 0).sort());
});

test('a dry run tells the same and writes nothing', (t) => {
  const opened = freshStore(t);
  const events = [someEvent(), someEvent(), someEvent({ reason: 'soft_bounce', address: 'bob@list.test' })];
  const told = opened.store.suppressions.add(events, { dryRun: true });
  assert.equal(opened.store.suppressions.isEmpty, true);
  assert.deepEqual(contentOf(opened), { entries: [], history: [] });
  assert.deepEqual(told, opened.store.suppressions.add(events));
  assert.deepEqual(
    told.map(({ status }) => status),
    ['suppressed', 'already', 'counted'],
  );
});

test('what is not proven is ignored where only proof counts, but for a person’s own word', (t) => {
  const opened = freshStore(t);
  const options = { onlyVerified: true };
  assert.equal(add(opened, someEvent({ verified: false }), options).status, 'ignored');
  assert.equal(reasonOf(opened), null);
  assert.equal(add(opened, someEvent({ verified: true }), options).status, 'suppressed');
  assert.equal(add(opened, someEvent({ verified: false, reason: 'manual' }), options).status, 'suppressed');
});

test('a stranger’s words come out in one line, cut, without control characters, and times are never in the future', (t) => {
  const opened = freshStore(t);
  const event = someEvent({
    detail: `550 \u001b[2Jgone\r\nX-Evil: yes ${'x'.repeat(5000)}`,
    source: 'mx\n1',
    evidenceId: `<${'y'.repeat(5000)}@x.test>`,
    at: NOW + 400 * DAY,
  });
  add(opened, event);
  const [entry] = opened.store.suppressions.list();
  assert.match(entry?.detail ?? '', /^550 \[2Jgone X-Evil: yes x+$/);
  assert.equal(entry?.detail?.length, 500);
  assert.equal(entry?.source, 'mx 1');
  assert.ok((entry?.evidence ?? '').length <= 200);
  assert.equal(entry?.lastSeen, NOW);
  assert.equal(add(opened, event).status, 'already');
  assert.notEqual(
    add(opened, { ...event, evidenceId: `<${'y'.repeat(5000)}@y.test>` }).why,
    'this evidence was counted before',
  );
});

test('what was committed is there for whoever opens the file next', (t) => {
  const opened = freshStore(t);
  add(opened, someEvent());
  const other = openStore({ path: opened.path, clock: handClock() });
  assert.equal(reasonOf({ store: other }), 'hard_bounce');
  other.close();
});

test('an import that ends, ends', (t) => {
  const opened = freshStore(t);
  add(opened, someEvent({ reason: 'imported', expiresAt: NOW + 5 * DAY }));
  assert.equal(reasonOf(opened), 'imported');
  opened.clock.advance(6 * DAY);
  assert.equal(reasonOf(opened), null);
  assert.deepEqual([...opened.store.suppressions.list({ liveAt: opened.clock.now() })], []);
  assert.equal([...opened.store.suppressions.list()].length, 1);
  assert.equal(
    add(opened, someEvent({ reason: 'imported', expiresAt: NOW + 50 * DAY, at: NOW + 6 * DAY })).status,
    'suppressed',
  );
});
