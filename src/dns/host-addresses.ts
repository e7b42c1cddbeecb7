// Finds the addresses of one mail host and says whether any of them can be dialled from here.
import { isIPv4 } from 'node:net';
import { classifyAddress, mayDial } from './address-policy.ts';
import type { DnsAnswer } from './cache.ts';
import type { Resolver } from './resolver.ts';

export interface HostOptions {
  readonly resolver: Resolver;
  readonly allowPrivate: boolean;
  readonly useIpv6: boolean;
  readonly mask?: ReadonlySet<string>;
}

export interface HostFinding {
  /**
   * `usable`: `addresses` has some. `missing`: the name has no address, for certain. `failed`: cannot be known.
   * `private`, `unroutable`: addresses of those classes only. `ipv6_only`: this machine has no way to its addresses.
   */
  readonly status: 'usable' | 'missing' | 'failed' | 'private' | 'unroutable' | 'ipv6_only';
  readonly addresses: readonly string[];
  /** The name is a CNAME, which an MX target must not be (RFC 2181 section 10.3); the world does it. */
  readonly isAlias: boolean;
  /** When to ask again, in milliseconds since the epoch; infinite where nothing was asked. */
  readonly expiresAt: number;
  /** What is odd about the host, in words that name it. */
  readonly warnings: readonly string[];
}

/** More addresses than this are never tried for one host. */
const MAX_ADDRESSES = 8;
const SHOWN_ADDRESSES = 3;

/** Never rejects; IPv6 addresses are asked for only where they can be of use, which halves the queries. */
export async function lookUpHost(name: string, options: HostOptions): Promise<HostFinding> {
  const malformed = faultOfName(name);
  if (malformed !== null) return malformed;
  const ask = (type: 'A' | 'AAAA') => options.resolver.query(name, type);
  const [first, second] = options.useIpv6 ? await Promise.all([ask('A'), ask('AAAA')]) : [await ask('A'), null];
  const answers: DnsAnswer<'A' | 'AAAA'>[] = second === null ? [first] : [first, second];
  if (second === null && dialable(answers, options).length === 0 && first.status !== 'nxdomain')
    answers.push(await ask('AAAA'));
  return judgeHost({ name, answers, options });
}

/** Targets that are no host name of the public DNS are not looked up as a favour (RFC 5321 section 2.3.5). */
function faultOfName(name: string): HostFinding | null {
  const fault = (status: 'unroutable' | 'missing', why: string): HostFinding => ({
    status,
    addresses: [],
    isAlias: false,
    expiresAt: Number.POSITIVE_INFINITY,
    warnings: [`the mail host "${name}" is ${why}`],
  });
  if (/(?:^|\.)localhost$/.test(name)) return fault('unroutable', 'the local machine');
  if (isIPv4(name)) return fault('missing', 'an IP address instead of a name (RFC 5321 section 5.1)');
  if (!name.includes('.')) return fault('missing', 'not a full domain name');
  return null;
}

function judgeHost(host: {
  readonly name: string;
  readonly answers: readonly DnsAnswer<'A' | 'AAAA'>[];
  readonly options: HostOptions;
}): HostFinding {
  const { name, answers, options } = host;
  const addresses = dialable(answers, options);
  const answered = answers.filter((answer) => answer.status === 'answer');
  const warnings = answered.some((answer) => answer.isStale)
    ? [`the address of ${name} is an old answer: asking anew failed`]
    : [];
  const found = {
    isAlias: answered.some((answer) => answer.name !== name),
    expiresAt: Math.min(...answers.map((answer) => ('expiresAt' in answer ? answer.expiresAt : answer.retryAt))),
  };
  if (addresses.length > 0) {
    const order = [...addresses.filter(isIPv4), ...addresses.filter((address) => !isIPv4(address))];
    return { ...found, status: 'usable', addresses: order.slice(0, MAX_ADDRESSES), warnings };
  }
  const { status, why } = faultOfAnswers(answers, options);
  return { ...found, status, addresses: [], warnings: [...warnings, `${name} ${why}`] };
}

function faultOfAnswers(
  answers: readonly DnsAnswer<'A' | 'AAAA'>[],
  options: HostOptions,
): { readonly status: HostFinding['status']; readonly why: string } {
  const all = addressesOf(answers);
  const masked = all.find((address) => options.mask?.has(address));
  if (masked !== undefined)
    return { status: 'failed', why: `got ${masked}, which the resolver invents for missing names` };
  const failure = answers.find((answer) => answer.status === 'failure');
  if (failure?.status === 'failure') return { status: 'failed', why: `could not be looked up: ${failure.detail}` };
  if (all.length === 0) return { status: 'missing', why: 'has no address' };
  const shown = all.slice(0, SHOWN_ADDRESSES).join(', ');
  if (all.some((address) => mayDial(address, options))) return { status: 'ipv6_only', why: `has only ${shown}` };
  const isPrivate = all.some((address) => classifyAddress(address) === 'private');
  return { status: isPrivate ? 'private' : 'unroutable', why: `has only ${shown}` };
}

function dialable(answers: readonly DnsAnswer<'A' | 'AAAA'>[], options: HostOptions): readonly string[] {
  return addressesOf(answers).filter(
    (address) =>
      mayDial(address, options) && (options.useIpv6 || isIPv4(address)) && options.mask?.has(address) !== true,
  );
}

function addressesOf(answers: readonly DnsAnswer<'A' | 'AAAA'>[]): readonly string[] {
  return [...new Set(answers.flatMap((answer) => (answer.status === 'answer' ? answer.records : [])))];
}
