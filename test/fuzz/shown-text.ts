// Fuzzes what makes strangers' text fit to be shown: no control character survives, and nothing outgrows its cell.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { plainLines } from '../../src/cli/terminal.ts';
import { printable } from '../../src/smtp/printable.ts';
import { oneLine } from '../../src/smtp/reply.ts';
import { fuzzProperty } from './fuzz-property.ts';

/** Controls, format characters, halves of surrogate pairs, line and paragraph separators. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

const texts = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 6 }),
      fc.string({ maxLength: 12 }),
      fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
      fc.constantFrom(
        '\x1b[2J',
        '\r\n',
        '\n',
        '\0',
        '\u202e',
        '\u2066',
        '\ufeff',
        '\u{e0041}',
        '\ud83d',
        '\ude00',
        '5.1.1 ',
        '5.1.1',
        '…',
        '\x9b',
        '=1+1',
        '\\x1b',
      ),
      fc
        .record({ part: fc.constantFrom('x', '\x07', '😀', '\n'), times: fc.integer({ min: 1, max: 3000 }) })
        .map(({ part, times }) => part.repeat(times)),
    ),
    { maxLength: 10 },
  )
  .map((parts) => parts.join(''));

export const shownText = fuzzProperty({
  name: 'shown-text',
  holds: 'printable() and oneLine() never let a control character through nor a text outgrow its limit',
  cases: fc.record({
    text: texts,
    max: fc.integer({ min: 1, max: 600 }),
    code: fc.integer({ min: 200, max: 599 }),
    enhanced: fc.constantFrom(null, '5.1.1'),
  }),
  check({ text, max, code, enhanced }) {
    const shown = printable(text, max);
    checkShown(shown, max);
    assert.equal(printable(shown, max), shown, 'what is printable already stays');
    const line = oneLine({ code, enhanced, text }, max);
    checkShown(line, max);
    if (max >= 3) assert.ok(line.startsWith(String(code).slice(0, 2)));
    for (const each of plainLines(text).split('\n')) assert.doesNotMatch(each, UNSAFE);
    return shown !== text;
  },
});

function checkShown(shown: string, max: number): void {
  assert.doesNotMatch(shown, UNSAFE);
  assert.ok(shown.length <= max, `${shown.length} characters, at most ${max} wanted`);
}
