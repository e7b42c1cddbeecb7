// What stands in mailgate's own columns: every cell on one line, printable and bounded, and empty where nothing is known.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { annotationOf, isoTime } from '../../src/cli/annotation.ts';
import { ALL_COLUMNS, BASIC_COLUMNS, type ColumnName } from '../../src/cli/columns.ts';
import type { Verdict } from '../../src/verdict.ts';
import { NOW, replyOf, rowOf, verdictOf } from './samples.ts';

const cases: readonly [
  column: ColumnName,
  address: string,
  verdict: Verdict,
  duplicateOf: number | null,
  expected: string,
  why: string,
][] = [
  ['status', 'a@known.test', verdictOf('accepted'), null, 'valid', 'the status of the reason'],
  ['score', 'a@known.test', verdictOf('accepted'), null, '100', 'nothing speaks against it'],
  ['score', 'info@gmx.de', verdictOf('accepted'), null, '88', 'a role at a free provider'],
  ['smtp_code', 'a@known.test', verdictOf('accepted'), null, '', 'no reply decided'],
  [
    'smtp_code',
    'a@known.test',
    verdictOf('accepted', { reply: replyOf(250, 'Ok') }),
    null,
    '250',
    'the code of the reply',
  ],
  [
    'smtp_enhanced',
    'a@known.test',
    verdictOf('accepted', { reply: replyOf(250, '2.1.5 Ok', '2.1.5') }),
    null,
    '2.1.5',
    'as offered',
  ],
  [
    'smtp_reply',
    'a@known.test',
    verdictOf('mailbox_not_found', { reply: replyOf(550, 'No\nsuch \x1b[31muser') }),
    null,
    '550 No such \\x1b[31muser',
    'one line, printable',
  ],
  ['mx', 'a@known.test', verdictOf('accepted', { mx: null }), null, '', 'no host was asked'],
  ['mx', 'a@known.test', verdictOf('accepted', { mx: 'mx\x1b.test' }), null, 'mx\\x1b.test', 'a name of strangers'],
  ['address', '<A@Known.TEST>', verdictOf('accepted'), null, 'A@known.test', 'as checked, after repair'],
  ['address', 'no address', verdictOf('syntax'), null, '', 'there is none'],
  ['suggestion', 'a@gmial.com', verdictOf('domain_not_found'), null, 'a@gmail.com', 'a plain typing error'],
  ['suggestion', 'a@known.test', verdictOf('accepted'), null, '', 'nothing to put right'],
  ['role', 'info@known.test', verdictOf('accepted'), null, 'true', 'info is nobody in person'],
  ['role', 'anna@known.test', verdictOf('accepted'), null, 'false', 'anna is'],
  ['role', 'no address', verdictOf('syntax'), null, '', 'nothing is known of no address'],
  ['disposable', 'a@mailinator.com', verdictOf('accepts_anything'), null, 'true', 'a throw-away provider'],
  ['free', 'a@gmx.de', verdictOf('accepted'), null, 'true', 'a free provider'],
  ['duplicate_of', 'a@known.test', verdictOf('accepted'), 7, '7', 'the row of the first'],
  ['duplicate_of', 'a@known.test', verdictOf('accepted'), null, '', 'it is the first'],
  ['attempts', 'a@known.test', verdictOf('accepted', { attempts: 3 }), null, '3', 'connections opened'],
  ['checked_at', 'a@known.test', verdictOf('accepted'), null, '2026-01-15T00:00:00Z', 'UTC, to the second'],
  ['source', 'a@known.test', verdictOf('accepted', { source: 'cache' }), null, 'cache', 'where it came from'],
];
for (const [column, address, verdict, duplicateOf, expected, why] of cases) {
  test(`${column} of ${address} (${verdict.reason}) is "${expected}": ${why}`, () => {
    assert.deepEqual(annotationOf(rowOf(address, verdict, duplicateOf), [column]), [expected]);
  });
}

test('a reply of any length is cut at 500 characters', () => {
  const [cell] = annotationOf(rowOf('a@known.test', verdictOf('blocked', { reply: replyOf(554, 'x'.repeat(5000)) })), [
    'smtp_reply',
  ]);
  assert.equal(cell?.length, 500);
});

test('cells come in the order asked for, each column once in the whole', () => {
  const row = rowOf('a@known.test', verdictOf('accepted'));
  assert.deepEqual(annotationOf(row, ['reason', 'status']), ['accepted', 'valid']);
  assert.equal(annotationOf(row, ALL_COLUMNS).length, 19);
  assert.equal(new Set(ALL_COLUMNS).size, ALL_COLUMNS.length);
  assert.ok(BASIC_COLUMNS.every((name) => ALL_COLUMNS.includes(name)));
});

test('times are told in UTC, one after another too', () => {
  assert.deepEqual(
    [isoTime(NOW), isoTime(NOW + 999), isoTime(0), isoTime(NOW)],
    ['2026-01-15T00:00:00Z', '2026-01-15T00:00:00Z', '1970-01-01T00:00:00Z', '2026-01-15T00:00:00Z'],
  );
});
