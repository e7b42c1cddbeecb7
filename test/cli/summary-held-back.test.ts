// The summary names the providers that slowed the run down or refused it, in their own words.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SummaryCount, summaryLines } from '../../src/cli/summary.ts';
import type { RunOutcome } from '../../src/verify/run.ts';
import { NO_COLOURS } from './samples.ts';

function summaryOf(outcome: RunOutcome) {
  return new SummaryCount().result({ keptFromAsking: null, outcome });
}

const OUTCOME: RunOutcome = {
  status: 'done',
  troubles: [
    {
      provider: 'fortress.test',
      slowDowns: 0,
      isHalted: true,
      atEnd: 'left_alone',
      words: '554 5.7.1 blocked using \\x1b[31mlist',
    },
    { provider: 'busy.test', slowDowns: 2, isHalted: true, atEnd: 'as_before', words: '421 4.3.2 busy' },
    { provider: 'google', slowDowns: 3, isHalted: false, atEnd: 'slowed', words: '421 4.7.28 unusual rate' },
    { provider: 'once.test', slowDowns: 1, isHalted: false, atEnd: 'as_before', words: '' },
  ],
};

test('each provider that held the run back gets a line with what it did and said', () => {
  const lines = summaryLines(summaryOf(OUTCOME), { seconds: 1, colours: NO_COLOURS });
  const from = lines.indexOf('  Held back by:');
  assert.deepEqual(lines.slice(from + 1, from + 5), [
    '    fortress.test refused us and was left alone — 554 5.7.1 blocked using \\x1b[31mlist',
    '    busy.test asked 2 times to slow down, was then left alone and let us in again later — 421 4.3.2 busy',
    '    google asked 3 times to slow down and got fewer connections until the end — 421 4.7.28 unusual rate',
    '    once.test asked once to slow down and got all its connections back',
  ]);
});

test('machines get the same with plain names', () => {
  assert.deepEqual(summaryOf(OUTCOME).heldBack?.[2], {
    provider: 'google',
    slowed: 3,
    halted: false,
    ended: 'slowed',
    words: '421 4.7.28 unusual rate',
  });
});

test('a run that nobody held back says nothing of it', () => {
  assert.deepEqual(summaryOf({ status: 'done', troubles: [] }).heldBack, [], 'somebody was asked');
  for (const outcome of [{ status: 'done' }, { status: 'port_blocked', providers: 10 }] as const) {
    const summary = summaryOf(outcome);
    assert.equal(summary.heldBack, undefined);
    assert.ok(!summaryLines(summary, { seconds: 1, colours: NO_COLOURS }).includes('  Held back by:'));
  }
});
