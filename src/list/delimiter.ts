// Decides which character stands between the cells of a list.
import { MailgateError } from '../errors.ts';
import { looksLikeAddress } from './columns.ts';
import { RowBatch } from './row-batch.ts';
import { createRowReader } from './row-cells.ts';
import { CHUNK_BYTES } from './row-stream.ts';
import { createRowTable, type ScanRules, scanRows } from './scanner.ts';

/** In the order of preference where nothing else decides, as in a list of one column. */
export const DELIMITERS = [',', ';', '\t', '|'] as const;
export type Delimiter = (typeof DELIMITERS)[number];

/** @throws MailgateError `usage` for anything but one of the four, by sign or by name */
export function namedDelimiter(wanted: string): Delimiter {
  const sign = DELIMITER_NAMES.get(wanted.trim().toLowerCase()) ?? wanted;
  const found = DELIMITERS.find((delimiter) => delimiter === sign);
  if (found !== undefined) return found;
  throw new MailgateError('usage', `'${wanted}' is no delimiter`, { hint: 'Say comma, semicolon, tab or pipe.' });
}

const DELIMITER_NAMES: ReadonlyMap<string, Delimiter> = new Map([
  ['comma', ','],
  ['semicolon', ';'],
  ['tab', '\t'],
  ['\\t', '\t'],
  ['pipe', '|'],
]);

/**
 * The delimiter under which the first rows are most list-like: an address stands alone in a cell, and rows are of equal
 * length. The address weighs more, because `name;1,5;ann@example.com` is of equal length under a comma, too.
 *
 * @param head the start of the list in UTF-8; its last row may be cut off
 */
export function sniffDelimiter(head: Buffer): Delimiter {
  const stated = statedDelimiter(head);
  if (stated !== null) return stated;
  let best: Delimiter = ',';
  let bestScore = -1;
  for (const delimiter of DELIMITERS) {
    const score = scoreOf(delimiter, head);
    if (score <= bestScore) continue;
    best = delimiter;
    bestScore = score;
  }
  return best;
}

/** What a first line of `sep=;` says: Excel writes and reads it, and it is no row of the list. */
export function statedDelimiter(head: Buffer): Delimiter | null {
  const sign = /^"?sep=([,;\t|])"?(?:\r|\n|$)/i.exec(head.toString('latin1', 0, 16))?.[1];
  return DELIMITERS.find((delimiter) => delimiter === sign) ?? null;
}

const SAMPLED_ROWS = 500;

/** Longer rows say little about the delimiter and much time would go into them. */
const LONGEST_SAMPLED_ROW_BYTES = CHUNK_BYTES;

function scoreOf(delimiter: Delimiter, head: Buffer): number {
  const rows = sampleRows(head, delimiter).filter((cells) => cells.length > 1 || cells[0] !== '');
  if (rows.length === 0) return 0;
  const usual = commonest(rows.map((cells) => cells.length));
  const even = rows.filter((cells) => cells.length === usual).length / rows.length;
  const addressed = rows.filter((cells) => cells.some((cell) => looksLikeAddress(cell))).length / rows.length;
  // A delimiter that the first row lacks (names lack decimal commas) is hardly the one.
  const first = rows[0]?.length === usual ? 0.5 : 0;
  return 2 * addressed + (usual > 1 ? even + first : 0);
}

function sampleRows(head: Buffer, delimiter: Delimiter): string[][] {
  const rules: ScanRules = { delimiter: delimiter.charCodeAt(0), addressColumn: -1, lookAheadBytes: head.length };
  const batch = new RowBatch(createRowTable(SAMPLED_ROWS), createRowReader(rules));
  scanRows(batch.table, head, { from: 0, to: head.length, atEnd: true }, rules, SAMPLED_ROWS);
  batch.load({ bytes: head, firstRow: 1 });
  const rows: string[][] = [];
  for (let i = 0; i < batch.rowCount; i++) {
    if (batch.byteLength(i) < LONGEST_SAMPLED_ROW_BYTES) rows.push(batch.cells(i));
  }
  return rows;
}

/** The value met most often; of several, the largest. */
export function commonest(values: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  let best = 0;
  for (const [value, count] of counts) {
    const most = counts.get(best) ?? 0;
    if (count > most || (count === most && value > best)) best = value;
  }
  return best;
}
