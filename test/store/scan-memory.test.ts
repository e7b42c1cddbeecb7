// The memory of scans: messages are met again by where they lie and by what they hold, each job for itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshStore } from './suppression-samples.ts';

const PLACE = { place: '/mail/new/1700000000.M1.host', stamp: '512 1700000000' };
const HASH = 'ab'.repeat(32);

test('a message that was read is known by its place, as long as nothing else stands there', (t) => {
  const { scans } = freshStore(t).store;
  assert.equal(scans.knownPlaces('bounces', [PLACE]).size, 0);
  scans.remember('bounces', [{ at: PLACE, sha256: HASH, outcome: 'bounce' }]);
  assert.deepEqual([...scans.knownPlaces('bounces', [PLACE, { ...PLACE, place: '/mail/new/2' }])], [PLACE.place]);
  assert.equal(scans.knownPlaces('bounces', [{ ...PLACE, stamp: '513 1700000000' }]).size, 0);
});

test('a message that was moved is known by its content, with what came of it', (t) => {
  const { scans } = freshStore(t).store;
  scans.remember('bounces', [{ at: null, sha256: HASH, outcome: 'quarantined', detail: 'nested too deep' }]);
  assert.deepEqual([...scans.knownContents('bounces', ['cd'.repeat(32), HASH])], [[HASH, 'quarantined']]);
});

test('each job has a memory of its own, and forgets alone', (t) => {
  const { scans } = freshStore(t).store;
  for (const job of ['bounces', 'dmarc']) scans.remember(job, [{ at: PLACE, sha256: HASH, outcome: 'bounce' }]);
  assert.equal(scans.knownContents('complaints', [HASH]).size, 0);
  scans.forget('bounces');
  assert.equal(scans.knownPlaces('bounces', [PLACE]).size, 0);
  assert.equal(scans.knownPlaces('dmarc', [PLACE]).size, 1);
});

test('remembering again changes nothing, a new message at an old place replaces it, and outcomes are counted', (t) => {
  const { scans } = freshStore(t).store;
  const message = { at: PLACE, sha256: HASH, outcome: 'bounce' };
  scans.remember('bounces', [message, message]);
  scans.remember('bounces', [{ at: { ...PLACE, stamp: 'other' }, sha256: 'cd'.repeat(32), outcome: 'autoreply' }]);
  assert.equal(scans.knownPlaces('bounces', [{ ...PLACE, stamp: 'other' }]).size, 1);
  assert.deepEqual(
    [...scans.counts('bounces')],
    [
      ['autoreply', 1],
      ['bounce', 1],
    ],
  );
});

test('thousands of places and contents are asked for at once', (t) => {
  const { scans } = freshStore(t).store;
  const messages = Array.from({ length: 2500 }, (_, index) => ({
    at: { place: `/mail/cur/${index} "quoted" ü`, stamp: String(index) },
    sha256: index.toString(16).padStart(64, '0'),
    outcome: 'bounce',
  }));
  scans.remember('bounces', messages);
  assert.equal(
    scans.knownPlaces(
      'bounces',
      messages.map(({ at }) => at),
    ).size,
    2500,
  );
  assert.equal(
    scans.knownContents(
      'bounces',
      messages.map(({ sha256 }) => sha256),
    ).size,
    2500,
  );
});
