import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseContentType } from '../../src/feedback/content-type.ts';
import { htmlToText } from '../../src/feedback/html-text.ts';
import { bytesOfPart, readMime, textOfPart } from '../../src/feedback/mime.ts';
import { decodedHeader, headerOf } from '../../src/feedback/mime-headers.ts';

function mime(text: string) {
  return readMime(Buffer.from(text, 'latin1'));
}

function textsOf(text: string): string[] {
  return mime(text).parts.map((part) => textOfPart(part));
}

test('headers are unfolded, and the first of several counts', () => {
  const { headers } = mime('Subject: one\n two\n\tthree\nX-A: 1\nx-a: 2\nbroken line\n\nbody');
  assert.equal(headerOf(headers, 'subject'), 'one two three');
  assert.deepEqual(headers.get('x-a'), ['1', '2']);
});

test('an mbox separator in front is no header', () => {
  assert.equal(headerOf(mime('From x@y Thu Jan  1 00:00:00 2026\nSubject: one\n\nbody').headers, 'subject'), 'one');
});

test('encoded words are decoded; unknown charsets stay as they are or are read as they can be', () => {
  const { headers } = mime('Subject: =?iso-2022-jp?B?GyRCJEskYyE8JHMbKEI=?=\nX: =?x-none?Q?a=20b?=\n\n');
  assert.equal(decodedHeader(headers, 'subject'), 'にゃーん');
  assert.match(decodedHeader(headers, 'x'), /a b|x-none/);
});

const MULTIPART =
  'Content-Type: multipart/mixed; boundary="b"\n\npreamble\n--b\nContent-Type: text/plain\n\none\n--b\n\ntwo\n--b--\nepilogue';

test('parts are those between the delimiters, for every kind of line end', () => {
  for (const end of ['\n', '\r\n', '\r']) assert.deepEqual(textsOf(MULTIPART.replaceAll('\n', end)), ['one', 'two']);
});

const TOLERATED: readonly (readonly [string, readonly string[], string])[] = [
  [MULTIPART.replace('--b--\nepilogue', ''), ['one', 'two\n'], 'no closing delimiter'],
  [MULTIPART.replaceAll('--b\n', '--b   \n'), ['one', 'two'], 'spaces behind the delimiter'],
  [MULTIPART.replace('one', '--bb\none'), ['--bb\none', 'two'], 'a longer boundary is not this one'],
  [MULTIPART.replace('one', 'x --b\none'), ['x --b\none', 'two'], 'a delimiter stands at the start of a line'],
  [MULTIPART.replace('; boundary="b"', ''), [MULTIPART.slice(MULTIPART.indexOf('preamble'))], 'no boundary: one part'],
];

for (const [text, expected, why] of TOLERATED) {
  test(`multipart: ${why}`, () => assert.deepEqual(textsOf(text), expected));
}

test('an attached message is a part, followed by its own parts, one level deep', () => {
  const { parts } = mime(
    `Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: message/rfc822\n\n${MULTIPART}\n--o--`,
  );
  assert.deepEqual(
    parts.map(({ type, messageDepth }) => [type, messageDepth]),
    [
      ['message/rfc822', 0],
      ['text/plain', 1],
      ['text/plain', 1],
    ],
  );
});

const ENCODED: readonly (readonly [headers: string, body: string, expected: string, why: string])[] = [
  ['Content-Transfer-Encoding: base64', 'SGVsbG8=\n', 'Hello', 'base64'],
  ['Content-Transfer-Encoding: BASE64', 'SGVs bG8', 'Hello', 'base64 with a space and without its end'],
  ['Content-Transfer-Encoding: quoted-printable', 'a=3Db=\n c=\r\n', 'a=b c', 'quoted-printable'],
  ['Content-Transfer-Encoding: quoted-printable', 'a=ZZ=', 'a=ZZ=', 'broken quoted-printable stays'],
  ['Content-Type: text/plain; charset=utf-8', 'gr\xc3\xbcn', 'grün', 'UTF-8'],
  ['Content-Type: text/plain; charset=uft-8', 'gr\xc3\xbcn', 'grün', 'UTF-8 misspelt'],
  ['Content-Type: text/plain', 'gr\xc3\xbcn', 'grün', 'UTF-8 untold'],
  ['Content-Type: text/plain', 'gr\xfcn', 'grün', 'Latin-1 untold'],
  ['Content-Type: text/plain; charset=no-such-thing', 'gr\xfcn', 'grün', 'a charset nobody knows'],
  ['Content-Type: text/plain; charset=ISO-2022-JP', '\x1b$B$K$c!<$s\x1b(B', 'にゃーん', 'ISO-2022-JP'],
  ['Content-Type: text/plain; charset=unicode-1-1-utf-7', 'plain', 'plain', 'UTF-7 is read as ASCII'],
];

for (const [headers, body, expected, why] of ENCODED) {
  test(`content: ${why}`, () => assert.equal(textsOf(`${headers}\n\n${body}`)[0], expected));
}

test('decoded bytes are bounded by what comes out', () => {
  const [part] = mime(`Content-Transfer-Encoding: base64\n\n${'QUJD'.repeat(10_000)}`).parts;
  assert.ok(part);
  assert.equal(bytesOfPart(part, 100).length, 100);
  assert.equal(bytesOfPart(part, 1_000_000).length, 30_000);
});

const TYPES: readonly (readonly [string, string, Record<string, string>])[] = [
  ['Text/Plain', 'text/plain', {}],
  [
    'multipart/report; report-type=delivery-status; boundary="a;b"',
    'multipart/report',
    { 'report-type': 'delivery-status', boundary: 'a;b' },
  ],
  ['multipart/mixed;boundary=x', 'multipart/mixed', { boundary: 'x' }],
  ['text/plain; charset="utf\\-8"', 'text/plain', { charset: 'utf-8' }],
  ['a/b; name*0="one"; name*1="two"', 'a/b', { name: 'onetwo' }],
  ["a/b; name*=utf-8''a%20b", 'a/b', { name: 'a b' }],
  ['a/b; x="unfinished', 'a/b', { x: 'unfinished' }],
  ['', '', {}],
  [';;;=;', '', {}],
];

for (const [value, type, parameters] of TYPES) {
  test(`the content type ${JSON.stringify(value)} is read`, () => {
    const read = parseContentType(value);
    assert.deepEqual([read.type, Object.fromEntries(read.parameters)], [type, parameters]);
  });
}

test('HTML becomes lines of text', () => {
  assert.equal(htmlToText('<style>x{}</style><p>a&nbsp;&lt;b&gt;</p><br>c&#64;d<unfinished').trim(), 'a <b>\n\nc@d');
});
