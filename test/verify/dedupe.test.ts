import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeyTable } from '../../src/verify/dedupe.ts';

test('a key keeps the row it was first seen in, through growth, like a Map', () => {
  const table = new KeyTable({ expected: 10, random: () => 0.3 });
  const model = new Map<string, number>();
  for (let row = 1; row <= 50_000; row += 1) {
    const key = `person${(row * 7919) % 30_000}@domain${row % 97}.test`;
    const expected = model.get(key) ?? row;
    model.set(key, expected);
    assert.equal(table.firstRowOf(key, row), expected);
  }
  assert.equal(table.size, model.size);
});

test('a batch of rows is answered as its rows one by one, those without a key by 0', () => {
  const batchwise = new KeyTable({ expected: 10, random: () => 0.3 });
  const single = new KeyTable({ expected: 10, random: () => 0.3 });
  for (let row = 1; row <= 20_000; row += 500) {
    const keys = Array.from({ length: 500 }, (_, i) => (i % 7 === 3 ? null : `person${(row * i) % 4000}@batch.test`));
    const expected = keys.map((key, i) => (key === null ? 0 : single.firstRowOf(key, row + i)));
    assert.deepEqual([...batchwise.firstRowsOf(keys, row)], expected);
  }
  assert.equal(batchwise.size, single.size);
});

test('a key in bytes is the key of its lower-case text', () => {
  const table = new KeyTable({ expected: 10, random: () => 0.9 });
  const typed = ['Anna@Firma.DE', 'anna@firma.de', 'ANNA@FIRMA.DE', 'a[b]@c.de', 'A{B}@c.de'];
  const keys = typed.map((text) => ({ bytes: Buffer.from(`,${text},`), from: 1, to: text.length + 1 }));
  assert.equal(table.firstRowOf('anna@firma.de', 1), 1);
  assert.deepEqual([...table.firstRowsOf(keys, 2)], [1, 1, 1, 5, 6]);
  assert.equal(table.firstRowOf('a{b}@c.de', 7), 6);
});

test('rows above 2^31 come back as they were given', () => {
  const table = new KeyTable({ expected: 10, random: () => 0.5 });
  assert.equal(table.firstRowOf('a@b.test', 4_000_000_000), 4_000_000_000);
  assert.equal(table.firstRowOf('a@b.test', 4_000_000_001), 4_000_000_000);
});

test('keys that differ in one character, in order or in length stay apart', () => {
  const table = new KeyTable({ expected: 1000, random: () => 0.7 });
  const keys = [
    'a@b.test',
    'b@a.test',
    'aa@b.test',
    'a@bb.test',
    'A@b.test',
    'a@b.tesU',
    'ü@b.test',
    '一@b.test',
    '丁@b.test',
    '',
  ];
  keys.forEach((key, index) => {
    assert.equal(table.firstRowOf(key, index + 1), index + 1, key);
  });
  keys.forEach((key, index) => {
    assert.equal(table.firstRowOf(key, 999), index + 1, key);
  });
});

test('64 bits of hash hold a million similar addresses apart', () => {
  const table = new KeyTable({ expected: 1_000_000, random: () => 0.1 });
  for (let row = 1; row <= 1_000_000; row += 1) table.firstRowOf(`user${row}@example.test`, row);
  assert.equal(table.size, 1_000_000);
});
