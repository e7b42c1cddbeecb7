// Remembers which dedupe keys were seen, and in which row first, in a few bytes a key.
import type { RandomSource } from '../clock.ts';

// Above this the probe sequences of linear probing grow long; below it memory is wasted.
const MAX_LOAD = 0.8;
const SMALLEST_CAPACITY = 1 << 12;
/** Room for more keys than expected, whose number was guessed from the first rows: growing late is dear. */
const SPARE = 1.05;

/** A key of ASCII that still stands in bytes, in any case: it is hashed as its lower-case text would be. */
export interface KeyInBytes {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
}

/** Numbers in a slot: both halves of the hash and the row, side by side because fetching a slot is what takes time. */
const SLOT = 3;

/**
 * A hash table from dedupe key to the first row that had it. It keeps no text: 64 bits of a hash seeded per run stand
 * for a key, so that ten million addresses take about 160 MB where a Set takes 1.8 GB (and ends at 2^24 entries).
 * The chance that any two of ten million different addresses share 64 bits is 3 in a million.
 */
export class KeyTable {
  /** Low half of the hash, high half, first row; a row of 0 marks a free slot, so rows are numbered from 1. */
  #slots: Int32Array;
  #capacity: number;
  #size = 0;
  readonly #seed: number;
  // The two halves of the last hash, kept in fields so that hashing allocates nothing.
  #hashLow = 0;
  #hashHigh = 0;
  /** The hashes of one batch, two numbers a key. */
  #hashes = new Int32Array(0);

  /** `expected` is the number of keys to make room for at once; growing later is possible but doubles memory for a moment. */
  constructor(options: { expected: number; random: RandomSource }) {
    // No power of two: with those, the list of one row more would be the one that takes twice the memory.
    this.#capacity = Math.max(SMALLEST_CAPACITY, Math.ceil((options.expected * SPARE) / MAX_LOAD));
    this.#slots = new Int32Array(this.#capacity * SLOT);
    this.#seed = Math.floor(options.random() * 2 ** 32) | 0;
  }

  /** How many different keys were seen. */
  get size(): number {
    return this.#size;
  }

  /** The first row that had this key; remembers `row` (1 to 2^32-1) and returns it where the key is new. */
  firstRowOf(key: string | KeyInBytes, row: number): number {
    this.#hash(key);
    return this.#findOrAdd(this.#hashLow, this.#hashHigh, row);
  }

  /**
   * `firstRowOf` for rows that follow each other: `keys[i]` stands in row `row + i`; null for a row without a key, which
   * gets a 0. Nearly twice as fast as one by one where the table is larger than the processor's cache.
   */
  firstRowsOf(keys: readonly (string | KeyInBytes | null)[], row: number): Uint32Array {
    const found = new Uint32Array(keys.length);
    this.#hashAll(keys);
    this.#touchSlots(keys.length);
    for (let i = 0; i < keys.length; i += 1) {
      if (keys[i] === null) continue;
      found[i] = this.#findOrAdd(this.#hashes[2 * i] as number, this.#hashes[2 * i + 1] as number, row + i);
    }
    return found;
  }

  #hashAll(keys: readonly (string | KeyInBytes | null)[]): void {
    if (this.#hashes.length < 2 * keys.length) this.#hashes = new Int32Array(2 * keys.length);
    for (let i = 0; i < keys.length; i += 1) {
      const key = keys[i];
      if (key === null || key === undefined) continue;
      this.#hash(key);
      this.#hashes[2 * i] = this.#hashLow;
      this.#hashes[2 * i + 1] = this.#hashHigh;
    }
  }

  /** Reads each key's slot; no read waits for another, so that the memory brings many at a time. */
  #touchSlots(keys: number): void {
    const hashes = this.#hashes;
    const slots = this.#slots;
    let touched = 0;
    for (let i = 0; i < keys; i += 1) {
      touched ^= slots[slotOf(hashes[2 * i] as number, this.#capacity) * SLOT] as number;
    }
    this.#hashLow = touched; // kept, so that no compiler leaves the reading out
  }

  #findOrAdd(low: number, high: number, row: number): number {
    const slots = this.#slots;
    const capacity = this.#capacity;
    let slot = slotOf(low, capacity);
    for (;;) {
      const at = slot * SLOT;
      const seen = slots[at + 2] as number;
      if (seen === 0) break;
      if (slots[at] === low && slots[at + 1] === high) return seen >>> 0;
      slot = slot + 1 === capacity ? 0 : slot + 1;
    }
    slots[slot * SLOT] = low;
    slots[slot * SLOT + 1] = high;
    slots[slot * SLOT + 2] = row;
    this.#size += 1;
    if (this.#size > capacity * MAX_LOAD) this.#grow();
    return row;
  }

  #hash(key: string | KeyInBytes): void {
    if (typeof key === 'string') this.#hashText(key);
    else this.#hashBytes(key);
  }

  // Two multiply-rotate lanes with different constants (the finaliser is MurmurHash3's, public domain). Written out for
  // texts and for bytes, since a call for each character would take more time than the rest.
  #hashText(key: string): void {
    let a = this.#seed;
    let b = this.#seed ^ 0x9e3779b9;
    for (let i = 0; i < key.length; i += 1) {
      const unit = key.charCodeAt(i);
      a = Math.imul(a ^ unit, 0x85ebca6b);
      a ^= a >>> 15;
      b = Math.imul(b + unit, 0xc2b2ae35);
      b = (b << 13) | (b >>> 19);
    }
    this.#finishHash(a, b, key.length);
  }

  #hashBytes({ bytes, from, to }: KeyInBytes): void {
    let a = this.#seed;
    let b = this.#seed ^ 0x9e3779b9;
    for (let at = from; at < to; at += 1) {
      const unit = LOWER_CASE[bytes[at] as number] as number;
      a = Math.imul(a ^ unit, 0x85ebca6b);
      a ^= a >>> 15;
      b = Math.imul(b + unit, 0xc2b2ae35);
      b = (b << 13) | (b >>> 19);
    }
    this.#finishHash(a, b, to - from);
  }

  #finishHash(a: number, b: number, length: number): void {
    this.#hashLow = finalMix(a ^ length);
    this.#hashHigh = finalMix(b + Math.imul(a, 0x27d4eb2f));
  }

  #grow(): void {
    const old = this.#slots;
    const capacity = this.#capacity * 2;
    const grown = new Int32Array(capacity * SLOT);
    for (let at = 0; at < old.length; at += SLOT) {
      if (old[at + 2] === 0) continue;
      let slot = slotOf(old[at] as number, capacity);
      while (grown[slot * SLOT + 2] !== 0) slot = slot + 1 === capacity ? 0 : slot + 1;
      for (let part = 0; part < SLOT; part += 1) grown[slot * SLOT + part] = old[at + part] as number;
    }
    this.#slots = grown;
    this.#capacity = capacity;
  }
}

/** Spreads the 32 bits of a hash over the slots. */
function slotOf(hash: number, capacity: number): number {
  return Math.floor(((hash >>> 0) / 2 ** 32) * capacity);
}

function finalMix(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** Every byte, ASCII capitals made small. */
const LOWER_CASE = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte));
