// Screens the rows of a list: what each one's text tells, and in which row the same address stood first.
import { AddressInBytes } from '../address/address-in-bytes.ts';
import type { RandomSource } from '../clock.ts';
import type { RowBatch } from '../list/row-batch.ts';
import type { Verdict } from '../verdict.ts';
import { type KeyInBytes, KeyTable } from '../verify/dedupe.ts';
import { type RowFacts, RowFactsReader, verdictOfText } from './row-facts.ts';

/** Good for as long as its batch. */
export interface ScreenedRow {
  /** The row's number as a spreadsheet counts. */
  readonly row: number;
  /** The first row with the same address; the row's own number where it is the first. */
  readonly firstRow: number;
  readonly facts: RowFacts;
  /** The verdict the text alone gives, or null where somebody must be asked. */
  readonly text: Verdict | null;
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

/** The key of an address that somebody must be asked about, or null. */
export function keyToAsk({ text, facts }: ScreenedRow): string | null {
  return text === null && facts.screening.valid ? facts.screening.key : null;
}

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
    const keys: (string | KeyInBytes | null)[] = [];
    for (let index = span.from; index < span.to; index += 1) {
      const found = batch.isBlank(index) ? null : this.#factsOf(batch, index);
      facts.push(found);
      keys.push(found === null ? null : dedupeKeyOf(found));
    }
    const first = batch.firstRow + span.from;
    const firstRows = this.#table.firstRowsOf(keys, first);
    const rows: (ScreenedRow | null)[] = [];
    for (let index = 0; index < facts.length; index += 1) {
      const found = facts[index] ?? null;
      rows.push(found === null ? null : this.#screened(found, { row: first + index, firstRow: firstRows[index] ?? 0 }));
    }
    return rows;
  }

  #screened(facts: RowFacts, { row, firstRow }: { readonly row: number; readonly firstRow: number }): ScreenedRow {
    const text = verdictOfText(facts, this.#options);
    return { row, firstRow: facts.screening.valid ? firstRow : row, facts, text };
  }

  #factsOf(batch: RowBatch, index: number): RowFacts {
    const place = batch.addressPlace(index);
    const inBytes = place === null ? null : this.#reader.readInBytes(batch.bytes, place);
    return inBytes ?? this.#reader.read(batch.address(index));
  }
}

function dedupeKeyOf({ screening }: RowFacts): string | KeyInBytes | null {
  if (screening instanceof AddressInBytes) return screening;
  return screening.valid ? screening.key : null;
}
