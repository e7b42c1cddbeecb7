// The scale benchmark: the real program over a large list at a pretend world, against the time its own limits set.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VERIFY_DEFAULTS } from '../../src/verify/defaults.ts';
import { type LeanReport, startLeanSink } from './lean-sink.ts';
import { curveLines, growthPercent, type Sample } from './memory-curve.ts';
import { MAILGATE, type ProgramRun, runProgram, stopProgram } from './programs.ts';
import { atLeast, atMost, type Benchmark, type BenchOptions, type Check, type Report, shown } from './report.ts';
import { writeWideList } from './wide-list.ts';

const LATENCY_MS = 20;

export const scaleBenchmark: Benchmark = {
  name: 'scale',
  about: 'verify, from the list to the renamed output, of many addresses at many domains with slow replies',
  run: measureScale,
};

interface Measured {
  readonly run: ProgramRun;
  readonly world: LeanReport;
  /** While connections were open. */
  readonly samples: readonly Sample[];
  readonly verdicts: ReadonlyMap<string, number>;
}

async function measureScale(options: BenchOptions): Promise<Report> {
  const { addresses, domains } = options;
  const { run, world, samples, verdicts } = await verifyWideList(options);
  const askSeconds = (world.lastAtMs - world.firstAtMs) / 1000;
  const bound = boundSeconds(world);
  const perThousand = (run.cpuSeconds * 1000 * 1000) / addresses;
  return {
    conditions: [
      `${shown(addresses)} addresses at ${shown(domains)} domains, 3 in 5 of them with one of 200 operators; 9 in 10 are known`,
      `${LATENCY_MS} ms per reply, PIPELINING; limits as they come: ${LIMITS}; verdicts kept in an SQLite file`,
      `bound: ${shown(world.waits)} waits x ${LATENCY_MS} ms / ${VERIFY_DEFAULTS.concurrency} connections, or what the busiest operator takes: ${shown(bound)} s`,
      'the world is a lean sink in a process of its own: the sandbox would need more CPU than the client',
    ],
    columns: ['', 'figure'],
    figures: [
      ['the whole run, seconds', shown(run.seconds)],
      ['from the first connection to the last, seconds', shown(askSeconds)],
      ['addresses a second while asking', shown(addresses / askSeconds)],
      ['sessions', shown(world.connections)],
      ['waits a session', shown(world.waits / world.connections)],
      ['recipients asked for', shown(world.recipients)],
      ['names nobody has among them', shown(world.inventedNames)],
      ['most connections at once', shown(world.peakOpen)],
      ['CPU ms per 1,000 addresses', shown(perThousand)],
      ["the world's CPU ms per 1,000 addresses", shown((world.cpuSeconds * 1e6) / addresses)],
      ['peak RSS MB', shown(run.peakMb)],
      ...[...verdicts].toSorted().map(([status, count]) => [`status ${status}`, shown(count)]),
    ],
    checks: [
      atLeast('share of the bound while asking', { measured: (bound / askSeconds) * 100, least: 80, unit: ' %' }),
      ...(addresses < FEWEST_WEIGHED ? [] : [flatness(samples)]),
      atMost('connections to one operator, counted there', {
        measured: world.peakPerOperator,
        most: VERIFY_DEFAULTS.perProvider,
      }),
      atMost('names nobody has asked for, a domain', { measured: world.inventedNames / domains, most: 1 }),
    ],
    notes: ['RSS while asking:', ...curveLines(samples)],
  };
}

/** Before, the heap is still on its way to the size that the collector leaves it. */
const FEWEST_WEIGHED = 500_000;

function flatness(samples: readonly Sample[]): Check {
  const measured = growthPercent(samples);
  return atMost('RSS of the last quarter above the second', { measured, most: 10, unit: ' %' });
}

const LIMITS = `${VERIFY_DEFAULTS.concurrency} connections, ${VERIFY_DEFAULTS.perProvider} to a provider, ${VERIFY_DEFAULTS.perDomain} to a domain`;

async function verifyWideList({ addresses, domains, folder }: BenchOptions): Promise<Measured> {
  const input = join(folder, 'wide.csv');
  const output = join(folder, 'clean.csv');
  await writeWideList(input, { addresses, domains });
  const sink = await startLeanSink({ latencyMs: LATENCY_MS, pipelining: true });
  const samples: Sample[] = [];
  try {
    const world = ['--dns', `${sink.dns.address}:${sink.dns.port}`, '--port', String(sink.smtpPort)];
    const allowed = ['--allow-private', '--allow-reserved', '--helo', 'bench.client.test', '--from', 'b@client.test'];
    const files = ['-o', output, '--db', join(folder, 'mailgate.sqlite'), '--summary', join(folder, 'summary.json')];
    const command = [process.execPath, MAILGATE, 'verify', input, '--quiet', ...world, ...allowed, ...files];
    const run = await runProgram(command, { cwd: folder, onMemory: (sample) => samples.push(sample) });
    const seen = await sink.report();
    const whileAsking = samples.filter(({ ms }) => ms >= seen.firstAtMs && ms <= seen.lastAtMs);
    return { run, world: seen, samples: whileAsking, verdicts: await verdictsOf(join(folder, 'summary.json')) };
  } finally {
    await stopProgram(sink.process);
  }
}

/** Neither more connections at once than all providers get together, nor more to the busiest than it gets. */
function boundSeconds({ waits, mostOperatorWaits }: LeanReport): number {
  const all = waits / VERIFY_DEFAULTS.concurrency;
  const busiest = mostOperatorWaits / VERIFY_DEFAULTS.perProvider;
  return (Math.max(all, busiest) * LATENCY_MS) / 1000;
}

async function verdictsOf(summary: string): Promise<ReadonlyMap<string, number>> {
  const { status } = JSON.parse(await readFile(summary, 'utf8')) as { status: Record<string, number> };
  return new Map(Object.entries(status));
}
