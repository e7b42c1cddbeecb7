// Cleans one list: reads and screens it, has the unknown addresses asked about, and hands on every row with its verdict.
import type { Clock, RandomSource } from '../clock.ts';
import type { List } from '../list/reader.ts';
import type { RowBatch } from '../list/row-batch.ts';
import type { WorkFile } from '../store/work-file.ts';
import type { Verdict } from '../verdict.ts';
import type { DomainJobs, JobSource } from '../verify/jobs.ts';
import type { ProbeEvent } from '../verify/probe.ts';
import { type RunOutcome, runJobs, type Waiting } from '../verify/run.ts';
import type { AnnotatedRow } from './annotation.ts';
import type { Asking } from './asking.ts';
import type { KeptAnswers } from './kept-answers.ts';
import { notChecked } from './row-facts.ts';
import { keyToAsk, RowScreen, type ScreenedRow, type ScreenedRows } from './row-screen.ts';

export interface CleanListOptions {
  readonly list: List;
  readonly kept: KeptAnswers;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly allowReserved: boolean;
  /** Raised by Ctrl-C: nothing is written then. */
  readonly interrupted: AbortSignal;
  readonly watch: CleanWatch;
  readonly take: TakeRow;
  /** Awaited after every batch of rows taken, so that a slow output slows the reading. */
  readonly flush: () => Promise<void>;
}

/** Who watches a cleaning: the progress bar, or the lines of a cron job. */
export interface CleanWatch {
  phase(name: 'reading' | 'asking' | 'writing', total: number | null): void;
  /** More rows read or written. */
  rows(count: number): void;
  /** One more address decided in the asking phase; `isAgain` where it was unknown before and was asked about again. */
  decided(verdict: Verdict, isAgain: boolean): void;
  /** Nothing is left to do but wait for these. */
  waiting(waiting: Waiting): void;
  /** Left out by who need not know each step: being told costs time. */
  observe?(event: ProbeEvent): void;
}

/** Takes the rows in the input's order, each with all that is known of it; `row` is null for a blank line. */
export type TakeRow = (batch: RowBatch, index: number, row: AnnotatedRow | null) => void;

/** Cleans without asking anybody: one reading of the list, verdicts from the text, the lists and what is kept. */
export async function cleanOffline(options: CleanListOptions): Promise<void> {
  const rows = rowScreen(options);
  const unknown = notChecked('not among the kept verdicts, and --offline asks nobody', rows.now);
  const nothingIsKept = options.kept.isEmpty;
  await writeRows(rows, options, (screened) => {
    if (nothingIsKept) return () => unknown;
    const kept = options.kept.freshVerdicts([...rowsToAsk(screened).keys()]);
    return (row) => kept.get(keyToAsk(row) ?? '') ?? unknown;
  });
}

/**
 * Cleans by asking: reads the list for its addresses, has them asked about, reads it again and hands on the rows.
 * Where port 25 is blocked or Ctrl-C was pressed, no row is handed on.
 */
export async function cleanOnline(
  options: CleanListOptions,
  world: { readonly asking: Asking; readonly work: WorkFile; readonly stopAsking: AbortSignal },
): Promise<RunOutcome> {
  const { asking, work, stopAsking } = world;
  const rows = rowScreen(options);
  const jobs = await gatherJobs(rows, work, options);
  options.watch.phase('asking', work.jobCount());
  const results = new ResultBatch(work);
  const outcome = await runJobs(
    asking.runOptions({
      jobs,
      isWholeList: true,
      signal: AbortSignal.any([options.interrupted, stopAsking]),
      record: (job, _domain, verdict, isAgain) => {
        results.put(job.id, verdict);
        options.watch.decided(verdict, isAgain);
      },
      onWaiting: (waiting) => options.watch.waiting(waiting),
      ...(options.watch.observe === undefined ? {} : { observe: (event) => options.watch.observe?.(event) }),
    }),
  );
  results.flush();
  options.kept.flush();
  options.interrupted.throwIfAborted();
  if (outcome.status === 'port_blocked' || outcome.status === 'proxies_down') return outcome;
  await writeRows(rows, options, resultsOf(work, rows.now));
  return outcome;
}

function rowScreen({ clock, allowReserved, random, list }: CleanListOptions): RowScreen {
  return new RowScreen({ now: clock.now(), allowReserved, random, expectedRows: list.estimatedRows });
}

/** First reading: every new address either has a kept verdict or becomes a job. */
async function gatherJobs(rows: RowScreen, work: WorkFile, options: CleanListOptions): Promise<JobSource> {
  const domains = new DomainNumbers();
  options.watch.phase('reading', options.list.estimatedRows);
  for await (const batch of options.list.batches()) {
    options.interrupted.throwIfAborted();
    for (const screened of rows.screen(batch)) addAddresses(screened, { work, domains, kept: options.kept });
    options.watch.rows(batch.rowCount);
  }
  work.finishAdding();
  return {
    *domains(): Generator<DomainJobs> {
      for (const { domainId, count } of work.domainCounts()) {
        yield { domainId, domain: domains.nameOf(domainId), count };
      }
    },
    jobsOf: (domainId, afterId, limit) => work.jobsOf(domainId, afterId, limit),
  };
}

/** What is known already goes to the results, what is new to the jobs. */
function addAddresses(
  { rows }: ScreenedRows,
  to: { readonly work: WorkFile; readonly domains: DomainNumbers; readonly kept: KeptAnswers },
): void {
  const fresh = rowsToAsk(rows);
  const kept = to.kept.freshVerdicts([...fresh.keys()]);
  const known: { id: number; verdict: Verdict }[] = [];
  const jobs: { id: number; domainId: number; local: string; smtputf8: boolean }[] = [];
  for (const [key, { row, firstRow, facts }] of fresh) {
    if (firstRow !== row) continue;
    const verdict = kept.get(key);
    if (verdict !== undefined) known.push({ id: row, verdict });
    else if (facts.screening.valid) {
      const { local, domain, smtputf8 } = facts.screening;
      jobs.push({ id: row, domainId: to.domains.numberOf(domain), local, smtputf8 });
    }
  }
  to.work.putResults(known);
  to.work.addJobs(jobs);
}

/** Hands on every row; `verdictsFor` is asked for some hundred at once, for what it needs to look up many at a time. */
async function writeRows(
  rows: RowScreen,
  options: CleanListOptions,
  verdictsFor: (rows: ScreenedRows['rows']) => (row: ScreenedRow) => Verdict,
): Promise<void> {
  options.watch.phase('writing', options.list.estimatedRows);
  for await (const batch of options.list.batches()) {
    options.interrupted.throwIfAborted();
    for (const screened of rows.screen(batch)) {
      const verdictOf = verdictsFor(screened.rows);
      let index = screened.from;
      for (const row of screened.rows) {
        options.take(batch, index, row === null ? null : annotate(row, row.text ?? verdictOf(row), rows.now));
        index += 1;
      }
    }
    options.watch.rows(batch.rowCount);
    await options.flush();
  }
  await options.list.checkUnchanged();
}

function annotate(row: ScreenedRow, verdict: Verdict, now: number): AnnotatedRow {
  return { facts: row.facts, verdict, duplicateOf: row.firstRow === row.row ? null : row.firstRow, now };
}

/** The verdicts of the work file beside the rows: both stand in the order of first appearance, so one cursor serves. */
function resultsOf(work: WorkFile, now: number): () => (row: ScreenedRow) => Verdict {
  const unknown = notChecked('the run ended before this address was asked about', now);
  const results = work.resultsInOrder()[Symbol.iterator]();
  let next = results.next();
  return () => (row) => {
    if (row.firstRow !== row.row) return work.resultOf(row.firstRow) ?? unknown;
    while (!next.done && next.value.id < row.row) next = results.next();
    return !next.done && next.value.id === row.row ? next.value.verdict : unknown;
  };
}

/** The rows that somebody must be asked about, one for each key. */
function rowsToAsk(rows: ScreenedRows['rows']): Map<string, ScreenedRow> {
  const byKey = new Map<string, ScreenedRow>();
  for (const row of rows) {
    const key = row === null ? null : keyToAsk(row);
    if (row !== null && key !== null && !byKey.has(key)) byKey.set(key, row);
  }
  return byKey;
}

/** Small numbers for domain names, so that a job row stays short. */
class DomainNumbers {
  readonly #numbers = new Map<string, number>();
  readonly #names: string[] = [];

  numberOf(domain: string): number {
    const known = this.#numbers.get(domain);
    if (known !== undefined) return known;
    const number = this.#names.push(domain) - 1;
    this.#numbers.set(domain, number);
    return number;
  }

  nameOf(number: number): string {
    return this.#names[number] ?? '';
  }
}

/** Results on their way to the work file, a few hundred at a time. */
class ResultBatch {
  #held: { id: number; verdict: Verdict }[] = [];
  readonly #work: WorkFile;

  constructor(work: WorkFile) {
    this.#work = work;
  }

  put(id: number, verdict: Verdict): void {
    this.#held.push({ id, verdict });
    if (this.#held.length >= 500) this.flush();
  }

  flush(): void {
    if (this.#held.length > 0) this.#work.putResults(this.#held);
    this.#held = [];
  }
}
