// What a run is given to do, and what it hands back: addresses grouped by domain, and a verdict for each.
import type { Verdict } from '../verdict.ts';

/** One address to be asked about. */
export interface Job {
  /** The caller's number of the address; ascending within a domain. */
  readonly id: number;
  /** Local part as it goes into RCPT TO. */
  readonly local: string;
  readonly smtputf8: boolean;
  /** How often it was put off in this run; undefined for an address asked about for the first time. */
  readonly tries?: number;
  /** True where it was accepted then, and only the catch-all question was put off. */
  readonly wasAccepted?: boolean;
  /** The local address it was put off at, and is to be asked from again; null or undefined where any will do. */
  readonly sourceIp?: string | null;
}

export interface DomainJobs {
  readonly domainId: number;
  /** A-label, lower case. */
  readonly domain: string;
  readonly count: number;
}

/** What verify wants of whoever holds the addresses; largest domains first, pages read while the run goes on. */
export interface JobSource {
  domains(): Iterable<DomainJobs>;
  /** The next jobs of a domain with an id above `afterId`, by ascending id. */
  jobsOf(domainId: number, afterId: number, limit: number): readonly Job[];
}

/**
 * Where verdicts go as they are made: one call for every job of the source unless the run was stopped, and one more each
 * time an address that was put off (and so recorded as unknown) was asked about again. The last call counts.
 */
export type RecordVerdict = (job: Job, domain: string, verdict: Verdict, isAgain: boolean) => void;

/** A job source for a handful of addresses held in memory. */
export function jobsInMemory(
  addresses: readonly { id: number; local: string; domain: string; smtputf8: boolean }[],
): JobSource {
  const byDomain = new Map<string, Job[]>();
  for (const { id, local, domain, smtputf8 } of addresses) {
    const jobs = byDomain.get(domain);
    if (jobs === undefined) byDomain.set(domain, [{ id, local, smtputf8 }]);
    else jobs.push({ id, local, smtputf8 });
  }
  const domains = [...byDomain.keys()];
  return {
    domains: () => domains.map((domain, domainId) => ({ domainId, domain, count: byDomain.get(domain)?.length ?? 0 })),
    jobsOf: (domainId, afterId, limit) =>
      (byDomain.get(domains[domainId] ?? '') ?? []).filter((job) => job.id > afterId).slice(0, limit),
  };
}
