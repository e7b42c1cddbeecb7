// Decides from the first rows of a list what stands where: names, data, the address column and mailgate's own columns.
import { MailgateError } from '../errors.ts';
import { findAddressColumn, holdsAddress, holdsName } from './columns.ts';
import { commonest } from './delimiter.ts';

/** One of the first rows. */
export interface SampledRow {
  /** Null where the row is too long to look at. */
  readonly cells: readonly string[] | null;
  readonly isBlank: boolean;
  readonly lineEnd: string;
}

export interface Layout {
  /** The column names, or null where the first row is data already. */
  readonly header: readonly string[] | null;
  readonly headerLineEnd: string;
  /** Rows in front of the header that are none of the list's: `sep=;`, blank lines. */
  readonly preambleRows: number;
  /** Rows in front of the data. */
  readonly rowsBeforeData: number;
  /** Number of the first row of data, as a spreadsheet counts: it takes `sep=;` for no row. */
  readonly firstDataRow: number;
  /** How many columns the list has: those of the header, else those most rows have. */
  readonly width: number;
  /** Counted from 0. */
  readonly addressColumn: number;
  /** Columns written by an earlier run: their names without the prefix, and where they stand. */
  readonly ownColumns: ReadonlyMap<string, number>;
}

export interface LayoutOptions {
  readonly name: string;
  readonly column: string | undefined;
  readonly header: boolean | undefined;
  readonly prefix: string;
  /** True where the first row is Excel's `sep=;`. */
  readonly statesDelimiter: boolean;
  /** Settings that may be why no address column is found, each in a sentence. */
  readonly doubts: readonly string[];
}

/** @throws MailgateError `input` where there is nothing but blank lines, or the address column cannot be told */
export function findLayout(rows: readonly SampledRow[], options: LayoutOptions): Layout {
  const lead = options.statesDelimiter ? 1 : 0;
  const firstFilled = rows.findIndex((row, index) => index >= lead && !row.isBlank);
  const first = rows[firstFilled];
  if (first === undefined) throw new MailgateError('input', `${options.name} holds no rows, only blank lines`);
  const hasHeader = options.header ?? looksLikeHeader(first.cells ?? [], options.column);
  const header = hasHeader ? (first.cells ?? []) : null;
  const rowsBeforeData = hasHeader ? firstFilled + 1 : lead;
  const data = rows.slice(rowsBeforeData).flatMap(({ cells, isBlank }) => (cells === null || isBlank ? [] : [cells]));
  const addressColumn = findAddressColumn(
    { header, rows: data, prefix: options.prefix },
    { name: options.name, wanted: options.column, doubts: options.doubts },
  );
  return {
    header,
    headerLineEnd: first.lineEnd,
    preambleRows: hasHeader ? firstFilled : lead,
    rowsBeforeData,
    firstDataRow: rowsBeforeData + 1 - lead,
    width: header?.length ?? Math.max(addressColumn + 1, commonest(data.map((cells) => cells.length))),
    addressColumn,
    ownColumns: findOwnColumns(header ?? [], { prefix: options.prefix, addressColumn }),
  };
}

/** A row is taken for one of names unless it holds an address; one that holds the name asked for is one in any case. */
function looksLikeHeader(row: readonly string[], wanted: string | undefined): boolean {
  return (wanted !== undefined && holdsName(row, wanted)) || !holdsAddress(row);
}

/** The address column is the user's whatever it is called: with an empty prefix, `address` would be ours. */
function findOwnColumns(
  header: readonly string[],
  options: { prefix: string; addressColumn: number },
): ReadonlyMap<string, number> {
  const own = new Map<string, number>();
  for (const [index, cell] of header.entries()) {
    const name = cell.trim();
    if (index === options.addressColumn || !name.startsWith(options.prefix)) continue;
    const bare = name.slice(options.prefix.length);
    if (!own.has(bare)) own.set(bare, index);
  }
  return own;
}
