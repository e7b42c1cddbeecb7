// Counts what a cleaning found and says it so that people can act on it: counts, causes of doubt, and what to do next.
import type { ChalkInstance } from 'chalk';
import { printable } from '../smtp/printable.ts';
import { oneLine } from '../smtp/reply.ts';
import { REASONS_BY_STATUS, type Reason, STATUSES, type Status } from '../verdict.ts';
import type { RunOutcome } from '../verify/run.ts';
import { type Advice, adviceFor, type PutOff } from './advice.ts';
import type { AnnotatedRow } from './annotation.ts';
import { count, duration, plural } from './number-words.ts';
import { folded } from './terminal.ts';

/** Domains whose doubt is counted one by one; a list with more of them is summed up by the reasons alone. */
const MOST_DOMAINS_COUNTED = 50_000;
const DOMAINS_SHOWN = 5;
const PROVIDERS_SHOWN = 5;
const MOST_PROVIDERS_KEPT = 50;
const BAR_WIDTH = 24;

/** A provider that held the run back. */
export interface HeldBack {
  readonly provider: string;
  /** How often it asked to slow down. */
  readonly slowed: number;
  /** True where it was left alone. */
  readonly halted: boolean;
  /** How things stood when the run ended: with all its connections again, with fewer, or not asked any more. */
  readonly ended: 'as_before' | 'slowed' | 'left_alone';
  /** Its own words, on one line. */
  readonly words: string;
}

export interface Summary {
  readonly rows: number;
  readonly blankRows: number;
  readonly duplicates: number;
  readonly repaired: number;
  readonly suggestions: number;
  readonly status: Readonly<Record<Status, number>>;
  readonly reasons: Readonly<Record<string, number>>;
  readonly sources: { readonly live: number; readonly cache: number };
  readonly unknownDomains: readonly {
    readonly domain: string;
    readonly rows: number;
    readonly reason: Reason;
    readonly cause: string;
  }[];
  /** Rows whose hosts asked to come back later, and when; null where there are none. */
  readonly putOff: PutOff | null;
  /** Providers that asked the run to slow down or refused it, worst first; absent where nobody was asked. */
  readonly heldBack?: readonly HeldBack[];
  readonly advice: readonly string[];
}

/** How the asking of a run went. */
export interface FinishedAsking {
  /** The option that kept the run from asking mail hosts, or null. */
  readonly keptFromAsking: string | null;
  readonly outcome?: RunOutcome;
  /** True where the user said who asks, by name and by sender. */
  readonly hasIdentity?: boolean;
  /** Milliseconds since the epoch; needed only where rows were put off. */
  readonly now?: number;
}

/** Adds up rows as they are written. */
export class SummaryCount {
  #rows = 0;
  #blank = 0;
  #duplicates = 0;
  #repaired = 0;
  #suggestions = 0;
  #cached = 0;
  #asked = 0;
  #putOff: PutOff | null = null;
  readonly #reasons = new Map<Reason, number>();
  readonly #unknown = new Map<string, { rows: number; reason: Reason; cause: string }>();

  addBlank(): void {
    this.#blank += 1;
  }

  add({ facts, verdict, duplicateOf }: AnnotatedRow, suggestion: string): void {
    this.#rows += 1;
    this.#reasons.set(verdict.reason, (this.#reasons.get(verdict.reason) ?? 0) + 1);
    if (duplicateOf !== null) this.#duplicates += 1;
    if (facts.screening.repairs.length > 0 && facts.screening.valid) this.#repaired += 1;
    if (suggestion !== '') this.#suggestions += 1;
    if (verdict.source === 'cache') this.#cached += 1;
    else if (verdict.attempts > 0 || verdict.stage === 'dns') this.#asked += 1;
    if (verdict.status === 'unknown' && facts.domain !== null) this.#addUnknown(facts.domain.name, verdict);
  }

  /** Notes that a row counted as unknown is to be asked about again then (milliseconds since the epoch). */
  addPutOff(dueAt: number): void {
    const { rows, firstDueAt, lastDueAt } = this.#putOff ?? { rows: 0, firstDueAt: dueAt, lastDueAt: dueAt };
    this.#putOff = { rows: rows + 1, firstDueAt: Math.min(firstDueAt, dueAt), lastDueAt: Math.max(lastDueAt, dueAt) };
  }

  /** How many rows have this status so far. */
  countOf(status: Status): number {
    return REASONS_BY_STATUS[status].reduce((sum, reason) => sum + (this.#reasons.get(reason) ?? 0), 0);
  }

  result(run: FinishedAsking): Summary {
    const status = Object.fromEntries(STATUSES.map((name) => [name, this.countOf(name)])) as Record<Status, number>;
    const reasons = Object.fromEntries([...this.#reasons].sort((a, b) => b[1] - a[1]));
    const unknownDomains = [...this.#unknown]
      .map(([domain, { rows, reason, cause }]) => ({ domain, rows, reason, cause }))
      .sort((a, b) => b.rows - a.rows)
      .slice(0, 50);
    return {
      rows: this.#rows,
      blankRows: this.#blank,
      duplicates: this.#duplicates,
      repaired: this.#repaired,
      suggestions: this.#suggestions,
      status,
      reasons,
      sources: { live: this.#asked, cache: this.#cached },
      unknownDomains,
      putOff: this.#putOff,
      ...heldBackIn(run.outcome),
      advice: this.advice(run).map(({ say }) => say),
    };
  }

  /** What to do next, most useful first. */
  advice({ keptFromAsking, hasIdentity = false, now = 0 }: FinishedAsking): Advice[] {
    const reasons = Object.fromEntries(this.#reasons);
    const found = { reasons, suggestions: this.#suggestions, putOff: this.#putOff };
    return adviceFor({ ...found, keptFromAsking, hasIdentity, now });
  }

  #addUnknown(domain: string, { reason, reply, detail }: AnnotatedRow['verdict']): void {
    const known = this.#unknown.get(domain);
    if (known !== undefined) known.rows += 1;
    else if (this.#unknown.size < MOST_DOMAINS_COUNTED && reason !== 'not_checked') {
      const cause = reply === null ? printable(detail ?? '', 200) : oneLine(reply, 200);
      this.#unknown.set(domain, { rows: 1, reason, cause });
    }
  }
}

function heldBackIn(outcome: RunOutcome | undefined): Pick<Summary, 'heldBack'> {
  if (outcome === undefined || !('troubles' in outcome) || outcome.troubles === undefined) return {};
  const heldBack = outcome.troubles
    .slice(0, MOST_PROVIDERS_KEPT)
    .map(({ provider, slowDowns, isHalted, atEnd, words }) => ({
      provider: printable(provider, 100),
      slowed: slowDowns,
      halted: isHalted,
      ended: atEnd,
      words: printable(words, 200),
    }));
  return { heldBack };
}

/** The summary as a person reads it at the end of a run. */
export function summaryLines(
  summary: Summary,
  given: { readonly seconds: number; readonly colours: ChalkInstance; readonly width?: number | null },
): string[] {
  const { colours, width = null } = given;
  const because = (line: string, words: string): string =>
    line + becauseOf(words, { colours, room: roomBehind(line, width) });
  const lines = [''];
  for (const status of STATUSES) {
    const rows = summary.status[status];
    lines.push(
      `  ${COLOUR[status](colours)(status.padEnd(9))} ${bar(rows, summary.rows)} ${count(rows).padStart(9)}  ${share(rows, summary.rows)}`,
    );
    for (const reason of REASONS_BY_STATUS[status]) {
      const having = summary.reasons[reason] ?? 0;
      if (having > 0 && REASONS_BY_STATUS[status].length > 1)
        lines.push(colours.dim(`    ${reason.padEnd(22)} ${' '.repeat(9)} ${count(having).padStart(9 + 5)}`));
    }
  }
  lines.push('');
  lines.push(`  ${plural(summary.rows, 'row')} in ${duration(given.seconds)}${extras(summary)}`);
  const doubtful = summary.unknownDomains.slice(0, DOMAINS_SHOWN);
  if (doubtful.length > 0) {
    lines.push('', '  Most doubt:');
    for (const { domain, rows, reason, cause } of doubtful) {
      lines.push(because(`    ${printable(domain, 60)} (${count(rows)}): ${reason}`, cause));
    }
  }
  const heldBack = summary.heldBack ?? [];
  if (heldBack.length > 0) {
    lines.push('', '  Held back by:');
    for (const held of heldBack.slice(0, PROVIDERS_SHOWN))
      lines.push(because(`    ${held.provider} ${whatItDid(held)}`, held.words));
  }
  if (summary.advice.length > 0) {
    lines.push('', '  What to do next:');
    for (const say of summary.advice.slice(0, 4)) {
      const [first, ...rest] = folded(say, width === null ? null : width - 6);
      lines.push(`    - ${first}`, ...rest.map((line) => `      ${line}`));
    }
  }
  return lines;
}

/** A cause is shown as far as the line goes, and left out where hardly anything of it would be seen. */
function becauseOf(words: string, look: { readonly colours: ChalkInstance; readonly room: number }): string {
  const room = look.room - ' — '.length;
  if (words === '' || room < 12) return '';
  return look.colours.dim(` — ${words.length > room ? `${words.slice(0, room - 1)}…` : words}`);
}

const MOST_CAUSE_CHARACTERS = 103;

function roomBehind(line: string, width: number | null): number {
  return width === null ? MOST_CAUSE_CHARACTERS : Math.min(MOST_CAUSE_CHARACTERS, width - line.length);
}

/** How a provider held the run back, to be put behind its name. */
export function whatItDid({ slowed, halted, ended }: HeldBack): string {
  const parts: string[] = [];
  if (slowed > 0) parts.push(`asked ${slowed === 1 ? 'once' : `${count(slowed)} times`} to slow down`);
  if (halted) parts.push(slowed > 0 ? 'was then left alone' : 'refused us and was left alone');
  if (halted && ended !== 'left_alone') parts.push('let us in again later');
  if (ended === 'as_before' && !halted) parts.push('got all its connections back');
  if (ended === 'slowed' && !halted) parts.push('got fewer connections until the end');
  return parts.join(', ').replace(/, (?=[^,]*$)/, ' and ');
}

export const COLOUR: Readonly<Record<Status, (colours: ChalkInstance) => ChalkInstance>> = {
  valid: (colours) => colours.green,
  catchall: (colours) => colours.yellow,
  invalid: (colours) => colours.red,
  unknown: (colours) => colours.cyan,
};

function extras(summary: Summary): string {
  const parts: string[] = [];
  if (summary.duplicates > 0) parts.push(plural(summary.duplicates, 'duplicate'));
  if (summary.repaired > 0) parts.push(`${count(summary.repaired)} repaired`);
  if (summary.sources.cache > 0) parts.push(`${share(summary.sources.cache, summary.rows).trim()} from the cache`);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

function bar(part: number, whole: number): string {
  const filled = whole === 0 ? 0 : Math.round((part / whole) * BAR_WIDTH);
  return '█'.repeat(part > 0 ? Math.max(1, filled) : 0).padEnd(BAR_WIDTH, '·');
}

function share(part: number, whole: number): string {
  return `${(whole === 0 ? 0 : (part / whole) * 100).toFixed(1)} %`.padStart(7);
}
