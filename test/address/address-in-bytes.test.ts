// What is read of an address in the bytes of a list is what its text would tell.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addressInBytes } from '../../src/address/address-in-bytes.ts';
import { roleInBytes, roleOf } from '../../src/address/role.ts';
import { HIGH_RISK_NAMES, ROLE_NAMES } from '../../src/address/role-names.ts';
import { screenAddress } from '../../src/address/screen.ts';

const FIELDS = ['valid', 'address', 'local', 'domain', 'key', 'smtputf8', 'quoted', 'suspicious', 'repairs'] as const;

const texts: readonly [text: string, isPlain: boolean, why: string][] = [
  ['anna@firma.de', true, 'as most rows are'],
  ['Anna.Meier@Firma.DE', true, 'capitals on both sides'],
  ['Anna@firma.de', true, 'capitals in front'],
  ['anna@FIRMA.de', true, 'capitals behind'],
  ['a+b/c=d|e@x-y.example.org', true, 'every sign of atext'],
  ["o'neill@firma.ie", true, 'an apostrophe within'],
  ["'anna@firma.de", false, 'one in front may be a spreadsheet’s'],
  [' anna@firma.de', false, 'blanks want a repair'],
  ['anna@firma', false, 'no dot'],
  ['anna@xn--frma-1ta.de', false, 'A-labels are looked at closely'],
  ['änna@firma.de', false, 'not ASCII'],
  ['anna@firma.dé', false, 'not ASCII'],
  ['anna@@firma.de', false, 'two @'],
  ['anna..b@firma.de', false, 'two dots'],
  ['', false, 'nothing'],
  [`${'a'.repeat(65)}@firma.de`, false, 'too long a local part'],
  [`a@${'b'.repeat(250)}.de`, false, 'too long'],
];

for (const [text, isPlain, why] of texts) {
  test(`${JSON.stringify(text.slice(0, 40))} is ${isPlain ? '' : 'not '}read in bytes: ${why}`, () => {
    const bytes = Buffer.from(`x,${text},y`);
    const found = addressInBytes(bytes, 2, bytes.length - 2);
    assert.equal(found !== null, isPlain);
    if (found === null) return;
    const screened = screenAddress(text) as unknown as Record<string, unknown>;
    for (const field of FIELDS) assert.deepEqual(found[field], screened[field], field);
  });
}

test('whatever is read in bytes says what its text would', () => {
  const piece = fc.constantFrom(
    'anna',
    'B',
    '.',
    '-',
    '+',
    '1',
    '@',
    '@firma.de',
    'X.',
    'xn--',
    'com',
    "'",
    'ü',
    ' ',
    '😀',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const text = pieces.join('');
      const bytes = Buffer.from(text);
      const found = addressInBytes(bytes, 0, bytes.length);
      if (found === null) return;
      const screened = screenAddress(text) as unknown as Record<string, unknown>;
      for (const field of FIELDS) assert.deepEqual(found[field], screened[field], field);
    }),
    { numRuns: 3000 },
  );
});

test('bytes tell a role as the text does, in all spellings of all names', () => {
  const names = [...ROLE_NAMES, ...HIGH_RISK_NAMES].filter((name) => /^[a-z]+$/.test(name)); // only ASCII is plain
  for (const name of [...names, 'anna', 'infox', 'xinfo', 'inf', 'a']) {
    const middle = Math.max(1, name.length >> 1);
    const dotted = `${name.slice(0, middle)}.${name.slice(middle)}`;
    for (const local of [name, name.toUpperCase(), `${name}+tag`, `+${name}`, dotted, `${name}-`, `_${name}`]) {
      const bytes = Buffer.from(`,${local},`);
      assert.equal(roleInBytes(bytes, 1, bytes.length - 1), roleOf(local), local);
    }
  }
});
