// Fuzzes reading and writing of lists: whatever bytes a file holds, no row and no cell of it is lost, added or moved.
import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { CsvError } from 'csv-parse';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { MailgateError } from '../../src/errors.ts';
import { type List, type ListOptions, openList } from '../../src/list/reader.ts';
import { createListWriter } from '../../src/list/writer.ts';
import { fuzzProperty } from './fuzz-property.ts';
import { byteStrings, damaged, damages } from './pieces.ts';

const PREFIX = 'mg_';
const OWN_COLUMNS = ['status', 'mx'];

const FRAGMENTS: readonly string[] = [
  ...[
    'a@x.com',
    'Ann <ann@x.com>',
    'b',
    '5" disk',
    '=1+1',
    ' ',
    '\xc3\xbc',
    '\xfc',
    '\x80',
    '\xe6\xbc\xa2',
    '',
    "'",
    '\0',
  ],
  ...[',', ',', ',', ',', ';', '\t', '|', '"', '"', '""', '"x, y"', '"say ""hi"""', '"two\nlines"', '"a" b', '" "'],
  ...['\n', '\n', '\n', '\r\n', '\r\n', '\r', '\n\n'],
];
const HEADERS: readonly string[] = [
  ...[
    'email,n',
    'n,email',
    'email',
    'mg_status,email,n',
    'n,email,mg_mx,mg_status',
    '"email";n',
    'n\temail',
    'email|"a|b"',
  ],
  ...['sep=;\nemail;n', '\n\nemail,n', 'E-Mail,"na\nme"', 'a@x.com,1', '', '\xef\xbb\xbfemail,n'],
];

const files = fc
  .record({
    header: fc.constantFrom(...HEADERS),
    lineEnd: fc.constantFrom('\n', '\r\n', '\r'),
    body: fc.oneof(
      { weight: 60, arbitrary: byteStrings(FRAGMENTS, { maxLength: 40 }) },
      byteStrings(FRAGMENTS, { maxLength: 600 }),
    ),
    harm: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, damages),
    encoding: fc.oneof({ weight: 12, arbitrary: fc.constant('bytes') }, fc.constantFrom('utf-16le', 'utf-16be')),
  })
  .map(({ header, lineEnd, body, harm, encoding }) => {
    const bytes = damaged(Buffer.concat([Buffer.from(header + lineEnd, 'latin1'), body]), harm);
    if (encoding === 'bytes') return bytes;
    const utf16 = Buffer.from(`\ufeff${bytes.toString('utf8')}`, 'utf16le');
    return encoding === 'utf-16le' ? utf16 : utf16.swap16();
  });

const settings: fc.Arbitrary<Pick<ListOptions, 'column' | 'delimiter' | 'header' | 'encoding'>> = fc.record({
  column: fc.constantFrom(undefined, '1', '1', '2', 'email'),
  delimiter: fc.constantFrom(undefined, undefined, ',', ';'),
  header: fc.constantFrom(undefined, undefined, true, false),
  encoding: fc.constantFrom(undefined, undefined, undefined, undefined, 'utf-8', 'windows-1252'),
});

const cells = fc.constantFrom('valid', '', 'a,b;c', 'say "hi"', '=1+1', 'x\ny', '漢', '-1');

const folder = mkdtempSync(join(tmpdir(), 'mailgate-fuzz-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

export const listFiles = fuzzProperty({
  name: 'lists',
  holds: 'no row or cell of a list is lost or changed in reading or writing, as csv-parse reads it where it can',
  parts: 2,
  cases: fc.record({
    bytes: files,
    options: settings,
    chunk: fc.integer({ min: 1, max: 64 }),
    own: fc.tuple(cells, cells),
  }),
  async check({ bytes, options, chunk, own }) {
    const path = join(folder, 'list.csv');
    writeFileSync(path, bytes);
    const whole = Math.max(1, bytes.length); // as large as needed: the usual 64 KiB would mostly be cleared in vain
    const first = await readOrRefuse(path, { ...options, prefix: PREFIX, chunkBytes: whole });
    // In small pieces, but not in dozens of them: each is a read of its own.
    const chunkBytes = Math.max(chunk, Math.ceil(bytes.length / 6));
    const cut = await readOrRefuse(path, { ...options, prefix: PREFIX, chunkBytes });
    if (first === null || cut === null) {
      assert.equal(first, cut, 'whether a list can be read does not depend on the size of the chunks');
      return false;
    }
    try {
      assert.deepEqual(cut.rows, first.rows, 'nor does what is read');
      if (first.list.dialect.encoding === 'utf-8' && isUtf8(bytes)) checkBytes(first, bytes);
      const output = await annotate(cut.list, own);
      await checkOutput(first, {
        output,
        own,
        path: join(folder, 'out.csv'),
        byCsvParse: checkAgainstCsvParse(first, bytes),
      });
    } finally {
      await first.list.close();
      await cut.list.close();
    }
    return first.rows.length > 1;
  },
});

interface Row {
  readonly cells: readonly string[];
  readonly address: string;
  readonly raw: string;
}

interface Reading {
  readonly list: List;
  readonly rows: readonly Row[];
}

/** Null where the list is refused with a sentence, which is its good right; whatever else is thrown is a bug. */
async function readOrRefuse(path: string, options: ListOptions): Promise<Reading | null> {
  let list: List | null = null;
  try {
    list = await openList({ path, name: 'list.csv' }, options);
    return { list, rows: await rowsOf(list) };
  } catch (error) {
    await list?.close();
    if (error instanceof MailgateError && (error.kind === 'input' || error.kind === 'usage')) return null;
    throw error;
  }
}

async function rowsOf(list: List): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const batch of list.batches()) {
    for (let i = 0; i < batch.rowCount; i += 1) {
      const raw = batch.bytes.toString('latin1', batch.table.start[i], batch.table.next[i]);
      rows.push({ cells: batch.cells(i), address: batch.address(i), raw });
      assert.equal(batch.address(i), batch.cells(i)[list.addressColumn] ?? '', 'the address is that cell of the row');
    }
  }
  return rows;
}

/** The rows are the end of the file, byte for byte; what stands in front of them is mark, preamble and header. */
function checkBytes({ list, rows }: Reading, bytes: Buffer): void {
  const text = bytes.toString('latin1');
  const all = rows.map(({ raw }) => raw).join('');
  assert.ok(text.endsWith(all), 'every byte of every row is there');
  const front = text.slice(list.dialect.bom ? 3 : 0, text.length - all.length);
  assert.ok(front.startsWith(list.preamble.toString('latin1')));
  if (list.header === null)
    assert.equal(front.length, list.preamble.length, 'without a header nothing else is left out');
}

/** True where csv-parse, as strict as can be, reads the file; it then reads the very same rows and cells. */
function checkAgainstCsvParse({ list, rows }: Reading, bytes: Buffer): boolean {
  if (list.dialect.encoding !== 'utf-8' || !isUtf8(bytes)) return false;
  const strict = parseStrictly(bytes.subarray(list.dialect.bom ? 3 : 0), list.dialect.delimiter);
  if (strict === null) return false;
  const data = strict.slice(list.layout.rowsBeforeData);
  assert.deepEqual(
    rows.map((row) => row.cells),
    data,
    'csv-parse finds the same rows and cells',
  );
  return true;
}

function parseStrictly(text: Buffer | string, delimiter: string): string[][] | null {
  const options = { delimiter, relax_column_count: true, record_delimiter: ['\r\n', '\n', '\r'] };
  try {
    return parse(text, options) as string[][];
  } catch (error) {
    if (error instanceof CsvError) return null;
    throw error;
  }
}

async function annotate(list: List, own: readonly string[]): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  const writer = await createListWriter(list, { target: { stream, name: 'output' }, columns: OWN_COLUMNS });
  for await (const batch of list.batches()) {
    for (let i = 0; i < batch.rowCount; i += 1) writer.append(batch, i, own);
    await writer.flush();
  }
  await writer.commit();
  return Buffer.concat(chunks);
}

interface Written {
  readonly output: Buffer;
  readonly own: readonly string[];
  readonly path: string;
  /** True where csv-parse could read the input, and so must be able to read the output. */
  readonly byCsvParse: boolean;
}

/** Read again, the output holds the user's cells where they were and the own ones under their names. */
async function checkOutput({ list, rows }: Reading, { output, own, path, byCsvParse }: Written): Promise<void> {
  const expected = rows.map((row) => expectedCells(list, row.cells, own));
  const { delimiter, bom } = list.dialect;
  if (byCsvParse) {
    const parsed = parseStrictly(output.subarray(bom ? 3 : 0), delimiter);
    assert.ok(parsed !== null, 'what csv-parse could read before it can read afterwards');
    assert.deepEqual(parsed.slice(list.layout.rowsBeforeData), expected);
    return;
  }
  // An empty file is none to be read, nor is one that begins with NULs, which only a list in UTF-16 can bring along.
  if (output.length === 0) assert.equal(rows.length, 0);
  if (output.length === 0 || output.includes(0)) return;
  writeFileSync(path, output);
  const header = list.header !== null;
  const column = String(list.addressColumn + 1);
  const again = await readOrRefuse(path, { prefix: PREFIX, encoding: 'utf-8', delimiter, header, column });
  assert.ok(again !== null, 'our own output can be read');
  await again.list.close();
  assert.deepEqual(
    again.rows.map((row) => row.cells),
    expected,
    'reading our output gives the cells that were written',
  );
}

function expectedCells(list: List, row: readonly string[], own: readonly string[]): string[] {
  const { width } = list.layout;
  const safe = own.map((cell) => (/^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell));
  const users = Array.from({ length: width }, (_, at) => row[at] ?? '');
  const appended: string[] = [];
  OWN_COLUMNS.forEach((name, i) => {
    const at = list.ownColumns.get(name);
    if (at === undefined) appended.push(safe[i] ?? '');
    else users[at] = safe[i] ?? '';
  });
  return [...users, ...appended, ...row.slice(width)];
}
