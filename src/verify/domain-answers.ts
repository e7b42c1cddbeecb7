// What the answers of one domain become: each waits for what only other answers can tell, and then gets its verdict.
import type { CatchallState, Reason, Reply, Stage } from '../verdict.ts';
import { type Asked, answerOf, isContradiction, saysWhatItIs, saysWhetherItExists } from './asked.ts';
import type { Answer, ControlOutcome } from './catch-all.ts';
import type { Halt } from './circuit.ts';
import { Constancy, type Heard, isBehindRefusals } from './constancy.ts';
import type { DomainDoubts } from './domain-doubts.ts';
import type { DomainRecords, PutOffControl } from './domain-records.ts';
import type { Failure } from './failure.ts';
import { type DomainMemory, HostJudges } from './host-judges.ts';
import type { HostMemory } from './hosts.ts';
import type { Answered, Reading } from './interview.ts';
import type { Pending, PendingJobs } from './pending-jobs.ts';
import type { DomainPlan } from './plan.ts';
import { type HonestyRecord, isBare, saysItOfNames } from './session-judge.ts';

export interface DomainAnswersOptions {
  readonly memory: DomainMemory;
  readonly acceptancesBeforeControl: number;
  readonly hosts: HostMemory;
  /** Aborted when nobody is asked any more. */
  readonly signal: AbortSignal;
}

/** What the answers of a domain are weighed with. */
export interface DomainAnswersContext {
  readonly plan: Extract<DomainPlan, { status: 'ask' }>;
  /** How many addresses of the domain are to be asked about. */
  readonly count: number;
  /** Who must be asked again goes back to these. */
  readonly pending: PendingJobs;
  readonly records: DomainRecords;
  readonly doubts: DomainDoubts;
  readonly honesty: HonestyRecord;
  /** What put the question for a name nobody has off, or null. */
  readonly controlPutOff: () => PutOffControl | null;
}

/** Kept in memory; more of them in one domain count as they are. */
const MOST_BARE = 500;

const CONTRADICTS_ITSELF = 'its host says different things of one and the same name, by turns';

export class DomainAnswers {
  readonly #of: DomainAnswersContext;
  readonly #options: DomainAnswersOptions;
  readonly #judges: HostJudges;
  readonly #constancy: Constancy;
  /** Refusals in bare words, kept until the host has shown what it means by them, or nobody else waits. */
  readonly #bare: Heard[] = [];
  /** True once nobody of the domain is asked any more. */
  #isFinished = false;
  #isGivingUp = false;
  /** True once a name was refused and then accepted by a host that takes names nobody has: its refusals are chance. */
  #areRefusalsChance = false;

  constructor(of: DomainAnswersContext, options: DomainAnswersOptions) {
    this.#of = of;
    this.#options = options;
    this.#judges = new HostJudges(of.plan, {
      memory: options.memory,
      acceptancesBeforeControl: options.acceptancesBeforeControl,
      decide: (answer, reason, catchall) => this.#recordAnswer(answer, reason, catchall),
    });
    this.#constancy = new Constancy({
      count: of.count,
      isInDoubt: of.plan.provider.label === 'other',
      decide: (heard, { isConstant }) => this.#conclude(heard, isConstant),
      askAgain: ({ pending, reading }) => this.#askAgain(pending, reading),
    });
  }

  get isFinished(): boolean {
    return this.#isFinished;
  }

  /** Takes one recipient's answer; `endSession` is to follow when all of the session have been taken. */
  take(
    pending: Pending,
    reading: Reading,
    { host, address }: { readonly host: string; readonly address: string },
  ): void {
    const heard = { pending, reading, host, refusalsBefore: pending.refusalsBefore };
    const { standing } = pending;
    if (isContradiction(pending, reading)) this.#takeContradiction(heard, address);
    else if (saysWhetherItExists(reading)) this.#constancy.take(heard);
    else if (standing !== null && !saysWhatItIs(reading)) this.#constancy.take(standing);
    else if (isBare(reading) && !pending.wasBare && this.#bare.length < MOST_BARE) {
      pending.wasBare = true;
      this.#bare.push(heard);
    } else {
      this.#constancy.giveUpOn(pending);
      this.#conclude(heard, true);
    }
  }

  #takeContradiction(heard: Heard, address: string): void {
    const { pending, reading, host } = heard;
    const { standing } = pending;
    if (standing === null) {
      this.#areRefusalsChance ||= pending.isBeforeOfThisRun;
      this.#recordInconsistent(replied(heard), `it was ${pending.before} before, by another connection`);
    } else if (this.#isOfBackup(heard) && standing.host !== host) {
      this.#constancy.take(standing); // what a backup accepts proves nothing of its primary
    } else if (this.#isOfBackup(standing) && standing.host !== host) {
      forgetBefore(pending);
      this.#constancy.take(heard);
    } else if (reading.meaning === 'accepted' && this.#isOfTired(standing) && !isBehindRefusals(heard)) {
      this.#options.hosts.noteImpatience(address, FRESH_REFUSALS + 1);
      forgetBefore(pending);
      this.#constancy.take(heard);
      for (const { pending: late } of this.#constancy.noteTired()) {
        forgetBefore(late);
        this.#of.pending.putBack(late, { alone: false });
      }
    } else {
      this.#constancy.noteChange(pending);
      this.#recordInconsistent(replied(heard), `it was ${pending.before} before, by another connection`);
    }
  }

  #isOfBackup({ reading, host }: Heard): boolean {
    return reading.meaning === 'accepted' && host !== this.#judges.primary;
  }

  /** True for a refusal behind more others than anybody was ever accepted behind. */
  #isOfTired(heard: Heard): boolean {
    return isBehindRefusals(heard) && heard.refusalsBefore > this.#of.honesty.bears;
  }

  /** Notes an acceptance that is to be asked about again, because it came behind refusals. */
  noteUnproved({ timesUnproved }: Pending): void {
    if (timesUnproved === 0) this.#constancy.noteUnproved();
  }

  /** Takes it that an address could not be asked about; `endSession` is to follow. */
  takeFailure(pending: Pending, failure: Failure): void {
    if (failure.reason === 'not_checked') return; // cancelled: the address was never answered, so nothing is written down
    if (pending.standing === null) this.#recordFailure(pending, failure);
    else this.#constancy.take(pending.standing);
  }

  /** Takes the outcome of the question for a name nobody has. */
  takeControl(outcome: ControlOutcome, host: string): void {
    // While a refusal waits, that tells already what this question could not.
    const isKnown = outcome === 'unclear' && this.#constancy.hasRefusalOf(host);
    if (!isKnown) this.#judges.of(host).takeControl(outcome);
  }

  /** Called when all answers of a session have been taken. */
  endSession(): void {
    // Where anything is taken, every refusal is asked about again as it is.
    const mayAsk = this.#mayAskAgain && this.#judges.of(this.#judges.primary).state !== 'yes';
    const isMoreToAsk = this.#of.pending.count > 0;
    const isEnding = this.#options.signal.aborted;
    this.#constancy.endSession({ mayAsk: mayAsk && !isEnding, isMoreToAsk, isEnding });
    if (this.#constancy.hasChanged) this.#leaveOthers();
  }

  /** Whatever the host would say of them would not be believed, so they are spared the question. */
  #leaveOthers(): void {
    const { pending, records } = this.#of;
    const detail = `not asked: ${CONTRADICTS_ITSELF}`;
    const why = { reason: 'inconsistent', stage: 'rcpt', reply: null, host: this.#judges.primary, detail } as const;
    for (const heard of records.leave(pending, why)) this.#conclude(heard, false);
    for (const judge of this.#judges.all)
      for (const { job, reply } of judge.takeWaiting()) this.#recordInconsistent({ ...job, reply }, CONTRADICTS_ITSELF);
  }

  get #mayAskAgain(): boolean {
    return !this.#isFinished && !this.#isGivingUp;
  }

  /** Whether the question for a name nobody has should be put to this host at the end of a session with these answers. */
  needsControl(
    answered: readonly Answered<Pending>[],
    { host, isLastSession }: { readonly host: string; readonly isLastSession: boolean },
  ): boolean {
    const judge = this.#judges.of(host);
    if (judge.state !== 'not_asked') return false;
    const answers = answered.flatMap(({ subject, reading }) =>
      reading === null ? [] : [answerOf({ pending: subject, host }, reading)],
    );
    for (const heard of this.#constancy.undecided)
      if (heard.host === host) answers.push(answerOf(heard, heard.reading));
    return judge.needsControl({ isLastSession, with: answers });
  }

  /** True where only the question for a name nobody has can still settle something. */
  get waitForControl(): boolean {
    if (this.isContradictory) return false;
    return this.#judges.all.some((judge) => judge.needsControl({ isLastSession: true, with: [] }));
  }

  /** True once nothing that the domain says of its mailboxes is believed any more. */
  get isContradictory(): boolean {
    return this.#constancy.hasChanged;
  }

  /**
   * Once nobody else waits: bare refusals that came before the host had shown what it means by them are asked about once
   * more, everything else that waits is decided. True where somebody waits again.
   */
  settleHeld(): boolean {
    this.#constancy.release();
    for (const { pending, reading, host } of this.#bare.splice(0)) {
      if (saysItOfNames(reading, this.#of.honesty)) this.#of.pending.putBack(pending, { alone: false });
      else this.#judges.of(host).take(answerOf({ pending, host }, reading));
    }
    return this.#of.pending.count > 0;
  }

  /** Decides every address that is left without asking. */
  giveUp(halt: Halt | null): void {
    this.#isGivingUp = true; // whoever is put back now is not asked any more
    for (const heard of this.#of.records.giveUp(this.#of.pending, halt)) this.#constancy.take(heard);
    this.endSession();
    this.#isGivingUp = false;
  }

  /** Decides what is left; `settleOthers` tells those whose answers wait elsewhere that this domain is done. */
  finish(settleOthers: () => void): void {
    this.#isFinished = true;
    settleOthers();
    for (const judge of this.#judges.all) judge.finish();
    this.remember();
  }

  /** Opens again what was left undecided. */
  reopen(): void {
    for (const judge of this.#judges.all) judge.reopen();
  }

  /** Writes down what was learnt of the domain. */
  remember(): void {
    this.#judges.remember();
  }

  #conclude(heard: Heard, isConstant: boolean): void {
    const { pending, reading, host } = heard;
    // Its second question, if there was one, brought no answer.
    const isUnconfirmed = pending.before === null || pending.standing === heard;
    pending.standing = null;
    const { meaning, strength } = reading;
    const takesAnything = this.#judges.of(host).state === 'yes';
    if (!isConstant && !(meaning === 'accepted' && takesAnything)) {
      this.#recordInconsistent(replied(heard), CONTRADICTS_ITSELF);
      return;
    }
    // A catch-all may have its exceptions, but hosts that answer by chance do the same: another connection is asked.
    const isException = takesAnything && meaning === 'mailbox_not_found' && strength === 'strong';
    if (isException && (isUnconfirmed || this.#areRefusalsChance)) {
      if (this.#mayAskAgain && isUnconfirmed) this.#askAgain(pending, reading);
      else this.#recordInconsistent(replied(heard), 'its host takes a name nobody has, and refused this one');
      return;
    }
    if (!this.#of.doubts.isAboutUs(reading, { local: pending.local, host })) {
      this.#judges.of(host).take(answerOf({ pending, host }, reading));
      return;
    }
    const detail = 'everybody gets this refusal, also a name nobody has: it is about us';
    const { reply } = reading;
    this.#recordFailure(pending, { reason: 'blocked', stage: 'rcpt', reply, host, attempts: pending.attempts, detail });
  }

  #askAgain(pending: Pending, { meaning }: Reading): void {
    pending.before = meaning === 'accepted' ? 'accepted' : 'refused';
    pending.isBeforeOfThisRun = true;
    this.#of.pending.putBack(pending, { alone: false });
  }

  #recordInconsistent(of: Asked & { readonly reply: Reply }, detail: string): void {
    const { pending, host, reply } = of;
    const { attempts } = pending;
    this.#recordFailure(pending, { reason: 'inconsistent', stage: 'rcpt', reply, host, attempts, detail });
  }

  #recordFailure(pending: Pending, failure: Failure): void {
    const { state: catchall } = this.#judges.of(failure.host ?? this.#judges.primary);
    this.#of.records.record(pending, { ...failure, catchall }, this.#of.controlPutOff());
  }

  #recordAnswer(answer: Answer<Asked>, reason: Reason, catchall: CatchallState): void {
    const { pending, host } = answer.job;
    const stage: Stage = reason === 'accepts_anything' || reason === 'catchall_untested' ? 'catchall' : 'rcpt';
    const found = { host, reason, stage, reply: answer.reply, detail: null, catchall, attempts: pending.attempts };
    this.#of.records.record(pending, found, this.#of.controlPutOff());
  }
}

/** Of the answers of a host that tires, those behind fewer refusals are believed. */
const FRESH_REFUSALS = 2;

/** It is asked as if for the first time. */
function forgetBefore(pending: Pending): void {
  pending.before = null;
  pending.standing = null;
}

function replied({ pending, host, reading }: Heard): Asked & { readonly reply: Reply } {
  return { pending, host, reply: reading.reply };
}
