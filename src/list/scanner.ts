// Finds where rows and the address cell of each begin and end in a run of bytes; it reads no text and copies nothing.

const QUOTE = 0x22;
const LF = 0x0a;
const CR = 0x0d;

/** Marks of a row, combined as bits. */
export const ROW_HAS_QUOTED_CELL = 1;
/** The address cell holds quotes that are not plain wrapping: its text needs a CSV parser. */
export const ADDRESS_IS_ESCAPED = 2;
/** A quote of the row opens a cell and never closes it: it is an ordinary character. */
export const ROW_HAS_LITERAL_QUOTE = 4;

/** How many rows one table holds at most, so that a batch stays small however short its rows are. */
export const ROWS_PER_TABLE = 8192;

/** Offsets into one buffer, a slot per row; typed arrays, filled again and again, so that a row costs no object. */
export interface RowTable {
  count: number;
  /** First byte of the row. */
  readonly start: Int32Array;
  /** Behind the last byte of the row's cells: its line end stands here. */
  readonly end: Int32Array;
  /** Behind the line end: the next row starts here. */
  readonly next: Int32Array;
  /** The address cell without plain wrapping quotes; empty where the row has no such cell. */
  readonly addressStart: Int32Array;
  readonly addressEnd: Int32Array;
  /** Number of cells; a blank line has one. */
  readonly cells: Int32Array;
  readonly marks: Uint8Array;
}

export interface ScanRules {
  /** The byte between cells. */
  readonly delimiter: number;
  /** Counted from 0; -1 finds the rows alone. */
  readonly addressColumn: number;
  /** A quote that does not close within so many bytes is an ordinary character. */
  readonly lookAheadBytes: number;
}

export interface Span {
  readonly from: number;
  readonly to: number;
  /** True where nothing follows `to`: what stands there is a row, with or without a line end. */
  readonly atEnd: boolean;
}

export function createRowTable(capacity: number = ROWS_PER_TABLE): RowTable {
  return {
    count: 0,
    start: new Int32Array(capacity),
    end: new Int32Array(capacity),
    next: new Int32Array(capacity),
    addressStart: new Int32Array(capacity),
    addressEnd: new Int32Array(capacity),
    cells: new Int32Array(capacity),
    marks: new Uint8Array(capacity),
  };
}

/**
 * Fills the table with the complete rows of the span, at most `limit`, and returns where the first row not taken starts.
 * Quotes are read as csv-parse's `relax_quotes` does, but for one thing: a quoted cell that spans lines must close
 * properly (before a delimiter, a line end or the end), else its opening quote is an ordinary character and the row
 * ends with its line. A stray quote thus costs a quote, not the rows behind it.
 *
 * One long loop on purpose: cut into functions it loses a third of its speed.
 */
export function scanRows(table: RowTable, bytes: Uint8Array, span: Span, rules: ScanRules, limit: number): number {
  const { delimiter, addressColumn } = rules;
  const { to, atEnd } = span;
  const capacity = Math.min(limit, table.start.length);
  let rowStart = span.from;
  let row = 0;
  rows: while (rowStart < to && row < capacity) {
    let at = rowStart;
    let cell = 0;
    let marks = 0;
    let addressStart = -1;
    let addressEnd = -1;
    let byte = 0;
    for (;;) {
      const from = at;
      let unwrap = 0;
      if (at < to && (bytes[at] as number) === QUOTE) {
        marks |= ROW_HAS_QUOTED_CELL;
        const closing = closeQuote(bytes, at, span, rules);
        if (closing.at === NEEDS_MORE) break rows;
        if (closing.at === NEVER) {
          marks |= ROW_HAS_LITERAL_QUOTE;
          at += 1;
        } else {
          at = closing.at;
          if (closing.plain) unwrap = 1;
          else if (cell === addressColumn) marks |= ADDRESS_IS_ESCAPED;
        }
      }
      while (at < to) {
        byte = bytes[at] as number;
        if (byte === delimiter || byte === LF || byte === CR) break;
        at++;
      }
      if (cell === addressColumn) {
        addressStart = from + unwrap;
        addressEnd = at - unwrap;
      }
      cell++;
      if (at >= to || byte !== delimiter) break;
      at++;
    }
    let next = at;
    if (at >= to) {
      if (!atEnd) break;
    } else if (byte === LF) {
      next = at + 1;
    } else {
      if (at + 1 >= to && !atEnd) break; // a LF may follow
      next = at + 1 < to && (bytes[at + 1] as number) === LF ? at + 2 : at + 1;
    }
    table.start[row] = rowStart;
    table.end[row] = at;
    table.next[row] = next;
    table.addressStart[row] = addressStart < 0 ? at : addressStart;
    table.addressEnd[row] = addressEnd < 0 ? at : addressEnd;
    table.cells[row] = cell;
    table.marks[row] = marks;
    row++;
    rowStart = next;
  }
  table.count = row;
  return rowStart;
}

const NEEDS_MORE = -1;
const NEVER = -2;

/** Where a quoted cell closes; one object used again, because most lists quote a cell in every tenth row. */
const closing = { at: 0, plain: false };

/** Looks for the quote that closes the one at `open`; `plain` says that unwrapping is all its cell needs. */
function closeQuote(bytes: Uint8Array, open: number, span: Span, rules: ScanRules): typeof closing {
  const horizon = open + rules.lookAheadBytes;
  const to = Math.min(span.to, horizon);
  closing.plain = true;
  let at = open + 1;
  for (;;) {
    while (at < to && (bytes[at] as number) !== QUOTE) at++;
    if (at >= to) {
      closing.at = span.atEnd || to === horizon ? NEVER : NEEDS_MORE;
      return closing;
    }
    if (at + 1 >= span.to) {
      closing.at = span.atEnd ? at + 1 : NEEDS_MORE;
      return closing;
    }
    const after = bytes[at + 1] as number;
    if (after === QUOTE) {
      closing.plain = false;
      at += 2;
      continue;
    }
    closing.at = at + 1;
    if (after === rules.delimiter || after === LF || after === CR) return closing;
    closing.plain = false;
    if (spansLines(bytes, open, at)) closing.at = NEVER;
    return closing;
  }
}

function spansLines(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    if ((bytes[at] as number) === LF || (bytes[at] as number) === CR) return true;
  }
  return false;
}

/**
 * The offset behind each cell of one row: of the delimiter that follows it, or the row's end. Read alone, a row has the
 * cells it had among others: a quote that found its partner only behind the row's end was an ordinary character.
 */
export function cellEnds(bytes: Uint8Array, from: number, to: number, rules: ScanRules): number[] {
  const row: Span = { from, to, atEnd: true };
  const ends: number[] = [];
  let at = from;
  for (;;) {
    if (at < to && bytes[at] === QUOTE) at = Math.max(at + 1, closeQuote(bytes, at, row, rules).at);
    while (at < to && bytes[at] !== rules.delimiter) at++;
    ends.push(at);
    if (at >= to) return ends;
    at++;
  }
}

/** True where the cell opens with a quote that is an ordinary character. */
export function opensWithLiteralQuote(bytes: Uint8Array, from: number, to: number, rules: ScanRules): boolean {
  return from < to && bytes[from] === QUOTE && closeQuote(bytes, from, { from, to, atEnd: true }, rules).at === NEVER;
}
