// Draws how a program's memory went over a run, and says whether it grew.
import { median, shown } from './report.ts';

/** What was seen of a process at one moment. */
export interface Sample {
  readonly ms: number;
  readonly rssMb: number;
}

const COLUMNS = 60;
const BARS = '▁▂▃▄▅▆▇█';

/** The curve as text, from zero to its highest point, with figures at every sixth of it. */
export function curveLines(samples: readonly Sample[]): string[] {
  const columns = shares(samples, COLUMNS).map((part) => Math.max(0, ...part.map(({ rssMb }) => rssMb)));
  const most = Math.max(...columns, 1);
  const bars = columns.map((rssMb) => BARS[Math.min(7, Math.floor((rssMb / most) * 8))] ?? ' ');
  const marks = columns.filter((_, at) => at % (COLUMNS / 6) === 0 || at === COLUMNS - 1);
  return [bars.join(''), `MB at every sixth: ${marks.map(shown).join(', ')}`];
}

/** By how many percent the last quarter lies above the second one; the first is left out, for a heap grows at first. */
export function growthPercent(samples: readonly Sample[]): number {
  const [, second, , last] = shares(samples, 4).map((part) => median(part.map(({ rssMb }) => rssMb)));
  return ((last ?? 0) / (second ?? 1) - 1) * 100;
}

/** The samples in so many parts of equal time; a part without a sample of its own repeats the one before. */
function shares(samples: readonly Sample[], count: number): Sample[][] {
  const [from, to] = [samples[0]?.ms ?? 0, (samples.at(-1)?.ms ?? 0) + 1];
  const parts: Sample[][] = Array.from({ length: count }, () => []);
  for (const sample of samples) parts[Math.floor(((sample.ms - from) / (to - from)) * count)]?.push(sample);
  for (const [at, part] of parts.entries()) {
    const before = parts[at - 1]?.at(-1) ?? samples[0];
    if (part.length === 0 && before !== undefined) part.push(before);
  }
  return parts;
}
