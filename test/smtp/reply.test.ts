// How bytes become replies: grammar, tolerance, bounds, and no matter how they are cut.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createReplyParser, MAX_LINE_BYTES, oneLine } from '../../src/smtp/reply.ts';
import type { Reply } from '../../src/verdict.ts';

interface Reading {
  readonly replies: Reply[];
  readonly fault: string | null;
  readonly betweenReplies: boolean;
}

function read(...chunks: readonly (string | Buffer)[]): Reading {
  const replies: Reply[] = [];
  const parser = createReplyParser((reply) => replies.push(reply));
  let fault: string | null = null;
  for (const chunk of chunks) {
    const bytes = Buffer.from(chunk as string, 'latin1');
    fault = parser.push(bytes);
    bytes.fill('!'); // the reader's buffer is only lent
  }
  return { replies, fault, betweenReplies: parser.betweenReplies };
}

function bytewise(bytes: string): string[] {
  return [...bytes];
}

const good: readonly (readonly [bytes: string, replies: readonly [number, string][], why: string])[] = [
  ['250 Ok\r\n', [[250, 'Ok']], 'the usual'],
  ['250\r\n', [[250, '']], 'the code alone is a whole reply (RFC 5321 section 4.2)'],
  ['250 \r\n', [[250, '']], 'a space and no text'],
  ['250-a\r\n250-\r\n250 c\r\n', [[250, 'a\n\nc']], 'several lines are one reply'],
  ['250-a\r\n250\r\n', [[250, 'a\n']], 'the last line may be the code alone'],
  ['250 Ok\n', [[250, 'Ok']], 'bare LF, as some appliances send'],
  ['550-a\n550 b\r\n', [[550, 'a\nb']], 'mixed line ends'],
  ['550 a\r250 b\r\n', [[550, 'a\r250 b']], 'a bare CR is text and forges no second reply'],
  ['550 a\r\r\n', [[550, 'a\r']], 'only the CR before LF belongs to the line end'],
  [
    '220 a\r\n250-b\r\n250 c\r\n221 d\r\n',
    [
      [220, 'a'],
      [250, 'b\nc'],
      [221, 'd'],
    ],
    'several replies in one segment',
  ],
  ['250  two spaces \r\n', [[250, ' two spaces ']], 'text is kept as sent'],
  [
    '559 x\r\n200 y\r\n',
    [
      [559, 'x'],
      [200, 'y'],
    ],
    'the ends of the code range',
  ],
  ['550 b\xfccher\r\n', [[550, 'bücher']], 'Latin-1'],
  ['550 b\xc3\xbccher\r\n', [[550, 'bücher']], 'UTF-8'],
  ['550-b\xc3\xbc\r\n550 b\xfc\r\n', [[550, 'bü\nbü']], 'each line by itself'],
  ['550 \x00\x01\xff\xfe\r\n', [[550, '\x00\x01ÿþ']], 'binary'],
];

for (const [bytes, expected, why] of good) {
  test(`reads ${JSON.stringify(bytes)}: ${why}`, () => {
    for (const reading of [read(bytes), read(...bytewise(bytes))]) {
      assert.equal(reading.fault, null);
      assert.deepEqual(
        reading.replies.map((reply) => [reply.code, reply.text]),
        expected,
      );
      assert.equal(reading.betweenReplies, true);
    }
  });
}

const faulty: readonly (readonly [bytes: string, fault: RegExp, why: string])[] = [
  ['\r\n', /not a line/, 'an empty line'],
  ['25 Ok\r\n', /not a line/, 'two digits'],
  ['2500 Ok\r\n', /not a line/, 'four digits'],
  ['250Ok\r\n', /not a line/, 'nothing between code and text'],
  ['250\tOk\r\n', /not a line/, 'a tab is no separator'],
  ['250_Ok\r\n', /not a line/, 'nor is anything else'],
  [' 250 Ok\r\n', /not a line/, 'a space before the code'],
  ['150 Ok\r\n', /not a line/, 'first digit too small'],
  ['650 Ok\r\n', /not a line/, 'first digit too large'],
  ['260 Ok\r\n', /not a line/, 'second digit too large'],
  ['999 Ok\r\n', /not a line/, 'far out of range'],
  ['OK\r\n', /not a line/, 'a word'],
  ['HTTP/1.1 400 Bad Request\r\n', /"HTTP\/1.1 400 Bad Request"/, 'another protocol, shown to the reader'],
  ['\x1b[31m\r\n', /"\\x1b\[31m"/, 'what is shown is printable'],
  ['\xb2\xb3\xb4 Ok\r\n', /not a line/, 'digits of another kind'],
  ['250-a\r\n550 b\r\n', /two codes, 250 and 550/, 'neither of two codes is believed'],
  ['250-a\r\n251-b\r\n', /two codes/, 'also before the last line'],
  ['250-a\r\nb\r\n', /not a line/, 'a continuation without a code'],
];

for (const [bytes, fault, why] of faulty) {
  test(`refuses ${JSON.stringify(bytes)}: ${why}`, () => {
    for (const reading of [read(bytes), read(...bytewise(bytes))]) {
      assert.match(reading.fault ?? '', fault);
      assert.deepEqual(reading.replies, []);
    }
  });
}

test('replies before a fault are reported, none behind it, and the fault stays', () => {
  const reading = read('250 a\r\nnonsense\r\n250 b\r\n', '250 c\r\n');
  assert.deepEqual(
    reading.replies.map((reply) => reply.text),
    ['a'],
  );
  assert.match(reading.fault ?? '', /"nonsense"/);
});

test('knows when a reply is under way', () => {
  const parser = createReplyParser(() => {});
  const states = ['250-a', '\r\n', '250', ' b\r', '\n'].map((chunk) => {
    parser.push(Buffer.from(chunk));
    return parser.betweenReplies;
  });
  assert.deepEqual(states, [false, false, false, false, true]);
});

test('takes the enhanced code and leaves it in the text', () => {
  assert.deepEqual(read('550-5.1.1 No such\r\n550 5.1.1 user\r\n').replies, [
    { code: 550, enhanced: '5.1.1', text: '5.1.1 No such\n5.1.1 user' },
  ]);
  assert.equal(read('450 5.1.1 No such user\r\n').replies[0]?.enhanced, null);
});

const limits: readonly (readonly [what: string, bytes: string, fault: RegExp | null])[] = [
  ['a line at its limit', `250 ${'x'.repeat(MAX_LINE_BYTES - 5)}\r\n`, null],
  ['a line one byte too long', `250 ${'x'.repeat(MAX_LINE_BYTES - 4)}\r\n`, /line is longer/],
  ['a line that never ends', `250 ${'x'.repeat(MAX_LINE_BYTES)}`, /line is longer/],
  ['200 lines', `${'250-x\r\n'.repeat(199)}250 x\r\n`, null],
  ['201 lines', `${'250-x\r\n'.repeat(200)}250 x\r\n`, /more than 200 lines/],
  ['64 KiB in long lines', `${`250-${'x'.repeat(1018)}\r\n`.repeat(63)}250 ${'x'.repeat(1018)}\r\n`, null],
  ['over 64 KiB in long lines', `${`250-${'x'.repeat(1018)}\r\n`.repeat(64)}250 x\r\n`, /longer than 65536 bytes/],
];

for (const [what, bytes, fault] of limits) {
  test(`${what} is ${fault === null ? 'read' : 'refused'}`, () => {
    for (const reading of [read(bytes), read(...bytewise(bytes)), read(...(bytes.match(/.{1,1000}/gs) ?? []))]) {
      if (fault === null) assert.equal(reading.fault, null);
      else assert.match(reading.fault ?? '', fault);
      assert.equal(reading.replies.length, fault === null ? 1 : 0);
    }
  });
}

/** Bytes that look enough like replies to get deep into the parser, mixed with anything at all. */
const replyLikeBytes = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '250 Ok\r\n',
        '250-more\r\n',
        '550 5.1.1 no\r\n',
        '250',
        '-',
        ' ',
        '\r',
        '\n',
        '\r\n',
        '421 bye\n',
      ),
      fc.string({ unit: 'binary-ascii', maxLength: 6 }),
      fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    ),
    { maxLength: 25 },
  )
  .map((parts) => parts.join(''));

test('any bytes in any segmentation give the same replies and the same fault, and never throw', () => {
  fc.assert(
    fc.property(replyLikeBytes, fc.array(fc.nat({ max: 150 }), { maxLength: 10 }), (bytes, cuts) => {
      const ends = [...cuts, bytes.length].filter((cut) => cut <= bytes.length).sort((a, b) => a - b);
      const chunks = ends.map((end, index) => bytes.slice(index === 0 ? 0 : ends[index - 1], end));
      const whole = read(bytes);
      assert.deepEqual(read(...chunks), whole);
      assert.deepEqual(read(...bytewise(bytes)), whole);
    }),
    { numRuns: 500 },
  );
});

test('every reply reported has a code in range and text without a line end of its own', () => {
  fc.assert(
    fc.property(replyLikeBytes, (bytes) => {
      for (const reply of read(bytes).replies) {
        assert.match(String(reply.code), /^[2-5][0-5][0-9]$/);
        assert.ok(reply.enhanced === null || reply.enhanced.startsWith(String(reply.code).charAt(0)));
        assert.ok(reply.text.split('\n').length <= 200);
      }
    }),
  );
});

test('megabytes without an end are held in a few kilobytes', () => {
  for (const piece of ['x'.repeat(1000), '250-x\r\n'.repeat(100), `250-${'x'.repeat(4000)}\r\n`]) {
    const parser = createReplyParser(() => assert.fail('there is no complete reply in this'));
    const bytes = Buffer.from(`250-${piece}`);
    let fault: string | null = null;
    let pushed = 0;
    while (fault === null && pushed < 10_000_000) {
      fault = parser.push(bytes);
      pushed += bytes.length;
    }
    assert.ok(pushed < 80_000, `refused after ${pushed} bytes`);
    assert.equal(parser.betweenReplies, true, 'nothing is held after the fault');
  }
});

const shown: readonly (readonly [reply: Reply, line: string, why: string])[] = [
  [{ code: 550, enhanced: '5.1.1', text: '5.1.1 No such user' }, '550 5.1.1 No such user', 'one line as it is'],
  [{ code: 250, enhanced: null, text: '' }, '250', 'no text'],
  [{ code: 550, enhanced: null, text: ' a \n\n b' }, '550 a b', 'lines are joined, blank ones left out'],
  [{ code: 550, enhanced: '5.1.1', text: '5.1.1 does not\n5.1.1 exist' }, '550 5.1.1 does not exist', 'Gmail'],
  [{ code: 554, enhanced: null, text: '\x1b]0;x\x07\r250 ok' }, '554 \\x1b]0;x\\x07\\x0d250 ok', 'controls escaped'],
];

for (const [reply, line, why] of shown) {
  test(`shows ${JSON.stringify(line)}: ${why}`, () => assert.equal(oneLine(reply), line));
}

test('a reply shown never exceeds its limit', () => {
  const reply = { code: 550, enhanced: null, text: 'x'.repeat(5000) };
  assert.equal(oneLine(reply).length, 500);
  assert.equal(oneLine(reply, 40).length, 40);
});
