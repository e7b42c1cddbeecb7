// A resolver that dies in the midst of a run, and a network that is down for a moment: nothing false is decided, or kept.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type DnsServer, startDnsServer } from '../../src/sandbox/dns-server.ts';
import { SandboxRecord } from '../../src/sandbox/record.ts';
import { type SmtpServers, startSmtpServers } from '../../src/sandbox/smtp-server.ts';
import type { MailHost, World } from '../../src/sandbox/world.ts';
import { people, worldOf } from '../../src/sandbox/world-builders.ts';
import { VERIFY_DEFAULTS } from '../../src/verify/defaults.ts';
import { HandClock } from '../support/hand-clock.ts';
import { startInHandTime, type TimedRun } from './hand-time.ts';

const DOMAINS = Array.from({ length: 60 }, (_, i) => `net${i}.test`);
const ADDRESSES = DOMAINS.flatMap((domain) => [`anna@${domain}`, `nobody@${domain}`]);

function world(): World {
  const hosts = DOMAINS.map(
    (domain, i): MailHost => ({
      name: `mx.${domain}`,
      addresses: [`127.65.1.${i + 1}`],
      domains: [domain],
      mailboxes: people('anna'),
    }),
  );
  return worldOf({ hosts });
}

/** A DNS server of its own, which can be stopped and started again at the same port. */
class MortalDns {
  readonly clock: HandClock;
  readonly record = new SandboxRecord({ keepCommands: false });
  #port = 0;
  #server: DnsServer | null = null;

  constructor(clock: HandClock) {
    this.clock = clock;
  }

  /** One that no other socket of this machine has, or its port might be taken while the server is down. */
  get address(): { readonly address: string; readonly port: number } {
    return { address: '127.65.2.1', port: this.#port };
  }

  async start(): Promise<void> {
    const { clock, record } = this;
    this.#server = await startDnsServer(world(), { ...this.address, clock, record });
    this.#port = this.#server.port;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    await server?.stop();
  }
}

interface Setting {
  readonly dns: MortalDns;
  readonly run: TimedRun;
}

/** A run whose resolver answers until so many questions have come. */
async function startWithMortalDns(t: TestContext, answers: number): Promise<Setting> {
  const clock = new HandClock();
  const dns = new MortalDns(clock);
  await dns.start();
  t.after(() => dns.stop());
  const died = dns.record.until(({ dnsTotal }) => dnsTotal >= answers).then(() => dns.stop());
  const run = await startInHandTime(world(), ADDRESSES, {
    clock,
    dns: () => dns.address,
    dnsConcurrency: 4,
    dnsRetryDelaysMs: VERIFY_DEFAULTS.dnsRetryDelaysMs,
  });
  t.after(() => run.close());
  await died;
  return { dns, run };
}

function wrongVerdicts({ verdicts }: TimedRun): string[] {
  return ADDRESSES.flatMap((address) => {
    const right = address.startsWith('anna@') ? 'accepted' : 'mailbox_not_found';
    const { reason } = verdicts.get(address) ?? {};
    return reason === right ? [] : [`${address} ${reason}`];
  });
}

test('a resolver that dies in the midst of a run and comes back costs no address its verdict', {
  timeout: 30_000,
}, async (t) => {
  const { dns, run } = await startWithMortalDns(t, 40);
  await run.until((verdicts) => verdicts.size >= 10);
  // Back before the second look at what failed: the first comes after 5 seconds, the second after 10 more.
  run.clock.after(8_000, () => void dns.start());
  await run.passTime(500);
  await run.finished;
  assert.deepEqual(wrongVerdicts(run), []);
});

test('a resolver that stays dead leaves its domains unknown, and nothing of that is kept', {
  timeout: 30_000,
}, async (t) => {
  const { run } = await startWithMortalDns(t, 40);
  await run.passTime(500);
  await run.finished;
  const reasons = new Map<string, number>();
  for (const { reason } of run.verdicts.values()) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  assert.deepEqual([...reasons.keys()].sort(), ['accepted', 'dns_failure', 'mailbox_not_found']);
  assert.equal(run.verdicts.size, ADDRESSES.length, 'every address has a verdict');
  const looked = new Set([...run.keptHosts].filter(([, { status }]) => status === 'hosts').map(([domain]) => domain));
  assert.equal(looked.size, run.keptHosts.size, 'only what was found out is kept');
  for (const [address, { reason }] of run.verdicts) {
    const domain = address.slice(address.indexOf('@') + 1);
    assert.equal(reason === 'dns_failure', !looked.has(domain), `${address} ${reason}`);
  }
});

/** The mail hosts alone, which can all be taken away and brought back at the same addresses and port. */
class MortalHosts {
  readonly clock: HandClock;
  readonly record = new SandboxRecord({ keepCommands: true });
  port = 0;
  #servers: SmtpServers | null = null;

  constructor(clock: HandClock) {
    this.clock = clock;
  }

  async start(): Promise<void> {
    const { clock, record, port } = this;
    this.#servers = await startSmtpServers(world(), { clock, record, port });
    this.port = this.#servers.port;
  }

  async stop(): Promise<void> {
    const servers = this.#servers;
    this.#servers = null;
    await servers?.stop();
  }
}

test('a network that is down for a moment leaves unknown whom it hid, and the next run asks about them alone', {
  timeout: 30_000,
}, async (t) => {
  const clock = new HandClock();
  const dns = new MortalDns(clock);
  const hosts = new MortalHosts(clock);
  await dns.start();
  await hosts.start();
  t.after(() => Promise.all([dns.stop(), hosts.stop()]));
  const ask = async (addresses: readonly string[]): Promise<TimedRun> => {
    const run = await startInHandTime({ zones: [], hosts: [] }, addresses, {
      clock,
      dns: () => dns.address,
      port: hosts.port,
      limits: { concurrency: 4, perDomain: 1, perProvider: 1, ratePerMinute: null },
      portBlockedAfterProviders: VERIFY_DEFAULTS.portBlockedAfterProviders,
    });
    t.after(() => run.close());
    return run;
  };

  const down = hosts.record.until(({ recipients }) => recipients >= 40).then(() => hosts.stop());
  const first = await ask(ADDRESSES);
  await down;
  await first.passTime(1000);
  assert.equal((await first.finished).outcome.status, 'done', 'port 25 is not taken for blocked: it worked before');
  const hidden = [...first.verdicts].filter(([, { status }]) => status === 'unknown').map(([address]) => address);
  t.diagnostic(`${hidden.length} of ${ADDRESSES.length} addresses could not be asked about`);
  assert.ok(hidden.length > 20 && hidden.length < ADDRESSES.length);
  for (const address of hidden)
    assert.match(first.verdicts.get(address)?.reason ?? '', /^(?:connect_failed|timeout|catchall_untested)$/, address);
  const decided = ADDRESSES.filter((address) => !hidden.includes(address));
  assert.deepEqual(
    wrongVerdicts(first).filter((line) => decided.some((address) => line.startsWith(`${address} `))),
    [],
  );

  await hosts.start();
  const second = await ask(hidden);
  await second.passTime(1000);
  await second.finished;
  assert.deepEqual(
    wrongVerdicts(second).filter((line) => hidden.some((address) => line.startsWith(`${address} `))),
    [],
  );
});

test('when nothing can be reached from the start the run is called off, and nothing is decided', {
  timeout: 30_000,
}, async (t) => {
  const clock = new HandClock();
  const dns = new MortalDns(clock);
  const hosts = new MortalHosts(clock);
  await dns.start();
  await hosts.start();
  await hosts.stop();
  t.after(() => dns.stop());
  const run = await startInHandTime({ zones: [], hosts: [] }, ADDRESSES, {
    clock,
    dns: () => dns.address,
    port: hosts.port,
    limits: { concurrency: 4, perDomain: 1, perProvider: 1, ratePerMinute: null },
    portBlockedAfterProviders: VERIFY_DEFAULTS.portBlockedAfterProviders,
  });
  t.after(() => run.close());
  await run.passTime(1000);
  assert.equal((await run.finished).outcome.status, 'port_blocked');
  const decided = [...run.verdicts].filter(([, { status }]) => status !== 'unknown');
  assert.deepEqual(decided, []);
});
