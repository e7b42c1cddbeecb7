// Words that stand for "no address", and that every one of them is still met after unwrapping.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPlaceholder, PLACEHOLDERS } from '../../src/address/placeholders.ts';
import { screenAddress } from '../../src/address/screen.ts';

test('every placeholder is recognised as such in a cell, in any case', () => {
  for (const word of PLACEHOLDERS) {
    for (const cell of [word, ` ${word.toUpperCase()} `, `"${word}"`]) {
      const screening = screenAddress(cell);
      assert.ok(!screening.valid);
      assert.equal(screening.reason, 'placeholder', cell);
    }
  }
});

test('signs alone stand for nothing, and names and addresses do not', () => {
  for (const text of ['-', '---', '?', '***', '\u2014', '#']) assert.equal(isPlaceholder(text), true, text);
  for (const text of ['joe', 'none@example.org', 'x@y.de', 'nonesuch', ''])
    assert.equal(isPlaceholder(text), false, text);
});
