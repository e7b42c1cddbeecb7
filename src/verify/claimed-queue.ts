// A domain's queue that first makes the domain its run's own, so that two runs on one store never ask it both.
import type { DomainJobs, JobSource } from './jobs.ts';
import type { JobsLeft } from './known-by-others.ts';
import type { PacedQueue, PacedSession } from './paced-queue.ts';
import type { Sharing } from './sharing.ts';

export interface ClaimedQueueOptions {
  readonly sharing: Sharing;
  /** Makes the queue proper, when the domain is ours. */
  readonly open: (jobs: DomainJobs, source: JobSource) => PacedQueue;
  /** Takes out what other runs have decided. */
  readonly takeKnown: (left: JobsLeft) => JobsLeft;
  /** Called when the domain has come free for which it had to wait. */
  readonly resume: () => Promise<void> | void;
  /** Told when nothing is left to do here though nothing was asked. */
  readonly skipped: (at: { readonly isLastOfProvider: boolean }) => void;
}

export class ClaimedQueue implements PacedQueue {
  readonly provider: string;
  readonly #left: JobsLeft;
  readonly #options: ClaimedQueueOptions;
  #queue: PacedQueue | null = null;
  #isAside = false;

  constructor(
    left: JobsLeft,
    at: { readonly provider: string; readonly machine: string },
    options: ClaimedQueueOptions,
  ) {
    this.provider = at.provider;
    this.#left = left;
    this.#options = options;
    options.sharing.expect({ domain: left.jobs.domain, ...at, addresses: left.jobs.count });
  }

  get waiting(): number {
    if (this.#isAside) return 0;
    return this.#queue?.waiting ?? this.#left.jobs.count;
  }

  get sessionsWanted(): number {
    return this.#queue?.sessionsWanted ?? 1;
  }

  prepare(): void {
    if (this.#queue !== null || this.#isAside) return;
    const { sharing, resume } = this.#options;
    const { domain, count } = this.#left.jobs;
    const holder = sharing.claim(domain, this.provider);
    if (holder === null) {
      this.#begin();
      return;
    }
    this.#isAside = true;
    sharing.putAside({ domain, provider: this.provider, addresses: count }, holder, resume);
  }

  startSession(): PacedSession {
    return this.#begin().startSession();
  }

  drained(at: { readonly isLastOfProvider: boolean }): void {
    if (this.#queue === null) {
      this.#options.skipped(at);
      return;
    }
    this.#queue.drained(at);
    if (this.#queue.waiting === 0) this.#options.sharing.end(this.#left.jobs.domain);
  }

  /** Nobody is asked, so that it matters to no other run. */
  giveUp(): void {
    this.#begin().giveUp();
  }

  #begin(): PacedQueue {
    if (this.#queue !== null) return this.#queue;
    const { sharing, open, takeKnown } = this.#options;
    const { jobs, source } = sharing.hasMetOthers ? takeKnown(this.#left) : this.#left;
    const known = this.#left.jobs.count - jobs.count;
    sharing.begin(jobs.domain, this.provider, { left: jobs.count, known });
    this.#queue = open(jobs, source);
    return this.#queue;
  }
}
