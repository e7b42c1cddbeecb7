// The quick HMAC gives what Node's own gives.
import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { createKeyedHash } from '../../src/store/keyed-hash.ts';

test('the keyed hash of RFC 4231, test case 2', () => {
  const hash = createKeyedHash(Buffer.from('Jefe'));
  assert.equal(
    hash('what do ya want for nothing?'),
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  );
});

test('texts of every length hash as they do with an Hmac object', () => {
  const key = randomBytes(32);
  const hash = createKeyedHash(key);
  for (const text of ['', 'a', 'ä'.repeat(341), 'x'.repeat(342), '€'.repeat(2000), 'short again', '\ud800']) {
    assert.equal(hash(text), createHmac('sha256', key).update(text).digest('hex'), `${text.length} characters`);
  }
});
