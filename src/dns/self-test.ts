// Asks whether the resolver's answers can be believed, and IPv6 be used, before a million verdicts rest on it.
import { createSocket } from 'node:dgram';
import type { RandomSource } from '../clock.ts';
import { classifyAddress } from './address-policy.ts';
import type { DnsAnswer } from './cache.ts';
import type { Resolver } from './resolver.ts';

export interface SelfTestOptions {
  readonly random: RandomSource;
  /** A name that ought to resolve, best the sender's own domain. */
  readonly knownName?: string;
}

/** Worth an hour's memory for each server; `warnings` and `detail` are sentences for people. */
export type SelfTestOutcome =
  | { readonly status: 'honest'; readonly warnings: readonly string[] }
  | {
      /** Names that do not exist get an answer: no "no such domain" of this resolver proves anything. */
      readonly status: 'rewriting';
      /** The addresses it invents; perhaps none, where it says "no data" instead of "no such name". */
      readonly mask: ReadonlySet<string>;
      readonly detail: string;
      readonly warnings: readonly string[];
    }
  /** Nothing was answered at all; without a resolver a run would be a list of failures. */
  | { readonly status: 'silent'; readonly detail: string };

/** Two, so that trouble with one top-level domain is not taken for trouble with the resolver. */
const COMMON_TLDS = ['com', 'net'] as const;
const LABEL_LETTERS = 20;

/** To test several servers, give each its own resolver: one over several hides the bad one among them. */
export async function testResolver(resolver: Resolver, options: SelfTestOptions): Promise<SelfTestOutcome> {
  const { random, knownName } = options;
  const missing = COMMON_TLDS.map((tld) => `${randomLabel(random)}.${tld}`);
  const answers = await Promise.all(missing.flatMap((name) => askAllTypes(resolver, name)));
  const known = knownName === undefined ? null : await resolver.query(knownName, 'MX');
  const heard = known === null ? answers : [...answers, known];
  if (heard.every((answer) => answer.status === 'failure')) return silence(heard);

  const warnings = [...doubtsAbout(answers, known, knownName), ...(await doubtsAboutTcp(resolver, missing))];
  const believed = answers.filter((answer) => answer.status !== 'failure');
  if (believed.every((answer) => answer.status === 'nxdomain')) return { status: 'honest', warnings };
  return { ...rewriting(believed), warnings };
}

/** The rewriting resolvers seen answer A or AAAA; MX is what verdicts hang on. */
function askAllTypes(resolver: Resolver, name: string): Promise<DnsAnswer>[] {
  return [resolver.query(name, 'MX'), resolver.query(name, 'A'), resolver.query(name, 'AAAA')];
}

function randomLabel(random: RandomSource): string {
  return Array.from({ length: LABEL_LETTERS }, () => String.fromCharCode(0x61 + Math.floor(random() * 26))).join('');
}

function silence(answers: readonly DnsAnswer[]): SelfTestOutcome {
  const failure = answers.find((answer) => answer.status === 'failure');
  return { status: 'silent', detail: failure?.status === 'failure' ? failure.detail : 'no answer' };
}

function rewriting(answers: readonly DnsAnswer[]): { status: 'rewriting'; mask: ReadonlySet<string>; detail: string } {
  const records = answers.flatMap((answer) => (answer.status === 'answer' ? answer.records : []));
  const mask = new Set(records.filter((record) => typeof record === 'string'));
  const shown = [...mask].slice(0, 3).join(', ');
  const instead = mask.size > 0 ? `the address ${shown}` : 'other answers';
  return {
    status: 'rewriting',
    mask,
    detail: `the DNS server gives ${instead} for names that do not exist, so "no such domain" cannot be told`,
  };
}

function doubtsAbout(answers: readonly DnsAnswer[], known: DnsAnswer | null, knownName = ''): string[] {
  const hasNoSoa = answers.some((answer) => answer.status === 'nxdomain' && !answer.hasSoa);
  const isKnownMissing = known !== null && (known.status === 'nxdomain' || known.status === 'failure');
  return [
    ...(hasNoSoa ? ['"no such name" comes without an SOA record, so it is remembered for five minutes only'] : []),
    ...(isKnownMissing ? [`${knownName} does not resolve, though it ought to`] : []),
  ];
}

async function doubtsAboutTcp(resolver: Resolver, names: readonly string[]): Promise<string[]> {
  const answered = await resolver.answersOverTcp(names[0] ?? '');
  return answered ? [] : ['the DNS server does not answer over TCP, so large answers will fail'];
}

/** Gives the local address the system would use to reach `address`; rejects where there is no route. */
export type RouteLookup = (address: string) => Promise<string>;

/** k.root-servers.net, as public and lasting as addresses get (root-servers.org). */
const PUBLIC_IPV6 = '2001:7fd::1';

/** A tunnel or a private network alone is no egress: the local address must be a public one. */
export async function hasIpv6Egress(routeTo: RouteLookup = routeByConnecting): Promise<boolean> {
  try {
    return classifyAddress(await routeTo(PUBLIC_IPV6)) === 'public';
  } catch {
    return false; // no route, or no IPv6 in this kernel: the very thing to be found out
  }
}

/** Connecting a UDP socket only asks the routing table; no packet leaves. */
function routeByConnecting(address: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp6');
    socket.on('error', (error) => {
      socket.close();
      reject(error);
    });
    socket.on('connect', () => {
      const local = socket.address().address;
      socket.close();
      resolve(local);
    });
    socket.connect(53, address);
  });
}
