// Measures the checks on addresses labelled by hand, read in place; skips with a notice where they are not at hand.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isPlainlyValid, screenAddress } from '../../src/address/screen.ts';

const CORPUS = join(import.meta.dirname, '..', '..', '..', 'shared', 'corpora', 'syntax.jsonl');
const skip = existsSync(CORPUS) ? false : `the labelled addresses are not here (${CORPUS})`;

interface Row {
  readonly address: string;
  readonly valid: boolean;
  readonly repairable?: string;
  readonly normalized?: string;
  readonly ascii?: string;
}

function readRows(): readonly Row[] {
  return readFileSync(CORPUS, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row);
}

test('at least 99 of 100 labelled addresses are judged as labelled', { skip }, (t) => {
  const rows = readRows();
  const wrong = rows.filter(({ address, valid }) => isPlainlyValid(screenAddress(address)) !== valid);
  t.diagnostic(`${rows.length - wrong.length} of ${rows.length} as labelled`);
  for (const row of wrong) t.diagnostic(`wrong: ${JSON.stringify(row)}`);
  assert.ok(rows.length > 0);
  assert.ok(wrong.length <= rows.length / 100);
});

test('an address is taken out of a cell only where the label agrees', { skip }, (t) => {
  const repairable = readRows().filter((row) => row.repairable !== undefined);
  const wronglyTaken = readRows().filter(({ address, valid, repairable: holds }) => {
    const screening = screenAddress(address);
    return screening.valid && !screening.quoted && !valid && screening.address !== holds;
  });
  const missed = repairable.filter(({ address, repairable: holds }) => {
    const screening = screenAddress(address);
    return !screening.valid || screening.address !== holds;
  });
  t.diagnostic(`${repairable.length - missed.length} of ${repairable.length} repairable cells repaired`);
  t.diagnostic(`${wronglyTaken.length} others taken for good`);
  for (const row of [...wronglyTaken, ...missed]) t.diagnostic(`wrong: ${JSON.stringify(row)}`);
  assert.ok(wronglyTaken.length <= repairable.length / 100);
  assert.ok(missed.length <= repairable.length / 100);
});

test('normal forms are those of the labels', { skip }, () => {
  for (const row of readRows()) {
    const screening = screenAddress(row.address);
    if (!row.valid || !screening.valid) continue;
    if (row.normalized !== undefined) assert.equal(screening.address, row.normalized);
    if (row.ascii !== undefined) assert.equal(`${screening.local}@${screening.domain}`, row.ascii);
  }
});
