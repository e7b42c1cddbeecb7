// Decides which column of a list holds the addresses, and says what the columns are where that cannot be told.
import { MailgateError } from '../errors.ts';
import { nameMatch } from './column-names.ts';

/** What is known of a list's columns: its header row, if any, and its first rows. */
export interface ColumnSample {
  readonly header: readonly string[] | null;
  readonly rows: readonly (readonly string[])[];
  /** What mailgate's own columns begin with; they are never the address column. */
  readonly prefix: string;
}

export interface ColumnOptions {
  /** What to call the list in messages. */
  readonly name: string;
  /** A name or a number from 1, as the person gave it. */
  readonly wanted?: string | undefined;
  /** Other settings that may be at fault where no column is found, each in a sentence. */
  readonly doubts?: readonly string[];
}

/**
 * The address column, counted from 0: the one asked for, else the one its name gives away, else the one whose cells look
 * like addresses. Of several good names content decides; where it cannot, nobody guesses.
 *
 * @throws MailgateError `input`, its message listing all columns
 */
export function findAddressColumn(sample: ColumnSample, options: ColumnOptions): number {
  if (options.wanted !== undefined) return wantedColumn(sample, { name: options.name, wanted: options.wanted });
  const columns = describeColumns(sample);
  const named = byName(columns);
  const contents = byContent(columns);
  const best = named.length > 0 ? named : contents;
  const [only, other] = best;
  if (only === undefined) {
    throw columnError(`${options.name} has no column of e-mail addresses`, sample, options.doubts ?? []);
  }
  if (other !== undefined) {
    const numbers = best.map(({ index }) => index + 1).join(' and ');
    throw columnError(
      `${options.name} has several columns of addresses (${numbers}), and which is meant cannot be told`,
      sample,
    );
  }
  // An empty column with the right name beside a full one with another: either may be meant.
  const [full] = contents;
  if (only.filled === 0 && full !== undefined && full !== only) {
    throw columnError(
      `${options.name}: column ${only.index + 1} has the right name but is empty, and column ${full.index + 1} holds addresses`,
      sample,
    );
  }
  return only.index;
}

/** True where the cell is an address, bare or as mail programs write it (`Ann <ann@example.com>`, `mailto:…`). */
export function looksLikeAddress(cell: string): boolean {
  if (cell.length > LONGEST_ADDRESS_CELL || !/[@＠]/.test(cell)) return false;
  const angled = /<([^<>]*)>\W*$/.exec(cell)?.[1] ?? cell;
  const bare = angled
    .trim()
    .replace(/^["'([<]*(?:mailto:)?/i, '')
    .replace(/["')\]>.,;]*$/, '');
  return ADDRESS.test(bare);
}

/** True where the row is one of data, faulty addresses included: no column name has an `@` behind a letter. */
export function holdsAddress(row: readonly string[]): boolean {
  return row.some((cell) => /\S[@＠]/.test(cell));
}

/** True where a cell of the row is the name the person gave. */
export function holdsName(row: readonly string[], wanted: string): boolean {
  return !/^\d+$/.test(wanted) && row.some((cell) => fold(cell) === fold(wanted));
}

const LONGEST_ADDRESS_CELL = 512;

/** Coarse on purpose: it tells columns apart and judges no address. */
const ADDRESS = /^[^\s@＠<>()[\],;:|]+[@＠][^\s@＠<>()[\],;:|"]+\.[^\s@＠<>()[\],;:|."]{2,}$/u;

interface ColumnFacts {
  readonly index: number;
  readonly name: string | null;
  readonly filled: number;
  readonly addresses: number;
}

function describeColumns(sample: ColumnSample): ColumnFacts[] {
  const width = Math.max(sample.header?.length ?? 0, ...sample.rows.map((row) => row.length));
  const facts = Array.from({ length: Math.min(width, MOST_COLUMNS) }, (_, index): ColumnFacts => {
    const cells = sample.rows.map((row) => row[index]?.trim() ?? '').filter((cell) => cell !== '');
    const name = sample.header?.[index] ?? null;
    return { index, name, filled: cells.length, addresses: cells.filter(looksLikeAddress).length };
  });
  return facts.filter(({ name }) => name === null || sample.prefix === '' || !name.trim().startsWith(sample.prefix));
}

/** More columns than any program exports (Excel has 16,384), so that a row of delimiters costs no time. */
const MOST_COLUMNS = 16_384;

/** The columns whose names fit best and whose content does not speak against them. */
function byName(columns: readonly ColumnFacts[]): ColumnFacts[] {
  for (const match of ['exact', 'contains'] as const) {
    const named = columns.filter(({ name }) => name !== null && nameMatch(name) === match);
    // Alone under an exact name, a column may hold nothing but faulty addresses: finding them is what we are for.
    const credible = named.filter(
      (column) => (match === 'exact' && contradictsNothing(column, columns)) || hasAddresses(column),
    );
    if (credible.length > 0) return leaders(credible);
  }
  return [];
}

/** The columns that hold addresses and little else. */
function byContent(columns: readonly ColumnFacts[]): ColumnFacts[] {
  return leaders(columns.filter(hasAddresses));
}

function hasAddresses({ filled, addresses }: ColumnFacts): boolean {
  return addresses > 0 && addresses >= filled * 0.5;
}

/** No address in it, and none in any other column either that would then be meant. */
function contradictsNothing(column: ColumnFacts, columns: readonly ColumnFacts[]): boolean {
  return column.addresses > 0 || column.filled === 0 || !columns.some(hasAddresses);
}

/** Those with the most addresses; one with less than a tenth of them (a second address few people have) is no rival. */
function leaders(columns: readonly ColumnFacts[]): ColumnFacts[] {
  const most = Math.max(0, ...columns.map(({ addresses }) => addresses));
  return columns.filter(({ addresses }) => most === 0 || addresses * 10 > most);
}

function wantedColumn(sample: ColumnSample, options: { name: string; wanted: string }): number {
  const { wanted, name } = options;
  const header = sample.header ?? [];
  for (const same of [(cell: string) => cell === wanted, (cell: string) => fold(cell) === fold(wanted)]) {
    const indexes = header.flatMap((cell, index) => (same(cell) ? [index] : []));
    if (indexes.length > 1) throw columnError(`${name} has ${indexes.length} columns called '${wanted}'`, sample);
    if (indexes[0] !== undefined) return indexes[0];
  }
  const width = Math.max(header.length, ...sample.rows.map((row) => row.length));
  if (/^\d+$/.test(wanted)) {
    const number = Number(wanted);
    if (number >= 1 && number <= width) return number - 1;
    throw columnError(`${name} has no column ${wanted}, only ${width}`, sample);
  }
  const why = sample.header === null ? ' (it has no header row: use a number)' : '';
  throw columnError(`${name} has no column called '${wanted}'${why}`, sample);
}

function fold(name: string): string {
  return name.trim().normalize('NFKC').toLowerCase();
}

/** How many columns an error lists, and how much of each name. */
const LISTED_COLUMNS = 60;
const LISTED_NAME_LENGTH = 40;

function columnError(message: string, sample: ColumnSample, doubts: readonly string[] = []): MailgateError {
  const names = sample.header ?? sample.rows[0] ?? [];
  const listed = names.slice(0, LISTED_COLUMNS).map((name, index) => `${index + 1} ${printable(name)}`);
  if (names.length > LISTED_COLUMNS) listed.push(`… ${names.length - LISTED_COLUMNS} more`);
  const what = sample.header === null ? 'Its first row' : 'Its columns';
  return new MailgateError('input', `${message}. ${what}: ${listed.join(', ')}`, {
    hint: ['Say which with --column NAME|N (N counts from 1).', ...doubts].join(' '),
  });
}

/** A stranger's text on somebody's terminal: one line, no control characters, not long. */
function printable(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  if (line === '') return '(empty)';
  return line.length > LISTED_NAME_LENGTH ? `${line.slice(0, LISTED_NAME_LENGTH)}…` : line;
}
