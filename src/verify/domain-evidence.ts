// What the finished sessions of one domain prove: decides which replies count, who is asked again, and which verdict each gets.
import type { CatchallState, Reason, Stage } from '../verdict.ts';
import { type Asked, answerOf, fromAnotherSource, isContradiction } from './asked.ts';
import { type Answer, DomainJudge } from './catch-all.ts';
import type { Halt } from './circuit.ts';
import { type ControlNameMemory, ControlQuestion, type ControlQuestionOptions } from './control-question.ts';
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
import { type HonestyRecord, isBare, type Ruling, ruleAgain, ruleOnSession, saysItOfNames } from './session-judge.ts';

/** What verify wants of whoever remembers, between runs, how domains answer for names nobody has. */
export interface DomainMemory extends ControlNameMemory {
  /** What is known of the domain behind these mail hosts, if it is young enough; null otherwise. */
  catchallOf(domain: string, fingerprint: string): 'yes' | 'no' | null;
  rememberCatchall(domain: string, fingerprint: string, state: 'yes' | 'no'): void;
}

export interface DomainEvidenceOptions extends DomainRecordsOptions, ConductOptions, ControlQuestionOptions {
  readonly memory: DomainMemory;
  readonly acceptancesBeforeControl: number;
}

type AskPlan = Extract<DomainPlan, { status: 'ask' }>;

/** A session with addresses of the domain. */
export type Held = Extract<Interview<Pending>, { status: 'held' }>;

/** Bad luck explains so many; more often it is a host that accepts everybody after a few refusals. */
const MOST_TIMES_UNPROVED = 3;

/** With so few refusals in a session, an acceptance behind them is believed. */
const PROVING_BUDGET = 2;

/** Kept in memory; more of them in one domain count as they are. */
const MOST_BARE = 500;

/** As many sessions as must agree (same-refusal.ts). */
const MOST_COMPARISONS = 2;

export class DomainEvidence {
  readonly control: ControlQuestion;
  readonly records: DomainRecords;
  readonly #plan: AskPlan;
  readonly #options: DomainEvidenceOptions;
  readonly #pending: PendingJobs;
  /** What each mail host's own answers prove: a primary's refusals prove nothing of its backup's acceptances. */
  readonly #judges = new Map<string, DomainJudge<Asked>>();
  readonly #honesty: HonestyRecord = { honestAfter: 1, bears: 0, accepted: 0, refused: 0, borneOut: new Set() };
  readonly #conduct: ProviderConduct;
  readonly #doubts: DomainDoubts;
  readonly #lateWords: LateWords;
  /** How often the name nobody has was asked about anew, because a host that took our mail refuses everybody now. */
  #comparisons = 0;
  #remembered: CatchallState | null = null;
  /** Refusals in bare words, kept until the host has shown what it means by them, or nobody else waits. */
  readonly #bare: { readonly pending: Pending; readonly reading: Reading; readonly host: string }[] = [];
  /** True once nobody of the domain is asked any more. */
  #isFinished = false;

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
  }

  /** Takes what a session told, once the connection is gone. */
  judge(met: Held, ending: Ending & { readonly startedAtMs: number }): void {
    if (met.control !== null) this.control.end();
    if (ending.outOfStep) this.#judgeOutOfStep(met);
    else this.#judgeSession(met, ending.startedAtMs);
    this.#remember(); // at once: the run may be stopped before the domain is done
  }

  /** Takes the answer to a catch-all question that had a session of its own; `at` is null where no host let us in. */
  takeControlAlone(control: Reading | 'lost', at: SessionPlace | null): void {
    this.control.end();
    this.#takeControl(control, { host: this.#primary, sourceIp: null, ...at, besideAcceptance: false });
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
    const answers = answered.flatMap(({ subject, reading }) =>
      reading === null ? [] : [answerOf({ pending: subject, host: '' }, reading)],
    );
    const isNeeded =
      this.#judgeOf(at.host).needsControl({ isLastSession: at.isLastSession, with: answers }) ||
      (this.#mayCompare &&
        (this.#doubts.needsComparison(answered) || this.#lateWords.needsComparison(answered, at.host)));
    if (isNeeded && this.control.wasAsked) this.#comparisons += 1;
    return isNeeded ? this.control.begin(answered) : null;
  }

  /** True where only the catch-all question can still settle something; it then waits for a session. */
  owesControl(): boolean {
    const needsControl = [...this.#judges.values()].some((judge) =>
      judge.needsControl({ isLastSession: true, with: [] }),
    );
    return needsControl && this.control.owe();
  }

  /**
   * Once nobody else waits: bare refusals that came before the host had shown what it means by them are asked about once
   * more, the others are decided. True where somebody waits again.
   */
  settleBare(): boolean {
    let isAgain = false;
    for (const { pending, reading, host } of this.#bare.splice(0)) {
      if (saysItOfNames(reading, this.#honesty)) {
        this.#pending.putBack(pending, { alone: false });
        isAgain = true;
      } else this.#judgeOf(host).take(answerOf({ pending, host }, reading));
    }
    return isAgain;
  }

  /** Decides what is left, and remembers what was learnt of the domain. */
  finish(at: { readonly isLastOfProvider: boolean }): void {
    this.#isFinished = true;
    this.#conduct.refusals.noteDone(this.#plan.domain, at);
    for (const judge of this.#judges.values()) judge.finish();
    this.#remember();
  }

  #remember(): void {
    const { state, hasLearnt } = this.#judgeOf(this.#primary);
    const { domain, fingerprint } = this.#plan;
    if (!hasLearnt || state === this.#remembered || (state !== 'yes' && state !== 'no')) return;
    this.#remembered = state;
    this.#options.memory.rememberCatchall(domain, fingerprint, state);
  }

  /** Opens again what was left undecided: whoever was put off is asked about once more, the name nobody has included. */
  reopen(): void {
    this.control.reopen();
    for (const judge of this.#judges.values()) judge.reopen();
  }

  /** Decides every address that is left without asking. */
  giveUp(halt: Halt | null): void {
    this.control.giveUp();
    this.records.giveUp(this.#pending, halt);
  }

  recordFailure(pending: Pending, failure: Failure): void {
    if (failure.reason === 'not_checked') return; // cancelled: the address was never answered, so nothing is written down
    const { state: catchall } = this.#judgeOf(failure.host ?? this.#primary);
    this.records.record(pending, { ...failure, catchall }, this.control.putOff);
  }

  /** The host that is asked where it lets us in; what is kept of the domain was learnt from it. */
  get #primary(): string {
    return this.#plan.hosts[0]?.name ?? this.#plan.domain;
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

  #judgeOutOfStep({ answered, control, host, address, sourceIp }: Held): void {
    for (const ruling of ruleOnSession(answered, { host, outOfStep: true }, this.#honesty))
      this.#carryOut(ruling, { host, address });
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
      return;
    }
    const waiting = doubt === null ? [] : rulings.filter(({ status }) => status === 'counts');
    for (const ruling of rulings) if (!waiting.includes(ruling)) this.#carryOut(ruling, { host, address });
    const settle = ({ isAboutUs }: { readonly isAboutUs: boolean }): void => {
      // Behind another's refusal it may have been meant for all after all, now that the domain is known to accept somebody.
      const mayAskAgain = !isAboutUs && !this.#isFinished && this.#doubts.hasAccepted;
      const settled = mayAskAgain ? ruleAgain(waiting, answered, this.#honesty) : waiting;
      for (const ruling of settled) this.#carryOut(ruling, { host, address });
      const besideAcceptance = answered.some((one) => one.reading?.meaning === 'accepted');
      if (control !== null && !isAboutUs) this.#takeControl(control, { host, sourceIp, besideAcceptance });
    };
    if (doubt === null) settle({ isAboutUs: false });
    else this.#conduct.refusals.hold({ ...doubt, settle });
    const halt = this.#lateWords.halt ?? (this.#doubts.isRefused ? (refusal?.halt ?? null) : null);
    if (halt !== null) this.records.giveUp(this.#pending, halt);
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
        subject.timesUnproved += 1;
        // Sessions that end with the second refusal leave no acceptance unproved, so this comes to an end.
        if (subject.timesUnproved > MOST_TIMES_UNPROVED)
          this.#options.hosts.noteImpatience(at.address, PROVING_BUDGET + 1);
        this.#pending.putBack(subject, { alone: false });
        return;
      case 'failed':
        this.recordFailure(subject, { ...ruling.failure, attempts: subject.attempts });
        return;
      case 'counts':
        this.#takeReading(subject, ruling.reading, at.host);
    }
  }

  #takeReading(pending: Pending, reading: Reading, host: string): void {
    if (isBare(reading) && !pending.wasBare && this.#bare.length < MOST_BARE) {
      pending.wasBare = true;
      this.#bare.push({ pending, reading, host });
      return;
    }
    if (reading.meaning === 'accepted') this.control.noteAccepted(pending.local);
    if (isContradiction(pending, reading)) {
      const detail = `it was ${pending.before} before, by another connection`;
      const { reply } = reading;
      const { attempts } = pending;
      this.recordFailure(pending, { reason: 'inconsistent', stage: 'rcpt', reply, host, attempts, detail });
      return;
    }
    if (this.#isOddRefusal(pending, reading, host)) {
      pending.before = 'refused';
      this.#pending.putBack(pending, { alone: false });
      return;
    }
    if (!this.#doubts.isAboutUs(reading, { local: pending.local, host })) {
      this.#judgeOf(host).take(answerOf({ pending, host }, reading));
      return;
    }
    const detail = 'everybody gets this refusal, also a name nobody has: it is about us';
    const { reply } = reading;
    this.recordFailure(pending, { reason: 'blocked', stage: 'rcpt', reply, host, attempts: pending.attempts, detail });
  }

  /**
   * A refusal where a name nobody has was accepted: a catch-all may have its exceptions, but hosts that answer by chance
   * do the same. It is asked about once more, by another connection.
   */
  #isOddRefusal({ before }: Pending, { meaning, strength }: Reading, host: string): boolean {
    const isRefusal = meaning === 'mailbox_not_found' && strength === 'strong';
    return isRefusal && before === null && this.#judgeOf(host).state === 'yes';
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
    if (outcome === 'unclear' && putOff !== null) this.records.rememberControl(name, putOff);
    else if (wasPutOff) this.records.forgetControl(name);
    this.#judgeOf(at.host).takeControl(outcome);
  }

  #recordAnswer(answer: Answer<Asked>, reason: Reason, catchall: CatchallState): void {
    const { pending, host } = answer.job;
    const stage: Stage = reason === 'accepts_anything' || reason === 'catchall_untested' ? 'catchall' : 'rcpt';
    const found = { host, reason, stage, reply: answer.reply, detail: null, catchall, attempts: pending.attempts };
    this.records.record(pending, found, this.control.putOff);
  }
}
