// Opens the CSV of a suppression list or a delivery log, and hands out its rows with the cell that names somebody.
import { tmpdir } from 'node:os';
import { MailgateError } from '../errors.ts';
import { type List, openList } from '../list/reader.ts';
import { spoolToFile } from '../list/spool.ts';
import type { SuppressSession } from './suppress-session.ts';
import { hashSubject } from './suppress-subjects.ts';
import { plainWord } from './suppress-words.ts';

export interface RowSource {
  /** A file, or `-` for standard input. */
  readonly input: string;
  readonly column: string | undefined;
  readonly delimiter: string | undefined;
  readonly encoding: string | undefined;
  readonly header: boolean;
}

/** A row whose cells go by the names of their columns, as `plainWord` writes them. */
export interface NamedRow {
  /** As people count, the header being row 1. */
  readonly row: number;
  /** The cell of the address or hash. */
  readonly subject: string;
  readonly cells: readonly string[];
  /** The text of the cell under that name, trimmed; empty where there is none. */
  readonly cell: (name: string) => string;
}

export interface OpenedRows {
  readonly name: string;
  /** Null where the list has no column names. */
  readonly columns: ReadonlySet<string> | null;
  /** Rows that are not blank. */
  rows(): AsyncGenerator<NamedRow>;
  close(): Promise<void>;
}

/**
 * Opens the list. `keyColumnOf` names the column that tells whom a row is about, by the columns there are, or null to have
 * it found; what it throws is thrown.
 */
export async function openRows(
  session: SuppressSession,
  source: RowSource,
  keyColumnOf: (columns: ReadonlySet<string>, name: string) => string | null,
): Promise<OpenedRows> {
  const spooled = source.input === '-' ? await spoolToFile(session.invocation.stdin, tmpdir()) : null;
  const file =
    spooled === null
      ? { path: session.pathOf(source.input), name: source.input }
      : { path: spooled.path, name: 'standard input' };
  try {
    const list = await openWithKey(file, source, keyColumnOf);
    return {
      name: file.name,
      columns: columnsOf(list),
      rows: () => namedRows(list),
      close: async () => {
        await list.close();
        await spooled?.dispose();
      },
    };
  } catch (error) {
    await spooled?.dispose();
    throw error;
  }
}

type ListFile = { readonly path: string; readonly name: string };

/** The column names decide which column names somebody, so the list is opened first for those alone. */
async function openWithKey(
  file: ListFile,
  source: RowSource,
  keyColumnOf: (columns: ReadonlySet<string>, name: string) => string | null,
): Promise<List> {
  const { delimiter, encoding } = source;
  const open = (column: string | undefined, header: boolean | undefined): Promise<List> =>
    openList(file, { column, delimiter, encoding, header, prefix: 'mailgate_' });
  const first = await open('1', source.header ? undefined : false);
  const { header: names } = first;
  await first.close();
  // A list of hashes has no "@" by which a first row of data would be told from one of names.
  const hasNames = names !== null && !names.some((name) => hashSubject(name) !== null);
  if (source.column !== undefined) return open(source.column, hasNames ? undefined : false);
  const key = hasNames ? keyColumnOf(new Set(names.map(plainWord)), file.name) : null;
  if (key !== null && names !== null) return open(String(names.map(plainWord).indexOf(key) + 1), true);
  try {
    return await open(undefined, hasNames ? undefined : false);
  } catch (error) {
    if (!(error instanceof MailgateError) || error.kind !== 'input') throw error;
    const hashes = await hashColumn(() => open('1', hasNames));
    if (hashes === null) throw error;
    return open(String(hashes + 1), hasNames);
  }
}

/** The column whose cells are hashes of addresses, in the first rows; null where there is none. */
async function hashColumn(open: () => Promise<List>): Promise<number | null> {
  const list = await open();
  try {
    for await (const batch of list.batches()) {
      for (let index = 0; index < Math.min(batch.rowCount, LOOKED_AT_ROWS); index += 1) {
        const column = batch.cells(index).findIndex((cell) => hashSubject(cell) !== null);
        if (column >= 0) return column;
      }
      break;
    }
    return null;
  } finally {
    await list.close();
  }
}

const LOOKED_AT_ROWS = 100;

function columnsOf({ header }: List): ReadonlySet<string> | null {
  return header === null ? null : new Set(header.map(plainWord));
}

async function* namedRows(list: List): AsyncGenerator<NamedRow> {
  const places = new Map<string, number>();
  for (const [index, name] of (list.header ?? []).entries()) {
    const plain = plainWord(name);
    if (!places.has(plain)) places.set(plain, index);
  }
  for await (const batch of list.batches()) {
    for (let index = 0; index < batch.rowCount; index += 1) {
      if (batch.isBlank(index)) continue;
      const cells = batch.cells(index);
      const cell = (name: string): string => cells[places.get(name) ?? -1]?.trim() ?? '';
      yield { row: batch.firstRow + index, subject: cells[list.addressColumn] ?? '', cells, cell };
    }
  }
  await list.checkUnchanged();
}
