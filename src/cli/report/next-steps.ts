// Turns advice into commands that can be copied: the command of this run, changed by what the advice changes.
import type { Advice } from '../advice.ts';
import { ASK_OPTIONS, COMMON_OPTIONS, LIST_OPTIONS } from '../options.ts';
import { longNameOf, type OptionSpec } from '../settings.ts';
import { withoutSecrets } from './conditions.ts';

export interface NextStep {
  readonly say: string;
  /** What to type, or null where there is nothing to run. */
  readonly command: string | null;
}

/** How this run was started, and what it came to. */
export interface FinishedRun {
  /** The arguments behind `mailgate`. */
  readonly args: readonly string[];
  /** True where the list came from standard input. */
  readonly isPiped: boolean;
  /** True where its verdicts are kept, so that the next run finds them. */
  readonly isKept: boolean;
  readonly mailable: number;
  /** True where the output has every row. */
  readonly keptAll: boolean;
}

/** The list to mail first, where there is one, then what the advice says. */
export function nextSteps(advice: readonly Advice[], run: FinishedRun): NextStep[] {
  const shown = new Set<string>();
  const steps = advice.map(({ say, rerun }) => {
    const command = rerun === null ? null : commandOf(run, rerun);
    if (command === null || shown.has(command)) return { say, command: null };
    shown.add(command);
    return { say, command };
  });
  if (run.mailable === 0 || !run.keptAll) return steps;
  return [
    { say: 'Write a list of only those that can be mailed, each once:', command: mailableCommand(run) },
    ...steps,
  ];
}

function mailableCommand(run: FinishedRun): string {
  const without = [
    '--output',
    '--report',
    '--summary',
    '--split',
    '--keep',
    '--duplicates',
    '--time-limit',
    '--refresh',
    '--fail-on',
  ];
  const asking = run.isKept ? ['--offline'] : []; // all that is needed is kept, so nobody need be asked again
  const add = ['-o', 'can-be-mailed.csv', '--keep', 'valid', '--duplicates', 'drop', ...asking];
  return commandOf(run, { add, without: run.isKept ? [...without, '--no-smtp'] : without });
}

function commandOf(run: FinishedRun, change: NonNullable<Advice['rerun']>): string {
  const dropped = [...change.without, ...change.add.filter((word) => word.startsWith('--'))];
  const args = [...withoutOptions(run.args, dropped), ...change.add];
  return ['mailgate', ...args.map(quoted), ...(run.isPiped ? ['< list.csv'] : [])].join(' ');
}

/** The arguments without these long options and what belongs to them. */
function withoutOptions(args: readonly string[], dropped: readonly string[]): string[] {
  const flags = new Map<string, OptionSpec>();
  for (const spec of [...LIST_OPTIONS, ...ASK_OPTIONS, ...COMMON_OPTIONS] as readonly OptionSpec[]) {
    if (!dropped.includes(`--${longNameOf(spec.flags)}`)) continue;
    for (const [flag] of spec.flags.matchAll(/--?[a-z][a-z0-9-]*/g)) flags.set(flag, spec);
  }
  const left: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? '';
    const isShort = /^-[a-z]/i.test(arg);
    const spec = flags.get(isShort ? arg.slice(0, 2) : (arg.split('=')[0] ?? ''));
    if (spec === undefined) left.push(arg);
    else if (spec.kind !== 'switch' && !(isShort ? arg.length > 2 : arg.includes('='))) index += 1;
  }
  return left;
}

/** As a POSIX shell takes it; a word of plain letters stands as it is. */
function quoted(word: string): string {
  const shown = withoutSecrets(word);
  return /^[\w@%+=:,./-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", "'\\''")}'`;
}
