// The list benchmark: the whole way of a list without network, beside Miller and a Python script on the same file.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadDomainLists } from '../../src/address/domain-lists.ts';
import { HIGH_RISK_NAMES, ROLE_NAMES } from '../../src/address/role-names.ts';
import { TOP_LEVEL_TYPO_ROWS, TYPO_ROWS } from '../../src/address/typo-domains.ts';
import { SHARES, writeGeneratedList } from './generated-list.ts';
import { findProgram, findPython, MAILGATE, type ProgramRun, runProgram, versionOf } from './programs.ts';
import {
  atLeast,
  atMost,
  type Benchmark,
  type BenchOptions,
  type Check,
  median,
  type Report,
  shown,
} from './report.ts';

/** Above this, one round takes minutes and varies less. */
const MOST_ROWS_REPEATED = 2_000_000;
const ROUNDS = 3;

export const listBenchmark: Benchmark = {
  name: 'list',
  about: 'verify --offline: read, screen, dedupe, annotate and write a list',
  run: measureList,
};

interface Contender {
  readonly name: string;
  readonly command: readonly string[];
  readonly runs: ProgramRun[];
}

async function measureList({ rows, folder }: BenchOptions): Promise<Report> {
  const input = join(folder, 'list.csv');
  await writeGeneratedList(input, rows);
  const mailgate: Contender = { name: 'mailgate verify --offline', command: verify(input, folder), runs: [] };
  const miller = millerOn(input);
  const python = await pythonOn(input, folder);
  const contenders = [mailgate, miller, python].filter((each) => each !== null);
  const rounds = rows > MOST_ROWS_REPEATED ? 1 : ROUNDS;
  // In turns, so that what else goes on on this machine meets all of them alike.
  for (let round = 0; round < rounds; round += 1) for (const each of contenders) await runOnce(each, folder);
  return {
    conditions: [
      `${shown(rows)} rows: ${percent(SHARES.quoted)} with quotes, ${percent(SHARES.duplicates)} duplicates, ${percent(SHARES.malformed)} malformed; median of ${rounds}`,
    ],
    columns: ['', 'rows/s', 'seconds', 'CPU seconds', 'peak RSS MB'],
    figures: contenders.map((each) => figuresOf(each, rows)),
    checks: [
      atLeast('mailgate / Python with the same annotations', { measured: ratio(python, mailgate), least: 1.3 }),
      atLeast("mailgate / Miller's dedupe alone", { measured: ratio(miller, mailgate), least: 1 }),
      atLeast('rows a second', { measured: rows / middle(mailgate, 'seconds'), least: 150_000 }),
      ...(await checkMemory(mailgate, { rows, folder })),
    ],
    notes: [
      ...(miller === null ? ['Miller (mlr) is not installed, so it was left out'] : []),
      ...(python === null ? ['Python 3 is not installed, so it was left out'] : []),
    ],
  };
}

function verify(input: string, folder: string): readonly string[] {
  const output = ['-o', join(folder, 'clean.csv'), '--db', join(folder, 'mailgate.sqlite')];
  return [process.execPath, MAILGATE, 'verify', input, '--offline', '--quiet', ...output];
}

/** Miller keeps the first row of each address: no verdicts, no annotations. */
function millerOn(input: string): Contender | null {
  const mlr = findProgram('mlr');
  if (mlr === null) return null;
  const steps = ['put', '$email = tolower(strip($email))', 'then', 'head', '-n', '1', '-g', 'email'];
  return { name: `Miller ${versionOf(mlr)}, dedupe`, command: [mlr, '--csv', ...steps, input], runs: [] };
}

/** The script gets our lists of domains and names: what is compared is the work, not the knowledge. */
async function pythonOn(input: string, folder: string): Promise<Contender | null> {
  const python = findPython();
  if (python === null) return null;
  const { disposable, free } = loadDomainLists();
  const lists = join(folder, 'lists.json');
  const known = { disposable: [...disposable], free: [...free], roles: ROLE_NAMES, highRisk: HIGH_RISK_NAMES };
  const typos = { typos: meantBy(TYPO_ROWS), topLevelTypos: meantBy(TOP_LEVEL_TYPO_ROWS) };
  await writeFile(lists, JSON.stringify({ ...known, ...typos }));
  const script = join(import.meta.dirname, 'clean_list.py');
  const command = [python, script, input, join(folder, 'python.csv'), lists];
  return { name: `Python ${versionOf(python)}, clean_list.py`, command, runs: [] };
}

function meantBy(rows: typeof TYPO_ROWS): Record<string, string> {
  return Object.fromEntries(rows.flatMap(([right, ...typed]) => typed.map((each) => [each, right])));
}

async function runOnce(contender: Contender, folder: string): Promise<void> {
  contender.runs.push(await runProgram(contender.command, { cwd: folder, stdoutFile: join(folder, 'stdout.csv') }));
}

/** With fewer, what the heap happens to hold outweighs what the rows take. */
const FEWEST_ROWS_WEIGHED = 5_000_000;

/** A tenth of the rows shows what each further row costs. */
async function checkMemory(mailgate: Contender, list: { rows: number; folder: string }): Promise<Check[]> {
  const { rows, folder } = list;
  const peakMb = middle(mailgate, 'peakMb');
  const peak = atMost('peak RSS', { measured: peakMb, most: 500, unit: ' MB' });
  if (rows < FEWEST_ROWS_WEIGHED) return [peak];
  const fewer = Math.round(rows / 10);
  const input = join(folder, 'tenth.csv');
  await writeGeneratedList(input, fewer);
  const small: Contender = { ...mailgate, command: verify(input, folder), runs: [] };
  await runOnce(small, folder);
  const bytesPerRow = ((peakMb - middle(small, 'peakMb')) * 1e6) / (rows - fewer);
  return [peak, atMost(`bytes for each row beyond ${shown(fewer)}`, { measured: bytesPerRow, most: 45 })];
}

function figuresOf(contender: Contender, rows: number): string[] {
  const seconds = middle(contender, 'seconds');
  const others = [middle(contender, 'cpuSeconds'), middle(contender, 'peakMb')].map(shown);
  return [contender.name, shown(rows / seconds), shown(seconds), ...others];
}

function ratio(other: Contender | null, mailgate: Contender): number | null {
  return other === null ? null : middle(other, 'seconds') / middle(mailgate, 'seconds');
}

function middle({ runs }: Contender, figure: keyof ProgramRun): number {
  return median(runs.map((run) => run[figure]));
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
