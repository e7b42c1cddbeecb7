// Lists the addresses worth dialling for one domain, in their order, and says why where there is none.
import { mayDial } from '../dns/address-policy.ts';
import type { MailHost } from '../dns/mail-hosts.ts';
import type { Reason, Stage } from '../verdict.ts';
import type { HostMemory } from './hosts.ts';
import type { DomainPlan } from './plan.ts';
import type { SourceIps } from './source-ips.ts';

type AskPlan = Extract<DomainPlan, { status: 'ask' }>;

export interface CandidateOptions {
  readonly allowPrivate: boolean;
  readonly hostAddressLimit: number;
  readonly hosts: HostMemory;
  /** The addresses to speak from. */
  readonly sources: SourceIps;
}

export interface NobodyToDial {
  readonly reason: Reason;
  readonly stage: Stage;
  readonly detail: string;
  readonly host: string | null;
}

/**
 * Every address worth dialling: alive, permitted, within our reach, at most the limit. Where a greylist knows us by
 * `wanted`, only those that can be reached from there, if there are any.
 */
export function candidatesOf(
  hosts: readonly MailHost[],
  wanted: string | null,
  options: CandidateOptions,
): { host: MailHost; address: string }[] {
  const all = reachableOf(hosts, options);
  const same = wanted === null ? [] : all.filter(({ address }) => options.sources.fits(wanted, address));
  return same.length > 0 ? same : all;
}

function reachableOf(hosts: readonly MailHost[], options: CandidateOptions): { host: MailHost; address: string }[] {
  const candidates: { host: MailHost; address: string }[] = [];
  for (const host of hosts) {
    for (const address of host.addresses) {
      // Judged again right before dialling: the cache may hold an answer from before a flag or a rule changed.
      if (!mayDial(address, { allowPrivate: options.allowPrivate })) continue;
      if (options.hosts.isDead(address) || !options.sources.canReach(address)) continue;
      candidates.push({ host, address });
      if (candidates.length >= options.hostAddressLimit) return candidates;
    }
  }
  return candidates;
}

/** Why there was nobody to connect to. */
export function whyNobodyToDial(plan: AskPlan, options: CandidateOptions): NobodyToDial {
  const host = plan.hosts[0]?.name ?? null;
  const names = plan.hosts.map(({ name }) => name).slice(0, 3);
  const addresses = plan.hosts.flatMap((each) => each.addresses);
  if (!addresses.some((address) => options.sources.canReach(address))) {
    const family = addresses[0]?.includes(':') === true ? 'IPv6' : 'IPv4';
    const only = `${names.join(', ')} can be reached over ${family} only`;
    const detail = `not asked: ${only}, and no --source-ip is an ${family} address`;
    return { reason: 'connect_failed', stage: 'connect', detail, host };
  }
  const why = addresses.map((address) => options.hosts.failedStartOf(address)).find((found) => found !== null);
  const noConnection = `no connection to ${names.join(', ') || plan.domain}`;
  return {
    reason: why?.reason ?? 'connect_failed',
    stage: why?.stage ?? 'connect',
    detail: `not asked: ${why?.detail ?? noConnection}, several times before in this run`,
    host,
  };
}
