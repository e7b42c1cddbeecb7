// Tests src/dns/names.ts: names between text and wire, and the bounds on what a stranger may write.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalName, encodeName, isDomainName, readName } from '../../src/dns/names.ts';

const wire = (...labels: string[]): Buffer =>
  Buffer.concat([
    ...labels.map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, 'latin1')])),
    Buffer.from([0]),
  ]);

const readings: [Buffer, string, string][] = [
  [wire('Mail', 'EXAMPLE', 'test'), 'mail.example.test', 'letters are made lower case'],
  [wire(), '.', 'the root'],
  [wire('_dmarc', 'a'), '_dmarc.a', 'an underscore is an ordinary octet here'],
  [wire('a.b', 'test'), 'a\\046b.test', 'a dot inside a label is no separator'],
  [wire('a\\b'), 'a\\092b', 'a backslash'],
  [wire('a b', '\x1b[31m', '\xe4'), 'a\\032b.\\027[31m.\\228', 'spaces, terminal codes and 8-bit octets are escaped'],
];
for (const [octets, text, why] of readings) {
  test(`a name reads ${text}: ${why}`, () => {
    assert.deepEqual(readName(octets, 0), { name: text, end: octets.length });
    if (text !== '.')
      assert.deepEqual(
        encodeName(text),
        Buffer.from(
          octets.toString('latin1').replace(/[A-Z]/g, (c) => c.toLowerCase()),
          'latin1',
        ),
      );
  });
}

test('a compressed name goes on at the pointer and ends behind it', () => {
  const message = Buffer.concat([
    wire('example', 'test'),
    Buffer.from([4]),
    Buffer.from('mail'),
    Buffer.from([0xc0, 0]),
  ]);
  assert.deepEqual(readName(message, 14), { name: 'mail.example.test', end: 21 });
});

const pointerChain = (hops: number): Buffer => {
  const chain = [0];
  for (let i = 0; i < hops; i += 1) chain.push(0xc0, i === 0 ? 0 : 1 + 2 * (i - 1));
  return Buffer.from(chain);
};

const refused: [Buffer, number, string][] = [
  [Buffer.from([]), 0, 'nothing'],
  [Buffer.from([3, 0x61]), 0, 'a label past the end'],
  [Buffer.from([1, 0x61]), 0, 'no root'],
  [Buffer.from([0x40, 0]), 0, 'an unknown label type'],
  [Buffer.from([0xc0]), 0, 'half a pointer'],
  [Buffer.from([0xc0, 0]), 0, 'a pointer to itself'],
  [Buffer.from([0xc0, 2, 0xc0, 0]), 0, 'a pointer forwards'],
  [Buffer.from([1, 0x61, 0xc0, 0]), 0, 'a loop'],
  [pointerChain(33), 65, '33 pointers in a row'],
  [
    Buffer.concat(Array.from({ length: 5 }, () => wire('x'.repeat(63)).subarray(0, 64)).concat(Buffer.from([0]))),
    0,
    'more than 255 octets',
  ],
];
for (const [octets, start, why] of refused) {
  test(`no name is read from ${why}`, () => {
    assert.equal(readName(octets, start), null);
  });
}

test('32 pointers in a row are still followed', () => {
  assert.deepEqual(readName(pointerChain(32), 63), { name: '.', end: 65 });
});

test('whatever name is read can be asked for again, octet by octet', () => {
  const label = fc.uint8Array({ minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(fc.array(label, { minLength: 1, maxLength: 5 }), (labels) => {
      const octets = Buffer.concat([...labels.map((each) => Buffer.from([each.length, ...each])), Buffer.from([0])]);
      const read = readName(octets, 0);
      assert.ok(read);
      assert.match(read.name, /^[\x21-\x7e]+$/);
      const again = encodeName(read.name);
      assert.ok(again);
      assert.deepEqual(readName(again, 0)?.name, read.name);
      assert.equal(again.length, octets.length);
    }),
    { numRuns: 300 },
  );
});

const domains: [string, boolean][] = [
  ['example.test', true],
  ['xn--bcher-kva.test', true],
  ['_x.test', true],
  ['-a.test', false],
  ['a-.test', false],
  ['a..test', false],
  ['a.test.', false],
  ['A.test', false],
  ['a/b.test', false],
  ['', false],
  [`${'x'.repeat(64)}.test`, false],
  [`${'abcdefg.'.repeat(32)}test`, false],
];
for (const [name, expected] of domains) {
  test(`"${name}" is ${expected ? '' : 'no '}validated domain name`, () => {
    assert.equal(isDomainName(name), expected);
  });
}

test('names compare without case and trailing dot, and letters beyond ASCII stay themselves', () => {
  assert.equal(canonicalName('A.Test.'), 'a.test');
  assert.equal(canonicalName('\u212a.test'), '\u212a.test');
});
