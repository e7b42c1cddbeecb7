// Makes the cells of a row for the list's writer; what many rows have in common is made once for all of them.
import { AddressInBytes } from '../address/address-in-bytes.ts';
import type { DifferingCell, SharedCells } from '../list/shared-cells.ts';
import type { Reason, Verdict } from '../verdict.ts';
import { type AnnotatedRow, annotationOf, cellOf } from './annotation.ts';
import type { ColumnName } from './columns.ts';
import type { RowFacts } from './row-facts.ts';

/** As the list's writer takes them. */
export interface RowCells {
  readonly own: readonly string[] | SharedCells;
  /** Those that the shared cells leave out. */
  readonly differing: readonly DifferingCell[];
}

type CellMaker = (row: AnnotatedRow) => DifferingCell;

/** All that differs between two rows whose verdicts have the same reason and whose flags are the same. */
const DIFFERING: ReadonlyMap<ColumnName, CellMaker> = new Map<ColumnName, CellMaker>([
  ['address', addressOf],
  ['suggestion', (row) => cellOf(row, 'suggestion')],
  ['duplicate_of', (row) => cellOf(row, 'duplicate_of')],
]);

const NONE: readonly DifferingCell[] = [];

/**
 * Makes the cells of one run. Offline nearly every row has one of a few reasons and one of a few dozen sets of flags:
 * nineteen cells a row then come down to three, which is half of the time that such a run takes.
 */
export class RowCellsMaker {
  readonly #columns: readonly ColumnName[];
  readonly #differing: readonly CellMaker[];
  readonly #share: (cells: readonly (string | null)[]) => SharedCells;
  /** By reason, then by the number of `flagsOf`. */
  readonly #shared = new Map<Reason, SharedCells[]>();
  /** Those of the last row's reason, which most often is the next row's. */
  #last: { readonly reason: Reason; readonly shared: SharedCells[] } | null = null;

  constructor(columns: readonly ColumnName[], share: (cells: readonly (string | null)[]) => SharedCells) {
    this.#columns = columns;
    this.#differing = columns.flatMap((column) => DIFFERING.get(column) ?? []);
    this.#share = share;
  }

  cellsOf(row: AnnotatedRow): RowCells {
    if (!isFromTextAlone(row.verdict, row.now)) return { own: annotationOf(row, this.#columns), differing: NONE };
    return { own: this.#sharedOf(row), differing: this.#differingOf(row) };
  }

  #differingOf(row: AnnotatedRow): DifferingCell[] {
    const cells: DifferingCell[] = [];
    for (const make of this.#differing) cells.push(make(row));
    return cells;
  }

  #sharedOf(row: AnnotatedRow): SharedCells {
    const { reason } = row.verdict;
    if (this.#last?.reason !== reason) this.#last = { reason, shared: this.#sharedFor(reason) };
    const { shared } = this.#last;
    const flags = flagsOf(row.facts);
    const known = shared[flags];
    if (known !== undefined) return known;
    const cells = annotationOf(row, this.#columns);
    const made = this.#share(
      cells.map((cell, index) => (DIFFERING.has(this.#columns[index] as ColumnName) ? null : cell)),
    );
    shared[flags] = made;
    return made;
  }

  #sharedFor(reason: Reason): SharedCells[] {
    const known = this.#shared.get(reason);
    if (known !== undefined) return known;
    const made: SharedCells[] = [];
    this.#shared.set(reason, made);
    return made;
  }
}

/** Copied from the row where it stands there just so. */
function addressOf(row: AnnotatedRow): DifferingCell {
  const { screening } = row.facts;
  return screening instanceof AddressInBytes && screening.isAsTyped ? screening : cellOf(row, 'address');
}

/** Such verdicts differ in nothing but their reason: nobody was asked, and all were made at the time of the run. */
function isFromTextAlone(verdict: Verdict, now: number): boolean {
  return (
    (verdict.stage === 'list' || verdict.stage === 'syntax') && verdict.source === 'live' && verdict.checkedAt === now
  );
}

/** A small number for everything the cells and the score take from the text, but for the address itself. */
function flagsOf({ role, domain }: RowFacts): number {
  if (domain === null) return 0;
  return 1 + domain.flags + 8 * (role === null ? 0 : role === 'role' ? 1 : 2);
}
