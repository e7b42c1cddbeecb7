// Fuzzes the reply parser: whatever bytes come, however they were cut, it reads what the grammar says, and no more than that.
import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { enhancedCodeOf } from '../../src/smtp/enhanced-code.ts';
import { createReplyParser, MAX_LINE_BYTES, MAX_REPLY_BYTES, MAX_REPLY_LINES } from '../../src/smtp/reply.ts';
import type { Reply } from '../../src/verdict.ts';
import { fuzzProperty } from './fuzz-property.ts';
import { byteStrings, cuts, damaged, damages, inPieces } from './pieces.ts';

const LINES: readonly string[] = [
  ...[
    '220 mx.test ESMTP',
    '250 ok',
    '250-SIZE 1000',
    '250-8BITMIME',
    '250',
    '550 5.1.1 No such user',
    '421 4.3.2 busy',
  ],
  ...[
    '550-5.7.1 Go away',
    '550-',
    '354 go on',
    '550 \xfc',
    '550 \xc3\xbc',
    '250-\x1b[2J',
    '550 x (#5.1.1)',
    '550 [5.1.1]',
  ],
  ...['550 5.1.1@x', '450 5.1.1 of another class', '450 #4.2.1 later', '250 \r250 ok', '250-\0'],
];
const FRAGMENTS: readonly string[] = [
  ...[
    '250',
    '250 ',
    '550-',
    '\r\n',
    '\n',
    '\r',
    '\0',
    ' ',
    '\t',
    '-',
    '999 ',
    '25',
    '2500 ',
    '-250 ',
    'OK',
    '',
    '\xff',
  ],
];

const lines = fc.tuple(fc.constantFrom(...LINES), fc.constantFrom('\r\n', '\r\n', '\r\n', '\n'));
const dialogue = fc.array(lines, { maxLength: 12 }).map((parts) => Buffer.from(parts.flat().join(''), 'latin1'));

/** Lines and replies at the edge of the bounds. */
const large = fc
  .record({
    line: fc.constantFrom('250-and one more', '250-', '550-\xfc', '250 x', 'nonsense'),
    fill: fc.oneof(fc.constant(0), fc.integer({ min: 300, max: 340 }), fc.integer({ min: 4000, max: 4200 })),
    lineEnd: fc.constantFrom('\r\n', '\n', ''),
    times: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 190, max: 210 })),
  })
  .map(({ line, fill, lineEnd, times }) => Buffer.from(`${line}${'x'.repeat(fill)}${lineEnd}`.repeat(times), 'latin1'));

const noHarm = fc.constant([]);
const inputs = fc.oneof(
  { weight: 20, arbitrary: fc.tuple(dialogue, fc.oneof(noHarm, damages)) },
  { weight: 10, arbitrary: fc.tuple(byteStrings(FRAGMENTS, { maxLength: 20 }), noHarm) },
  { weight: 1, arbitrary: fc.tuple(large, fc.oneof(noHarm, damages)) },
);
const dialogues = inputs.map(([bytes, harm]) => damaged(bytes, harm));

export const replyParsing = fuzzProperty({
  name: 'replies',
  holds: 'the reply parser reads any bytes in any segments as the grammar says, within its bounds, and never throws',
  cases: fc.record({ bytes: dialogues, cuts }),
  check({ bytes, cuts: places }) {
    const expected = readByGrammar(bytes);
    for (const pieces of [[bytes], inPieces(bytes, places)]) {
      const found = parse(pieces);
      assert.deepEqual(found.replies, expected.replies);
      assert.equal(found.fault !== null, expected.isFaulty, String(found.fault));
      for (const reply of found.replies) checkBounds(reply);
    }
    return expected.replies.length > 0;
  },
});

function parse(pieces: readonly Buffer[]): { replies: Reply[]; fault: string | null } {
  const replies: Reply[] = [];
  const parser = createReplyParser((reply) => replies.push(reply));
  let fault: string | null = null;
  for (const piece of pieces) {
    const said = parser.push(piece);
    piece.fill(0x32); // the parser must not go on looking at our buffer
    assert.ok(fault === null || said === fault, 'a fault stays the same');
    fault = said;
  }
  assert.ok(fault === null || fault.length < 400, 'a fault is a sentence, however long the line');
  return { replies, fault };
}

function checkBounds({ code, enhanced, text }: Reply): void {
  assert.ok(Number.isInteger(code) && code >= 200 && code <= 559);
  assert.ok(text.length <= MAX_REPLY_BYTES);
  assert.ok(text.split('\n').length <= MAX_REPLY_LINES);
  assert.ok(enhanced === null || (/^[245]\.\d{1,3}\.\d{1,3}$/.test(enhanced) && enhanced[0] === String(code)[0]));
}

/** RFC 5321 section 4.2 with the bounds of the parser, read off the whole input at once. */
function readByGrammar(bytes: Buffer): { replies: Reply[]; isFaulty: boolean } {
  const replies: Reply[] = [];
  const lines = bytes.toString('latin1').split('\n');
  const unfinished = lines.pop() ?? '';
  let open: string[] = [];
  let size = 0;
  for (const line of lines) {
    const [, code = '', separator = '', text = ''] =
      /^([2-5][0-5][0-9])(?:([ -])(.*))?$/s.exec(line.replace(/\r$/, '')) ?? [];
    size += line.length + 1;
    const fits = line.length <= MAX_LINE_BYTES && size <= MAX_REPLY_BYTES && open.length < MAX_REPLY_LINES;
    if (code === '' || !fits || (open[0] ?? code).slice(0, 3) !== code) return { replies, isFaulty: true };
    open.push(`${code}${decode(text)}`);
    if (separator === '-') continue;
    const whole = open.map((each) => each.slice(3)).join('\n');
    replies.push({ code: Number(code), enhanced: enhancedCodeOf(Number(code), whole), text: whole });
    open = [];
    size = 0;
  }
  return { replies, isFaulty: unfinished.length > MAX_LINE_BYTES };
}

function decode(latin1: string): string {
  const bytes = Buffer.from(latin1, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : latin1;
}
