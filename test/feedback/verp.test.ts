import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MailgateError } from '../../src/errors.ts';
import { checkVerp, makeVerp, type VerpKey } from '../../src/feedback/verp.ts';

const KEY: VerpKey = { secret: Buffer.alloc(32, 7) };
const OLD_KEY: VerpKey = { secret: Buffer.alloc(48, 8) };
const RETURN = 'bounce@bounces.example.org';

function made(recipient: string): string {
  return makeVerp({ recipient, returnAddress: RETURN }, KEY);
}

const RECIPIENTS = [
  'someone@example.test',
  'a.b+tag@mail.example.test',
  "o'neil@example.test",
  'x=y@example.test',
  'ünal@example.test',
  'cust-42',
];

for (const recipient of RECIPIENTS) {
  test(`the return address for ${recipient} gives it back`, () => {
    assert.deepEqual(checkVerp(made(recipient), [KEY]), {
      status: 'signed',
      recipient,
      isAddress: recipient.includes('@'),
    });
  });
}

test('the address is readable, short enough and plain ASCII', () => {
  const address = made('someone@example.test');
  assert.match(address, /^bounce\+someone=example\.test\.[a-z2-7]{16}@bounces\.example\.org$/);
  for (const recipient of RECIPIENTS) {
    const local = made(recipient).split('@')[0] ?? '';
    assert.ok(local.length <= 64);
    assert.match(local, /^[\x21-\x7e]+$/);
  }
});

test('hosts that change the case do no harm', () => {
  assert.equal(checkVerp(made('Some.One@Example.TEST').toUpperCase(), [KEY]).status, 'signed');
});

test('nothing of it can be changed', () => {
  const address = made('someone@example.test');
  for (const forged of [
    address.replace('someone', 'another'),
    address.replace('bounce+', 'return+'),
    address.replace('example.org', 'example.net'),
    address.replace(/.@/, (end) => (end === 'a@' ? 'b@' : 'a@')),
  ]) {
    assert.equal(checkVerp(forged, [KEY]).status, 'forged', forged);
  }
});

test('another key does not fit, an earlier one still does', () => {
  const address = made('someone@example.test');
  assert.equal(checkVerp(address, [OLD_KEY]).status, 'forged');
  assert.equal(checkVerp(address, [OLD_KEY, KEY]).status, 'signed');
});

test('other addresses are foreign', () => {
  for (const address of [
    'bounce@bounces.example.org',
    'bounce+someone=example.test@bounces.example.org',
    'x',
    '',
    '@',
    `${'+'.repeat(9999)}@x`,
  ]) {
    assert.equal(checkVerp(address, [KEY]).status, 'foreign', address.slice(0, 60));
  }
});

test('what cannot become a return address is refused with the way out', () => {
  const refused = (work: () => unknown) =>
    assert.throws(work, (error) => error instanceof MailgateError && error.kind === 'usage');
  refused(() => made(`${'x'.repeat(60)}@example.test`));
  refused(() => made('no address at all'));
  refused(() => makeVerp({ recipient: 'a@b.test', returnAddress: 'bounce' }, KEY));
  refused(() => makeVerp({ recipient: 'a@b.test', returnAddress: RETURN }, { secret: Buffer.alloc(31) }));
});
