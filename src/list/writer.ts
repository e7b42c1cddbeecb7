// Writes the rows of a list again, each with mailgate's own cells: the user's bytes as they were, nothing lost.
import type { Writable } from 'node:stream';
import type { Output } from './output.ts';
import { openOutputFile } from './output-file.ts';
import { createStreamOutput } from './output-stream.ts';
import {
  createRowWriter,
  mayHoldFormula,
  neutralise,
  type RowWriter,
  roomForCell,
  roomForCells,
  writeOwnCell,
  writeOwnCells,
} from './own-cells.ts';
import type { List } from './reader.ts';
import type { RowBatch } from './row-batch.ts';
import { ROW_HAS_LITERAL_QUOTE } from './scanner.ts';
import {
  type DifferingCell,
  roomForShared,
  type SharedCells,
  shareCells,
  wholeCells,
  writeSharedCells,
} from './shared-cells.ts';

export interface ListWriterOptions {
  /** Where the rows go: a file, replaced whole at `commit`, or a stream, which gets them as they come. */
  readonly target:
    | { readonly path: string; readonly name?: string }
    | { readonly stream: Writable; readonly name: string };
  /** Names of the own columns in their order, without the prefix: the list's prefix is put in front. */
  readonly columns: readonly string[];
  /** Also keeps the user's own cells from starting a formula; they pass as they are if not. */
  readonly spreadsheetSafe?: boolean | undefined;
}

/** What became of the output. `reader_gone`: whoever read the pipe closed it early, which is no error. */
export interface WriteOutcome {
  readonly status: 'written' | 'reader_gone';
  readonly rows: number;
  readonly bytes: number;
  /** Rows with more cells than the list has columns; the surplus stands behind the own cells. */
  readonly surplusRows: number;
}

/**
 * Opens the output and writes the header. Own columns an earlier run wrote are filled anew where they stand; the others
 * are appended. A list without a header gets none: its own cells stand behind the user's.
 *
 * @throws MailgateError `output` where the output cannot be opened
 */
export async function createListWriter(list: List, options: ListWriterOptions): Promise<ListWriter> {
  const { target } = options;
  const output =
    'path' in target ? await openOutputFile(target.path, target.name) : createStreamOutput(target.stream, target.name);
  return new ListWriter(list, output, options);
}

export class ListWriter {
  readonly #list: List;
  readonly #output: Output;
  readonly #columns: readonly string[];
  readonly #safe: boolean;
  readonly #width: number;
  readonly #delimiter: number;
  readonly #writeRow: RowWriter;
  /** Columns that are there already, from left to right: where in the row, and which of the own cells goes there. */
  readonly #replaced: readonly { readonly at: number; readonly own: number }[];
  /** Which own cells are appended. */
  readonly #appended: readonly number[];
  #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  #spare = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  #used = 0;
  #writing: Promise<void> = Promise.resolve();
  #rows = 0;
  #bytes = 0;
  #surplusRows = 0;

  constructor(list: List, output: Output, options: ListWriterOptions) {
    const { delimiter } = list.dialect;
    this.#list = list;
    this.#output = output;
    this.#columns = options.columns;
    this.#safe = options.spreadsheetSafe ?? false;
    this.#width = list.layout.width;
    this.#delimiter = delimiter.charCodeAt(0);
    this.#writeRow = createRowWriter(delimiter);
    const places = options.columns.map((column) => list.ownColumns.get(column) ?? -1);
    this.#replaced = places.flatMap((at, own) => (at < 0 ? [] : [{ at, own }])).sort((a, b) => a.at - b.at);
    this.#appended = places.flatMap((at, own) => (at < 0 ? [own] : []));
    this.#writeBeginning();
  }

  /** True once whoever read the pipe is gone: there is no use in going on. */
  get readerGone(): boolean {
    return this.#output.readerGone;
  }

  /** Makes own cells ready to be appended to many rows; null where each row brings a cell of its own. */
  share(cells: readonly (string | null)[]): SharedCells {
    return shareCells(cells, this.#appendedOf(cells), this.#delimiter);
  }

  /**
   * Adds a row with its own cells; `differing` are those that shared cells leave out. The row is copied: the batch may go.
   * Short rows are filled up with empty cells, so that the own cells stand under their names; surplus cells of long rows
   * move behind them.
   */
  append(
    batch: RowBatch,
    i: number,
    own: readonly string[] | SharedCells,
    differing: readonly DifferingCell[] = [],
  ): void {
    const { table } = batch;
    const missing = this.#width - (table.cells[i] as number);
    const end = table.end[i] as number;
    const next = table.next[i] as number;
    const mustRewrite = this.#mustRewrite(batch, i);
    if (mustRewrite || missing < 0 || this.#replaced.length > 0) {
      const cells = 'parts' in own ? wholeCells(own, differing) : own;
      if (mustRewrite) this.#rewrite(batch, i, cells);
      else this.#splice(batch, i, cells);
    } else {
      this.#copy(batch.bytes, table.start[i] as number, end);
      if (missing > 0) this.#fillUp(missing);
      if ('parts' in own) this.#addShared(own, differing);
      else this.#addOwn(own);
    }
    this.#copyLineEnd(batch.bytes, end, next);
    if (missing < 0) this.#surplusRows++;
    this.#rows++;
  }

  /** Adds a row without own cells, such as a blank line. */
  pass(batch: RowBatch, i: number): void {
    const { start, end, next } = batch.table;
    if (this.#mustRewrite(batch, i)) {
      this.#addText(this.#writeRow(this.#userCells(batch, i)));
      this.#copy(batch.bytes, end[i] as number, next[i] as number);
    } else {
      this.#copy(batch.bytes, start[i] as number, next[i] as number);
    }
    this.#rows++;
  }

  /**
   * Hands on what was added. Wait for it after each batch: it holds the caller back where the output is slow, and what is
   * added meanwhile is kept in memory.
   *
   * @throws MailgateError `output` where an earlier part could not be written
   */
  async flush(): Promise<void> {
    await this.#writing;
    if (this.#used === 0) return;
    const full = this.#buffer.subarray(0, this.#used);
    this.#writing = this.#output.write(full);
    this.#writing.catch(() => {}); // told by the next flush or by commit
    this.#bytes += this.#used;
    // A buffer that one huge row made large is not kept.
    const used = this.#buffer.length > LARGEST_KEPT_BYTES ? Buffer.allocUnsafeSlow(BUFFER_BYTES) : this.#buffer;
    this.#buffer = this.#spare;
    this.#spare = used;
    this.#used = 0;
  }

  /**
   * Finishes the output and, where it is a file, puts it in its place.
   *
   * @throws MailgateError `output` where it cannot be written, `input` where the list changed meanwhile; nothing is then
   *   replaced
   */
  async commit(): Promise<WriteOutcome> {
    try {
      await this.flush();
      await this.#writing;
      await this.#list.checkUnchanged();
    } catch (error) {
      await this.#output.abort();
      throw error;
    }
    await this.#output.commit();
    return {
      status: this.readerGone ? 'reader_gone' : 'written',
      rows: this.#rows,
      bytes: this.#bytes,
      surplusRows: this.#surplusRows,
    };
  }

  /** Gives up: an older output stays as it was. */
  async abort(): Promise<void> {
    await this.#writing.catch(() => {}); // it is given up either way
    await this.#output.abort();
  }

  #writeBeginning(): void {
    const { header, layout, dialect, preamble, prefix } = this.#list;
    if (dialect.bom) this.#addText('\ufeff');
    this.#add(preamble);
    if (header === null) return;
    const added = this.#appended.map((own) => prefix + (this.#columns[own] ?? ''));
    const names = this.#safe ? header.map(neutralise) : header;
    this.#addText(this.#writeRow([...names, ...added]) + layout.headerLineEnd);
  }

  #appendedOf<Cell extends string | null>(cells: readonly Cell[]): readonly Cell[] {
    if (cells.length !== this.#columns.length) {
      throw new TypeError(`${this.#columns.length} own columns, but ${cells.length} cells for them`);
    }
    return this.#replaced.length === 0 ? cells : this.#appended.map((own) => cells[own] as Cell);
  }

  /** A quote that never closes would swallow the cells behind it; a formula is what the person asked to be spared. */
  #mustRewrite(batch: RowBatch, i: number): boolean {
    const { start, end, marks } = batch.table;
    if (((marks[i] as number) & ROW_HAS_LITERAL_QUOTE) !== 0) return true;
    return this.#safe && mayHoldFormula(batch.bytes, start[i] as number, end[i] as number, this.#delimiter);
  }

  /** Own cells go in among the user's, which are copied as they are. */
  #splice(batch: RowBatch, i: number, cells: readonly string[]): void {
    const ends = batch.cellEnds(i);
    let from = batch.table.start[i] as number;
    for (const { at, own: index } of this.#replaced) {
      const before = at === 0 ? from : ends[at - 1];
      if (before === undefined || at >= ends.length) break;
      this.#copy(batch.bytes, from, at === 0 ? before : before + 1);
      this.#addCell(cells[index] ?? '');
      from = ends[at] ?? from;
    }
    const split = ends[Math.min(this.#width, ends.length) - 1] ?? from;
    this.#copy(batch.bytes, from, split);
    for (let at = ends.length; at < this.#width; at++) {
      this.#fillUp(1);
      const replaced = this.#replaced.find((place) => place.at === at);
      if (replaced !== undefined) this.#addCell(cells[replaced.own] ?? '');
    }
    this.#addOwn(cells);
    this.#copy(batch.bytes, split, batch.table.end[i] as number);
  }

  #rewrite(batch: RowBatch, i: number, own: readonly string[]): void {
    const cells = this.#userCells(batch, i);
    const surplus = cells.splice(this.#width);
    while (cells.length < this.#width) cells.push('');
    for (const { at, own: index } of this.#replaced) cells[at] = neutralise(own[index] ?? '');
    for (const cell of this.#appendedOf(own)) cells.push(neutralise(cell));
    this.#addText(this.#writeRow(cells.concat(surplus)));
  }

  #userCells(batch: RowBatch, i: number): string[] {
    return this.#safe ? batch.cells(i).map(neutralise) : batch.cells(i);
  }

  #fillUp(cells: number): void {
    this.#reserve(cells);
    this.#buffer.fill(this.#delimiter, this.#used, this.#used + cells);
    this.#used += cells;
  }

  #copy(bytes: Buffer, from: number, to: number): void {
    this.#reserve(to - from);
    bytes.copy(this.#buffer, this.#used, from, to);
    this.#used += to - from;
  }

  /** One or two bytes: a call that copies takes longer than to write them. */
  #copyLineEnd(bytes: Buffer, from: number, to: number): void {
    this.#reserve(to - from);
    for (let at = from; at < to; at++) this.#buffer[this.#used++] = bytes[at] as number;
  }

  #add(bytes: Buffer): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  /** The own cells that are appended. */
  #addOwn(own: readonly string[]): void {
    const cells = this.#appendedOf(own);
    this.#reserve(roomForCells(cells));
    this.#used = writeOwnCells(this.#buffer, this.#used, cells, this.#delimiter);
  }

  #addShared(shared: SharedCells, differing: readonly DifferingCell[]): void {
    this.#reserve(roomForShared(shared, differing));
    const own = { shared, differing, delimiter: this.#delimiter };
    this.#used = writeSharedCells(this.#buffer, this.#used, own);
  }

  #addCell(cell: string): void {
    this.#reserve(roomForCell(cell));
    this.#used = writeOwnCell(this.#buffer, this.#used, cell, this.#delimiter);
  }

  #addText(text: string): void {
    this.#reserve(text.length * 3); // no UTF-16 unit has more bytes in UTF-8
    this.#used += this.#buffer.write(text, this.#used, 'utf8');
  }

  #reserve(bytes: number): void {
    const needed = this.#used + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(needed > LARGEST_KEPT_BYTES ? needed + BUFFER_BYTES : needed * 2);
    this.#buffer.copy(larger, 0, 0, this.#used);
    this.#buffer = larger;
  }
}

/** What one batch of 64 KiB with its own cells usually comes to. */
const BUFFER_BYTES = 262_144;

const LARGEST_KEPT_BYTES = 4 * 1024 * 1024;
