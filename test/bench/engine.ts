// Drives mailgate's own engine (src/verify) from memory, so that what is measured is asking and nothing else.
import { systemClock } from '../../src/clock.ts';
import type { MailHostsOutcome } from '../../src/dns/mail-hosts.ts';
import type { Resolver } from '../../src/dns/resolver.ts';
import { openSession } from '../../src/smtp/session.ts';
import { DEFAULT_TIMEOUTS } from '../../src/smtp/timeouts.ts';
import type { Reason } from '../../src/verdict.ts';
import { VERIFY_DEFAULTS } from '../../src/verify/defaults.ts';
import { HostMemory } from '../../src/verify/hosts.ts';
import { jobsInMemory } from '../../src/verify/jobs.ts';
import { type RunOptions, runJobs } from '../../src/verify/run.ts';
import { SourceIps } from '../../src/verify/source-ips.ts';
import { seededRandom } from './random.ts';

export interface EngineOptions {
  readonly addresses: readonly { readonly local: string; readonly domain: string }[];
  readonly port: number;
  /** What DNS would say of a domain. */
  readonly mailHostsOf: ((domain: string) => MailHostsOutcome) | Resolver;
  readonly limits: RunOptions['limits'];
  /** True where every domain is known to refuse names nobody has, so that the catch-all question is not owed. */
  readonly refusalsKnown: boolean;
  /** Where not the product's own number is wanted. */
  readonly recipientsPerSession?: number;
}

export interface EngineRun {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** How many addresses ended with each reason. */
  readonly reasons: ReadonlyMap<Reason, number>;
}

/** Brings the addresses to verdicts. @throws Error where the run does not come to its end. */
export async function runEngine(options: EngineOptions): Promise<EngineRun> {
  const reasons = new Map<Reason, number>();
  const jobs = jobsInMemory(options.addresses.map((each, id) => ({ ...each, id, smtputf8: false })));
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  const outcome = await runJobs({
    ...VERIFY_DEFAULTS,
    jobs,
    record: (_job, _domain, { reason }) => reasons.set(reason, (reasons.get(reason) ?? 0) + 1),
    signal: new AbortController().signal,
    openSession,
    identity: { heloName: 'bench.client.test', mailFrom: 'bench@client.test' },
    sources: new SourceIps([]),
    port: options.port,
    timeouts: DEFAULT_TIMEOUTS,
    allowPrivate: true,
    hosts: new HostMemory(VERIFY_DEFAULTS),
    clock: systemClock,
    random: seededRandom(1),
    memory: {
      catchallOf: () => (options.refusalsKnown ? 'no' : null),
      rememberCatchall: () => {},
      controlNameOf: () => null,
      rememberControlName: () => {},
    },
    retries: { retriesOf: () => new Map(), rememberRetry: () => {}, forgetRetry: () => {} },
    recipientsPerSession: options.recipientsPerSession ?? VERIFY_DEFAULTS.recipientsPerSession,
    waitMs: 0,
    onWaiting: null,
    observe: null,
    onPlan: null,
    smtp: true,
    limits: options.limits,
    plan: { ...namesFrom(options.mailHostsOf), useIpv6: false, refresh: false, trustNxdomain: true, mask: new Set() },
    dnsRetryDelaysMs: [],
    portBlockedAfterProviders: null,
  });
  const seconds = (performance.now() - startedAt) / 1000;
  if (outcome.status !== 'done') throw new Error(`the run ended with ${outcome.status}`);
  const cpu = process.cpuUsage(cpuBefore);
  return { seconds, cpuSeconds: (cpu.user + cpu.system) / 1e6, reasons };
}

/** One mail host of the domain's own name at a loopback address. */
export function oneHost(domain: string, address: string): MailHostsOutcome {
  const name = `mx.${domain}`;
  return {
    status: 'hosts',
    hosts: [{ name, preference: 10, addresses: [address] }],
    targets: [name],
    implicitMx: false,
    expiresAt: Number.POSITIVE_INFINITY,
    warnings: [],
  };
}

function namesFrom(source: EngineOptions['mailHostsOf']): Pick<RunOptions['plan'], 'resolver' | 'cache'> {
  if (typeof source !== 'function') return { resolver: source, cache: { get: () => null, put: () => {} } };
  return { resolver: NOBODY_TO_ASK, cache: { get: source, put: () => {} } };
}

const NOBODY_TO_ASK: Resolver = {
  query: () => Promise.reject(new Error('this run has no resolver')),
  answersOverTcp: () => Promise.resolve(false),
  close: () => Promise.resolve(),
};
