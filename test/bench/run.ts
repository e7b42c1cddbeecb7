// Runs the benchmarks named on the command line, or all of them, one after the other, and prints what each reports.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { manyDomainsBenchmark, oneDomainBenchmark } from './latency.ts';
import { listBenchmark } from './list.ts';
import { probingBenchmark, reuseBenchmark } from './probing.ts';
import { type Benchmark, type Done, markdownLines, reportLines } from './report.ts';
import { scaleBenchmark } from './scale.ts';
import { scenariosBenchmark } from './scenarios.ts';
import { startupBenchmark } from './startup.ts';

const BENCHMARKS: readonly Benchmark[] = [
  listBenchmark,
  probingBenchmark,
  reuseBenchmark,
  oneDomainBenchmark,
  manyDomainsBenchmark,
  scaleBenchmark,
  scenariosBenchmark,
  startupBenchmark,
];

/** Ignored by git. */
const WORK = join(import.meta.dirname, '.work');

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rows: { type: 'string', default: '1000000' },
      addresses: { type: 'string', default: '1000000' },
      domains: { type: 'string', default: '100000' },
      markdown: { type: 'boolean', default: false },
    },
  });
  const chosen = positionals.length === 0 ? BENCHMARKS : positionals.map(benchmarkNamed);
  const sizes = {
    rows: wholeNumber('--rows', values.rows),
    addresses: wholeNumber('--addresses', values.addresses),
    domains: wholeNumber('--domains', values.domains),
  };
  const say = values.markdown ? console.error : console.log;
  const about = machine();
  const done: Done[] = [];
  say(`${about}\n`);
  for (const benchmark of chosen) {
    await mkdir(WORK, { recursive: true });
    const folder = await mkdtemp(join(WORK, `${benchmark.name}-`));
    try {
      const load = loads();
      const report = await benchmark.run({ ...sizes, folder });
      done.push({ benchmark, report, load });
      say(reportLines(benchmark, report).join('\n'));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  if (values.markdown) console.log(markdownLines(about, done).join('\n'));
}

function wholeNumber(option: string, text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1000) return number;
  throw new Error(`${option} wants a whole number from 1000 on`);
}

function benchmarkNamed(name: string): Benchmark {
  const found = BENCHMARKS.find((benchmark) => benchmark.name === name);
  if (found !== undefined) return found;
  throw new Error(`no benchmark is called '${name}'; there are ${BENCHMARKS.map((each) => each.name).join(', ')}`);
}

function machine(): string {
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `Node ${process.version}, ${cpus().length} cores (${cpu?.model.trim()}), ${memory} GiB, ${new Date().toISOString().slice(0, 10)}, load ${loads()}`;
}

/** Tasks that ran or wanted to, on average over the last 1, 5 and 15 minutes: with more than cores, times mean little. */
function loads(): string {
  return loadavg()
    .map((load) => load.toFixed(1))
    .join(' ');
}

await main();
