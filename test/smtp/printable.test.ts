// Text from strangers must neither move a cursor nor outgrow its cell.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { printable } from '../../src/smtp/printable.ts';

const cases: readonly (readonly [text: string, shown: string, why: string])[] = [
  ['No such user', 'No such user', 'plain text stays'],
  ['Empfänger unbekannt, 宛先不明 ☹ 😀', 'Empfänger unbekannt, 宛先不明 ☹ 😀', 'letters of all scripts stay'],
  ['\x1b[31mred', '\\x1b[31mred', 'a terminal would obey ESC'],
  ['a\r\nb\tc\0', 'a\\x0d\\x0ab\\x09c\\x00', 'CR, LF, tab and NUL'],
  ['\x7f\x9b2J', '\\x7f\\x9b2J', 'DEL and C1: 0x9b is CSI in one byte'],
  ['user\u202efdp.exe', 'user\\u202efdp.exe', 'bidi override'],
  ['\u2066x\u2069\u200f\u061c', '\\u2066x\\u2069\\u200f\\u061c', 'bidi isolates and marks'],
  ['a\u200bb\u200dc\ufeffd\u2060\u00ad', 'a\\u200bb\\u200dc\\ufeffd\\u2060\\xad', 'zero-width characters'],
  ['a\u2028b\u2029', 'a\\u2028b\\u2029', 'separators that end a line in JavaScript and JSON readers'],
  ['\u{e0041}', '\\u{e0041}', 'invisible tag characters'],
  ['\ud83d!', '\\ud83d!', 'half a surrogate pair'],
  ['back\\slash', 'back\\slash', 'a backslash is no control'],
];

for (const [text, shown, why] of cases) {
  test(`${JSON.stringify(text)} is shown as ${JSON.stringify(shown)}: ${why}`, () => {
    assert.equal(printable(text, 500), shown);
  });
}

test('text at the limit is whole, one more is cut and says so', () => {
  assert.equal(printable('x'.repeat(500), 500), 'x'.repeat(500));
  assert.equal(printable('x'.repeat(501), 500), `${'x'.repeat(499)}…`);
});

test('neither an escape nor a surrogate pair is cut in two', () => {
  assert.equal(printable('abc\x1bdef', 6), 'abc…');
  assert.equal(printable('abc😀def', 5), 'abc…');
});

test('whatever comes in, what goes out is safe and within the limit', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.integer({ min: 1, max: 80 }), (text, max) => {
      const shown = printable(text, max);
      assert.ok(shown.length <= max);
      assert.doesNotMatch(shown, /[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/);
      assert.ok(shown.isWellFormed());
    }),
  );
});
