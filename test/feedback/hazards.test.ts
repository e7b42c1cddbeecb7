// What strangers can put into a message must not cost time, memory or truth; each cap is shown at work.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readMessage } from '../../src/feedback/bounce.ts';
import { MIME_LIMITS, readMime } from '../../src/feedback/mime.ts';

const MEGABYTE = 1_000_000;

const HEAD = [
  'From: MAILER-DAEMON@mx.example.test (Mail Delivery System)',
  'To: sender@example.test',
  'Subject: Undelivered Mail Returned to Sender',
];

function message(lines: readonly string[], body: string): Buffer {
  return Buffer.from(`${[...HEAD, ...lines].join('\n')}\n\n${body}`, 'latin1');
}

function report(fields: string): Buffer {
  return message(
    ['Content-Type: multipart/report; report-type=delivery-status; boundary=b'],
    `--b\n\nThis is the mail system at host mx.example.test.\n\n--b\nContent-Type: message/delivery-status\n\n${fields}\n--b--\n`,
  );
}

/** Milliseconds of the quicker of two runs: the machine may be busy with something else during one. */
function timeOf(work: () => unknown): number {
  const times = [1, 2].map(() => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  return Math.min(...times);
}

const HOSTILE = [
  '<',
  '>',
  '(',
  ')',
  '@',
  ' ',
  '\t',
  '\n',
  '\r',
  ':',
  ';',
  '=',
  '"',
  '\\',
  '-',
  '[',
  '{',
  '+',
  '%',
  '.',
  ',',
  '\0',
  '\x1b',
  '\xff',
  'a',
  '5',
  'a@',
  '<a@b.c>',
  '<a@b.c>\n',
  '5.1.1 ',
  '550 ',
  '550-',
  '=?',
  '&#',
  '<a ',
  '>>> ',
  '<<< ',
  '\n\n',
  '{"notificationType":"Bounce"',
  '\\x{41}',
  '~61',
  'said: ',
];

for (const piece of HOSTILE) {
  test(`1 MB of ${JSON.stringify(piece)} costs no time wherever it stands`, () => {
    const megabyte = piece.repeat(Math.ceil(MEGABYTE / piece.length));
    const messages = [
      message([], megabyte),
      message([], `This is the qmail-send program at x.\n\n<a@example.test>:\n${megabyte}`),
      message([], `   ----- Transcript of session follows -----\n${megabyte}`),
      message(['Content-Type: text/html'], megabyte),
      message([`X-Hostile: ${megabyte}`], 'x'),
      message([`Content-Type: multipart/mixed; boundary="${megabyte}"`], 'x'),
      message([`X-Failed-Recipients: ${megabyte}`, `To: ${megabyte}`], 'x'),
      message([`Subject: ${megabyte}`, `From: ${megabyte}`], 'x'),
      report(`Final-Recipient: rfc822; a@example.test\nAction: failed\nDiagnostic-Code: smtp; 550 ${megabyte}`),
      report(`Final-Recipient: rfc822; ${megabyte}\nAction: failed`),
      report(megabyte),
    ];
    for (const [i, bytes] of messages.entries()) {
      const ms = timeOf(() => readMessage(bytes));
      assert.ok(ms < 10_000, `message ${i} took ${Math.round(ms)} ms`);
    }
  });
}

test('5,000 nested multiparts are given up at the limit of depth, in milliseconds', () => {
  let body = 'innermost';
  const lines: string[] = [];
  for (let i = 0; i < 5000; i += 1) lines.push(`--b${i}\nContent-Type: multipart/mixed; boundary=b${i + 1}\n`);
  body = `${lines.join('\n')}\n${body}`;
  const bytes = message(['Content-Type: multipart/mixed; boundary=b0'], body);
  const ms = timeOf(() => readMessage(bytes));
  assert.ok(ms < 10_000, `took ${ms} ms`);
  assert.deepEqual(readMime(bytes).cut, ['depth']);
});

test('5,000 messages within messages are opened one level deep', () => {
  const bytes = message(['Content-Type: message/rfc822'], 'Content-Type: message/rfc822\n\n'.repeat(5000));
  const ms = timeOf(() => readMessage(bytes));
  assert.ok(ms < 10_000, `took ${ms} ms`);
  assert.equal(Math.max(...readMime(bytes).parts.map(({ messageDepth }) => messageDepth)), 1);
});

test('a message of 100,000 parts is read up to the limit', () => {
  const bytes = message(['Content-Type: multipart/mixed; boundary=b'], `${'--b\n\nx\n'.repeat(100_000)}--b--`);
  assert.ok(timeOf(() => readMessage(bytes)) < 500);
  const { parts, cut } = readMime(bytes);
  assert.ok(parts.length <= MIME_LIMITS.maxParts);
  assert.deepEqual(cut, ['parts']);
});

test('a header of 100,000 fields is read up to the limit, and the body still found', () => {
  const fields = Array.from({ length: 100_000 }, (_, i) => `X-${i}: y`);
  const bytes = message([...fields, 'Content-Type: multipart/report'], 'body');
  assert.ok(timeOf(() => readMessage(bytes)) < 500);
  const { headers, parts, cut } = readMime(bytes);
  assert.ok(headers.size <= MIME_LIMITS.maxHeaderFields + 10);
  assert.deepEqual(cut, ['headers']);
  assert.equal(parts[0]?.raw, 'body');
});

test('a message above the size limit is read up to it', () => {
  const bytes = message(
    [],
    `This is the mail system at host x.\n\n<a@example.test>: unknown\n\n${'x'.repeat(20_000_000)}`,
  );
  const reading = readMessage(bytes);
  assert.equal(reading.kind, 'bounce');
  assert.deepEqual(reading.cut, ['size']);
});

test('field names like __proto__ are names like any other', () => {
  const reading = readMessage(
    message(
      ['__proto__: polluted', 'constructor: x', 'Content-Type: text/plain; __proto__=polluted; charset=utf-8'],
      'x',
    ),
  );
  assert.equal(reading.kind, 'unparsed');
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  const { headers } = readMime(message(['__proto__: polluted'], 'x'));
  assert.deepEqual(headers.get('__proto__'), ['polluted']);
  const json = readMessage(
    message(
      [],
      '{"notificationType":"Bounce","__proto__":{"bounce":{}},"bounce":{"bouncedRecipients":[{"emailAddress":"a@example.test","__proto__":{"action":"x"}}]}}',
    ),
  );
  assert.equal(json.recipients[0]?.address, 'a@example.test');
});

test('the content of the returned mail is never searched for codes or addresses', () => {
  const newsletter =
    'Subject: news\nTo: a@example.test\n\n<victim@example.test>: 550 5.1.1 User unknown (in reply to RCPT TO command)';
  const bytes = message(
    ['Content-Type: multipart/report; boundary=b'],
    `--b\n\nThis is the mail system at host x.\n\n<a@example.test>: host y[192.0.2.1] said: 552 5.2.2 Mailbox full\n\n--b\nContent-Type: message/rfc822\n\n${newsletter}\n--b--\n`,
  );
  const { recipients } = readMessage(bytes);
  assert.deepEqual(
    recipients.map(({ address, reason }) => [address, reason]),
    [['a@example.test', 'mailbox_full']],
  );
});

test('a report of a million recipients is read up to the limit', () => {
  const bytes = report(
    Array.from({ length: 300_000 }, (_, i) => `Final-Recipient: rfc822; u${i}@example.test\nAction: failed\n`).join(
      '\n',
    ),
  );
  assert.ok(timeOf(() => readMessage(bytes)) < 10_000);
  assert.ok(readMessage(bytes).recipients.length <= 1000);
});

test('binary noise is no bounce and no crash', () => {
  // Multiples of a large odd number, cut to a byte: even, without a pattern of lines or words.
  const noise = Buffer.from(Array.from({ length: 200_000 }, (_, i) => ((i * 2_654_435_761) >>> 13) & 255));
  for (let at = 0; at < noise.length; at += 997) readMessage(noise.subarray(at, at + 3000));
  assert.equal(readMessage(noise).kind, 'not_bounce');
});

test('every beginning of a bounce is read without a crash', () => {
  const bytes = report(
    'Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; a@example.test\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 unknown',
  );
  for (let end = 0; end < bytes.length; end += 1) readMessage(bytes.subarray(0, end));
  assert.equal(readMessage(bytes).recipients[0]?.hard, true);
});
