import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readMessage } from '../../src/feedback/bounce.ts';
import { TEXT_FAMILIES } from '../../src/feedback/text-families.ts';

type Expected = readonly (readonly [address: string, reason: string, strength: string, stage: string | null])[];

/** Reports in the wording of each system, as its source or documentation has it. */
const REPORTS: readonly (readonly [family: string, body: string, Expected])[] = [
  [
    'qmail',
    `Hi. This is the qmail-send program at mail.example.test.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<one@example.test>:
192.0.2.7 does not like recipient.
Remote host said: 550 5.1.1 unknown user
Giving up on 192.0.2.7.

<two@example.test>:
Sorry, I couldn't find any host named example.test. (#5.1.2)

--- Below this line is a copy of the message.

To: three@example.test
`,
    [
      ['one@example.test', 'mailbox_not_found', 'hard', 'rcpt'],
      ['two@example.test', 'domain_not_found', 'hard', null],
    ],
  ],
  [
    'postfix',
    `This is the mail system at host mx.example.test.

                   The mail system

<one@example.test> (expanded from <list@example.test>): host
    mx.other.test[192.0.2.7] said: 550 no such mailbox (in reply to RCPT TO
    command)

<two@example.test>: host mx.other.test[192.0.2.7] refused to talk to me: 554
    5.7.1 Your host is on our blocklist
`,
    [
      ['one@example.test', 'mailbox_not_found', 'hard', 'rcpt'],
      ['two@example.test', 'blocked', 'none', 'greeting'],
    ],
  ],
  [
    'exim',
    `This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  one@example.test
    Unrouteable address
  two@example.test
    SMTP error from remote mail server after end of data:
    host mx.other.test [192.0.2.7]: 550 user unknown

------ This is a copy of the message, including all the headers. ------

Return-path: <x@example.test>
`,
    [
      ['one@example.test', 'domain_not_found', 'hard', null],
      ['two@example.test', 'mailbox_not_found', 'suspect', 'data'],
    ],
  ],
  [
    'sendmail',
    `The original message was received at Mon, 2 Nov 2026 09:00:00 GMT
from localhost

   ----- The following addresses had permanent fatal errors -----
<one@example.test>
    (reason: 550 5.1.1 <one@example.test>... User unknown)

   ----- Transcript of session follows -----
... while talking to mx.example.test.:
>>> RCPT To:<one@example.test>
<<< 550 5.1.1 <one@example.test>... User unknown
`,
    [['one@example.test', 'mailbox_not_found', 'hard', 'rcpt']],
  ],
  [
    'sendmail',
    `   ----- Transcript of session follows -----
While talking to mx.example.test:
>>> RCPT To:<one@example.test>
<<< 550 No such user here
550 <one@example.test>... User unknown
550 nowhere.test (smtp)... 550 Host unknown
554 <two@nowhere.test>... 550 Host unknown (Authoritative answer from name server)

   ----- Unsent message follows -----
To: one@example.test
`,
    [
      ['one@example.test', 'mailbox_not_found', 'hard', 'rcpt'],
      ['two@nowhere.test', 'domain_not_found', 'hard', null],
    ],
  ],
  [
    'opensmtpd',
    `    Hi!

    This is the MAILER-DAEMON, please DO NOT REPLY to this email.

    An error has occurred while attempting to deliver a message for
    the following list of recipients:

one@example.test: 552 5.2.2 Mailbox full
two@example.test: Domain does not exist

    Below is a copy of the original message:

To: x@example.test
`,
    [
      ['one@example.test', 'mailbox_full', 'soft', null],
      ['two@example.test', 'domain_not_found', 'hard', null],
    ],
  ],
  [
    'dragonfly',
    `This is the DragonFly Mail Agent v0.13 at example.test.

There was an error delivering your mail to <one@example.test>.

mx.example.test [192.0.2.7] did not like our RCPT TO:
550 5.1.1 unknown

Message headers follow.

To: one@example.test
`,
    [['one@example.test', 'mailbox_not_found', 'hard', 'rcpt']],
  ],
  [
    'courier',
    `This is a delivery status notification from mx.example.test,
running the Courier mail server, version 1.0.

Your message to the following recipients cannot be delivered:

<one@example.test>:
    mx.other.test [192.0.2.7]:
>>> RCPT TO:<one@example.test>
<<< 550 User unknown.

---------------------------------------------------------------------------
`,
    [['one@example.test', 'mailbox_not_found', 'hard', 'rcpt']],
  ],
  [
    'gmail',
    `Delivery to the following recipient failed permanently:

     one@example.test

Technical details of permanent failure:
Google tried to deliver your message, but it was rejected by the recipient domain. The error that the other server returned was: 550 550 5.1.1 user unknown (state 14).

----- Original message -----

To: one@example.test
`,
    [['one@example.test', 'mailbox_not_found', 'hard', 'rcpt']],
  ],
  [
    'google',
    `** Address not found **

Your message wasn't delivered to one@example.test because the address couldn't be found. Check for typos or unnecessary spaces and try again.
`,
    [['one@example.test', 'mailbox_not_found', 'hard', null]],
  ],
  [
    'domino',
    `Your message

  Subject: News

was not delivered to:

  one@example.test

because:

  User Some One (one@example.test) not listed in Domino Directory
`,
    [['one@example.test', 'mailbox_not_found', 'hard', null]],
  ],
  [
    'exchange',
    `Your message

  To:      one@example.test
  Subject: News
  Sent:    Thu, 5 Nov 2026 09:00:00 +0000

did not reach the following recipient(s):

one@example.test on Thu, 5 Nov 2026 09:00:01 +0000
    The recipient name is not recognized
	The MTS-ID of the original message is: c=us;a= ;p=example
    MSEXCH:IMS:EXAMPLE:SITE:SERVER 0 (000C05A6) Unknown Recipient
`,
    [['one@example.test', 'mailbox_not_found', 'hard', null]],
  ],
  [
    'messaging-server',
    `Your message cannot be delivered to the following recipients:

  Recipient address: one@example.test
  Reason: Remote SMTP server has rejected address
  Diagnostic code: smtp;550 unknown user
  Remote system: dns;mx.example.test

  Recipient address: two@example.test
  Reason: Over quota
`,
    [
      ['one@example.test', 'mailbox_not_found', 'hard', 'rcpt'],
      ['two@example.test', 'mailbox_full', 'soft', null],
    ],
  ],
  [
    'imail',
    'User mailbox exceeds allowed size: one@example.test\n\nOriginal message follows.\n\nTo: x@example.test\n',
    [['one@example.test', 'mailbox_full', 'soft', null]],
  ],
  [
    'imail',
    'Unknown host: one@example.test\n\nOriginal message follows.\n',
    [['one@example.test', 'domain_not_found', 'hard', null]],
  ],
  [
    'marshal',
    `Your message:
   From:    sender@example.test
   Subject: News

Could not be delivered because of

550 5.1.1 User unknown

The following recipients were affected:
    one@example.test

`,
    [['one@example.test', 'mailbox_not_found', 'hard', null]],
  ],
  [
    'm-filter',
    `このメールは送信できませんでした。

one@example.test

-------server message
550 5.1.1 unknown user <one@example.test>

-------SMTP command
RCPT TO

-------original message
`,
    [['one@example.test', 'mailbox_not_found', 'hard', 'rcpt']],
  ],
  [
    'sendmail',
    `   ----- The following addresses had delivery problems -----
one@example.test

   ----- Non-delivered information -----
The number of messages in recipient's mailbox exceeded the local limit.
`,
    [['one@example.test', 'mailbox_full', 'soft', null]],
  ],
  [
    'sendmail',
    `  ----- The following addresses had permanent fatal errors -----

>>> one@example.test <one@example.test>

  550 sorry, no mailbox here by that name (#5.1.1 - chkusr)
`,
    [['one@example.test', 'mailbox_not_found', 'hard', null]],
  ],
  [
    'mimecast',
    `An email that you attempted to send to the following address could not be delivered:

-- one@example.test

Additional information follows :

-- 5.4.1 Recipient address rejected: Access denied.
`,
    [['one@example.test', 'mailbox_not_found', 'hard', null]],
  ],
  [
    'smail',
    `|------------------------- Message log follows: -------------------------|
 no valid recipients were found for this message
|------------------------- Failed addresses follow: ---------------------|
 one@example.test ... unknown host
|------------------------- Message text follows: ------------------------|
To: x@example.test
`,
    [['one@example.test', 'domain_not_found', 'hard', null]],
  ],
  [
    'mailenable',
    `MailEnable: Message could not be delivered to some recipients.
The following recipient(s) could not be reached:

\tRecipient: [SMTP:one@example.test]
\tReason: Remote SMTP Server Returned: 550 5.1.1 No such user here

Message headers follow:

Received: from mx.example.test
To: <two@example.test>
`,
    [['one@example.test', 'mailbox_not_found', 'hard', null]],
  ],
];

for (const [family, body, expected] of REPORTS) {
  test(`${family}: ${expected.map(([address, reason]) => `${address} ${reason}`).join(', ')}`, () => {
    const reading = readMessage(
      Buffer.from(
        `From: MAILER-DAEMON@mx.example.test\nTo: sender@example.test\nSubject: Undeliverable mail\nContent-Type: text/plain; charset=utf-8\n\n${body}`,
      ),
    );
    assert.ok(reading.kind === 'bounce', reading.kind);
    assert.deepEqual(
      reading.recipients.map(({ address, reason, strength, stage }) => [address, reason, strength, stage]),
      expected,
    );
    assert.equal(reading.family, family);
  });
}

test('a report of no known family is read by its shape', () => {
  const bodies = [
    'We are sorry.\n\n<one@example.test>: 550 5.1.1 no such user\n\nRegards',
    'The mail for\n\n  one@example.test\n    550 5.1.1 no such user\n\nwas lost.',
    'Delivery to one@example.test was not possible:\n550 5.1.1 no such user',
    'Recipient: <one@example.test>\nReason: 550 5.1.1 no such user',
    '收件人（one@example.test）的邮箱不存在，请检查\n550 5.1.1 no such user',
  ];
  for (const body of bodies) {
    const reading = readMessage(
      Buffer.from(`From: postmaster@gw.example.test\nSubject: Nondelivery report\n\n${body}`),
    );
    assert.deepEqual(
      reading.recipients.map(({ address, strength }) => [address, strength]),
      [['one@example.test', 'hard']],
      body,
    );
  }
});

test('the words of a bounce in the mail of a person make no bounce', () => {
  for (const subject of ['Re: Undelivered Mail Returned to Sender', 'Lunch?']) {
    const reading = readMessage(
      Buffer.from(
        `From: Kim <kim@example.test>\nSubject: ${subject}\n\nDid you see this?\n\n  one@example.test\n    550 5.1.1 no such user\n`,
      ),
    );
    assert.equal(reading.kind, 'not_bounce');
  }
});

test('each family has marks of its own in lower case, and says whose they are', () => {
  const marks = TEXT_FAMILIES.flatMap(({ marks: own }) => own);
  assert.equal(new Set(marks).size, marks.length);
  for (const { id, marks: own, readers, source } of TEXT_FAMILIES) {
    for (const mark of own) assert.equal(mark, mark.toLowerCase(), id);
    assert.ok(readers.length > 0 && source.length > 2, id);
  }
});
