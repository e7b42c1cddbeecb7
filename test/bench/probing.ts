// The probing benchmark: one address per connection, as fast as the machine can, beside Postfix's own load generator.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { oneHost, runEngine } from './engine.ts';
import { runProgram, stopProgram } from './programs.ts';
import { atLeast, type Benchmark, type BenchOptions, median, type Report, shown } from './report.ts';

const SINK = '/usr/sbin/smtp-sink';
const SOURCE = '/usr/sbin/smtp-source';

const SESSIONS = 30_000;
const CONNECTIONS = 100;
/** Enough that no domain is long, few enough that planning them is not what is measured. */
const DOMAINS = 3000;
const ROUNDS = 3;

export const probingBenchmark: Benchmark = {
  name: 'probing',
  about: 'one address per connection, beside smtp-source on the same smtp-sink',
  run: measureProbing,
};

interface Rate {
  readonly perSecond: number;
  readonly cpuMsEach: number;
}

async function measureProbing({ folder }: BenchOptions): Promise<Report> {
  const conditions = [
    `${shown(SESSIONS)} sessions over ${CONNECTIONS} connections on loopback, median of ${ROUNDS} in turns; smtp-source waits for 7 replies a session, mailgate for 5`,
  ];
  const columns = ['', 'sessions/s', 'CPU ms/session'];
  const what = 'mailgate / smtp-source, sessions/s';
  if (!existsSync(SINK) || !existsSync(SOURCE)) {
    const checks = [atLeast(what, { measured: null, least: 1 })];
    return { conditions, columns, figures: [], checks, notes: ['Postfix (smtp-sink, smtp-source) is not installed'] };
  }
  const { sink, port } = await startSink();
  const source: Rate[] = [];
  const mailgate: Rate[] = [];
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      source.push(await sendWithSource(port, folder));
      mailgate.push(await askWithMailgate(port));
    }
  } finally {
    await stopProgram(sink);
  }
  const [theirs, ours] = [middle(source), middle(mailgate)];
  return {
    conditions,
    columns,
    figures: [
      ['smtp-source', shown(theirs.perSecond), shown(theirs.cpuMsEach)],
      ["mailgate's engine", shown(ours.perSecond), shown(ours.cpuMsEach)],
    ],
    checks: [atLeast(what, { measured: ours.perSecond / theirs.perSecond, least: 1 })],
  };
}

async function sendWithSource(port: number, folder: string): Promise<Rate> {
  const counts = ['-s', String(CONNECTIONS), '-m', String(SESSIONS)];
  const mail = ['-f', 'bench@client.test', '-t', 'user@sink.test'];
  const run = await runProgram([SOURCE, ...counts, ...mail, `127.0.0.1:${port}`], { cwd: folder });
  return { perSecond: SESSIONS / run.seconds, cpuMsEach: (run.cpuSeconds * 1000) / SESSIONS };
}

async function askWithMailgate(port: number): Promise<Rate> {
  const run = await runEngine({
    addresses: Array.from({ length: SESSIONS }, (_, i) => ({ local: `user${i}`, domain: `d${i % DOMAINS}.test` })),
    port,
    mailHostsOf: (domain) => oneHost(domain, '127.0.0.1'),
    limits: { concurrency: CONNECTIONS, perDomain: CONNECTIONS, perProvider: CONNECTIONS, ratePerMinute: null },
    refusalsKnown: true,
  });
  if (run.reasons.get('accepted') !== SESSIONS) throw new Error(`not all were accepted: ${[...run.reasons].join(' ')}`);
  return { perSecond: SESSIONS / run.seconds, cpuMsEach: (run.cpuSeconds * 1000) / SESSIONS };
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
