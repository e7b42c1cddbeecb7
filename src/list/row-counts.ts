// Counts what is uneven in a list, so that the summary can name it; nothing of a row is kept but a few row numbers.
import type { RowBatch } from './row-batch.ts';
import { ROW_HAS_LITERAL_QUOTE } from './scanner.ts';

export interface RowCounts {
  rows: number;
  /** Lines with nothing on them. */
  blankRows: number;
  /** Rows with fewer and with more cells than the list has columns; blank lines are counted above only. */
  shorterRows: number;
  longerRows: number;
  /** Rows with a quote that opens a cell and never closes it; it was read as an ordinary character. */
  unclosedQuotes: number;
  /** The numbers of the first of these rows. */
  readonly unclosedQuoteRows: number[];
  /** Rows that are not valid UTF-8 and were read as Windows-1252. */
  windows1252Rows: number;
}

/** How many row numbers are kept to show. */
const SHOWN_ROWS = 20;

export function emptyCounts(): RowCounts {
  return {
    rows: 0,
    blankRows: 0,
    shorterRows: 0,
    longerRows: 0,
    unclosedQuotes: 0,
    unclosedQuoteRows: [],
    windows1252Rows: 0,
  };
}

/** Adds the rows of one batch; `width` is the number of columns of the list. */
export function countRows(counts: RowCounts, batch: RowBatch, width: number): void {
  const { table, rowCount } = batch;
  counts.rows += rowCount;
  for (let i = 0; i < rowCount; i++) {
    const cells = table.cells[i] as number;
    if (batch.isBlank(i)) counts.blankRows++;
    else if (cells < width) counts.shorterRows++;
    else if (cells > width) counts.longerRows++;
    if (((table.marks[i] as number) & ROW_HAS_LITERAL_QUOTE) === 0) continue;
    counts.unclosedQuotes++;
    if (counts.unclosedQuoteRows.length < SHOWN_ROWS) counts.unclosedQuoteRows.push(batch.firstRow + i);
  }
}
