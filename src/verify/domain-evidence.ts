// What the finished sessions of one domain prove: decides which replies count, who is asked again, and when to ask for a name nobody has.
import { fromAnotherSource } from './asked.ts';
import type { Halt } from './circuit.ts';
import { ControlQuestion, type ControlQuestionOptions } from './control-question.ts';
import { DomainAnswers, type DomainAnswersOptions } from './domain-answers.ts';
import { DomainDoubts } from './domain-doubts.ts';
import { DomainRecords, type DomainRecordsOptions } from './domain-records.ts';
import type { Failure } from './failure.ts';
import type { Answered, Ending, Interview, Reading, SessionPlace } from './interview.ts';
import type { DomainJobs } from './jobs.ts';
import { LateWords } from './late-words.ts';
import type { Pending, PendingJobs } from './pending-jobs.ts';
import type { DomainPlan } from './plan.ts';
import type { ProviderConduct } from './providers.ts';
import { type ConductOptions, noteConduct } from './session-conduct.ts';
import { type HonestyRecord, type Ruling, ruleAgain, ruleOnSession } from './session-judge.ts';

export type DomainEvidenceOptions = DomainRecordsOptions &
  ConductOptions &
  ControlQuestionOptions &
  DomainAnswersOptions;

type AskPlan = Extract<DomainPlan, { status: 'ask' }>;

/** A session with addresses of the domain. */
export type Held = Extract<Interview<Pending>, { status: 'held' }>;

/** Bad luck explains so many; more often it is a host that accepts everybody after a few refusals. */
const MOST_TIMES_UNPROVED = 3;

/** With so few refusals in a session, an acceptance behind them is believed. */
const PROVING_BUDGET = 2;

/** As many sessions as must agree (same-refusal.ts). */
const MOST_COMPARISONS = 2;

export class DomainEvidence {
  readonly control: ControlQuestion;
  readonly records: DomainRecords;
  readonly #plan: AskPlan;
  readonly #options: DomainEvidenceOptions;
  readonly #pending: PendingJobs;
  readonly #honesty: HonestyRecord = { honestAfter: 1, bears: 0, accepted: 0, refused: 0, borneOut: new Set() };
  readonly #conduct: ProviderConduct;
  readonly #doubts: DomainDoubts;
  readonly #lateWords: LateWords;
  readonly #count: number;
  #madeAnswers: DomainAnswers | null = null;
  /** How often the name nobody has was asked about anew, because a host that took our mail refuses everybody now. */
  #comparisons = 0;

  /** Who must be asked again goes back to `pending`. */
  constructor(
    of: { readonly jobs: DomainJobs; readonly plan: AskPlan; readonly pending: PendingJobs },
    options: DomainEvidenceOptions,
  ) {
    const { jobs, plan, pending } = of;
    this.#plan = plan;
    this.#options = options;
    this.#pending = pending;
    this.records = new DomainRecords(jobs, plan, options);
    const wasAsked = options.memory.controlNameOf(plan.domain);
    const wantedSource = wasAsked === null ? null : this.records.whereControlWasPutOff(wasAsked);
    this.control = new ControlQuestion(plan.domain, { memory: options.memory, random: options.random, wantedSource });
    this.#conduct = options.hosts.providers.of(plan.provider);
    this.#doubts = new DomainDoubts(plan, this.#conduct);
    this.#lateWords = new LateWords(plan.domain);
    this.#count = jobs.count;
  }

  /** Made with the first answer: thousands of domains wait for their turn. */
  get #answers(): DomainAnswers {
    if (this.#madeAnswers !== null) return this.#madeAnswers;
    const { records, control } = this;
    const weighedWith = { pending: this.#pending, records, doubts: this.#doubts, honesty: this.#honesty };
    const context = { plan: this.#plan, count: this.#count, ...weighedWith, controlPutOff: () => control.putOff };
    this.#madeAnswers = new DomainAnswers(context, this.#options);
    return this.#madeAnswers;
  }

  /** Takes what a session told, once the connection is gone. */
  judge(met: Held, ending: Ending & { readonly startedAtMs: number }): void {
    if (met.control !== null) this.control.end();
    if (ending.outOfStep) this.#judgeOutOfStep(met);
    else this.#judgeSession(met, ending.startedAtMs);
    this.#answers.remember(); // at once: the run may be stopped before the domain is done
  }

  /** Takes the answer to a catch-all question that had a session of its own; `at` is null where no host let us in. */
  takeControlAlone(control: Reading | 'lost', at: SessionPlace | null): void {
    this.control.end();
    this.#takeControl(control, {
      host: this.#plan.hosts[0]?.name ?? this.#plan.domain,
      sourceIp: null,
      ...at,
      besideAcceptance: false,
    });
  }

  /** Whether a session should go on with the catch-all question at its end, and for which name. */
  controlNameAfter(
    answered: readonly Answered<Pending>[],
    at: SessionPlace & { readonly isLastSession: boolean },
  ): string | null {
    const { wantedSource } = this.control;
    if (wantedSource !== null && wantedSource !== at.sourceIp) return null; // there its wait would begin anew
    if (this.control.isRunning || this.#plan.provider.oneRecipientPerTransaction) return null;
    if (answered.some(({ reading }) => reading?.meaning === 'rate_limited')) return null; // it would be put off, too
    if (this.#answers.isContradictory) return null;
    const isNeeded =
      this.#answers.needsControl(answered, at) ||
      (this.#mayCompare &&
        (this.#doubts.needsComparison(answered) || this.#lateWords.needsComparison(answered, at.host)));
    if (isNeeded && this.control.wasAsked) this.#comparisons += 1;
    return isNeeded ? this.control.begin(answered) : null;
  }

  /** True where only the catch-all question can still settle something; it then waits for a session. */
  owesControl(): boolean {
    return this.#answers.waitForControl && this.control.owe();
  }

  /** Decides what nobody is left to tell more of; true where somebody is to be asked again instead. */
  settleHeld(): boolean {
    return this.#answers.settleHeld();
  }

  /** Decides what is left, and remembers what was learnt of the domain. */
  finish(at: { readonly isLastOfProvider: boolean }): void {
    this.#answers.finish(() => this.#conduct.refusals.noteDone(this.#plan.domain, at));
  }

  /** Opens again what was left undecided; the name nobody has is asked about once more when that is due. */
  reopen(): void {
    if (this.control.reopen(this.#options.clock.now())) this.#answers.reopen();
  }

  /** Decides every address that is left without asking. */
  giveUp(halt: Halt | null): void {
    this.control.giveUp();
    this.#answers.giveUp(halt);
  }

  /** Takes it that an address could not be asked about. */
  takeFailure(pending: Pending, failure: Failure): void {
    this.#answers.takeFailure(pending, failure);
    this.#answers.endSession();
  }

  #judgeOutOfStep({ answered, control, host, address, sourceIp }: Held): void {
    for (const ruling of ruleOnSession(answered, { host, outOfStep: true }, this.#honesty))
      this.#carryOut(ruling, { host, address });
    this.#answers.endSession();
    if (control !== null) this.#takeControl('lost', { host, sourceIp, besideAcceptance: false });
  }

  /** Verdicts wait where everybody got the same refusal and it may be about us; what is to be asked again does not. */
  #judgeSession({ answered, control, host, address, sourceIp }: Held, startedAtMs: number): void {
    const reading = control === null || control === 'lost' ? null : control;
    const asked = reading === null ? null : { reading, name: this.control.nameFor([]) };
    const session = { answered, control: asked, host, startedAtMs };
    const refusal = noteConduct(session, this.#plan, this.#options);
    this.#doubts.note(session, refusal);
    const doubt = this.#doubts.of(session);
    const ruled = ruleOnSession(answered, { host, outOfStep: false }, this.#honesty);
    const most = this.#plan.provider.oneRecipientPerTransaction ? 1 : this.#options.hosts.recipientLimitOf(address);
    const rulings = this.#lateWords.review(ruled, session, most);
    if (refusal?.halt.reason === 'blocked' && this.#options.sources.noteRefused(this.#plan.provider.key, sourceIp)) {
      for (const ruling of rulings) this.#carryOut(fromAnotherSource(ruling), { host, address });
      this.#answers.endSession();
      return;
    }
    const waiting = doubt === null ? [] : rulings.filter(({ status }) => status === 'counts');
    for (const ruling of rulings) if (!waiting.includes(ruling)) this.#carryOut(ruling, { host, address });
    const settle = ({ isAboutUs }: { readonly isAboutUs: boolean }): void => {
      // Behind another's refusal it may have been meant for all after all, now that the domain is known to accept somebody.
      const mayAskAgain = !isAboutUs && !this.#answers.isFinished && this.#doubts.hasAccepted;
      const settled = mayAskAgain ? ruleAgain(waiting, answered, this.#honesty) : waiting;
      for (const ruling of settled) this.#carryOut(ruling, { host, address });
      this.#answers.endSession();
      const besideAcceptance = answered.some((one) => one.reading?.meaning === 'accepted');
      if (control !== null && !isAboutUs) this.#takeControl(control, { host, sourceIp, besideAcceptance });
    };
    if (doubt === null) settle({ isAboutUs: false });
    else this.#conduct.refusals.hold({ ...doubt, settle });
    const halt = this.#lateWords.halt ?? (this.#doubts.isRefused ? (refusal?.halt ?? null) : null);
    if (halt !== null) this.#answers.giveUp(halt);
  }

  #carryOut(ruling: Ruling<Pending>, at: { readonly host: string; readonly address: string }): void {
    const { subject } = ruling;
    switch (ruling.status) {
      case 'again':
        if (subject.wasAsked) this.#carryOut(ruling.otherwise, at);
        else this.#pending.putBack(subject, { alone: ruling.alone });
        subject.wasAsked = true;
        return;
      case 'unanswered':
        this.#pending.putBack(subject, { alone: false });
        return;
      case 'impatient':
        // Sessions that end with one refusal more than it bears leave nothing in doubt, so this comes to an end.
        this.#options.hosts.noteImpatience(at.address, ruling.bears + 2);
        this.#pending.putBack(subject, { alone: false });
        return;
      case 'unproved':
        this.#answers.noteUnproved(subject);
        subject.timesUnproved += 1;
        // Sessions that end with the second refusal leave no acceptance unproved, so this comes to an end.
        if (subject.timesUnproved > MOST_TIMES_UNPROVED)
          this.#options.hosts.noteImpatience(at.address, PROVING_BUDGET + 1);
        this.#pending.putBack(subject, { alone: false });
        return;
      case 'failed':
        this.#answers.takeFailure(subject, { ...ruling.failure, attempts: subject.attempts });
        return;
      case 'counts':
        if (ruling.reading.meaning === 'accepted') this.control.noteAccepted(subject.local);
        this.#answers.take(subject, ruling.reading, at);
    }
  }

  get #mayCompare(): boolean {
    return !this.control.wasAsked || (this.#doubts.hasAccepted && this.#comparisons < MOST_COMPARISONS);
  }

  #takeControl(control: Reading | 'lost', at: SessionPlace & { readonly besideAcceptance: boolean }): void {
    const wasPutOff = this.control.wantedSource !== null || this.control.putOff !== null;
    const outcome = this.control.take(control, at);
    if (outcome === null) return;
    const { putOff } = this.control;
    const name = this.control.nameFor([]);
    if (outcome === 'unclear' && putOff !== null) this.control.waitUntil(this.records.rememberControl(name, putOff));
    else if (wasPutOff) this.records.forgetControl(name);
    this.#answers.takeControl(outcome, at.host);
  }
}
