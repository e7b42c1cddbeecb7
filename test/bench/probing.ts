// The probing benchmarks: as fast as this machine can ask, beside Postfix's own load generator on the same server.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { VERIFY_DEFAULTS } from '../../src/verify/defaults.ts';
import { oneHost, runEngine } from './engine.ts';
import { askWithPeer, installPeers, type PeerName } from './peers.ts';
import { runProgram, stopProgram } from './programs.ts';
import { atLeast, type Benchmark, type BenchOptions, type Check, median, type Report, shown } from './report.ts';

const SINK = '/usr/sbin/smtp-sink';
const SOURCE = '/usr/sbin/smtp-source';

const ADDRESSES = 30_000;
const CONNECTIONS = 100;
/** All of them are one machine here, which the limits of a provider would hold to a few connections, closing ones included. */
const UNLIMITED = 10_000;
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
      leastTimesBestPeer: null,
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
      leastTimesBestPeer: 10,
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
  /** How many times as fast as the best npm verifier it should be; null where that is not asked. */
  readonly leastTimesBestPeer: number | null;
}

/** Code that has run before is compiled, as it soon is in a run over a list; smtp-source is compiled from the start. */
const WARM_UP = 10_000;

/** The npm verifiers open a connection for each address, whatever they are asked, so fewer tell as much. */
const PEER_ADDRESSES = 5000;

interface Rate {
  readonly perSecond: number;
  readonly cpuMsEach: number;
}

async function measureBeside({ folder }: BenchOptions, comparison: Comparison): Promise<Report> {
  const { check } = comparison;
  const conditions = [
    ...comparison.conditions,
    `median of ${ROUNDS}, in turns, mailgate after a warm-up of ${shown(WARM_UP)} addresses`,
  ];
  const columns = ['', 'addresses/s', 'CPU ms/address'];
  if (!existsSync(SINK) || !existsSync(SOURCE)) {
    const checks = [atLeast(check, { measured: null, least: 1 })];
    return { conditions, columns, figures: [], checks, notes: ['Postfix (smtp-sink, smtp-source) is not installed'] };
  }
  const { peers, notes } = installPeers();
  const { sink, port } = await startSink();
  const others = new Map<PeerName, Rate[]>([...peers.keys()].map((peer) => [peer, []]));
  const source: Rate[] = [];
  const mailgate: Rate[] = [];
  try {
    await askWithMailgate({ ...comparison, addresses: WARM_UP, domains: WARM_UP / ADDRESSES_PER_DOMAIN }, port);
    for (let round = 0; round < ROUNDS; round += 1) {
      source.push(await sendWithSource(comparison, { port, folder }));
      mailgate.push(await askWithMailgate(comparison, port));
      for (const [peer, rates] of others) rates.push(await askWithNpm(peer, port));
    }
  } finally {
    await stopProgram(sink);
  }
  const [theirs, ours] = [middle(source), middle(mailgate)];
  const npm = [...others].map(([peer, rates]) => ({ name: `${peer} ${peers.get(peer)}`, ...middle(rates) }));
  const best = npm.length === 0 ? null : Math.max(...npm.map(({ perSecond }) => perSecond));
  return {
    conditions,
    columns,
    figures: [
      ['smtp-source', shown(theirs.perSecond), theirs.cpuMsEach.toFixed(4)],
      ["mailgate's engine", shown(ours.perSecond), ours.cpuMsEach.toFixed(4)],
      ...npm.map(({ name, perSecond, cpuMsEach }) => [name, shown(perSecond), cpuMsEach.toFixed(4)]),
    ],
    checks: [
      atLeast(check, { measured: ours.perSecond / theirs.perSecond, least: 1 }),
      ...(comparison.leastTimesBestPeer === null ? [] : [againstBest(ours, best, comparison.leastTimesBestPeer)]),
    ],
    notes,
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
    limits: { concurrency: CONNECTIONS, perDomain: CONNECTIONS, perProvider: UNLIMITED, ratePerMinute: null },
    refusalsKnown: true,
    recipientsPerSession,
  });
  if (run.reasons.get('accepted') !== addresses)
    throw new Error(`not all were accepted: ${[...run.reasons].join(' ')}`);
  return { perSecond: addresses / run.seconds, cpuMsEach: (run.cpuSeconds * 1000) / addresses };
}

function againstBest(ours: Rate, best: number | null, least: number): Check {
  const measured = best === null ? null : ours.perSecond / best;
  return atLeast('mailgate / the best npm verifier', { measured, least, unit: ' x' });
}

async function askWithNpm(peer: PeerName, smtpPort: number): Promise<Rate> {
  const addresses = Array.from({ length: PEER_ADDRESSES }, (_, i) => `user${i}@d${i % 500}.test`);
  const names = { address: '127.0.0.1' };
  const run = await askWithPeer({ peer, addresses, concurrency: CONNECTIONS, smtpPort, names });
  if (run.verdicts.some((verdict) => verdict !== 'valid')) throw new Error(`not all were accepted by ${peer}`);
  return { perSecond: PEER_ADDRESSES / run.seconds, cpuMsEach: (run.cpuSeconds * 1000) / PEER_ADDRESSES };
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
