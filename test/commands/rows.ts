// Reads what mailgate wrote, with the same parser everybody has, and lists that tests clean.
import { parse } from 'csv-parse/sync';

export type Row = Readonly<Record<string, string>>;

/** The rows of a CSV text by the names in its header; rows may be ragged. */
export function rowsOf(csv: string, options: { readonly delimiter?: string } = {}): Row[] {
  return parse(csv, { columns: true, relax_column_count: true, bom: true, ...options }) as Row[];
}

/** Every row of a CSV text as its cells, the header included. */
export function cellsOf(csv: string): string[][] {
  return parse(csv, { relax_column_count: true, bom: true }) as string[][];
}

/** A list with one column `email`. */
export function listOf(addresses: readonly string[]): string {
  return ['email', ...addresses, ''].join('\n');
}

/** The values of one own column. */
export function column(csv: string, name: string): (string | undefined)[] {
  return rowsOf(csv).map((row) => row[`mailgate_${name}`]);
}

/** The objects of a text with one JSON object per line. */
export function objectsOf(lines: string): JsonObject[] {
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as JsonObject);
}

/** An object of which every field may be looked into: what is not there is undefined, and fails the comparison. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A field of an object within an object, however deep. */
export function within(object: JsonObject | undefined, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) => (value as JsonObject | undefined)?.[name], object);
}
