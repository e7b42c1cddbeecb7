// `mailgate suppress import`: takes over the suppression list of a service or a hand-made one, with its reasons.
import { MailgateError } from '../errors.ts';
import { printable } from '../smtp/printable.ts';
import { EVERY_SCOPE, type SuppressionReason } from '../store/suppression-reasons.ts';
import type { SuppressionEvent, SuppressionKey, SuppressionOutcome } from '../store/suppressions.ts';
import { count, plural } from './number-words.ts';
import { formatOf, type ImportFormat, type RowReading, readNamelessRow } from './suppress-formats.ts';
import { parseScope } from './suppress-options.ts';
import { type NamedRow, openRows, type RowSource } from './suppress-rows.ts';
import { failureRules, type SuppressSession } from './suppress-session.ts';
import { addressSubject, domainSubject, hashSubject, type Subject } from './suppress-subjects.ts';
import { timeOf } from './suppress-times.ts';

export interface ImportSettings extends RowSource {
  readonly scope: string;
  readonly reason: SuppressionReason | null;
  readonly source: string | null;
  readonly expiresMs: number | null;
  readonly softLimit: number;
  readonly softWindowMs: number;
  readonly dryRun: boolean;
}

/** Imports the list and prints what came of it. @throws {MailgateError} of kind 'input' where none of its rows can be used. */
export async function importList(session: SuppressSession, settings: ImportSettings): Promise<void> {
  let format: ImportFormat = NAMELESS;
  const opened = await openRows(session, settings, (columns, name) => {
    format = formatOf(columns, name);
    return format.keyColumn;
  });
  try {
    const { columns } = opened;
    if (columns !== null && format === NAMELESS) format = formatOf(columns, opened.name);
    const run = new ImportRun(session, settings, columns === null ? null : format);
    for await (const row of opened.rows()) await run.take(row);
    await run.finish(opened.name);
  } finally {
    await opened.close();
  }
}

/** A list without column names. */
const NAMELESS: ImportFormat = { name: 'plain', keyColumn: null, read: () => ({ status: 'skipped', why: '' }) };

/** One transaction holds so many: few enough for other processes to write in between, many enough to be quick. */
const BATCH = 5000;

interface Waiting {
  readonly row: number;
  readonly event: SuppressionEvent;
}

class ImportRun {
  readonly #session: SuppressSession;
  readonly #settings: ImportSettings;
  /** Null for a list without column names. */
  readonly #format: ImportFormat | null;
  readonly #counts = new Map<string, number>();
  readonly #newByReason = new Map<string, number>();
  readonly #skipped = new Map<string, number>();
  #waiting: Waiting[] = [];
  #rows = 0;
  #firstInvalidRow = 0;

  constructor(session: SuppressSession, settings: ImportSettings, format: ImportFormat | null) {
    this.#session = session;
    this.#settings = settings;
    this.#format = format;
  }

  async take(row: NamedRow): Promise<void> {
    this.#rows += 1;
    const reading = this.#format === null ? readNamelessRow(row.cells) : this.#format.read(row.cell);
    const subject = subjectOfRow(row.subject, reading);
    if (subject.status === 'bad') {
      if (bump(this.#counts, 'invalid') === 1) this.#firstInvalidRow = row.row;
      return this.#tell(row, { status: 'invalid', why: subject.why });
    }
    if (reading.status === 'skipped') {
      bump(this.#counts, 'skipped');
      bump(this.#skipped, reading.why);
      return this.#tell(row, reading);
    }
    this.#waiting.push({ row: row.row, event: this.#eventOf(subject.key, reading) });
    if (this.#waiting.length >= BATCH) await this.#flush();
  }

  async finish(name: string): Promise<void> {
    await this.#flush();
    const { settings, notices, print } = this.#session;
    const used = ['suppressed', 'counted', 'already', 'ignored'].some((status) => this.#counts.has(status));
    const invalid = this.#counts.get('invalid') ?? 0;
    if (!used && invalid > 0) {
      throw new MailgateError(
        'input',
        `no row of ${name} names an address (row ${this.#firstInvalidRow} is the first)`,
        {
          hint: 'Say which column holds the addresses or hashes with --column NAME|N.',
        },
      );
    }
    if (invalid > 0) {
      notices.warn(
        `${plural(invalid, 'row')} of ${name} left out: no address or hash (first: row ${this.#firstInvalidRow}).`,
      );
    }
    if (!settings.json) await print(`${this.#summary(name).join('\n')}\n`);
  }

  #eventOf(key: SuppressionKey, reading: Extract<RowReading, { status: 'entry' }>): SuppressionEvent {
    const { now } = this.#session;
    const format = this.#format?.name ?? 'plain';
    const { expiresMs } = this.#settings;
    const reason = reading.reason ?? this.#settings.reason ?? 'imported';
    return {
      key,
      subdomains: reading.subdomains,
      scope: scopeOf(reading.scope) ?? this.#settings.scope,
      reason,
      detail: reading.detail,
      source: this.#settings.source ?? (reading.source || `${format} list`),
      evidenceId: reading.evidence || `${format}:${reading.time || '-'}`,
      messageId: reading.messageId,
      at: timeOf(reading.time) ?? now,
      verified: true,
      expiresAt: reading.expiresAt ?? (expiresMs === null ? null : now + expiresMs),
    };
  }

  async #flush(): Promise<void> {
    const { store, invocation } = this.#session;
    invocation.interrupted.throwIfAborted();
    const { dryRun } = this.#settings;
    const waiting = this.#waiting;
    this.#waiting = [];
    const outcomes = store.suppressions.add(
      waiting.map(({ event }) => event),
      { dryRun, ...failureRules(this.#settings) },
    );
    const lines: string[] = [];
    for (const [index, { row, event }] of waiting.entries()) {
      const outcome = outcomes[index] as SuppressionOutcome;
      bump(this.#counts, outcome.status);
      if (outcome.status === 'suppressed') bump(this.#newByReason, event.reason);
      if (this.#session.settings.json) lines.push(lineOf(row, event, outcome));
    }
    if (lines.length > 0) await this.#session.print(lines.join(''));
  }

  async #tell(row: NamedRow, told: { readonly status: string; readonly why: string }): Promise<void> {
    if (!this.#session.settings.json) return;
    const { status, why } = told;
    const input = row.subject.slice(0, 320);
    await this.#session.print(
      `${JSON.stringify({ row: row.row, input, type: null, key: null, reason: null, status, why })}\n`,
    );
  }

  #summary(name: string): string[] {
    const of = (status: string): string => count(this.#counts.get(status) ?? 0);
    const would = this.#settings.dryRun ? ' (dry run: nothing was changed)' : '';
    const lines = [
      `${printable(name, 200)}: ${plural(this.#rows, 'row')}, read as ${this.#format?.name ?? 'plain'} list${would}`,
      `  newly suppressed  ${of('suppressed')}`,
    ];
    for (const [reason, number] of this.#newByReason) lines.push(`    ${reason.padEnd(15)} ${count(number)}`);
    lines.push(`  already there     ${of('already')}`);
    if (this.#counts.has('counted')) lines.push(`  counted so far    ${of('counted')}`);
    if (this.#counts.has('ignored')) lines.push(`  removed or ended  ${of('ignored')}`);
    for (const [why, number] of this.#skipped)
      lines.push(`  skipped           ${count(number)}, ${printable(why, 200)}`);
    return lines;
  }
}

/** Only our own lists hold domains: a name without "@" in anybody else's is a slip, and would suppress everybody there. */
function subjectOfRow(cell: string, reading: RowReading): Subject {
  const type = reading.status === 'entry' ? reading.type : undefined;
  if (type === 'domain') return domainSubject(cell);
  return hashSubject(cell) ?? addressSubject(cell);
}

function scopeOf(text: string | null | undefined): string | null {
  if (text === null || text === undefined || text === EVERY_SCOPE) return null;
  try {
    return parseScope(text);
  } catch {
    return null; // not one of ours: it holds for all streams, the safe side
  }
}

function lineOf(row: number, { key, reason }: SuppressionEvent, { status, why }: SuppressionOutcome): string {
  return `${JSON.stringify({ row, input: key.value, type: key.type, key: key.value, reason, status, why })}\n`;
}

/** Counts one more under `name` and returns how many there are now. */
function bump(counts: Map<string, number>, name: string): number {
  const next = (counts.get(name) ?? 0) + 1;
  counts.set(name, next);
  return next;
}
