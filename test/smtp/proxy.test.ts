// What names a proxy, and that its password is never said again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MailgateError } from '../../src/errors.ts';
import { parseProxy, parseProxyWithoutPassword, withoutLogin } from '../../src/smtp/proxy.ts';

const GOOD: readonly [text: string, expected: object, label: string][] = [
  [
    'socks5://proxy.example:1080',
    { host: 'proxy.example', port: 1080, login: null, looksUpNames: false },
    'socks5://proxy.example:1080',
  ],
  [
    'socks5h://proxy.example:9050',
    { host: 'proxy.example', port: 9050, login: null, looksUpNames: true },
    'socks5h://proxy.example:9050',
  ],
  [
    'socks5://127.0.0.1',
    { host: '127.0.0.1', port: 1080, login: null, looksUpNames: false },
    'socks5://127.0.0.1:1080',
  ],
  [
    'socks5://[2001:db8::1]:1081/',
    { host: '2001:db8::1', port: 1081, login: null, looksUpNames: false },
    'socks5://[2001:db8::1]:1081',
  ],
  [
    'socks5://me:secret@proxy.example:1080',
    { host: 'proxy.example', port: 1080, login: { user: 'me', password: 'secret' }, looksUpNames: false },
    'socks5://***@proxy.example:1080',
  ],
  [
    'socks5://me%40shop:p%3A%2C%2F%25@p.example:1',
    { host: 'p.example', port: 1, login: { user: 'me@shop', password: 'p:,/%' }, looksUpNames: false },
    'socks5://***@p.example:1',
  ],
  [
    'socks5://me@p.example:1',
    { host: 'p.example', port: 1, login: { user: 'me', password: '' }, looksUpNames: false },
    'socks5://***@p.example:1',
  ],
  [' SOCKS5://p.example:1 ', { host: 'p.example', port: 1, login: null, looksUpNames: false }, 'socks5://p.example:1'],
];

for (const [text, expected, label] of GOOD) {
  test(`${text} is a proxy, shown as ${label}`, () => {
    const { id, label: shown, ...rest } = parseProxy(text);
    assert.deepEqual(rest, expected);
    assert.equal(shown, label);
    assert.doesNotMatch(id, /secret|p%3A|me%40shop|me@/);
  });
}

const BAD = [
  '',
  'proxy',
  'proxy.example:1080',
  'http://p.example:1',
  'socks4://p.example:1',
  'socks5://',
  'socks5://:1080',
  'socks5://p.example:99999',
  'socks5://p.example:0x50',
  'socks5://p.example/path',
  'socks5://p.example?x',
  'socks5://p.example#x',
  'socks5://me:secret@',
  'socks5://me:secret@p.example:99999',
  'http://me:secret@p.example:1',
  'socks5://me:%zzsecret@p.example:1',
  'socks5:me:secret@p.example',
  `socks5://me:${'secret'.repeat(50)}@p.example:1`,
  'socks5://me:secret@p.example:1/x',
  'me:secret@p.example:1',
];

for (const text of BAD) {
  test(`${text.slice(0, 60)} is none, and the refusal quotes no login`, () => {
    assert.throws(
      () => parseProxy(text),
      (error) => {
        assert.ok(error instanceof MailgateError && error.kind === 'usage');
        assert.doesNotMatch(`${error.message} ${error.hint}`, /secret/);
        return true;
      },
    );
  });
}

test('a password is refused where everybody can read it, with the way to give it', () => {
  assert.equal(parseProxyWithoutPassword('socks5://me@p.example:1').login?.user, 'me');
  assert.throws(
    () => parseProxyWithoutPassword('socks5://me:secret@p.example:1'),
    (error) => {
      assert.ok(error instanceof MailgateError && error.hint?.includes('MAILGATE_PROXY') === true);
      assert.doesNotMatch(error.message, /secret|\bme\b/);
      return true;
    },
  );
});

test('exits of one place are told apart by their users, and one exit stays the same', () => {
  const idOf = (text: string): string => parseProxy(text).id;
  assert.equal(idOf('socks5://a:x@p.example:1'), idOf('socks5://a:y@p.example:1'));
  assert.notEqual(idOf('socks5://a:x@p.example:1'), idOf('socks5://b:x@p.example:1'));
  assert.notEqual(idOf('socks5://p.example:1'), idOf('socks5://p.example:2'));
});

test('logins vanish from any text', () => {
  assert.equal(
    withoutLogin('proxy = ["socks5://a:b@c:1", "socks5h://d:e@f:2"]'),
    'proxy = ["socks5://***@c:1", "socks5h://***@f:2"]',
  );
});
