// Brings many addresses to verdicts: plans domain by domain, largest first, and probes within the limits until all is done.
import type { RandomSource } from '../clock.ts';
import { DomainQueue, type DomainQueueOptions } from './domain-queue.ts';
import type { DomainJobs, JobSource } from './jobs.ts';
import { Lanes } from './lanes.ts';
import type { PaceLimits } from './limits.ts';
import { beforeAbort, lookUpAll } from './look-ups.ts';
import { Pace } from './pace.ts';
import { type DomainPlan, type PlanOptions, planDomain } from './plan.ts';
import { verdictOfPlan } from './plan-verdict.ts';
import type { ProviderTrouble } from './providers.ts';
import type { HeldByOthers } from './put-aside.ts';
import { type Deferred, RetryDesk } from './retry.ts';
import { RunEnd } from './run-end.ts';
import { SharedQueues } from './shared-queues.ts';
import type { Sharing } from './sharing.ts';
import { sleep } from './sleep.ts';

export interface RunOptions extends Omit<DomainQueueOptions, 'random' | 'defer' | 'openTo' | 'onDone' | 'stopRun'> {
  readonly random: RandomSource;
  readonly limits: PaceLimits;
  readonly plan: Omit<PlanOptions, 'clock' | 'random' | 'allowPrivate'>;
  readonly dnsConcurrency: number;
  readonly plannedDomains: number;
  readonly dnsRetryDelaysMs: readonly number[];
  /** How long to wait, when all else is done, for addresses that come due. */
  readonly waitMs: number;
  /** Told when nothing is left to do but wait, until the time given (milliseconds since the epoch). */
  readonly onWaiting: ((waiting: Waiting) => void) | null;
  /** Null where every connection may fail without the run being called off (a single address). */
  readonly portBlockedAfterProviders: number | null;
  /** False to stop at DNS (--no-smtp): domains that could be asked get unknown/not_checked. */
  readonly smtp: boolean;
  /** Told when the plan of a domain is made; null where nobody listens. */
  readonly onPlan: ((plan: DomainPlan) => void) | null;
  /** Other runs on the same store; left out where there can be none. */
  readonly sharing?: Sharing;
}

/** Who is waited for, and until when. */
export interface Waiting {
  readonly addresses: number;
  readonly domains: readonly string[];
  /** When the first of them can be asked about; now, where other runs are waited for. */
  readonly nextAt: number;
  /** The processes that are asking about these domains; left out where the domains put us off. */
  readonly heldBy?: readonly number[];
}

export type RunOutcome =
  | ({ readonly status: 'done' } & HeldBack)
  /** The abort signal was raised: what was decided is recorded, the rest was never asked. */
  | ({ readonly status: 'stopped' } & HeldBack)
  /** Every first connection to this many providers failed and none worked. */
  | { readonly status: 'port_blocked'; readonly providers: number }
  /** No proxy can be used any more; what was decided is recorded, and nothing that a proxy failed at. */
  | { readonly status: 'proxies_down'; readonly detail: string };

export interface HeldBack {
  /** Providers that slowed the run down or refused it, worst first; absent where nobody was asked. */
  readonly troubles?: readonly ProviderTrouble[];
}

/** Runs until every job of the source has its verdict, the signal is raised, or port 25 proves to be blocked. */
export async function runJobs(options: RunOptions): Promise<RunOutcome> {
  const status = await askAll(options);
  const { providers, providersFailedInVain } = options.hosts;
  if (status === 'port_blocked') return { status, providers: providersFailedInVain };
  if (status === 'proxies_down') return { status, detail: options.sources.allProxiesDown ?? '' };
  providers.settle();
  return { status, troubles: providers.troubles };
}

/** Resolves when no connection is open any more. */
async function askAll(options: RunOptions): Promise<RunOutcome['status']> {
  const end = new RunEnd(options.signal, options.clock);
  const run = new Run({ ...options, cutSignal: end.cutSignal }, end);
  end.signal.addEventListener('abort', () => run.pace.stop(), { once: true });
  try {
    await run.planAll(options.jobs.domains());
    for (const delayMs of options.smtp ? options.dnsRetryDelaysMs : []) await run.planFailedAgain(delayMs);
    run.giveUpFailed();
    await run.askAgainWhenDue();
    if (options.sources.allProxiesDown !== null) return 'proxies_down';
    if (run.isPortBlocked()) return 'port_blocked';
    return options.signal.aborted ? 'stopped' : 'done';
  } finally {
    if (run.pace.size > 0) end.begin();
    await run.pace.idle();
    end.dispose();
    run.close();
  }
}

/** Tries themselves take some time, and a wait of six minutes is meant to hold those after one and five. */
const WAIT_GRACE_MS = 30_000;

/** A timer takes no more (2^31 ms); a retry further off is looked at again then. */
const LONGEST_TIMER_MS = 2_000_000_000;

type AskPlan = Extract<DomainPlan, { status: 'ask' }>;

class Run {
  readonly pace: Pace;
  readonly #options: RunOptions;
  readonly #end: RunEnd;
  readonly #planOptions: PlanOptions;
  readonly #desk = new RetryDesk();
  readonly #lanes: Lanes;
  readonly #shared: SharedQueues | null;
  /** Queues of domains that are being asked, by domain. */
  readonly #queues = new Map<number, DomainQueue>();
  #cancelDue: (() => void) | null = null;
  #failed: { readonly jobs: DomainJobs; readonly plan: Extract<DomainPlan, { status: 'decided' }> }[] = [];
  #portBlocked = false;

  constructor(options: RunOptions, end: RunEnd) {
    this.#options = options;
    this.#end = end;
    const { limits, clock, random, hosts, sharing, allowPrivate } = options;
    this.#planOptions = { ...options.plan, clock, random, allowPrivate };
    const gatekeeper = sharing?.gate(hosts.providers) ?? hosts.providers;
    this.pace = new Pace({ limits, clock, gatekeeper });
    this.#lanes = new Lanes(options, { pace: this.pace, signal: end.signal });
    this.#shared = sharing === undefined ? null : this.#shareWith(sharing);
  }

  #shareWith(sharing: Sharing): SharedQueues {
    const { hosts, clock, onWaiting } = this.#options;
    const onHeld = (held: HeldByOthers): void => onWaiting?.({ ...held, nextAt: clock.now() });
    sharing.attach(this.pace, onHeld);
    return new SharedQueues({
      ...this.#options,
      sharing,
      providers: hosts.providers,
      signal: this.#end.signal,
      defer: this.#defer,
      open: this.#openQueue,
      add: (queue) => this.pace.add(queue),
      idle: () => this.pace.fewerThan(1),
      planAgain: ({ jobs, source }) => this.#planOne(jobs, { source, isLast: true }),
      onHeld,
    });
  }

  isPortBlocked(): boolean {
    return this.#portBlocked;
  }

  /** Looks up every domain, a bounded number at once and a bounded number ahead of the probing. */
  async planAll(domains: Iterable<DomainJobs>): Promise<void> {
    const { dnsConcurrency, plannedDomains } = this.#options;
    const lookUp = (jobs: DomainJobs): Promise<boolean> =>
      this.#planOne(jobs, { source: this.#options.jobs, isLast: false });
    await lookUpAll(domains, lookUp, {
      concurrency: dnsConcurrency,
      room: () => this.pace.fewerThan(plannedDomains),
      signal: this.#end.signal,
      onFailure: () => this.#end.begin(),
    });
  }

  /** One more round for the domains whose look-up failed: a resolver's bad minute must not mark them. */
  async planFailedAgain(delayMs: number): Promise<void> {
    if (this.#failed.length === 0) return;
    await this.pace.settled();
    await sleep(delayMs, this.#options.clock, this.#end.signal);
    const again = this.#failed.map(({ jobs }) => jobs);
    this.#failed = [];
    await this.planAll(again);
  }

  /** Records the verdict of every domain that still could not be looked up. */
  giveUpFailed(): void {
    if (this.#end.signal.aborted) return;
    for (const { jobs, plan } of this.#failed.splice(0)) this.#recordAll(jobs, plan, this.#options.jobs);
  }

  /** Works until nothing is left that comes due before the wait ends. */
  async askAgainWhenDue(): Promise<void> {
    const { clock, waitMs, onWaiting } = this.#options;
    await this.#settled();
    // The second try falls due the length of the first one later than its wait says.
    const endsAtMs = clock.monotonic() + waitMs + (waitMs > 0 ? WAIT_GRACE_MS : 0);
    while (!this.#end.signal.aborted) {
      const until = clock.now() + endsAtMs - clock.monotonic(); // the wall clock may have been set meanwhile
      const nextAt = this.#desk.nextDueAt;
      if (nextAt === null || nextAt > until) break;
      onWaiting?.({ ...this.#desk.waitingUntil(until), nextAt });
      await sleep(Math.max(0, nextAt - clock.now()), clock, this.#end.signal);
      this.#startDue();
      await this.#settled();
    }
    await this.pace.fewerThan(1); // who still waits for a provider that is left alone is not worth a longer run
    this.#cancelDue?.();
  }

  /** Resolves when nothing is left to do but to wait for providers that are left alone and for who was put off. */
  async #settled(): Promise<void> {
    do {
      await this.pace.settled();
      await this.#shared?.othersDone();
      await this.pace.settled();
    } while (this.#shared?.isWaiting === true && !this.#end.signal.aborted);
  }

  #defer = (deferred: Deferred): void => {
    this.#desk.add(deferred);
    if (this.#desk.nextDueAt === deferred.dueAt) this.#watchDue(deferred.dueAt);
  };

  /** Leaves no timer behind. */
  close(): void {
    this.#cancelDue?.();
    this.#cancelDue = null;
    this.#options.sharing?.giveBackIdle();
  }

  /** While the run lasts, who comes due is asked at once and not only at the end. */
  #watchDue(dueAt: number): void {
    const { clock } = this.#options;
    this.#cancelDue?.();
    if (this.#end.signal.aborted) return; // a timer would keep the process alive for nothing
    this.#cancelDue = clock.after(Math.min(LONGEST_TIMER_MS, Math.max(0, dueAt - clock.now())), () => {
      this.#cancelDue = null;
      const isAtWork = this.pace.size > 0 || this.#shared?.isWaiting === true;
      if (isAtWork) this.pace.guard(() => this.#startDue()); // else the run is waiting for it, or has ended
    });
  }

  #startDue(): void {
    for (const deferred of this.#desk.takeDue(this.#options.clock.now()).values()) {
      const [one] = deferred;
      if (one === undefined || this.#end.signal.aborted) continue;
      const jobs = deferred
        .map(({ job, tries, sourceIp, wasAccepted = false }) => ({ ...job, tries, sourceIp, wasAccepted }))
        .sort((a, b) => a.id - b.id);
      const queue = this.#queues.get(one.domain.domainId);
      if (queue !== undefined) {
        this.#options.sharing?.oweMore(one.domain.domain, jobs.length);
        queue.takeBack(jobs);
        continue;
      }
      const source = { domains: () => [], jobsOf: (_id: number, after: number) => jobs.filter(({ id }) => id > after) };
      this.#startQueue({ ...one.domain, count: jobs.length }, one.plan, { source, isRetry: true });
    }
    const { nextDueAt } = this.#desk;
    if (nextDueAt !== null) this.#watchDue(nextDueAt);
  }

  /** True where a queue was started; where it is the last time, a failed look-up counts as it is. */
  async #planOne(
    jobs: DomainJobs,
    { source, isLast }: { readonly source: JobSource; readonly isLast: boolean },
  ): Promise<boolean> {
    if (this.#end.signal.aborted) return false;
    const plan = await beforeAbort(planDomain(jobs.domain, this.#planOptions), this.#end.signal);
    if (plan === null || this.#end.signal.aborted) return false;
    this.#options.onPlan?.(plan);
    const { smtp, dnsRetryDelaysMs } = this.#options;
    const mayFail = plan.status === 'decided' && plan.reason === 'dns_failure' && dnsRetryDelaysMs.length > 0;
    if (plan.status === 'ask' && smtp) this.#startQueue(jobs, plan, { source, isRetry: false });
    else if (mayFail && !isLast) this.#failed.push({ jobs, plan });
    else this.#recordAll(jobs, plan, source);
    return plan.status === 'ask' && smtp;
  }

  #startQueue(jobs: DomainJobs, found: AskPlan, from: { readonly source: JobSource; readonly isRetry: boolean }): void {
    const { source } = from;
    const plan = this.#lanes.join(found);
    if (this.#shared !== null) this.#shared.start({ jobs, source }, plan, from);
    else this.pace.add(this.#openQueue(jobs, plan, source));
  }

  #openQueue = (jobs: DomainJobs, plan: AskPlan, source: JobSource): DomainQueue => {
    const { signal } = this.#end;
    const openTo = (provider: string): number => this.pace.openTo(provider);
    const onDone = (): void => void this.#queues.delete(jobs.domainId);
    const stopRun = (): void => this.#end.begin();
    const own = { jobs: source, signal, record: this.#recordAndWatch, defer: this.#defer, openTo, onDone, stopRun };
    const queue = new DomainQueue(jobs, plan, { ...this.#options, ...this.#lanes.of(plan), ...own });
    this.#queues.set(jobs.domainId, queue);
    return queue;
  };

  #recordAndWatch: RunOptions['record'] = (job, domain, verdict, isAgain) => {
    const { portBlockedAfterProviders, hosts, record, sharing } = this.#options;
    record(job, domain, verdict, isAgain);
    sharing?.decided(domain);
    if (portBlockedAfterProviders !== null && hosts.providersFailedInVain >= portBlockedAfterProviders) {
      this.#portBlocked = true;
      this.#end.begin();
    }
  };

  /** Every address of a domain that DNS alone decided gets the same verdict, page by page. */
  #recordAll(jobs: DomainJobs, plan: DomainPlan, source: JobSource): void {
    const verdict = verdictOfPlan(plan, this.#options.clock.now());
    let afterId = -1;
    for (let left = jobs.count; left > 0; ) {
      const page = source.jobsOf(jobs.domainId, afterId, this.#options.jobPage);
      for (const job of page) this.#options.record(job, jobs.domain, verdict, false);
      afterId = page.at(-1)?.id ?? afterId;
      left = page.length === 0 ? 0 : left - page.length;
    }
  }
}
