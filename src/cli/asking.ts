// Opens what a run needs to ask the world: store, resolver, identity, limits; and checks first that asking makes sense.
import { keyOf } from '../address/screen.ts';
import { type Clock, type RandomSource, systemClock } from '../clock.ts';
import type { DnsLimits } from '../dns/defaults.ts';
import { createResolver, type Resolver } from '../dns/resolver.ts';
import { hasIpv6Egress, testResolver } from '../dns/self-test.ts';
import { readSystemServers } from '../dns/servers.ts';
import { MailgateError } from '../errors.ts';
import { openSession } from '../smtp/session.ts';
import { chooseTimeouts } from '../smtp/timeouts.ts';
import { isKept } from '../verify/ageing.ts';
import { VERIFY_DEFAULTS } from '../verify/defaults.ts';
import { HostMemory } from '../verify/hosts.ts';
import type { JobSource, RecordVerdict } from '../verify/jobs.ts';
import { throughOutages } from '../verify/outage.ts';
import type { DomainPlan } from '../verify/plan.ts';
import type { ProbeEvent } from '../verify/probe.ts';
import type { RunOptions, Waiting } from '../verify/run.ts';
import type { KeptAnswers, ListStore } from './kept-answers.ts';
import type { Notices } from './notices.ts';
import type { AskSettings } from './options.ts';
import { joinOtherRuns } from './shared-store.ts';
import { identityOf, openSources } from './source-addresses.ts';

/** The pretend hosts that ask for a pause forget it quickly. */
const SANDBOX_PAUSE_MS = 200;

/** A resolver on this machine has no client limit to respect; a public one counts its clients' questions. */
const LOCAL_DNS_LIMITS: Partial<DnsLimits> = { queriesPerSecond: 20_000, inFlight: 500 };

/** A run's way to the world; opened by `openAsking` and closed by `close`. */
export interface Asking {
  readonly resolver: Resolver;
  readonly kept: KeptAnswers;
  /** The options of a run over these jobs. */
  runOptions(run: {
    readonly jobs: JobSource;
    readonly record: RecordVerdict;
    readonly signal: AbortSignal;
    readonly isWholeList: boolean;
    readonly onPlan?: (plan: DomainPlan) => void;
    readonly onWaiting?: (waiting: Waiting) => void;
    readonly observe?: (event: ProbeEvent) => void;
  }): RunOptions;
  close(): Promise<void>;
}

/** Opens resolver and memory, and tests the resolver. @throws MailgateError('network') where no resolver answers, or 'usage'. */
export async function openAsking(
  settings: AskSettings,
  given: {
    readonly kept: KeptAnswers;
    readonly notices: Notices;
    readonly store: ListStore;
    /** True where no other run can use the store. */
    readonly isTemporary: boolean;
    /** True where somebody sits in front of it. */
    readonly isUrgent?: boolean;
    readonly clock?: Clock;
    readonly random?: RandomSource;
  },
): Promise<Asking> {
  const clock = given.clock ?? systemClock;
  const random = given.random ?? Math.random;
  const identity = identityOf(settings);
  const sources = await openSources(settings, { clock, notices: given.notices });
  const servers = settings.dns.length > 0 ? settings.dns : readSystemServers();
  const isLocal = servers.every(({ address }) => address.startsWith('127.') || address === '::1');
  const resolver = createResolver({ servers, clock, ...(isLocal ? { limits: LOCAL_DNS_LIMITS } : {}) });
  const trust = await examineResolver(resolver, {
    random,
    notices: given.notices,
    servers: servers.map(({ address }) => address),
  });
  const pause = settings.sandbox ? { slowDownPauseMs: SANDBOX_PAUSE_MS } : {};
  const hosts = new HostMemory({ ...VERIFY_DEFAULTS, ...pause });
  // Whether a proxy can reach IPv6 is not to be found out from here.
  const useIpv6 = settings.allowPrivate || settings.proxies.length > 0 || (await hasIpv6Egress());
  const onOutage = (): void =>
    given.notices.warn(
      'no mail host can be reached any more: waiting two minutes at most for the network to come back.',
    );
  const others = settings.smtp && !given.isTemporary ? joinOtherRuns({ ...given, clock }) : null;
  return {
    resolver,
    kept: given.kept,
    runOptions: (run) => ({
      ...VERIFY_DEFAULTS,
      jobs: run.jobs,
      record: (job, domain, verdict, isAgain) => {
        if (verdict.source === 'live' && isKept(verdict.reason))
          given.kept.keepVerdict(keyOf(job.local, domain), verdict);
        else if (verdict.source === 'live') others?.keepUnknown(job.local, domain, verdict);
        run.record(job, domain, verdict, isAgain);
      },
      ...(others === null ? {} : { sharing: others.sharing }),
      retries: given.kept.retries,
      waitMs: settings.waitMs ?? waitOf(run.isWholeList, settings.sandbox),
      onWaiting: run.onWaiting ?? null,
      signal: run.signal,
      openSession: run.isWholeList ? throughOutages(openSession, { clock, onOutage }) : openSession,
      identity,
      sources,
      port: settings.port,
      tls: settings.tls,
      timeouts: chooseTimeouts({ connectMs: settings.connectTimeoutMs, commandMs: settings.commandTimeoutMs }),
      allowPrivate: settings.allowPrivate,
      hosts,
      clock,
      random,
      memory: given.kept.memory,
      observe: run.observe ?? null,
      onPlan: run.onPlan ?? null,
      smtp: settings.smtp,
      limits: {
        concurrency: settings.concurrency,
        perDomain: settings.perDomain,
        perProvider: settings.perProvider,
        ratePerMinute: settings.ratePerMinute,
        exceptions: settings.limitExceptions,
      },
      plan: { resolver, cache: given.kept.mailHosts, useIpv6, refresh: settings.refresh, ...trust },
      dnsRetryDelaysMs: run.isWholeList && !settings.sandbox ? VERIFY_DEFAULTS.dnsRetryDelaysMs : [],
      portBlockedAfterProviders: run.isWholeList ? VERIFY_DEFAULTS.portBlockedAfterProviders : null,
    }),
    close: () => {
      others?.leave();
      return resolver.close();
    },
  };
}

/** Whoever checks one address sits in front of it; a list is left alone. */
function waitOf(isWholeList: boolean, sandbox: boolean): number {
  if (!isWholeList) return 0;
  return sandbox ? VERIFY_DEFAULTS.sandboxWaitMs : VERIFY_DEFAULTS.waitMs;
}

/** Finds out whether the resolver's word can be taken. @throws MailgateError('network') where it gives none at all. */
async function examineResolver(
  resolver: Resolver,
  given: { readonly random: RandomSource; readonly notices: Notices; readonly servers: readonly string[] },
): Promise<{ readonly trustNxdomain: boolean; readonly mask: ReadonlySet<string> }> {
  const test = await testResolver(resolver, { random: given.random });
  if (test.status === 'silent') {
    await resolver.close();
    const asked = given.servers.length > 1 ? ` (asked ${given.servers.join(', ')})` : '';
    throw new MailgateError('network', `no DNS server answers${asked}: ${test.detail}`, {
      hint: 'Check the network, or name another server with --dns HOST[:PORT].',
    });
  }
  for (const warning of test.warnings) given.notices.warn(warning);
  return { trustNxdomain: test.status === 'honest', mask: test.status === 'rewriting' ? test.mask : new Set() };
}

/** Says once how to get better answers where no identity was set. */
export function hintAtIdentity(settings: AskSettings, notices: Notices): void {
  if (!settings.smtp || settings.sandbox || (settings.helo !== null && settings.from !== null)) return;
  const identity = identityOf(settings);
  if (settings.proxies.length > 0 && settings.helo === null) {
    notices.warn(
      `mail hosts see the proxy's address, which the name ${identity.heloName} does not belong to; many refuse that. Set --helo to a name that resolves to the proxy's address.`,
    );
  }
  notices.tell(
    `Asking as ${identity.heloName} with the sender <${identity.mailFrom ?? ''}>; results improve with --helo NAME and --from ADDRESS of your own.`,
  );
}
