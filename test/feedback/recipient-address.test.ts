import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainAddress, recipientAddress } from '../../src/feedback/recipient-address.ts';

const FIELDS: readonly (readonly [string, string | null, string])[] = [
  ['rfc822; a@b.example', 'a@b.example', 'the usual form'],
  ['RFC822;a@b.example', 'a@b.example', 'types in any case'],
  ['a@b.example', 'a@b.example', 'no type'],
  ['rfc/822;a@b.example', 'a@b.example', 'Mimecast'],
  ['rfc822; <a@b.example>', 'a@b.example', 'angle brackets'],
  ['rfc822; Ann <a@b.example>', 'a@b.example', 'a name in front'],
  ['rfc822; "a@b.example"', 'a@b.example', 'quotes around it'],
  ['rfc822; a@b.example (forwarded)', 'a@b.example', 'a comment behind'],
  ['rfc822; mailto:a@b.example', 'a@b.example', 'a link'],
  ['rfc822; a@B.Example.', 'a@b.example', 'domain in lower case, without its last dot'],
  ['rfc822; <@relay.example,@other.example:u@host.example>', 'u@host.example', 'source route (RFC 5321 appendix C)'],
  ['rfc822; @smtp.example:u@server', null, 'an internal name is no address'],
  ['rfc822; u%host.example@relay.example', 'u@host.example', 'routed by per cent sign'],
  ['rfc822; a+40b.example', 'a@b.example', 'xtext (RFC 3461 section 4)'],
  ['rfc822; a+tag@b.example', 'a+tag@b.example', 'a plus beside a literal @ is only a plus'],
  ['rfc822; a+41@b.example', 'a+41@b.example', 'also where digits follow'],
  ['utf-8; j\\x{FC}rgen@b.example', 'jürgen@b.example', 'RFC 6533 section 3'],
  ['utf-8; 用户@例子.测试', '用户@例子.测试', 'RFC 6531 addresses'],
  ['LOCAL; |/usr/bin/procmail a@b.example', null, 'a pipe'],
  ['rfc822; |exec procmail #u@host.example', null, 'a pipe that looks like an address'],
  ['x400; /c=gb/admd=x/', null, 'X.400'],
  ['rfc822; @mx.example', null, 'a bare domain'],
  ['rfc822; <unknown>', null, 'no address at all'],
  ['rfc822; "odd name"@b.example', '"odd name"@b.example', 'a quoted local part'],
  ['rfc822; a@[192.0.2.1]', 'a@[192.0.2.1]', 'an address literal'],
  ['rfc822; a@b.example\0\0', 'a@b.example', 'a field padded with NUL'],
  ['rfc822; a\0b@c.example', null, 'no address holds a control character'],
  ['\ufeffa@b.example', 'a@b.example', 'a byte order mark in front'],
  ['', null, 'nothing'],
];

for (const [value, expected, why] of FIELDS) {
  test(`${JSON.stringify(value)} names ${expected}: ${why}`, () => assert.equal(recipientAddress(value), expected));
}

const TEXTS: readonly (readonly [string, string | null])[] = [
  ['a@b.example.', 'a@b.example'],
  ['a@b.example:', 'a@b.example'],
  ['a@b', null],
  ['two words@b.example', null],
  ['http://a@b.example', null],
  ['a@b@c.example', null],
];

for (const [value, expected] of TEXTS) {
  test(`the text ${JSON.stringify(value)} is ${expected ?? 'no address'}`, () =>
    assert.equal(plainAddress(value), expected));
}
