// The benchmarks with slow replies, where round trips decide and not this machine: one big domain, and many small ones.
import { systemClock } from '../../src/clock.ts';
import type { MailHostsOutcome } from '../../src/dns/mail-hosts.ts';
import { createResolver } from '../../src/dns/resolver.ts';
import { VERIFY_DEFAULTS } from '../../src/verify/defaults.ts';
import { askBarely, type BareRun } from './bare-client.ts';
import { type EngineOptions, type EngineRun, oneHost, runEngine } from './engine.ts';
import { startLeanSink } from './lean-sink.ts';
import { askWithPeer, installPeers, type PeerName } from './peers.ts';
import { ONE_DOMAIN, startPretendWorld } from './pretend-world.ts';
import { stopProgram } from './programs.ts';
import { atLeast, type Benchmark, median, type Report, shown } from './report.ts';
import { addressOf, loneDomain, mailHostNameOf } from './wide-world.ts';

const ONE = { latencyMs: 20, connections: 5, addresses: 3000 } as const;

export const oneDomainBenchmark: Benchmark = {
  name: 'one-domain',
  about: 'one domain, few connections, slow replies, nine in ten recipients known, the default rejection budget',
  run: measureOneDomain,
};

async function measureOneDomain(): Promise<Report> {
  const single = await askOne('one by one', ONE.addresses / 10, { recipientsPerSession: 1 });
  const oneByOne = await askOne('one by one', ONE.addresses, {});
  const pipelined = await askOne('pipelining', ONE.addresses, {});
  const { peers, notes } = installPeers();
  const npm: (readonly [string, number])[] = [];
  for (const [peer, version] of peers) npm.push([`${peer} ${version}`, await askOneWithPeer(peer)]);
  return {
    conditions: [`${ONE.connections} connections, ${ONE.latencyMs} ms per reply, ${shown(ONE.addresses)} addresses`],
    columns: ['', 'addresses/s'],
    figures: [
      ['one address per session', shown(single)],
      ['many recipients per session', shown(oneByOne)],
      ['the same with PIPELINING', shown(pipelined)],
      ...npm.map(([name, perSecond]) => [name, shown(perSecond)]),
    ],
    checks: [
      atLeast('without PIPELINING', { measured: oneByOne, least: 200, unit: '/s' }),
      atLeast('with PIPELINING', { measured: pipelined, least: 800, unit: '/s' }),
    ],
    notes,
  };
}

/** Addresses a second. */
async function askOne(
  world: 'one by one' | 'pipelining',
  addresses: number,
  limits: Pick<EngineOptions, 'recipientsPerSession'>,
): Promise<number> {
  const { smtpPort, process } = await startPretendWorld(world, ONE.latencyMs);
  try {
    const run = await runEngine({
      addresses: Array.from({ length: addresses }, (_, i) => ({ local: `user${i}`, domain: ONE_DOMAIN })),
      port: smtpPort,
      mailHostsOf: (domain) => oneHost(domain, '127.0.0.1'),
      limits: { concurrency: 100, perDomain: ONE.connections, perProvider: ONE.connections, ratePerMinute: null },
      refusalsKnown: false,
      ...limits,
    });
    mustBe(run, { accepted: addresses * 0.9, mailbox_not_found: addresses * 0.1 });
    return addresses / run.seconds;
  } finally {
    await stopProgram(process);
  }
}

/** As many connections as we get; a tenth of the addresses tells as much of who opens a connection for each. */
async function askOneWithPeer(peer: PeerName): Promise<number> {
  const { smtpPort, process } = await startPretendWorld('one by one', ONE.latencyMs);
  try {
    const addresses = Array.from({ length: ONE.addresses / 10 }, (_, i) => `user${i}@${ONE_DOMAIN}`);
    const names = { address: '127.0.0.1' };
    const run = await askWithPeer({ peer, addresses, concurrency: ONE.connections, smtpPort, names });
    return addresses.length / run.seconds;
  } finally {
    await stopProgram(process);
  }
}

const MANY = { latencyMs: 50, connections: 1000, domains: 2000 } as const;
/** Banner, EHLO, MAIL, RCPT, and RCPT for the name nobody has; QUIT is not waited for. */
const REPLIES = 5;
const ROUNDS = 5;

export const manyDomainsBenchmark: Benchmark = {
  name: 'many-domains',
  about: 'one address in each of many domains, slow replies, many connections',
  run: measureManyDomains,
};

async function measureManyDomains(): Promise<Report> {
  const world = await startLeanSink({ latencyMs: MANY.latencyMs, pipelining: false });
  const resolver = createResolver({
    servers: [world.dns],
    clock: systemClock,
    limits: { queriesPerSecond: 50_000, inFlight: 500, cachedNames: 1 },
  });
  const { peers, notes } = installPeers();
  const npm = new Map<PeerName, BareRun[]>([...peers.keys()].map((peer) => [peer, []]));
  const bare: BareRun[] = [];
  const known: EngineRun[] = [];
  const lookedUp: EngineRun[] = [];
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      known.push(await askMany(world.smtpPort, hostOf));
      lookedUp.push(await askMany(world.smtpPort, resolver));
      bare.push(await askBarely(MANY_RECIPIENTS, { ...MANY, port: world.smtpPort }));
      for (const [peer, runs] of npm) runs.push(await askManyWithPeer(peer, world.smtpPort));
    }
  } finally {
    await resolver.close();
    await stopProgram(world.process);
  }
  const boundSeconds = (MANY.domains / MANY.connections) * REPLIES * (MANY.latencyMs / 1000);
  const ours = median(known.map(({ seconds }) => seconds));
  return {
    conditions: [
      `${MANY.domains} domains, ${MANY.connections} connections, ${MANY.latencyMs} ms per reply; median of ${ROUNDS}`,
      `bound: ${MANY.domains} addresses / ${MANY.connections} connections x ${REPLIES} replies x ${MANY.latencyMs} ms = ${shown(boundSeconds)} s`,
    ],
    columns: ['', 'addresses/s', 'seconds', 'CPU ms/address'],
    figures: [
      ['the bound', shown(MANY.domains / boundSeconds), shown(boundSeconds), ''],
      figuresOf('mail hosts known', known),
      figuresOf('mail hosts looked up first', lookedUp),
      figuresOf('bare sockets, the same words, no verdicts', bare),
      ...[...npm].map(([peer, runs]) => figuresOf(`${peer} ${peers.get(peer)}`, runs)),
    ],
    checks: [
      atLeast('share of the bound, mail hosts known', { measured: (boundSeconds / ours) * 100, least: 80, unit: ' %' }),
    ],
    notes,
  };
}

const MANY_RECIPIENTS = Array.from({ length: MANY.domains }, (_, i) => {
  const domain = loneDomain(i);
  return { domain, address: addressOf(mailHostNameOf(domain) ?? '') ?? '' };
});

function askManyWithPeer(peer: PeerName, smtpPort: number): Promise<BareRun> {
  const addresses = MANY_RECIPIENTS.map(({ domain }, i) => `user${i}1@${domain}`);
  return askWithPeer({ peer, addresses, concurrency: MANY.connections, smtpPort, names: 'wide' });
}

function figuresOf(name: string, runs: readonly BareRun[]): string[] {
  const seconds = median(runs.map((run) => run.seconds));
  const cpuMs = (median(runs.map((run) => run.cpuSeconds)) * 1000) / MANY.domains;
  return [name, shown(MANY.domains / seconds), shown(seconds), shown(cpuMs)];
}

async function askMany(port: number, mailHostsOf: EngineOptions['mailHostsOf']): Promise<EngineRun> {
  const run = await runEngine({
    addresses: Array.from({ length: MANY.domains }, (_, i) => ({ local: `user${i}1`, domain: loneDomain(i) })),
    port,
    mailHostsOf,
    limits: {
      concurrency: MANY.connections,
      perDomain: VERIFY_DEFAULTS.perDomain,
      perProvider: VERIFY_DEFAULTS.perProvider,
      ratePerMinute: null,
    },
    refusalsKnown: false,
  });
  mustBe(run, { accepted: MANY.domains });
  return run;
}

function hostOf(domain: string): MailHostsOutcome {
  return oneHost(domain, addressOf(mailHostNameOf(domain) ?? '') ?? '');
}

/** A fast run with wrong verdicts is worth nothing. */
function mustBe(run: EngineRun, expected: Readonly<Record<string, number>>): void {
  const found = JSON.stringify(Object.fromEntries([...run.reasons].toSorted()));
  const wanted = JSON.stringify(Object.fromEntries(Object.entries(expected).toSorted()));
  if (found !== wanted) throw new Error(`the verdicts are ${found} instead of ${wanted}`);
}
