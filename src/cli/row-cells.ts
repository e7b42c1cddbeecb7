// Makes the cells of a row for the list's writer; what many rows have in common is made once for all of them.
import { AddressInBytes } from '../address/address-in-bytes.ts';
import type { DifferingCell, SharedCells } from '../list/shared-cells.ts';
import type { Reason, Verdict } from '../verdict.ts';
import { type AnnotatedRow, annotationOf, cellOf } from './annotation.ts';
import type { ColumnName } from './columns.ts';

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

/** The same for rows that have neither a suggestion nor an earlier row with their address, as most have not. */
const DIFFERING_AT_LEAST: typeof DIFFERING = new Map<ColumnName, CellMaker>([['address', addressOf]]);

const NONE: readonly DifferingCell[] = [];

/** What some rows share, and how each of them makes the rest. */
interface Family {
  readonly shared: SharedCells;
  readonly makers: readonly CellMaker[];
}

/**
 * Makes the cells of one run. Offline nearly every row has one of a few reasons and one of a few dozen sets of flags:
 * of nineteen cells a row one to three are then left to make, which is half of the time that such a run takes.
 */
export class RowCellsMaker {
  readonly #columns: readonly ColumnName[];
  readonly #share: (cells: readonly (string | null)[]) => SharedCells;
  /** By reason, then by the number of `traitsOf`. */
  readonly #families = new Map<Reason, Family[]>();
  /** Those of the last row's reason, which most often is the next row's. */
  #last: { readonly reason: Reason; readonly families: Family[] } | null = null;

  constructor(columns: readonly ColumnName[], share: (cells: readonly (string | null)[]) => SharedCells) {
    this.#columns = columns;
    this.#share = share;
  }

  cellsOf(row: AnnotatedRow): RowCells {
    if (!isFromTextAlone(row.verdict, row.now)) return { own: annotationOf(row, this.#columns), differing: NONE };
    const { shared, makers } = this.#familyOf(row);
    const differing: DifferingCell[] = [];
    for (const make of makers) differing.push(make(row));
    return { own: shared, differing };
  }

  #familyOf(row: AnnotatedRow): Family {
    const { reason } = row.verdict;
    if (this.#last?.reason !== reason) this.#last = { reason, families: this.#familiesOf(reason) };
    const { families } = this.#last;
    const traits = traitsOf(row);
    const known = families[traits];
    if (known !== undefined) return known;
    const made = this.#makeFamily(row);
    families[traits] = made;
    return made;
  }

  #familiesOf(reason: Reason): Family[] {
    const known = this.#families.get(reason);
    if (known !== undefined) return known;
    const made: Family[] = [];
    this.#families.set(reason, made);
    return made;
  }

  #makeFamily(row: AnnotatedRow): Family {
    const differing = differsAtLeast(row) ? DIFFERING_AT_LEAST : DIFFERING;
    const cells = this.#columns.map((column) => (differing.has(column) ? null : cellOf(row, column)));
    const makers = this.#columns.flatMap((column) => differing.get(column) ?? []);
    return { shared: this.#share(cells), makers };
  }
}

function differsAtLeast({ facts, duplicateOf }: AnnotatedRow): boolean {
  return duplicateOf === null && facts.domain !== null && facts.domain.typo === null;
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

/** A small number for everything the cells and the score take from the text, and for which cells differ. */
function traitsOf(row: AnnotatedRow): number {
  const { role, domain } = row.facts;
  if (domain === null) return 0;
  const flags = domain.flags + 8 * (role === null ? 0 : role === 'role' ? 1 : 2);
  return 1 + 2 * flags + (differsAtLeast(row) ? 1 : 0);
}
