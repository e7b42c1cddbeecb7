import assert from 'node:assert/strict';
import { test } from 'node:test';
import { REASONS_BY_STATUS, type Reason } from '../../src/verdict.ts';
import { isFresh, isKept } from '../../src/verify/ageing.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 5, 1);

const CASES: readonly [reason: Reason, ageDays: number, maxAgeDays: number | null, fresh: boolean, why: string][] = [
  ['accepted', 29, null, true, 'valid lives 30 days'],
  ['accepted', 30, null, false, 'and no longer'],
  ['mailbox_not_found', 89, null, true, 'who is gone stays gone for 90 days'],
  ['mailbox_full', 6, null, true, 'a full mailbox is asked again after a week'],
  ['mailbox_full', 7, null, false, 'a full mailbox is asked again after a week'],
  ['accepted', 29, 7, false, '--max-age overrides the table'],
  ['mailbox_full', 20, 30, true, '--max-age overrides the table in both directions'],
  ['accepted', -0.5, null, true, 'a clock a little behind does no harm'],
  ['accepted', -30, null, false, 'a verdict from next month is not believed'],
  ['greylisted', 0, null, false, 'unknown is no verdict'],
  ['greylisted', 0, 30, false, 'not even with --max-age'],
];

for (const [reason, ageDays, maxAgeDays, fresh, why] of CASES) {
  test(`${reason} of ${ageDays} days, max age ${maxAgeDays}: ${why}`, () => {
    const at = { now: NOW, maxAgeMs: maxAgeDays === null ? null : maxAgeDays * DAY };
    assert.equal(isFresh({ reason, checkedAt: NOW - ageDays * DAY }, at), fresh);
  });
}

test('no unknown is ever kept as a verdict', () => {
  for (const reason of REASONS_BY_STATUS.unknown) assert.equal(isKept(reason), false, reason);
});
