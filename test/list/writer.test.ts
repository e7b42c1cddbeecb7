// What stands in the output: the user's bytes as they were, and the own cells under their names.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import type { CellInBytes } from '../../src/list/own-cells.ts';
import { openList } from '../../src/list/reader.ts';
import { createListWriter } from '../../src/list/writer.ts';
import { annotate, freshFolder, listOf } from './list-files.ts';

const OWN = { status: 'valid', score: '95' };

const outputs: readonly [input: string, output: string, why: string][] = [
  ['email\na@x.com\n', 'email,mg_status,mg_score\na@x.com,valid,95\n', 'own cells stand behind the row'],
  ['email\r\na@x.com\r\n', 'email,mg_status,mg_score\r\na@x.com,valid,95\r\n', 'the line end stays: CRLF'],
  ['email\ra@x.com\r', 'email,mg_status,mg_score\ra@x.com,valid,95\r', 'the line end stays: CR'],
  ['email\na@x.com', 'email,mg_status,mg_score\na@x.com,valid,95', 'the line end stays: none'],
  ['email', 'email,mg_status,mg_score', 'a header alone'],
  ['a;email\n1;a@x.com\n', 'a;email;mg_status;mg_score\n1;a@x.com;valid;95\n', 'the delimiter of the input'],
  ['\ufeffemail\na@x.com\n', '\ufeffemail,mg_status,mg_score\na@x.com,valid,95\n', 'the byte order mark stays'],
  ['sep=,\nemail\na@x.com\n', 'sep=,\nemail,mg_status,mg_score\na@x.com,valid,95\n', "Excel's line stays"],
  ['\n\nemail\na@x.com\n', '\n\nemail,mg_status,mg_score\na@x.com,valid,95\n', 'blank lines in front stay'],
  ['a@x.com\nb@x.com\n', 'a@x.com,valid,95\nb@x.com,valid,95\n', 'no header in, no header out'],
  [
    '"email","n"\n"a@x.com" ,"1\n2"\n',
    'email,n,mg_status,mg_score\n"a@x.com" ,"1\n2",valid,95\n',
    'quoting in rows is not touched',
  ],
  ['email,n,m\na@x.com\n', 'email,n,m,mg_status,mg_score\na@x.com,,,valid,95\n', 'a short row is filled up'],
  ['email,n\n\na@x.com,1\n', 'email,n,mg_status,mg_score\n,,valid,95\na@x.com,1,valid,95\n', 'so is a blank line'],
  ['email\na@x.com,"x,y",z\n', 'email,mg_status,mg_score\na@x.com,valid,95,"x,y",z\n', 'surplus cells move behind'],
  [
    'a@x.com,1\nb@x.com\nc@x.com,3,4\nd@x.com,5\n',
    'a@x.com,1,valid,95\nb@x.com,,valid,95\nc@x.com,3,valid,95,4\nd@x.com,5,valid,95\n',
    'also without a header',
  ],
  [
    'email,n\na@x.com,"b\n',
    'email,n,mg_status,mg_score\na@x.com,"""b",valid,95\n',
    'a stray quote is made a proper one, or it would swallow what follows',
  ],
  [
    'email,n\na@x.com,5" disk\n',
    'email,n,mg_status,mg_score\na@x.com,5" disk,valid,95\n',
    'a quote within a cell is harmless',
  ],
  [
    'mg_status,email,mg_score\nold,a@x.com,1\n',
    'mg_status,email,mg_score\nvalid,a@x.com,95\n',
    'own columns are replaced in place',
  ],
  [
    'mg_score,email,n\n1,a@x.com,"x ""y"""\n',
    'mg_score,email,n,mg_status\n95,a@x.com,"x ""y""",valid\n',
    'and the missing ones appended',
  ],
  [
    'email,mg_status\na@x.com\nb@x.com,old,z\n',
    'email,mg_status,mg_score\na@x.com,valid,95\nb@x.com,valid,95,z\n',
    'in ragged rows, too',
  ],
  [
    'email,mg_mx\na@x.com,mx\n',
    'email,mg_mx,mg_status,mg_score\na@x.com,mx,valid,95\n',
    'an own column of an earlier run that this one does not write stays',
  ],
];

for (const [input, output, why] of outputs) {
  test(`${JSON.stringify(input)} gains its own cells: ${why}`, async (t) => {
    const { list, folder } = await listOf(t, input);
    assert.equal(await annotate(list, { path: join(folder, 'out.csv'), own: OWN }), output);
  });
}

const ownCells: readonly [cell: string, written: string, why: string][] = [
  ['plain', 'plain', 'nothing to do'],
  ['', '', 'empty'],
  ['a,b', '"a,b"', 'the delimiter'],
  ['say "hi"', '"say ""hi"""', 'quotes'],
  ['a\nb', '"a\nb"', 'a line end cannot break the row'],
  ['a\rb', '"a\rb"', 'nor can a CR'],
  ['=1+1', "'=1+1", 'a formula'],
  ['+49', "'+49", 'a formula'],
  ['-1', "'-1", 'a formula'],
  ['@x', "'@x", 'a formula'],
  ['\tx', "'\tx", 'a tab'],
  ['\rx', '"\'\rx"', 'a CR'],
  ['＝1', "'＝1", 'full-width signs, too'],
  ['=a"b,c', '"\'=a""b,c"', 'all of it at once'],
  ['a=b', 'a=b', 'a sign within is harmless'],
  ['größe 漢😀', 'größe 漢😀', 'more than ASCII'],
];

for (const [cell, written, why] of ownCells) {
  for (const how of ['appended', 'replaced', 'shared', 'differing', 'in bytes'] as const) {
    test(`the own cell ${JSON.stringify(cell)} ${how} is written ${JSON.stringify(written)}: ${why}`, async (t) => {
      const { list, folder } = await listOf(t, how === 'replaced' ? 'email,mg_x\na@y.z,o\n' : 'email\na@y.z\n');
      const path = join(folder, 'out.csv');
      const writer = await createListWriter(list, { target: { path }, columns: ['x'] });
      for await (const batch of list.batches()) {
        if (how === 'shared') writer.append(batch, 0, writer.share([cell]));
        else if (how === 'in bytes') writer.append(batch, 0, writer.share([null]), [inBytes(cell)]);
        else if (how === 'differing') writer.append(batch, 0, writer.share([null]), [cell]);
        else writer.append(batch, 0, [cell]);
      }
      await writer.commit();
      assert.equal(readFileSync(path, 'utf8'), `email,mg_x\na@y.z,${written}\n`);
    });
  }
}

/** ASCII alone may stand in bytes. */
function inBytes(cell: string): string | CellInBytes {
  if (/[^\0-\x7f]/.test(cell)) return cell;
  return { bytes: Buffer.from(`<${cell}>`), from: 1, to: cell.length + 1 };
}

test('own cells are kept whole with every delimiter', async (t) => {
  for (const delimiter of [',', ';', '\t', '|']) {
    const { list, folder } = await listOf(t, `email${delimiter}n\na@y.z${delimiter}1\n`, { delimiter });
    const output = await annotate(list, { path: join(folder, 'out.csv'), own: { x: 'a,b;c\td|e' } });
    assert.equal(output.split('\n')[1], `a@y.z${delimiter}1${delimiter}"a,b;c\td|e"`);
  }
});

const OWN_COLUMNS = ['a', 'b', 'c', 'd'];

for (const header of ['email,n', 'mg_b,email', 'email,mg_d,mg_a', 'mg_c,mg_a,email,mg_b,mg_d']) {
  test(`cells that rows share below ${header} come out as those given row by row`, async (t) => {
    const rows = 'x,y\n"x ""y""",z\n\nx\nx,y,z,1,2,3\n"x,y\n';
    const { list, folder } = await listOf(t, `${header}\n${rows}`);
    const own = Object.fromEntries(OWN_COLUMNS.map((name) => [name, `own ${name}`]));
    const expected = await annotate(list, { path: join(folder, 'expected.csv'), own });
    for (const holes of [[], ['a'], ['b', 'c'], ['a', 'd'], OWN_COLUMNS]) {
      const path = join(folder, 'out.csv');
      const writer = await createListWriter(list, { target: { path }, columns: OWN_COLUMNS });
      const shared = writer.share(OWN_COLUMNS.map((name) => (holes.includes(name) ? null : `own ${name}`)));
      const differing = holes.map((name) => `own ${name}`);
      for await (const batch of list.batches()) {
        for (let i = 0; i < batch.rowCount; i++) writer.append(batch, i, shared, differing);
      }
      await writer.commit();
      assert.equal(readFileSync(path, 'utf8'), expected);
    }
  });
}

test('formulas of the user pass as they are, and are neutralised only where that is asked for', async (t) => {
  const input = 'email,=n\n+a@y.z,"=1+1, "\nb@y.z,\t-1\nc@y.z,harmless = 1\n';
  const { list, folder } = await listOf(t, input);
  const as = await annotate(list, { path: join(folder, 'as.csv'), own: { x: '1' } });
  assert.equal(as, 'email,=n,mg_x\n+a@y.z,"=1+1, ",1\nb@y.z,\t-1,1\nc@y.z,harmless = 1,1\n');
  const safe = await annotate(list, { path: join(folder, 'safe.csv'), own: { x: '1' }, spreadsheetSafe: true });
  assert.equal(safe, "email,'=n,mg_x\n'+a@y.z,\"'=1+1, \",1\nb@y.z,'\t-1,1\nc@y.z,harmless = 1,1\n");
});

test('a row may be passed on without own cells', async (t) => {
  const { list, folder } = await listOf(t, 'email,n\n\n"a@y.z",=1\nb@y.z,"c\n');
  for (const [spreadsheetSafe, expected] of [
    [false, 'email,n,mg_x\n\n"a@y.z",=1\nb@y.z,"""c"\n'],
    [true, 'email,n,mg_x\n\na@y.z,\'=1\nb@y.z,"""c"\n'],
  ] as const) {
    const path = join(folder, 'out.csv');
    const writer = await createListWriter(list, { target: { path }, columns: ['x'], spreadsheetSafe });
    for await (const batch of list.batches()) for (let i = 0; i < batch.rowCount; i++) writer.pass(batch, i);
    const outcome = await writer.commit();
    assert.equal(outcome.rows, 3);
    assert.equal(readFileSync(path, 'utf8'), expected);
  }
});

test('rows can be left out, and the outcome says what was written', async (t) => {
  const { list, folder } = await listOf(t, 'email\na@y.z\nb@y.z,z\nc@y.z\n');
  const path = join(folder, 'out.csv');
  const writer = await createListWriter(list, { target: { path }, columns: ['x'] });
  for await (const batch of list.batches()) writer.append(batch, 1, ['1']);
  assert.deepEqual(await writer.commit(), { status: 'written', rows: 1, bytes: 21, surplusRows: 1 });
  assert.equal(readFileSync(path, 'utf8'), 'email,mg_x\nb@y.z,1,z\n');
});

test('a wrong number of own cells is a bug, not an output', async (t) => {
  const { list, folder } = await listOf(t, 'email\na@y.z\n');
  const writer = await createListWriter(list, { target: { path: join(folder, 'out.csv') }, columns: ['x', 'y'] });
  for await (const batch of list.batches()) {
    assert.throws(() => writer.append(batch, 0, ['1']), TypeError);
    assert.throws(() => writer.append(batch, 0, writer.share(['1', null]), []), TypeError);
  }
  assert.throws(() => writer.share([null]), TypeError);
  await writer.abort();
});

test('other encodings are written as UTF-8, rows of mixed encodings included', async (t) => {
  const mixed = Buffer.concat([Buffer.from('email,n\na@y.z,ü\n'), Buffer.from('b@y.z,\xfc,\x80,z\n', 'latin1')]);
  const one = await listOf(t, mixed);
  const expected = 'email,n,mg_x\na@y.z,ü,1\nb@y.z,ü,1,€,z\n';
  assert.equal(await annotate(one.list, { path: join(one.folder, 'out.csv'), own: { x: '1' } }), expected);
  const utf16 = Buffer.from('\ufeffemail;n\r\nä@y.z;"漢;"\r\n', 'utf16le');
  const two = await listOf(t, utf16);
  const output = await annotate(two.list, { path: join(two.folder, 'out.csv'), own: { x: '1' } });
  assert.equal(output, '\ufeffemail;n;mg_x\r\nä@y.z;"漢;";1\r\n');
});

test('cleaning the cleaned list again changes nothing, whatever the rows look like', async (t) => {
  const { list, folder } = await listOf(t, 'n,email\n1,a@y.z,s\n2\n\n3,"b ""B"" <b@y.z>"\n4,"c@y.z\n5,d@y.z');
  const once = join(folder, 'once.csv');
  const first = await annotate(list, { path: once, own: OWN });
  const again = await openList({ path: once, name: 'once.csv' }, { prefix: 'mg_' });
  t.after(() => again.close());
  assert.equal(await annotate(again, { path: join(folder, 'twice.csv'), own: OWN }), first);
});

const cell = fc.stringMatching(/^[a=+\- ,;"\r\né漢']{0,5}$/);
const wholeList = fc.tuple(
  fc.array(fc.array(cell, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 8 }),
  fc.constantFrom('\n', '\r\n', '\r'),
  fc.boolean(),
  fc.integer({ min: 1, max: 64 }),
);

test('a CSV reader finds every cell of the input in the output, and the own cells under their names', async (t) => {
  const path = join(freshFolder(t), 'list.csv');
  await fc.assert(
    fc.asyncProperty(wholeList, cell, cell, async ([rows, lineEnd, again, chunkBytes], x, y) => {
      const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
      const header = ['email', 'n', ...(again ? ['mg_y'] : [])];
      const text = [header, ...rows].map((row) => row.map(quoted).join(',') + lineEnd).join('');
      writeFileSync(path, text);
      const list = await openList(
        { path, name: 'list.csv' },
        { prefix: 'mg_', column: 'email', header: true, delimiter: ',', chunkBytes },
      );
      const output = await annotate(list, { path: `${path}.out`, own: { x, y } });
      await list.close();
      const safe = (own: string) => (/^[=+\-\r]/.test(own) ? `'${own}` : own);
      const expected = rows.map((row) => {
        const cells = Array.from({ length: header.length }, (_, index) => row[index] ?? '');
        if (again) cells[2] = safe(y);
        return [...cells, safe(x), ...(again ? [] : [safe(y)]), ...row.slice(header.length)];
      });
      const options = { relax_column_count: true, record_delimiter: ['\r\n', '\n', '\r'] };
      assert.deepEqual(parse(output, options), [[...header, 'mg_x', ...(again ? [] : ['mg_y'])], ...expected]);
    }),
    { numRuns: 250 },
  );
});

const messy = fc
  .array(fc.constantFrom('a', 'b@x.com', '"', '"', '""', ',', ',', ',', '\n', '\r\n', '\r', 'é', ' ', '='), {
    maxLength: 40,
  })
  .map((parts) => `n,email\n${parts.join('')}`);

test('what we write we read as the same cells, even with stray quotes and formulas', async (t) => {
  const path = join(freshFolder(t), 'list.csv');
  const options = { prefix: 'mg_', column: '2', header: true, delimiter: ',' };
  await fc.assert(
    fc.asyncProperty(messy, async (text) => {
      writeFileSync(path, text);
      const list = await openList({ path, name: 'list.csv' }, options);
      const cells: string[][] = [];
      for await (const batch of list.batches()) for (let i = 0; i < batch.rowCount; i++) cells.push(batch.cells(i));
      await annotate(list, { path: `${path}.out`, own: OWN });
      await list.close();
      const written = await openList({ path: `${path}.out`, name: 'out' }, options);
      const found: string[][] = [];
      for await (const batch of written.batches()) for (let i = 0; i < batch.rowCount; i++) found.push(batch.cells(i));
      await written.close();
      assert.deepEqual(
        found,
        cells.map((row) => [row[0] ?? '', row[1] ?? '', 'valid', '95', ...row.slice(2)]),
      );
    }),
    { numRuns: 400 },
  );
});
