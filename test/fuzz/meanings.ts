// Fuzzes the reading of replies: every text has a meaning, in time, and none that its code and stage do not allow.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { explainReply, REPLY_STAGES } from '../../src/smtp/explain.ts';
import { meaningOf, verdictOfMeaning } from '../../src/smtp/meaning.ts';
import { REPLY_RULES } from '../../src/smtp/reply-rules.ts';
import { MEANINGS, statusOf } from '../../src/verdict.ts';
import { KNOWN_REPLIES } from '../smtp/known-replies.ts';
import { splitSample } from '../smtp/sample.ts';
import { fuzzProperty } from './fuzz-property.ts';

const TEXTS: readonly string[] = [
  ...REPLY_RULES.map(({ sample }) => sample),
  ...Object.values(KNOWN_REPLIES).flat(),
].map((sample) => splitSample(sample).text.slice(4));
const WORDS: readonly string[] = [...new Set(TEXTS.flatMap((text) => text.split(/\s+/)))];

const NOISE: readonly string[] = [
  ...[' ', '\n', '\r\n', '\t', '.', ',', ':', '"', '(', '<', '>', '[', '@', '/', '-', '=', 'http://', 'user', 'not '],
  ...[
    '5.1.1',
    '4.2.2',
    '\0',
    '\x1b[31m',
    '\u202e',
    'ü',
    '不存在',
    'é',
    'ｎｏ',
    '$&',
    '\\',
    '.*',
    '((((',
    'a.b.c.d.',
    '1.2.3.4',
  ],
];

/** Sentences of real servers, cut and joined. */
const sentences = fc
  .array(
    fc.record({
      text: fc.constantFrom(...TEXTS),
      from: fc.nat({ max: 30 }),
      length: fc.integer({ min: 1, max: 120 }),
      glue: fc.constantFrom(' ', '', '\n', '. ', ', '),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((parts) => parts.map(({ text, from, length, glue }) => text.slice(from, from + length) + glue).join(''));

/** Their words in any order. */
const wordSalads = fc
  .array(fc.oneof(fc.constantFrom(...WORDS), fc.constantFrom(...NOISE)), { maxLength: 30 })
  .map((words) => words.join(' '));

/** The same over and over: what makes a careless pattern slow. */
const litanies = fc
  .record({
    part: fc.array(fc.constantFrom(...WORDS, ...NOISE), { minLength: 1, maxLength: 3 }),
    times: fc.integer({ min: 50, max: 4000 }),
    end: fc.constantFrom('', '!', ' user', '\n'),
  })
  .map(({ part, times, end }) => part.join(' ').repeat(times).slice(0, 65_536) + end);

const texts = fc.oneof(
  { weight: 10, arbitrary: sentences },
  { weight: 6, arbitrary: wordSalads },
  { weight: 1, arbitrary: litanies },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
);

const names = fc.option(
  fc.constantFrom('anna@list.test', 'a.*+?{2}^$()|[]\\@list.test', '@', '', 'x'.repeat(300), '"a b"@list.test'),
  { nil: undefined },
);

const replies = fc.record({
  stage: fc.constantFrom(...REPLY_STAGES),
  code: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(550, 450, 554, 451, 421, 552, 553, 250, 251, 252, 354, 500) },
    fc.integer({ min: 200, max: 599 }),
  ),
  enhanced: fc.option(
    fc.tuple(fc.constantFrom(2, 4, 5), fc.nat({ max: 9 }), fc.nat({ max: 99 })).map((parts) => parts.join('.')),
    { nil: null },
  ),
  text: texts,
  provider: fc.option(fc.constantFrom('google', 'microsoft', 'yahoo', '__proto__', 'x.test'), { nil: undefined }),
  recipient: names,
  sender: names,
  host: fc.option(fc.constantFrom('mx.list.test', '(', '.', ''), { nil: undefined }),
});

export const replyMeanings = fuzzProperty({
  name: 'meanings',
  holds: 'every reply has a meaning that its code and stage allow, found in time whatever the text',
  cases: replies,
  check(reply) {
    const { code, stage, enhanced } = reply;
    const result = meaningOf(reply);
    assert.ok(MEANINGS.includes(result.meaning));
    assert.ok(result.rule !== '' && result.why !== '');
    const { status, reason } = verdictOfMeaning(result.meaning, { ...result, code, stage, enhanced });
    assert.equal(status, statusOf(reason));
    if (code < 500) assert.notEqual(status, 'invalid', 'only a permanent refusal can make an address invalid');
    if (code >= 400) assert.notEqual(status, 'valid', 'no refusal makes it valid');
    if (!['rcpt', 'catchall', 'data'].includes(stage))
      assert.notEqual(status, 'invalid', 'before RCPT nobody was named');
    explainReply({ stage, code, enhanced, text: reply.text });
    explainReply(`${code} ${reply.text}`);
    return result.rule !== 'code-5xx' && code >= 400;
  },
});
