// Tests src/dns/ttl.ts: the bounds on how long an answer is believed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failureLifeMs, negativeLifeMs, positiveLifeMs } from '../../src/dns/ttl.ts';

const positive: [number, number, string][] = [
  [0, 300, 'not below five minutes'],
  [3_600, 3_600, 'as the server says'],
  [604_800, 86_400, 'not above a day'],
];
for (const [ttl, seconds, why] of positive) {
  test(`records with TTL ${ttl} are kept ${seconds} s: ${why}`, () => {
    assert.equal(positiveLifeMs(ttl), seconds * 1_000);
  });
}

const negative: [number | null, number, number, string][] = [
  [900, 3_600, 900, 'the TTL of the SOA, where it is less'],
  [3_600, 900, 900, 'its MINIMUM, where that is less'],
  [0, 0, 60, 'not below a minute'],
  [86_400, 86_400, 10_800, 'not above three hours'],
  [null, 0, 300, 'five minutes without an SOA'],
];
for (const [ttl, minimum, seconds, why] of negative) {
  test(`a negative answer with SOA TTL ${ttl} and MINIMUM ${minimum} is kept ${seconds} s: ${why}`, () => {
    assert.equal(negativeLifeMs(ttl === null ? null : { zone: 'test', ttl, minimum }), seconds * 1_000);
  });
}

const failures: [number, number][] = [
  [1, 5],
  [2, 10],
  [6, 160],
  [7, 300],
  [2_000, 300],
];
for (const [failed, seconds] of failures) {
  test(`after ${failed} failures in a row a name rests for ${seconds} s`, () => {
    assert.equal(failureLifeMs(failed), seconds * 1_000);
  });
}
