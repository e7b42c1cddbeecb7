import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type ComplaintReading, readComplaint } from '../../src/feedback/complaint.ts';
import { readMime } from '../../src/feedback/mime.ts';
import { checkVerp } from '../../src/feedback/verp.ts';

const FIXTURES = join(import.meta.dirname, '..', '..', 'fixtures', 'complaints');

function read(source: string | Buffer): ComplaintReading | null {
  return readComplaint(readMime(typeof source === 'string' ? Buffer.from(source, 'latin1') : source));
}

function fixture(name: string): string {
  return readFileSync(join(FIXTURES, name), 'latin1');
}

const KINDS: readonly [string, string, readonly string[], string | null, string][] = [
  ['abuse.eml', 'abuse suppress', ['ann@example.net'], 'original-rcpt-to', 'the usual form'],
  [
    'abuse-several.eml',
    'abuse suppress',
    ['bob@example.net', 'carl@example.org'],
    'original-rcpt-to',
    'all of them count',
  ],
  ['opt-out-base64.eml', 'opt-out unsubscribe', ['eve@example.net'], 'removal-recipient', 'an encoded part'],
  ['fraud-quoted-printable.eml', 'fraud report', ['gina@example.net'], 'original-rcpt-to', 'an encoded part'],
  ['not-spam.eml', 'not-spam none', ['frank@example.net'], 'original-rcpt-to', 'RFC 6430: the contrary of a complaint'],
  ['authentication-failure.eml', 'auth-failure none', ['kim@example.net'], 'original-rcpt-to', 'about DMARC'],
  ['yahoo.eml', 'abuse suppress', ['hana@yahoo.example'], 'x-apparently-to', 'its own field is empty'],
  ['microsoft.eml', 'abuse suppress', ['ivan@outlook.example'], 'x-hmxmroriginalrecipient', 'no fields at all'],
  ['apple.eml', 'opt-out unsubscribe', ['jane@icloud.example'], 'from', 'written in the name of the reader'],
  ['redacted-signed.eml', 'abuse suppress', [], null, 'hidden'],
  ['redacted-logged.eml', 'abuse suppress', [], null, 'hidden behind a hash'],
];

for (const [name, kind, recipients, from, why] of KINDS) {
  test(`${name}: ${kind} for ${recipients.join(' and ') || 'nobody'} (${why})`, () => {
    for (const source of [
      fixture(name),
      fixture(name).replaceAll('\n', '\r\n'),
      fixture(name).replaceAll('\n', '\r'),
    ]) {
      const found = read(source);
      assert.ok(found !== null);
      assert.equal(`${found.feedbackType} ${found.action}`, kind);
      assert.deepEqual(found.recipients, recipients);
      assert.equal(found.recipientFrom, from);
    }
  });
}

test('mail that is no complaint is none', () => {
  assert.equal(read(fixture('ordinary.eml')), null);
  assert.equal(read(''), null);
});

test('what the report tells besides is told on', () => {
  const found = read(fixture('abuse-several.eml'));
  assert.deepEqual(
    [
      found?.incidents,
      found?.sourceIp,
      found?.userAgent,
      found?.originalMailFrom,
      found?.messageId,
      found?.reportedDomains,
    ],
    [3, '192.0.2.25', 'ProviderFBL/2.0', 'bounce@bounces.shop.example', 'spring-17@shop.example', ['shop.example']],
  );
  assert.equal(read(fixture('microsoft.eml'))?.sourceIp, '192.0.2.25', 'from the subject');
});

test('a hidden recipient can be told by the signed return path', () => {
  const keys = [{ secret: Buffer.from('only-for-tests-and-never-for-real-mail!!') }];
  const found = read(fixture('redacted-signed.eml'));
  const checks = (found?.returnAddresses ?? []).map((address) => checkVerp(address, keys));
  assert.ok(checks.some((check) => check.status === 'signed' && check.recipient === 'dora@example.net'));
});

/** Values of Original-Rcpt-To, and whether they name somebody. */
const RECIPIENTS: readonly [string, string | null, string][] = [
  ['<pia@example.net>', 'pia@example.net', ''],
  ['rfc822; pia@example.net', 'pia@example.net', 'the form of delivery reports'],
  ['mailto:pia@example.net', 'pia@example.net', ''],
  ['hashed@example.com', 'hashed@example.com', 'an address like any other'],
  ['redacted.person@example.net', null, 'the word begins it'],
  ['<redacted@example.net>', null, ''],
  ['redacted', null, ''],
  ['[redacted]', null, ''],
  ['redacted-a1b2c3@example.net', null, 'RFC 6590 puts a hash behind it'],
  ['undisclosed-recipients:;', null, ''],
  ['"undisclosed recipient" <redacted@example.net>', null, 'Comcast'],
  ['pia@redacted.invalid', null, 'the domain is hidden'],
  ['xxxx@example.net', null, ''],
  ['<>', null, ''],
  ['', null, ''],
  ['Reda <reda@example.net>', 'reda@example.net', 'a name that begins alike'],
];

for (const [value, address, why] of RECIPIENTS) {
  test(`Original-Rcpt-To ${JSON.stringify(value)} names ${address ?? 'nobody'}${why === '' ? '' : `: ${why}`}`, () => {
    const source = fixture('abuse.eml')
      .replace('Original-Rcpt-To: <ann@example.net>', `Original-Rcpt-To: ${value}`)
      .replace('To: ann@example.net', 'To: undisclosed-recipients:;');
    assert.deepEqual(read(source)?.recipients, address === null ? [] : [address]);
  });
}

test('To of the reported mail counts only where it names one person', () => {
  const withoutField = fixture('abuse.eml').replace('Original-Rcpt-To: <ann@example.net>\n', '');
  assert.deepEqual(read(withoutField)?.recipients, ['ann@example.net']);
  const several = withoutField.replace('To: ann@example.net', 'To: ann@example.net, bob@example.net');
  assert.deepEqual(read(several)?.recipients, []);
});

test('fields in a part of another type are found, and an unknown type is for people', () => {
  const plain = fixture('abuse.eml').replace('Content-Type: message/feedback-report', 'Content-Type: text/plain');
  assert.equal(read(plain)?.feedbackType, 'abuse');
  assert.equal(
    read(fixture('abuse.eml').replace('Feedback-Type: abuse', 'Feedback-Type: Novel_Kind'))?.action,
    'report',
  );
  assert.equal(read(fixture('abuse.eml').replace('Feedback-Type: abuse\n', ''))?.action, 'suppress');
});

test('header names like __proto__ do no harm', () => {
  const source = fixture('abuse.eml').replace('Version: 1', '__proto__: x\nconstructor: y\nVersion: 1');
  assert.deepEqual(read(source)?.recipients, ['ann@example.net']);
});

for (const sign of ['<', '(', '@', ' ', ';', ',', '"', '-', ':', '\n', '=', 'a@', '<a@b.c>,', 'redacted@']) {
  test(`a megabyte of ${JSON.stringify(sign)} in any place is read in no time`, () => {
    const flood = sign.repeat(1_000_000 / sign.length);
    const places = ['Original-Rcpt-To: ', 'Original-Mail-From: ', 'Subject: ', 'From: ', 'Source-IP: ', '\nTo: '];
    const start = performance.now();
    for (const place of places) read(fixture('abuse.eml').replace(place, `${place}${flood}`));
    read(flood);
    const ms = performance.now() - start;
    assert.ok(ms < 30_000, `${ms} ms for ${places.length + 1} messages`);
  });
}
