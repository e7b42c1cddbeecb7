// `mailgate suppress check`: tells which addresses are suppressed and why, or filters lines and rows by it.
import { tmpdir } from 'node:os';
import { MailgateError } from '../errors.ts';
import { openList } from '../list/reader.ts';
import type { RowBatch } from '../list/row-batch.ts';
import { spoolToFile } from '../list/spool.ts';
import { createListWriter, type ListWriter } from '../list/writer.ts';
import { printable } from '../smtp/printable.ts';
import type { SuppressionMatch } from '../store/suppression-match.ts';
import { isoTime } from './annotation.ts';
import { count } from './number-words.ts';
import { readRecords } from './records-in.ts';
import type { SuppressSession } from './suppress-session.ts';
import { type Subject, subjectOf } from './suppress-subjects.ts';

export interface CheckSettings {
  readonly scope: string;
  readonly list: string | null;
  readonly keep: 'clean' | 'suppressed' | null;
  readonly output: string;
  readonly column: string | undefined;
  readonly delimiter: string | undefined;
  readonly encoding: string | undefined;
  readonly header: boolean;
}

/** Checks what was named and resolves to whether anything of it is suppressed. */
export async function checkSuppressed(
  session: SuppressSession,
  wanted: readonly string[],
  settings: CheckSettings,
): Promise<boolean> {
  refuseClashes(wanted, settings);
  const check = new Check(session, settings);
  if (settings.list !== null) await checkList(check, session, { ...settings, list: settings.list });
  else await checkRecords(check, session, { wanted, keep: settings.keep });
  if (check.isMany) sayCounts(check, session);
  return check.suppressed > 0;
}

function refuseClashes(wanted: readonly string[], { list, keep, output }: CheckSettings): void {
  if ((list === null) === (wanted.length === 0)) {
    throw new MailgateError('usage', 'name either addresses, or - for standard input, or a CSV file with --list', {
      hint: 'For instance: mailgate suppress check --list list.csv --keep clean -o rest.csv',
    });
  }
  if (output !== '-' && (list === null || keep === null)) {
    throw new MailgateError('usage', '--output takes the rows that --list and --keep select', {
      hint: 'For lines of standard input, redirect the output: … > rest.txt',
    });
  }
}

/** What was found out about one text. */
interface Checked {
  readonly input: string;
  readonly id: unknown;
  readonly subject: Subject;
  readonly match: SuppressionMatch | null;
}

/** Looks texts up, many at a time, and counts. */
class Check {
  /** How many texts there were, how many of them are suppressed, and how many name nobody. */
  total = 0;
  suppressed = 0;
  invalid = 0;
  /** True for a stream or a file, where people want the exceptions and a count. */
  isMany = false;
  readonly #session: SuppressSession;
  readonly #scope: string;

  constructor(session: SuppressSession, { scope }: CheckSettings) {
    this.#session = session;
    this.#scope = scope;
  }

  look(texts: readonly { readonly text: string; readonly id: unknown }[]): Checked[] {
    this.#session.invocation.interrupted.throwIfAborted();
    const subjects = texts.map(({ text }) => addressOrDomain(text));
    const found = this.#session.store.suppressions.match(subjects.map(questionOf), this.#scope);
    return texts.map(({ text, id }, index) => {
      const subject = subjects[index] as Subject;
      const match = found.get(questionOf(subject)) ?? null;
      this.total += 1;
      if (match !== null) this.suppressed += 1;
      if (subject.status === 'bad') this.invalid += 1;
      return { input: text, id, subject, match };
    });
  }
}

function addressOrDomain(text: string): Subject {
  const subject = subjectOf(text);
  if (subject.status === 'bad' || subject.key.type === 'email' || subject.key.type === 'domain') return subject;
  return { status: 'bad', why: 'a hash: "mailgate suppress list" looks it up' };
}

/** The address to ask about: for a domain, one that only its domain can speak for. */
function questionOf(subject: Subject): string {
  if (subject.status === 'bad') return '@';
  return subject.key.type === 'email' ? subject.key.value : `@${subject.key.value}`;
}

const BATCH = 2000;

async function checkRecords(
  check: Check,
  session: SuppressSession,
  { wanted, keep }: { readonly wanted: readonly string[]; readonly keep: CheckSettings['keep'] },
): Promise<void> {
  const { invocation, settings, print } = session;
  check.isMany = wanted.length === 1 && wanted[0] === '-';
  const show = async (records: readonly { readonly text: string; readonly id: unknown }[]): Promise<void> => {
    const checked = check.look(records);
    const shown =
      keep === null
        ? checked.filter(isWanted({ json: settings.json, isMany: check.isMany }))
        : checked.filter(isOn(keep));
    const lineOf = keep === null ? recordWriter(settings.json) : ({ input }: Checked) => input;
    if (shown.length > 0) await print(`${shown.map(lineOf).join('\n')}\n`);
  };
  let held: { readonly text: string; readonly id: unknown }[] = [];
  for await (const record of readRecords(wanted, invocation.stdin, 'address')) {
    held.push(record);
    if (held.length < BATCH) continue;
    await show(held);
    held = [];
  }
  await show(held);
}

async function checkList(
  check: Check,
  session: SuppressSession,
  settings: CheckSettings & { readonly list: string },
): Promise<void> {
  check.isMany = true;
  const { column, delimiter, encoding, keep } = settings;
  const spooled = settings.list === '-' ? await spoolToFile(session.invocation.stdin, tmpdir()) : null;
  try {
    const source =
      spooled === null
        ? { path: session.pathOf(settings.list), name: settings.list }
        : { path: spooled.path, name: 'standard input' };
    const header = settings.header ? undefined : false;
    const list = await openList(source, { column, delimiter, encoding, header, prefix: 'mailgate_' });
    try {
      const target =
        settings.output === '-'
          ? { stream: session.invocation.stdout, name: 'standard output' }
          : { path: session.pathOf(settings.output) };
      const writer = keep === null ? null : await createListWriter(list, { target, columns: [] });
      await checkRows(check, session, { batches: list.batches(), writer, keep });
      await writer?.commit();
    } finally {
      await list.close();
    }
  } finally {
    await spooled?.dispose();
  }
}

async function checkRows(
  check: Check,
  { settings, print }: SuppressSession,
  given: {
    readonly batches: AsyncIterable<RowBatch>;
    readonly writer: ListWriter | null;
    readonly keep: CheckSettings['keep'];
  },
): Promise<void> {
  const { batches, writer, keep } = given;
  try {
    for await (const batch of batches) {
      const rows = Array.from({ length: batch.rowCount }, (_, index) => index).filter((index) => !batch.isBlank(index));
      const checked = check.look(rows.map((index) => ({ text: batch.address(index), id: undefined })));
      if (writer !== null && keep !== null) {
        const isKept = isOn(keep);
        for (const [place, index] of rows.entries()) if (isKept(checked[place] as Checked)) writer.pass(batch, index);
        await writer.flush();
      } else {
        const shown = checked.filter(isWanted({ json: settings.json, isMany: true }));
        if (shown.length > 0) await print(`${shown.map(recordWriter(settings.json)).join('\n')}\n`);
      }
    }
  } catch (error) {
    await writer?.abort();
    throw error;
  }
}

/** What names nobody is on neither side: it must not slip through as clean, and nothing suppresses it. */
function isOn(side: 'clean' | 'suppressed'): (checked: Checked) => boolean {
  return ({ subject, match }) => (side === 'suppressed' ? match !== null : match === null && subject.status === 'good');
}

/** People who check a stream look for the exceptions. */
function isWanted({
  json,
  isMany,
}: {
  readonly json: boolean;
  readonly isMany: boolean;
}): (checked: Checked) => boolean {
  return ({ match }) => json || !isMany || match !== null;
}

function recordWriter(json: boolean): (checked: Checked) => string {
  return json ? (checked) => JSON.stringify(objectOf(checked)) : lineOf;
}

function objectOf({ input, id, subject, match }: Checked): object {
  const entry = match?.entry ?? null;
  return {
    ...(id === undefined ? {} : { id }),
    input,
    address: subject.status === 'good' ? subject.key.value : null,
    suppressed: match !== null,
    reason: match?.reason ?? null,
    hard: match?.hard ?? false,
    scope: entry?.scope ?? null,
    by: entry?.key.type ?? null,
    source: entry?.source ?? null,
    evidence: entry?.evidence ?? null,
    detail: entry?.detail ?? null,
    first_seen: entry === null ? null : isoTime(entry.firstSeen),
    last_seen: entry === null ? null : isoTime(entry.lastSeen),
    count: entry?.count ?? 0,
    expires_at: entry === null || entry.expiresAt === null ? null : isoTime(entry.expiresAt),
    error: subject.status === 'bad' ? subject.why : null,
  };
}

function lineOf({ input, subject, match }: Checked): string {
  const answer = match !== null ? 'suppressed' : subject.status === 'bad' ? 'invalid' : 'clean';
  const why = match?.text ?? (subject.status === 'bad' ? subject.why : '');
  return `${answer.padEnd(10)}  ${printable(input, 320)}${why === '' ? '' : `  (${printable(why, 600)})`}`;
}

function sayCounts({ total, suppressed, invalid }: Check, { notices }: SuppressSession): void {
  notices.tell(`${count(total)} ${total === 1 ? 'address' : 'addresses'} checked, ${count(suppressed)} suppressed.`);
  if (invalid > 0) notices.warn(`no address in ${count(invalid)} of them: counted as neither clean nor suppressed.`);
}
