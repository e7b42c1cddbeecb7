// Takes from the addresses of a domain those that another run has decided meanwhile, so that only the rest is asked.
import type { Clock } from '../clock.ts';
import type { DomainJobs, Job, JobSource, RecordVerdict } from './jobs.ts';
import type { SharedAnswers } from './other-runs.ts';
import type { RetryMemory, StoredRetry } from './retry.ts';

export interface KnownByOthersOptions {
  readonly answers: Pick<SharedAnswers, 'verdictsOf'>;
  readonly retries: Pick<RetryMemory, 'retriesOf'>;
  readonly record: RecordVerdict;
  /** Told of an address of this run's waiting ones that another run was put off with, until a later time. */
  readonly putOff: (job: Job, stored: StoredRetry) => void;
  readonly clock: Clock;
}

/** The addresses of a domain, and where to read them. */
export interface JobsLeft {
  readonly jobs: DomainJobs;
  readonly source: JobSource;
}

const PAGE = 500;

/** Records what others found out; gives the addresses that are left. */
export function takeKnown({ jobs, source }: JobsLeft, options: KnownByOthersOptions): JobsLeft {
  const { domainId, domain } = jobs;
  let stored: ReadonlyMap<string, StoredRetry> | null = null;
  const dropped = new Set<number>();
  let afterId = -1;
  for (;;) {
    const page = source.jobsOf(domainId, afterId, PAGE);
    const known = options.answers.verdictsOf(
      domain,
      page.map(({ local }) => local),
    );
    for (const job of page) {
      const verdict = known.get(job.local);
      const isAgain = job.tries !== undefined;
      if (verdict !== undefined || isAgain) stored ??= options.retries.retriesOf(domain);
      const retry = stored?.get(job.local);
      const isPutOff = retry !== undefined && isAgain && retry.dueAt > options.clock.now();
      // Who is unknown and waits for another try is not settled by that.
      const isSettled = verdict !== undefined && (verdict.status !== 'unknown' || retry === undefined);
      if (!isSettled && !isPutOff) continue;
      dropped.add(job.id);
      if (isSettled) options.record(job, domain, verdict, isAgain);
      else if (isPutOff) options.putOff(job, retry);
    }
    const last = page.at(-1);
    if (last === undefined) break;
    afterId = last.id;
  }
  if (dropped.size === 0) return { jobs, source };
  return { jobs: { ...jobs, count: jobs.count - dropped.size }, source: without(dropped, source) };
}

function without(dropped: ReadonlySet<number>, source: JobSource): JobSource {
  return {
    domains: () => source.domains(),
    jobsOf: (domainId, afterId, limit) => {
      for (let from = afterId; ; ) {
        const page = source.jobsOf(domainId, from, limit);
        const last = page.at(-1);
        const left = page.filter(({ id }) => !dropped.has(id));
        if (last === undefined || left.length > 0) return left;
        from = last.id;
      }
    },
  };
}
