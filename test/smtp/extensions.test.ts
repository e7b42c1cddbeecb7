// What is read out of an EHLO reply.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseExtensions } from '../../src/smtp/extensions.ts';

const cases: readonly (readonly [text: string, extensions: readonly (readonly [string, string])[], why: string])[] = [
  ['mx.test', [], 'a greeting alone offers nothing'],
  ['PIPELINING', [], 'the first line is the host name, whatever it looks like'],
  [
    'mx.test\nPIPELINING\nSIZE 1000',
    [
      ['PIPELINING', ''],
      ['SIZE', '1000'],
    ],
    'keywords and parameters',
  ],
  [
    'mx.test\npipelining\nStartTLS',
    [
      ['PIPELINING', ''],
      ['STARTTLS', ''],
    ],
    'case does not matter',
  ],
  ['mx.test\nAUTH PLAIN LOGIN\nAUTH=LOGIN', [['AUTH', 'LOGIN']], 'the old form with "=", the last one wins'],
  [
    'mx.test\n8BITMIME\nENHANCEDSTATUSCODES',
    [
      ['8BITMIME', ''],
      ['ENHANCEDSTATUSCODES', ''],
    ],
    'digits and length',
  ],
  ['mx.test\nX-SOMETHING  a  b ', [['X-SOMETHING', 'a  b']], 'private ones, spaces trimmed'],
  ['mx.test\n\n -bad\n\x1b[1mX\nPIPELINING', [['PIPELINING', '']], 'lines of no sense are left out'],
  ['mx.test\n__proto__ 1\nconstructor', [['CONSTRUCTOR', '']], 'names are keys of a map'],
];

for (const [text, extensions, why] of cases) {
  test(`${JSON.stringify(text)}: ${why}`, () => assert.deepEqual([...parseExtensions(text)], extensions));
}

test('keeps a bounded number of offers of bounded length', () => {
  const text = Array.from({ length: 199 }, (_, index) => `X${index} ${'p'.repeat(300)}`).join('\n');
  const extensions = parseExtensions(text);
  assert.equal(extensions.size, 64);
  assert.equal(extensions.get('X1')?.length, 200);
  assert.equal(parseExtensions(`mx.test\n${'X'.repeat(65)}`).size, 0);
});
