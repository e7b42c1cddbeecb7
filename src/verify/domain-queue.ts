// One domain's addresses on their way through its sessions: takes the next, has them asked, judges, writes verdicts down.
import type { RandomSource } from '../clock.ts';
import type { CatchallState, Reason, Reply, Stage } from '../verdict.ts';
import { type Answer, DomainJudge } from './catch-all.ts';
import type { CommonRefusal, Halt } from './circuit.ts';
import { makeControlName } from './control-name.ts';
import { DomainRecords, type DomainRecordsOptions } from './domain-records.ts';
import type { Failure } from './failure.ts';
import {
  type Answered,
  controlOutcomeOf,
  type Desk,
  type Interview,
  type InterviewOptions,
  interview,
  isControlWorthRetrying,
  type Reading,
  type Subject,
} from './interview.ts';
import type { DomainJobs, JobSource } from './jobs.ts';
import type { PacedQueue, PacedSession } from './pace.ts';
import { type Pending, PendingJobs } from './pending-jobs.ts';
import type { DomainPlan } from './plan.ts';
import type { Probe } from './probe.ts';
import type { ProviderConduct } from './providers.ts';
import { isDoubtful, printOf } from './same-refusal.ts';
import { doubtOf, noteConduct, tell } from './session-conduct.ts';
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
  /** How many connections to a provider are open, this domain's included. */
  readonly openTo: (provider: string) => number;
}

/** What is known of an address when its answer arrives, kept until the domain's evidence decides. */
interface Asked {
  readonly pending: Pending;
  readonly host: string;
}

type Met = Extract<Interview<Pending>, { status: 'held' }>;
type FailedProbe = Extract<Probe, { status: 'failed' }>;
type AskPlan = Extract<DomainPlan, { status: 'ask' }>;

/** One more connection pays only where so many addresses wait for it. */
const WAITING_PER_SESSION = 8;

/** Bad luck explains so many; more often it is a host that accepts everybody after a few refusals. */
const MOST_TIMES_UNPROVED = 3;

/** With so few refusals in a session, an acceptance behind them is believed. */
const PROVING_BUDGET = 2;

/** The catch-all question is put once; once more where the first try got no answer that concerns the name. */
const CONTROL_TRIES = 2;

/** As many as it takes of a provider that refuses whole sessions (see blockedAfterRefusals). */
const REFUSED_SESSIONS = 3;

export class DomainQueue implements PacedQueue {
  readonly provider: string;
  readonly #plan: AskPlan;
  readonly #options: DomainQueueOptions;
  readonly #pending: PendingJobs;
  readonly #judge: DomainJudge<Asked>;
  readonly #honesty: HonestyRecord = { honestAfter: 1 };
  readonly #records: DomainRecords;
  readonly #conduct: ProviderConduct;
  #running = 0;
  #controlOwed = false;
  #controlRunning = false;
  #controlTries = 0;
  /** True once the name nobody has was asked about, whatever came of it. */
  #hasCompared = false;
  #hasAccepted = false;
  /** Sessions in a row whose every recipient was refused for our sake. */
  #refusedSessions = 0;
  /** The reply that put the catch-all question off: a greylist does not know the invented name yet. */
  #controlPutOff: Reply | null = null;

  constructor(jobs: DomainJobs, plan: AskPlan, options: DomainQueueOptions) {
    this.provider = plan.provider.key;
    this.#records = new DomainRecords(jobs, plan, options);
    this.#plan = plan;
    this.#conduct = options.hosts.providers.of(plan.provider);
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
  drained(at: { readonly isLastOfProvider: boolean }): void {
    if (this.#options.signal.aborted) return;
    if (this.#judge.needsControl({ isLastSession: true, with: [] }) && this.#controlTries < CONTROL_TRIES) {
      this.#controlOwed = true;
      return;
    }
    this.#conduct.refusals.noteDone(this.#plan.domain, at);
    this.#judge.finish();
    const { state } = this.#judge;
    const { domain, fingerprint } = this.#plan;
    if (state === 'yes' || state === 'no') this.#options.memory.rememberCatchall(domain, fingerprint, state);
  }

  /** Decides every address that is left without asking, for the reason the provider is left alone. */
  giveUp(): void {
    this.#controlOwed = false;
    this.#controlTries = CONTROL_TRIES;
    this.#giveUpFor(this.#conduct.halt ?? NOBODY_KNOWS_WHY);
  }

  async #askFrom(first: Pending): Promise<{ readonly judged: Promise<void> }> {
    const { met, startedAtMs, end } = await this.#meet(first, {
      next: (limit) => this.#takeBeside(first, limit),
      controlAfter: (answered) => this.#controlNameAfter(answered),
    });
    if (met.status === 'failed') {
      end();
      this.#takeFailedStart(first, met.probe);
      return { judged: Promise.resolve() };
    }
    for (const { subject } of met.answered) subject.attempts += met.attempts;
    const judged = met.ended.then(({ outOfStep }) => {
      if (met.control !== null) this.#controlRunning = false;
      if (outOfStep) this.#judgeOutOfStep(met);
      else this.#judgeSession(met, startedAtMs);
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

  /** Who met a provider that was asked too hastily is asked once more, if its other sessions show that it can do better. */
  #takeFailedStart(first: Pending, probe: FailedProbe): void {
    first.attempts += probe.attempts;
    const canDoBetter = this.#conduct.hasLetUsIn || this.#options.openTo(this.provider) > 1;
    if (probe.isSlowDown && canDoBetter && !first.wasAsked) {
      first.wasAsked = true;
      this.#pending.putBack(first, { alone: false });
      return;
    }
    this.#recordFailure(first, { ...probe, attempts: first.attempts });
  }

  #judgeOutOfStep({ answered, control, host, address }: Met): void {
    for (const ruling of ruleOnSession(answered, { host, outOfStep: true }, this.#honesty))
      this.#carryOut(ruling, { host, address });
    if (control !== null) this.#takeControl('lost');
  }

  #judgeSession({ answered, control, host, address }: Met, startedAtMs: number): void {
    const reading = control === null || control === 'lost' ? null : control;
    const session = {
      answered,
      host,
      startedAtMs,
      control: reading === null ? null : { reading, name: this.#controlName() },
    };
    this.#stopIfRefused(noteConduct(session, this.#plan, this.#options));
    this.#hasAccepted ||= answered.some((one) => one.reading?.meaning === 'accepted');
    const doubt = this.#canDoubt ? doubtOf(session, this.#plan) : null;
    const counting: Ruling<Pending>[] = [];
    for (const ruling of ruleOnSession(answered, { host, outOfStep: false }, this.#honesty)) {
      if (doubt !== null && ruling.status === 'counts') counting.push(ruling);
      else this.#carryOut(ruling, { host, address });
    }
    const settle = ({ isAboutUs }: { readonly isAboutUs: boolean }): void => {
      for (const ruling of counting) this.#carryOut(ruling, { host, address });
      if (control !== null && !isAboutUs) this.#takeControl(control);
    };
    if (doubt === null) settle({ isAboutUs: false });
    else this.#conduct.refusals.hold({ ...doubt, settle });
  }

  /** A host that takes our mail for somebody here, or but one recipient a session, leaves nothing to compare. */
  get #canDoubt(): boolean {
    return !this.#hasAccepted && !this.#plan.provider.oneRecipientPerTransaction;
  }

  /** A domain whose every recipient was refused for our sake in several sessions in a row is not asked on. */
  #stopIfRefused(refusal: CommonRefusal | null): void {
    this.#refusedSessions = refusal === null ? 0 : this.#refusedSessions + 1;
    if (refusal !== null && this.#refusedSessions >= REFUSED_SESSIONS) this.#giveUpFor(refusal.halt);
  }

  #giveUpFor(halt: Halt): void {
    const isRefused = halt.reason === 'blocked' || halt.reason === 'sender_rejected';
    const detail = isRefused
      ? 'not asked: this provider has refused several sessions in a row'
      : 'not asked: this provider went on asking us to come back later';
    for (let pending = this.#pending.take(); pending !== null; pending = this.#pending.take())
      if (!this.#records.waitsStill(pending))
        this.#recordFailure(pending, { ...halt, attempts: pending.attempts, detail });
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
        if (this.#isAboutUs(subject, ruling.reading, at.host)) this.#recordAboutUs(subject, ruling.reading, at.host);
        else this.#judge.take(answerOf({ pending: subject, host: at.host }, ruling.reading));
    }
  }

  #isAboutUs(subject: Pending, reading: Reading, host: string): boolean {
    const { domain } = this.#plan;
    const { refusals } = this.#conduct;
    return isDoubtful(reading) && refusals.isAboutUs(printOf(reading, subject.local, { domain, host }), domain);
  }

  #recordAboutUs(pending: Pending, { reply }: Reading, host: string): void {
    const detail = 'everybody gets this refusal, also a name nobody has: it is about us';
    this.#recordFailure(pending, { reason: 'blocked', stage: 'rcpt', reply, host, attempts: pending.attempts, detail });
  }

  /** Whether a session should go on with the catch-all question at its end, and for which name. */
  #controlNameAfter(answered: readonly Answered<Pending>[]): string | null {
    if (this.#controlRunning || this.#plan.provider.oneRecipientPerTransaction) return null;
    const isLastSession = this.#pending.count === 0 && this.#running === 1;
    const answers = answered.flatMap(({ subject, reading }) =>
      reading === null ? [] : [answerOf({ pending: subject, host: '' }, reading)],
    );
    const isNeeded = this.#judge.needsControl({ isLastSession, with: answers }) || this.#needsComparison(answered);
    if (!isNeeded) return null;
    this.#controlRunning = true;
    this.#hasCompared = true;
    return this.#controlName();
  }

  /** True where everybody got the same doubtful refusal, so that only the answer for a name nobody has can tell more. */
  #needsComparison(answered: readonly Answered<Pending>[]): boolean {
    if (this.#hasCompared || !this.#canDoubt) return false;
    const doubt = doubtOf({ answered, control: null, host: this.#plan.hosts[0]?.name ?? '' }, this.#plan);
    return doubt !== null && (answered.length > 1 || this.#conduct.refusals.hasMet(doubt.print));
  }

  /** The catch-all question in a session of its own, where no session with an acceptance was left to ask it in. */
  async #askControlAlone(): Promise<{ readonly judged: Promise<void> }> {
    this.#controlOwed = false;
    const subject = { local: this.#controlName(), smtputf8: false };
    const { met, end } = await this.#meet(subject, { next: () => [], controlAfter: () => null });
    if (met.status === 'failed') {
      end();
      return { judged: Promise.resolve(this.#takeControl('lost')) };
    }
    const reading = met.answered[0]?.reading ?? 'lost';
    const judged = met.ended.then(({ outOfStep }) => {
      end();
      this.#takeControl(outOfStep ? 'lost' : reading);
    });
    return { judged };
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

const NOBODY_KNOWS_WHY: Halt = { reason: 'blocked', stage: 'connect', reply: null, host: null, detail: '' };

const NOBODY_TO_ASK = Promise.resolve({ judged: Promise.resolve() });

function answerOf(asked: Asked, reading: Reading): Answer<Asked> {
  const { meaning, strength, reason, reply } = reading;
  return { job: asked, meaning, strength, reason, reply };
}
