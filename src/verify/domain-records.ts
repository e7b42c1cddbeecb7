// Writes down what was found out about the addresses of one domain: verdicts at once, and when to ask again who was put off.
import type { Clock } from '../clock.ts';
import { printable } from '../smtp/printable.ts';
import { type Reason, type Reply, statusOf, type Verdict } from '../verdict.ts';
import type { Halt } from './circuit.ts';
import type { Heard } from './constancy.ts';
import type { Failure } from './failure.ts';
import type { DomainJobs, RecordVerdict } from './jobs.ts';
import type { Pending, PendingJobs } from './pending-jobs.ts';
import { type DomainPlan, providerName } from './plan.ts';
import type { ProbeIdentity, ProbeOptions } from './probe.ts';
import { type Deferred, type RetryMemory, retryTime, type StoredRetry } from './retry.ts';
import type { SourceIps } from './source-ips.ts';

export interface DomainRecordsOptions {
  readonly record: RecordVerdict;
  readonly retries: RetryMemory;
  /** Told of every address that is to be asked about again. */
  readonly defer: (deferred: Deferred) => void;
  readonly identity: ProbeIdentity;
  /** The addresses we may speak from. */
  readonly sources: SourceIps;
  readonly clock: Clock;
  /** Told of what is odd about an address; null where nobody listens. */
  readonly observe: ProbeOptions['observe'];
}

type Found = Failure & Pick<Verdict, 'catchall'>;

/** The reply that put the catch-all question off, and the local address it was asked from. */
export interface PutOffControl {
  readonly reply: Reply;
  readonly sourceIp: string | null;
}

export class DomainRecords {
  readonly #domain: DomainJobs;
  readonly #plan: Extract<DomainPlan, { status: 'ask' }>;
  readonly #options: DomainRecordsOptions;
  /** What earlier runs put off, by local part. */
  readonly #putOff: ReadonlyMap<string, StoredRetry>;

  constructor(domain: DomainJobs, plan: Extract<DomainPlan, { status: 'ask' }>, options: DomainRecordsOptions) {
    this.#domain = domain;
    this.#plan = plan;
    this.#options = options;
    this.#putOff = options.retries.retriesOf(plan.domain);
  }

  /** The local address an earlier run asked for this invented name from, and was put off; null where it was not. */
  whereControlWasPutOff(name: string): string | null {
    const stored = this.#putOff.get(name);
    return stored !== undefined && this.#isSameCaller(stored) ? sourceOf(stored) : null;
  }

  /**
   * Notes from where the name nobody has was asked about and put off: a greylist knows that name, too. Gives when it may
   * be asked about again, in milliseconds since the epoch.
   */
  rememberControl(name: string, { reply, sourceIp }: PutOffControl): number {
    const { retries, clock, identity } = this.#options;
    const reason = 'greylisted';
    const dueAt = retryTime({ reason, reply, tries: 0 }, clock.now()) ?? clock.now();
    const triplet = { sender: identity.mailFrom ?? '', sourceIp: sourceIp ?? '' };
    retries.rememberRetry(this.#plan.domain, name, { dueAt, tries: 1, ...triplet, reason, host: null, reply });
    return dueAt;
  }

  /** Notes that the name nobody has was answered for. */
  forgetControl(name: string): void {
    this.#options.retries.forgetRetry(this.#plan.domain, name);
  }

  /**
   * Recalls what an earlier run knew of an address that was put off: it is asked from where the greylist knows us, if
   * that address is still ours; else its wait begins anew.
   */
  recall(pending: Pending): void {
    const stored = this.#storedOf(pending);
    if (stored === undefined) {
      this.#tellOfNewCaller(pending);
      return;
    }
    pending.tries = stored.tries;
    pending.sourceIp = sourceOf(stored);
    if (isOfAccepted(stored.reason)) pending.before = 'accepted';
  }

  /** True for an address an earlier run was told to come back with, at a time that is not yet; it goes to the waiting. */
  waitsStill(pending: Pending): boolean {
    const stored = this.#storedOf(pending);
    if (stored === undefined) return false;
    const { dueAt, tries, reason, host, reply } = stored;
    if (dueAt <= this.#options.clock.now()) return false;
    const detail = 'put off by an earlier run and not due yet';
    const found = { reason, stage: 'rcpt', reply, detail, host, attempts: 0, catchall: 'not_asked' } as const;
    this.#write(pending, found, 'cache');
    this.#options.defer({
      ...this.#deferred(pending),
      dueAt,
      tries,
      sourceIp: pending.sourceIp,
      wasAccepted: isOfAccepted(reason),
    });
    return true;
  }

  /**
   * Writes the verdict down, and where the answer was "not now", notes when to ask again. `controlPutOff` is what
   * put the catch-all question off: accepted addresses that wait for it are asked again with it.
   */
  record(pending: Pending, found: Found, controlPutOff: PutOffControl | null): void {
    this.#write(pending, found, 'live');
    const { retries, clock, identity } = this.#options;
    const { domain } = this.#plan;
    const isUntested = found.reason === 'catchall_untested';
    const reply = isUntested ? (controlPutOff?.reply ?? null) : found.reply;
    const canHelp = !isUntested || controlPutOff !== null;
    const dueAt = canHelp ? retryTime({ reason: found.reason, reply, tries: pending.tries }, clock.now()) : null;
    if (dueAt === null) {
      if (pending.tries > 0 || this.#putOff.has(pending.local)) retries.forgetRetry(domain, pending.local);
      return;
    }
    const tries = pending.tries + 1;
    const sourceIp = pending.askedFrom;
    const caller = { sender: identity.mailFrom ?? '', sourceIp: sourceIp ?? '' };
    const { reason, host } = found;
    retries.rememberRetry(domain, pending.local, { dueAt, tries, ...caller, reason, host, reply: found.reply });
    this.#options.defer({ ...this.#deferred(pending), dueAt, tries, sourceIp, wasAccepted: isUntested });
  }

  /** Writes down for all who are left that they are not asked, because their provider is left alone; gives as `leave`. */
  giveUp(left: PendingJobs, known: Halt | null): readonly Heard[] {
    const halt = known ?? WITHOUT_WORDS;
    return this.leave(left, { ...halt, detail: `not asked: this provider ${WHAT_IT_DID[halt.reason]}` });
  }

  /**
   * Writes down for all who are left why they are not asked. Gives the answers of those who had one, and were only to be
   * asked about again.
   */
  leave(left: PendingJobs, why: Omit<Failure, 'attempts'>): readonly Heard[] {
    const standing: Heard[] = [];
    for (let pending = left.take(); pending !== null; pending = left.take()) {
      if (pending.standing !== null) standing.push(pending.standing);
      else if (!this.waitsStill(pending))
        this.record(pending, { ...why, attempts: pending.attempts, catchall: 'not_asked' }, null);
    }
    return standing;
  }

  #tellOfNewCaller({ isRecorded, local }: Pending): void {
    const stored = isRecorded ? undefined : this.#putOff.get(local);
    if (stored === undefined) return;
    const caller = `${stored.sourceIp || 'an address of the system’s choice'} as <${stored.sender}>`;
    const line = printable(
      `${local} was put off when asked from ${caller}; asked otherwise, its wait begins anew`,
      300,
    );
    const host = stored.host ?? this.#plan.domain;
    this.#options.observe?.({ type: 'dialogue', host, direction: 'note', line });
  }

  #storedOf({ isRecorded, local }: Pending): StoredRetry | undefined {
    const stored = isRecorded ? undefined : this.#putOff.get(local);
    return stored !== undefined && this.#isSameCaller(stored) ? stored : undefined;
  }

  /** A greylist knows the sender and the address: whoever comes as somebody else starts its wait anew. */
  #isSameCaller(stored: StoredRetry): boolean {
    const { identity, sources } = this.#options;
    return stored.sender === (identity.mailFrom ?? '') && sources.has(sourceOf(stored));
  }

  #deferred({ job }: Pending): Pick<Deferred, 'job' | 'domain' | 'plan'> {
    return { job, domain: this.#domain, plan: this.#plan };
  }

  #write(pending: Pending, found: Found, source: Verdict['source']): void {
    const verdict: Verdict = {
      status: statusOf(found.reason),
      reason: found.reason,
      stage: found.stage,
      reply: found.reply,
      detail: found.detail,
      mx: found.host,
      provider: providerName(this.#plan.provider),
      implicitMx: this.#plan.implicitMx,
      ...(this.#plan.hasPrivateHosts === true && { privateHosts: 'asked' }),
      catchall: found.catchall,
      attempts: found.attempts,
      checkedAt: this.#options.clock.now(),
      source,
    };
    this.#options.record(pending.job, this.#plan.domain, verdict, pending.isRecorded);
  }
}

/** An address that was put off for this reason had itself been accepted. */
function isOfAccepted(reason: Reason): boolean {
  return reason === 'catchall_untested';
}

function sourceOf({ sourceIp }: StoredRetry): string | null {
  return sourceIp === '' ? null : sourceIp;
}

const WHAT_IT_DID: Readonly<Record<Halt['reason'], string>> = {
  blocked: 'has refused several sessions in a row',
  sender_rejected: 'has refused several sessions in a row',
  rate_limited: 'went on asking us to come back later',
  temporary_failure: 'went on asking us to come back later',
  connect_failed: 'went on hanging up on us',
};

/** Where the provider came back in the very moment in which its addresses were given up. */
const WITHOUT_WORDS = { reason: 'blocked', stage: 'connect', reply: null, host: null } as const;
