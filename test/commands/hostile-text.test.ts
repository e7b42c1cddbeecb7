// Text from strangers, in replies, banners and cells: it may ruin neither a terminal, nor a spreadsheet, nor the CSV.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ALL_COLUMNS } from '../../src/cli/columns.ts';
import { MOODS } from '../../src/sandbox/moods.ts';
import type { Behaviour, World } from '../../src/sandbox/world.ts';
import { mailZone, worldOf } from '../../src/sandbox/world-builders.ts';
import { freshFolder } from '../support/mailgate.ts';
import { cellsOf, listOf, objectsOf, rowsOf } from './rows.ts';
import { startWorld } from './world.ts';

/** What a cell must not begin with, in a spreadsheet's eyes, and what no terminal should be sent. */
const FORMULA = /^[=+\-@\t\r]/;
const CONTROLS = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

const MODES: readonly (readonly [name: string, mood: Behaviour])[] = [
  ['escapes', MOODS.terminalEscapes],
  ['formula', MOODS.formulaText],
  ['markup', MOODS.markupText],
  ['bidi', MOODS.bidiText],
  ['binary', MOODS.binaryText],
  ['returns', MOODS.carriageReturnTricks],
  ['door', { at: { banner: { raw: '554 \x1b[2J=cmd|calc \x07\x9b31m\r\n' } } }],
  ['hello', { at: { ehlo: { raw: '550 -1+1 \x1b]0;owned\x07\r\n' } } }],
  ['sender', { at: { mail: { raw: '550 @SUM(1) "quoted", \x00\r\n' } } }],
  ['flood', MOODS.endlessLine],
  ['lines', MOODS.endlessLines],
];

function hostileWorld(): World {
  const hosts = MODES.map(([name, mood], i) => ({
    name: `mx.${name}.test`,
    addresses: [`127.34.1.${i + 1}`],
    domains: [`${name}.test`],
    ...mood,
  }));
  return worldOf({ hosts, zones: [mailZone('names.test', ['-=evil\x1b[31m.names.test'])] });
}

const ADDRESSES = [...MODES.map(([name]) => name), 'names'].map((name) => `anna@${name}.test`);
const HOSTILE_CELLS = [
  '=cmd|calc@gmx.de',
  '"\x1b[31mred"@gmx.de',
  '+49 \u202e123',
  '-@x',
  '@',
  '"=1+1"@gmx.de',
  'tab\t@gmx.de',
];

async function hostileRun(t: TestContext) {
  const folder = freshFolder(t);
  const { flags } = await startWorld(t, hostileWorld());
  return { folder, flags: [...flags, '--command-timeout', '5s'] };
}

test('verify writes no cell of its own that runs or moves anything, whatever hosts and cells say', async (t) => {
  const { folder, flags } = await hostileRun(t);
  folder.write('list.csv', listOf([...ADDRESSES, ...HOSTILE_CELLS.map((cell) => `"${cell.replaceAll('"', '""')}"`)]));
  const run = await folder.run([
    'verify',
    'list.csv',
    '-o',
    'clean.csv',
    '--verbose',
    '--summary',
    'run.json',
    ...flags,
  ]);
  assert.equal(run.exitCode, 0, run.stderr);
  assert.doesNotMatch(run.stderr, CONTROLS);
  const clean = folder.read('clean.csv');
  assert.equal(new Set(cellsOf(clean).map((cells) => cells.length)).size, 1, 'every row has the same cells');
  const rows = rowsOf(clean);
  assert.deepEqual(
    rows.map(({ email }) => email),
    [...ADDRESSES, ...HOSTILE_CELLS],
  );
  for (const row of rows) {
    for (const name of ALL_COLUMNS) {
      const cell = row[`mailgate_${name}`] ?? '';
      assert.doesNotMatch(cell, FORMULA, `${row['email']} ${name}`);
      assert.doesNotMatch(cell, CONTROLS, `${row['email']} ${name}`);
      assert.ok(cell.length <= 502, `${row['email']} ${name}`);
    }
  }
  assert.doesNotMatch(folder.read('run.json'), CONTROLS);
});

test('verify --json keeps one object to a line', async (t) => {
  const { folder, flags } = await hostileRun(t);
  folder.write('list.csv', listOf(ADDRESSES));
  const run = await folder.run(['verify', 'list.csv', '--json', ...flags]);
  assert.equal(objectsOf(run.stdout).length, ADDRESSES.length);
  assert.doesNotMatch(run.stdout, CONTROLS);
});

test('check shows people and machines what was said without doing what it says', async (t) => {
  const { folder, flags } = await hostileRun(t);
  for (const options of [['--verbose'], ['--json']]) {
    const run = await folder.run([
      'check',
      ...ADDRESSES,
      '"\x1b[31mred"@gmx.de',
      'x\u202ey@gmx.de',
      ...options,
      ...flags,
      '--no-color',
    ]);
    assert.equal(run.exitCode, 1, run.stderr);
    assert.doesNotMatch(run.stdout.replaceAll(/"input":"(?:[^"\\]|\\.)*"/g, ''), CONTROLS, options.join());
    assert.doesNotMatch(run.stderr, CONTROLS);
  }
});

test('explain and the messages of refused arguments show no control character either', async (t) => {
  const folder = freshFolder(t);
  const evil = 'x\x1b[2J\x1b]0;owned\x07\u202e';
  const explained = await folder.run(['explain', `550 ${evil}`, evil]);
  assert.doesNotMatch(explained.stdout, CONTROLS);
  folder.write('list.csv', 'email\nanna@gmx.de\n');
  folder.write('evil.csv', `${evil},${evil}2\nanna,1\n`);
  const refused: readonly (readonly string[])[] = [
    ['verify', evil],
    ['verify', 'evil.csv'],
    ['verify', 'list.csv', '--column', evil],
    ['verify', 'list.csv', '--keep', evil],
    ['verify', 'list.csv', '--encoding', evil],
    ['verify', 'list.csv', '--delimiter', evil],
    ['verify', 'list.csv', '-o', `no/${evil}.csv`],
    ['verify', 'list.csv', '--dns', evil],
    ['verify', 'list.csv', '--helo', evil],
    ['verify', 'list.csv', '--from', evil],
    ['verify', 'list.csv', `--${evil}`],
    ['verify', 'list.csv', '--config', evil],
    ['verify', 'list.csv', '--db', `/dev/null/${evil}`],
    ['cache', 'show', evil, '--db', '/dev/null/x'],
    [evil],
  ];
  for (const args of refused) {
    const run = await folder.run([...args, ...(args[0] === 'verify' ? ['--offline'] : [])]);
    assert.notEqual(run.exitCode, 0, args.join(' '));
    assert.doesNotMatch(run.stderr, CONTROLS, args.join(' '));
  }
});

test('a header full of escapes is named without them', async (t) => {
  const folder = freshFolder(t);
  folder.write('list.csv', 'e-mail\x1b[31m\x07,note\nanna@gmx.de,x\n');
  const run = await folder.run(['verify', 'list.csv', '-o', 'clean.csv', '--offline']);
  assert.equal(run.exitCode, 0, run.stderr);
  assert.doesNotMatch(run.stderr, CONTROLS);
  assert.equal(cellsOf(folder.read('clean.csv'))[0]?.[0], 'e-mail\x1b[31m\x07');
});
