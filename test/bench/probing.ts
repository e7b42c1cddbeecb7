// The probing benchmarks: as fast as this machine can ask, beside Postfix's own load generator on the same server.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { VERIFY_DEFAULTS } from '../../src/verify/defaults.ts';
import { oneHost, runEngine } from './engine.ts';
import { runProgram, stopProgram } from './programs.ts';
import { atLeast, type Benchmark, type BenchOptions, median, type Report, shown } from './report.ts';

const SINK = '/usr/sbin/smtp-sink';
const SOURCE = '/usr/sbin/smtp-source';

const ADDRESSES = 30_000;
const CONNECTIONS = 100;
/** Enough that no domain is long, few enough that planning them is not what is measured. */
const ADDRESSES_PER_DOMAIN = 10;

export const probingBenchmark: Benchmark = {
  name: 'probing',
  about: 'one address per connection, beside smtp-source on the same smtp-sink',
  run: (options) =>
    measureBeside(options, {
      addresses: ADDRESSES,
      conditions: [
        `${shown(ADDRESSES)} sessions over ${CONNECTIONS} connections on loopback; smtp-source waits for 7 replies a session, mailgate for 5`,
      ],
      check: 'mailgate / smtp-source',
      sourceArgs: ['-m', String(ADDRESSES)],
      domains: ADDRESSES / ADDRESSES_PER_DOMAIN,
      recipientsPerSession: 1,
    }),
};

const REUSED = { addresses: 300_000, recipients: 100 } as const;

export const reuseBenchmark: Benchmark = {
  name: 'reuse',
  about: 'many known recipients per connection, beside smtp-source -d -r 100 on the same smtp-sink',
  run: (options) =>
    measureBeside(options, {
      addresses: REUSED.addresses,
      conditions: [
        `${shown(REUSED.addresses)} recipients, ${REUSED.recipients} a host, over ${CONNECTIONS} connections on loopback; smtp-source stays connected, mailgate keeps its own limit of ${VERIFY_DEFAULTS.recipientsPerSession} a session`,
      ],
      check: 'mailgate / smtp-source -d -r 100',
      sourceArgs: ['-d', '-r', String(REUSED.recipients), '-m', String(REUSED.addresses / REUSED.recipients)],
      domains: REUSED.addresses / REUSED.recipients,
      recipientsPerSession: VERIFY_DEFAULTS.recipientsPerSession,
    }),
};

const ROUNDS = 3;

interface Comparison {
  readonly addresses: number;
  readonly conditions: readonly string[];
  readonly check: string;
  readonly sourceArgs: readonly string[];
  /** Over how many domains mailgate's addresses are spread, each with a mail host and an operator of its own. */
  readonly domains: number;
  readonly recipientsPerSession: number;
}

interface Rate {
  readonly perSecond: number;
  readonly cpuMsEach: number;
}

async function measureBeside({ folder }: BenchOptions, comparison: Comparison): Promise<Report> {
  const { check } = comparison;
  const conditions = [...comparison.conditions, `median of ${ROUNDS}, in turns`];
  const columns = ['', 'addresses/s', 'CPU ms/address'];
  if (!existsSync(SINK) || !existsSync(SOURCE)) {
    const checks = [atLeast(check, { measured: null, least: 1 })];
    return { conditions, columns, figures: [], checks, notes: ['Postfix (smtp-sink, smtp-source) is not installed'] };
  }
  const { sink, port } = await startSink();
  const source: Rate[] = [];
  const mailgate: Rate[] = [];
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      source.push(await sendWithSource(comparison, { port, folder }));
      mailgate.push(await askWithMailgate(comparison, port));
    }
  } finally {
    await stopProgram(sink);
  }
  const [theirs, ours] = [middle(source), middle(mailgate)];
  return {
    conditions,
    columns,
    figures: [
      ['smtp-source', shown(theirs.perSecond), theirs.cpuMsEach.toFixed(4)],
      ["mailgate's engine", shown(ours.perSecond), ours.cpuMsEach.toFixed(4)],
    ],
    checks: [atLeast(check, { measured: ours.perSecond / theirs.perSecond, least: 1 })],
  };
}

async function sendWithSource(
  { addresses, sourceArgs }: Comparison,
  at: { readonly port: number; readonly folder: string },
): Promise<Rate> {
  const mail = ['-s', String(CONNECTIONS), '-f', 'bench@client.test', '-t', 'user@sink.test'];
  const run = await runProgram([SOURCE, ...mail, ...sourceArgs, `127.0.0.1:${at.port}`], { cwd: at.folder });
  return { perSecond: addresses / run.seconds, cpuMsEach: (run.cpuSeconds * 1000) / addresses };
}

async function askWithMailgate(comparison: Comparison, port: number): Promise<Rate> {
  const { addresses, domains, recipientsPerSession } = comparison;
  const run = await runEngine({
    addresses: Array.from({ length: addresses }, (_, i) => ({ local: `user${i}`, domain: `d${i % domains}.test` })),
    port,
    mailHostsOf: (domain) => oneHost(domain, '127.0.0.1'),
    limits: { concurrency: CONNECTIONS, perDomain: CONNECTIONS, perProvider: CONNECTIONS, ratePerMinute: null },
    refusalsKnown: true,
    recipientsPerSession,
  });
  if (run.reasons.get('accepted') !== addresses)
    throw new Error(`not all were accepted: ${[...run.reasons].join(' ')}`);
  return { perSecond: addresses / run.seconds, cpuMsEach: (run.cpuSeconds * 1000) / addresses };
}

function middle(rates: readonly Rate[]): Rate {
  return {
    perSecond: median(rates.map((rate) => rate.perSecond)),
    cpuMsEach: median(rates.map((rate) => rate.cpuMsEach)),
  };
}

async function startSink(): Promise<{ sink: ChildProcess; port: number }> {
  const port = await freePort();
  const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : []; // it refuses to serve as root
  const sink = spawn(SINK, [...user, `127.0.0.1:${port}`, '1000'], { stdio: ['ignore', 'ignore', 'inherit'] });
  for (let tries = 0; !(await isListening(port)); tries += 1) {
    if (sink.exitCode !== null || tries > 200) throw new Error('smtp-sink did not start');
    await pause(25);
  }
  return { sink, port };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
