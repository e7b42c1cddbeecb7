// Fails when the documents lag behind the program: a command, option, column, reason or exit code the README does not name,
// a file they name that is gone, an example whose output has changed.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, describe, test } from 'node:test';
import { Command, type Option } from 'commander';
import { ALL_COLUMNS } from '../src/cli/columns.ts';
import { addCommands } from '../src/cli/commands/all.ts';
import { main } from '../src/cli/main.ts';
import { ALL_OPTIONS } from '../src/cli/options.ts';
import { longNameOf } from '../src/cli/settings.ts';
import type { Invocation } from '../src/cli/terminal.ts';
import { EXIT_CODES } from '../src/errors.ts';
import { REASONS as BOUNCE_REASONS } from '../src/feedback/reasons.ts';
import { LIFE_MS, SUPPRESSION_REASONS } from '../src/store/suppression-reasons.ts';
import { REASONS_BY_STATUS, type Reason, STAGES, STATUSES, statusOf, type Verdict } from '../src/verdict.ts';
import { CATCHALL_LIFE_DAYS, lifeMsOf } from '../src/verify/ageing.ts';
import { type Factor, scoreOf } from '../src/verify/score.ts';

const ROOT = join(import.meta.dirname, '..');
const readme = readDocument('README.md');
/** Without the blanks that put the columns of a table below each other. */
const readmeRows = readme.split('\n').map((line) => line.replace(/ +/g, ' '));
const architecture = readDocument('ARCHITECTURE.md');
const REASONS = STATUSES.flatMap((status) => REASONS_BY_STATUS[status] as readonly Reason[]);
const DAY_MS = 86_400_000;

/** Those of src/errors.ts, and those that are no error: main.ts, verify-list.ts and check.ts give them. */
const ALL_EXIT_CODES = new Set([0, 1, ...Object.values(EXIT_CODES), 6, 70, 129, 130, 143]);

describe('the README names', () => {
  for (const command of allCommands()) {
    const path = pathOf(command);
    test(`the command "${path}"`, () => assert.match(readme, new RegExp(`\`${path}[ \`]`)));
    for (const option of command.options) {
      test(`${option.long} of "${path}" as its help does`, () => assertRow(rowOfOption(option)));
    }
  }
  test('every option there is as one of some command', () => {
    const shown = new Set(allCommands().flatMap(({ options }) => options.map(({ long }) => long)));
    for (const { flags } of ALL_OPTIONS) assert.ok(shown.has(`--${longNameOf(flags)}`), flags);
  });
  for (const column of ALL_COLUMNS) {
    test(`the column ${column}`, () => assertRowBegins(`| \`${column}\` |`));
  }
  for (const stage of STAGES) {
    test(`the stage ${stage}`, () => assert.ok(readme.includes(`\`${stage}\``)));
  }
  for (const reason of REASONS) {
    test(`the reason ${reason} under its status`, () => assertRowBegins(`| ${statusOf(reason)} | \`${reason}\` |`));
  }
  for (const { reason, strength, sisimai, says } of BOUNCE_REASONS) {
    test(`the bounce reason ${reason} with its weight and sisimai's word`, () =>
      assertRow(`| \`${reason}\` | \`${strength}\` | \`${sisimai}\` | ${says} |`));
  }
  test('the reasons of the suppression store, strongest first, and when they end', () => {
    const rows = SUPPRESSION_REASONS.map((reason) => readmeRows.findIndex((row) => isStoreRow(row, reason)));
    assert.ok(!rows.includes(-1), `one of ${SUPPRESSION_REASONS.join(', ')} has no row`);
    assert.deepEqual(
      rows,
      rows.toSorted((a, b) => a - b),
    );
    for (const [reason, lifeMs] of Object.entries(LIFE_MS)) {
      const row = readmeRows.find((each) => isStoreRow(each, reason)) ?? '';
      assert.ok(row.includes(`| ${lifeMs / DAY_MS} days after the last |`), row);
    }
  });
  for (const code of ALL_EXIT_CODES) {
    test(`exit code ${code}`, () => assertRowBegins(`| ${code} |`));
  }
  for (const { name, points } of allFactors()) {
    test(`the factor ${name} with its points`, () => assertRowBegins(`| \`${name}\` | ${signed(points)} |`));
  }
  for (const reason of REASONS) {
    const days = lifeMsOf(reason, null) / DAY_MS;
    if (days === 0) continue;
    test(`how long ${reason} is kept`, () => assertRowBegins(`| \`${reason}\` | ${daysOf(days)} |`));
  }
  test('how long a catch-all state is kept', () =>
    assertRowBegins(`| catch-all state of a domain | ${daysOf(CATCHALL_LIFE_DAYS)} |`));
});

describe('the README gives a newcomer', () => {
  test('one command line that sets up and cleans the list that comes along', () => {
    const command = markedCommand('command 1');
    assert.match(command, /^git clone \S+ && cd \S+ && npm ci && npx mailgate verify \S+ --sandbox -o \S+$/);
    const list = /verify (\S+)/.exec(command)?.[1] ?? '';
    assert.ok(existsSync(join(ROOT, list)), `there is no ${list}`);
  });
  test('one command line that sets up and runs the tests', () => {
    assert.match(markedCommand('command 2'), /^git clone \S+ && cd \S+ && npm ci && npm test$/);
  });
  test('the line that runs the tests of a checkout', () => {
    assert.ok(readme.split('\n').includes('npm ci && npm test'));
  });
});

describe('the README shows what mailgate prints for', () => {
  const examples = [...readme.matchAll(/^\$ npx mailgate (explain .*)\n((?:(?!\$ |```).*\n)+)/gm)];
  test('some replies', () => assert.ok(examples.length > 0));
  for (const [, command = '', shown] of examples) {
    test(command, async () => assert.equal(await printed(command), shown));
  }
});

/** Blocks of one name share a folder, so that one command finds what another has kept. */
describe('the README shows what mailgate prints in the blocks marked', () => {
  for (const [name, blocks] of markedBlocks()) {
    test(`"run: ${name}"`, async () => {
      const cwd = mkdtempSync(join(tmpdir(), 'mailgate-readme-'));
      after(() => rmSync(cwd, { recursive: true }));
      symlinkSync(join(ROOT, 'fixtures'), join(cwd, 'fixtures'));
      for (const { input, command, shown } of blocks) {
        const told = (await printed(command, { cwd, input })).replaceAll(`${cwd}/`, '');
        assert.equal(undated(told), undated(shown), command);
      }
    });
  }
});

for (const [document, least] of [
  ['ARCHITECTURE.md', 20],
  ['CONTRIBUTING.md', 10],
] as const) {
  test(`${document} names only files and folders that are there`, () => {
    const pattern = /`((?:[\w.-]+\/)*[\w-]+\.(?:ts|js|md|csv|json)|(?:[\w.-]+\/)+)`/g;
    const names = [...readDocument(document).matchAll(pattern)];
    assert.ok(names.length >= least);
    for (const [, name = ''] of names)
      assert.ok(name === 'dist/' || existsSync(join(ROOT, name)), `there is no ${name}`);
  });
}

describe('ARCHITECTURE.md', () => {
  test('names only functions that are there', () => {
    const source = sourceFiles().map(readDocument).join('\n');
    const names = [...architecture.matchAll(/`(?:\w+\.)?(\w+)\(\)`/g)];
    assert.ok(names.length > 5);
    for (const [, name = ''] of names) assert.match(source, new RegExp(`\\b${name}(?:<\\w+>)?\\(`), `no ${name}()`);
  });
  for (const { name } of readdirSync(join(ROOT, 'src'), { withFileTypes: true }).filter((each) => each.isDirectory())) {
    test(`has the room ${name} on its map`, () => assert.match(architecture, new RegExp(`^\\| \`${name}\` +\\|`, 'm')));
  }
});

const FOREIGN_TO_DOCUMENTS: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/(?<![\w.~/-])\/(?:work|root|tmp|home|Users|mnt|opt|private)\b/, 'an absolute path of some machine'],
  [/\b[A-Z]:\\/, 'an absolute path of some machine'],
  [/(?<![\w&/])#\d+\b(?!\.\d)|\bissues?\/\d+|\bissue \d+/i, 'the number of an issue'], // #5.1.1 is a code, as qmail writes it
  [/\b(?:registry\.\w+\.\w+|(?:www\.)?npmjs\.\w+|unpkg\.com|jsdelivr\.net|proxy\.golang\.org)\b/i, 'a registry'],
];

for (const name of documents()) {
  test(`${name} says nothing that holds in one place or for one moment only`, () => {
    for (const [pattern, what] of FOREIGN_TO_DOCUMENTS) {
      const found = pattern.exec(readDocument(name));
      assert.equal(found, null, `${name} holds ${what}: ${found?.[0]}`);
    }
  });
}

function readDocument(name: string): string {
  return readFileSync(join(ROOT, name), 'utf8');
}

function documents(): string[] {
  const inFolder = (folder: string): string[] =>
    readdirSync(join(ROOT, folder), { recursive: folder !== '', encoding: 'utf8' }).map((name) => join(folder, name));
  return ['', 'src', 'test'].flatMap(inFolder).filter((name) => name.endsWith('.md'));
}

function sourceFiles(): string[] {
  return readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join('src', name));
}

function assertRow(row: string): void {
  assert.ok(readmeRows.includes(row), `README.md needs this row:\n${row}`);
}

function assertRowBegins(beginning: string): void {
  assert.ok(
    readmeRows.some((row) => row.startsWith(beginning)),
    `README.md needs a row that begins with: ${beginning}`,
  );
}

/** Every command that can be run, with those below it. */
function allCommands(): Command[] {
  const program = new Command('mailgate');
  addCommands(program, { invocation: invocationOf([]).invocation, exitWith: () => {} });
  const below = (command: Command): Command[] => [command, ...command.commands.flatMap(below)];
  return program.commands.flatMap(below);
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

/** A pipe within a cell of a Markdown table needs a backslash, even in code. */
function rowOfOption({ flags, description }: Option): string {
  return `| \`${flags.replaceAll('|', '\\|')}\` | ${description.replaceAll('|', '\\|')} |`;
}

/** Each factor with the points it adds, or, for one that grows, the most of them. */
function allFactors(): Factor[] {
  const factors = new Map<string, Factor>();
  for (const reason of REASONS) {
    for (const role of ['role', 'high_risk'] as const) {
      const flags = { role, disposable: true, free: true, typoSuspected: true };
      for (const factor of scoreOf(verdictWith(reason), flags, 3650 * DAY_MS).factors) factors.set(factor.name, factor);
    }
  }
  return [...factors.values()];
}

function verdictWith(reason: Reason): Verdict {
  return {
    status: statusOf(reason),
    reason,
    stage: 'rcpt',
    reply: null,
    detail: null,
    mx: null,
    provider: null,
    implicitMx: true,
    catchall: 'not_asked',
    attempts: 1,
    checkedAt: 0,
    source: 'live',
  };
}

function signed(points: number): string {
  return points > 0 ? `+${points}` : String(points);
}

function daysOf(days: number): string {
  return days === 1 ? '1 day' : `${days} days`;
}

/** As `.ci/run` finds it: the first `sh` block behind the marker. */
function markedCommand(marker: string): string {
  const behind = readme.slice(readme.indexOf(`<!-- ${marker} -->`));
  assert.ok(readme.includes(`<!-- ${marker} -->`), `README.md has no <!-- ${marker} -->`);
  return /^```sh\n(.*?)\n```$/ms.exec(behind)?.[1] ?? '';
}

interface ShownCommand {
  /** What `printf '…' |` in front of it gives it to read. */
  readonly input: string;
  readonly command: string;
  readonly shown: string;
}

function isStoreRow(row: string, reason: string): boolean {
  return row.startsWith(`| \`${reason}\` |`) && /`(?:unknown\/suppressed|invalid\/bounced)` \|$/.test(row);
}

/** The commands of each `<!-- run: name -->` in their order. */
function markedBlocks(): Map<string, ShownCommand[]> {
  const found = new Map<string, ShownCommand[]>();
  for (const [, name = '', block = ''] of readme.matchAll(/^<!-- run: ([\w-]+) -->\n```console\n(.*?)```$/gms)) {
    const pattern = /^\$ (?:printf '([^']*)' \| )?npx mailgate (.*)\n((?:(?!\$ ).*\n)*)/gm;
    const commands = [...block.matchAll(pattern)].map(([, input = '', command = '', shown = '']) => ({
      input: input.replaceAll('\\n', '\n'),
      command,
      shown,
    }));
    found.set(name, [...(found.get(name) ?? []), ...commands]);
  }
  return found;
}

/** Without the days: a clock that is behind the fixtures dates what it reads by its own. */
function undated(text: string): string {
  return text.replace(/\b\d{4}-\d\d-\d\d\b/g, '<day>');
}

/** What a command line of the README prints, on both streams; words may stand in double quotes. */
async function printed(
  command: string,
  given: { readonly cwd?: string; readonly input?: string } = {},
): Promise<string> {
  const args = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
  const { invocation, text } = invocationOf(args, given);
  await main(invocation);
  return text();
}

/** An invocation with nobody's settings, and what it wrote, as a terminal would show it. */
function invocationOf(
  args: readonly string[],
  { cwd = ROOT, input = '' }: { readonly cwd?: string; readonly input?: string } = {},
): { readonly invocation: Invocation; readonly text: () => string } {
  const output = new PassThrough({ encoding: 'utf8', highWaterMark: 1_000_000 });
  const invocation: Invocation = {
    args,
    env: {},
    cwd,
    home: join(ROOT, 'node_modules', '.no-home'),
    stdin: new PassThrough().end(input),
    stdout: output,
    stderr: output,
    interrupted: new AbortController().signal,
  };
  return { invocation, text: () => String(output.read() ?? '') };
}
