import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readMessage } from '../../src/feedback/bounce.ts';
import { readMime } from '../../src/feedback/mime.ts';
import { splitAtOriginal } from '../../src/feedback/original-message.ts';
import { returnAddressesOf, unwrapped } from '../../src/feedback/return-addresses.ts';

const KINDS: readonly (readonly [headers: string, kind: string])[] = [
  ['From: kim@example.test\nAuto-Submitted: auto-replied\nSubject: Hello', 'autoreply'],
  ['From: kim@example.test\nAuto-Submitted: auto-generated\nSubject: Hello', 'autoreply'],
  ['From: kim@example.test\nAuto-Submitted: no\nSubject: Hello', 'not_bounce'],
  ['From: kim@example.test\nPrecedence: auto_reply\nSubject: Hello', 'autoreply'],
  ['From: kim@example.test\nX-Autoreply: yes\nSubject: Hello', 'autoreply'],
  ['From: kim@example.test\nX-Auto-Response-Suppress: All\nSubject: Hello', 'autoreply'],
  ['From: kim@example.test\nX-Apple-Action: VACATION\nSubject: Hello', 'autoreply'],
  ['From: kim@example.test\nSubject: Automatic reply: Our news', 'autoreply'],
  ['From: kim@example.test\nSubject: Out of Office Re: Our news', 'autoreply'],
  ['From: kim@example.test\nSubject: Abwesenheitsnotiz: Neues', 'autoreply'],
  ['From: kim@example.test\nSubject: =?utf-8?Q?R=C3=A9ponse_automatique_=3A_news?=', 'autoreply'],
  ['From: kim@example.test\nSubject: =?utf-8?B?6Ieq5YuV6L+U5L+h?=', 'autoreply'],
  ['From: kim@example.test\nSubject: How to write an automatic reply', 'not_bounce'],
  ['From: staff@hotmail.com\nSubject: complaint about message from 192.0.2.1', 'complaint'],
  ['From: x@example.test\nX-Apple-Unsubscribe: true\nSubject: Unsubscribe', 'complaint'],
  ['From: no-reply@shop.test\nSubject: Your parcel', 'not_bounce'],
  ['From: MAILER-DAEMON@mx.test\nSubject: Undelivered Mail', 'unparsed'],
  ['From: root@host.test\nSubject: Cron <root@host> backup', 'not_bounce'],
];

for (const [headers, kind] of KINDS) {
  test(`${JSON.stringify(headers)} is ${kind}`, () => {
    assert.equal(readMessage(Buffer.from(`${headers}\n\nSome words.\n`)).kind, kind);
  });
}

test('the returned mail begins at its marker or at its first header', () => {
  for (const marker of [
    '----- Original message -----',
    '--- Below this line is a copy of the message.',
    '------ This is a copy of the message, including all the headers. ------',
    'Original message headers:',
    '|--- Message text follows: ---|',
  ]) {
    assert.deepEqual(splitAtOriginal(`words\n${marker}\nTo: a\n`), { words: 'words\n', original: 'To: a\n' });
  }
  assert.deepEqual(splitAtOriginal('words\nReceived: by x\nTo: a'), {
    words: 'words\n',
    original: 'Received: by x\nTo: a',
  });
  assert.deepEqual(splitAtOriginal('The original message was received at 9:00').original, '');
});

test('wrapped return addresses are unwrapped', () => {
  assert.deepEqual(unwrapped('prvs=0123abcdef=user@example.test'), ['user@example.test']);
  assert.deepEqual(unwrapped('SRS0=HHHH=TT=example.test=user@relay.test'), ['user@example.test']);
  assert.deepEqual(unwrapped('SRS1=HHHH=first.test==HHHH=TT=example.test=user@relay.test'), ['user@example.test']);
  assert.deepEqual(unwrapped('user@example.test'), []);
});

test('a bounce was returned to what the envelope fields and To say', () => {
  const { headers } = readMime(
    Buffer.from('Delivered-To: b+x@y.test\nTo: "Shop" <shop@y.test>\nX-Original-To: prvs=0123abcdef=b+x@y.test\n\n'),
  );
  assert.deepEqual(returnAddressesOf({ headers }), ['prvs=0123abcdef=b+x@y.test', 'b+x@y.test', 'shop@y.test']);
});
