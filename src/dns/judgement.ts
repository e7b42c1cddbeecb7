// What one reply says of its question: the records at the end of the CNAME chain, none, no such name, or nothing to rely on.
import type { Question, Response } from './message.ts';
import type { QueryType, RecordData, ResourceRecord, Soa } from './records.ts';

/** Why a question stayed without an answer; none of these says anything of the domain. */
export type FailureReason =
  | 'servfail'
  | 'refused'
  | 'not_implemented'
  | 'format_error'
  | 'bogus' // a reply in due form that answers something else, or contradicts itself
  | 'timeout'
  | 'unreachable' // the servers' port is closed, or there is no way to them
  | 'tcp' // the answer is too large for UDP and TCP does not work
  | 'alias_loop'
  | 'bad_name' // never sent: the name has no wire form
  | 'closed'; // never finished: the resolver was closed

export type Judgement =
  | {
      readonly status: 'records';
      readonly name: string;
      readonly data: readonly RecordData[QueryType][];
      readonly ttl: number;
    }
  | { readonly status: 'alias'; readonly target: string; readonly ttl: number }
  | { readonly status: 'nodata'; readonly soa: Soa | null }
  | { readonly status: 'nxdomain'; readonly name: string; readonly soa: Soa | null }
  | { readonly status: 'truncated' }
  | { readonly status: 'edns_refused' }
  | { readonly status: 'failure'; readonly why: FailureReason; readonly detail: string };

/** CNAMEs followed in one reply or over several (RFC 5321 section 5.1 sets no number; resolvers stop at 8 to 16). */
export const MAX_ALIASES = 8;

const RCODE = { noError: 0, formErr: 1, servFail: 2, nxDomain: 3, notImp: 4, refused: 5, badVers: 16 } as const;

const FAILURES = new Map<number, { readonly why: FailureReason; readonly detail: string }>([
  [RCODE.formErr, { why: 'format_error', detail: 'answered FORMERR' }],
  [RCODE.servFail, { why: 'servfail', detail: 'answered SERVFAIL' }],
  [RCODE.notImp, { why: 'not_implemented', detail: 'answered NOTIMP' }],
  [RCODE.refused, { why: 'refused', detail: 'answered REFUSED' }],
]);

/** Reads a well-formed reply; `edns` tells whether the query carried an OPT record. */
export function judge(response: Response, query: { readonly question: Question; readonly edns: boolean }): Judgement {
  if (query.edns && refusesEdns(response)) return { status: 'edns_refused' };
  if (response.truncated && (response.rcode === RCODE.noError || response.rcode === RCODE.nxDomain))
    return { status: 'truncated' };
  if (response.rcode !== RCODE.noError && response.rcode !== RCODE.nxDomain) {
    const failure = FAILURES.get(response.rcode) ?? { why: 'bogus', detail: `answered with code ${response.rcode}` };
    return { status: 'failure', ...failure };
  }
  return judgeAnswers(response, query.question);
}

/** RFC 6891 section 7: an old server answers FORMERR (some NOTIMP) without OPT, a newer version's BADVERS. */
function refusesEdns({ rcode, hasOpt }: Response): boolean {
  return rcode === RCODE.badVers || (!hasOpt && (rcode === RCODE.formErr || rcode === RCODE.notImp));
}

function judgeAnswers(response: Response, question: Question): Judgement {
  const chain = followAliases(response.answers, question);
  if (chain === null) return { status: 'failure', why: 'alias_loop', detail: 'answered with a CNAME loop' };
  const records = response.answers.filter((record) => record.type === question.type && record.name === chain.name);
  const isNxDomain = response.rcode === RCODE.nxDomain;
  if (records.length > 0) {
    if (isNxDomain) return bogus('answered NXDOMAIN and records at once');
    const ttl = Math.min(chain.ttl, ...records.map((record) => record.ttl));
    return { status: 'records', name: chain.name, data: records.map((record) => record.data), ttl };
  }
  const soa = response.soa !== null && isWithin(chain.name, response.soa.zone) ? response.soa : null;
  // RFC 6604 section 3: behind a CNAME the code speaks of the last name of the chain.
  if (isNxDomain) return { status: 'nxdomain', name: chain.name, soa };
  if (chain.length > 0 && soa === null) return { status: 'alias', target: chain.name, ttl: chain.ttl };
  if (response.answers.length + response.otherAnswers > chain.length)
    return bogus('answered with records of another owner or type');
  // RFC 2308 section 2.2: NS records without an SOA are a referral, which a recursive server never gives.
  if (response.hasNs && response.soa === null) return bogus('referred to other servers instead of asking them');
  return { status: 'nodata', soa };
}

function bogus(detail: string): Judgement {
  return { status: 'failure', why: 'bogus', detail };
}

interface AliasChain {
  readonly name: string;
  /** Smallest TTL of the CNAMEs, infinite where there are none. */
  readonly ttl: number;
  readonly length: number;
}

/** Only what stands at the end of the chain that starts at the question is an answer to it; null for a loop. */
function followAliases(answers: readonly ResourceRecord[], question: Question): AliasChain | null {
  let chain: AliasChain = { name: question.name, ttl: Number.POSITIVE_INFINITY, length: 0 };
  if (question.type === 'CNAME') return chain;
  for (;;) {
    const alias = answers.find((record) => record.type === 'CNAME' && record.name === chain.name);
    if (alias === undefined) return chain;
    if (chain.length === MAX_ALIASES) return null;
    chain = { name: alias.data as RecordData['CNAME'], ttl: Math.min(chain.ttl, alias.ttl), length: chain.length + 1 };
  }
}

function isWithin(name: string, zone: string): boolean {
  return zone === '.' || name === zone || name.endsWith(`.${zone}`);
}
