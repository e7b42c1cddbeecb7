// Tests src/smtp/meaning.ts and src/smtp/explain.ts: what replies mean, and which verdict that supports.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { explainReply } from '../../src/smtp/explain.ts';
import { meaningOf, type ReplyInput, verdictOfMeaning } from '../../src/smtp/meaning.ts';
import { MEANINGS } from '../../src/verdict.ts';
import { KNOWN_REPLIES } from './known-replies.ts';
import { splitSample } from './sample.ts';

function ask(sample: string, more: Partial<ReplyInput> = {}) {
  return meaningOf({ enhanced: null, sender: 'bounce@sender.test', ...splitSample(sample), ...more });
}

describe('what real servers say', () => {
  for (const meaning of MEANINGS) {
    for (const reply of KNOWN_REPLIES[meaning]) {
      test(`${meaning}: ${reply}`, () => {
        const result = ask(reply);
        assert.equal(result.meaning, meaning, `decided by ${result.rule}`);
      });
    }
  }
});

describe('the order of evidence', () => {
  const cases = [
    ['550 5.1.1 Service refused, client host listed at bl.example.test', 'blocked', 'words beat the enhanced code'],
    ['550 5.7.1 No such user', 'mailbox_not_found', 'words beat the enhanced code the other way too'],
    ['450 4.1.1 User unknown in virtual mailbox table', 'temporary', 'a 4xx never says that a mailbox is missing'],
    ['450 4.2.1 Mailbox disabled', 'temporary', 'nor that it is closed'],
    ['452 4.2.2 Mailbox full', 'mailbox_full', 'but may say that it is full'],
    ['450 4.1.1 unverified address: host x said: 550 5.1.1 blocked', 'temporary', 'a nested reply is hearsay'],
    ['550 Too many invalid recipients, user unknown', 'rate_limited', 'rate words come before recipient words'],
    ['550 5.2.2', 'mailbox_full', 'the enhanced code decides where there are no words'],
    ['550 5.1.1 4.2.2', 'mailbox_not_found', 'a code of another class is not believed'],
    ['550 #5.1.0 Address rejected', 'mailbox_not_found', 'the enhanced code of Cisco stands behind a number sign'],
    ['501 5.1.3 Bad recipient address syntax', 'mailbox_not_found', 'a bad address is not a bad command'],
    ['550 wibble wobble', 'blocked', 'in doubt it is about us'],
    ['mail: 550 5.1.1 User unknown', 'sender_rejected', 'before RCPT no recipient can be meant'],
    ['mail: 552 5.2.2 Mailbox full', 'sender_rejected', 'before RCPT only the sender can have a mailbox'],
    ['connect: 554 No such user', 'blocked', 'a greeting names no mailbox'],
    ['ehlo: 550 Relaying denied', 'blocked', 'nor a domain'],
  ] as const;
  for (const [reply, meaning, why] of cases) {
    test(`${reply} means ${meaning}: ${why}`, () => {
      assert.equal(ask(reply).meaning, meaning);
    });
  }
});

describe('echoes of names', () => {
  test('a mailbox or host named like a policy word does not make a refusal look like a block', () => {
    const reply = { recipient: 'spamhaus@blocked-list.test', host: 'mx.blacklist.test' };
    assert.equal(ask('550 5.1.1 <spamhaus@blocked-list.test>: unknown', reply).meaning, 'mailbox_not_found');
    assert.equal(ask('550 mx.blacklist.test: no such user', reply).meaning, 'mailbox_not_found');
    assert.equal(ask('550 5.1.1 <alice@unblocked.example>: unknown').meaning, 'mailbox_not_found');
  });
  test('an echo of our own sender beside a failed verification blames the sender', () => {
    const reply = '550-Verification failed for <bounce@sender.test>\n550-No Such User Here\n550 Sender verify failed';
    assert.equal(ask(reply).meaning, 'sender_rejected');
    assert.equal(ask('550 <bounce@sender.test> does not exist').meaning, 'sender_rejected');
    assert.equal(ask('550 <alice@example.test> does not exist').meaning, 'mailbox_not_found');
  });
  test('two sentences without a space between them are not taken for a host name', () => {
    assert.equal(ask('550 Mailbox unavailable.Please check the address').meaning, 'mailbox_not_found');
  });
});

describe('the operator', () => {
  test('is told by DNS or by the words themselves', () => {
    const text = '550 5.2.1 The user you are trying to contact is receiving mail at a rate that prevents delivery.';
    assert.equal(ask(text, { provider: 'google.com' }).rule, 'google-5.2.1-rate');
    assert.equal(ask(`${text} - gsmtp`).rule, 'google-5.2.1-rate');
    assert.equal(ask(text, { provider: 'other.test' }).rule, 'receiving-rate-words');
  });
});

describe('positive and odd codes', () => {
  const cases = [
    ['250 ok', 'accepted', 'strong'],
    ['251 will forward', 'accepted', 'strong'],
    ['252 cannot verify', 'accepted', 'weak'],
    ['253 pending', 'protocol_error', 'strong'],
    ['220 ready', 'protocol_error', 'strong'],
    ['354 go on', 'protocol_error', 'strong'],
    ['data: 354 go on', 'accepted', 'strong'],
    ['connect: 220 ready', 'accepted', 'strong'],
  ] as const;
  for (const [reply, meaning, strength] of cases) {
    test(`${reply} is ${strength}ly ${meaning}`, () => {
      const result = ask(reply);
      assert.deepEqual([result.meaning, result.strength], [meaning, strength]);
    });
  }
  test('codes out of range are protocol errors', () => {
    for (const code of [0, 199, 600, 999, Number.NaN]) {
      assert.equal(meaningOf({ stage: 'rcpt', code, enhanced: null, text: 'no such user' }).meaning, 'protocol_error');
    }
  });
});

describe('strength', () => {
  const weak = [
    '550',
    '553',
    '554 5.0.0',
    '551',
    '550 <a@b.test>: Recipient address rejected.',
    '550 Rejected',
    '501 5.1.3 Bad recipient address syntax',
    '550 wibble',
  ];
  const strong = ['550 5.1.1', '550 No such user', '550 Blocked', '450 4.1.1', '550 #5.1.0 Address rejected'];
  for (const reply of weak) test(`${reply} is weak`, () => assert.equal(ask(reply).strength, 'weak'));
  for (const reply of strong) test(`${reply} is strong`, () => assert.equal(ask(reply).strength, 'strong'));
});

describe('the verdict a meaning supports', () => {
  const at = { code: 550, stage: 'rcpt', strength: 'strong' } as const;
  const cases = [
    ['accepted', { code: 250 }, 'valid', 'accepted', 'pending the catch-all question'],
    ['accepted', { code: 252, strength: 'weak' }, 'unknown', 'catchall_untested', 'a 252 confirms nothing'],
    ['mailbox_not_found', {}, 'invalid', 'mailbox_not_found', 'plain words'],
    ['mailbox_not_found', { strength: 'weak' }, 'unknown', 'blocked', 'weak evidence deletes nobody'],
    ['mailbox_not_found', { stage: 'mail' }, 'unknown', 'blocked', 'only RCPT speaks of a mailbox'],
    ['mailbox_full', { code: 552 }, 'invalid', 'mailbox_full', 'a lasting refusal'],
    ['mailbox_full', { code: 452 }, 'unknown', 'temporary_failure', 'may be emptied by tomorrow'],
    ['mailbox_disabled', {}, 'invalid', 'mailbox_disabled', 'plain words'],
    ['mailbox_disabled', { code: 450 }, 'unknown', 'temporary_failure', 'for now only'],
    ['domain_not_accepted', {}, 'unknown', 'domain_not_accepted', 'their DNS or our data may be stale'],
    ['domain_not_accepted', { code: 556 }, 'invalid', 'no_mail_service', 'RFC 7504'],
    [
      'domain_not_accepted',
      { code: 556, stage: 'mail' },
      'unknown',
      'domain_not_accepted',
      'our own domain may be meant',
    ],
    ['temporary', { code: 450 }, 'unknown', 'temporary_failure', 'asked again later'],
    ['greylisted', { code: 450 }, 'unknown', 'greylisted', 'asked again when due'],
    ['rate_limited', { code: 421 }, 'unknown', 'rate_limited', 'about our pace'],
    ['blocked', {}, 'unknown', 'blocked', 'about us'],
    ['content_rejected', {}, 'unknown', 'content_rejected', 'about the message'],
    ['sender_rejected', {}, 'unknown', 'sender_rejected', 'about our identity'],
    ['protocol_error', { code: 503 }, 'unknown', 'protocol_error', 'about our commands'],
    ['content_rejected', { enhanced: '5.6.7' }, 'unknown', 'smtputf8_needed', 'RFC 6531 section 3.5'],
  ] as const;
  for (const [meaning, more, status, reason, why] of cases) {
    test(`${meaning} ${JSON.stringify(more)} is ${status}/${reason}: ${why}`, () => {
      assert.deepEqual(verdictOfMeaning(meaning, { ...at, ...more }), { status, reason });
    });
  }
});

describe('explaining a reply', () => {
  test('takes a reply as a server sends it, with real or written line ends', () => {
    for (const raw of [
      '550-5.1.1 No such\n550 5.1.1 user',
      '550-5.1.1 No such\\n550 5.1.1 user',
      ' 550 5.1.1 No such user \r\n',
    ]) {
      const result = explainReply(raw);
      assert.equal(result.status, 'explained');
      assert.deepEqual([result.code, result.enhanced, result.meaning], [550, '5.1.1', 'mailbox_not_found']);
      assert.deepEqual(result.verdict, { status: 'invalid', reason: 'mailbox_not_found' });
    }
  });
  test('takes the parts of a record and the stage they were heard at', () => {
    const result = explainReply({ stage: 'mail', code: 550, enhanced: '5.1.1', text: 'User unknown' });
    assert.equal(result.status, 'explained');
    assert.deepEqual([result.meaning, result.verdict.status], ['sender_rejected', 'unknown']);
  });
  test('lets a text wrap where it was copied', () => {
    const result = explainReply('550 5.1.1 The account\nthat you tried does not exist');
    assert.equal(result.status, 'explained');
    assert.equal(result.meaning, 'mailbox_not_found');
  });
  const problems = [
    ['', /three digits/],
    ['User unknown', /three digits/],
    ['5501 User unknown', /three digits/],
    ['250-ok\n550 no', /same code/],
    [{ code: 700, text: 'x' }, /no reply code/],
    [{ stage: 'lunch', text: '550 x' }, /no stage/],
  ] as const;
  for (const [raw, problem] of problems) {
    test(`says why ${JSON.stringify(raw)} is no reply`, () => {
      const result = explainReply(raw);
      assert.equal(result.status, 'not_a_reply');
      assert.match(result.problem, problem);
    });
  }
});

describe('hostile texts', () => {
  const mega = 1 << 20;
  const texts = [
    ['one word again and again', 'user '.repeat(mega / 5)],
    ['no spaces', 'a'.repeat(mega)],
    ['unclosed brackets', '<'.repeat(mega)],
    ['at signs', 'a@'.repeat(mega / 2)],
    ['dots', 'a.'.repeat(mega / 2)],
    ['line ends', '550-\n'.repeat(mega / 5)],
    ['half a phrase', 'mailbox is not not not '.repeat(mega / 23)],
    ['combining marks', 'e\u0301'.repeat(mega / 2)],
    ['controls', '\u0000\u001b[2J\u202e'.repeat(mega / 8)],
    ['lone surrogates', '\ud800'.repeat(mega)],
    ['ligatures that unfold', '\ufdfa'.repeat(mega)],
    ['quota words', 'exceeded the the the the limit of '.repeat(mega / 34)],
  ] as const;
  for (const [name, text] of texts) {
    test(`a megabyte of ${name} is read within a second`, () => {
      for (const code of [450, 550]) {
        // The quickest of some: the machine may be busy with something else during one.
        let ms = Number.POSITIVE_INFINITY;
        for (let tries = 0; tries < 4 && ms >= 1000; tries += 1) {
          const start = performance.now();
          const result = meaningOf({ stage: 'rcpt', code, enhanced: null, text });
          ms = Math.min(ms, performance.now() - start);
          assert.notEqual(result.rule, '');
        }
        assert.ok(ms < 1000, `${ms} ms`);
      }
    });
  }
});
