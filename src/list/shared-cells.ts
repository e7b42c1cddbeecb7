// Own cells that many rows share, made ready once to be copied behind each of them; a row adds only those that differ.
import { type CellInBytes, roomForCells, textOf, writeCellInBytes, writeOwnCell, writeOwnCells } from './own-cells.ts';

export interface SharedCells {
  /** One for each own column; null stands for a cell that differs from row to row. */
  readonly cells: readonly (string | null)[];
  /** The bytes around the cells that differ, delimiters included: one part more than there are of them. */
  readonly parts: readonly Buffer[];
  /** How many bytes the parts have together. */
  readonly byteLength: number;
}

/** A cell of one row, in the place of one that shared cells leave out. */
export type DifferingCell = string | CellInBytes;

/** `appended` are those of the cells that stand behind a row, where not all do. */
export function shareCells(
  cells: readonly (string | null)[],
  appended: readonly (string | null)[],
  delimiter: number,
): SharedCells {
  const parts: Buffer[] = [];
  let alike: string[] = [];
  for (const cell of appended) {
    if (cell === null) {
      // The delimiter in front of the cell that differs stands here, too.
      parts.push(encode(alike, delimiter, { delimiterBehind: true }));
      alike = [];
    } else {
      alike.push(cell);
    }
  }
  parts.push(encode(alike, delimiter, { delimiterBehind: false }));
  return { cells, parts, byteLength: parts.reduce((sum, part) => sum + part.length, 0) };
}

/** How many bytes they take at most. */
export function roomForShared({ byteLength }: SharedCells, differing: readonly DifferingCell[]): number {
  return byteLength + roomForCells(differing);
}

/** Writes them as they stand behind a row and returns where they end; the caller has made room. */
export function writeSharedCells(
  out: Buffer,
  from: number,
  own: { readonly shared: SharedCells; readonly differing: readonly DifferingCell[]; readonly delimiter: number },
): number {
  const { shared, differing, delimiter } = own;
  const { parts } = shared;
  if (differing.length !== parts.length - 1) {
    throw new TypeError(`${parts.length - 1} cells differ from row to row, but ${differing.length} are given`);
  }
  let at = writeBytes(out, from, parts[0] as Buffer);
  for (let index = 0; index < differing.length; index++) {
    const cell = differing[index] as DifferingCell;
    at = typeof cell === 'string' ? writeOwnCell(out, at, cell, delimiter) : writeCellInBytes(out, at, cell, delimiter);
    at = writeBytes(out, at, parts[index + 1] as Buffer);
  }
  return at;
}

/** All cells of one row. */
export function wholeCells({ cells }: SharedCells, differing: readonly DifferingCell[]): readonly string[] {
  let taken = 0;
  return cells.map((cell) => cell ?? textOf(differing[taken++] ?? ''));
}

function encode(cells: readonly string[], delimiter: number, options: { delimiterBehind: boolean }): Buffer {
  const out = Buffer.allocUnsafe(roomForCells(cells) + 1);
  let length = writeOwnCells(out, 0, cells, delimiter);
  if (options.delimiterBehind) out[length++] = delimiter;
  return Buffer.from(out.subarray(0, length)); // copied, so that no more is kept than was used
}

/** A call takes as long as a dozen bytes written one by one. */
function writeBytes(out: Buffer, from: number, bytes: Buffer): number {
  if (bytes.length > FEW_BYTES) out.set(bytes, from);
  else for (let index = 0; index < bytes.length; index++) out[from + index] = bytes[index] as number;
  return from + bytes.length;
}

const FEW_BYTES = 12;
