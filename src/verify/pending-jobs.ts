// The addresses of one domain that still wait to be asked: read page by page in random order, and put back when unclear.
import type { RandomSource } from '../clock.ts';
import type { Heard } from './constancy.ts';
import type { DomainJobs, Job, JobSource } from './jobs.ts';

/** A job on its way, with what happened to it before. */
export interface Pending {
  readonly job: Job;
  readonly local: string;
  readonly smtputf8: boolean;
  /** How often it was put off before, in this run or an earlier one. */
  tries: number;
  /** The local address it must be asked from, because a greylist knows it by that; null where any will do. */
  sourceIp: string | null;
  /** The local address it was asked from last. */
  askedFrom: string | null;
  /** True once a verdict was recorded for it in this run. */
  readonly isRecorded: boolean;
  /** How many had been refused before it in the session that it was asked in last. */
  refusalsBefore: number;
  /** SMTP connections opened for it so far. */
  attempts: number;
  /** True once it was asked and is to be asked again; a second time its answer counts as it is. */
  wasAsked: boolean;
  /** True once it was refused in words that tell nothing, and this waits for what the host says to others. */
  wasBare: boolean;
  /** What it was told before, where that was an answer about the mailbox: another one now makes it inconsistent. */
  before: 'accepted' | 'refused' | null;
  /** True where that was in this run, by another connection. */
  isBeforeOfThisRun: boolean;
  /** Its answer of this run, where it is asked about again only to see whether the host stands by that; null otherwise. */
  standing: Heard | null;
  /** How often it was accepted only after others had been refused. */
  timesUnproved: number;
  /** True where it is asked in a session of its own. */
  alone: boolean;
}

export interface PendingJobsOptions {
  readonly source: JobSource;
  readonly random: RandomSource;
  /** Adds what earlier runs knew of an address, before it is taken. */
  readonly recall: (pending: Pending) => void;
  /** How many are held in memory at once. */
  readonly jobPage: number;
}

/** Who waits further behind to be asked again is not looked for: the next session begins with them. */
const LOOKED_THROUGH = 64;

export class PendingJobs {
  readonly #jobs: DomainJobs;
  readonly #options: PendingJobsOptions;
  /** Not yet taken, in memory or behind the job source. */
  #untaken: number;
  #page: Pending[] = [];
  #lastId = -1;
  /** To be asked again, before anybody else: nobody has been refused at the start of a session. */
  #again: Pending[] = [];

  constructor(jobs: DomainJobs, options: PendingJobsOptions) {
    this.#jobs = jobs;
    this.#options = options;
    this.#untaken = jobs.count;
  }

  get count(): number {
    return this.#untaken + this.#again.length;
  }

  /** The next to be asked; null where nobody is left. */
  take(): Pending | null {
    return this.#again.shift() ?? this.#takeNew();
  }

  #takeNew(): Pending | null {
    if (this.#untaken === 0) return null;
    if (this.#page.length === 0) this.#page = this.#nextPage();
    this.#untaken -= 1;
    return this.#page.pop() ?? null;
  }

  /** Further recipients, at most so many, for the session that began with `first` from this local address. */
  takeBeside(first: Pending, limit: number, sourceIp: string | null): Pending[] {
    if (first.alone) return [];
    // SMTPUTF8 is settled with MAIL for the whole session, and who is to be asked alone is not asked here.
    const fits = (next: Pending): boolean =>
      !next.alone && next.smtputf8 === first.smtputf8 && (next.sourceIp === null || next.sourceIp === sourceIp);
    const taken = this.#takeAgain(limit, fits);
    while (taken.length < limit) {
      const next = this.#takeNew();
      if (next === null) break;
      if (!fits(next)) {
        this.#again.push(next);
        break;
      }
      taken.push(next);
    }
    return taken;
  }

  /** Those who fit among the first that are to be asked again; the others keep their places. */
  #takeAgain(limit: number, fits: (next: Pending) => boolean): Pending[] {
    if (this.#again.length === 0) return [];
    const seen = this.#again.splice(0, LOOKED_THROUGH);
    const taken = seen.filter(fits).slice(0, Math.max(0, limit));
    this.#again.unshift(...seen.filter((pending) => !taken.includes(pending)));
    return taken;
  }

  /** Puts one back that must be asked again in another session. */
  putBack(pending: Pending, options: { readonly alone: boolean }): void {
    pending.alone = options.alone;
    this.#again.push(pending);
  }

  /** Takes back those that were put off before; they are asked before anybody else. */
  takeBack(jobs: readonly Job[]): void {
    this.#again.push(...jobs.map(pendingOf));
  }

  #nextPage(): Pending[] {
    const { source, jobPage, random } = this.#options;
    const jobs = source.jobsOf(this.#jobs.domainId, this.#lastId, jobPage);
    this.#lastId = jobs.at(-1)?.id ?? this.#lastId;
    if (jobs.length === 0) throw new TypeError(`the job source promised more addresses of ${this.#jobs.domain}`);
    const page = jobs.map(pendingOf);
    for (const pending of page) this.#options.recall(pending);
    shuffle(page, random);
    return page;
  }
}

function pendingOf(job: Job): Pending {
  return {
    job,
    local: job.local,
    smtputf8: job.smtputf8,
    tries: job.tries ?? 0,
    sourceIp: job.sourceIp ?? null,
    askedFrom: null,
    isRecorded: job.tries !== undefined,
    refusalsBefore: 0,
    attempts: 0,
    wasAsked: false,
    wasBare: false,
    before: job.wasAccepted === true ? 'accepted' : null,
    isBeforeOfThisRun: false,
    standing: null,
    timesUnproved: 0,
    alone: false,
  };
}

/** Fisher and Yates: a list in alphabetical order must not look like a dictionary attack. */
function shuffle<T>(items: T[], random: RandomSource): void {
  for (let last = items.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [items[last], items[other]] = [items[other] as T, items[last] as T];
  }
}
