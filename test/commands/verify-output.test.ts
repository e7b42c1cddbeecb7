// What `mailgate verify` writes and where: columns, kept rows, split files, the input in place, streams. Nobody is asked.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, lstatSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { test } from 'node:test';
import { ALL_COLUMNS, BASIC_COLUMNS } from '../../src/cli/columns.ts';
import { freshFolder } from '../support/mailgate.ts';
import { cellsOf, column, objectsOf, rowsOf } from './rows.ts';

/** Two rows that text alone decides, two that only asking could, one of them twice. */
const LIST =
  'name,email,city\nAnna,anna@gmx.de,Bonn\nBob,no address,"Kiel, Nord"\nCid,cid@a.invalid,\nAnna,Anna@GMX.de,Bonn\n';
const LONG_LIST = `email\n${Array.from({ length: 50_000 }, (_, i) => `person${i}@gmx.de\n`).join('')}`;
const QUIETLY = ['--offline', '--quiet'] as const;

test('without -o the CSV goes to standard output, and what is said to standard error', async (t) => {
  const folder = freshFolder(t);
  folder.write('list.csv', LIST);
  const run = await folder.run(['verify', 'list.csv', '--offline']);
  assert.equal(run.exitCode, 0, run.stderr);
  assert.deepEqual(column(run.stdout, 'reason'), ['not_checked', 'syntax', 'reserved_domain', 'not_checked']);
  assert.match(run.stderr, /^Reading addresses from column "email" of list\.csv\.\n/);
  assert.deepEqual(folder.files(), ['list.csv']);
});

test('- reads standard input, and leaves no copy of it', async (t) => {
  const folder = freshFolder(t);
  const run = await folder.run(['verify', '-', '--offline'], { stdin: LIST });
  assert.equal(run.exitCode, 0, run.stderr);
  assert.equal(rowsOf(run.stdout).length, 4);
  assert.match(run.stderr, /column "email" of standard input\./);
  assert.deepEqual([folder.files(), folder.leftovers()], [[], []]);
});

test('-o may name the input itself, whose place the result then takes', async (t) => {
  const folder = freshFolder(t);
  folder.write('list.csv', LIST);
  chmodSync(folder.pathOf('list.csv'), 0o640);
  const run = await folder.run(['verify', 'list.csv', '-o', 'list.csv', ...QUIETLY]);
  assert.equal(run.exitCode, 0, run.stderr);
  assert.equal(rowsOf(folder.read('list.csv')).length, 4);
  assert.deepEqual(folder.files(), ['list.csv']);
  assert.equal(statSync(folder.pathOf('list.csv')).mode & 0o777, 0o640);
});

test('-o through a symbolic link replaces what it leads to, not the link', async (t) => {
  const folder = freshFolder(t);
  folder.write('list.csv', LIST);
  folder.write('real.csv', 'old');
  symlinkSync('real.csv', folder.pathOf('link.csv'));
  const run = await folder.run(['verify', 'list.csv', '-o', 'link.csv', ...QUIETLY]);
  assert.equal(run.exitCode, 0, run.stderr);
  assert.ok(lstatSync(folder.pathOf('link.csv')).isSymbolicLink());
  assert.equal(rowsOf(folder.read('real.csv')).length, 4);
});

test('a new output can be read by its owner only', async (t) => {
  const folder = freshFolder(t);
  folder.write('list.csv', LIST);
  await folder.run([
    'verify',
    'list.csv',
    '-o',
    'clean.csv',
    '--summary',
    'summary.json',
    '--split',
    'parts',
    ...QUIETLY,
  ]);
  for (const name of ['clean.csv', 'summary.json', 'parts/valid.csv']) {
    assert.equal(statSync(folder.pathOf(name)).mode & 0o777, 0o600, name);
  }
  assert.equal(statSync(folder.pathOf('parts')).mode & 0o777, 0o700);
  assert.equal(statSync(folder.store).mode & 0o777, 0o600);
});

test('a cleaned list is cleaned again in place: its own columns are replaced where they stand, never doubled', async (t) => {
  const folder = freshFolder(t);
  folder.write('list.csv', LIST);
  await folder.run(['verify', 'list.csv', '-o', 'once.csv', ...QUIETLY]);
  await folder.run(['verify', 'once.csv', '-o', 'twice.csv', ...QUIETLY]);
  const timeless = (name: string): string => folder.read(name).replaceAll(/\d{4}-\d\d-\d\dT[\d:]+Z/g, 'TIME');
  assert.equal(timeless('twice.csv'), timeless('once.csv'));
});

test('own columns in the midst of others keep their place, and those still missing come behind', async (t) => {
  const folder = freshFolder(t);
  folder.write(
    'list.csv',
    'mailgate_reason,email,mailgate_status,note\nold,anna@gmx.de,old,"a, b"\nold,x,old,"two\nlines"\n',
  );
  const run = await folder.run(['verify', 'list.csv', '--columns', 'status,reason,stage', ...QUIETLY]);
  assert.deepEqual(cellsOf(run.stdout), [
    ['mailgate_reason', 'email', 'mailgate_status', 'note', 'mailgate_stage'],
    ['not_checked', 'anna@gmx.de', 'unknown', 'a, b', 'list'],
    ['syntax', 'x', 'invalid', 'two\nlines', 'syntax'],
  ]);
});

const columnChoices: readonly [choice: string, added: readonly string[]][] = [
  ['all', ALL_COLUMNS],
  ['basic', BASIC_COLUMNS],
  ['status', ['status']],
  ['score,status', ['score', 'status']],
];
for (const [choice, added] of columnChoices) {
  test(`--columns ${choice} adds ${added.length} columns, in the order asked for`, async (t) => {
    const folder = freshFolder(t);
    folder.write('list.csv', LIST);
    const run = await folder.run(['verify', 'list.csv', '--columns', choice, ...QUIETLY]);
    assert.deepEqual(
      cellsOf(run.stdout)[0]?.slice(3),
      added.map((name) => `mailgate_${name}`),
    );
  });
}

test("--prefix names the columns, and an empty one is refused, as it could mean the user's own", async (t) => {
  const folder = freshFolder(t);
  folder.write('list.csv', LIST);
  const dotted = await folder.run(['verify', 'list.csv', '--prefix', 'mg.', '--columns', 'status', ...QUIETLY]);
  assert.deepEqual(cellsOf(dotted.stdout)[0], ['name', 'email', 'city', 'mg.status']);
  const bare = await folder.run(['verify', 'list.csv', '--prefix', '', '--columns', 'status', ...QUIETLY]);
  assert.equal(bare.exitCode, 2);
});

test('--keep writes only rows with these statuses, --fail-on still looks at all of them', async (t) => {
  const folder = freshFolder(t);
  folder.write('list.csv', LIST);
  const run = await folder.run([
    'verify',
    'list.csv',
    '-o',
    'clean.csv',
    '--keep',
    'unknown',
    '--fail-on',
    'invalid',
    '--offline',
  ]);
  assert.equal(run.exitCode, 1);
  assert.deepEqual(column(folder.read('clean.csv'), 'status'), ['unknown', 'unknown']);
  assert.match(run.stderr, /Written to clean\.csv \(2 rows\)\./);
});

test('--fail-on a status that no row has changes nothing', async (t) => {
  const folder = freshFolder(t);
  folder.write('list.csv', LIST);
  const run = await folder.run(['verify', 'list.csv', '--fail-on', 'valid,catchall', ...QUIETLY]);
  assert.equal(run.exitCode, 0);
});

test('--duplicates drop leaves each address once', async (t) => {
  const folder = freshFolder(t);
  folder.write('list.csv', LIST);
  const run = await folder.run(['verify', 'list.csv', '--duplicates', 'drop', ...QUIETLY]);
  assert.deepEqual(
    rowsOf(run.stdout).map(({ email }) => email),
    ['anna@gmx.de', 'no address', 'cid@a.invalid'],
  );
});

test('--split writes one file per status beside the output, each with the header', async (t) => {
  const folder = freshFolder(t);
  folder.write('list.csv', LIST);
  const run = await folder.run(['verify', 'list.csv', '-o', 'clean.csv', '--split', 'parts', ...QUIETLY]);
  assert.equal(run.exitCode, 0, run.stderr);
  assert.deepEqual(folder.files(), [
    'clean.csv',
    'list.csv',
    'parts',
    'parts/catchall.csv',
    'parts/invalid.csv',
    'parts/unknown.csv',
    'parts/valid.csv',
  ]);
  const names = (file: string): (string | undefined)[] => rowsOf(folder.read(file)).map(({ name }) => name);
  assert.deepEqual(names('parts/unknown.csv'), ['Anna', 'Anna']);
  assert.deepEqual(names('parts/invalid.csv'), ['Bob', 'Cid']);
  assert.deepEqual(names('parts/valid.csv'), []);
  assert.equal(cellsOf(folder.read('parts/valid.csv'))[0]?.length, 3 + ALL_COLUMNS.length);
});

test("--spreadsheet-safe keeps the user's own cells from starting a formula; without it they pass as they are", async (t) => {
  const folder = freshFolder(t);
  folder.write('list.csv', 'email,note\nanna@gmx.de,=1+1\nbob@gmx.de,@SUM(A1)\ncid@gmx.de,"-2, ""x"""\n');
  const notes = async (...options: string[]): Promise<unknown> => {
    const run = await folder.run(['verify', 'list.csv', ...QUIETLY, ...options]);
    return rowsOf(run.stdout).map(({ note }) => note);
  };
  assert.deepEqual(await notes(), ['=1+1', '@SUM(A1)', '-2, "x"']);
  assert.deepEqual(await notes('--spreadsheet-safe'), ["'=1+1", "'@SUM(A1)", '\'-2, "x"']);
});

test('--no-header takes the first row for data and adds no header', async (t) => {
  const folder = freshFolder(t);
  folder.write('list.csv', 'anna@gmx.de,1\nbob@gmx.de,2\n');
  const run = await folder.run(['verify', 'list.csv', '--no-header', '--columns', 'status', ...QUIETLY]);
  assert.equal(run.stdout, 'anna@gmx.de,1,unknown\nbob@gmx.de,2,unknown\n');
});

test('a list without a header is recognised as one', async (t) => {
  const folder = freshFolder(t);
  folder.write('list.csv', 'anna@gmx.de\nbob@gmx.de\n');
  const run = await folder.run(['verify', 'list.csv', '--columns', 'status', ...QUIETLY]);
  assert.equal(run.stdout, 'anna@gmx.de,unknown\nbob@gmx.de,unknown\n');
});

for (const chosen of ['work mail', '2']) {
  test(`--column ${chosen} settles which of two columns is meant`, async (t) => {
    const folder = freshFolder(t);
    folder.write('list.csv', 'private mail,work mail\nno address,anna@gmx.de\nnone either,bob@gmx.de\n');
    const run = await folder.run(['verify', 'list.csv', '--column', chosen, '--columns', 'address', ...QUIETLY]);
    assert.deepEqual(column(run.stdout, 'address'), ['anna@gmx.de', 'bob@gmx.de']);
  });
}

const delimiters: readonly [name: string, sign: string][] = [
  ['comma', ','],
  ['semicolon', ';'],
  ['tab', '\t'],
  ['pipe', '|'],
];
for (const [name, sign] of delimiters) {
  test(`a list with ${name}s keeps them, whether found out or told`, async (t) => {
    const folder = freshFolder(t);
    folder.write('list.csv', `email${sign}note\r\nanna@gmx.de${sign}"a${sign}b"\r\n`);
    const foundOut = await folder.run(['verify', 'list.csv', '--columns', 'status', ...QUIETLY]);
    assert.equal(
      foundOut.stdout,
      `email${sign}note${sign}mailgate_status\r\nanna@gmx.de${sign}"a${sign}b"${sign}unknown\r\n`,
    );
    const told = await folder.run(['verify', 'list.csv', '--delimiter', name, '--columns', 'status', ...QUIETLY]);
    assert.equal(told.stdout, foundOut.stdout);
  });
}

const encodings: readonly [label: string, bytes: Buffer, options: readonly string[]][] = [
  ['UTF-8 with a byte order mark', Buffer.from('\ufeffemail,name\nanna@gmx.de,Müller\n'), []],
  ['UTF-16 with a byte order mark', Buffer.from('\ufeffemail,name\nanna@gmx.de,Müller\n', 'utf16le'), []],
  ['UTF-16 as told', Buffer.from('email,name\nanna@gmx.de,Müller\n', 'utf16le'), ['--encoding', 'utf-16le']],
  ['Windows-1252', Buffer.from('email,name\nanna@gmx.de,Müller\n', 'latin1'), []],
  ['Windows-1252 as told', Buffer.from('email,name\nanna@gmx.de,Müller\n', 'latin1'), ['--encoding', 'windows-1252']],
];
for (const [label, bytes, options] of encodings) {
  test(`a list in ${label} comes out as UTF-8 with its letters right`, async (t) => {
    const folder = freshFolder(t);
    folder.write('list.csv', bytes);
    const run = await folder.run(['verify', 'list.csv', '-o', 'clean.csv', '--offline', ...options]);
    assert.equal(run.exitCode, 0, run.stderr);
    assert.deepEqual(
      rowsOf(folder.read('clean.csv')).map(({ name }) => name),
      ['Müller'],
    );
  });
}

test('--json writes every row as an object on standard output, and the CSV only where -o asks for it', async (t) => {
  const folder = freshFolder(t);
  folder.write('list.csv', LIST);
  const run = await folder.run(['verify', 'list.csv', '--json', ...QUIETLY]);
  const rows = objectsOf(run.stdout);
  assert.deepEqual(
    rows.map(({ row, input, status, duplicate_of }) => [row, input, status, duplicate_of]),
    [
      [2, 'anna@gmx.de', 'unknown', null],
      [3, 'no address', 'invalid', null],
      [4, 'cid@a.invalid', 'invalid', null],
      [5, 'Anna@GMX.de', 'unknown', 2],
    ],
  );
  assert.deepEqual(Object.keys(rows[0] ?? {}), ['row', 'input', ...ALL_COLUMNS]);
  assert.deepEqual([rows[0]?.['free'], rows[0]?.['score'], rows[0]?.['smtp_code']], [true, 38, null]);
  assert.deepEqual(folder.files(), ['list.csv']);
  const both = await folder.run(['verify', 'list.csv', '--json', '-o', 'clean.csv', ...QUIETLY]);
  assert.equal(objectsOf(both.stdout).length, 4);
  assert.equal(rowsOf(folder.read('clean.csv')).length, 4);
});

test('--quiet says nothing at all, and warnings all the same', async (t) => {
  const folder = freshFolder(t);
  folder.write('list.csv', LIST);
  const run = await folder.run(['verify', 'list.csv', '-o', 'clean.csv', '--quiet', '--offline']);
  assert.deepEqual([run.stdout, run.stderr], ['', '']);
  folder.write('odd.csv', 'email,note\nanna@gmx.de,"never closed\nbob@gmx.de,x\n');
  const odd = await folder.run(['verify', 'odd.csv', '-o', 'clean.csv', '--quiet', '--offline']);
  assert.match(odd.stderr, /^warning: 1 row holds a quote that never closes \(row 2\)/);
});

test('where standard error is no terminal there is no bar, no colour and no other control character', async (t) => {
  const folder = freshFolder(t);
  folder.write('list.csv', LIST);
  const run = await folder.run(['verify', 'list.csv', '--offline']);
  assert.match(run.stderr, /invalid/);
  assert.doesNotMatch(run.stderr, /(?!\n)\p{Cc}/u);
});

test('odd rows are kept and counted, one and many in their right number', async (t) => {
  const folder = freshFolder(t);
  folder.write('one.csv', 'email,name\nanna@gmx.de\nbob@gmx.de,x,y\ncid@gmx.de,z\n\n');
  const one = await folder.run(['verify', 'one.csv', '--offline', '--columns', 'status']);
  assert.equal(
    one.stdout,
    'email,name,mailgate_status\nanna@gmx.de,,unknown\nbob@gmx.de,x,unknown,y\ncid@gmx.de,z,unknown\n\n',
  );
  assert.match(one.stderr, /^1 row has fewer cells than the header; it was kept and filled up\.$/m);
  assert.match(one.stderr, /^1 row has more cells than the header; /m);
  folder.write('two.csv', 'email,name\nanna@gmx.de\nbob@gmx.de\ncid@gmx.de,z,1\ndag@gmx.de,z,1\n');
  const two = await folder.run(['verify', 'two.csv', '--offline']);
  assert.match(two.stderr, /^2 rows have fewer cells than the header; they were kept and filled up\.$/m);
  assert.match(two.stderr, /^2 rows have more cells than the header; /m);
});

test('--summary tells machines what was found, also with --quiet', async (t) => {
  const folder = freshFolder(t);
  folder.write('list.csv', `${LIST}\n`);
  await folder.run([
    'verify',
    'list.csv',
    '-o',
    'clean.csv',
    '--summary',
    'run.json',
    '--duplicates',
    'drop',
    ...QUIETLY,
  ]);
  const summary = JSON.parse(folder.read('run.json')) as Record<string, unknown>;
  const { started_at, ended_at, seconds, advice, ...rest } = summary;
  assert.ok(Date.parse(String(ended_at)) >= Date.parse(String(started_at)));
  assert.ok(Number(seconds) >= 0 && Array.isArray(advice));
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const [, described = ''] = /### The summary for machines\n([\s\S]*?)\n##/.exec(readme) ?? [];
  for (const field of Object.keys(summary))
    assert.ok(described.includes(`\`${field}\``), `the README tells of ${field}`);
  assert.deepEqual(rest, {
    input: 'list.csv',
    output: 'clean.csv',
    outcome: 'done',
    rows: 4,
    blank_rows: 1,
    duplicates: 1,
    repaired: 0,
    suggestions: 0,
    status: { valid: 0, invalid: 2, catchall: 0, unknown: 2 },
    reasons: { not_checked: 2, syntax: 1, reserved_domain: 1 },
    sources: { live: 0, cache: 0 },
    unknown_domains: [],
    put_off: null,
    rows_written: 3,
  });
});

test('with --offline nobody is told to run the same command again for what it will not ask', async (t) => {
  const folder = freshFolder(t);
  folder.write('list.csv', LIST);
  const run = await folder.run(['verify', 'list.csv', '--offline']);
  assert.match(run.stderr, /without --offline/);
  assert.doesNotMatch(run.stderr, /running the same command again/);
});

test('a reader who has seen enough is no error', async (t) => {
  const folder = freshFolder(t);
  folder.write('list.csv', LONG_LIST);
  for (const options of [[], ['--json']]) {
    const run = folder.start(['verify', 'list.csv', '--offline', ...options]);
    await run.says(/person7@/);
    run.hangUp('stdout');
    const { exitCode, signal, stderr } = await run.finished;
    assert.deepEqual([exitCode, signal], [0, null], stderr);
    assert.doesNotMatch(stderr, /EPIPE|bug|warning/);
  }
});

test('a reader of --json who leaves ends the run, and is told that the file was not written', async (t) => {
  const folder = freshFolder(t);
  folder.write('list.csv', LONG_LIST);
  folder.write('clean.csv', 'old');
  const run = folder.start(['verify', 'list.csv', '--offline', '--json', '-o', 'clean.csv']);
  await run.says(/person7@/);
  run.hangUp('stdout');
  const { exitCode, stderr } = await run.finished;
  assert.equal(exitCode, 3);
  assert.match(stderr, /clean\.csv was not written/);
  assert.deepEqual([folder.read('clean.csv'), folder.files()], ['old', ['clean.csv', 'list.csv']]);
});

test('nobody needs to listen to standard error', async (t) => {
  const folder = freshFolder(t);
  folder.write('list.csv', LONG_LIST);
  const run = folder.start(['verify', 'list.csv', '--offline', '-o', 'clean.csv']);
  run.hangUp('stderr');
  const { exitCode, signal } = await run.finished;
  assert.deepEqual([exitCode, signal], [0, null]);
  assert.equal(rowsOf(folder.read('clean.csv')).length, 50_000);
});

test('what is read in one encoding and one line end keeps its quoted newlines', async (t) => {
  const folder = freshFolder(t);
  folder.write('list.csv', 'email,note\r\nanna@gmx.de,"one\r\ntwo"\r\nbob@gmx.de,"say ""hi"""\r\n');
  const run = await folder.run(['verify', 'list.csv', '--columns', 'status', ...QUIETLY]);
  assert.equal(
    run.stdout,
    'email,note,mailgate_status\r\nanna@gmx.de,"one\r\ntwo",unknown\r\nbob@gmx.de,"say ""hi""",unknown\r\n',
  );
});

test('what nobody wants may all go to /dev/null', {
  skip: existsSync('/dev/null') ? false : 'there is none',
}, async (t) => {
  const folder = freshFolder(t);
  folder.write('list.csv', LIST);
  const run = await folder.run([
    'verify',
    'list.csv',
    '-o',
    '/dev/null',
    '--summary',
    '/dev/null',
    '--offline',
    '--fail-on',
    'invalid',
  ]);
  assert.equal(run.exitCode, 1, run.stderr);
  assert.deepEqual(folder.files(), ['list.csv']);
});
