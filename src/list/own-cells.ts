// Writes mailgate's own cells so that no value can break a row or start a formula in a spreadsheet.
import { Stringifier } from 'csv-stringify';
import type { Delimiter } from './delimiter.ts';

/**
 * A spreadsheet runs what begins with `= + - @`, a tab or a CR as a formula (OWASP, "CSV Injection"), some also their
 * full-width forms. An apostrophe in front makes it text.
 */
export function neutralise(cell: string): string {
  return startsFormula(cell.charCodeAt(0)) ? `'${cell}` : cell; // the code of an empty cell is NaN
}

/** A table, because it is asked for every cell of every row. */
const FORMULA_BYTES: Uint8Array = tableOf('=+-@\t\r');
const WIDE_FORMULA_SIGNS = '\uff1d\uff0b\uff0d\uff20';
/** With what all full-width forms begin in UTF-8, and other characters, too. */
const FULL_WIDTH_BYTE = 0xef;

function startsFormula(unit: number): boolean {
  if (unit < 0x80) return FORMULA_BYTES[unit] === 1;
  return unit >= 0xff00 && WIDE_FORMULA_SIGNS.includes(String.fromCharCode(unit));
}

function tableOf(signs: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const sign of signs) table[sign.charCodeAt(0)] = 1;
  return table;
}

const QUOTE = 0x22;

/** True where a cell of the row may need `neutralise`; delimiters within quotes are taken for real ones, which is safe. */
export function mayHoldFormula(bytes: Uint8Array, from: number, to: number, delimiter: number): boolean {
  let cellStarts = true;
  for (let at = from; at < to; at++) {
    const byte = bytes[at] as number;
    if (cellStarts && (FORMULA_BYTES[byte] === 1 || byte === FULL_WIDTH_BYTE)) return true;
    cellStarts = byte === delimiter || (cellStarts && byte === QUOTE);
  }
  return false;
}

/** Writes single rows with csv-stringify, quoted by need, without a line end. */
export type RowWriter = (cells: readonly string[]) => string;

/** csv-stringify's work without its stream; `csv-stringify/sync` reads its options anew for each row. */
interface CsvStringifierApi {
  stringify(cells: readonly string[]): [Error | undefined, string];
}

export function createRowWriter(delimiter: Delimiter): RowWriter {
  const { api } = new Stringifier({ delimiter }) as unknown as { api: CsvStringifierApi };
  return (cells) => {
    const [error, row] = api.stringify(cells);
    if (error !== undefined) throw error;
    return row;
  };
}

/**
 * Writes own cells, each behind a delimiter, into `out` from `from` on and returns where they end. The caller has made
 * room: `roomForCells` says how much. One pass over the characters, because csv-stringify would take microseconds a row
 * and even joined strings take twice the time.
 */
export function writeOwnCells(out: Buffer, from: number, cells: readonly string[], delimiter: number): number {
  let at = from;
  for (const cell of cells) {
    out[at++] = delimiter;
    at = writeOwnCell(out, at, cell, delimiter);
  }
  return at;
}

/** One cell, without a delimiter. */
export function writeOwnCell(out: Buffer, from: number, cell: string, delimiter: number): number {
  const end = writePlainCell(out, from, cell, delimiter);
  return end >= 0 ? end : from + out.write(guarded(cell, delimiter), from, 'utf8');
}

/** A cell of ASCII that stands in bytes already, such as those of the row it is for. */
export interface CellInBytes {
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
}

/** One cell from where it stands, without a delimiter; most need no more than to be copied. */
export function writeCellInBytes(out: Buffer, from: number, cell: CellInBytes, delimiter: number): number {
  const { bytes, to } = cell;
  if (FORMULA_BYTES[bytes[cell.from] as number] === 1) return writeOwnCell(out, from, textOf(cell), delimiter);
  let end = from;
  for (let at = cell.from; at < to; at++) {
    const byte = bytes[at] as number;
    if (byte < 0x20 || byte >= 0x80 || byte === delimiter || byte === QUOTE) {
      return writeOwnCell(out, from, textOf(cell), delimiter);
    }
    out[end++] = byte;
  }
  return end;
}

export function textOf(cell: string | CellInBytes): string {
  return typeof cell === 'string' ? cell : cell.bytes.toString('latin1', cell.from, cell.to);
}

/** How many bytes the cells take at most. */
export function roomForCells(cells: readonly (string | CellInBytes)[]): number {
  let room = 0;
  for (const cell of cells) room += roomForCell(cell);
  return room;
}

/** Three bytes a character in UTF-8, or two for each quote, and what stands around. */
export function roomForCell(cell: string | CellInBytes): number {
  return (typeof cell === 'string' ? cell.length : cell.to - cell.from) * 3 + AROUND_A_CELL;
}

/** Delimiter, apostrophe, two quotes. */
const AROUND_A_CELL = 4;

/** The end of the cell, or -1 where it holds more than ASCII that means nothing in CSV; then nothing counts as written. */
function writePlainCell(out: Buffer, from: number, cell: string, delimiter: number): number {
  if (startsFormula(cell.charCodeAt(0))) return -1;
  let at = from;
  for (let i = 0; i < cell.length; i++) {
    const unit = cell.charCodeAt(i);
    if (unit < 0x20 || unit >= 0x80 || unit === delimiter || unit === QUOTE) return -1;
    out[at++] = unit;
  }
  return at;
}

function guarded(cell: string, delimiter: number): string {
  const text = neutralise(cell);
  const quoted = text.includes(String.fromCharCode(delimiter)) || /["\r\n]/.test(text);
  return quoted ? `"${text.replaceAll('"', '""')}"` : text;
}
