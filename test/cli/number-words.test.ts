// Numbers are said as people say them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { count, dueIn, duration, plural } from '../../src/cli/number-words.ts';

const durations: readonly [seconds: number, shown: string][] = [
  [0, '0.0 s'],
  [0.04, '0.0 s'],
  [59.94, '59.9 s'],
  [59.96, '1 min 0 s'],
  [60, '1 min 0 s'],
  [119.7, '2 min 0 s'],
  [125, '2 min 5 s'],
  [3599.9, '1 h 0 min'],
  [3600, '1 h 0 min'],
  [7 * 3600 + 59 * 60 + 59, '7 h 59 min'],
];
for (const [seconds, shown] of durations) {
  test(`${seconds} seconds are ${shown}`, () => {
    assert.equal(duration(seconds), shown);
  });
}

const counts: readonly [value: number, shown: string][] = [
  [0, '0'],
  [999, '999'],
  [1000, '1,000'],
  [12_345_678, '12,345,678'],
];
for (const [value, shown] of counts) {
  test(`${value} is shown as ${shown}`, () => {
    assert.equal(count(value), shown);
  });
}

test('one is one and the others are many', () => {
  assert.deepEqual([plural(0, 'row'), plural(1, 'row'), plural(2000, 'row')], ['0 rows', '1 row', '2,000 rows']);
});

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const dueTimes: readonly [ms: number, shown: string][] = [
  [-5, 'now'],
  [0, 'now'],
  [1, 'in 1 second'],
  [90_000, 'in 90 seconds'],
  [90_001, 'in about 2 minutes'],
  [5 * MINUTE, 'in about 5 minutes'],
  [100 * MINUTE, 'in about 100 minutes'],
  [101 * MINUTE, 'in about 2 hours'],
  [24 * HOUR + 1000, 'in about 24 hours'],
  [48 * HOUR + 1, 'in about 2 days'],
  [7 * 24 * HOUR, 'in about 7 days'],
];
for (const [ms, shown] of dueTimes) {
  test(`what is due in ${ms} ms is due ${shown}`, () => {
    assert.equal(dueIn(1_000_000 + ms, 1_000_000), shown);
  });
}
