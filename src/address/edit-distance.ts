// Counts the slips between two words: letters left out, added, exchanged, or swapped with their neighbour.

/**
 * Damerau-Levenshtein distance with adjacent swaps (optimal string alignment), or `limit + 1` as soon as it is certain
 * to be more than `limit`. Time is the product of the lengths at most, and nothing where they differ by more than `limit`.
 */
export function editDistance(left: string, right: string, limit: number): number {
  const tooFar = limit + 1;
  if (Math.abs(left.length - right.length) > limit) return tooFar;
  let twoBack: number[] = [];
  let previous = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    let smallest = row;
    for (let column = 1; column <= right.length; column++) {
      const same = left.charCodeAt(row - 1) === right.charCodeAt(column - 1);
      let cost = Math.min(
        at(previous, column) + 1,
        at(current, column - 1) + 1,
        at(previous, column - 1) + (same ? 0 : 1),
      );
      if (isSwap(left, right, row, column)) cost = Math.min(cost, at(twoBack, column - 2) + 1);
      current.push(cost);
      smallest = Math.min(smallest, cost);
    }
    if (smallest > limit) return tooFar;
    twoBack = previous;
    previous = current;
  }
  return Math.min(at(previous, right.length), tooFar);
}

function at(costs: readonly number[], index: number): number {
  return costs[index] ?? Number.POSITIVE_INFINITY;
}

function isSwap(left: string, right: string, row: number, column: number): boolean {
  if (row < 2 || column < 2) return false;
  return (
    left.charCodeAt(row - 1) === right.charCodeAt(column - 2) &&
    left.charCodeAt(row - 2) === right.charCodeAt(column - 1)
  );
}
