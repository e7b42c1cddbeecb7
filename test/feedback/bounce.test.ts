import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readMessage } from '../../src/feedback/bounce.ts';

const FIXTURES = join(import.meta.dirname, '..', '..', 'fixtures', 'bounces');

function read(name: string) {
  return readMessage(readFileSync(join(FIXTURES, name)));
}

function text(headers: readonly string[], body: string): Buffer {
  return Buffer.from(`${headers.join('\n')}\n\n${body}`);
}

const DAEMON = ['From: MAILER-DAEMON@mx.example.test', 'To: sender@example.test', 'Subject: Undelivered mail'];

type Row = readonly [
  file: string,
  kind: string,
  recipients: readonly (readonly [address: string, reason: string, strength: string])[],
  why: string,
];

const FILES: readonly Row[] = [
  [
    'postfix-unknown-user.eml',
    'bounce',
    [
      ['gone@example.net', 'mailbox_not_found', 'hard'],
      ['full@example.org', 'mailbox_full', 'soft'],
    ],
    'each recipient has its own reason',
  ],
  [
    'postfix-forwarded.eml',
    'bounce',
    [['ann.old@mail.example', 'mailbox_not_found', 'hard']],
    'the final recipient is reported',
  ],
  [
    'postfix-delayed.eml',
    'bounce',
    [['slow@example.net', 'connect_failed', 'soft']],
    'a warning is a soft bounce at most',
  ],
  [
    'exim-two-recipients.eml',
    'bounce',
    [
      ['nobody@example.com', 'mailbox_not_found', 'hard'],
      ['locked@example.org', 'mailbox_disabled', 'suspect'],
    ],
    'Exim names them in a header and tells why in words',
  ],
  ['qmail-local.eml', 'bounce', [['student@example.edu', 'mailbox_not_found', 'hard']], 'a code in brackets counts'],
  [
    'gmail-address-not-found.eml',
    'bounce',
    [['no.such.person@gmail.com', 'mailbox_not_found', 'hard']],
    'a bounce that calls itself auto-replied is no automatic reply',
  ],
  [
    'microsoft-html-only.eml',
    'bounce',
    [['old.colleague@tenant.example', 'mailbox_not_found', 'hard']],
    'HTML is read where there is no text',
  ],
  [
    'rfc6533-utf8.eml',
    'bounce',
    [['jürgen@example.test', 'mailbox_not_found', 'hard']],
    'internationalized reports are read',
  ],
  [
    'blocked-sender.eml',
    'bounce',
    [['customer@example.com', 'blocked', 'none']],
    'a refusal aimed at us is nothing against the address',
  ],
  [
    'forwarded-by-a-person.eml',
    'bounce',
    [['victim@example.net', 'mailbox_not_found', 'hard']],
    'a report quoted by a person is read, and marked',
  ],
  ['delivered.eml', 'not_bounce', [['kim@example.net', 'delivered', 'none']], 'a success is no bounce'],
  [
    'out-of-office.eml',
    'autoreply',
    [['kim@example.net', 'vacation', 'none']],
    'words of a bounce in an automatic reply count for nothing',
  ],
  ['read-receipt.eml', 'not_bounce', [], 'a read receipt has a Final-Recipient and is no bounce'],
  ['ordinary.eml', 'not_bounce', [], 'people write about bounces'],
];

for (const [file, kind, recipients, why] of FILES) {
  test(`${file} is ${kind}: ${why}`, () => {
    const reading = read(file);
    assert.equal(reading.kind, kind);
    assert.deepEqual(
      reading.recipients.map(({ address, reason, strength }) => [address, reason, strength]),
      recipients,
    );
    for (const { hard, strength } of reading.recipients) assert.equal(hard, strength === 'hard');
  });
}

test('CRLF and bare CR line ends make no difference', () => {
  const lf = readFileSync(join(FIXTURES, 'postfix-unknown-user.eml'), 'latin1');
  const expected = readMessage(Buffer.from(lf, 'latin1'));
  for (const end of ['\r\n', '\r']) {
    assert.deepEqual(readMessage(Buffer.from(lf.replaceAll('\n', end), 'latin1')), expected);
  }
});

test('the address mailed is told beside the one an alias led to', () => {
  const [recipient] = read('postfix-forwarded.eml').recipients;
  assert.equal(recipient?.original, 'ann@alumni.example');
  assert.equal(recipient?.final, 'ann.old@mail.example');
});

test('reply, status, stage, hosts and Message-IDs are told', () => {
  const reading = read('postfix-unknown-user.eml');
  assert.ok(reading.kind === 'bounce');
  assert.equal(reading.reportingMta, 'out.shop.example');
  assert.equal(reading.originalMessageId, 'campaign-7.1@shop.example');
  assert.equal(reading.messageId, '20261102081231.5E6F7A0C3B@out.shop.example');
  assert.equal(reading.date, Date.UTC(2026, 10, 2, 8, 12, 31));
  const [gone, full] = reading.recipients;
  assert.deepEqual(
    [gone?.reply, gone?.status, gone?.stage, gone?.remoteMta],
    [550, '5.1.1', 'rcpt', 'mx1.example.net'],
  );
  assert.deepEqual([full?.reply, full?.status, full?.stage, full?.action], [552, '5.2.2', 'data', 'failed']);
});

test('only a bounce passed on by a person is marked as forwarded', () => {
  const forwarded = FILES.map(([file]) => [file, read(file)] as const).filter(
    ([, r]) => r.kind === 'bounce' && r.forwarded,
  );
  assert.deepEqual(
    forwarded.map(([file]) => file),
    ['forwarded-by-a-person.eml'],
  );
});

test('a mail system passing on the report of another is believed one level deep', () => {
  const inner = readFileSync(join(FIXTURES, 'postfix-unknown-user.eml'), 'utf8');
  const outer = (from: string) =>
    readMessage(
      text(
        [`From: ${from}`, 'Subject: Returned mail', 'Content-Type: multipart/mixed; boundary=o'],
        `--o\n\nSee below.\n\n--o\nContent-Type: message/rfc822\n\n${inner}\n--o--`,
      ),
    );
  assert.equal(outer('MAILER-DAEMON@gw.example.test').recipients.length, 2);
  const person = readMessage(
    text(
      ['From: kim@example.test', 'Subject: look at this', 'Content-Type: multipart/mixed; boundary=o'],
      `--o\n\nSee below.\n\n--o\nContent-Type: message/rfc822\n\n${inner}\n--o--`,
    ),
  );
  assert.equal(person.kind, 'not_bounce');
});

test('a report that names nobody is traced by the one To of the returned mail, and never counts as hard', () => {
  const bytes = text(
    [...DAEMON],
    'This is the mail system at host mx.example.test.\n\n550 5.1.1 User unknown\n\n----- Original message -----\nTo: <one@example.test>\nMessage-ID: <x@example.test>\n',
  );
  const [recipient] = readMessage(bytes).recipients;
  assert.equal(recipient?.address, 'one@example.test');
  assert.equal(recipient?.inferred, true);
  assert.notEqual(recipient?.strength, 'hard');
});

test('X-Failed-Recipients names them where nothing else does, if a mail system writes it', () => {
  const field = 'X-Failed-Recipients: one@example.test, two@example.test';
  const told = readMessage(text(['From: Mailer-Daemon@mx.example.test', 'Subject: Sorry', field], 'It went wrong.'));
  assert.deepEqual(
    told.recipients.map(({ address, reason, strength }) => [address, reason, strength]),
    [
      ['one@example.test', 'unrecognised', 'soft'],
      ['two@example.test', 'unrecognised', 'soft'],
    ],
  );
  const person = readMessage(text(['From: Kim <kim@example.test>', 'Subject: Sorry', field], 'It went wrong.'));
  assert.equal(person.kind, 'not_bounce');
});

test('a report without any recipient is unparsed, and addresses in its prose are not guessed at', () => {
  const reading = readMessage(text([...DAEMON], 'Something went wrong. Ask helpdesk@example.test or see our pages.\n'));
  assert.equal(reading.kind, 'unparsed');
  assert.deepEqual(reading.recipients, []);
});

test('a feedback report is a complaint, not a bounce', () => {
  const bytes = text(
    ['From: fbl@example.test', 'Content-Type: multipart/report; report-type=feedback-report; boundary=f'],
    '--f\n\nx\n\n--f\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n\n--f--',
  );
  assert.equal(readMessage(bytes).kind, 'complaint');
});

test('a DMARC report is a report', () => {
  const bytes = text(
    [
      'From: noreply@example.test',
      'Subject: Report Domain: shop.example Submitter: example.test Report-ID: <1>',
      'Content-Type: application/gzip; name="example.test!shop.example!1!2.xml.gz"',
      'Content-Transfer-Encoding: base64',
    ],
    'H4sIAAAA',
  );
  assert.equal(readMessage(bytes).kind, 'report');
});

const NOTIFICATION = {
  notificationType: 'Bounce',
  bounce: {
    bounceType: 'Permanent',
    reportingMTA: 'dns; a1.smtp-out.example.test',
    bouncedRecipients: [
      {
        emailAddress: 'gone@example.net',
        action: 'failed',
        status: '5.1.1',
        diagnosticCode: 'smtp; 550 5.1.1 user unknown',
      },
    ],
  },
  mail: { messageId: 'm-1' },
};

test('a notification of Amazon SES is read, also wrapped over lines and within one of SNS', () => {
  const plain = JSON.stringify(NOTIFICATION);
  const wrapped = plain.replace(/(.{100})/g, '$1\n ');
  const enveloped = JSON.stringify({ Type: 'Notification', Message: plain });
  for (const body of [plain, wrapped, `${plain}\n\n--\nTo stop receiving`, enveloped]) {
    const reading = readMessage(text(['From: no-reply@sns.example.test', 'Subject: AWS Notification'], body));
    assert.equal(reading.kind, 'bounce', body.slice(0, 60));
    assert.deepEqual(
      reading.recipients.map(({ address, strength }) => [address, strength]),
      [['gone@example.net', 'hard']],
    );
  }
});
