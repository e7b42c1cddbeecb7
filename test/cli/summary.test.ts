// The summary counts each row once, names the causes of doubt, and advises what helps in that run.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SummaryCount, summaryLines } from '../../src/cli/summary.ts';
import type { Reason } from '../../src/verdict.ts';
import { NO_COLOURS, NOW, replyOf, rowOf, verdictOf } from './samples.ts';

const NOTHING_HELD_BACK = { keptFromAsking: null };

function summaryOf(
  rows: readonly Parameters<SummaryCount['add']>[0][],
  run = NOTHING_HELD_BACK as { keptFromAsking: string | null },
) {
  const counted = new SummaryCount();
  for (const row of rows) counted.add(row, '');
  return counted.result(run);
}

test('rows are counted by status and reason, repeats and repairs beside them', () => {
  const summary = summaryOf([
    rowOf('anna@known.test', verdictOf('accepted')),
    rowOf('Anna@known.test', verdictOf('accepted'), 2),
    rowOf('<bob@known.test>', verdictOf('mailbox_not_found', { source: 'cache' })),
    rowOf('no address', verdictOf('syntax', { stage: 'syntax', attempts: 0 })),
  ]);
  assert.deepEqual(summary.status, { valid: 2, invalid: 2, catchall: 0, unknown: 0 });
  assert.deepEqual(summary.reasons, { accepted: 2, mailbox_not_found: 1, syntax: 1 });
  const { rows, duplicates, repaired, sources } = summary;
  assert.deepEqual(
    { rows, duplicates, repaired, sources },
    { rows: 4, duplicates: 1, repaired: 1, sources: { live: 2, cache: 1 } },
  );
});

test('a list without rows has shares of nothing, not NaN', () => {
  const lines = summaryLines(summaryOf([]), { seconds: 0, colours: NO_COLOURS });
  assert.ok(lines.every((line) => !line.includes('NaN')));
  assert.equal(lines.filter((line) => line.endsWith('  0.0 %')).length, 4);
});

test('the domains in doubt come by their number of rows, each with its cause in one printable line', () => {
  const grey = verdictOf('greylisted', { reply: replyOf(450, '4.2.0 come\nback \x1b[31mlater') });
  const summary = summaryOf([
    rowOf('a@one.test', verdictOf('connect_failed', { detail: 'nobody listens' })),
    rowOf('a@two.test', grey),
    rowOf('b@two.test', grey),
    rowOf('c@known.test', verdictOf('not_checked')),
  ]);
  assert.deepEqual(summary.unknownDomains, [
    { domain: 'two.test', rows: 2, reason: 'greylisted', cause: '450 4.2.0 come back \\x1b[31mlater' },
    { domain: 'one.test', rows: 1, reason: 'connect_failed', cause: 'nobody listens' },
  ]);
});

const advice: readonly [reason: Reason, says: RegExp][] = [
  ['blocked', /set --helo/],
  ['sender_rejected', /--from/],
  ['greylisted', /Run the same command again/],
  ['dns_failure', /--dns/],
  ['timeout', /--command-timeout/],
  ['accepts_anything', /catch-all domains cautiously/],
  ['mailbox_full', /Full mailboxes/],
  ['not_checked', /running the same command again/],
];
for (const [reason, says] of advice) {
  test(`who has ${reason} is advised once`, () => {
    const summary = summaryOf([rowOf('a@known.test', verdictOf(reason)), rowOf('b@known.test', verdictOf(reason))]);
    assert.equal(summary.advice.length, 1);
    assert.match(summary.advice[0] ?? '', says);
  });
}

test('what an option kept from being checked is checked without that option', () => {
  const summary = summaryOf([rowOf('a@known.test', verdictOf('not_checked'))], { keptFromAsking: '--no-smtp' });
  assert.deepEqual(summary.advice, ['Addresses that were not checked are checked by a run without --no-smtp.']);
});

test('who has a name and a sender already is not told to set them', () => {
  const counted = new SummaryCount();
  counted.add(rowOf('a@known.test', verdictOf('blocked')), '');
  const [said = ''] = counted.result({ keptFromAsking: null, hasIdentity: true }).advice;
  assert.doesNotMatch(said, /--helo|--from/);
  assert.match(said, /PTR and SPF/);
});

test('on a terminal causes end with the line, and advice goes on below where it began', () => {
  const grey = verdictOf('greylisted', { reply: replyOf(450, `4.2.0 ${'come back later '.repeat(9)}`) });
  const lines = summaryLines(summaryOf([rowOf('a@two.test', grey)]), { seconds: 1, colours: NO_COLOURS, width: 60 });
  assert.ok(
    lines.every((line) => line.length <= 60),
    lines.join('\n'),
  );
  assert.ok(
    lines.some((line) => /^ {4}two\.test \(1\): greylisted — 450 4\.2\.0 .*…$/.test(line)),
    lines.join('\n'),
  );
  const from = lines.findIndex((line) => line.startsWith('    - Run the same command'));
  assert.match(lines[from + 1] ?? '', /^ {6}\S/);
});

test('who was put off is advised when to come back, the first and the last', () => {
  const counted = new SummaryCount();
  for (const minutes of [5, 60, 1]) {
    counted.add(rowOf('a@known.test', verdictOf('greylisted')), '');
    counted.addPutOff(NOW + minutes * 60_000);
  }
  const { putOff, advice } = counted.result({ keptFromAsking: null, now: NOW });
  assert.deepEqual(putOff, { rows: 3, firstDueAt: NOW + 60_000, lastDueAt: NOW + 3_600_000 });
  assert.match(
    advice[0] ?? '',
    /^3 addresses were put off .* again in 60 seconds \(the last is due in about 60 minutes\); only/,
  );
});

test('all is well: no advice, no doubt', () => {
  const summary = summaryOf([rowOf('a@known.test', verdictOf('accepted'))]);
  assert.deepEqual([summary.advice, summary.unknownDomains], [[], []]);
  assert.doesNotMatch(summaryLines(summary, { seconds: 1, colours: NO_COLOURS }).join('\n'), /doubt|next/);
});

test('suggestions are counted as they are shown', () => {
  const counted = new SummaryCount();
  counted.add(rowOf('a@gmial.com', verdictOf('domain_not_found')), 'a@gmail.com');
  assert.match(counted.result(NOTHING_HELD_BACK).advice[0] ?? '', /^1 address looks mistyped/);
  counted.add(rowOf('b@gmial.com', verdictOf('domain_not_found')), 'b@gmail.com');
  assert.match(counted.result(NOTHING_HELD_BACK).advice[0] ?? '', /^2 addresses look mistyped/);
});
