// Ends a cleaning once its output is in place: says what came of it, writes what was asked for beside it, and gives the exit code.
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { MailgateError } from '../errors.ts';
import type { List } from '../list/reader.ts';
import { STATUSES } from '../verdict.ts';
import type { RunOutcome } from '../verify/run.ts';
import type { ListOutput } from './list-output.ts';
import { count, plural } from './number-words.ts';
import type { Prepared } from './prepare.ts';
import { conditionsOf } from './report/conditions.ts';
import { nextSteps } from './report/next-steps.ts';
import type { Report, ReportEnding } from './report/report.ts';
import { identityOf } from './source-addresses.ts';
import { type FinishedAsking, type Summary, summaryLines } from './summary.ts';
import { type Invocation, plainLines } from './terminal.ts';
import type { VerifySettings } from './verify-list.ts';
import { packageVersion } from './version.ts';

const DONE = 0;
const ANSWER_WAS_NO = 1;
const TIME_LIMIT = 6;

/** A cleaning whose output is in place. */
export interface FinishedCleaning extends Pick<Prepared, 'notices' | 'colours' | 'ask' | 'isTemporary'> {
  readonly invocation: Invocation;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly list: List;
  readonly output: ListOutput;
  readonly report: Report | null;
  readonly outcome: RunOutcome;
  readonly surplusRows: number;
}

/** Resolves to the exit code. @throws MailgateError('output') where summary or report cannot be written. */
export async function concludeList(settings: VerifySettings, run: FinishedCleaning): Promise<number> {
  const hasIdentity = settings.helo !== null && settings.from !== null;
  const asking = { keptFromAsking: flagAgainstAsking(settings), hasIdentity, outcome: run.outcome, now: run.endedAt };
  const summary = run.output.summary.result(asking);
  sayOddRows(run.list, run.surplusRows, run.notices);
  if (!settings.quiet && !run.output.readerGone) saySummary(settings, run, summary);
  if (run.outcome.status === 'stopped')
    run.notices.tell('Stopped at the time limit: run the same command again to go on with the rest.');
  if (settings.summary !== null) await writeSummary(settings, run, summary);
  await run.report?.commit(reportEnding(settings, run, { summary, asking }));
  if (run.outcome.status === 'stopped') return TIME_LIMIT;
  return settings.failOn.some((status) => summary.status[status] > 0) ? ANSWER_WAS_NO : DONE;
}

function saySummary(settings: VerifySettings, run: FinishedCleaning, summary: Summary): void {
  const { stderr } = run.invocation;
  const seconds = (run.endedAt - run.startedAt) / 1000;
  const width = stderr.isTTY === true ? (stderr.columns ?? 80) : null;
  for (const line of summaryLines(summary, { seconds, colours: run.colours, width })) stderr.write(`${line}\n`);
  const written = [
    ...(settings.output === '-' ? [] : [`${plainLines(settings.output)} (${plural(run.output.written, 'row')})`]),
    ...(settings.report === null ? [] : [`${plainLines(settings.report)} (the report)`]),
  ];
  if (written.length > 0) stderr.write(`\n  Written to ${written.join(' and ')}.\n`);
}

function flagAgainstAsking({ offline, smtp }: VerifySettings): string | null {
  return offline ? '--offline' : smtp ? null : '--no-smtp';
}

function sayOddRows(list: List, surplusRows: number, notices: FinishedCleaning['notices']): void {
  const { counts } = list;
  const { shorterRows, unclosedQuotes, unclosedQuoteRows, windows1252Rows } = counts;
  if (shorterRows > 0) {
    const kept = shorterRows === 1 ? 'it was kept and filled up' : 'they were kept and filled up';
    notices.tell(`${rows(shorterRows, 'has', 'have')} fewer cells than the header; ${kept}.`);
  }
  if (unclosedQuotes > 0) {
    const which = unclosedQuoteRows.slice(0, 5).join(', ');
    notices.warn(
      `${rows(unclosedQuotes, 'holds', 'hold')} a quote that never closes (row ${which}); it was read as an ordinary character.`,
    );
  }
  if (windows1252Rows > 0)
    notices.tell(`${rows(windows1252Rows, 'is not UTF-8 and was', 'are not UTF-8 and were')} read as Windows-1252.`);
  if (surplusRows > 0)
    notices.tell(
      `${rows(surplusRows, 'has', 'have')} more cells than the header; the surplus stands behind mailgate's columns.`,
    );
}

function rows(number: number, one: string, many: string): string {
  return number === 1 ? `1 row ${one}` : `${count(number)} rows ${many}`;
}

async function writeSummary(settings: VerifySettings, run: FinishedCleaning, summary: Summary): Promise<void> {
  const { startedAt, endedAt } = run;
  const content = {
    input: settings.input,
    output: settings.output === '-' ? null : settings.output,
    outcome: run.outcome.status === 'stopped' ? 'time_limit' : 'done',
    started_at: new Date(startedAt).toISOString(),
    ended_at: new Date(endedAt).toISOString(),
    seconds: (endedAt - startedAt) / 1000,
    ...snakeKeys({ ...summary, putOff: putOffObject(summary) }),
    rows_written: run.output.written,
  };
  const path = resolve(run.invocation.cwd, settings.summary ?? '');
  try {
    await writeFile(path, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  } catch (cause) {
    throw new MailgateError(
      'output',
      `the summary cannot be written to ${settings.summary}: ${(cause as Error).message}`,
      { hint: 'The cleaned list itself is complete.', cause },
    );
  }
}

function putOffObject({ putOff }: Summary): Record<string, unknown> | null {
  if (putOff === null) return null;
  const { rows, firstDueAt, lastDueAt } = putOff;
  return { rows, first_due_at: new Date(firstDueAt).toISOString(), last_due_at: new Date(lastDueAt).toISOString() };
}

function snakeKeys(object: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => [
      key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  );
}

function reportEnding(
  settings: VerifySettings,
  run: FinishedCleaning,
  { summary, asking }: { readonly summary: Summary; readonly asking: FinishedAsking },
): ReportEnding {
  const reach = settings.offline ? 'offline' : settings.smtp ? 'smtp' : 'dns';
  const steps = nextSteps(run.output.summary.advice(asking), {
    args: run.invocation.args,
    isPiped: settings.input === '-',
    isKept: !run.isTemporary,
    mailable: summary.status.valid,
    keptAll: settings.keep.length === STATUSES.length && settings.duplicates === 'keep',
  });
  return {
    list: run.list.name,
    version: packageVersion(),
    startedAt: run.startedAt,
    endedAt: run.endedAt,
    outcome: run.outcome.status === 'stopped' ? 'time_limit' : 'done',
    reach,
    isSandbox: settings.sandbox,
    summary,
    steps,
    conditions: conditionsOf(settings, { identity: reach === 'smtp' ? identityOf(run.ask) : null }),
  };
}
