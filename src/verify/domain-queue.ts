// One domain's addresses on their way through its sessions: takes the next, asks, judges, and writes the verdicts down.
import type { RandomSource } from '../clock.ts';
import { type CatchallState, type Reason, type Stage, statusOf } from '../verdict.ts';
import { type Answer, DomainJudge } from './catch-all.ts';
import { makeControlName } from './control-name.ts';
import {
  controlOutcomeOf,
  type Failure,
  type Interview,
  interview,
  isControlWorthRetrying,
  type Reading,
} from './interview.ts';
import type { DomainJobs, Job, JobSource, RecordVerdict } from './jobs.ts';
import type { PacedQueue, PacedSession } from './pace.ts';
import { type DomainPlan, providerName } from './plan.ts';
import type { ProbeOptions } from './probe.ts';

/** What verify wants of whoever remembers, between runs, how domains answer for names nobody has. */
export interface DomainMemory {
  /** What is known of the domain behind these mail hosts, if it is young enough; null otherwise. */
  catchallOf(domain: string, fingerprint: string): 'yes' | 'no' | null;
  rememberCatchall(domain: string, fingerprint: string, state: 'yes' | 'no'): void;
  /** The name the domain was asked about before (a greylist knows it), or null. */
  controlNameOf(domain: string): string | null;
  rememberControlName(domain: string, name: string): void;
}

export interface DomainQueueOptions extends ProbeOptions {
  readonly jobs: JobSource;
  readonly memory: DomainMemory;
  readonly random: RandomSource;
  readonly record: RecordVerdict;
  readonly jobPage: number;
  readonly acceptancesBeforeControl: number;
}

/** What is known of an address when its answer arrives, kept until the domain's evidence decides. */
interface Asked {
  readonly job: Job;
  readonly host: string;
  readonly attempts: number;
}

/** The catch-all question is put once; once more where the first try got no answer that concerns the name. */
const CONTROL_TRIES = 2;

export class DomainQueue implements PacedQueue {
  readonly provider: string;
  readonly #plan: Extract<DomainPlan, { status: 'ask' }>;
  readonly #options: DomainQueueOptions;
  readonly #judge: DomainJudge<Asked>;
  readonly #domainId: number;
  /** Jobs of this domain not yet taken, in memory or behind the job source. */
  #untaken: number;
  #page: Job[] = [];
  #lastId = -1;
  #running = 0;
  #controlOwed = false;
  #controlRunning = false;
  #controlTries = 0;

  constructor(jobs: DomainJobs, plan: Extract<DomainPlan, { status: 'ask' }>, options: DomainQueueOptions) {
    this.provider = plan.provider.key;
    this.#plan = plan;
    this.#options = options;
    this.#domainId = jobs.domainId;
    this.#untaken = jobs.count;
    this.#judge = new DomainJudge<Asked>({
      known: options.memory.catchallOf(plan.domain, plan.fingerprint),
      acceptanceProvesNothing: plan.provider.acceptanceProvesNothing,
      acceptancesBeforeControl: options.acceptancesBeforeControl,
      decide: (answer, reason, catchall) => this.#recordAnswer(answer, reason, catchall),
    });
  }

  get waiting(): number {
    return this.#untaken + (this.#controlOwed ? 1 : 0);
  }

  startSession(): PacedSession {
    this.#running += 1;
    const asked = this.#untaken > 0 ? this.#askJob(this.#take()) : this.#askControlAlone();
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

  /** Nothing runs and nothing waits: either the catch-all question is still owed, or the domain is done. */
  drained(): void {
    if (this.#options.signal.aborted) return;
    if (this.#judge.needsControl({ isLastSession: true }) && this.#controlTries < CONTROL_TRIES) {
      this.#controlOwed = true;
      return;
    }
    this.#judge.finish();
    const { state } = this.#judge;
    const { domain, fingerprint } = this.#plan;
    if (state === 'yes' || state === 'no') this.#options.memory.rememberCatchall(domain, fingerprint, state);
  }

  #take(): Job {
    if (this.#page.length === 0) {
      this.#page = [...this.#options.jobs.jobsOf(this.#domainId, this.#lastId, this.#options.jobPage)];
      this.#lastId = this.#page.at(-1)?.id ?? this.#lastId;
      shuffle(this.#page, this.#options.random);
    }
    const job = this.#page.pop();
    if (job === undefined) throw new TypeError(`the job source promised more addresses of ${this.#plan.domain}`);
    this.#untaken -= 1;
    return job;
  }

  async #askJob(job: Job): Promise<{ readonly judged: Promise<void> }> {
    const block = this.#options.hosts.blockOf(this.provider);
    if (block !== null) {
      const detail = 'not asked: this provider has refused several sessions in a row';
      this.#recordFailure(job, { ...block, reason: 'blocked', attempts: 0, detail });
      return { judged: Promise.resolve() };
    }
    const { local, smtputf8 } = job;
    const controlAfter = (reading: Reading): string | null => this.#controlNameAfter(job, reading);
    const met = await interview(this.#plan, { local, smtputf8, controlAfter }, this.#options);
    return { judged: this.#judgeWhenEnded(job, met) };
  }

  async #judgeWhenEnded(job: Job, met: Interview): Promise<void> {
    const { outOfStep } = await met.ended;
    if (met.status === 'failed') {
      this.#recordFailure(job, met);
      return;
    }
    const { reading, host, attempts, control } = met;
    if (control !== null) this.#controlRunning = false;
    if (outOfStep) {
      const detail = 'the host sent more replies than it was asked for, so none of them can be believed';
      this.#recordFailure(job, {
        reason: 'protocol_error',
        stage: 'rcpt',
        reply: reading.reply,
        detail,
        host,
        attempts,
      });
      return;
    }
    this.#judge.take(answerOf({ job, host, attempts }, reading));
    if (control !== null) this.#takeControl(control);
  }

  /** Whether the session just answered in should go on with the catch-all question, and for which name. */
  #controlNameAfter(job: Job, reading: Reading): string | null {
    if (this.#controlRunning || this.#plan.provider.oneRecipientPerTransaction) return null;
    const isLastSession = this.#untaken === 0 && this.#running === 1;
    const answer = answerOf({ job, host: '', attempts: 0 }, reading);
    if (!this.#judge.needsControl({ isLastSession, with: answer })) return null;
    this.#controlRunning = true;
    return this.#controlName();
  }

  /** The catch-all question in a session of its own, where no session with an acceptance was left to ask it in. */
  async #askControlAlone(): Promise<{ readonly judged: Promise<void> }> {
    this.#controlOwed = false;
    const local = this.#controlName();
    const met = await interview(this.#plan, { local, smtputf8: false, controlAfter: () => null }, this.#options);
    const judged = met.ended.then(({ outOfStep }) => {
      this.#takeControl(met.status === 'failed' || outOfStep ? 'lost' : met.reading);
    });
    return { judged };
  }

  #takeControl(control: Reading | 'lost'): void {
    this.#controlTries += 1;
    if (isControlWorthRetrying(control) && this.#controlTries < CONTROL_TRIES) return; // asked again when the queue drains
    if (control !== 'lost') this.#judge.takeControl(controlOutcomeOf(control));
  }

  #controlName(): string {
    const { memory, random } = this.#options;
    const known = memory.controlNameOf(this.#plan.domain);
    if (known !== null) return known;
    const name = makeControlName(random);
    memory.rememberControlName(this.#plan.domain, name);
    return name;
  }

  #recordAnswer(answer: Answer<Asked>, reason: Reason, catchall: CatchallState): void {
    const stage: Stage = answer.meaning === 'accepted' && reason !== 'provider_unverifiable' ? 'catchall' : 'rcpt';
    this.#record(answer.job.job, { ...answer.job, reason, stage, reply: answer.reply, detail: null, catchall });
  }

  #recordFailure(job: Job, failure: Failure): void {
    if (failure.reason === 'not_checked') return; // cancelled: the address was never answered, so nothing is written down
    this.#record(job, { ...failure, catchall: this.#judge.state });
  }

  #record(job: Job, found: Failure & { readonly catchall: CatchallState }): void {
    const { host, ...rest } = found;
    this.#options.record(job, this.#plan.domain, {
      status: statusOf(found.reason),
      reason: rest.reason,
      stage: rest.stage,
      reply: rest.reply,
      detail: rest.detail,
      mx: host,
      provider: providerName(this.#plan.provider),
      implicitMx: this.#plan.implicitMx,
      catchall: rest.catchall,
      attempts: rest.attempts,
      checkedAt: this.#options.clock.now(),
      source: 'live',
    });
  }
}

function answerOf(asked: Asked, reading: Reading): Answer<Asked> {
  const { meaning, strength, reason, reply } = reading;
  return { job: asked, meaning, strength, reason, reply };
}

/** Fisher and Yates: a list in alphabetical order must not look like a dictionary attack. */
function shuffle<T>(items: T[], random: RandomSource): void {
  for (let last = items.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [items[last], items[other]] = [items[other] as T, items[last] as T];
  }
}
