// The job of `mailgate verify`: opens what is needed, cleans the list, puts the output in place and sums up.
import { tmpdir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { systemClock } from '../clock.ts';
import { MailgateError } from '../errors.ts';
import { type List, openList } from '../list/reader.ts';
import { type SpooledFile, spoolToFile } from '../list/spool.ts';
import { openWorkFile } from '../store/work-file.ts';
import type { RunOutcome } from '../verify/run.ts';
import type { AnnotatedRow } from './annotation.ts';
import { hintAtIdentity, openAsking } from './asking.ts';
import { type CleanListOptions, cleanOffline, cleanOnline, type TakeRow } from './clean-list.ts';
import { concludeList } from './conclude-list.ts';
import { withDialogue } from './dialogue.ts';
import { keepHeapSmall } from './heap.ts';
import { Interruption } from './interrupts.ts';
import type { ListStore } from './kept-answers.ts';
import { type ListOutput, openListOutput } from './list-output.ts';
import { portBlockedByProxy, proxiesDown } from './no-way-out.ts';
import type { AskSettings, CommonSettings, ListSettings } from './options.ts';
import { refuseClashes } from './output-paths.ts';
import { type Prepared, prepare } from './prepare.ts';
import { Progress } from './progress.ts';
import { openReport, type Report } from './report/report.ts';
import type { Invocation } from './terminal.ts';

export interface VerifySettings extends AskSettings, CommonSettings, ListSettings {
  /** A file, or `-` for standard input. */
  readonly input: string;
}

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
    let report: Report | null = null;
    try {
      if (settings.report !== null) report = await openReport(resolve(cleaning.invocation.cwd, settings.report));
      const outcome = await clean(settings, cleaning, { ...input, output, progress, report });
      const { surplusRows } = await output.commit();
      progress.stop();
      const endedAt = systemClock.now();
      return await concludeList(settings, { ...cleaning, ...input, output, report, outcome, surplusRows, endedAt });
    } catch (error) {
      progress.stop();
      await output.abort();
      await report?.abort();
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
  readonly report: Report | null;
}

async function clean(settings: VerifySettings, cleaning: Cleaning, parts: Parts): Promise<RunOutcome> {
  const { list, output, progress, report } = parts;
  const options: CleanListOptions = {
    list,
    kept: cleaning.kept,
    clock: systemClock,
    random: Math.random,
    allowReserved: cleaning.ask.allowReserved,
    interrupted: cleaning.stopped,
    watch: report === null ? progress : report.watchBeside(progress),
    take: takeInto(parts, cleaning.store),
    flush: () => output.flush(),
  };
  if (settings.offline) {
    await cleanOffline(options);
    return { status: 'done' };
  }
  keepHeapSmall();
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

/** Every row goes to the output, and what is known of it beside to summary and report. */
function takeInto({ output, report }: Parts, { retries }: Pick<ListStore, 'retries'>): TakeRow {
  return (batch, index, row) => {
    output.take(batch, index, row);
    if (row === null) return;
    const dueAt = dueAtOf(row, retries);
    if (dueAt !== null) output.summary.addPutOff(dueAt);
    report?.add(row);
  };
}

/** When who was put off is to be asked about again (milliseconds since the epoch), or null. */
function dueAtOf({ facts: { screening }, verdict }: AnnotatedRow, retries: ListStore['retries']): number | null {
  return verdict.status === 'unknown' && screening.valid ? retries.dueAtOf(screening.domain, screening.local) : null;
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
    notices.warn(`stopped. ${notWritten(settings)}${hint}`);
  } else if (settings.output !== '-') {
    const message = `${settings.output} was not written: whoever read standard output has left`;
    throw new MailgateError('output', message, { hint });
  }
}

/** A report of what never became a list would replace one that did. */
function notWritten({ output, report }: VerifySettings): string {
  const names = [...(output === '-' ? [] : [output]), ...(report === null ? [] : [report])];
  return names.length === 0 ? '' : `${names.join(' and ')} ${names.length === 1 ? 'was' : 'were'} not written. `;
}
