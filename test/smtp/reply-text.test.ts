// Tests src/smtp/reply-text.ts: what is left of a reply once codes, echoes and accents are gone.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ReplyContext, readReplyWords } from '../../src/smtp/reply-text.ts';

const refused: ReplyContext = { code: 550, enhanced: null };

describe('the words of a reply', () => {
  const cases = [
    ['550 5.1.1 User unknown', 'user unknown', 'codes are taken off'],
    ['5.1.1 User unknown', 'user unknown', 'also where the parser has taken the first one off'],
    ['550-5.1.1 No such\r\n550 5.1.1 user', 'no such user', 'the lines are joined'],
    ['550-5.1.1 No such 550 5.1.1 user', 'no such user', 'a relay may have joined them before'],
    ['#5.1.0 Address rejected', 'address rejected', 'Cisco marks its code'],
    ['sorry, no mailbox (#5.1.1)', 'sorry, no mailbox', 'qmail puts it last'],
    ['550 550 5.1.1 unknown', 'unknown', 'codes may be repeated'],
    ['<a.b@c.test>: unknown', 'ADDR : unknown', 'addresses are echoes'],
    ['a@b.test... unknown', 'ADDR unknown', 'bare ones too'],
    ['<> not allowed', 'SENDER not allowed', 'the empty address is a sender'],
    ['client [192.0.2.1] blocked', 'client IP blocked', 'IP addresses keep their place'],
    ['client [x.xx.xx.xx] blocked', 'client IP blocked', 'as do their stand-ins'],
    ['from 2001:db8::1 refused', 'from IP refused', 'of either family'],
    ['see https://a.test/blocked now', 'see LINK now', 'links are not speech'],
    ['see https://www.spamhaus.org/x now', 'see LISTLINK now', 'but those of blocklists tell something'],
    ['mx.blocked.test says no', 'HOST says no', 'host names are echoes'],
    ['unavailable.Please retry', 'unavailable. please retry', 'two sentences are no host name'],
    ['[AM0EUR02FT031.eop.test 2023] no', 'no', 'bracketed references go'],
    ['[internal] no', 'internal no', 'bracketed words stay'],
    ['no d9443c01a7336-1f9eb3b6e81si99625855ad', 'no', 'session ids go'],
    ['Boîte PLEINE', 'boite pleine', 'accents and case go'],
    ['Użytkownik nieznaleziony', 'uzytkownik nieznaleziony', 'in any Latin alphabet'],
    ['Ｕｓｅｒ unknown', 'user unknown', 'full-width letters are letters'],
    ['ящик й', 'ящик й', 'other alphabets keep their marks'],
    ['ドメイン', 'ドメイン', 'kana too'],
    ['a\u0000b\u202ec', 'a b c', 'controls become spaces'],
    [
      'host mx.a.test[192.0.2.1] said: 550 no (in reply to RCPT TO command)',
      'said: 550 no',
      'the quoted host is nobody here',
    ],
  ] as const;
  for (const [text, words, why] of cases) {
    test(`${JSON.stringify(text)} reads ${JSON.stringify(words)}: ${why}`, () => {
      assert.equal(readReplyWords(text, refused).words, words);
    });
  }
  test('our own sender is told from other addresses', () => {
    const { words } = readReplyWords('<me@us.test> and <you@them.test>', { ...refused, sender: 'Me@us.test' });
    assert.equal(words, 'SENDER and ADDR');
  });
  test('the names of this conversation are echoes even where they look like words', () => {
    const context = { ...refused, recipient: 'a@full.info', host: 'unknown.it' };
    assert.equal(readReplyWords('full.info at unknown.it', context).words, 'HOST at HOST');
  });
  test('never more than a few KiB are read', () => {
    assert.ok(readReplyWords('word '.repeat(100_000), refused).words.length <= 4096);
  });
});

describe('the enhanced code', () => {
  const cases = [
    ['550 5.1.1 x', null, '5.1.1'],
    ['550 x (#5.1.1)', null, '5.1.1'],
    ['550 #5.1.0 x', null, '5.1.0'],
    ['550 x', '5.2.1', '5.2.1'],
    ['550 4.2.1 x', null, null],
    ['550 x', '4.2.1', null],
    ['550 version 5.1.1 of x', null, null],
  ] as const;
  for (const [text, given, expected] of cases) {
    test(`of ${text} with ${given} given is ${expected}`, () => {
      assert.equal(readReplyWords(text, { code: 550, enhanced: given }).enhanced, expected);
    });
  }
});
