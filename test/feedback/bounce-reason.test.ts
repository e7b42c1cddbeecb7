import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BounceEvidence, judgeBounce } from '../../src/feedback/bounce-reason.ts';
import { REASONS, reasonRow } from '../../src/feedback/reasons.ts';

const NOTHING: BounceEvidence = {
  action: 'failed',
  status: null,
  text: '',
  diagnosticType: '',
  stage: null,
  recipient: 'someone@example.test',
  remoteMta: null,
  sender: null,
};

const CASES: readonly (readonly [given: Partial<BounceEvidence>, reason: string, strength: string, why: string])[] = [
  [{ text: '550 5.1.1 User unknown' }, 'mailbox_not_found', 'hard', 'a mailbox code'],
  [{ text: '550 User unknown', stage: 'rcpt' }, 'mailbox_not_found', 'hard', 'in answer to RCPT'],
  [{ text: '550 User unknown' }, 'mailbox_not_found', 'suspect', 'heard nobody knows when, and without a code'],
  [{ text: '550 User unknown', stage: 'data' }, 'mailbox_not_found', 'suspect', 'behind DATA a filter may say so'],
  [
    { text: '550 5.7.1 User unknown', stage: 'data' },
    'mailbox_not_found',
    'suspect',
    'a policy code is no mailbox code',
  ],
  [{ text: '550 User unknown', status: '5.1.1' }, 'mailbox_not_found', 'hard', 'the code of the report counts too'],
  [
    { text: '450 4.1.1 User unknown', stage: 'rcpt' },
    'temporary_failure',
    'soft',
    'class 4 never says that a mailbox is missing',
  ],
  [{ text: '550 5.1.1 blocked using zen.spamhaus.org', stage: 'rcpt' }, 'blocked', 'none', 'words before the code'],
  [
    { text: '550 5.7.1 IP address blacklisted by recipient', status: '5.1.1' },
    'blocked',
    'none',
    '5.1.1 is what sendmail writes for every 550',
  ],
  [{ text: '550 5.1.1 no such user', stage: 'mail' }, 'sender_rejected', 'none', 'at MAIL it is about us'],
  [{ text: '552 5.2.2 Mailbox full', stage: 'rcpt' }, 'mailbox_full', 'soft', 'full mailboxes empty again'],
  [{ text: '550 5.2.1 The mailbox is disabled', stage: 'rcpt' }, 'mailbox_disabled', 'suspect', 'some come back'],
  [{ text: '550 5.1.1 Refused due to recipient preferences' }, 'recipient_refused', 'suspect', 'the mailbox exists'],
  [{ status: '5.1.1' }, 'mailbox_not_found', 'hard', 'a code alone'],
  [{ status: '5.1.2' }, 'domain_not_found', 'hard', 'the reporting host found no domain'],
  [{ status: '4.4.7' }, 'temporary_failure', 'soft', 'given up'],
  [{ status: '5.0.0' }, 'unrecognised', 'soft', 'a code that says nothing'],
  [{}, 'unrecognised', 'soft', 'nothing at all'],
  [
    { text: 'Domain name not found: example.test', status: '4.0.0' },
    'domain_not_found',
    'soft',
    'DNS said so, but only for now',
  ],
  [{ text: 'Domain name not found: example.test' }, 'domain_not_found', 'hard', 'DNS said so'],
  [{ text: 'Host not found, try again' }, 'temporary_failure', 'soft', 'asked to try again'],
  [{ text: 'Name service error for domain x: Host not found, try again' }, 'dns_failure', 'soft', 'DNS did not answer'],
  [
    { text: '553 5.1.8 Domain of sender address a@b.test does not exist', stage: 'mail' },
    'sender_rejected',
    'none',
    'it is our domain that does not exist',
  ],
  [
    { text: "procmail: Couldn't create mailbox: No such user", diagnosticType: 'x-unix', status: '5.1.1' },
    'mailer_error',
    'soft',
    'a local program is no mail host',
  ],
  [
    { text: 'Disk quota exceeded', diagnosticType: 'x-unix', status: '4.3.0' },
    'mailbox_full',
    'soft',
    'but knows when the disk is full',
  ],
  [{ text: '550 5.1.1 User unknown', action: 'delayed' }, 'mailbox_not_found', 'soft', 'a warning never weighs more'],
  [{ text: '250 2.0.0 Ok', action: 'delivered' }, 'delivered', 'none', 'no failure'],
  [{ text: '556 5.1.10 Domain does not accept mail' }, 'no_mail_service', 'hard', 'null MX (RFC 7505)'],
  [
    { text: 'Address is on the suppression list of our account' },
    'relay_suppressed',
    'suspect',
    'our relay refuses, not the host',
  ],
  [
    {
      text: '550 5.1.1 Amazon SES has suppressed sending to this address because it has a recent history of bouncing as an invalid address.',
      status: '5.1.1',
    },
    'relay_suppressed',
    'suspect',
    'also where it gives the code of a missing mailbox',
  ],
  [{ text: 'mailbox is full: retry timeout exceeded' }, 'mailbox_full', 'soft', 'Exim says why before how long'],
  [
    { text: 'Child process of address_pipe transport returned 2 from command: /usr/bin/filter' },
    'mailer_error',
    'soft',
    'Exim: a program behind the mailbox',
  ],
  [
    { text: '550 4.4.316 Connection refused [Message=Socket error code 10061]', status: '4.4.316' },
    'connect_failed',
    'soft',
    'Microsoft 365 quotes itself',
  ],
  [
    { text: 'Server certificate not trusted', status: '4.7.5', diagnosticType: 'x-postfix' },
    'tls_failed',
    'none',
    'no connection good enough for us',
  ],
  [
    { text: '530 5.7.0 Must issue a STARTTLS command first', stage: 'mail' },
    'tls_failed',
    'none',
    'the host demands encryption',
  ],
];

for (const [given, reason, strength, why] of CASES) {
  test(`${JSON.stringify(given)} is ${reason} (${strength}): ${why}`, () => {
    const found = judgeBounce({ ...NOTHING, ...given });
    assert.deepEqual([found.reason, found.strength], [reason, strength], found.rule);
  });
}

test('a doubtful unknown mailbox is what sisimai calls filtered', () => {
  assert.equal(judgeBounce({ ...NOTHING, text: '550 User unknown' }).sisimaiReason, 'filtered');
  assert.equal(judgeBounce({ ...NOTHING, text: '550 5.1.1 User unknown' }).sisimaiReason, 'userunknown');
});

test('each reason stands once, with a word of sisimai and one for people', () => {
  assert.equal(new Set(REASONS.map(({ reason }) => reason)).size, REASONS.length);
  for (const row of REASONS) {
    assert.equal(reasonRow(row.reason), row);
    assert.match(row.sisimai, /^[a-z]+$/);
  }
});

test('only what is said of the mailbox or its domain is hard', () => {
  assert.deepEqual(
    REASONS.filter(({ strength }) => strength === 'hard').map(({ reason }) => reason),
    ['mailbox_not_found', 'domain_not_found', 'no_mail_service'],
  );
});
