// Finds the right name for a mistyped one: an option, a key, a column, a status.

/** Beyond this a typed word is not worth comparing: no name is that long. */
const LONGEST = 64;

/**
 * The candidate most like `word`, or null where none is like it: one edit for each three letters (but at least one), where
 * an edit adds, drops or changes a letter or swaps two neighbours; or a candidate that `word` begins.
 */
export function nearest(word: string, candidates: readonly string[]): string | null {
  if (word.length === 0 || word.length > LONGEST) return null;
  const typed = folded(word);
  let best: string | null = null;
  let fewestEdits = Math.max(1, Math.round(letters(typed) / 3)) + 1;
  for (const candidate of candidates) {
    const edits = editsBetween(typed, folded(candidate));
    if (edits >= fewestEdits) continue;
    best = candidate;
    fewestEdits = edits;
  }
  return best ?? candidates.find((candidate) => letters(typed) >= 2 && folded(candidate).startsWith(typed)) ?? null;
}

/** " (did you mean X?)", or nothing where no candidate is near. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const near = nearest(word, candidates);
  return near === null ? '' : ` (did you mean ${near}?)`;
}

/** Capitals and the kind of dash are no difference anybody means. */
function folded(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}

/** How many letters can be mistyped: leading dashes are the same for all options. */
function letters(name: string): number {
  return name.replace(/^-+/, '').length;
}

/** Damerau-Levenshtein distance in its restricted form (optimal string alignment), row by row. */
function editsBetween(left: string, right: string): number {
  let twoAbove: number[] = [];
  let above = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const isSame = left[row - 1] === right[column - 1];
      let edits = Math.min(
        at(above, column) + 1,
        at(current, column - 1) + 1,
        at(above, column - 1) + (isSame ? 0 : 1),
      );
      const isSwap = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (isSwap && row > 1 && column > 1) edits = Math.min(edits, at(twoAbove, column - 2) + 1);
      current.push(edits);
    }
    twoAbove = above;
    above = current;
  }
  return at(above, right.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
