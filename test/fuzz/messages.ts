// Fuzzes the readers of what comes back by mail: no bytes make them throw, and what they find are plain, bounded values.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { readMessage } from '../../src/feedback/bounce.ts';
import { readComplaint } from '../../src/feedback/complaint.ts';
import { bytesOfPart, MIME_LIMITS, readMime, textOfPart } from '../../src/feedback/mime.ts';
import { fuzzProperty } from './fuzz-property.ts';
import { byteStrings, damaged, damages } from './pieces.ts';

const FIXTURES = join(import.meta.dirname, '..', '..', 'fixtures');
const SAMPLES: readonly Buffer[] = ['bounces', 'complaints', 'dmarc'].flatMap((folder) =>
  readdirSync(join(FIXTURES, folder))
    .filter((name) => name.endsWith('.eml'))
    .map((name) => readFileSync(join(FIXTURES, folder, name))),
);

/** What is put between two lines of a message. */
const LINES: readonly string[] = [
  ...['Content-Type: multipart/report; boundary=b', 'Content-Type: multipart/mixed; boundary="b\\"c"'],
  ...['Content-Type: message/rfc822', 'Content-Type: message/delivery-status', 'Content-Type: text/html; charset=x'],
  ...['Content-Type: message/feedback-report', 'Content-Type: text/plain; charset*0=ut; charset*1=f-8; name*=utf-8'],
  ...['Content-Transfer-Encoding: base64', 'Content-Transfer-Encoding: quoted-printable', '--b', '--b--', '--', ''],
  ...['Final-Recipient: rfc822; a@b.test', 'Final-Recipient: rfc822;', 'Original-Recipient: utf-8; \\x{110000}@b.test'],
  ...[
    'Action: failed',
    'Status: 5.1.1',
    'Diagnostic-Code: smtp; 550 5.1.1 <a@b.test>: unknown',
    'Reporting-MTA: dns; x',
  ],
  ...[
    'Feedback-Type: abuse',
    'Original-Rcpt-To: <a@b.test>',
    'Incidents: 99999999999999999999',
    'Removal-Recipient: x',
  ],
  ...[
    'Subject: =?utf-8?Q?=00=0d=0a?=',
    'Subject: =?utf-8?B?////?=',
    'Date: Mon, 99 Foo 0000 99:99:99 +9999',
    ' folded',
  ],
  ...[
    'X-Failed-Recipients: a@b.test, "c, d"@b.test',
    'To: undisclosed:;',
    'Message-ID: <',
    'Auto-Submitted: auto-replied',
  ],
  ...[
    '<a@b.test>: host mx.b.test said: 550 5.1.1 unknown',
    '=3D=',
    'YUBiLnRlc3Q=',
    '<!DOCTYPE html><p>&#0;&#x110000;&lt;',
  ],
];

const inserted = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    line: fc.constantFrom(...LINES),
    times: fc.oneof({ weight: 20, arbitrary: fc.constant(1) }, fc.constantFrom(2, 30)),
  }),
  { maxLength: 5 },
);

const messages = fc
  .record({
    sample: fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom(...SAMPLES) },
      byteStrings([...LINES, '\n', '\r\n', '\r', '\0', '\xff'], { maxLength: 30 }),
    ),
    inserted,
    harm: fc.oneof(fc.constant([]), damages),
    lineEnd: fc.constantFrom('\n', '\n', '\r\n', '\r'),
  })
  .map(({ sample, inserted: additions, harm, lineEnd }) => {
    const lines = sample.toString('latin1').split('\n');
    for (const { at, line, times } of additions)
      lines.splice(Math.floor(at * lines.length), 0, ...new Array<string>(times).fill(line));
    return damaged(Buffer.from(lines.join(lineEnd), 'latin1'), harm);
  });

/** Longer than any bound on a value that is kept, so that a missing bound shows. */
const LONGEST_VALUE = 10_000;

export const returnedMessages = fuzzProperty({
  name: 'messages',
  holds: 'a message that came back, however broken, is split within bounds, and its addresses are plain ones',
  cases: messages,
  check(bytes) {
    const before = Buffer.from(bytes);
    const message = readMime(bytes);
    assert.ok(message.parts.length >= 1 && message.parts.length <= MIME_LIMITS.maxParts);
    for (const part of message.parts) {
      assert.ok(bytesOfPart(part, 100).length <= 100);
      assert.ok(textOfPart(part, 100).length <= 1000, 'the text of a part is cut');
      assert.equal(part.type, part.type.toLowerCase());
    }
    const reading = readMessage(bytes);
    assert.deepEqual(readMessage(bytes), reading, 'a second reading says the same');
    for (const recipient of reading.recipients) checkAddress(recipient.address);
    checkValues(reading);
    const complaint = readComplaint(message);
    for (const recipient of complaint?.recipients ?? []) checkAddress(recipient);
    checkValues(complaint);
    assert.ok(bytes.equals(before), 'the bytes are left as they are');
    return reading.recipients.length > 0 || complaint !== null;
  },
});

function checkAddress(address: string): void {
  assert.match(address, /^[^\0-\x20\x7f]+@[^\0-\x20\x7f@]+$/);
  assert.ok(address.length <= 400);
}

/** Whatever a reading holds, however deep, is short, and numbers are numbers. */
function checkValues(value: unknown): void {
  if (typeof value === 'string') assert.ok(value.length <= LONGEST_VALUE, `${value.length} characters are kept`);
  else if (typeof value === 'number') assert.ok(Number.isSafeInteger(value), String(value));
  else if (Array.isArray(value)) for (const each of value) checkValues(each);
  else if (typeof value === 'object' && value !== null) for (const each of Object.values(value)) checkValues(each);
}
