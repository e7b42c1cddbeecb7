// Every kind of input that cannot be cleaned: a clear sentence, exit code 3 (or 2 for a wrong command line), nothing written.
import assert from 'node:assert/strict';
import { appendFileSync, chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { worldOf } from '../../src/sandbox/world-builders.ts';
import { freshFolder } from '../support/mailgate.ts';
import { otherUser } from '../support/other-user.ts';
import { column, listOf, rowsOf } from './rows.ts';
import { startWorld } from './world.ts';

const PNG = Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06', 'latin1');
const XLSX = Buffer.from('PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0[Content_Types].xml xl/workbook.xml', 'latin1');
const GZIP = Buffer.from('\x1f\x8b\x08\0\0\0\0\0\0\x03KLJ', 'latin1');
const NUMBERS = 'name,phone\nAnna,123\nBob,456\n';
const TWO = 'work,private\nanna@gmx.de,a@web.de\nbob@gmx.de,b@web.de\n';
const LIST = 'email\nanna@gmx.de\n';

const refused: readonly [
  what: string,
  content: string | Uint8Array | null,
  options: readonly string[],
  exitCode: number,
  says: RegExp,
][] = [
  ['a file that is not there', null, [], 3, /^mailgate: list\.csv does not exist$/m],
  ['an empty file', '', [], 3, /^mailgate: list\.csv is empty$/m],
  ['a picture', PNG, [], 3, /list\.csv looks like a PNG image/],
  ['a workbook', XLSX, [], 3, /list\.csv looks like an Excel workbook.*\n {2}.*save it as CSV/],
  ['a compressed file', GZIP, [], 3, /list\.csv looks like a gzip/],
  [
    'a list without addresses',
    NUMBERS,
    [],
    3,
    /has no column of e-mail addresses\. Its columns: 1 name, 2 phone\n {2}.*--column/,
  ],
  ['a list with two candidates', TWO, [], 3, /several columns of addresses.* 1 work, 2 private\n {2}.*--column/],
  ['a column that is not there', LIST, ['--column', 'mail'], 3, /has no column called 'mail'\. Its columns: 1 email/],
  ['a column number too high', LIST, ['--column', '2'], 3, /has no column 2/],
  [
    'an encoding that fits nothing',
    'email\nanna@gmx.de\n',
    ['--encoding', 'utf-16le'],
    3,
    /--encoding utf-16le may be wrong/,
  ],
  ['an encoding nobody knows', LIST, ['--encoding', 'klingon'], 2, /no encoding called 'klingon'/],
  ['a delimiter that is none', LIST, ['--delimiter', 'xx'], 2, /'xx' is no delimiter/],
  ['an unknown option', LIST, ['--ofline'], 2, /unknown option '--ofline'.*\n?.*--offline/],
  ['a second list', LIST, ['more.csv'], 2, /too many arguments/],
  ['a bad duration', LIST, ['--time-limit', '5x'], 2, /--time-limit: "5x" is no duration.*30s, 5m, 2h/],
  ['a bad rate', LIST, ['--rate', '60'], 2, /--rate: "60" is no rate.*60\/m/],
  ['a bad port', LIST, ['--port', '70000'], 2, /--port: .*1 to 65535/],
  ['a bad resolver', LIST, ['--dns', 'not an address'], 2, /--dns: .*not the address of a DNS server/],
  ['a bad sender', LIST, ['--from', 'nobody'], 2, /--from: "nobody" is no sender address/],
  ['a bad host name', LIST, ['--helo', 'my host'], 2, /--helo: "my host" is no full host name/],
  ['an unknown status', LIST, ['--keep', 'vaild'], 2, /--keep: "vaild" is no status \(did you mean valid\?\)/],
  ['an unknown column', LIST, ['--columns', 'statsu'], 2, /--columns: "statsu" is no column \(did you mean status\?\)/],
];
for (const [what, content, options, exitCode, says] of refused) {
  test(`verify refuses ${what}`, async (t) => {
    const folder = freshFolder(t);
    if (content !== null) folder.write('list.csv', content);
    folder.write('clean.csv', 'old');
    const run = await folder.run(['verify', 'list.csv', '-o', 'clean.csv', '--offline', ...options]);
    assert.equal(run.exitCode, exitCode, run.stderr);
    assert.match(run.stderr, says);
    assert.doesNotMatch(run.stderr, /\bat .*:\d+:\d+|Error:/, 'no stack is shown');
    assert.equal(run.stdout, '');
    assert.equal(folder.read('clean.csv'), 'old');
    assert.deepEqual(folder.files(), content === null ? ['clean.csv'] : ['clean.csv', 'list.csv']);
  });
}

test('verify refuses a folder, and a list under a name that is a file', async (t) => {
  const folder = freshFolder(t);
  mkdirSync(folder.pathOf('lists'));
  folder.write('list.csv', LIST);
  const isFolder = await folder.run(['verify', 'lists', '--offline']);
  assert.deepEqual([isFolder.exitCode, isFolder.stderr.split('\n')[0]], [3, 'mailgate: lists is a folder, not a file']);
  const below = await folder.run(['verify', 'list.csv/x', '--offline']);
  assert.match(below.stderr, /does not exist: a part of its path is not a folder/);
});

test('verify refuses a list it may not read', async (t) => {
  const user = otherUser();
  if ('skip' in user) return t.skip(user.skip);
  const folder = freshFolder(t);
  folder.write('list.csv', LIST);
  folder.giveTo(user.uid);
  chmodSync(folder.pathOf('list.csv'), 0o000);
  const run = await folder.run(['verify', 'list.csv', '--offline'], { uid: user.uid });
  assert.equal(run.exitCode, 3, run.stderr);
  assert.match(run.stderr, /^mailgate: list\.csv may not be read\n {2}Ask its owner/);
});

test('standard input without anything is empty', async (t) => {
  const run = await freshFolder(t).run(['verify', '-', '--offline']);
  assert.deepEqual([run.exitCode, run.stderr.split('\n')[0]], [3, 'mailgate: standard input is empty']);
});

test('a header without rows is cleaned to a header without rows', async (t) => {
  const folder = freshFolder(t);
  folder.write('list.csv', 'name,email\n');
  const run = await folder.run(['verify', 'list.csv', '-o', 'clean.csv', '--columns', 'status', '--offline']);
  assert.deepEqual([run.exitCode, folder.read('clean.csv')], [0, 'name,email,mailgate_status\n']);
  assert.match(run.stderr, /^list\.csv has a header and no rows\.$/m);
});

test('a quote that never closes is an ordinary character, and swallows no rows', async (t) => {
  const folder = freshFolder(t);
  folder.write('list.csv', 'email,note\nanna@gmx.de,"never closed\nbob@gmx.de,x\n');
  const run = await folder.run(['verify', 'list.csv', '--columns', 'status', '--offline']);
  assert.equal(run.exitCode, 0, run.stderr);
  assert.deepEqual(
    rowsOf(run.stdout).map(({ note }) => note),
    ['"never closed', 'x'],
  );
  assert.match(run.stderr, /warning: 1 row holds a quote that never closes \(row 2\)/);
});

test('a cell of 50 MB passes through, and does not stop the rows around it', async (t) => {
  const folder = freshFolder(t);
  const huge = Buffer.alloc(50 * 1024 * 1024, 'x');
  folder.write(
    'list.csv',
    Buffer.concat([Buffer.from('email,note\nanna@gmx.de,'), huge, Buffer.from('\nbob@gmx.de,y\n')]),
  );
  const run = await folder.run(['verify', 'list.csv', '-o', 'clean.csv', '--columns', 'status', '--offline']);
  assert.equal(run.exitCode, 0, run.stderr);
  const clean = readFileSync(folder.pathOf('clean.csv'));
  assert.equal(clean.indexOf(huge), 'email,note,mailgate_status\nanna@gmx.de,'.length);
  assert.equal(clean.subarray(-21).toString(), '\nbob@gmx.de,y,unknown\n'.slice(-21));
});

test('an address of 50 MB is no address', async (t) => {
  const folder = freshFolder(t);
  const huge = Buffer.alloc(50 * 1024 * 1024, 'x');
  folder.write(
    'list.csv',
    Buffer.concat([Buffer.from('note,email\na,anna@gmx.de\nb,'), huge, Buffer.from('@gmx.de\nc,bob@gmx.de\n')]),
  );
  const run = await folder.run(['verify', 'list.csv', '--json', '--offline']);
  assert.equal(run.exitCode, 0, run.stderr);
  assert.equal(
    run.stdout.match(/"reason":"(?:syntax|not_checked)"/g)?.join(),
    '"reason":"not_checked","reason":"syntax","reason":"not_checked"',
  );
});

test('a list that grows while its addresses are asked about is refused, and the old output stays', async (t) => {
  const folder = freshFolder(t);
  const host = { name: 'mx.late.test', addresses: ['127.30.1.1'], domains: ['late.test'] };
  const world = await startWorld(
    t,
    worldOf({ hosts: [{ ...host, mailboxes: () => ({ delayMs: 500, becomes: 'unknown' }) }] }),
  );
  folder.write('list.csv', listOf(['anna@late.test']));
  folder.write('clean.csv', 'old');
  const run = folder.start(['verify', 'list.csv', '-o', 'clean.csv', ...world.flags]);
  await world.record.until(({ recipients }) => recipients > 0);
  appendFileSync(folder.pathOf('list.csv'), 'bob@late.test\n');
  const { exitCode, stderr } = await run.finished;
  assert.equal(exitCode, 3, stderr);
  assert.match(
    stderr,
    /^mailgate: list\.csv changed while being read\n {2}Run again when nothing writes to it any more\.$/m,
  );
  assert.deepEqual([folder.read('clean.csv'), folder.files()], ['old', ['clean.csv', 'list.csv']]);
  const again = await folder.run(['verify', 'list.csv', '--offline', '--allow-reserved', '--allow-private']);
  assert.deepEqual(column(again.stdout, 'source'), ['cache', 'live'], 'what was decided before is kept');
});

const badOutputs: readonly [what: string, output: string, says: RegExp][] = [
  [
    'in a folder that is not there',
    'no/such/clean.csv',
    /no\/such\/clean\.csv cannot be written: its folder does not exist/,
  ],
  ['that is a folder', 'parts', /parts is a folder/],
  ['below a file', 'list.csv/clean.csv', /cannot be written: a part of its path is a file/],
  ['with too long a name', `${'x'.repeat(300)}.csv`, /cannot be written: its name is too long/],
];
for (const [what, output, says] of badOutputs) {
  test(`verify refuses an output ${what}, before anybody is asked`, async (t) => {
    const folder = freshFolder(t);
    folder.write('list.csv', LIST);
    mkdirSync(folder.pathOf('parts'));
    const run = await folder.run(['verify', 'list.csv', '-o', output, '--dns', '127.0.0.1:1', '--port', '1']);
    assert.equal(run.exitCode, 3, run.stderr);
    assert.match(run.stderr, says);
    assert.deepEqual(folder.files(), ['list.csv', 'parts']);
  });
}

test('verify refuses an output in a folder it may not write to, and one that is write-protected', async (t) => {
  const user = otherUser();
  if ('skip' in user) return t.skip(user.skip);
  const folder = freshFolder(t);
  folder.write('list.csv', LIST);
  folder.write('mine.csv', 'mine');
  mkdirSync(folder.pathOf('closed'));
  folder.giveTo(user.uid);
  chmodSync(folder.pathOf('mine.csv'), 0o444);
  chmodSync(folder.pathOf('closed'), 0o555);
  const run = async (output: string) =>
    await folder.run(['verify', 'list.csv', '-o', output, '--offline'], { uid: user.uid });
  const closed = await run('closed/clean.csv');
  assert.equal(closed.exitCode, 3, closed.stderr);
  assert.match(closed.stderr, /closed\/clean\.csv cannot be written: the folder may not be written to/);
  const isProtected = await run('mine.csv');
  assert.equal(isProtected.exitCode, 3, isProtected.stderr);
  assert.match(isProtected.stderr, /mine\.csv exists and may not be written to/);
  assert.equal(folder.read('mine.csv'), 'mine');
});

const impossibleParts: readonly [why: string, split: string, says: RegExp][] = [
  ['a file is in the way', 'notes.txt', /notes\.txt cannot be written: a file of that name is in the way/],
  ['a file is where its parent should be', 'notes.txt/x', /notes\.txt\/x cannot be written: a file of that name/],
  ['nothing can be made there', '/proc/none/x', /\/proc\/none\/x cannot be written: its folder does not exist/],
];
for (const [why, split, says] of impossibleParts) {
  test(`a folder for the parts that cannot be made is told before anybody is asked: ${why}`, async (t) => {
    const folder = freshFolder(t);
    folder.write('list.csv', LIST);
    folder.write('notes.txt', 'mine');
    const run = await folder.run(['verify', 'list.csv', '-o', 'clean.csv', '--split', split, '--offline']);
    assert.equal(run.exitCode, 3, run.stderr);
    assert.match(run.stderr, says);
    assert.deepEqual([folder.files(), folder.read('notes.txt')], [['list.csv', 'notes.txt'], 'mine']);
  });
}

test('an output that cannot be written is called by the name it was given', async (t) => {
  const folder = freshFolder(t);
  folder.write('list.csv', LIST);
  mkdirSync(folder.pathOf('parts/valid.csv'), { recursive: true });
  const missing = await folder.run(['verify', 'list.csv', '-o', './no/clean.csv', '--offline', '-q']);
  assert.match(missing.stderr, /^mailgate: \.\/no\/clean\.csv cannot be written/);
  const part = await folder.run(['verify', 'list.csv', '-o', 'clean.csv', '--split', 'parts', '--offline', '-q']);
  assert.match(part.stderr, /^mailgate: parts\/valid\.csv is a folder/);
});

test('a list whose name is empty, or no UTF-8 and so beyond reach, is refused with what to do', async (t) => {
  const folder = freshFolder(t);
  const empty = await folder.run(['verify', '', '--offline']);
  assert.deepEqual([empty.exitCode, empty.stderr], [2, 'mailgate: the name of the list is empty\n']);
  const lost = await folder.run(['verify', 'caf\ufffd.csv', '--offline']);
  assert.equal(lost.exitCode, 3, lost.stderr);
  assert.match(lost.stderr, /its name is not UTF-8\n {2}Pipe it in instead/);
});

test('a disk that is full while the output is written leaves the old one as it was', async (t) => {
  const folder = freshFolder(t);
  folder.write('list.csv', listOf(Array.from({ length: 20_000 }, (_, i) => `person${i}@gmx.de`)));
  folder.write('clean.csv', 'old');
  const inShell = [
    '-c',
    'ulimit -f 1000; exec "$0" "$@"',
    process.execPath,
    join(import.meta.dirname, '..', '..', 'bin', 'mailgate.js'),
  ] as const;
  const run = await folder.run(['verify', 'list.csv', '-o', 'clean.csv', '--offline'], {
    command: ['bash', ...inShell],
  });
  assert.equal(run.exitCode, 3, run.stderr);
  assert.match(run.stderr, /clean\.csv cannot be written: it grows past the file size limit\n.*Nothing was replaced/);
  assert.deepEqual([folder.read('clean.csv'), folder.files()], ['old', ['clean.csv', 'list.csv']]);
});

test('a summary that cannot be written is told, and the list is complete all the same', async (t) => {
  const folder = freshFolder(t);
  folder.write('list.csv', LIST);
  const run = await folder.run(['verify', 'list.csv', '-o', 'clean.csv', '--summary', 'no/run.json', '--offline']);
  assert.equal(run.exitCode, 3, run.stderr);
  assert.match(run.stderr, /the summary cannot be written to no\/run\.json.*\n {2}The cleaned list itself is complete/);
  assert.equal(rowsOf(folder.read('clean.csv')).length, 1);
});

const clashes: readonly [why: string, args: readonly string[], says: RegExp][] = [
  [
    'the summary would replace the list',
    ['--summary', 'list.csv'],
    /--summary and the list are the same file, list\.csv/,
  ],
  [
    'the summary would replace the output',
    ['-o', 'clean.csv', '--summary', './clean.csv'],
    /--summary and -o are the same file/,
  ],
  [
    'the output would replace the store',
    ['-o', 'store.sqlite', '--db', 'store.sqlite'],
    /--db and -o are the same file/,
  ],
  [
    'a part would replace the output',
    ['-o', 'parts/valid.csv', '--split', 'parts'],
    /--split and -o are the same file/,
  ],
  [
    'the folder of the parts would be the output',
    ['-o', 'parts', '--split', './parts'],
    /--split and -o are the same file, \.\/parts/,
  ],
  [
    'a part would replace the list',
    ['--split', 'lists'],
    /--split and the list are the same file, lists\/invalid\.csv/,
  ],
];
for (const [why, args, says] of clashes) {
  test(`verify refuses to write two things into one file: ${why}`, async (t) => {
    const folder = freshFolder(t);
    const list = args.includes('lists') ? folder.write('lists/invalid.csv', LIST) : folder.write('list.csv', LIST);
    const run = await folder.run(['verify', list, '--offline', ...args]);
    assert.equal(run.exitCode, 2, run.stderr);
    assert.match(run.stderr, says);
    assert.equal(folder.read(list), LIST);
  });
}
