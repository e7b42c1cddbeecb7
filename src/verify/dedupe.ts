// Remembers which dedupe keys were seen, and in which row first, in a few bytes a key.
import type { RandomSource } from '../clock.ts';

// Above this the probe sequences of linear probing grow long; below it memory is wasted.
const MAX_LOAD = 0.7;
const SMALLEST_CAPACITY = 1 << 12;

/**
 * A hash table from dedupe key to the first row that had it. It keeps no text: 64 bits of a hash seeded per run stand
 * for a key, so that ten million addresses take about 200 MB where a Set takes 1.8 GB (and ends at 2^24 entries).
 * The chance that any two of ten million different addresses share 64 bits is 3 in a million.
 */
export class KeyTable {
  #low: Int32Array;
  #high: Int32Array;
  /** First row of each key; 0 marks a free slot, so rows are numbered from 1. */
  #rows: Uint32Array;
  #mask: number;
  #size = 0;
  readonly #seed: number;
  // The two halves of the last hash, kept in fields so that hashing allocates nothing.
  #hashLow = 0;
  #hashHigh = 0;

  /** `expected` is the number of keys to make room for at once; growing later is possible but doubles memory for a moment. */
  constructor(options: { expected: number; random: RandomSource }) {
    let capacity = SMALLEST_CAPACITY;
    while (capacity * MAX_LOAD < options.expected && capacity < 2 ** 30) capacity *= 2;
    this.#low = new Int32Array(capacity);
    this.#high = new Int32Array(capacity);
    this.#rows = new Uint32Array(capacity);
    this.#mask = capacity - 1;
    this.#seed = Math.floor(options.random() * 2 ** 32) | 0;
  }

  /** How many different keys were seen. */
  get size(): number {
    return this.#size;
  }

  /** The first row that had this key; remembers `row` (1 to 2^32-1) and returns it where the key is new. */
  firstRowOf(key: string, row: number): number {
    this.#hash(key);
    const low = this.#hashLow;
    const high = this.#hashHigh;
    let slot = low & this.#mask;
    for (;;) {
      const seen = this.#rows[slot] as number;
      if (seen === 0) break;
      if (this.#low[slot] === low && this.#high[slot] === high) return seen;
      slot = (slot + 1) & this.#mask;
    }
    this.#low[slot] = low;
    this.#high[slot] = high;
    this.#rows[slot] = row;
    this.#size += 1;
    if (this.#size > (this.#mask + 1) * MAX_LOAD) this.#grow();
    return row;
  }

  // Two multiply-rotate lanes with different constants (the finaliser is MurmurHash3's, public domain).
  #hash(key: string): void {
    let a = this.#seed;
    let b = this.#seed ^ 0x9e3779b9;
    for (let i = 0; i < key.length; i += 1) {
      const unit = key.charCodeAt(i);
      a = Math.imul(a ^ unit, 0x85ebca6b);
      a ^= a >>> 15;
      b = Math.imul(b + unit, 0xc2b2ae35);
      b = (b << 13) | (b >>> 19);
    }
    this.#hashLow = finalMix(a ^ key.length);
    this.#hashHigh = finalMix(b + Math.imul(a, 0x27d4eb2f));
  }

  #grow(): void {
    const { length } = this.#rows;
    const low = new Int32Array(length * 2);
    const high = new Int32Array(length * 2);
    const rows = new Uint32Array(length * 2);
    const mask = length * 2 - 1;
    for (let old = 0; old < length; old += 1) {
      if (this.#rows[old] === 0) continue;
      let slot = (this.#low[old] as number) & mask;
      while (rows[slot] !== 0) slot = (slot + 1) & mask;
      low[slot] = this.#low[old] as number;
      high[slot] = this.#high[old] as number;
      rows[slot] = this.#rows[old] as number;
    }
    this.#low = low;
    this.#high = high;
    this.#rows = rows;
    this.#mask = mask;
  }
}

function finalMix(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
