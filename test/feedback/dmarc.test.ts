import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type Report, type ReportReading, readReports } from '../../src/feedback/dmarc.ts';
import { UNPACK_LIMITS } from '../../src/feedback/unpack-budget.ts';
import { zipOf } from './zip-writer.ts';

const FIXTURES = join(import.meta.dirname, '..', '..', 'fixtures', 'dmarc');
const fixture = (name: string): Buffer => readFileSync(join(FIXTURES, name));
const XML = fixture('mailbox.example!shop.example!1772496000!1772582399.xml');
const JSON_REPORT = fixture('tls-report.json');

async function readings(source: Buffer | string, mostHeldBytes?: number): Promise<ReportReading[]> {
  const found: ReportReading[] = [];
  const options = { newSink: () => ({ record: () => {} }), ...(mostHeldBytes === undefined ? {} : { mostHeldBytes }) };
  const bytes = Buffer.isBuffer(source) ? source : Buffer.from(source, 'latin1');
  for await (const reading of readReports([bytes], options)) found.push(reading);
  return found;
}

/** `kind reporter` of reports and `!code` of what is none. */
async function shown(source: Buffer | string): Promise<string[]> {
  return (await readings(source)).map((reading) =>
    reading.status === 'report' ? `${reading.report.kind} ${nameOf(reading.report)}` : `!${reading.fault.code}`,
  );
}

function nameOf(report: Report): string {
  return report.kind === 'failure' ? report.userAgent : report.org;
}

/** A mail with attachments: `[headers, body]` each. */
function mail(...parts: readonly (readonly [string, string])[]): string {
  const bodies = parts.map(([headers, body]) => `--b\n${headers}\n\n${body}\n`).join('');
  return `From: r@x.test\nTo: d@shop.example\nSubject: s\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n${bodies}--b--\n`;
}

const base64 = (bytes: Buffer): string => bytes.toString('base64').replace(/(.{76})/g, '$1\n');
const encoded = (type: string, bytes: Buffer): readonly [string, string] => [
  `Content-Type: ${type}\nContent-Transfer-Encoding: base64`,
  base64(bytes),
];
const TEXT = ['Content-Type: text/plain', 'An aggregate report is attached.'] as const;
const gz = gzipSync(XML);
const zip = zipOf([{ name: 'x.xml', content: XML }]);

const CASES: readonly [string, () => Buffer | string, readonly string[]][] = [
  ['the fixture in XML', () => XML, ['aggregate mailbox.example']],
  [
    'the fixture in gzip',
    () => fixture('post.example!shop.example!1772582400!1772668799.xml.gz'),
    ['aggregate post.example'],
  ],
  ['two reports in a zip', () => fixture('two-reports.zip'), ['aggregate north.example', 'aggregate north.example']],
  ['a broken report', () => fixture('broken.xml'), ['aggregate Careless & Sons']],
  ['a report by mail, as gzip named zip', () => fixture('report-by-mail.eml'), ['aggregate late.example']],
  ['a TLS report', () => JSON_REPORT, ['tls Mailbox Example']],
  ['a TLS report in gzip', () => gzipSync(JSON_REPORT), ['tls Mailbox Example']],
  ['a failure report', () => fixture('failure.eml'), ['failure MailboxFR/1']],
  [
    'a mail in CRLF',
    () => fixture('report-by-mail.eml').toString('latin1').replaceAll('\n', '\r\n'),
    ['aggregate late.example'],
  ],
  [
    'a mail in bare CR',
    () => fixture('report-by-mail.eml').toString('latin1').replaceAll('\n', '\r'),
    ['aggregate late.example'],
  ],
  [
    'an attachment called octet-stream',
    () => mail(TEXT, encoded('application/octet-stream', zip)),
    ['aggregate mailbox.example'],
  ],
  [
    'an attachment called a picture',
    () => mail(TEXT, encoded('image/png; name=x.png', gz)),
    ['aggregate mailbox.example'],
  ],
  ['XML as plain text', () => mail(TEXT, ['Content-Type: text/plain', XML.toString()]), ['aggregate mailbox.example']],
  [
    'several attachments',
    () => mail(TEXT, encoded('application/gzip', gz), encoded('application/tlsrpt+json', JSON_REPORT)),
    ['aggregate mailbox.example', 'tls Mailbox Example'],
  ],
  [
    'base64 that is not called so',
    () => mail(TEXT, ['Content-Type: application/gzip', base64(gz)]),
    ['aggregate mailbox.example'],
  ],
  [
    'a mail that is nothing but an archive',
    () => `From: r@x.test\nContent-Type: application/zip\nContent-Transfer-Encoding: base64\n\n${base64(zip)}\n`,
    ['aggregate mailbox.example'],
  ],
  [
    'a report within a forwarded mail',
    () =>
      mail(TEXT, [
        'Content-Type: message/rfc822',
        mail(TEXT, encoded('application/gzip', gz))
          .replaceAll('b', 'b')
          .replaceAll('--b', '--c')
          .replace('boundary=b', 'boundary=c'),
      ]),
    ['aggregate mailbox.example'],
  ],
  [
    'a mail without a report',
    () => mail(TEXT, ['Content-Type: text/html', '<html><body>Hi</body></html>']),
    ['!no_report'],
  ],
  [
    'a complaint',
    () =>
      fixture('failure.eml')
        .toString('latin1')
        .replace('auth-failure', 'abuse')
        .replace(/Auth-Failure: .*\n/, ''),
    ['!complaint'],
  ],
  [
    'a mail with a broken archive beside a whole one',
    () => mail(encoded('application/zip', zip.subarray(0, 60)), encoded('application/gzip', gz)),
    ['!corrupt', 'aggregate mailbox.example'],
  ],
  ['nothing', () => '', ['!empty']],
  ['zeros', () => Buffer.alloc(5000), ['!unsupported']],
  ['another XML', () => '<html><body/></html>', ['!not_a_report']],
  [
    'a picture in a zip',
    () => zipOf([{ name: 'x.png', content: Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\0\0\0\0\0\0\0', 'latin1') }]),
    ['!unsupported'],
  ],
  ['half a report in gzip', () => gzipSync(XML).subarray(0, 300), ['aggregate mailbox.example']],
];

for (const [title, source, expected] of CASES) {
  test(`${title}: ${expected.join(', ')}`, async () => {
    assert.deepEqual(await shown(source()), expected);
  });
}

test('a failure report gives the headers of the failed mail, never its text', async () => {
  const [reading] = await readings(fixture('failure.eml'));
  assert.ok(reading?.status === 'report' && reading.report.kind === 'failure');
  const { domain, sourceIp, authFailure, deliveryResult, originalMessageId, begin } = reading.report;
  assert.deepEqual(
    [domain, sourceIp, authFailure, deliveryResult, originalMessageId, begin],
    ['shop.example', '203.0.113.99', 'dmarc,spf', 'reject', 'forged-1@spoof.example', 1772528400],
  );
  assert.ok(!JSON.stringify(reading.report).includes('Ten per cent'));
});

test('a report that breaks off is marked, one that was stopped is none', async () => {
  const [half] = await readings(gzipSync(XML).subarray(0, 300));
  assert.ok(half?.status === 'report' && half.report.errors.some(({ code }) => code === 'unclosed'));
  const options = { newSink: () => ({ record: () => {} }), unpack: { ...UNPACK_LIMITS, mostUnpackedBytes: 1000 } };
  for await (const reading of readReports([gz], options)) {
    assert.equal(reading.status === 'invalid' ? reading.fault.code : 'read', 'unpacked_too_large');
  }
});

test('messages and TLS reports above the limit are not held in memory', async () => {
  for (const source of [fixture('report-by-mail.eml'), JSON_REPORT]) {
    const [reading] = await readings(source, 100);
    assert.equal(reading?.status === 'invalid' ? reading.fault.code : 'read', 'too_large');
  }
});

for (const sign of [
  '<',
  '(',
  '@',
  ' ',
  '&',
  '{',
  '[',
  '"',
  '-',
  'From: ',
  'PK\x03\x04',
  '\x1f\x8b\x08',
  '<feedback>',
  '--b\n',
]) {
  test(`a megabyte of ${JSON.stringify(sign)} is read in no time`, async () => {
    const flood = sign.repeat(1_000_000 / sign.length);
    const start = performance.now();
    await readings(flood);
    await readings(mail(TEXT, ['Content-Type: application/gzip', flood]));
    await readings(`<feedback><report_metadata><org_name>${flood}`);
    assert.ok(performance.now() - start < 30_000, `${performance.now() - start} ms`);
  });
}
