// Shared cells must be the cells each row would have had alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AnnotatedRow, annotationOf } from '../../src/cli/annotation.ts';
import { ALL_COLUMNS, BASIC_COLUMNS, type ColumnName } from '../../src/cli/columns.ts';
import { RowCellsMaker } from '../../src/cli/row-cells.ts';
import { notChecked, RowFactsReader, verdictOfText } from '../../src/cli/row-facts.ts';
import { textOf } from '../../src/list/own-cells.ts';
import type { SharedCells } from '../../src/list/shared-cells.ts';
import type { Verdict } from '../../src/verdict.ts';

const NOW = Date.UTC(2026, 10, 21);

const ADDRESSES = [
  ...['anna@gmail.com', 'Anna@GMAIL.com', 'info@gmail.com', 'abuse@gmail.com', 'ben@firma.de', 'sales@firma.de'],
  ...['ben@gmial.com', 'info@gmial.com', 'ben@gmail.con', 'ben@mailinator.com', 'info@mailinator.com', 'ü@firma.de'],
  ...['ben@example.com', 'ben@pretend.test', 'no address', 'ben@@gmail.com', 'ben@gmail', '', '<eva@web.de>'],
];

const ANSWERED: Verdict = {
  ...notChecked('', NOW),
  ...{ status: 'valid', reason: 'accepted', stage: 'rcpt', mx: 'mx.firma.de', attempts: 1, checkedAt: NOW - 5000 },
  reply: { code: 250, enhanced: '2.1.5', text: '2.1.5 Ok' },
};

for (const columns of [ALL_COLUMNS, BASIC_COLUMNS, ['address'], ['duplicate_of', 'status']] as const) {
  test(`rows that share their cells have those of their own under ${columns.join(' ')}`, () => {
    const share = (cells: SharedCells['cells']): SharedCells => ({ cells, parts: [], byteLength: 0 });
    const maker = new RowCellsMaker(columns, share);
    for (const row of rows())
      assert.deepEqual(cellsOf(maker, row), annotationOf(row, columns as readonly ColumnName[]));
  });
}

test('rows that differ in nothing but the address share one object, answered ones share none', () => {
  let shared = 0;
  const maker = new RowCellsMaker(ALL_COLUMNS, (cells) => {
    shared += 1;
    return { cells, parts: [], byteLength: 0 };
  });
  for (const row of [...rows(), ...rows()]) maker.cellsOf(row);
  // Twelve sets: nine of flags not checked, one reserved, one with a wrong top-level domain, one that is no address.
  // Six of them occur with and without an earlier row of the same address, which differ in one cell more.
  assert.equal(shared, 12 + 6);
});

function cellsOf(maker: RowCellsMaker, row: AnnotatedRow): readonly (string | undefined)[] {
  const { own, differing } = maker.cellsOf(row);
  if (!('cells' in own)) return own;
  const left = differing.map(textOf);
  return own.cells.map((cell) => cell ?? left.shift());
}

function rows(): AnnotatedRow[] {
  const reader = new RowFactsReader();
  const read = ADDRESSES.flatMap((address) => {
    const bytes = Buffer.from(address);
    const inBytes = reader.readInBytes(bytes, { from: 0, to: bytes.length });
    return inBytes === null ? [reader.read(address)] : [reader.read(address), inBytes];
  });
  return read.flatMap((facts, index) => {
    const text = verdictOfText(facts, { now: NOW, allowReserved: false });
    const verdicts = text === null ? [notChecked('offline', NOW), ANSWERED] : [text];
    const duplicateOf = index % 3 === 0 ? index : null;
    return verdicts.map((verdict) => ({ facts, verdict, duplicateOf, now: NOW }));
  });
}
