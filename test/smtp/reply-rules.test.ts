// Tests the table of src/smtp/reply-rules.ts: every row is reachable, decides its own sample, and matches in linear time.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { meaningOf } from '../../src/smtp/meaning.ts';
import { operatorOf } from '../../src/smtp/provider-rules.ts';
import { REPLY_RULES } from '../../src/smtp/reply-rules.ts';
import { splitSample } from './sample.ts';

test('no two rows share an id or their conditions', () => {
  const ids = REPLY_RULES.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  const conditions = REPLY_RULES.map(({ class: c, codes, enhanced, stage, provider, words, unless }) =>
    JSON.stringify([c, codes, enhanced?.source, stage, provider, words?.source, unless?.source]),
  );
  assert.equal(new Set(conditions).size, conditions.length);
});

for (const rule of REPLY_RULES) {
  test(`the row ${rule.id} decides its own sample, so no earlier row hides it`, () => {
    const result = meaningOf({ ...splitSample(rule.sample), enhanced: null, provider: rule.provider });
    assert.equal(result.rule, rule.id);
    assert.equal(result.meaning, rule.meaning);
    assert.equal(result.strength, rule.strength ?? 'strong');
  });
  test(`the row ${rule.id} says why and who says so`, () => {
    assert.match(rule.id, /^[a-z0-9.-]+$/);
    assert.match(rule.why, /^[A-Z].*\.$/);
    assert.ok(rule.source.length > 3);
  });
}

test('every refusal at every stage is decided by some row', () => {
  for (const stage of ['connect', 'greeting', 'ehlo', 'tls', 'mail', 'rcpt', 'catchall', 'data'] as const) {
    for (let code = 400; code <= 599; code += 1) {
      for (const text of ['', 'wibble', 'No such user', 'Mailbox full', 'Relaying denied', 'Account disabled']) {
        const { meaning } = meaningOf({ stage, code, enhanced: null, text });
        if (stage === 'rcpt' || stage === 'catchall' || stage === 'data') continue;
        assert.doesNotMatch(meaning, /^mailbox_|^domain_/, `${stage} ${code} ${text}`);
      }
    }
  }
});

describe('no 4xx says that a mailbox is missing or closed', () => {
  for (const { id, sample, meaning } of REPLY_RULES) {
    if (meaning !== 'mailbox_not_found' && meaning !== 'mailbox_disabled') continue;
    test(`not even in the words of ${id}`, () => {
      const { text } = splitSample(sample);
      const softened = text.replace(/^5/, '4').replace(/\b5(?=\.\d)/g, '4');
      const result = meaningOf({ stage: 'rcpt', code: Number(softened.slice(0, 3)), enhanced: null, text: softened });
      assert.doesNotMatch(result.meaning, /not_found|disabled|not_accepted/);
    });
  }
});

// Twenty times what is ever matched: a pattern that backtracks over the whole text would need many seconds for it, and
// one in proportion to the text a few milliseconds. The best of three, for the machine may be busy with other tests.
const LONG_TEXT = 80_000;
const ENOUGH_MS = 300;

test('every pattern matches in time proportional to the text', () => {
  const seeds = ['user ', 'a', 'mailbox is ', 'sender address ', 'not ', 'your ip ', 'x@', '  ', 'exceeded the '];
  for (const { id, words, unless } of REPLY_RULES) {
    for (const pattern of [words, unless]) {
      if (pattern === undefined) continue;
      for (const seed of seeds) {
        const ms = bestTimeOf(pattern, seed.repeat(LONG_TEXT / seed.length));
        assert.ok(ms < ENOUGH_MS, `${id} on "${seed}" took ${ms} ms`);
      }
    }
  }
});

function bestTimeOf(pattern: RegExp, text: string): number {
  let best = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < 3 && best >= ENOUGH_MS; tries += 1) {
    const start = performance.now();
    pattern.test(text);
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

test('an operator is known by its registrable domain, by its name, or by its habits of speech', () => {
  assert.equal(operatorOf('google.com', ''), 'google');
  assert.equal(operatorOf('Google', ''), 'google');
  assert.equal(operatorOf('mail.test', 'x - gsmtp'), 'google');
  assert.equal(operatorOf(undefined, 'hello'), null);
});
