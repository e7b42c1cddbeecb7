// The start-up benchmark: what mailgate adds to the start of a bare Node.
import { MAILGATE, runProgram } from './programs.ts';
import { atMost, type Benchmark, type BenchOptions, median, type Report, shown } from './report.ts';

const ROUNDS = 15;

export const startupBenchmark: Benchmark = {
  name: 'startup',
  about: 'mailgate --version beside node -e 0',
  run: measureStartup,
};

async function measureStartup({ folder }: BenchOptions): Promise<Report> {
  const bare: number[] = [];
  const mailgate: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    bare.push(await startMs(['-e', '0'], folder));
    mailgate.push(await startMs([MAILGATE, '--version'], folder));
  }
  const [bareMs, mailgateMs] = [median(bare), median(mailgate)];
  return {
    conditions: [`median of ${ROUNDS}, in turns`],
    columns: ['', 'ms'],
    figures: [
      ['node -e 0', shown(bareMs)],
      ['mailgate --version', shown(mailgateMs)],
    ],
    checks: [atMost('more than a bare node', { measured: mailgateMs - bareMs, most: 120, unit: ' ms' })],
  };
}

async function startMs(args: readonly string[], folder: string): Promise<number> {
  const { seconds } = await runProgram([process.execPath, ...args], { cwd: folder });
  return seconds * 1000;
}
