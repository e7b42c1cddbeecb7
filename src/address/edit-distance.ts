// Counts the slips between two words: letters left out, added, exchanged, or swapped with their neighbour.

/**
 * Damerau-Levenshtein distance with adjacent swaps (optimal string alignment), or `limit + 1` as soon as it is certain
 * to be more than `limit`. Words longer than LONGEST_WORD are too far from everything, which bounds time and memory.
 */
export function editDistance(left: string, right: string, limit: number): number {
  const tooFar = limit + 1;
  if (Math.abs(left.length - right.length) > limit) return tooFar;
  if (left.length > LONGEST_WORD || right.length > LONGEST_WORD) return tooFar;
  let [twoBack, previous, current] = rows;
  for (let column = 0; column <= right.length; column++) previous[column] = column;
  for (let row = 1; row <= left.length; row++) {
    if (fillRow({ left, right, row, twoBack, previous, current }) > limit) return tooFar;
    [twoBack, previous, current] = [previous, current, twoBack];
  }
  return Math.min(previous[right.length] as number, tooFar);
}

/** Which letters and digits a word holds, as bits; one slip changes two of them at most. */
export function lettersOf(word: string): number {
  let letters = 0;
  for (let index = 0; index < word.length; index++) letters |= 1 << (word.charCodeAt(index) & 31);
  return letters;
}

/** True where the letters alone show that two words are more than `limit` slips apart. */
export function lettersAreFar(left: number, right: number, limit: number): boolean {
  let different = left ^ right;
  let count = 0;
  for (; different !== 0; different &= different - 1) count += 1;
  return count > 2 * limit;
}

const LONGEST_WORD = 64;

// Kept between calls: a list has millions of domains, and each is compared with dozens.
const rows: [Uint8Array, Uint8Array, Uint8Array] = [
  new Uint8Array(LONGEST_WORD + 1),
  new Uint8Array(LONGEST_WORD + 1),
  new Uint8Array(LONGEST_WORD + 1),
];

interface RowInput {
  readonly left: string;
  readonly right: string;
  readonly row: number;
  readonly twoBack: Uint8Array;
  readonly previous: Uint8Array;
  readonly current: Uint8Array;
}

/** Fills one row of the table of distances between prefixes and returns the smallest distance in it. */
function fillRow({ left, right, row, twoBack, previous, current }: RowInput): number {
  const letter = left.charCodeAt(row - 1);
  const letterBefore = left.charCodeAt(row - 2);
  current[0] = row;
  let smallest = row;
  for (let column = 1; column <= right.length; column++) {
    const other = right.charCodeAt(column - 1);
    let cost = (previous[column - 1] as number) + (letter === other ? 0 : 1);
    cost = Math.min(cost, (previous[column] as number) + 1, (current[column - 1] as number) + 1);
    const swapped = row > 1 && column > 1 && letter === right.charCodeAt(column - 2) && letterBefore === other;
    if (swapped) cost = Math.min(cost, (twoBack[column - 2] as number) + 1);
    current[column] = cost;
    if (cost < smallest) smallest = cost;
  }
  return smallest;
}
