// The job of `mailgate check`: examines a few addresses one by one and keeps the evidence of each for people to see.
import { systemClock } from '../clock.ts';
import type { Verdict } from '../verdict.ts';
import { jobsInMemory } from '../verify/jobs.ts';
import type { DomainPlan } from '../verify/plan.ts';
import type { ProbeEvent } from '../verify/probe.ts';
import { runJobs } from '../verify/run.ts';
import type { Asking } from './asking.ts';
import { proxiesDown } from './no-way-out.ts';
import type { AskSettings } from './options.ts';
import type { Prepared } from './prepare.ts';
import { notChecked, type RowFacts, RowFactsReader, verdictOfText } from './row-facts.ts';

/** Everything known of one address and how it came to be known. */
export interface Examined {
  /** The text as it was given. */
  readonly input: string;
  readonly facts: RowFacts;
  readonly verdict: Verdict;
  readonly plan: DomainPlan | null;
  /** What was said and done, in order; empty where the verdict came from the text or the cache. */
  readonly events: readonly ProbeEvent[];
  readonly now: number;
  /** When it is to be asked about again (milliseconds since the epoch); null where it was not put off. */
  readonly dueAt: number | null;
}

/** Examines addresses one after the other, opening the resolver at the first that needs it. */
export class AddressChecker {
  readonly #settings: AskSettings;
  readonly #prepared: Prepared;
  readonly #openAsking: () => Promise<Asking>;
  readonly #reader = new RowFactsReader();
  readonly #limit = new AbortController();
  readonly #cancelLimit: (() => void) | null;
  #asking: Promise<Asking> | null = null;

  constructor(settings: AskSettings, prepared: Prepared, openAsking: () => Promise<Asking>) {
    this.#settings = settings;
    this.#prepared = prepared;
    this.#openAsking = openAsking;
    const { timeLimitMs } = settings;
    this.#cancelLimit = timeLimitMs === null ? null : systemClock.after(timeLimitMs, () => this.#limit.abort());
  }

  /** Whether nobody is asked any more because --time-limit is over. */
  get isOutOfTime(): boolean {
    return this.#limit.signal.aborted;
  }

  async check(input: string): Promise<Examined> {
    const now = systemClock.now();
    const facts = this.#reader.read(input);
    const examined = { input, facts, plan: null, events: [], now, dueAt: null };
    const text = verdictOfText(facts, { now, allowReserved: this.#settings.allowReserved });
    if (text !== null || !facts.screening.valid) return { ...examined, verdict: text ?? notChecked('no address', now) };
    const kept = this.#prepared.kept.freshVerdicts([facts.screening.key]).get(facts.screening.key);
    if (kept !== undefined) return { ...examined, verdict: kept };
    if (this.#settings.offline)
      return { ...examined, verdict: notChecked('not among the kept verdicts, and --offline asks nobody', now) };
    const late = { ...examined, verdict: notChecked('not asked: the time limit was reached', now) };
    return this.isOutOfTime ? late : this.#ask(late);
  }

  async close(): Promise<void> {
    this.#cancelLimit?.();
    const asking = await this.#asking?.catch(() => null); // its failure was thrown where it was first awaited
    await asking?.close();
  }

  async #ask(examined: Examined): Promise<Examined> {
    const { screening } = examined.facts;
    if (!screening.valid) return examined;
    this.#asking ??= this.#openAsking();
    const asking = await this.#asking;
    const events: ProbeEvent[] = [];
    let plan: DomainPlan | null = null;
    let { verdict } = examined;
    const outcome = await runJobs(
      asking.runOptions({
        jobs: jobsInMemory([{ id: 1, ...screening }]),
        isWholeList: false,
        signal: AbortSignal.any([this.#prepared.stopped, this.#limit.signal]),
        record: (_job, _domain, made) => {
          verdict = made;
        },
        onPlan: (made) => {
          plan = made;
        },
        observe: (event) => events.push(event),
      }),
    );
    this.#prepared.kept.flush(); // the next address of the domain builds on what this one has told
    this.#prepared.stopped.throwIfAborted();
    if (outcome.status === 'proxies_down') throw proxiesDown(outcome.detail);
    const dueAt = this.#prepared.store.retries.dueAtOf(screening.domain, screening.local);
    return { ...examined, verdict, plan, events, dueAt: verdict.status === 'unknown' ? dueAt : null };
  }
}
