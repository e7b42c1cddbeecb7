import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeBounce } from '../../src/feedback/bounce-reason.ts';
import { enhancedIn } from '../../src/feedback/quoted-reply.ts';
import { SHADES } from '../../src/feedback/reply-shades.ts';
import { REPORT_RULES } from '../../src/feedback/report-rules.ts';

const NOTHING = { action: 'failed', status: null, diagnosticType: '', stage: null, remoteMta: null, sender: null };

function judge(sample: string) {
  return judgeBounce({ ...NOTHING, text: sample, recipient: 'someone@example.test' });
}

for (const { id, sample, reason } of [...REPORT_RULES, ...SHADES]) {
  test(`the sample of ${id} is decided by that row and by none before it`, () => {
    const found = judge(sample);
    assert.equal(found.rule, id, `decided by ${found.rule}`);
    assert.equal(found.reason, reason);
  });
}

test('no row stands twice', () => {
  const ids = [...REPORT_RULES, ...SHADES].map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
});

test('every row says who says so', () => {
  for (const { id, source, words, enhanced, replyRules } of [...REPORT_RULES, ...SHADES]) {
    assert.ok(source.length > 3, id);
    assert.ok(words !== undefined || enhanced !== undefined || replyRules !== undefined, `${id} has no condition`);
  }
});

test('rows that need a code have one in their sample', () => {
  for (const { id, enhanced, sample } of REPORT_RULES) {
    if (enhanced !== undefined) assert.match(enhancedIn(sample.replace(/^\d{3} /, '')) ?? '', enhanced, id);
  }
});
