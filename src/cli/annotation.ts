// What stands in mailgate's own columns for one row.
import { printable } from '../smtp/printable.ts';
import { oneLine } from '../smtp/reply.ts';
import type { Verdict } from '../verdict.ts';
import { scoreOf } from '../verify/score.ts';
import type { ColumnName } from './columns.ts';
import { type RowFacts, suggestionOf } from './row-facts.ts';
import { suppressedCell } from './suppress-verdicts.ts';

/** One row of the list with everything that is known of it. */
export interface AnnotatedRow {
  readonly facts: RowFacts;
  readonly verdict: Verdict;
  /** The number of the row that had the same address first, as a spreadsheet counts rows; null for a first one. */
  readonly duplicateOf: number | null;
  readonly now: number;
}

/** RFC 5321 allows 512 octets a reply line; more than this is no help to a person. */
const MOST_REPLY_CHARACTERS = 500;

const CELLS = {
  status: ({ verdict }) => verdict.status,
  reason: ({ verdict }) => verdict.reason,
  score: (row) => String(scoreOfRow(row).score),
  smtp_code: ({ verdict }) => (verdict.reply === null ? '' : String(verdict.reply.code)),
  smtp_enhanced: ({ verdict }) => verdict.reply?.enhanced ?? '',
  smtp_reply: ({ verdict }) => (verdict.reply === null ? '' : oneLine(verdict.reply, MOST_REPLY_CHARACTERS)),
  stage: ({ verdict }) => verdict.stage,
  mx: ({ verdict }) => (verdict.mx === null ? '' : printable(verdict.mx, 255)),
  provider: ({ verdict }) => (verdict.provider === null ? '' : printable(verdict.provider, 255)),
  address: ({ facts }) => (facts.screening.valid ? facts.screening.address : ''),
  suggestion: ({ facts, verdict }) => suggestionOf(facts, verdict) ?? '',
  role: ({ facts }) => flag(facts, facts.role !== null),
  disposable: ({ facts }) => flag(facts, facts.domain?.facts.disposable === true),
  free: ({ facts }) => flag(facts, facts.domain?.facts.free === true),
  suppressed: ({ verdict }) => printable(suppressedCell(verdict), 500),
  duplicate_of: ({ duplicateOf }) => (duplicateOf === null ? '' : String(duplicateOf)),
  attempts: ({ verdict }) => String(verdict.attempts),
  checked_at: ({ verdict }) => isoTime(verdict.checkedAt),
  source: ({ verdict }) => verdict.source,
} as const satisfies Record<ColumnName, (row: AnnotatedRow) => string>;

/** The cells of one row under the chosen columns. */
export function annotationOf(row: AnnotatedRow, columns: readonly ColumnName[]): string[] {
  return columns.map((column) => cellOf(row, column));
}

export function cellOf(row: AnnotatedRow, column: ColumnName): string {
  return CELLS[column](row);
}

export function scoreOfRow({ facts, verdict, now }: AnnotatedRow) {
  return scoreOf(
    verdict,
    {
      role: facts.role,
      disposable: facts.domain?.facts.disposable === true,
      free: facts.domain?.facts.free === true,
      typoSuspected: facts.domain?.typo?.certain === true,
    },
    now,
  );
}

function flag(facts: RowFacts, isSet: boolean): string {
  return facts.domain === null ? '' : isSet ? 'true' : 'false';
}

// Rows written in one go share their time: formatting it once saves a third of a microsecond a row.
let lastTime = { ms: Number.NaN, text: '' };

/** ISO 8601 in UTC, to the second. */
export function isoTime(ms: number): string {
  if (ms !== lastTime.ms) lastTime = { ms, text: new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z') };
  return lastTime.text;
}
