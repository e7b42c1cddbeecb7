// What people may write for durations, rates, numbers and words, and what they are told otherwise.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  commaList,
  oneOf,
  parseDuration,
  parsePause,
  parseRate,
  someOf,
  someText,
  wholeNumber,
} from '../../src/cli/durations.ts';
import { MailgateError } from '../../src/errors.ts';
import { STATUSES } from '../../src/verdict.ts';

function usage(words: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof MailgateError && error.kind === 'usage', String(error));
    assert.match(error.message, words);
    return true;
  };
}

const durations: readonly [text: string, ms: number][] = [
  ['250ms', 250],
  ['30s', 30_000],
  ['5m', 300_000],
  ['2h', 7_200_000],
  ['7d', 604_800_000],
  ['1.5h', 5_400_000],
  [' 30S ', 30_000],
  ['0', 0],
  ['0s', 0],
  ['3650d', 315_360_000_000],
];
for (const [text, ms] of durations) {
  test(`the duration ${JSON.stringify(text)} is ${ms} ms`, () => assert.equal(parseDuration(text), ms));
}

test('a pause is a duration, and never none', () => {
  assert.equal(parsePause('5m'), 300_000);
  for (const text of ['0', '0s', '1ms'])
    assert.throws(() => parsePause(text), usage(/is no pause: write a longer one/));
});

for (const text of ['', '30', 's', '-5m', '5 m', '5min', '1h30m', '1e3s', '.5s', '5m\n6', 'soon', '９s']) {
  test(`the duration ${JSON.stringify(text)} is refused with the right form`, () => {
    assert.throws(
      () => parseDuration(text),
      usage(/is no duration: write a number and a unit, as in 250ms, 30s, 5m, 2h or 7d\./),
    );
  });
}

test('a duration of more than ten years is a slip', () => {
  assert.throws(() => parseDuration('3651d'), usage(/too long/));
  assert.throws(() => parseDuration('999999999999d'), usage(/too long/));
});

const rates: readonly [text: string, aMinute: number][] = [
  ['60/m', 60],
  ['10/s', 600],
  ['30/h', 0.5],
  ['1440/d', 1],
  ['0.5/s', 30],
  ['60/M', 60],
];
for (const [text, aMinute] of rates) {
  test(`the rate ${text} is ${aMinute} a minute`, () => assert.equal(parseRate(text), aMinute));
}

for (const text of ['60', '60/', '/m', '60/min', '60 / m', '-1/s', '1/ms', '']) {
  test(`the rate ${JSON.stringify(text)} is refused with the right form`, () => {
    assert.throws(() => parseRate(text), usage(/is no rate: .*60\/m/));
  });
}

test('a rate of nothing is refused', () => assert.throws(() => parseRate('0/m'), usage(/above zero/)));

test('whole numbers are taken within their limits, both included', () => {
  const port = wholeNumber({ min: 1, max: 65_535 });
  assert.deepEqual(['1', ' 25 ', '65535'].map(port), [1, 25, 65_535]);
  for (const text of ['0', '65536', '2.5', '-1', '1e3', '0x19', '', 'many', '9'.repeat(30)]) {
    assert.throws(() => port(text), usage(/a whole number from 1 to 65535/), text);
  }
});

test('a known word is taken whatever its capitals, and another is refused with the nearest', () => {
  const parse = oneOf(['keep', 'drop'], 'way to treat duplicates');
  assert.equal(parse(' Drop '), 'drop');
  assert.throws(
    () => parse('dorp'),
    usage(/"dorp" is no way to treat duplicates \(did you mean drop\?\): choose from keep, drop\./),
  );
  assert.throws(() => parse('xyz'), usage(/"xyz" is no way to treat duplicates: choose from/));
});

test('several words are taken once each, and a wrong one among them is refused', () => {
  const parse = someOf(STATUSES, 'status');
  assert.deepEqual(parse('valid, catchall,valid,'), ['valid', 'catchall']);
  assert.throws(() => parse('valid,unkown'), usage(/"unkown" is no status \(did you mean unknown\?\)/));
  assert.throws(() => parse(' , '), usage(/is empty/));
});

test('an empty text or list is refused', () => {
  assert.equal(someText('mail.example.org'), 'mail.example.org');
  assert.throws(() => someText('  '), usage(/is empty/));
  assert.deepEqual(commaList('a,b , c'), ['a', 'b', 'c']);
});

test('what was typed is shown cut and without control characters', () => {
  assert.throws(
    () => parseDuration(`\u001b[31m${'x'.repeat(500)}`),
    (error) => {
      assert.ok(error instanceof Error);
      assert.ok(error.message.length < 200);
      assert.equal(error.message.includes('\u001b'), false);
      return true;
    },
  );
});
