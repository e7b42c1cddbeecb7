// Each step of unwrapping alone, several together, and the things that must stay as they are.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { REPAIRS, type Repair, unwrap } from '../../src/address/unwrap.ts';

const cases: readonly (readonly [cell: string, text: string, repairs: readonly Repair[], why: string])[] = [
  ['joe@example.org', 'joe@example.org', [], 'nothing to do'],
  ['jo\u200be@exam\u00adple.org', 'joe@example.org', ['zero_width'], 'invisible debris of copying'],
  ['\ufeffjoe@example.org', 'joe@example.org', ['zero_width'], 'a byte order mark'],
  ['\u202ajoe@example.org\u202c', 'joe@example.org', ['zero_width'], 'marks of direction'],
  ['क्\u200dष@example.org', 'क्\u200dष@example.org', [], 'a joiner between letters means something'],
  ['joe@example.org\u200d', 'joe@example.org', ['trimmed'], 'a joiner at the end does not'],
  [' joe@example.org\t', 'joe@example.org', ['trimmed'], 'blanks at the ends'],
  ['\r\n joe@example.org\r\n', 'joe@example.org', ['trimmed'], 'line breaks at the ends'],
  ['\u00a0\u3000joe@example.org\u2009', 'joe@example.org', ['trimmed'], 'blanks of all kinds'],
  ['jo e@exam ple.org', 'jo e@exam ple.org', [], 'blanks inside are a fault, not debris'],
  ['jo\ne@example.org', 'jo\ne@example.org', [], 'nor are line breaks inside ever removed'],
  ['joe&#64;example.org', 'joe@example.org', ['html_entity'], 'a decimal reference'],
  ['joe&#x40;example&period;org', 'joe@example.org', ['html_entity'], 'a hexadecimal and a named one'],
  ['joe&amp;ann@example.org&nbsp;', 'joe&ann@example.org', ['html_entity', 'trimmed'], 'an ampersand and a hard blank'],
  ['a&b@example.org', 'a&b@example.org', [], 'an ampersand alone is atext'],
  ['joe&#10;@example.org', 'joe&#10;@example.org', [], 'no control character is ever decoded'],
  ['mailto:joe@example.org', 'joe@example.org', ['mailto'], 'a link'],
  ['MAILTO:joe%40example.org?subject=a@b.c', 'joe@example.org', ['mailto'], 'a link with encoding and query'],
  ['mailto:50%off@example.org', '50%off@example.org', ['mailto'], 'a percent sign that encodes nothing'],
  ['joe%40home@example.org', 'joe%40home@example.org', [], 'no decoding without the prefix'],
  ['what?@example.org', 'what?@example.org', [], 'no cutting without the prefix'],
  ['SMTP:joe@example.org', 'joe@example.org', ['smtp_prefix'], 'a proxy address of Active Directory'],
  ['joe@example.org (Joe Smith)', 'joe@example.org', ['note', 'trimmed'], 'a name in the fashion of RFC 822'],
  ['Joe <joe@example.org> (home)', 'joe@example.org', ['note', 'trimmed', 'unwrapped_display_name'], 'a note behind'],
  ['joe@example.org(work)', 'joe@example.org(work)', [], 'a comment within the address is no note'],
  ['joe@example.org (ann@example.org)', 'joe@example.org (ann@example.org)', [], 'nor is another address'],
  ['(work) joe@example.org (home)', '(work) joe@example.org', ['note', 'trimmed'], 'what stands in front is left'],
  ['Joe <joe@example.org', 'joe@example.org', ['unwrapped_display_name'], 'a bracket that was lost'],
  ['<joe@example.org', '<joe@example.org', [], 'without a name it is a slip, and only suggested'],
  ['a@example.org <b@example.org', 'a@example.org <b@example.org', [], 'two addresses, one bracket'],
  ['joe<ann@example.org', 'joe<ann@example.org', [], 'a bracket in the midst'],
  ['Joe <joe@example.org>', 'joe@example.org', ['unwrapped_display_name'], 'a name'],
  ['"Doe, Joe" <joe@example.org>', 'joe@example.org', ['unwrapped_display_name'], 'a name with a comma'],
  ['"joe@home" <joe@example.org>', 'joe@example.org', ['unwrapped_display_name'], 'a name with an @'],
  ['"joe@example.org" <joe@example.org>', 'joe@example.org', ['unwrapped_display_name'], 'the address as its name'],
  ['joe@example.org <joe@example.org>', 'joe@example.org', ['unwrapped_display_name'], 'the same without quotes'],
  ['Joe <joe@example.org>;', 'joe@example.org', ['punctuation', 'unwrapped_display_name'], 'out of a list'],
  ['<joe@example.org>', 'joe@example.org', ['unwrapped_angle_brackets'], 'brackets'],
  ['joe@example.org>', 'joe@example.org', ['unwrapped_angle_brackets'], 'a bracket left over'],
  ['<<joe@example.org>>', 'joe@example.org', ['unwrapped_display_name', 'unwrapped_angle_brackets'], 'twice'],
  ['<joe@example.org> !', '<joe@example.org> !', [], 'something behind the brackets'],
  ['a@example.org, Joe <b@example.org>', 'a@example.org, Joe <b@example.org>', [], 'two addresses stay two'],
  ['"joe@example.org"', 'joe@example.org', ['unwrapped_quotes'], 'double quotes'],
  ["'joe@example.org'", 'joe@example.org', ['unwrapped_quotes'], 'single quotes'],
  ["'o'brien@example.org'", "o'brien@example.org", ['unwrapped_quotes'], 'single quotes around an apostrophe'],
  ['`joe@example.org`', 'joe@example.org', ['unwrapped_quotes'], 'backticks'],
  ['“joe@example.org”', 'joe@example.org', ['unwrapped_quotes'], 'typographic quotes'],
  ['„joe@example.org“', 'joe@example.org', ['unwrapped_quotes'], 'German quotes'],
  ['«joe@example.org»', 'joe@example.org', ['unwrapped_quotes'], 'French quotes'],
  ['[({joe@example.org})]', 'joe@example.org', ['unwrapped_brackets'], 'brackets of all kinds'],
  ['(a)joe@example.org(b)', '(a)joe@example.org(b)', [], 'two comments are no pair'],
  ['"joe smith"@example.org', '"joe smith"@example.org', [], 'a quoted local part is no wrapping'],
  ['"joe@example.org', 'joe@example.org', ['stray_quote'], 'a quote in front'],
  ["'joe@example.org", 'joe@example.org', ['stray_quote'], 'a mark for text from a spreadsheet'],
  ['joe@example.org"', 'joe@example.org', ['stray_quote'], 'a quote behind'],
  ["joe@example.org'", 'joe@example.org', ['stray_quote'], 'a single quote behind'],
  ["'joe'@example.org", "'joe'@example.org", [], 'a pair inside the local part'],
  ["'@example.org", "'@example.org", [], 'a quote that is the whole local part'],
  ['joe@example.org;', 'joe@example.org', ['punctuation'], 'a semicolon behind'],
  [', joe@example.org', 'joe@example.org', ['punctuation', 'trimmed'], 'a comma in front'],
  ['joe@example.org.', 'joe@example.org', ['trailing_dot'], 'the root dot, or the end of a sentence'],
  ['joe@example.org。', 'joe@example.org', ['trailing_dot'], 'an ideographic full stop'],
  ['.joe@example.org', 'joe@example.org', ['leading_dot'], 'a dot in front'],
  ['..joe@example.org', '..joe@example.org', [], 'two dots are more than a stray one'],
  ['joe@example.org..', 'joe@example.org..', [], 'at the end too'],
  ['joe @\nexample.org', 'joe@example.org', ['space_around_at'], 'blanks around the @'],
  ['joe＠example.org', 'joe@example.org', ['fullwidth_at'], 'a wide @'],
  ['joe﹫example.org', 'joe@example.org', ['fullwidth_at'], 'a small @'],
  ['jo＠e@example.org', 'jo＠e@example.org', [], 'a wide @ beside an @ is no @'],
  [
    ' "Joe" <mailto:joe&#64;example.org?subject=x>, ',
    'joe@example.org',
    ['trimmed', 'html_entity', 'punctuation', 'unwrapped_display_name', 'mailto'],
    'all together',
  ],
];

for (const [cell, text, repairs, why] of cases) {
  test(`${JSON.stringify(cell)} holds ${JSON.stringify(text)}: ${why}`, () => {
    const unwrapped = unwrap(cell);
    assert.equal(unwrapped.text, text);
    assert.deepEqual([...unwrapped.repairs].sort(), [...repairs].sort());
  });
}

test('every repair that unwrapping can make is shown above', () => {
  const shown = new Set(cases.flatMap(([, , repairs]) => repairs));
  assert.deepEqual(
    REPAIRS.filter((repair) => !shown.has(repair)),
    ['unquoted'], // made by the check of the local part
  );
});

test('what a repair guessed is flagged', () => {
  for (const [cell, , repairs] of cases) {
    if (repairs.includes('stray_quote')) assert.equal(unwrap(cell).suspicious, true, cell);
  }
  assert.equal(unwrap(' joe@example.org').suspicious, false);
});
