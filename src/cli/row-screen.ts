// Screens the rows of a list: what each one's text tells, and in which row the same address stood first.
import type { RandomSource } from '../clock.ts';
import type { RowBatch } from '../list/row-batch.ts';
import type { Verdict } from '../verdict.ts';
import { KeyTable } from '../verify/dedupe.ts';
import { type RowFacts, RowFactsReader, verdictOfText } from './row-facts.ts';

export interface ScreenedRow {
  /** The row's number as a spreadsheet counts. */
  readonly row: number;
  /** The first row with the same address; the row's own number where it is the first. */
  readonly firstRow: number;
  readonly facts: RowFacts;
  /** The verdict the text alone gives, or null where somebody must be asked; then `key` is set. */
  readonly text: Verdict | null;
  readonly key: string | null;
}

/** Rows that follow each other. */
export interface ScreenedRows {
  /** The index of the first of them in the batch. */
  readonly from: number;
  /** One entry per row; null for a blank line. */
  readonly rows: readonly (ScreenedRow | null)[];
}

export interface RowScreenOptions {
  /** The time of the run: verdicts that only the text gives were all made now. */
  readonly now: number;
  readonly allowReserved: boolean;
  readonly random: RandomSource;
  /** About how many rows there are. */
  readonly expectedRows: number;
}

/**
 * Enough for look-ups that take many keys at a time. With all objects of a batch alive at once, V8 comes to take their
 * like for long-lived and makes them in its old space: that was seen to cost 150 MB and a fifth of the time.
 */
const ROWS_AT_ONCE = 256;

/** Knows which addresses it has met before; a second reading of the list gives the same answers. */
export class RowScreen {
  /** See the options. */
  readonly now: number;
  readonly #options: RowScreenOptions;
  readonly #reader: RowFactsReader;
  readonly #table: KeyTable;

  constructor(options: RowScreenOptions) {
    this.now = options.now;
    this.#options = options;
    this.#reader = new RowFactsReader(options.random);
    this.#table = new KeyTable({ expected: options.expectedRows, random: options.random });
  }

  /** All rows of the batch, a few hundred at a time. */
  *screen(batch: RowBatch): Generator<ScreenedRows> {
    for (let from = 0; from < batch.rowCount; from += ROWS_AT_ONCE) {
      yield { from, rows: this.#screenRows(batch, { from, to: Math.min(batch.rowCount, from + ROWS_AT_ONCE) }) };
    }
  }

  #screenRows(batch: RowBatch, span: { readonly from: number; readonly to: number }): ScreenedRows['rows'] {
    const facts: (RowFacts | null)[] = [];
    const keys: (string | null)[] = [];
    for (let index = span.from; index < span.to; index += 1) {
      const found = batch.isBlank(index) ? null : this.#reader.read(batch.address(index));
      facts.push(found);
      keys.push(found?.screening.valid === true ? found.screening.key : null);
    }
    const first = batch.firstRow + span.from;
    const firstRows = this.#table.firstRowsOf(keys, first);
    return facts.map((each, index) =>
      each === null ? null : this.#screened(each, { row: first + index, firstRow: firstRows[index] as number }),
    );
  }

  #screened(facts: RowFacts, at: { readonly row: number; readonly firstRow: number }): ScreenedRow {
    const { screening } = facts;
    const text = verdictOfText(facts, this.#options);
    if (!screening.valid) return { row: at.row, firstRow: at.row, facts, text, key: null };
    return { row: at.row, firstRow: at.firstRow, facts, text, key: text === null ? screening.key : null };
  }
}
