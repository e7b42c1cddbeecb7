// Which name is near a mistyped one, and which is not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { didYouMean, nearest } from '../../src/cli/nearest.ts';

const OPTIONS = ['--concurrency', '--per-domain', '--per-provider', '--helo', '--from', '--rate', '--keep', '--wait'];

const cases: readonly [word: string, expected: string | null, why: string][] = [
  ['--helo', '--helo', 'the name itself'],
  ['--hleo', '--helo', 'two letters swapped'],
  ['--helo-name', null, 'too many letters more'],
  ['--hello', '--helo', 'a letter too many'],
  ['--conncurency', '--concurrency', 'a letter too many and one too few'],
  ['--conc', '--concurrency', 'the beginning of a name'],
  ['--PER_DOMAIN', '--per-domain', 'capitals and underscores'],
  ['--per-domian', '--per-domain', 'the nearer of two alike'],
  ['--per-provder', '--per-provider', 'the other of the two'],
  ['--zzzz', null, 'nothing alike'],
  ['--', null, 'dashes alone'],
  ['--k', null, 'one letter says too little'],
  ['', null, 'nothing typed'],
  [`--${'x'.repeat(100)}`, null, 'longer than any name'],
];

for (const [word, expected, why] of cases) {
  test(`${word.slice(0, 20) || 'nothing'} is taken for ${expected ?? 'nothing'}: ${why}`, () => {
    assert.equal(nearest(word, OPTIONS), expected);
  });
}

test('short words allow one slip', () => {
  assert.equal(nearest('vlaid', ['valid', 'invalid', 'unknown']), 'valid');
  assert.equal(nearest('mx', ['mx', 'status']), 'mx');
  assert.equal(nearest('mz', ['mx', 'status']), 'mx');
});

test('the suggestion is a phrase to append, or nothing', () => {
  assert.equal(didYouMean('--hello', OPTIONS), ' (did you mean --helo?)');
  assert.equal(didYouMean('--zzzz', OPTIONS), '');
});
