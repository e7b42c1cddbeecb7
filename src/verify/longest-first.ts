// A binary max-heap of providers by how many addresses wait for them, so that the longest queue is always at hand.

/** What the heap sorts by; it may change while the item is inside, which costs order and nothing else. */
export interface Weighed {
  waiting: number;
}

export class LongestFirst<T extends Weighed> {
  readonly #heap: T[] = [];

  push(item: T): void {
    const heap = this.#heap;
    let child = heap.length;
    heap.push(item);
    while (child > 0) {
      const parent = (child - 1) >> 1;
      const above = heap[parent] as T;
      if (above.waiting >= item.waiting) break;
      heap[child] = above;
      child = parent;
    }
    heap[child] = item;
  }

  /** Takes the one with most waiting; undefined where the heap is empty. */
  pop(): T | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (top === undefined || last === undefined || heap.length === 0) return top;
    let parent = 0;
    for (;;) {
      let child = parent * 2 + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right !== undefined && right.waiting > (heap[child] as T).waiting) child += 1;
      if ((heap[child] as T).waiting <= last.waiting) break;
      heap[parent] = heap[child] as T;
      parent = child;
    }
    heap[parent] = last;
    return top;
  }
}
