// The job of `mailgate verify`: opens what is needed, cleans the list, puts the output in place and sums up.
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { systemClock } from '../clock.ts';
import { MailgateError } from '../errors.ts';
import { type List, openList } from '../list/reader.ts';
import { type SpooledFile, spoolToFile } from '../list/spool.ts';
import { openWorkFile } from '../store/work-file.ts';
import type { RunOutcome } from '../verify/run.ts';
import { hintAtIdentity, openAsking } from './asking.ts';
import { type CleanListOptions, cleanOffline, cleanOnline } from './clean-list.ts';
import { withDialogue } from './dialogue.ts';
import { Interruption } from './interrupts.ts';
import { type ListOutput, openListOutput } from './list-output.ts';
import { portBlockedByProxy, proxiesDown } from './no-way-out.ts';
import { count, plural } from './number-words.ts';
import type { AskSettings, CommonSettings, ListSettings } from './options.ts';
import { refuseClashes } from './output-paths.ts';
import { type Prepared, prepare } from './prepare.ts';
import { Progress } from './progress.ts';
import { type Summary, summaryLines } from './summary.ts';
import { type Invocation, plainLines } from './terminal.ts';

export interface VerifySettings extends AskSettings, CommonSettings, ListSettings {
  /** A file, or `-` for standard input. */
  readonly input: string;
}

const DONE = 0;
const ANSWER_WAS_NO = 1;
const TIME_LIMIT = 6;

/** Cleans the list and resolves to the exit code. @throws MailgateError for what a person must read, Interruption after a signal. */
export async function verifyList(settings: VerifySettings, invocation: Invocation): Promise<number> {
  const startedAt = systemClock.now();
  refuseClashes(settings, invocation.cwd);
  const prepared = await prepare(settings, invocation);
  try {
    return await cleanPrepared(settings, { ...prepared, invocation, startedAt });
  } catch (error) {
    if (error instanceof Interruption) sayHowToGoOn(settings, { ...prepared, cause: error.cause });
    throw error;
  } finally {
    await prepared.close();
  }
}

interface Cleaning extends Prepared {
  readonly invocation: Invocation;
  readonly startedAt: number;
}

async function cleanPrepared(settings: VerifySettings, cleaning: Cleaning): Promise<number> {
  const input = await openInput(settings, cleaning.invocation);
  try {
    sayWhatIsRead(input.list, cleaning);
    const output = await openListOutput({
      ...settings,
      ...input,
      path: outputPath(settings, cleaning.invocation),
      splitFolder: settings.split === null ? null : resolve(cleaning.invocation.cwd, settings.split),
      keep: new Set(settings.keep),
      dropDuplicates: settings.duplicates === 'drop',
      stdout: cleaning.invocation.stdout,
    });
    const progress = new Progress({
      stream: cleaning.invocation.stderr,
      colours: cleaning.colours,
      clock: systemClock,
      quiet: settings.quiet,
    });
    cleaning.notices.clearBar = () => progress.clear();
    try {
      const outcome = await clean(settings, cleaning, { ...input, output, progress });
      const { surplusRows } = await output.commit();
      progress.stop();
      return await conclude(settings, cleaning, { ...input, output, outcome, surplusRows });
    } catch (error) {
      progress.stop();
      await output.abort();
      throw error;
    }
  } finally {
    await input.close();
  }
}

/** Null for standard output. */
function outputPath({ output }: VerifySettings, { cwd }: Invocation): string | null {
  return output === '-' ? null : resolve(cwd, output);
}

async function openInput(
  settings: VerifySettings,
  invocation: Invocation,
): Promise<{ list: List; close: () => Promise<void> }> {
  const { input, column, delimiter, encoding, prefix } = settings;
  const header = settings.header ? undefined : false;
  const spooled = input === '-' ? await spool(invocation) : null;
  const source = {
    path: spooled?.path ?? resolve(invocation.cwd, input),
    name: spooled === null ? input : 'standard input',
  };
  try {
    const list = await openList(source, { column, delimiter, encoding, header, prefix });
    return {
      list,
      close: async () => {
        await list.close();
        await spooled?.dispose();
      },
    };
  } catch (error) {
    await spooled?.dispose();
    throw error;
  }
}

async function spool({ stdin, interrupted }: Invocation): Promise<SpooledFile> {
  try {
    return await spoolToFile(stdin, tmpdir());
  } catch (error) {
    interrupted.throwIfAborted(); // standard input was cut off on purpose
    throw error;
  }
}

function sayWhatIsRead(list: List, { notices }: Prepared): void {
  const column = list.header?.[list.addressColumn];
  const where = column === undefined || column === '' ? `column ${list.addressColumn + 1}` : `column "${column}"`;
  if (list.isEmpty) notices.tell(`${list.name} has a header and no rows.`);
  else notices.tell(`Reading addresses from ${where} of ${list.name}.`);
}

interface Parts {
  readonly list: List;
  readonly output: ListOutput;
  readonly progress: Progress;
}

async function clean(
  settings: VerifySettings,
  cleaning: Cleaning,
  { list, output, progress }: Parts,
): Promise<RunOutcome> {
  const options: CleanListOptions = {
    list,
    kept: cleaning.kept,
    clock: systemClock,
    random: Math.random,
    allowReserved: cleaning.ask.allowReserved,
    interrupted: cleaning.stopped,
    watch: progress,
    take: (batch, index, row) => output.take(batch, index, row),
    flush: () => output.flush(),
  };
  if (settings.offline) {
    await cleanOffline(options);
    return { status: 'done' };
  }
  hintAtIdentity(cleaning.ask, cleaning.notices);
  const opened = await openAsking(cleaning.ask, cleaning);
  const asking = settings.verbose ? withDialogue(opened, dialogueOn(cleaning, progress)) : opened;
  const work = openWorkFile({ folder: workFolder(cleaning.storePath) });
  const limit = new AbortController();
  const cancelLimit =
    settings.timeLimitMs === null ? null : systemClock.after(settings.timeLimitMs, () => limit.abort());
  try {
    const outcome = await cleanOnline(options, { asking, work, stopAsking: limit.signal });
    if (outcome.status === 'port_blocked')
      throw (settings.proxies.length > 0 ? portBlockedByProxy : portBlocked)(settings, outcome.providers);
    if (outcome.status === 'proxies_down') throw proxiesDown(outcome.detail);
    return outcome;
  } finally {
    cancelLimit?.();
    work.close();
    await asking.close();
  }
}

function dialogueOn({ invocation, colours }: Cleaning, progress: Progress): Parameters<typeof withDialogue>[1] {
  const show = (line: string): void => {
    progress.clear();
    invocation.stderr.write(`${line}\n`);
  };
  return { colours, show };
}

/** Beside the store, which has room for what is kept; a store in memory or in the sandbox has none. */
function workFolder(storePath: string): string {
  return dirname(resolve(storePath));
}

function portBlocked(settings: VerifySettings, providers: number): MailgateError {
  return new MailgateError(
    'network',
    `port ${settings.port} seems to be blocked here: the first connections to the mail hosts of ${providers} different providers all failed, and none worked`,
    {
      hint: `Most clouds and home lines block outgoing port 25: ask the provider to open it, or run mailgate on a machine where "nc -vz gmail-smtp-in.l.google.com 25" connects. Nothing was written, nothing false was kept.`,
    },
  );
}

async function conclude(
  settings: VerifySettings,
  cleaning: Cleaning,
  done: {
    readonly list: List;
    readonly output: ListOutput;
    readonly outcome: RunOutcome;
    readonly surplusRows: number;
  },
): Promise<number> {
  const summary = done.output.summary.result({
    keptFromAsking: flagAgainstAsking(settings),
    outcome: done.outcome,
  });
  const endedAt = systemClock.now();
  sayOddRows(done.list, done.surplusRows, cleaning);
  if (!settings.quiet && !done.output.readerGone) {
    const seconds = (endedAt - cleaning.startedAt) / 1000;
    const { stderr } = cleaning.invocation;
    for (const line of summaryLines(summary, { seconds, colours: cleaning.colours })) stderr.write(`${line}\n`);
    if (settings.output !== '-')
      stderr.write(`\n  Written to ${plainLines(settings.output)} (${plural(done.output.written, 'row')}).\n`);
  }
  if (done.outcome.status === 'stopped')
    cleaning.notices.tell('Stopped at the time limit: run the same command again to go on with the rest.');
  if (settings.summary !== null) await writeSummary(settings, cleaning, { ...done, summary, endedAt });
  if (done.outcome.status === 'stopped') return TIME_LIMIT;
  return settings.failOn.some((status) => summary.status[status] > 0) ? ANSWER_WAS_NO : DONE;
}

function flagAgainstAsking({ offline, smtp }: VerifySettings): string | null {
  return offline ? '--offline' : smtp ? null : '--no-smtp';
}

function sayOddRows(list: List, surplusRows: number, { notices }: Prepared): void {
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

async function writeSummary(
  settings: VerifySettings,
  cleaning: Cleaning,
  done: {
    readonly list: List;
    readonly output: ListOutput;
    readonly outcome: RunOutcome;
    readonly summary: Summary;
    readonly endedAt: number;
  },
): Promise<void> {
  const { startedAt, invocation } = cleaning;
  const content = {
    input: settings.input,
    output: settings.output === '-' ? null : settings.output,
    outcome: done.outcome.status === 'stopped' ? 'time_limit' : 'done',
    started_at: new Date(startedAt).toISOString(),
    ended_at: new Date(done.endedAt).toISOString(),
    seconds: (done.endedAt - startedAt) / 1000,
    ...snakeKeys(done.summary),
    rows_written: done.output.written,
  };
  const path = resolve(invocation.cwd, settings.summary ?? '');
  try {
    await writeFile(path, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  } catch (cause) {
    throw new MailgateError(
      'output',
      `the summary cannot be written to ${settings.summary}: ${(cause as Error).message}`,
      {
        hint: 'The cleaned list itself is complete.',
        cause,
      },
    );
  }
}

function snakeKeys(summary: Summary): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(summary).map(([key, value]) => [
      key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  );
}

/** @throws MailgateError('output') where the reader of standard output left, and there is a file that it kept from being written. */
function sayHowToGoOn(
  settings: VerifySettings,
  stopped: Pick<Prepared, 'notices' | 'storePath' | 'isTemporary'> & { readonly cause: string },
): void {
  const { notices, storePath, isTemporary, cause } = stopped;
  const hint = isTemporary
    ? 'Run the same command again to start anew.'
    : `What was decided is kept in ${storePath}: run the same command again to go on.`;
  if (cause !== 'EPIPE') {
    notices.warn(`stopped. ${settings.output === '-' ? '' : `${settings.output} was not written. `}${hint}`);
  } else if (settings.output !== '-') {
    const message = `${settings.output} was not written: whoever read standard output has left`;
    throw new MailgateError('output', message, { hint });
  }
}
