// A run of complete rows with their bytes, in UTF-8: what the reader hands out and the writer copies from.
import { isAscii, isUtf8 } from 'node:buffer';
import type { RowReader } from './row-cells.ts';
import { ADDRESS_IS_ESCAPED, ROW_HAS_LITERAL_QUOTE, ROW_HAS_QUOTED_CELL, type RowTable } from './scanner.ts';
import { utf8LengthOf, windows1252ToUtf8 } from './windows-1252.ts';

/** No address is longer than 254 bytes; what stands around one in a cell (a name, brackets) is cut off here. */
export const ADDRESS_CELL_BYTES = 16_384;

/**
 * Rows of a list. One object is filled again and again: it is good until the next batch is asked for. Strings taken from
 * it are copies and may be kept.
 */
export class RowBatch {
  /** Number of the first row as people count, the header being row 1. */
  firstRow = 1;
  /** Where the rows stand, in UTF-8; `table` says at which offsets. */
  bytes: Buffer = Buffer.alloc(0);
  readonly table: RowTable;
  readonly #cells: RowReader;
  #ascii = true;

  constructor(table: RowTable, cells: RowReader) {
    this.table = table;
    this.#cells = cells;
  }

  get rowCount(): number {
    return this.table.count;
  }

  /** The text of the address cell, unquoted, not trimmed, cut at 16 KiB; empty where the row is too short to have one. */
  address(i: number): string {
    const { addressStart, addressEnd, marks } = this.table;
    const from = addressStart[i] as number;
    let to = addressEnd[i] as number;
    if (to - from > ADDRESS_CELL_BYTES) to = from + ADDRESS_CELL_BYTES;
    else if (((marks[i] as number) & ADDRESS_IS_ESCAPED) !== 0) return this.#escapedAddress(i);
    return this.bytes.toString(this.#ascii ? 'latin1' : 'utf8', from, to);
  }

  /** Where that text stands in `bytes`; null where quotes have to be taken out of it first. */
  addressPlace(i: number): { readonly from: number; readonly to: number } | null {
    const { addressStart, addressEnd, marks } = this.table;
    if (((marks[i] as number) & ADDRESS_IS_ESCAPED) !== 0) return null;
    return { from: addressStart[i] as number, to: addressEnd[i] as number };
  }

  /** True for a line with nothing on it. */
  isBlank(i: number): boolean {
    return this.table.start[i] === this.table.end[i];
  }

  /** Length of the row's cells as they stand in `bytes`. */
  byteLength(i: number): number {
    return (this.table.end[i] as number) - (this.table.start[i] as number);
  }

  /** The text of every cell, unquoted. */
  cells(i: number): string[] {
    const marks = this.table.marks[i] as number;
    return this.#cells.cells(this.bytes, {
      from: this.table.start[i] as number,
      to: this.table.end[i] as number,
      plain: (marks & ROW_HAS_QUOTED_CELL) === 0,
      literalQuote: (marks & ROW_HAS_LITERAL_QUOTE) !== 0,
    });
  }

  /** The offsets in `bytes` behind each cell of the row. */
  cellEnds(i: number): number[] {
    return this.#cells.ends(this.bytes, { from: this.table.start[i] as number, to: this.table.end[i] as number });
  }

  /** The line end of the row: CRLF, LF, CR, or nothing behind the last row. */
  lineEnd(i: number): string {
    return this.bytes.toString('latin1', this.table.end[i], this.table.next[i]);
  }

  /** Takes over freshly scanned rows. */
  load(rows: { bytes: Buffer; firstRow: number }): void {
    this.bytes = rows.bytes;
    this.firstRow = rows.firstRow;
    this.#ascii = isAscii(this.#span());
  }

  /** The number of the row (from 0) whose bytes are not valid UTF-8, from `i` on, or -1. */
  firstInvalid(i = 0): number {
    if (this.#ascii || (i === 0 && isUtf8(this.#span()))) return -1;
    for (let row = i; row < this.table.count; row++) {
      if (!isUtf8(this.bytes.subarray(this.table.start[row], this.table.next[row]))) return row;
    }
    return -1;
  }

  /**
   * Reads every row that is not valid UTF-8 as Windows-1252 and moves all rows into a buffer of their own, in UTF-8.
   *
   * @returns how many rows were Windows-1252
   */
  decodeInvalidRows(): number {
    const { table } = this;
    const pieces: Uint8Array[] = [];
    let length = 0;
    let decoded = 0;
    for (let i = 0; i < table.count; i++) {
      const start = table.start[i] as number;
      const row = this.bytes.subarray(start, table.next[i]);
      const valid = isUtf8(row);
      const at = (offset: number) => length + (valid ? offset : utf8LengthOf(row, 0, offset));
      const piece = valid ? row : windows1252ToUtf8(row);
      if (!valid) decoded++;
      for (const offsets of [table.addressStart, table.addressEnd, table.end, table.next]) {
        offsets[i] = at((offsets[i] as number) - start);
      }
      table.start[i] = length;
      pieces.push(piece);
      length += piece.length;
    }
    this.bytes = Buffer.concat(pieces, length);
    return decoded;
  }

  #escapedAddress(i: number): string {
    const [address] = this.#cells.cells(this.bytes, {
      from: this.table.addressStart[i] as number,
      to: this.table.addressEnd[i] as number,
      plain: false,
      literalQuote: false,
    });
    return address ?? '';
  }

  #span(): Buffer {
    const { count, start, next } = this.table;
    return count === 0 ? this.bytes.subarray(0, 0) : this.bytes.subarray(start[0], next[count - 1]);
  }
}
