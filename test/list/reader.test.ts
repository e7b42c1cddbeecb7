// Opening real files and reading them twice: shapes, row numbers, counts, and errors a person can act on.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, renameSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { MailgateError } from '../../src/errors.ts';
import { openList } from '../../src/list/reader.ts';
import { freshFolder, listOf, rowsOfList } from './list-files.ts';

test('a list is read twice with identical rows and without a trace of the first reading', async (t) => {
  const rows = Array.from({ length: 5000 }, (_, n) => `${n},"Doe, ${n}",user${n}@example.com\n`);
  const { list } = await listOf(t, `id,name,email\n${rows.join('')}`);
  const first = await rowsOfList(list);
  assert.equal(first.length, 5000);
  assert.deepEqual(first[4999], {
    row: 5001,
    address: 'user4999@example.com',
    cells: ['4999', 'Doe, 4999', 'user4999@example.com'],
  });
  const counts = list.counts;
  assert.deepEqual(await rowsOfList(list), first);
  assert.deepEqual(list.counts, counts);
});

test('two readings at once do not disturb each other, and one that is broken off may be taken up again', async (t) => {
  const { list } = await listOf(t, `email\n${'a@example.com\n'.repeat(50_000)}`);
  const [one, two] = await Promise.all([rowsOfList(list), rowsOfList(list)]);
  assert.deepEqual([one.length, two.length], [50_000, 50_000]);
  for await (const batch of list.batches()) {
    assert.ok(batch.rowCount > 0);
    break;
  }
  assert.equal((await rowsOfList(list)).length, 50_000);
});

interface Shape {
  readonly text: string;
  readonly header: readonly string[] | null;
  readonly rows: readonly [row: number, address: string][];
  readonly why: string;
}

const shapes: readonly Shape[] = [
  { text: 'email\na@x.com\n', header: ['email'], rows: [[2, 'a@x.com']], why: 'the header is row 1' },
  {
    text: 'a@x.com\nb@x.com\n',
    header: null,
    rows: [
      [1, 'a@x.com'],
      [2, 'b@x.com'],
    ],
    why: 'an address in the first row: no header',
  },
  {
    text: 'Ann,a@x.com\nBob,b@x.com',
    header: null,
    rows: [
      [1, 'a@x.com'],
      [2, 'b@x.com'],
    ],
    why: 'in any column',
  },
  {
    text: 'faulty@\nb@x.com\n',
    header: null,
    rows: [
      [1, 'faulty@'],
      [2, 'b@x.com'],
    ],
    why: 'though it is faulty',
  },
  {
    text: 'email\n\na@x.com\n',
    header: ['email'],
    rows: [
      [2, ''],
      [3, 'a@x.com'],
    ],
    why: 'a blank line counts as a row',
  },
  { text: '\n\nemail\na@x.com\n', header: ['email'], rows: [[4, 'a@x.com']], why: 'also in front of the header' },
  {
    text: 'sep=;\r\nemail;n\r\na@x.com;1\r\n',
    header: ['email', 'n'],
    rows: [[2, 'a@x.com']],
    why: 'Excel swallows its sep= line',
  },
  { text: 'sep=;\na@x.com;1\n', header: null, rows: [[1, 'a@x.com']], why: 'also where no header follows' },
  {
    text: 'email,n\n"a@x.com","1\n2"\nb@x.com,3\n',
    header: ['email', 'n'],
    rows: [
      [2, 'a@x.com'],
      [3, 'b@x.com'],
    ],
    why: 'a quoted line end starts no row',
  },
  {
    text: 'n,email\n1\n2,a@x.com,z\n',
    header: ['n', 'email'],
    rows: [
      [2, ''],
      [3, 'a@x.com'],
    ],
    why: 'a short row has an empty address',
  },
  { text: 'email', header: ['email'], rows: [], why: 'a header alone is a list without rows' },
];

for (const { text, header, rows, why } of shapes) {
  test(`${JSON.stringify(text)}: ${why}`, async (t) => {
    const { list } = await listOf(t, text);
    assert.deepEqual(list.header, header);
    assert.deepEqual(
      (await rowsOfList(list)).map(({ row, address }) => [row, address]),
      rows,
    );
    assert.equal(list.isEmpty, rows.length === 0);
    assert.equal(list.estimatedRows, rows.length);
  });
}

test('text that only begins like another format is a list', async (t) => {
  for (const name of ['PAR1', 'PK', 'GIF', 'BZh', '{name}', '<name>', 'Rar']) {
    const { list } = await listOf(t, `${name},email\nx,a@x.com\n`);
    assert.equal(list.addressColumn, 1, name);
  }
});

test('a header is taken for one, or not, where the person says so', async (t) => {
  const without = await listOf(t, 'email\na@x.com\n', { header: false });
  assert.deepEqual(
    (await rowsOfList(without.list)).map(({ address }) => address),
    ['email', 'a@x.com'],
  );
  const forced = await listOf(t, 'a@x.com\nb@x.com\n', { header: true });
  assert.deepEqual(forced.list.header, ['a@x.com']);
  assert.deepEqual(
    (await rowsOfList(forced.list)).map(({ address }) => address),
    ['b@x.com'],
  );
});

test('a first row that holds the name asked for is a header, whatever else it holds', async (t) => {
  const { list } = await listOf(t, 'mail@work,mail@home\na@x.com,b@x.com\n', { column: 'mail@home' });
  assert.deepEqual(list.header, ['mail@work', 'mail@home']);
  assert.deepEqual((await rowsOfList(list))[0]?.address, 'b@x.com');
});

test('uneven rows are counted by kind', async (t) => {
  const text = 'id,email\n1,a@x.com\n2\n\n3,b@x.com,x,y\n4,"c@x.com\n5,d@x.com\n';
  const { list } = await listOf(t, text);
  await rowsOfList(list);
  assert.deepEqual(list.counts, {
    rows: 6,
    blankRows: 1,
    shorterRows: 1,
    longerRows: 1,
    unclosedQuotes: 1,
    unclosedQuoteRows: [6],
    windows1252Rows: 0,
  });
});

test('the number of rows of a long list is estimated from its first ones', async (t) => {
  const { list } = await listOf(t, `email\n${'someone@example.com\n'.repeat(200_000)}`);
  assert.ok(Math.abs(list.estimatedRows - 200_000) < 2000, `${list.estimatedRows}`);
});

test('columns of an earlier run are known, by the prefix, and never the address column', async (t) => {
  const { list } = await listOf(t, 'mg_address,mail,mg_status\na@x.com,b@x.com,valid\n');
  assert.equal(list.addressColumn, 1);
  assert.deepEqual(
    [...list.ownColumns],
    [
      ['address', 0],
      ['status', 2],
    ],
  );
});

test('with an empty prefix the address column is still the own one of nobody', async (t) => {
  const { list } = await listOf(t, 'address,status\na@x.com,new\n', { prefix: '', column: 'address' });
  assert.deepEqual([...list.ownColumns.keys()], ['status']);
});

const foreign: readonly [what: string, content: Buffer, message: RegExp, hint: RegExp][] = [
  [
    'an Excel workbook',
    Buffer.from('PK\x03\x04....[Content_Types].xml....xl/workbook.xml'),
    /Excel workbook/,
    /save it as CSV/,
  ],
  [
    'a spreadsheet of LibreOffice',
    Buffer.from('PK\x03\x04mimetypeapplication/vnd.oasis.opendocument.spreadsheet'),
    /OpenDocument/,
    /save it as CSV/,
  ],
  ['an old Excel workbook', Buffer.from('d0cf11e0a1b11ae10000', 'hex'), /old Excel workbook/, /save it as CSV/],
  ['a zip archive', Buffer.from('PK\x03\x04list.csv'), /zip archive/, /Unpack/],
  ['a gzip archive', gzipSync('email\na@x.com\n'), /gzip archive/, /zcat/],
  ['a PNG image', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), /PNG image/, /CSV/],
  ['a PDF document', Buffer.from('%PDF-1.7\n'), /PDF/, /CSV/],
  ['a web page', Buffer.from('<!DOCTYPE html><html>a@x.com'), /web page/, /save it as CSV/],
  ['JSON', Buffer.from('[{"email": "a@x.com"}]'), /JSON/, /CSV/],
  ['NUL bytes', Buffer.from('email\na@x.com\n\0\0b@x.com\n'), /not a text file: byte 15 of it is NUL/, /CSV/],
];

for (const [what, content, message, hint] of foreign) {
  test(`${what} in place of a list is an error that says what it is`, async (t) => {
    await assert.rejects(listOf(t, content), inputError(message, hint));
  });
}

test('a list that cannot be opened is an error that says why', async (t) => {
  const folder = freshFolder(t);
  const open = (name: string) => openList({ path: join(folder, name), name }, { prefix: 'mg_' });
  await assert.rejects(open('missing.csv'), inputError(/missing\.csv does not exist/, /Check the name/));
  mkdirSync(join(folder, 'folder'));
  await assert.rejects(open('folder'), inputError(/folder is a folder/, /CSV file/));
  writeFileSync(join(folder, 'empty.csv'), '');
  await assert.rejects(open('empty.csv'), inputError(/empty\.csv is empty/));
  writeFileSync(join(folder, 'blank.csv'), '\n\r\n\n');
  await assert.rejects(open('blank.csv'), inputError(/only blank lines/));
  spawnSync('mkfifo', [join(folder, 'pipe')]);
  await assert.rejects(open('pipe'), inputError(/not a plain file/, /mailgate verify -/));
});

test('an unreadable list is an error that says so', {
  skip: process.getuid?.() === 0 && 'root may read all',
}, async (t) => {
  const path = join(freshFolder(t), 'list.csv');
  writeFileSync(path, 'email\n', { mode: 0o200 });
  await assert.rejects(openList({ path, name: 'list.csv' }, { prefix: 'mg_' }), inputError(/may not be read/));
});

test('a wrong delimiter or encoding is named where no address column is found', async (t) => {
  const text = 'email,name\na@x.com,Ann\n';
  await assert.rejects(listOf(t, text, { delimiter: ';' }), inputError(/no column/, /--delimiter may be wrong.*comma/));
  await assert.rejects(listOf(t, text, { encoding: 'utf-16' }), inputError(/./, /--encoding utf-16 may be wrong/));
});

test('a delimiter that never occurs is no error in a list of one column', async (t) => {
  const { list } = await listOf(t, 'email\na@x.com\n', { delimiter: ';' });
  assert.equal(list.dialect.delimiter, ';');
});

const changes: readonly [what: string, change: (path: string) => void][] = [
  ['has grown', (path) => appendFileSync(path, 'b@x.com\n')],
  ['was written to', (path) => utimesSync(path, 1, 1)],
  [
    'was replaced',
    (path) => {
      writeFileSync(`${path}.new`, 'email\nc@x.com\n');
      renameSync(`${path}.new`, path);
    },
  ],
];

for (const [what, change] of changes) {
  test(`a list that ${what} while it was read is noticed, and reads as it was`, async (t) => {
    const { list, path } = await listOf(t, 'email\na@x.com\n');
    await list.checkUnchanged();
    change(path);
    await assert.rejects(list.checkUnchanged(), inputError(/changed while being read/));
    assert.equal((await rowsOfList(list)).length, 1);
  });
}

test('a list that is cut short while it is read is an error', async (t) => {
  const { list, path } = await listOf(t, `email\n${'a@x.com\n'.repeat(100_000)}`);
  truncateSync(path, 100_000);
  await assert.rejects(rowsOfList(list), inputError(/changed while being read/));
});

test('a cell of 50 MB, quoted and over many lines, passes through in bounded memory', (t) => {
  const folder = freshFolder(t);
  const path = join(folder, 'list.csv');
  writeFileSync(path, 'note,email\nx,a@x.com\n"');
  for (let piece = 0; piece < 50; piece++)
    appendFileSync(path, 'some text, more text'.repeat(50_000).replace(/t$/, '\n'));
  appendFileSync(path, '",b@x.com\ny,c@x.com\n');
  const script = join(import.meta.dirname, 'annotate-in-child.ts');
  const flags = ['--disable-warning=ExperimentalWarning', '--experimental-strip-types'];
  const child = spawnSync(process.execPath, [...flags, script, path, join(folder, 'out.csv')], { encoding: 'utf8' });
  assert.equal(child.stderr, '');
  const result = JSON.parse(child.stdout) as { addresses: string[]; unclosedQuotes: number; rssMb: number };
  assert.deepEqual(result.addresses, ['a@x.com', 'b@x.com', 'c@x.com']);
  assert.equal(result.unclosedQuotes, 0);
  assert.equal(statSync(join(folder, 'out.csv')).size, statSync(path).size + ',mg_status'.length + 3 * ',valid'.length);
  assert.ok(result.rssMb < 350, `${result.rssMb} MB`);
});

function inputError(message: RegExp, hint = /^/): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof MailgateError, String(error));
    assert.equal(error.kind, 'input');
    assert.match(error.message, message);
    assert.match(error.hint ?? '', hint);
    return true;
  };
}
