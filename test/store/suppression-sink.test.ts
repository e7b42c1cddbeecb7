// The sink of a scan: its alarm, its dry run across many batches, and one transaction for results and memory.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MailgateError } from '../../src/errors.ts';
import { createSuppressionSink } from '../../src/store/suppression-sink.ts';
import { NOW } from './scratch.ts';
import { contentOf, DAY, freshStore, reasonOf, someEvent } from './suppression-samples.ts';

function bouncesFrom(source: string, count: number) {
  return Array.from({ length: count }, (_, index) => someEvent({ source, address: `user${index}@${source}` }));
}

test('a source may suppress a hundred addresses in a run; with one more the run stops, and that call is undone', (t) => {
  const { store } = freshStore(t);
  const sink = createSuppressionSink(store.suppressions);
  sink.add(bouncesFrom('mx1.test', 100));
  sink.add(bouncesFrom('mx2.test', 60));
  assert.throws(
    () => sink.add([...bouncesFrom('mx3.test', 5), someEvent({ source: 'mx1.test', address: 'one.more@mx1.test' })]),
    (error: unknown) =>
      error instanceof MailgateError &&
      /^mx1\.test would suppress more than 100 /.test(error.message) &&
      error.hint !== null,
  );
  assert.equal([...store.suppressions.list()].length, 160);
});

test('known addresses and failures that only count raise no alarm, and consent silences it', (t) => {
  const { store } = freshStore(t);
  store.suppressions.add(bouncesFrom('mx1.test', 150));
  const sink = createSuppressionSink(store.suppressions, { mostPerSource: 20 });
  sink.add(bouncesFrom('mx1.test', 150));
  sink.add(
    Array.from({ length: 50 }, (_, i) =>
      someEvent({ reason: 'soft_bounce', source: 'mx2.test', address: `u${i}@b.test` }),
    ),
  );
  assert.deepEqual([...sink.newBySource], []);
  const consenting = createSuppressionSink(store.suppressions, { mostPerSource: null });
  consenting.add(bouncesFrom('mx3.test', 500));
  assert.equal(consenting.newBySource.get('mx3.test'), 500);
});

test('a dry run in pieces tells what a real run tells, and writes nothing', (t) => {
  const opened = freshStore(t);
  const { suppressions } = opened.store;
  const batches = [5, 4, 3, 2].map((days) => [
    someEvent({ reason: 'soft_bounce', at: NOW - days * DAY }),
    someEvent({ address: 'bob@list.test', at: NOW - days * DAY }),
  ]);
  const dry = createSuppressionSink(suppressions, { dryRun: true, mostPerSource: 1 });
  const told = batches.map((batch) => dry.add(batch));
  assert.deepEqual(contentOf(opened), { entries: [], history: [] });
  assert.equal(dry.newBySource.get('mx1.list.test'), 2);
  const real = createSuppressionSink(suppressions);
  assert.deepEqual(
    told,
    batches.map((batch) => real.add(batch)),
  );
  assert.deepEqual(
    told.map(([first]) => first?.status),
    ['counted', 'counted', 'suppressed', 'already'],
  );
});

test('what a message brought about and that it was read are kept together or not at all', (t) => {
  const opened = freshStore(t);
  const { store } = opened;
  const sink = createSuppressionSink(store.suppressions);
  const message = { at: { place: '/mail/new/1', stamp: '10 20' }, sha256: 'a'.repeat(64), outcome: 'bounce' };
  assert.throws(() =>
    store.together(() => {
      sink.add([someEvent()]);
      store.scans.remember('bounces', [message]);
      throw new Error('killed in between');
    }),
  );
  assert.equal(reasonOf(opened), null);
  assert.equal(store.scans.knownContents('bounces', [message.sha256]).size, 0);
  store.together(() => {
    sink.add([someEvent()]);
    store.scans.remember('bounces', [message]);
  });
  assert.equal(reasonOf(opened), 'hard_bounce');
  assert.deepEqual([...store.scans.knownContents('bounces', [message.sha256])], [[message.sha256, 'bounce']]);
});
