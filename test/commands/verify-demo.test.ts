// Cleans the messy demo list in its pretend world and holds every row to the truth, and the file to what was promised of it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ALL_COLUMNS } from '../../src/cli/columns.ts';
import { type Reason, statusOf } from '../../src/verdict.ts';
import { demoTruth } from '../sandbox/demo-truth.ts';
import { type Finished, freshFolder, type Workdir } from '../support/mailgate.ts';
import { cellsOf, type Row, rowsOf } from './rows.ts';

const LIST = join(import.meta.dirname, '..', '..', 'fixtures', 'legacy-list.csv');
const OWN_COLUMNS = ALL_COLUMNS.map((name) => `mailgate_${name}`);

describe('the demo list, cleaned with --sandbox', () => {
  const endings: (() => void | Promise<void>)[] = [];
  let folder: Workdir;
  let run: Finished;
  let input: string;
  let output: string;
  let clean: Row[];

  before(async () => {
    folder = freshFolder({ after: (ending) => endings.push(ending as () => void) });
    input = readFileSync(LIST, 'utf8');
    run = await folder.run(['verify', LIST, '--sandbox', '-o', 'clean.csv', '--summary', 'summary.json']);
    output = folder.read('clean.csv');
    clean = rowsOf(output);
  });
  after(async () => {
    for (const ending of endings) await ending();
  });

  test('ends well, with the summary on standard error and nothing on standard output', () => {
    assert.equal(run.exitCode, 0, run.stderr);
    assert.equal(run.stdout, '');
    assert.match(run.stderr, /^Reading addresses from column "E-Mail" of /);
    assert.match(run.stderr, /Written to clean\.csv \(174 rows\)\.\n$/);
  });

  test('has the same rows in the same order, each original cell as it was', () => {
    const before = cellsOf(input);
    const behind = cellsOf(output);
    assert.equal(behind.length, before.length);
    const width = before[0]?.length ?? 0;
    for (const [index, cells] of before.entries()) {
      const padded = [...cells, ...Array<string>(Math.max(0, width - cells.length)).fill('')];
      const [own, surplus] = [behind[index]?.slice(0, width), behind[index]?.slice(width + OWN_COLUMNS.length)];
      assert.deepEqual(own, padded.slice(0, width), `row ${index + 1}`);
      assert.deepEqual(surplus, padded.slice(width), `surplus of row ${index + 1}`);
    }
  });

  test('adds its columns behind, in the documented order', () => {
    assert.deepEqual(cellsOf(output)[0]?.slice(-OWN_COLUMNS.length), OWN_COLUMNS);
  });

  test('gives every row the status and reason that are true in that world', () => {
    assert.deepEqual(wrongRows(clean), []);
  });

  test('fits every status to its reason', () => {
    for (const row of clean) assert.equal(row['mailgate_status'], statusOf(row['mailgate_reason'] as Reason));
  });

  test('names the row that a duplicate repeats, as a spreadsheet counts', () => {
    const rows = cellsOf(output);
    const emailAt = rows[0]?.indexOf('E-Mail') ?? -1;
    const duplicates = clean.flatMap((row, index) => (row['mailgate_duplicate_of'] === '' ? [] : [index]));
    assert.equal(duplicates.length, 10);
    for (const index of duplicates) {
      const [row, first] = [clean[index], rows[Number(clean[index]?.['mailgate_duplicate_of']) - 1]];
      const address = row?.['mailgate_address']?.toLowerCase();
      assert.ok(first?.[emailAt]?.toLowerCase().includes(address ?? '?'), `${address} repeats ${first?.[emailAt]}`);
    }
  });

  test('writes no cell of its own that a spreadsheet would run', () => {
    for (const row of clean) {
      for (const name of OWN_COLUMNS) assert.doesNotMatch(row[name] ?? '', /^[=+\-@\t\r]/);
    }
  });

  test("keeps the user's own formula as it is", () => {
    assert.ok(clean.some((row) => row['E-Mail'] === '=HYPERLINK("http://evil.test","klick")'));
  });

  test('tells machines the same in its summary as the rows say', () => {
    const summary = JSON.parse(folder.read('summary.json')) as Record<string, unknown>;
    const count = (status: string): number => clean.filter((row) => row['mailgate_status'] === status).length;
    assert.deepEqual(summary['status'], {
      valid: count('valid'),
      invalid: count('invalid'),
      catchall: count('catchall'),
      unknown: count('unknown'),
    });
    assert.equal(summary['rows'], clean.length);
    assert.equal(summary['duplicates'], 10);
    assert.deepEqual(
      Object.values(summary['reasons'] as Record<string, number>).reduce((sum, rows) => sum + rows, 0),
      clean.length,
    );
  });

  test('leaves nothing behind: no store, no temporary file, and the sandbox in no file at all', () => {
    assert.deepEqual(folder.files(), ['clean.csv', 'summary.json']);
    assert.deepEqual(folder.leftovers(), []);
  });
});

function wrongRows(rows: readonly Row[]): string[] {
  return rows.flatMap((row) => {
    const truth = demoTruth.get(row['E-Mail'] ?? '');
    const found = `${row['mailgate_status']}/${row['mailgate_reason']}`;
    if (truth === undefined) return [`${row['E-Mail']}: no truth is known`];
    const reason = truth.afterWait ?? truth.reason;
    const wanted = `${statusOf(reason)}/${reason}`;
    return found === wanted ? [] : [`${row['E-Mail']}: ${found} instead of ${wanted}: ${row['mailgate_smtp_reply']}`];
  });
}
