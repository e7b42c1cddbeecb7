// Opens a list: finds out how it is written and where its addresses stand, then hands out its rows as often as asked.
import { MailgateError } from '../errors.ts';
import { type Delimiter, namedDelimiter, sniffDelimiter, statedDelimiter } from './delimiter.ts';
import { chooseEncoding, type EncodingChoice, readsBytesAsTheyAre, transcoderFor } from './encoding.ts';
import { refuseForeignFile, refuseNulBytes } from './file-kind.ts';
import { byteSource, checkUnchanged, type InputFile, openInputFile } from './input-file.ts';
import { findLayout, type Layout } from './layout.ts';
import { RowBatch } from './row-batch.ts';
import { createRowReader } from './row-cells.ts';
import { countRows, emptyCounts, type RowCounts } from './row-counts.ts';
import { CHUNK_BYTES, readRows } from './row-stream.ts';
import { readHead, readRawHead, type Sample, sampleRows } from './sample.ts';
import { createRowTable, type ScanRules } from './scanner.ts';

export interface ListOptions {
  /** The address column, by name or by number from 1; found by name or content if not given. */
  readonly column?: string | undefined;
  /** One of `, ; tab |`, by sign or name; sniffed if not given. */
  readonly delimiter?: string | undefined;
  /** A label of the WHATWG Encoding Standard, or `utf-16`; sniffed if not given. */
  readonly encoding?: string | undefined;
  /** Whether the first row holds column names; sniffed if not given. */
  readonly header?: boolean | undefined;
  /** What the names of mailgate's own columns begin with. */
  readonly prefix: string;
  /** How much is read at once; for tests. */
  readonly chunkBytes?: number | undefined;
  /** Within how many bytes a quote must close; for tests. */
  readonly lookAheadBytes?: number | undefined;
}

/** How a list is written. */
export interface Dialect {
  readonly delimiter: Delimiter;
  readonly encoding: string;
  /** Whether the file began with a byte order mark; the output then does, too. */
  readonly bom: boolean;
}

/**
 * Opens the list and looks at its first rows.
 *
 * @param source where the list is, and what to call it in messages
 * @throws MailgateError `input` where it cannot be read, is no CSV file, or has no telling address column; `usage` for an
 *   option whose value means nothing
 */
export async function openList(source: { path: string; name: string }, options: ListOptions): Promise<List> {
  const file = await openInputFile(source);
  try {
    const encoding = await recogniseEncoding(file, options.encoding);
    const head = await readHead(file, encoding);
    const delimiter = options.delimiter === undefined ? sniffDelimiter(head) : namedDelimiter(options.delimiter);
    const text = createListText({ file, encoding, delimiter, options });
    const sample = await sampleRows(text.batches({ addressColumn: -1, skipRows: 0, firstRow: 1 }));
    const layout = findLayout(sample.rows, {
      name: file.name,
      column: options.column,
      header: options.header,
      prefix: options.prefix,
      statesDelimiter: statedDelimiter(head) !== null,
      doubts: doubtsAbout(options, head),
    });
    return new List({ file, text, layout, sample, prefix: options.prefix });
  } catch (error) {
    await file.handle.close();
    throw error;
  }
}

async function recogniseEncoding(file: InputFile, wanted: string | undefined): Promise<EncodingChoice> {
  const head = await readRawHead(file);
  refuseForeignFile(head, file.name);
  const encoding = chooseEncoding(head, { name: file.name, wanted });
  if (!encoding.label.startsWith('utf-16')) refuseNulBytes(head, file.name);
  return encoding;
}

/** What the person said that may be why no address column is found; told in that error. */
function doubtsAbout(options: ListOptions, head: Buffer): string[] {
  const doubts: string[] = [];
  if (options.delimiter !== undefined) {
    const sniffed = sniffDelimiter(head);
    if (sniffed !== namedDelimiter(options.delimiter)) {
      doubts.push(`--delimiter may be wrong (it looks like ${DELIMITER_WORDS[sniffed]}).`);
    }
  }
  if (options.encoding !== undefined) doubts.push(`--encoding ${options.encoding} may be wrong.`);
  return doubts;
}

const DELIMITER_WORDS: Readonly<Record<Delimiter, string>> = {
  ',': 'comma',
  ';': 'semicolon',
  '\t': 'tab',
  '|': 'pipe',
};

/** A list that was opened; its rows are read from the file each time, and none of them is kept. */
export class List {
  readonly name: string;
  readonly dialect: Dialect;
  /** The column names, or null where the list has none. */
  readonly header: readonly string[] | null;
  readonly layout: Layout;
  readonly prefix: string;
  /** True where nothing stands below the header. */
  readonly isEmpty: boolean;
  /** About how many rows there are, from the length of the first ones. */
  readonly estimatedRows: number;
  /** Length of the file in bytes. */
  readonly size: number;
  /** Counts of the reading that is under way or was the last. */
  counts: RowCounts = emptyCounts();
  /** Rows in front of the header, as they are. */
  readonly preamble: Buffer;
  readonly #file: InputFile;
  readonly #text: ListText;

  constructor(parts: { file: InputFile; text: ListText; layout: Layout; sample: Sample; prefix: string }) {
    const { file, text, layout, sample } = parts;
    this.name = file.name;
    this.dialect = text.dialect;
    this.header = layout.header;
    this.layout = layout;
    this.prefix = parts.prefix;
    this.isEmpty = sample.complete && sample.rows.length <= layout.rowsBeforeData;
    this.size = file.size;
    this.estimatedRows = estimateRows({ sample, layout, size: file.size, dialect: text.dialect });
    this.preamble = sample.rawRows(layout.preambleRows);
    this.#file = file;
    this.#text = text;
  }

  /** The column the addresses stand in, counted from 0. */
  get addressColumn(): number {
    return this.layout.addressColumn;
  }

  /** Columns an earlier run wrote: names without the prefix, and where they stand. */
  get ownColumns(): ReadonlyMap<string, number> {
    return this.layout.ownColumns;
  }

  /**
   * All rows below the header, the same each time. A batch is good until the next one is asked for.
   *
   * @throws MailgateError `input` where the file was cut short or cannot be read, where a row is longer than 128 MiB, and
   *   where a row is not in the encoding that was asked for
   */
  async *batches(): AsyncGenerator<RowBatch, void, undefined> {
    const { addressColumn, rowsBeforeData, firstDataRow, width } = this.layout;
    const counts = emptyCounts();
    this.counts = counts;
    const rows = this.#text.batches({ addressColumn, skipRows: rowsBeforeData, firstRow: firstDataRow, counts });
    for await (const batch of rows) {
      countRows(counts, batch, width);
      yield batch;
    }
  }

  /** @throws MailgateError `input` where the file is no longer what was opened */
  checkUnchanged(): Promise<void> {
    return checkUnchanged(this.#file);
  }

  close(): Promise<void> {
    return this.#file.handle.close();
  }
}

/** UTF-16 has two bytes for what is mostly one in UTF-8. */
function estimateRows(list: { sample: Sample; layout: Layout; size: number; dialect: Dialect }): number {
  const { sample, layout } = list;
  if (sample.complete) return Math.max(0, sample.rows.length - layout.rowsBeforeData);
  const bytes = list.dialect.encoding.startsWith('utf-16') ? list.size / 2 : list.size;
  return Math.ceil((bytes / sample.byteLength) * sample.rows.length);
}

/** The text of a list, cut into rows, before it is known what they mean. */
interface ListText {
  readonly dialect: Dialect;
  batches(where: RowsWanted): AsyncGenerator<RowBatch, void, undefined>;
}

interface RowsWanted {
  readonly addressColumn: number;
  readonly skipRows: number;
  /** The number of the first row behind those left out. */
  readonly firstRow: number;
  readonly counts?: RowCounts;
}

function createListText(how: {
  file: InputFile;
  encoding: EncodingChoice;
  delimiter: Delimiter;
  options: ListOptions;
}): ListText {
  const { file, encoding, delimiter, options } = how;
  return {
    dialect: { delimiter, encoding: encoding.label, bom: encoding.bomBytes > 0 },
    async *batches(wanted) {
      const rules: ScanRules = {
        delimiter: delimiter.charCodeAt(0),
        addressColumn: wanted.addressColumn,
        lookAheadBytes: options.lookAheadBytes ?? LOOK_AHEAD_BYTES,
      };
      const table = createRowTable();
      const batch = new RowBatch(table, createRowReader(rules));
      const source = byteSource(file, { skip: encoding.bomBytes, transcoder: transcoderFor(encoding, file.name) });
      const chunkBytes = options.chunkBytes ?? CHUNK_BYTES;
      let firstRow = wanted.firstRow;
      const reading = readRows({ source, table, rules, chunkBytes, skipRows: wanted.skipRows, name: file.name });
      for await (const bytes of reading) {
        batch.load({ bytes, firstRow });
        if (readsBytesAsTheyAre(encoding)) decodeRows(batch, { encoding, name: file.name, counts: wanted.counts });
        yield batch;
        firstRow += batch.rowCount;
      }
    },
  };
}

/** Long enough for a cell with a whole document in it, short enough for the memory of a small machine. */
const LOOK_AHEAD_BYTES = 64 * 1024 * 1024;

function decodeRows(
  batch: RowBatch,
  how: { encoding: EncodingChoice; name: string; counts: RowCounts | undefined },
): void {
  const invalid = batch.firstInvalid();
  if (invalid < 0) return;
  if (how.encoding.invalidBytes === 'strict') {
    throw new MailgateError('input', `row ${batch.firstRow + invalid} of ${how.name} is not valid UTF-8`, {
      hint: 'Leave --encoding out: rows that are not UTF-8 are then read as Windows-1252.',
    });
  }
  const decoded = batch.decodeInvalidRows();
  if (how.counts !== undefined) how.counts.windows1252Rows += decoded;
}
