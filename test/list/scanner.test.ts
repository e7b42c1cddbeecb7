// How rows and cells are found: against tables, against csv-parse, and with the input cut at every place.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import { rowsOf } from './rows-in-memory.ts';

const tables: readonly [input: string, rows: string[][], why: string][] = [
  [
    'a,b\nc,d\n',
    [
      ['a', 'b'],
      ['c', 'd'],
    ],
    'LF ends a row',
  ],
  [
    'a,b\r\nc,d\r\n',
    [
      ['a', 'b'],
      ['c', 'd'],
    ],
    'so does CRLF',
  ],
  [
    'a,b\rc,d\r',
    [
      ['a', 'b'],
      ['c', 'd'],
    ],
    'and a bare CR',
  ],
  ['a\r\nb\nc\rd', [['a'], ['b'], ['c'], ['d']], 'in one file, too'],
  [
    'a,b\nc,d',
    [
      ['a', 'b'],
      ['c', 'd'],
    ],
    'the last row needs no line end',
  ],
  ['a\n\n\nb\n', [['a'], [''], [''], ['b']], 'a blank line is a row'],
  ['a\r\r\nb', [['a'], [''], ['b']], 'a CR in front of a CRLF is a line end of its own'],
  ['a,\n', [['a', '']], 'a delimiter at the end opens an empty cell'],
  ['a,', [['a', '']], 'also at the end of the file'],
  ['"a,b",c\n', [['a,b', 'c']], 'a quoted delimiter is text'],
  ['"a\nb",c\n', [['a\nb', 'c']], 'a quoted line end is text'],
  ['"a\r\nb"\r\nc', [['a\r\nb'], ['c']], 'a quoted CRLF, too'],
  ['"a ""b"" c",d\n', [['a "b" c', 'd']], 'a doubled quote is one'],
  ['"",""\n', [['', '']], 'two quotes are an empty cell'],
  ['a"b,c""d\n', [['a"b', 'c""d']], 'a quote within an unquoted cell is text'],
  ['"a"b,c\n', [['"a"b', 'c']], 'text behind a closing quote leaves the quotes in'],
  ['"a, b"@x.com,c\n', [['"a, b"@x.com', 'c']], 'which keeps a quoted local part'],
  [' "a",b\n', [[' "a"', 'b']], 'a space in front of a quote makes it text'],
  ['"a" ,b\n', [['"a" ', 'b']], 'and so does a space behind'],
  ['a,b,c\nd\n', [['a', 'b', 'c'], ['d']], 'rows keep the cells they have'],
];

for (const [input, rows, why] of tables) {
  test(`${JSON.stringify(input)}: ${why}`, async () => {
    assert.deepEqual((await rowsOf(input)).cells, rows);
  });
}

const strayQuotes: readonly [input: string, rows: string[][], strayRows: number[], why: string][] = [
  [
    'a,"b\nc,d\n',
    [
      ['a', '"b'],
      ['c', 'd'],
    ],
    [1],
    'never closed: it costs its own row nothing and the next neither',
  ],
  ['a,b\n"c', [['a', 'b'], ['"c']], [2], 'the last thing in the file'],
  ['"', [['"']], [1], 'the only thing in the file'],
  [
    'a,"b\nc,"d, e",f\n',
    [
      ['a', '"b'],
      ['c', 'd, e', 'f'],
    ],
    [1],
    'met by a quote that opens a later cell',
  ],
  ['a,"b\nc,"d\ne\n', [['a', '"b'], ['c', '"d'], ['e']], [1, 2], 'met by another stray one'],
  ['"a,b",c,"d\ne\n', [['a,b', 'c', '"d'], ['e']], [1], 'beside a proper quoted cell'],
  ['"a,"",b\nc\n', [['"a', '', 'b'], ['c']], [1], 'followed by a doubled quote only'],
];

for (const [input, rows, strayRows, why] of strayQuotes) {
  test(`a stray quote in ${JSON.stringify(input)} is text: ${why}`, async () => {
    const found = await rowsOf(input);
    assert.deepEqual(found.cells, rows);
    assert.deepEqual(found.counts.unclosedQuoteRows, strayRows);
  });
}

test('a quote that closes behind the look-ahead is text, however the input is cut', async () => {
  const input = `a,"b${'\nc,d'.repeat(20)}"\nlast,"one, two"\n`;
  for (const chunkBytes of [1, 2, 7, 30, 1000]) {
    const near = await rowsOf(input, { chunkBytes, lookAheadBytes: 200 });
    const far = await rowsOf(input, { chunkBytes, lookAheadBytes: 40 });
    assert.equal(near.cells.length, 2, 'the whole block is one cell');
    assert.equal(far.cells.length, 22, 'every line is a row');
    assert.deepEqual(far.cells[0], ['a', '"b']);
    assert.deepEqual(far.cells[20], ['c', 'd"']);
    assert.deepEqual(far.cells[21], ['last', 'one, two']);
    assert.deepEqual(far.counts.unclosedQuoteRows, [1]);
  }
});

test('two stray quotes in one row, possible only past the look-ahead, are both text', async () => {
  const found = await rowsOf('"aaaaaaaaaaaaaaa,"bbbbbbbbbbbbbbbb,c\n', { lookAheadBytes: 10 });
  assert.deepEqual(found.cells, [['"aaaaaaaaaaaaaaa', '"bbbbbbbbbbbbbbbb', 'c']]);
});

test('the address is the text of its cell, whatever the quoting', async () => {
  const input = '1,a@x.com\n2,"b@x.com"\n3,"b ""B"" <b@x.com>"\n4,"q q"@x.com\n5\n6,"c@x.com\n7,"é@x.com",z\n';
  const found = await rowsOf(input, { addressColumn: 1 });
  const expected = ['a@x.com', 'b@x.com', 'b "B" <b@x.com>', '"q q"@x.com', '', '"c@x.com', 'é@x.com'];
  assert.deepEqual(found.addresses, expected);
});

test('more rows than one table holds are handed out in several', async () => {
  const found = await rowsOf('a\n'.repeat(20_001));
  assert.equal(found.cells.length, 20_001);
});

const messy = fc
  .array(
    fc.constantFrom('a', 'b@x.com', '"', '"', '""', ',', ',', ';', '\n', '\n', '\r\n', '\r', 'é', '漢', ' ', '😀'),
    {
      maxLength: 40,
    },
  )
  .map((parts) => parts.join(''));

const tidy = fc
  .tuple(
    fc.array(fc.array(fc.stringMatching(/^[a,;"\r\né\t 漢]{0,6}$/), { minLength: 1, maxLength: 4 }), { maxLength: 6 }),
    fc.constantFrom(',', ';', '\t', '|'),
    fc.constantFrom('\n', '\r\n', '\r'),
    fc.boolean(),
  )
  .map(([rows, delimiter, lineEnd, quoted]) => ({
    delimiter,
    text: stringify(rows, { delimiter, record_delimiter: lineEnd, quoted, quoted_empty: true }),
  }));

function parsedByLibrary(text: string, delimiter: string): string[][] {
  return parse(text, {
    delimiter,
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_quotes: true,
    relax_column_count: true,
  });
}

test('whatever csv-stringify writes is read as csv-parse reads it', async () => {
  await fc.assert(
    fc.asyncProperty(tidy, fc.integer({ min: 1, max: 20 }), async ({ text, delimiter }, chunkBytes) => {
      const found = await rowsOf(text, { delimiter, chunkBytes });
      assert.deepEqual(found.cells, parsedByLibrary(text, delimiter));
      assert.equal(found.counts.unclosedQuotes, 0);
    }),
    { numRuns: 1500 },
  );
});

test('anything without a stray quote is read as csv-parse reads it', async () => {
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(messy, fc.integer({ min: 0, max: 2 }), async (text, addressColumn) => {
      const found = await rowsOf(text, { addressColumn });
      if (found.counts.unclosedQuotes > 0) return;
      compared += 1;
      assert.deepEqual(found.cells, parsedByLibrary(text, ','));
      assert.deepEqual(
        found.addresses,
        found.cells.map((cells) => cells[addressColumn] ?? ''),
      );
    }),
    { numRuns: 3000 },
  );
  assert.ok(compared > 500, `only ${compared} of 3000 inputs were compared`);
});

test('no byte is lost, and the address is that of the cells, even with stray quotes', async () => {
  await fc.assert(
    fc.asyncProperty(messy, fc.integer({ min: 0, max: 2 }), async (text, addressColumn) => {
      const found = await rowsOf(text, { addressColumn });
      assert.equal(found.raw.join(''), Buffer.from(text).toString('latin1'));
      assert.deepEqual(
        found.addresses,
        found.cells.map((cells) => cells[addressColumn] ?? ''),
      );
    }),
    { numRuns: 2000 },
  );
});

test('rows are the same wherever the input is cut', async () => {
  await fc.assert(
    fc.asyncProperty(messy, fc.integer({ min: 1, max: 60 }), async (text, lookAheadBytes) => {
      const whole = await rowsOf(text, { lookAheadBytes });
      for (let chunkBytes = 1; chunkBytes <= Math.min(text.length, 24); chunkBytes++) {
        assert.deepEqual(await rowsOf(text, { chunkBytes, lookAheadBytes }), whole, `cut at every ${chunkBytes} bytes`);
      }
    }),
    { numRuns: 250 },
  );
});
