// A binary max-heap by how many addresses wait, so that the longest queue is always at hand; equals take turns.

/** What the heap sorts by. Whoever changes `waiting` of an item inside says so with `moved`. */
export interface Weighed {
  waiting: number;
  /** Where it stands, kept by the heap; OUTSIDE of it. */
  place: number;
  /** When it came in, kept by the heap: of two alike the one that has waited longer comes first. */
  turn: number;
}

/** The place of what is in no heap. An item may be in one at a time. */
export const OUTSIDE = -1;

export class LongestFirst<T extends Weighed> {
  readonly #heap: T[] = [];
  #turns = 0;

  /** The one with most waiting; undefined where the heap is empty. */
  get first(): T | undefined {
    return this.#heap[0];
  }

  push(item: T): void {
    item.turn = this.#turns++;
    this.#rise(item, this.#heap.length);
  }

  /** Takes the one with most waiting; undefined where the heap is empty. */
  pop(): T | undefined {
    const top = this.#heap[0];
    const last = this.#heap.pop();
    if (top === undefined || last === undefined) return undefined;
    top.place = OUTSIDE;
    if (last !== top) this.#sink(last, 0);
    return top;
  }

  /** Puts an item inside back in order after its `waiting` has changed. */
  moved(item: T): void {
    const { place } = item;
    this.#rise(item, place);
    if (item.place === place) this.#sink(item, place);
  }

  #rise(item: T, from: number): void {
    let place = from;
    while (place > 0) {
      const above = this.#heap[(place - 1) >> 1] as T;
      if (!isBefore(item, above)) break;
      this.#put(above, place);
      place = (place - 1) >> 1;
    }
    this.#put(item, place);
  }

  #sink(item: T, from: number): void {
    let place = from;
    for (;;) {
      const child = this.#longerChildOf(place);
      if (child === undefined || !isBefore(child, item)) break;
      const next = child.place;
      this.#put(child, place);
      place = next;
    }
    this.#put(item, place);
  }

  #longerChildOf(place: number): T | undefined {
    const left = this.#heap[place * 2 + 1];
    const right = this.#heap[place * 2 + 2];
    if (left === undefined || right === undefined) return left;
    return isBefore(right, left) ? right : left;
  }

  #put(item: T, place: number): void {
    this.#heap[place] = item;
    item.place = place;
  }
}

function isBefore(one: Weighed, other: Weighed): boolean {
  return one.waiting > other.waiting || (one.waiting === other.waiting && one.turn < other.turn);
}
