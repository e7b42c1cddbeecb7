// Brings many addresses to verdicts: plans domain by domain, largest first, and probes within the limits until all is done.
import pLimit from 'p-limit';
import type { RandomSource } from '../clock.ts';
import { statusOf, type Verdict } from '../verdict.ts';
import { DomainQueue, type DomainQueueOptions } from './domain-queue.ts';
import type { DomainJobs } from './jobs.ts';
import { Pace, type PaceLimits } from './pace.ts';
import { type DomainPlan, type PlanOptions, planDomain, providerName } from './plan.ts';

export interface RunOptions extends Omit<DomainQueueOptions, 'random'> {
  readonly random: RandomSource;
  readonly limits: PaceLimits;
  readonly plan: Omit<PlanOptions, 'clock' | 'random' | 'allowPrivate'>;
  readonly dnsConcurrency: number;
  readonly plannedDomains: number;
  readonly dnsRetryDelaysMs: readonly number[];
  /** Null where every connection may fail without the run being called off (a single address). */
  readonly portBlockedAfterProviders: number | null;
  /** False to stop at DNS (--no-smtp): domains that could be asked get unknown/not_checked. */
  readonly smtp: boolean;
  /** Told when the plan of a domain is made; null where nobody listens. */
  readonly onPlan: ((plan: DomainPlan) => void) | null;
}

export type RunOutcome =
  | { readonly status: 'done' }
  /** The abort signal was raised: what was decided is recorded, the rest was never asked. */
  | { readonly status: 'stopped' }
  /** Every first connection to this many providers failed and none worked. */
  | { readonly status: 'port_blocked'; readonly providers: number };

/** Runs until every job of the source has its verdict, the signal is raised, or port 25 proves to be blocked. */
export async function runJobs(options: RunOptions): Promise<RunOutcome> {
  const stopper = new AbortController();
  const stop = (): void => stopper.abort();
  if (options.signal.aborted) stop();
  options.signal.addEventListener('abort', stop, { once: true });
  const run = new Run(options, stopper);
  stopper.signal.addEventListener('abort', () => run.pace.stop(), { once: true });
  try {
    await run.planAll(options.jobs.domains());
    for (const delayMs of options.smtp ? options.dnsRetryDelaysMs : []) await run.planFailedAgain(delayMs);
    run.giveUpFailed();
    await run.pace.fewerThan(1);
    if (run.isPortBlocked()) return { status: 'port_blocked', providers: options.hosts.providersFailedInVain };
    return options.signal.aborted ? { status: 'stopped' } : { status: 'done' };
  } finally {
    if (run.pace.size > 0) stop();
    await run.pace.idle();
    options.signal.removeEventListener('abort', stop);
  }
}

class Run {
  readonly pace: Pace;
  readonly #options: RunOptions;
  readonly #stopper: AbortController;
  #failed: { readonly jobs: DomainJobs; readonly plan: Extract<DomainPlan, { status: 'decided' }> }[] = [];
  #portBlocked = false;
  #failure: { readonly error: unknown } | null = null;

  constructor(options: RunOptions, stopper: AbortController) {
    this.#options = options;
    this.#stopper = stopper;
    this.pace = new Pace({ limits: options.limits, clock: options.clock });
  }

  isPortBlocked(): boolean {
    return this.#portBlocked;
  }

  /** Looks up every domain, a bounded number at once and a bounded number ahead of the probing. */
  async planAll(domains: Iterable<DomainJobs>): Promise<void> {
    const { dnsConcurrency, plannedDomains } = this.#options;
    const limit = pLimit(dnsConcurrency);
    let owed = 0;
    let wake: () => void = () => {};
    const owedBelow = async (count: number): Promise<void> => {
      while (owed >= count) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    };
    for (const jobs of domains) {
      if (this.#stopper.signal.aborted) break;
      await this.pace.fewerThan(plannedDomains);
      owed += 1;
      void limit(() => this.#planOne(jobs))
        .catch((error: unknown) => {
          this.#failure ??= { error };
          this.#stopper.abort();
        })
        .finally(() => {
          owed -= 1;
          wake();
        });
      await owedBelow(dnsConcurrency * 2); // twice, so that a free slot always finds the next domain waiting
    }
    await owedBelow(1);
    if (this.#failure !== null) throw this.#failure.error;
  }

  /** One more round for the domains whose look-up failed: a resolver's bad minute must not mark them. */
  async planFailedAgain(delayMs: number): Promise<void> {
    if (this.#failed.length === 0) return;
    await this.pace.fewerThan(1);
    await sleep(delayMs, this.#options, this.#stopper.signal);
    const again = this.#failed.map(({ jobs }) => jobs);
    this.#failed = [];
    await this.planAll(again);
  }

  /** Records the verdict of every domain that still could not be looked up. */
  giveUpFailed(): void {
    if (this.#stopper.signal.aborted) return;
    for (const { jobs, plan } of this.#failed.splice(0)) this.#recordAll(jobs, plan);
  }

  async #planOne(jobs: DomainJobs): Promise<void> {
    if (this.#stopper.signal.aborted) return;
    const plan = await planDomain(jobs.domain, { ...this.#options, ...this.#options.plan });
    if (this.#stopper.signal.aborted) return;
    this.#options.onPlan?.(plan);
    if (plan.status === 'decided') {
      if (plan.reason === 'dns_failure' && this.#options.dnsRetryDelaysMs.length > 0) this.#failed.push({ jobs, plan });
      else this.#recordAll(jobs, plan);
      return;
    }
    if (!this.#options.smtp) {
      this.#recordAll(jobs, plan);
      return;
    }
    this.pace.add(
      new DomainQueue(jobs, plan, { ...this.#options, signal: this.#stopper.signal, record: this.#recordAndWatch }),
    );
  }

  #recordAndWatch: RunOptions['record'] = (job, domain, verdict) => {
    const { portBlockedAfterProviders, hosts, record } = this.#options;
    record(job, domain, verdict);
    if (portBlockedAfterProviders !== null && hosts.providersFailedInVain >= portBlockedAfterProviders) {
      this.#portBlocked = true;
      this.#stopper.abort();
    }
  };

  /** Every address of a domain that DNS alone decided gets the same verdict, page by page. */
  #recordAll(jobs: DomainJobs, plan: DomainPlan): void {
    const verdict = this.#verdictOf(plan);
    let afterId = -1;
    for (let left = jobs.count; left > 0; ) {
      const page = this.#options.jobs.jobsOf(jobs.domainId, afterId, this.#options.jobPage);
      for (const job of page) this.#options.record(job, jobs.domain, verdict);
      afterId = page.at(-1)?.id ?? afterId;
      left = page.length === 0 ? 0 : left - page.length;
    }
  }

  #verdictOf(plan: DomainPlan): Verdict {
    const reason = plan.status === 'ask' ? 'not_checked' : plan.reason;
    return {
      status: statusOf(reason),
      reason,
      stage: 'dns',
      reply: null,
      detail: plan.status === 'ask' ? 'its mail hosts were found; SMTP was not asked for' : plan.detail,
      mx: plan.status === 'ask' ? (plan.hosts[0]?.name ?? null) : null,
      provider: plan.status === 'ask' ? providerName(plan.provider) : null,
      implicitMx: plan.status === 'ask' && plan.implicitMx,
      catchall: 'not_asked',
      attempts: 0,
      checkedAt: this.#options.clock.now(),
      source: 'live',
    };
  }
}

/** Waits on the run's clock; the signal ends the wait at once. */
async function sleep(ms: number, options: Pick<RunOptions, 'clock'>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const cancel = options.clock.after(ms, done);
    function done(): void {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });
}
