// Soft bounces and suspects: when failures come to a suppression, and what ends one again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Failure, standingOf } from '../../src/store/suppression-failures.ts';
import { NOW } from './scratch.ts';
import { ANN, add, contentOf, DAY, freshStore, reasonOf, someEvent } from './suppression-samples.ts';

/** Noon of a day, so that hours around it stay on it. */
const NOON = Math.floor(NOW / DAY) * DAY - DAY / 2;

function soft(daysAgo: number, message: string): Failure {
  return { reason: 'soft_bounce', message, at: NOON - daysAgo * DAY };
}

function suspect(daysAgo: number, message: string): Failure {
  return { ...soft(daysAgo, message), reason: 'suspect' };
}

const CASES: readonly [name: string, failures: readonly Failure[], count: number, why: string][] = [
  ['three days', [soft(5, 'a'), soft(3, 'b'), soft(1, 'c')], 3, 'different messages on different days'],
  ['one day', [soft(5, 'a'), soft(5, 'b'), soft(5, 'c')], 1, 'an outage of a day counts once'],
  ['one message', [soft(5, 'a'), soft(3, 'a'), soft(1, 'a')], 1, 'a message fails once, however often it is tried'],
  ['far apart', [soft(65, 'a'), soft(33, 'b'), soft(1, 'c')], 1, 'none within 30 days of another'],
  ['just within', [soft(30, 'a'), soft(20, 'b'), soft(0, 'c')], 3, 'thirty days, the ends included'],
  [
    'a window in the middle',
    [soft(99, 'a'), soft(60, 'b'), soft(50, 'c'), soft(45, 'd'), soft(1, 'e')],
    3,
    'the best 30 days count',
  ],
  [
    'a suspect among them',
    [soft(5, 'a'), suspect(3, 'b'), soft(1, 'c')],
    3,
    'who is called disabled has failed as well',
  ],
];

for (const [name, failures, count, why] of CASES) {
  test(`${name}: ${count} soft failures, for ${why}`, () => {
    for (const order of [failures, [...failures].reverse()]) {
      assert.equal(standingOf(order, 'soft_bounce', {}).count, count);
    }
  });
}

test('soft bounces suppress at the third message on a third day, and the address is free again 30 days later', (t) => {
  const opened = freshStore(t);
  const outcomes = [5, 3, 3, 1].map((days) => add(opened, someEvent({ reason: 'soft_bounce', at: NOON - days * DAY })));
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['counted', 'counted', 'counted', 'suppressed'],
  );
  assert.match(outcomes[1]?.why ?? '', /2 of 3/);
  const match = opened.store.suppressions.match([ANN]).get(ANN);
  assert.deepEqual([match?.reason, match?.hard], ['soft_bounce', false]);
  assert.deepEqual([match?.entry.firstSeen, match?.entry.count], [NOON - 5 * DAY, 3]);
  opened.clock.advance(30 * DAY);
  assert.equal(reasonOf(opened), null);
});

test('failures that come in backwards suppress all the same', (t) => {
  const opened = freshStore(t);
  for (const days of [1, 3, 5]) add(opened, someEvent({ reason: 'soft_bounce', at: NOON - days * DAY }));
  assert.equal(reasonOf(opened), 'soft_bounce');
});

test('other thresholds can be asked for', (t) => {
  const opened = freshStore(t);
  const softRule = { failures: 2, withinMs: 2 * DAY, onDistinctDays: true };
  assert.equal(add(opened, someEvent({ reason: 'soft_bounce', at: NOON - 5 * DAY }), { softRule }).status, 'counted');
  assert.equal(add(opened, someEvent({ reason: 'soft_bounce', at: NOON - 2 * DAY }), { softRule }).status, 'counted');
  assert.equal(add(opened, someEvent({ reason: 'soft_bounce', at: NOON - DAY }), { softRule }).status, 'suppressed');
});

test('one report of a message counts once, even where its evidence differs', (t) => {
  const opened = freshStore(t);
  for (const days of [5, 3, 1]) {
    add(opened, someEvent({ reason: 'soft_bounce', messageId: '<one@list.test>', at: NOON - days * DAY }));
  }
  assert.equal(reasonOf(opened), null);
});

test('a mailbox called disabled is suppressed at the second message within 30 days', (t) => {
  const opened = freshStore(t);
  assert.equal(add(opened, someEvent({ reason: 'suspect', at: NOON - 40 * DAY })).status, 'counted');
  assert.equal(add(opened, someEvent({ reason: 'suspect', at: NOON - 5 * DAY })).status, 'counted');
  assert.equal(add(opened, someEvent({ reason: 'suspect', at: NOON - 5 * DAY + 3_600_000 })).status, 'suppressed');
  assert.equal(reasonOf(opened), 'suspect');
});

test('a delivery clears the failures before it, and not those behind it', (t) => {
  const opened = freshStore(t);
  const { suppressions } = opened.store;
  const delivery = { address: ANN, at: NOON - 2 * DAY, source: 'delivery log' };
  for (const days of [5, 3]) add(opened, someEvent({ reason: 'soft_bounce', at: NOON - days * DAY }));
  assert.deepEqual(suppressions.delivered([delivery, { ...delivery, address: 'bob@list.test' }]), [
    { status: 'reset' },
    { status: 'nothing' },
  ]);
  assert.equal(add(opened, someEvent({ reason: 'soft_bounce', at: NOON - DAY })).status, 'counted');
  assert.equal(add(opened, someEvent({ reason: 'soft_bounce', at: NOON - 4 * DAY })).status, 'ignored');
  const before = contentOf(opened);
  assert.deepEqual(suppressions.delivered([delivery]), [{ status: 'nothing' }]);
  assert.deepEqual(contentOf(opened), before);
});

test('a delivery lifts a soft suppression it disproves, and no other', (t) => {
  const opened = freshStore(t);
  const { suppressions } = opened.store;
  for (const days of [6, 4, 2]) add(opened, someEvent({ reason: 'soft_bounce', at: NOON - days * DAY }));
  add(opened, someEvent({ address: 'bob@list.test' }));
  assert.deepEqual(suppressions.delivered([{ address: ANN, at: NOON - 5 * DAY, source: 'log' }]), [
    { status: 'lifted' },
  ]);
  assert.equal(reasonOf(opened), null);
  assert.deepEqual(suppressions.delivered([{ address: 'bob@list.test', at: NOON, source: 'log' }]), [
    { status: 'nothing' },
  ]);
  assert.equal(reasonOf(opened, 'bob@list.test'), 'hard_bounce');
  assert.equal(add(opened, someEvent({ reason: 'soft_bounce', at: NOON - DAY })).status, 'suppressed');
});

test('a delivery that lies before enough failures leaves them standing', (t) => {
  const opened = freshStore(t);
  for (const days of [8, 4, 3, 2]) add(opened, someEvent({ reason: 'soft_bounce', at: NOON - days * DAY }));
  opened.store.suppressions.delivered([{ address: ANN, at: NOON - 7 * DAY, source: 'log' }]);
  assert.equal(reasonOf(opened), 'soft_bounce');
});

test('twenty thousand forged failures of one day take no time to count and suppress nobody', (t) => {
  const opened = freshStore(t);
  const startedAt = performance.now();
  for (let round = 0; round < 20; round += 1) {
    const events = Array.from({ length: 1000 }, () => someEvent({ reason: 'soft_bounce', at: NOON }));
    opened.store.suppressions.add(events);
  }
  assert.equal(reasonOf(opened), null);
  assert.ok(performance.now() - startedAt < 60_000, 'counting stays linear');
});
