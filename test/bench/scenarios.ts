// The 21 situations that tell verifiers apart: what mailgate and the npm verifiers say in each, and how much of it is right.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { SCENARIOS, scenarioWorld } from '../../src/sandbox/scenarios.ts';
import { askWithPeer, installPeers } from './peers.ts';
import { MAILGATE } from './programs.ts';
import { atLeast, type Benchmark, type BenchOptions, type Report } from './report.ts';

export const scenariosBenchmark: Benchmark = {
  name: 'scenarios',
  about: 'verdicts in the 21 situations that tell verifiers apart; a star marks a wrong one',
  run: measureScenarios,
};

interface Contender {
  readonly name: string;
  /** In the order of the scenarios. */
  readonly verdicts: readonly string[];
}

async function measureScenarios({ folder }: BenchOptions): Promise<Report> {
  const { peers, notes } = installPeers();
  const sandbox = await startSandbox(scenarioWorld(), { keepCommands: false });
  const contenders: Contender[] = [];
  try {
    contenders.push({ name: 'mailgate', verdicts: await askMailgate(sandbox, folder) });
    const addresses = SCENARIOS.map(({ address }) => address);
    const names = { dnsPort: sandbox.dns.port };
    for (const [peer, version] of peers) {
      const task = { peer, addresses, concurrency: addresses.length, smtpPort: sandbox.smtpPort, names };
      contenders.push({ name: `${peer} ${version}`, verdicts: (await askWithPeer(task)).verdicts });
    }
  } finally {
    await sandbox.stop();
  }
  return {
    conditions: ['each at a pretend mail host of its own; the npm verifiers with their default time limits'],
    columns: ['', 'right', ...contenders.map(({ name }) => name)],
    figures: [
      ...SCENARIOS.map(({ name, statuses }, at) => [
        name,
        statuses.join(' or '),
        ...contenders.map(({ verdicts }) => `${verdicts[at]}${isRight(at, verdicts) ? '' : ' *'}`),
      ]),
      ['right', '21', ...contenders.map(({ verdicts }) => String(rightOf(verdicts)))],
    ],
    checks: [atLeast('verdicts right', { measured: rightOf(contenders[0]?.verdicts ?? []), least: SCENARIOS.length })],
    notes,
  };
}

/** As a user would: the real program, asked about all of them at once. */
async function askMailgate(sandbox: Sandbox, folder: string): Promise<string[]> {
  const world = ['--dns', `127.0.0.1:${sandbox.dns.port}`, '--port', String(sandbox.smtpPort)];
  const allowed = ['--allow-private', '--allow-reserved', '--helo', 'bench.client.test', '--from', 'b@client.test'];
  const limits = ['--command-timeout', '4s', '--connect-timeout', '4s', '--db', join(folder, 'scenarios.sqlite')];
  const addresses = SCENARIOS.map(({ address }) => address);
  const command = [MAILGATE, 'check', ...addresses, '--json', ...world, ...allowed, ...limits];
  const { stdout } = await promisify(execFile)(process.execPath, command, { cwd: folder }).catch(keepAnswers);
  const records = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { input: string; status: string });
  return addresses.map((address) => records.find(({ input }) => input === address)?.status ?? 'none');
}

/** Exit code 1 only says that some of the addresses are not valid. */
function keepAnswers(error: { readonly code?: number; readonly stdout?: string }): { stdout: string } {
  if (error.code === 1 && error.stdout !== undefined) return { stdout: error.stdout };
  throw error;
}

function isRight(at: number, verdicts: readonly string[]): boolean {
  return SCENARIOS[at]?.statuses.some((status) => status === verdicts[at]) ?? false;
}

function rightOf(verdicts: readonly string[]): number {
  return verdicts.filter((_, at) => isRight(at, verdicts)).length;
}
