// Finds out, for one domain, whom to ask: its mail hosts and their operator, or the verdict all its addresses share.
import type { Clock, RandomSource } from '../clock.ts';
import { mayDial } from '../dns/address-policy.ts';
import { findMailHosts, type MailHost, type MailHostsOutcome } from '../dns/mail-hosts.ts';
import { type Provider, providerOf } from '../dns/provider.ts';
import type { Resolver } from '../dns/resolver.ts';
import type { Reason } from '../verdict.ts';

/** What verify wants of whoever keeps DNS answers between runs; only outcomes with an expiry are handed in. */
export interface MailHostCache {
  get(domain: string, now: number): MailHostsOutcome | null;
  put(domain: string, outcome: MailHostsOutcome, expiresAt: number): void;
}

export type DomainPlan =
  | {
      readonly status: 'ask';
      readonly domain: string;
      readonly hosts: readonly MailHost[];
      readonly implicitMx: boolean;
      readonly provider: Provider;
      /** Changes when the domain's mail hosts change: what was learnt of it then no longer holds. */
      readonly fingerprint: string;
      readonly warnings: readonly string[];
      readonly expiresAt: number;
      readonly fromCache: boolean;
      /** True where a host lives at a private or loopback address, which only --allow-private admits. */
      readonly hasPrivateHosts?: true;
    }
  | {
      readonly status: 'decided';
      readonly domain: string;
      readonly reason: Extract<Reason, 'domain_not_found' | 'no_mail_service' | 'mx_unusable' | 'dns_failure'>;
      readonly detail: string;
      readonly fromCache: boolean;
      /** True where it has hosts that were left out for their addresses, and that --allow-private might admit. */
      readonly leftHostsOut?: true;
    };

export interface PlanOptions {
  readonly resolver: Resolver;
  readonly cache: MailHostCache;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly allowPrivate: boolean;
  readonly useIpv6: boolean;
  /** True where a cached DNS answer must not be used (--refresh). */
  readonly refresh: boolean;
  /** False where the resolver was caught rewriting NXDOMAIN: then "no such domain" proves nothing. */
  readonly trustNxdomain: boolean;
  /** Addresses a rewriting resolver answers with instead of "no such name"; empty for an honest one. */
  readonly mask: ReadonlySet<string>;
}

/** What people call the operator: its name where it is known, else the registrable domain of its mail hosts. */
export function providerName(provider: Provider): string {
  return provider.label === 'other' ? provider.domain : provider.label;
}

/** Looks the domain up (or takes the answer that is still valid); never throws for what DNS says. */
export async function planDomain(domain: string, options: PlanOptions): Promise<DomainPlan> {
  const { trustNxdomain } = options;
  const cached = options.refresh ? null : options.cache.get(domain, options.clock.now());
  if (cached !== null && isTrueFor(cached, options))
    return planOf(domain, cached, { fromCache: true, allowPrivate: options.allowPrivate, trustNxdomain });
  const found = await findMailHosts(domain, options);
  if ('expiresAt' in found && trustNxdomain) options.cache.put(domain, found, found.expiresAt);
  return planOf(domain, found, { fromCache: false, allowPrivate: options.allowPrivate, trustNxdomain });
}

/**
 * A kept answer that was found with another view of private addresses: with them it must not lead a run to them that may
 * not ask there, and without them it must not keep a run from them that may.
 */
function isTrueFor(outcome: MailHostsOutcome, { allowPrivate }: Pick<PlanOptions, 'allowPrivate'>): boolean {
  if (outcome.status === 'hosts') return allowPrivate || !hasPrivateHosts(outcome.hosts);
  return !allowPrivate || (outcome.status !== 'mx_unusable' && !isUnroutable(outcome));
}

function hasPrivateHosts(hosts: readonly MailHost[]): boolean {
  return hosts.some(({ addresses }) => addresses.some((address) => !mayDial(address, { allowPrivate: false })));
}

function isUnroutable(outcome: MailHostsOutcome): boolean {
  return outcome.status === 'no_mail_service' && outcome.cause === 'unroutable';
}

function planOf(
  domain: string,
  outcome: MailHostsOutcome,
  options: Pick<PlanOptions, 'trustNxdomain' | 'allowPrivate'> & { readonly fromCache: boolean },
): DomainPlan {
  const { fromCache, trustNxdomain } = options;
  if (outcome.status === 'hosts') {
    const { hosts, implicitMx, warnings, expiresAt } = outcome;
    const provider = providerOf(hosts[0]?.name ?? domain);
    const isPrivate = hasPrivateHosts(hosts);
    // What a private host showed of the domain proves nothing of the public one.
    const fingerprint = [...outcome.targets, ...(isPrivate ? ['(private)'] : [])].join(' ');
    const plan = {
      status: 'ask',
      domain,
      hosts,
      implicitMx,
      provider,
      fingerprint,
      warnings,
      expiresAt,
      fromCache,
    } as const;
    return isPrivate ? { ...plan, hasPrivateHosts: true } : plan;
  }
  if (!trustNxdomain && (outcome.status === 'domain_not_found' || outcome.status === 'no_mail_service')) {
    const detail = `the resolver rewrites "no such domain" answers, so this one proves nothing: ${outcome.detail}`;
    return { status: 'decided', domain, reason: 'dns_failure', detail, fromCache };
  }
  const plan = { status: 'decided', domain, reason: outcome.status, detail: outcome.detail, fromCache } as const;
  return isUnroutable(outcome) && !options.allowPrivate ? { ...plan, leftHostsOut: true } : plan;
}
