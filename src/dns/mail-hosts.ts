// Finds who takes mail for a domain, and says which findings prove that nobody does (RFC 5321 section 5.1, RFC 7505).
import type { RandomSource } from '../clock.ts';
import type { DnsAnswer } from './cache.ts';
import { type HostFinding, type HostOptions, lookUpHost } from './host-addresses.ts';
import { chooseTargets } from './mx-targets.ts';
import { canonicalName, isDomainName } from './names.ts';
import type { Resolver } from './resolver.ts';

export interface MailHost {
  /** Canonical (names.ts): safe to print. */
  readonly name: string;
  readonly preference: number;
  /** Addresses that may be dialled, IPv4 first, at least one. */
  readonly addresses: readonly string[];
}

export interface MailHostsOptions {
  readonly resolver: Resolver;
  /** Admit private and loopback addresses: pretend worlds, split-horizon DNS. */
  readonly allowPrivate: boolean;
  /** False where this machine has no way to IPv6 addresses (self-test.ts, hasIpv6Egress). */
  readonly useIpv6: boolean;
  readonly random: RandomSource;
  /** Addresses a rewriting resolver answers with instead of "no such name" (self-test.ts); none where it is honest. */
  readonly mask?: ReadonlySet<string>;
}

/** `detail` is a sentence for people; times are milliseconds since the epoch. */
export type MailHostsOutcome =
  | {
      readonly status: 'hosts';
      /** In the order to try them; at least one. */
      readonly hosts: readonly MailHost[];
      /** Names of all the mail hosts DNS gives, sorted, also of those without a usable address just now. */
      readonly targets: readonly string[];
      /** No MX record: the domain's own address was taken (RFC 5321 section 5.1). Weaker evidence of a mail service. */
      readonly implicitMx: boolean;
      readonly expiresAt: number;
      readonly warnings: readonly string[];
    }
  | { readonly status: 'domain_not_found'; readonly expiresAt: number; readonly detail: string }
  | {
      readonly status: 'no_mail_service';
      readonly cause: 'null_mx' | 'no_records' | 'dangling' | 'unroutable';
      readonly expiresAt: number;
      readonly detail: string;
    }
  | { readonly status: 'mx_unusable'; readonly expiresAt: number; readonly detail: string }
  | { readonly status: 'dns_failure'; readonly detail: string };

/**
 * Expects a validated A-label domain. Never rejects for what DNS says: only NXDOMAIN, no data and a null MX speak
 * against the domain, every failure to ask is a `dns_failure`.
 */
export async function findMailHosts(domain: string, options: MailHostsOptions): Promise<MailHostsOutcome> {
  const name = canonicalName(domain);
  if (!isDomainName(name)) return { status: 'dns_failure', detail: 'this is no domain name that can be looked up' };
  const answer = await options.resolver.query(name, 'MX');
  switch (answer.status) {
    case 'failure':
      return { status: 'dns_failure', detail: `the mail hosts of ${name} could not be looked up: ${answer.detail}` };
    case 'nxdomain':
      return { status: 'domain_not_found', expiresAt: answer.expiresAt, detail: `the domain ${name} does not exist` };
    case 'nodata':
      return withoutMx({ name, expiresAt: answer.expiresAt }, options);
    case 'answer':
      return withMx({ name, answer }, options);
  }
}

/** RFC 5321 section 5.1: a domain without MX is its own mail host, if it has an address. */
async function withoutMx(
  { name, expiresAt }: { readonly name: string; readonly expiresAt: number },
  options: HostOptions,
): Promise<MailHostsOutcome> {
  const found = await lookUpHost(name, options);
  const until = Math.min(expiresAt, found.expiresAt);
  if (found.status === 'missing') {
    const detail = `${name} has neither a mail host (MX) nor an address`;
    return { status: 'no_mail_service', cause: 'no_records', expiresAt: until, detail };
  }
  if (found.status !== 'usable') return judgeUnusable({ name, findings: [found], expiresAt: until });
  const hosts = [{ name, preference: 0, addresses: found.addresses }];
  const warnings = [`${name} has no MX record, so its own address is asked (RFC 5321 section 5.1)`, ...found.warnings];
  return { status: 'hosts', hosts, targets: [name], implicitMx: true, expiresAt: until, warnings };
}

async function withMx(
  { name, answer }: { readonly name: string; readonly answer: Extract<DnsAnswer<'MX'>, { status: 'answer' }> },
  options: MailHostsOptions,
): Promise<MailHostsOutcome> {
  const chosen = chooseTargets(answer.records, options.random);
  if (chosen.isNullMx) {
    const detail = [`${name} says itself that it takes no mail (null MX, RFC 7505)`, ...chosen.warnings].join('; ');
    return { status: 'no_mail_service', cause: 'null_mx', expiresAt: answer.expiresAt, detail };
  }
  const found = await Promise.all(
    chosen.targets.map(async (target) => ({ ...target, finding: await lookUpHost(target.name, options) })),
  );
  const expiresAt = Math.min(answer.expiresAt, ...found.map(({ finding }) => finding.expiresAt));
  const hosts = found.flatMap(({ name: host, preference, finding }) =>
    finding.status === 'usable' ? [{ name: host, preference, addresses: finding.addresses }] : [],
  );
  if (hosts.length === 0) return judgeUnusable({ name, findings: found.map(({ finding }) => finding), expiresAt });
  const stale = answer.isStale ? [`the mail hosts of ${name} are an old answer: asking anew failed`] : [];
  const aliases = found.flatMap(({ name: host, finding }) =>
    finding.isAlias ? [`the mail host ${host} is an alias (RFC 2181 section 10.3)`] : [],
  );
  const warnings = [...stale, ...chosen.warnings, ...aliases, ...found.flatMap(({ finding }) => finding.warnings)];
  const targets = chosen.targets.map((target) => target.name).sort();
  return { status: 'hosts', hosts, targets, implicitMx: false, expiresAt, warnings };
}

/** Of a domain with twenty bad mail hosts, three tell the story. */
const SHOWN_FINDINGS = 3;

/** What follows from hosts none of which can be dialled; a doubt about one of them is a doubt about all. */
function judgeUnusable(domain: {
  readonly name: string;
  readonly findings: readonly HostFinding[];
  readonly expiresAt: number;
}): MailHostsOutcome {
  const { name, findings, expiresAt } = domain;
  const said = findings
    .flatMap((finding) => finding.warnings)
    .slice(0, SHOWN_FINDINGS)
    .join('; ');
  const has = (status: HostFinding['status']): boolean => findings.some((finding) => finding.status === status);
  if (has('failed')) return { status: 'dns_failure', detail: `no mail host of ${name} could be looked up: ${said}` };
  if (has('ipv6_only'))
    return {
      status: 'mx_unusable',
      expiresAt,
      detail: `${name} takes mail over IPv6 only, and this machine has no way to it: ${said}`,
    };
  if (has('private'))
    return {
      status: 'mx_unusable',
      expiresAt,
      detail: `the mail hosts of ${name} have only private addresses here (split-horizon DNS?): ${said}`,
    };
  const cause = has('unroutable') ? 'unroutable' : 'dangling';
  const detail = `${name} names mail hosts, but none that mail could reach: ${said}`;
  return { status: 'no_mail_service', cause, expiresAt, detail };
}
