// Puts the rows of a cleaned list where they were asked for: the annotated CSV, one file per status, JSON lines.
import { join } from 'node:path';
import { makeOutputFolder } from '../list/output-folder.ts';
import type { List } from '../list/reader.ts';
import type { RowBatch } from '../list/row-batch.ts';
import { createListWriter, type ListWriter } from '../list/writer.ts';
import { STATUSES, type Status } from '../verdict.ts';
import { type AnnotatedRow, annotationOf, scoreOfRow } from './annotation.ts';
import { ALL_COLUMNS, type ColumnName } from './columns.ts';
import { RowCellsMaker } from './row-cells.ts';
import { suggestionOf } from './row-facts.ts';
import { SummaryCount } from './summary.ts';
import { type Output, write } from './terminal.ts';

export interface ListOutputOptions {
  readonly list: List;
  /** The file to write, or null for standard output. */
  readonly path: string | null;
  /** The folder for one file per status, or null. */
  readonly splitFolder: string | null;
  /** File and folder as the user named them, for messages. */
  readonly output: string;
  readonly split: string | null;
  readonly columns: readonly ColumnName[];
  readonly spreadsheetSafe: boolean;
  /** Statuses whose rows are kept. */
  readonly keep: ReadonlySet<Status>;
  readonly dropDuplicates: boolean;
  /** True to write every row as a JSON object on standard output; the CSV then goes to a file or nowhere. */
  readonly json: boolean;
  readonly stdout: Output;
}

/** Opens the outputs; nothing an earlier run wrote is touched before `commit`. */
export async function openListOutput(options: ListOutputOptions): Promise<ListOutput> {
  const { list, columns, spreadsheetSafe, path, splitFolder, output: name } = options;
  const common = { columns, spreadsheetSafe };
  const split = new Map<Status, ListWriter>();
  let main: ListWriter | null = null;
  try {
    if (path !== null) main = await createListWriter(list, { ...common, target: { path, name } });
    else if (!options.json) {
      main = await createListWriter(list, { ...common, target: { stream: options.stdout, name: 'standard output' } });
    }
    if (splitFolder !== null) {
      const folderName = options.split ?? splitFolder;
      makeOutputFolder(splitFolder, folderName);
      for (const status of STATUSES) {
        const file = `${status}.csv`;
        const target = { path: join(splitFolder, file), name: join(folderName, file) };
        split.set(status, await createListWriter(list, { ...common, target }));
      }
    }
  } catch (error) {
    for (const writer of [main, ...split.values()]) await writer?.abort();
    throw error;
  }
  return new ListOutput(options, main, split);
}

export class ListOutput {
  /** Counts every row of the list, also those that are not kept. */
  readonly summary = new SummaryCount();
  readonly #options: ListOutputOptions;
  readonly #main: ListWriter | null;
  readonly #split: ReadonlyMap<Status, ListWriter>;
  /** Null where no CSV is written. */
  readonly #cells: RowCellsMaker | null;
  readonly #keepsAll: boolean;
  #json: string[] = [];
  #written = 0;

  constructor(options: ListOutputOptions, main: ListWriter | null, split: ReadonlyMap<Status, ListWriter>) {
    this.#options = options;
    this.#main = main;
    this.#split = split;
    this.#keepsAll = STATUSES.every((status) => options.keep.has(status));
    // All outputs have the columns of one list, so that what one of them shares suits the others, too.
    const [writer] = main === null ? split.values() : [main];
    this.#cells = writer === undefined ? null : new RowCellsMaker(options.columns, (cells) => writer.share(cells));
  }

  /** How many rows went into the output. */
  get written(): number {
    return this.#written;
  }

  /** True once whoever read standard output has gone. */
  get readerGone(): boolean {
    return this.#main?.readerGone ?? this.#options.stdout.destroyed;
  }

  take(batch: RowBatch, index: number, row: AnnotatedRow | null): void {
    if (row === null) {
      this.summary.addBlank();
      this.#main?.pass(batch, index);
      return;
    }
    const { dropDuplicates, keep, json } = this.#options;
    const { status } = row.verdict;
    this.summary.add(row, suggestionOf(row.facts, row.verdict) ?? '');
    if (dropDuplicates && row.duplicateOf !== null) return;
    const isKept = this.#keepsAll || keep.has(status);
    if (this.#cells !== null) {
      const { own, differing } = this.#cells.cellsOf(row);
      if (this.#split.size > 0) this.#split.get(status)?.append(batch, index, own, differing);
      if (isKept) this.#main?.append(batch, index, own, differing);
    }
    if (!isKept) return;
    this.#written += 1;
    if (json) this.#json.push(jsonOf(row, batch.firstRow + index, batch.address(index)));
  }

  async flush(): Promise<void> {
    await this.#main?.flush();
    for (const writer of this.#split.values()) await writer.flush();
    if (this.#json.length === 0) return;
    const lines = this.#json;
    this.#json = [];
    await write(this.#options.stdout, `${lines.join('\n')}\n`);
  }

  /** Puts all files in their place. @throws MailgateError('output') where one cannot be written; that one is left as it was. */
  async commit(): Promise<{ readonly surplusRows: number }> {
    await this.flush();
    // The files per status first: where the main output is the input itself, its renaming ends the list as it was read.
    for (const writer of this.#split.values()) await writer.commit();
    const outcome = await this.#main?.commit();
    return { surplusRows: outcome?.surplusRows ?? 0 };
  }

  async abort(): Promise<void> {
    for (const writer of [this.#main, ...this.#split.values()]) await writer?.abort();
  }
}

/** One row as a JSON object: the columns under their own names, numbers and flags as such, empty ones left out as null. */
function jsonOf(row: AnnotatedRow, rowNumber: number, input: string): string {
  const cells = annotationOf(row, ALL_COLUMNS);
  const fields = ALL_COLUMNS.map((column, index) => [column, jsonValue(column, cells[index] ?? '')] as const);
  return JSON.stringify({ row: rowNumber, input, ...Object.fromEntries(fields), score: scoreOfRow(row).score });
}

const NUMBERS: ReadonlySet<ColumnName> = new Set(['smtp_code', 'duplicate_of', 'attempts', 'score']);
const FLAGS: ReadonlySet<ColumnName> = new Set(['role', 'disposable', 'free']);

function jsonValue(column: ColumnName, cell: string): string | number | boolean | null {
  if (cell === '') return null;
  if (NUMBERS.has(column)) return Number(cell);
  return FLAGS.has(column) ? cell === 'true' : cell;
}
