// One domain's addresses on their way through its sessions: takes the next, has them asked, judges, writes verdicts down.
import type { RandomSource } from '../clock.ts';
import type { CatchallState, Reason, Reply, Stage } from '../verdict.ts';
import { type Answer, DomainJudge } from './catch-all.ts';
import { makeControlName } from './control-name.ts';
import { DomainRecords, type DomainRecordsOptions } from './domain-records.ts';
import type { Failure } from './failure.ts';
import {
  type Answered,
  controlOutcomeOf,
  type InterviewOptions,
  interview,
  isControlWorthRetrying,
  type Reading,
} from './interview.ts';
import type { DomainJobs, JobSource } from './jobs.ts';
import type { PacedQueue, PacedSession } from './pace.ts';
import { type Pending, PendingJobs } from './pending-jobs.ts';
import type { DomainPlan } from './plan.ts';
import { type HonestyRecord, type Ruling, ruleOnSession } from './session-judge.ts';

/** What verify wants of whoever remembers, between runs, how domains answer for names nobody has. */
export interface DomainMemory {
  /** What is known of the domain behind these mail hosts, if it is young enough; null otherwise. */
  catchallOf(domain: string, fingerprint: string): 'yes' | 'no' | null;
  rememberCatchall(domain: string, fingerprint: string, state: 'yes' | 'no'): void;
  /** The name the domain was asked about before (a greylist knows it), or null. */
  controlNameOf(domain: string): string | null;
  rememberControlName(domain: string, name: string): void;
}

export interface DomainQueueOptions extends InterviewOptions, DomainRecordsOptions {
  readonly jobs: JobSource;
  readonly memory: DomainMemory;
  readonly random: RandomSource;
  readonly jobPage: number;
  readonly acceptancesBeforeControl: number;
}

/** What is known of an address when its answer arrives, kept until the domain's evidence decides. */
interface Asked {
  readonly pending: Pending;
  readonly host: string;
}

type AskPlan = Extract<DomainPlan, { status: 'ask' }>;

/** One more connection pays only where so many addresses wait for it. */
const WAITING_PER_SESSION = 8;

/** Bad luck explains so many; more often it is a host that accepts everybody after a few refusals. */
const MOST_TIMES_UNPROVED = 3;

/** With so few refusals in a session, an acceptance behind them is believed. */
const PROVING_BUDGET = 2;

/** The catch-all question is put once; once more where the first try got no answer that concerns the name. */
const CONTROL_TRIES = 2;

export class DomainQueue implements PacedQueue {
  readonly provider: string;
  readonly #plan: AskPlan;
  readonly #options: DomainQueueOptions;
  readonly #pending: PendingJobs;
  readonly #judge: DomainJudge<Asked>;
  readonly #honesty: HonestyRecord = { honestAfter: 1 };
  readonly #records: DomainRecords;
  #running = 0;
  #controlOwed = false;
  #controlRunning = false;
  #controlTries = 0;
  /** The reply that put the catch-all question off: a greylist does not know the invented name yet. */
  #controlPutOff: Reply | null = null;

  constructor(jobs: DomainJobs, plan: AskPlan, options: DomainQueueOptions) {
    this.provider = plan.provider.key;
    this.#records = new DomainRecords(jobs, plan, options);
    this.#plan = plan;
    this.#options = options;
    this.#pending = new PendingJobs(jobs, { ...options, source: options.jobs });
    this.#judge = new DomainJudge<Asked>({
      known: options.memory.catchallOf(plan.domain, plan.fingerprint),
      acceptanceProvesNothing: plan.provider.acceptanceProvesNothing,
      acceptancesBeforeControl: options.acceptancesBeforeControl,
      decide: (answer, reason, catchall) => this.#recordAnswer(answer, reason, catchall),
    });
  }

  get waiting(): number {
    return this.#pending.count + (this.#controlOwed ? 1 : 0);
  }

  get sessionsWanted(): number {
    return Math.ceil(this.waiting / WAITING_PER_SESSION);
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
      if (!this.#records.waitsStill(first)) return this.#askFrom(first);
    }
    return this.#controlOwed ? this.#askControlAlone() : NOBODY_TO_ASK;
  }

  /** Nothing runs and nothing waits: either the catch-all question is still owed, or the domain is done. */
  drained(): void {
    if (this.#options.signal.aborted) return;
    if (this.#judge.needsControl({ isLastSession: true, with: [] }) && this.#controlTries < CONTROL_TRIES) {
      this.#controlOwed = true;
      return;
    }
    this.#judge.finish();
    const { state } = this.#judge;
    const { domain, fingerprint } = this.#plan;
    if (state === 'yes' || state === 'no') this.#options.memory.rememberCatchall(domain, fingerprint, state);
  }

  async #askFrom(first: Pending): Promise<{ readonly judged: Promise<void> }> {
    const block = this.#options.hosts.blockOf(this.provider);
    if (block !== null) {
      const detail = 'not asked: this provider has refused several sessions in a row';
      this.#recordFailure(first, { ...block, reason: 'blocked', attempts: first.attempts, detail });
      return { judged: Promise.resolve() };
    }
    const met = await interview(this.#plan, first, this.#options, {
      next: (limit) => this.#takeBeside(first, limit),
      controlAfter: (answered) => this.#controlNameAfter(answered),
    });
    if (met.status === 'failed') {
      this.#recordFailure(first, { ...met.probe, attempts: first.attempts + met.probe.attempts });
      return { judged: Promise.resolve() };
    }
    const { host, address, attempts, answered, control } = met;
    for (const { subject } of answered) subject.attempts += attempts;
    const judged = met.ended.then(({ outOfStep }) => {
      if (control !== null) this.#controlRunning = false;
      for (const ruling of ruleOnSession(answered, { host, outOfStep }, this.#honesty))
        this.#carryOut(ruling, { host, address });
      if (control !== null) this.#takeControl(outOfStep ? 'lost' : control);
    });
    return { judged };
  }

  #takeBeside(first: Pending, limit: number): readonly Pending[] {
    if (this.#options.signal.aborted) return [];
    return this.#pending.takeBeside(first, limit).filter((pending) => !this.#records.waitsStill(pending));
  }

  #carryOut(ruling: Ruling<Pending>, at: { readonly host: string; readonly address: string }): void {
    const { subject } = ruling;
    switch (ruling.status) {
      case 'again':
        if (subject.wasAsked) this.#carryOut(ruling.otherwise, at);
        else this.#pending.putBack(subject, { alone: ruling.alone });
        subject.wasAsked = true;
        return;
      case 'unproved':
        subject.timesUnproved += 1;
        // Sessions that end with the second refusal leave no acceptance unproved, so this comes to an end.
        if (subject.timesUnproved > MOST_TIMES_UNPROVED)
          this.#options.hosts.noteImpatience(at.address, PROVING_BUDGET + 1);
        this.#pending.putBack(subject, { alone: false });
        return;
      case 'failed':
        this.#recordFailure(subject, { ...ruling.failure, attempts: subject.attempts });
        return;
      case 'counts':
        this.#judge.take(answerOf({ pending: subject, host: at.host }, ruling.reading));
    }
  }

  /** Whether a session should go on with the catch-all question at its end, and for which name. */
  #controlNameAfter(answered: readonly Answered<Pending>[]): string | null {
    if (this.#controlRunning || this.#plan.provider.oneRecipientPerTransaction) return null;
    const isLastSession = this.#pending.count === 0 && this.#running === 1;
    const answers = answered.flatMap(({ subject, reading }) =>
      reading === null ? [] : [answerOf({ pending: subject, host: '' }, reading)],
    );
    if (!this.#judge.needsControl({ isLastSession, with: answers })) return null;
    this.#controlRunning = true;
    return this.#controlName();
  }

  /** The catch-all question in a session of its own, where no session with an acceptance was left to ask it in. */
  async #askControlAlone(): Promise<{ readonly judged: Promise<void> }> {
    this.#controlOwed = false;
    const subject = { local: this.#controlName(), smtputf8: false };
    const met = await interview(this.#plan, subject, this.#options, { next: () => [], controlAfter: () => null });
    if (met.status === 'failed') return { judged: Promise.resolve(this.#takeControl('lost')) };
    const reading = met.answered[0]?.reading ?? 'lost';
    return { judged: met.ended.then(({ outOfStep }) => this.#takeControl(outOfStep ? 'lost' : reading)) };
  }

  #takeControl(control: Reading | 'lost'): void {
    this.#controlTries += 1;
    if (isControlWorthRetrying(control) && this.#controlTries < CONTROL_TRIES) return; // asked again when the queue drains
    if (control === 'lost') return;
    const outcome = controlOutcomeOf(control);
    if (outcome === 'unclear' && control.reply.code < 500) this.#controlPutOff = control.reply;
    this.#judge.takeControl(outcome);
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
    const { pending, host } = answer.job;
    const stage: Stage = reason === 'accepts_anything' || reason === 'catchall_untested' ? 'catchall' : 'rcpt';
    const { attempts } = pending;
    const found = { host, attempts, reason, stage, reply: answer.reply, detail: null, catchall };
    this.#records.record(pending, found, this.#controlPutOff);
  }

  #recordFailure(pending: Pending, failure: Failure): void {
    if (failure.reason === 'not_checked') return; // cancelled: the address was never answered, so nothing is written down
    this.#records.record(pending, { ...failure, catchall: this.#judge.state }, this.#controlPutOff);
  }
}

const NOBODY_TO_ASK = Promise.resolve({ judged: Promise.resolve() });

function answerOf(asked: Asked, reading: Reading): Answer<Asked> {
  const { meaning, strength, reason, reply } = reading;
  return { job: asked, meaning, strength, reason, reply };
}
