// One domain's addresses on their way through its sessions: takes the next, has them asked, puts back who must be asked again.
import type { RandomSource } from '../clock.ts';
import { DomainEvidence, type DomainEvidenceOptions } from './domain-evidence.ts';
import { type Desk, type InterviewOptions, interview, type Reading, type Subject } from './interview.ts';
import type { DomainJobs, Job, JobSource } from './jobs.ts';
import { domainLimit } from './limits.ts';
import type { PacedQueue, PacedSession } from './paced-queue.ts';
import { type Pending, PendingJobs } from './pending-jobs.ts';
import type { DomainPlan } from './plan.ts';
import type { Probe } from './probe.ts';
import type { ProviderConduct } from './providers.ts';
import { tell } from './session-conduct.ts';

export interface DomainQueueOptions extends InterviewOptions, DomainEvidenceOptions {
  readonly jobs: JobSource;
  readonly random: RandomSource;
  readonly jobPage: number;
  /** How many connections to a provider are open, this domain's included. */
  readonly openTo: (provider: string) => number;
  /** Told when nothing is left to do for the domain. */
  readonly onDone: () => void;
}

type FailedProbe = Extract<Probe, { status: 'failed' }>;
type AskPlan = Extract<DomainPlan, { status: 'ask' }>;

/** One more connection pays only where so many addresses wait for it. */
const WAITING_PER_SESSION = 8;

export class DomainQueue implements PacedQueue {
  readonly provider: string;
  readonly #plan: AskPlan;
  readonly #options: DomainQueueOptions;
  readonly #pending: PendingJobs;
  readonly #evidence: DomainEvidence;
  readonly #conduct: ProviderConduct;
  #running = 0;

  constructor(jobs: DomainJobs, plan: AskPlan, options: DomainQueueOptions) {
    this.provider = plan.provider.key;
    this.#plan = plan;
    this.#conduct = options.hosts.providers.of(plan.provider);
    this.#options = options;
    const recall = (pending: Pending): void => this.#evidence.records.recall(pending);
    const { jobs: source, random, jobPage } = options; // not all of them: so many queues wait that a copy each would count
    this.#pending = new PendingJobs(jobs, { source, random, jobPage, recall });
    this.#evidence = new DomainEvidence({ jobs, plan, pending: this.#pending }, options);
  }

  get waiting(): number {
    return this.#pending.count + (this.#evidence.control.isOwed ? 1 : 0);
  }

  get sessionsWanted(): number {
    const { limits } = this.#options;
    return Math.min(domainLimit(limits, this.#plan.domain), Math.ceil(this.waiting / WAITING_PER_SESSION));
  }

  startSession(): PacedSession {
    this.#running += 1;
    const asked = this.#startAsking();
    return {
      answered: asked.then(() => {}),
      // What a session said is judged when it has ended, since only the end shows whether its replies were in step.
      closed: asked
        .then(({ judged }) => judged)
        .finally(() => {
          this.#running -= 1;
        }),
    };
  }

  #startAsking(): Promise<{ readonly judged: Promise<void> }> {
    for (let first = this.#pending.take(); first !== null; first = this.#pending.take()) {
      if (!this.#evidence.records.waitsStill(first)) return this.#askFrom(first);
    }
    return this.#evidence.control.isOwed ? this.#askControlAlone() : NOBODY_TO_ASK;
  }

  /** Nothing runs and nothing waits: either the catch-all question is still owed, or the domain is done. */
  drained(at: { readonly isLastOfProvider: boolean }): void {
    if (this.#options.signal.aborted || this.#evidence.settleHeld() || this.#evidence.owesControl()) return;
    this.#evidence.finish(at);
    this.#options.onDone();
  }

  /** Takes back addresses that were put off and have come due: what is known of the domain counts for them, too. */
  takeBack(jobs: readonly Job[]): void {
    this.#pending.takeBack(jobs);
    this.#evidence.reopen();
  }

  /** Decides every address that is left without asking, for the reason the provider is left alone. */
  giveUp(): void {
    this.#evidence.giveUp(this.#conduct.halt);
  }

  async #askFrom(first: Pending): Promise<{ readonly judged: Promise<void> }> {
    const { met, startedAtMs, end } = await this.#meet(first, {
      next: (limit, at) => this.#takeBeside(first, limit, at.sourceIp),
      controlAfter: (answered, at) => {
        const isDone = this.#pending.count === 0 && this.#running === 1;
        // With the run's end nobody else will be refused here: the question makes the acceptances of this session count.
        const isLastSession = isDone || this.#options.signal.aborted;
        return this.#evidence.controlNameAfter(answered, { ...at, isLastSession });
      },
    });
    if (met.status === 'failed') {
      end();
      this.#takeFailedStart(first, met.probe);
      return { judged: Promise.resolve() };
    }
    for (const { subject, refusalsBefore } of met.answered) {
      subject.refusalsBefore = refusalsBefore;
      subject.attempts += met.attempts;
      subject.askedFrom = met.sourceIp;
    }
    const judged = met.ended.then((ending) => {
      this.#evidence.judge(met, { ...ending, startedAtMs });
      end();
    });
    return { judged };
  }

  /** Holds one session; `end` is to be called when all that it told has been noted. */
  async #meet<S extends Subject>(first: S, desk: Desk<S>) {
    const { clock } = this.#options;
    const startedAtMs = clock.monotonic();
    const test = this.#conduct.beginTest();
    tell(test, this.#plan.hosts[0]?.name ?? this.provider, this.#options);
    const met = await interview(this.#plan, first, this.#options, desk);
    const end = (): void => {
      if (test !== null) this.#conduct.endTest(clock.monotonic());
    };
    return { met, startedAtMs, end };
  }

  /**
   * Who met a provider that was asked too hastily is asked once more, if its other sessions show that it can do better;
   * and so is who met one that refuses one of our addresses, from another.
   */
  #takeFailedStart(first: Pending, probe: FailedProbe): void {
    first.attempts += probe.attempts;
    first.askedFrom = probe.sourceIp;
    const canDoBetter = this.#conduct.hasLetUsIn || this.#options.openTo(this.provider) > 1;
    if (((probe.isSlowDown && canDoBetter) || probe.mayTryOtherSource) && !first.wasAsked) {
      first.wasAsked = true;
      if (probe.mayTryOtherSource) first.sourceIp = null; // whatever a greylist knows there, it is no use to us now
      this.#pending.putBack(first, { alone: false });
      return;
    }
    this.#evidence.takeFailure(first, { ...probe, attempts: first.attempts });
  }

  #takeBeside(first: Pending, limit: number, sourceIp: string | null): readonly Pending[] {
    if (this.#options.signal.aborted) return [];
    const { records } = this.#evidence;
    return this.#pending.takeBeside(first, limit, sourceIp).filter((pending) => !records.waitsStill(pending));
  }

  /** The catch-all question in a session of its own, where no session with an acceptance was left to ask it in. */
  async #askControlAlone(): Promise<{ readonly judged: Promise<void> }> {
    const { control } = this.#evidence;
    const subject = { local: control.begin([]), smtputf8: false, sourceIp: control.wantedSource };
    const { met, end } = await this.#meet(subject, { next: () => [], controlAfter: () => null });
    const finish = (answer: Reading | 'lost'): void => {
      end();
      this.#evidence.takeControlAlone(answer, met.status === 'failed' ? null : met);
    };
    if (met.status === 'failed') return { judged: Promise.resolve(finish('lost')) };
    const reading = met.answered[0]?.reading ?? 'lost';
    return { judged: met.ended.then(({ outOfStep }) => finish(outOfStep ? 'lost' : reading)) };
  }
}

const NOBODY_TO_ASK = Promise.resolve({ judged: Promise.resolve() });
