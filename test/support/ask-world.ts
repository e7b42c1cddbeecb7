// Runs addresses through the engine against a sandbox world over real sockets, and keeps what both sides saw.
import { screenAddress } from '../../src/address/screen.ts';
import { systemClock } from '../../src/clock.ts';
import type { MailHostsOutcome } from '../../src/dns/mail-hosts.ts';
import { createResolver } from '../../src/dns/resolver.ts';
import type { SandboxRecord } from '../../src/sandbox/record.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import type { World } from '../../src/sandbox/world.ts';
import { openSession } from '../../src/smtp/session.ts';
import { chooseTimeouts } from '../../src/smtp/timeouts.ts';
import type { Verdict } from '../../src/verdict.ts';
import { VERIFY_DEFAULTS } from '../../src/verify/defaults.ts';
import type { DomainMemory } from '../../src/verify/host-judges.ts';
import { HostMemory } from '../../src/verify/hosts.ts';
import { jobsInMemory } from '../../src/verify/jobs.ts';
import type { ProbeEvent } from '../../src/verify/probe.ts';
import { type RunOptions, type RunOutcome, runJobs } from '../../src/verify/run.ts';
import { SourceIps } from '../../src/verify/source-ips.ts';

export interface Asked {
  readonly verdicts: ReadonlyMap<string, Verdict>;
  readonly outcome: RunOutcome;
  readonly record: SandboxRecord;
  readonly events: readonly ProbeEvent[];
}

/** What a run remembers of domains, in memory. */
export function memoryOfDomains(): DomainMemory {
  const states = new Map<string, 'yes' | 'no'>();
  const names = new Map<string, string>();
  return {
    catchallOf: (domain, fingerprint) => states.get(`${domain} ${fingerprint}`) ?? null,
    rememberCatchall: (domain, fingerprint, state) => void states.set(`${domain} ${fingerprint}`, state),
    controlNameOf: (domain) => names.get(domain) ?? null,
    rememberControlName: (domain, name) => void names.set(domain, name),
  };
}

/** Starts the world, asks about the addresses, stops the world. */
export async function askWorld(
  world: World,
  addresses: readonly string[],
  changes: Partial<RunOptions> = {},
): Promise<Asked> {
  const sandbox = await startSandbox(world);
  try {
    return await askSandbox(sandbox, addresses, changes);
  } finally {
    await sandbox.stop();
  }
}

/** Asks a running sandbox; changes overlay the options of the run. */
export async function askSandbox(
  sandbox: Sandbox,
  addresses: readonly string[],
  changes: Partial<RunOptions> = {},
): Promise<Asked> {
  const resolver = createResolver({ servers: [sandbox.dns], clock: systemClock, limits: { queriesPerSecond: 50_000 } });
  const verdicts = new Map<string, Verdict>();
  const events: ProbeEvent[] = [];
  const mailHosts = new Map<string, MailHostsOutcome>();
  try {
    const outcome = await runJobs({
      ...VERIFY_DEFAULTS,
      jobs: jobsInMemory(addresses.map((address, id) => ({ id, ...partsOf(address) }))),
      record: (job, domain, verdict, isAgain) => {
        const address = addresses[job.id] ?? '';
        if (verdicts.has(address) && !isAgain) throw new Error(`${address} at ${domain} was decided twice`);
        verdicts.set(address, verdict);
      },
      signal: new AbortController().signal,
      openSession,
      identity: { heloName: 'probe.mailgate.test', mailFrom: null },
      sources: new SourceIps([]),
      port: sandbox.smtpPort,
      timeouts: { ...chooseTimeouts({ connectMs: 2000, commandMs: 2000 }), sessionMs: 5000 },
      allowPrivate: true,
      hosts: new HostMemory(VERIFY_DEFAULTS),
      clock: systemClock,
      random: Math.random,
      memory: memoryOfDomains(),
      retries: { retriesOf: () => new Map(), rememberRetry: () => {}, forgetRetry: () => {} },
      waitMs: 0,
      onWaiting: null,
      observe: (event) => events.push(event),
      onPlan: null,
      smtp: true,
      limits: { concurrency: 100, perDomain: 3, perProvider: 5, ratePerMinute: null },
      plan: {
        resolver,
        cache: {
          get: (domain) => mailHosts.get(domain) ?? null,
          put: (domain, found) => void mailHosts.set(domain, found),
        },
        useIpv6: true,
        refresh: false,
        trustNxdomain: true,
        mask: new Set(),
      },
      dnsRetryDelaysMs: [],
      portBlockedAfterProviders: null,
      ...changes,
    });
    return { verdicts, outcome, record: sandbox.record, events };
  } finally {
    await resolver.close();
  }
}

function partsOf(address: string): { local: string; domain: string; smtputf8: boolean } {
  const screening = screenAddress(address);
  if (!screening.valid) throw new TypeError(`${address} is no address: ${screening.message}`);
  return screening;
}
