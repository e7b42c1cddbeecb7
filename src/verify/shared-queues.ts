// Starts the queues of a run that shares its store: each domain is claimed first, and taken up again when another is done with it.
import type { Clock } from '../clock.ts';
import { ClaimedQueue } from './claimed-queue.ts';
import type { DomainJobs, JobSource, RecordVerdict } from './jobs.ts';
import { type JobsLeft, takeKnown } from './known-by-others.ts';
import type { PacedQueue } from './paced-queue.ts';
import type { DomainPlan } from './plan.ts';
import type { Providers } from './providers.ts';
import type { HeldByOthers } from './put-aside.ts';
import type { Deferred, RetryMemory } from './retry.ts';
import { bestAddresses } from './shared-machines.ts';
import type { Sharing } from './sharing.ts';

type AskPlan = Extract<DomainPlan, { status: 'ask' }>;

export interface SharedQueuesOptions {
  readonly sharing: Sharing;
  readonly retries: RetryMemory;
  readonly record: RecordVerdict;
  readonly clock: Clock;
  readonly providers: Providers;
  readonly signal: AbortSignal;
  readonly defer: (deferred: Deferred) => void;
  /** Makes the queue proper. */
  readonly open: (jobs: DomainJobs, plan: AskPlan, source: JobSource) => PacedQueue;
  readonly add: (queue: PacedQueue) => void;
  /** Resolves when nothing of this run's own is left to do; providers that are left alone are given up. */
  readonly idle: () => Promise<void>;
  /** Looks the domain up once more and starts its queue, or records what DNS decided; true where a queue was started. */
  readonly planAgain: (left: JobsLeft) => Promise<boolean>;
  /** Told when nothing is left to do but to wait for other runs. */
  readonly onHeld: (held: HeldByOthers) => void;
}

export class SharedQueues {
  readonly #options: SharedQueuesOptions;

  constructor(options: SharedQueuesOptions) {
    this.#options = options;
  }

  /** Starts a queue once its domain is this run's own; `isRetry` where its addresses have come due again. */
  start(left: JobsLeft, plan: AskPlan, { isRetry }: { readonly isRetry: boolean }): void {
    const { sharing, open, add, providers } = this.#options;
    const at = { provider: plan.provider.key, machine: bestAddresses(plan.hosts) };
    const queue = new ClaimedQueue(left, at, {
      sharing,
      open: (jobs, source) => open(jobs, plan, source),
      takeKnown: (all) => this.#takeKnown(all, plan),
      // The plan of a domain that is only waited for would take more memory than to make it again.
      resume: isRetry ? () => this.start(left, plan, { isRetry }) : () => this.#takeUp(left),
      skipped: (at) => providers.of(plan.provider).refusals.noteDone(plan.domain, at),
    });
    add(queue);
  }

  /** True while domains wait for other runs. */
  get isWaiting(): boolean {
    return this.#options.sharing.waiting > 0;
  }

  /** Resolves when no domain waits for another run any more, or the run is to stop. */
  async othersDone(): Promise<void> {
    const { sharing, signal, idle, providers, onHeld } = this.#options;
    while (this.isWaiting && !signal.aborted) {
      // The others may be waiting for what this run holds and can do nothing about at the moment.
      await idle();
      providers.settle();
      sharing.giveBackIdle();
      if (!this.isWaiting || signal.aborted) continue;
      onHeld(sharing.heldByOthers);
      await sharing.change(signal);
    }
  }

  async #takeUp(left: JobsLeft): Promise<void> {
    const rest = this.#takeKnown(left, null);
    const isStarted = rest.jobs.count > 0 && (await this.#options.planAgain(rest));
    if (!isStarted) this.#options.sharing.giveBack(left.jobs.domain);
  }

  #takeKnown(left: JobsLeft, plan: AskPlan | null): JobsLeft {
    const { sharing, retries, record, clock, defer } = this.#options;
    return takeKnown(left, {
      answers: sharing.answers,
      retries,
      record,
      clock,
      putOff: (job, { dueAt, tries, sourceIp, reason }) => {
        if (plan === null) return; // only addresses that were put off before can be, and those have their plan
        const wasAccepted = reason === 'catchall_untested';
        defer({ job, domain: left.jobs, plan, dueAt, tries, sourceIp: sourceIp === '' ? null : sourceIp, wasAccepted });
      },
    });
  }
}
