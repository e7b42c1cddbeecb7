// One domain's addresses on their way through its sessions: takes the next, has them asked, judges, writes verdicts down.
import type { RandomSource } from '../clock.ts';
import type { CatchallState, Reason, Stage } from '../verdict.ts';
import { type Answer, DomainJudge } from './catch-all.ts';
import { type ControlNameMemory, ControlQuestion } from './control-question.ts';
import { DomainDoubts } from './domain-doubts.ts';
import { DomainRecords, type DomainRecordsOptions } from './domain-records.ts';
import type { Failure } from './failure.ts';
import {
  type Answered,
  type Desk,
  type Interview,
  type InterviewOptions,
  interview,
  type Reading,
  type Subject,
} from './interview.ts';
import type { DomainJobs, JobSource } from './jobs.ts';
import type { PacedQueue, PacedSession } from './pace.ts';
import { type Pending, PendingJobs } from './pending-jobs.ts';
import type { DomainPlan } from './plan.ts';
import type { Probe } from './probe.ts';
import type { ProviderConduct } from './providers.ts';
import { isDoubtful } from './same-refusal.ts';
import { noteConduct, tell } from './session-conduct.ts';
import { type HonestyRecord, type Ruling, ruleOnSession } from './session-judge.ts';

/** What verify wants of whoever remembers, between runs, how domains answer for names nobody has. */
export interface DomainMemory extends ControlNameMemory {
  /** What is known of the domain behind these mail hosts, if it is young enough; null otherwise. */
  catchallOf(domain: string, fingerprint: string): 'yes' | 'no' | null;
  rememberCatchall(domain: string, fingerprint: string, state: 'yes' | 'no'): void;
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

export class DomainQueue implements PacedQueue {
  readonly provider: string;
  readonly #plan: AskPlan;
  readonly #options: DomainQueueOptions;
  readonly #pending: PendingJobs;
  /** What each mail host's own answers prove: a primary's refusals prove nothing of its backup's acceptances. */
  readonly #judges = new Map<string, DomainJudge<Asked>>();
  readonly #honesty: HonestyRecord = { honestAfter: 1, borneOut: new Set() };
  readonly #records: DomainRecords;
  readonly #conduct: ProviderConduct;
  readonly #doubts: DomainDoubts;
  readonly #control: ControlQuestion;
  #running = 0;
  /** How often the name nobody has was asked about anew, because a host that took our mail refuses everybody now. */
  #comparisons = 0;

  constructor(jobs: DomainJobs, plan: AskPlan, options: DomainQueueOptions) {
    this.provider = plan.provider.key;
    this.#records = new DomainRecords(jobs, plan, options);
    this.#plan = plan;
    this.#conduct = options.hosts.providers.of(plan.provider);
    this.#doubts = new DomainDoubts(plan, this.#conduct);
    this.#control = new ControlQuestion(plan.domain, options);
    this.#options = options;
    this.#pending = new PendingJobs(jobs, { ...options, source: options.jobs });
  }

  #judgeOf(host: string): DomainJudge<Asked> {
    const known = this.#judges.get(host);
    if (known !== undefined) return known;
    const { domain, fingerprint, provider } = this.#plan;
    const made = new DomainJudge<Asked>({
      known: host === this.#primary ? this.#options.memory.catchallOf(domain, fingerprint) : null,
      acceptanceProvesNothing: provider.acceptanceProvesNothing,
      acceptancesBeforeControl: this.#options.acceptancesBeforeControl,
      decide: (answer, reason, catchall) => this.#recordAnswer(answer, reason, catchall),
    });
    this.#judges.set(host, made);
    return made;
  }

  /** The host that is asked where it lets us in; what is kept of the domain was learnt from it. */
  get #primary(): string {
    return this.#plan.hosts[0]?.name ?? this.#plan.domain;
  }

  get waiting(): number {
    return this.#pending.count + (this.#control.isOwed ? 1 : 0);
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
    return this.#control.isOwed ? this.#askControlAlone() : NOBODY_TO_ASK;
  }

  /** Nothing runs and nothing waits: either the catch-all question is still owed, or the domain is done. */
  drained(at: { readonly isLastOfProvider: boolean }): void {
    if (this.#options.signal.aborted) return;
    const needsControl = [...this.#judges.values()].some((judge) =>
      judge.needsControl({ isLastSession: true, with: [] }),
    );
    if (needsControl && this.#control.owe()) return;
    this.#conduct.refusals.noteDone(this.#plan.domain, at);
    for (const judge of this.#judges.values()) judge.finish();
    const { state, hasLearnt } = this.#judgeOf(this.#primary);
    const { domain, fingerprint } = this.#plan;
    const isNews = hasLearnt && (state === 'yes' || state === 'no');
    if (isNews) this.#options.memory.rememberCatchall(domain, fingerprint, state);
  }

  /** Decides every address that is left without asking, for the reason the provider is left alone. */
  giveUp(): void {
    this.#control.giveUp();
    this.#records.giveUp(this.#pending, this.#conduct.halt);
  }

  async #askFrom(first: Pending): Promise<{ readonly judged: Promise<void> }> {
    const { met, startedAtMs, end } = await this.#meet(first, {
      next: (limit) => this.#takeBeside(first, limit),
      controlAfter: (answered, host) => this.#controlNameAfter(answered, host),
    });
    if (met.status === 'failed') {
      end();
      this.#takeFailedStart(first, met.probe);
      return { judged: Promise.resolve() };
    }
    for (const { subject } of met.answered) subject.attempts += met.attempts;
    const judged = met.ended.then(({ outOfStep }) => {
      if (met.control !== null) this.#control.end();
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
    if (control !== null) this.#takeControl('lost', { host, besideAcceptance: false });
  }

  /** Verdicts wait where everybody got the same refusal and it may be about us; what is to be asked again does not. */
  #judgeSession({ answered, control, host, address }: Met, startedAtMs: number): void {
    const reading = control === null || control === 'lost' ? null : control;
    const asked = reading === null ? null : { reading, name: this.#control.name };
    const session = { answered, control: asked, host, startedAtMs };
    const refusal = noteConduct(session, this.#plan, this.#options);
    this.#doubts.note(session, refusal);
    const doubt = this.#doubts.of(session);
    const rulings = ruleOnSession(answered, { host, outOfStep: false }, this.#honesty);
    const waiting = doubt === null ? [] : rulings.filter(({ status }) => status === 'counts');
    for (const ruling of rulings) if (!waiting.includes(ruling)) this.#carryOut(ruling, { host, address });
    const settle = ({ isAboutUs }: { readonly isAboutUs: boolean }): void => {
      for (const ruling of waiting) this.#carryOut(ruling, { host, address });
      const besideAcceptance = answered.some((one) => one.reading?.meaning === 'accepted');
      if (control !== null && !isAboutUs) this.#takeControl(control, { host, besideAcceptance });
    };
    if (doubt === null) settle({ isAboutUs: false });
    else this.#conduct.refusals.hold({ ...doubt, settle });
    if (refusal !== null && this.#doubts.isRefused) this.#records.giveUp(this.#pending, refusal.halt);
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
        this.#takeReading(subject, ruling.reading, at.host);
    }
  }

  #takeReading(pending: Pending, reading: Reading, host: string): void {
    if (!this.#doubts.isAboutUs(reading, { local: pending.local, host })) {
      this.#judgeOf(host).take(answerOf({ pending, host }, reading));
      return;
    }
    const detail = 'everybody gets this refusal, also a name nobody has: it is about us';
    const { reply } = reading;
    this.#recordFailure(pending, { reason: 'blocked', stage: 'rcpt', reply, host, attempts: pending.attempts, detail });
  }

  /** Whether a session should go on with the catch-all question at its end, and for which name. */
  #controlNameAfter(answered: readonly Answered<Pending>[], host: string): string | null {
    if (this.#control.isRunning || this.#plan.provider.oneRecipientPerTransaction) return null;
    if (answered.some(({ reading }) => reading?.meaning === 'rate_limited')) return null; // it would be put off, too
    const isLastSession = this.#pending.count === 0 && this.#running === 1;
    const answers = answered.flatMap(({ subject, reading }) =>
      reading === null ? [] : [answerOf({ pending: subject, host: '' }, reading)],
    );
    const isNeeded =
      this.#judgeOf(host).needsControl({ isLastSession, with: answers }) ||
      (this.#mayCompare && this.#doubts.needsComparison(answered));
    if (isNeeded && this.#control.wasAsked) this.#comparisons += 1;
    return isNeeded ? this.#control.begin() : null;
  }

  /** The catch-all question in a session of its own, where no session with an acceptance was left to ask it in. */
  async #askControlAlone(): Promise<{ readonly judged: Promise<void> }> {
    const subject = { local: this.#control.begin(), smtputf8: false };
    const { met, end } = await this.#meet(subject, { next: () => [], controlAfter: () => null });
    const host = met.status === 'failed' ? this.#primary : met.host;
    const finish = (control: Reading | 'lost'): void => {
      end();
      this.#control.end();
      this.#takeControl(control, { host, besideAcceptance: false });
    };
    if (met.status === 'failed') return { judged: Promise.resolve(finish('lost')) };
    const reading = met.answered[0]?.reading ?? 'lost';
    return { judged: met.ended.then(({ outOfStep }) => finish(outOfStep ? 'lost' : reading)) };
  }

  get #mayCompare(): boolean {
    return !this.#control.wasAsked || (this.#doubts.hasAccepted && this.#comparisons < MOST_COMPARISONS);
  }

  #takeControl(control: Reading | 'lost', at: { readonly host: string; readonly besideAcceptance: boolean }): void {
    const outcome = this.#control.take(control, at);
    if (outcome !== null) this.#judgeOf(at.host).takeControl(outcome);
  }

  #recordAnswer(answer: Answer<Asked>, reason: Reason, catchall: CatchallState): void {
    const { pending, host } = answer.job;
    const stage: Stage = reason === 'accepts_anything' || reason === 'catchall_untested' ? 'catchall' : 'rcpt';
    const found = { host, reason, stage, reply: answer.reply, detail: null, catchall, attempts: pending.attempts };
    this.#records.record(pending, found, this.#control.putOff);
  }

  #recordFailure(pending: Pending, failure: Failure): void {
    if (failure.reason === 'not_checked') return; // cancelled: the address was never answered, so nothing is written down
    this.#records.record(
      pending,
      { ...failure, catchall: this.#judgeOf(failure.host ?? this.#primary).state },
      this.#control.putOff,
    );
  }
}

/** As many sessions as must agree (same-refusal.ts). */
const MOST_COMPARISONS = 2;

/** What every server takes for a plain name. */
const ORDINARY_NAME = /^[a-z0-9_][a-z0-9._+-]*$/i;

const NOBODY_TO_ASK = Promise.resolve({ judged: Promise.resolve() });

function answerOf(asked: Asked, reading: Reading): Answer<Asked> {
  const { meaning, strength, reason, reply } = reading;
  const isOrdinaryName = ORDINARY_NAME.test(asked.pending.local);
  return { job: asked, meaning, strength, reason, reply, isOrdinaryName, isDoubtful: isDoubtful(reading) };
}
