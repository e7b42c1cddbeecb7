// What a benchmark reports, and how it is printed: figures with their conditions, ratios with their targets.

/** One benchmark: a name for the command line, and a run that measures everything it compares side by side. */
export interface Benchmark {
  readonly name: string;
  /** What is measured, in a sentence. */
  readonly about: string;
  run(options: BenchOptions): Promise<Report>;
}

export interface BenchOptions {
  /** Rows of the generated list. */
  readonly rows: number;
  /** Size of the wide world's list. */
  readonly addresses: number;
  readonly domains: number;
  /** A folder for work files that the caller removes. */
  readonly folder: string;
}

export interface Report {
  /** What the figures depend on, beside the machine. */
  readonly conditions: readonly string[];
  /** Heads and rows of the table of absolute figures. */
  readonly columns: readonly string[];
  readonly figures: readonly (readonly string[])[];
  readonly checks: readonly Check[];
  /** What was left out, and other things to know before believing a figure. */
  readonly notes?: readonly string[];
}

/** One measured ratio or amount beside its target of the design. */
export interface Check {
  readonly what: string;
  readonly measured: string;
  readonly target: string;
  readonly outcome: 'met' | 'not met' | 'not measured';
}

/** A check that is met from `least` on; `null` where the other side of a ratio is missing on this machine. */
export function atLeast(what: string, given: { measured: number | null; least: number; unit?: string }): Check {
  const { measured, least, unit = '' } = given;
  const target = `>= ${shown(least)}${unit}`;
  if (measured === null) return { what, measured: '-', target, outcome: 'not measured' };
  return { what, measured: `${shown(measured)}${unit}`, target, outcome: measured >= least ? 'met' : 'not met' };
}

/** A check that is met up to `most`. */
export function atMost(what: string, given: { measured: number; most: number; unit?: string }): Check {
  const { measured, most, unit = '' } = given;
  const outcome = measured <= most ? 'met' : 'not met';
  return { what, measured: `${shown(measured)}${unit}`, target: `<= ${shown(most)}${unit}`, outcome };
}

/** The report as text, for a terminal or a page. */
export function reportLines(benchmark: Benchmark, report: Report): string[] {
  const checks = report.checks.map(({ what, measured, target, outcome }) => [what, measured, target, WORDS[outcome]]);
  return [
    `${benchmark.name}: ${benchmark.about}`,
    ...report.conditions.map((condition) => `  ${condition}`),
    '',
    ...tableLines([report.columns, ...report.figures]),
    '',
    ...tableLines([['against the targets', 'measured', 'target', ''], ...checks]),
    ...(report.notes ?? []).map((note) => `  note: ${note}`),
    '',
  ];
}

/** What a benchmark has measured, and how busy the machine was when it began. */
export interface Done {
  readonly benchmark: Benchmark;
  readonly report: Report;
  readonly load: string;
}

/** All reports as a page in Markdown: the checks in one table, then each benchmark with its conditions and figures. */
export function markdownLines(machine: string, done: readonly Done[]): string[] {
  const checks = done.flatMap(({ benchmark, report }) =>
    report.checks.map(({ what, measured, target, outcome }) => [
      benchmark.name,
      what,
      measured,
      target,
      outcome === 'met' ? 'met' : `**${outcome}**`,
    ]),
  );
  return [
    `${machine}.`,
    '',
    ...markdownTable([['Benchmark', 'What', 'Measured', 'Target', ''], ...checks]),
    ...done.flatMap(({ benchmark, report, load }) => [
      '',
      `**${benchmark.name}**: ${benchmark.about}. ${[...report.conditions, `load ${load}`].join('; ')}.`,
      '',
      ...markdownTable([report.columns, ...report.figures]),
      ...(report.notes ?? []).flatMap((note) => ['', note]),
    ]),
  ];
}

function markdownTable([heads = [], ...rows]: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)];
}

const WORDS: Readonly<Record<Check['outcome'], string>> = {
  met: 'met',
  'not met': 'NOT MET',
  'not measured': 'not measured',
};

/** Rows with their columns lined up: the first to the left, figures to the right, a last word to the left. */
function tableLines(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length);
  return rows.map((row) => {
    const cells = row.map((cell, at) =>
      isText(at, cell) ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0),
    );
    return `  ${cells.join('  ')}`.trimEnd();
  });
}

function isText(at: number, cell: string): boolean {
  return at === 0 || /^[a-z]+( [a-z]+)*$/i.test(cell);
}

/** A number with as many digits as mean something: 0.93, 12.4, 1,234. */
export function shown(value: number): string {
  if (value >= 100) return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
  return String(Number(value.toFixed(value >= 10 ? 1 : 2)));
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
