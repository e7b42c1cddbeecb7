import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Reason, statusOf, type Verdict } from '../../src/verdict.ts';
import { type ScoreFlags, scoreOf } from '../../src/verify/score.ts';

const NOW = Date.UTC(2026, 5, 1);
const NO_FLAGS: ScoreFlags = { role: null, disposable: false, free: false, typoSuspected: false };

function verdict(reason: Reason, changes: Partial<Verdict> = {}): Verdict {
  return {
    status: statusOf(reason),
    reason,
    stage: 'rcpt',
    reply: null,
    detail: null,
    mx: null,
    provider: null,
    implicitMx: false,
    catchall: 'no',
    attempts: 1,
    checkedAt: NOW,
    source: 'live',
    ...changes,
  };
}

const CASES: readonly [verdict: Verdict, flags: Partial<ScoreFlags>, score: number, why: string][] = [
  [verdict('accepted'), {}, 100, 'a fresh, confirmed mailbox'],
  [verdict('accepted'), { role: 'role' }, 90, 'info@ is read by many and complained about by some'],
  [verdict('accepted', { checkedAt: NOW - 30 * 86_400_000 }), {}, 96, 'four weeks old'],
  [verdict('accepts_anything'), {}, 60, 'a catch-all may bounce later'],
  [verdict('catchall_untested'), {}, 55, 'accepted, but nobody knows whether everything is'],
  [verdict('mailbox_not_found'), {}, 0, 'invalid is nothing'],
  [verdict('accepts_anything'), { disposable: true, typoSuspected: true }, 0, 'never below nothing'],
];

for (const [given, flags, expected, why] of CASES) {
  test(`${given.reason} with ${JSON.stringify(flags)} scores ${expected}: ${why}`, () => {
    const { score, factors } = scoreOf(given, { ...NO_FLAGS, ...flags }, NOW);
    assert.equal(score, expected);
    const sum = factors.reduce((total, { points }) => total + points, 0);
    assert.equal(Math.max(0, sum), score, 'the factors add up');
  });
}
