// Builds and damages byte strings: what all fuzz properties make their cases of.
import fc from 'fast-check';

/** One damage done to a byte string. */
export type Damage =
  | { readonly how: 'set'; readonly at: number; readonly bytes: readonly number[] }
  | { readonly how: 'insert'; readonly at: number; readonly bytes: readonly number[] }
  | { readonly how: 'cut'; readonly at: number; readonly length: number }
  | { readonly how: 'repeat'; readonly at: number; readonly length: number; readonly times: number }
  | { readonly how: 'end'; readonly at: number };

const places = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const someBytes = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 4 });

/** Damages at places given as shares of the length, so that they fit any string. */
export const damages: fc.Arbitrary<readonly Damage[]> = fc.array(
  fc.oneof(
    fc.record({ how: fc.constant('set' as const), at: places, bytes: someBytes }),
    fc.record({ how: fc.constant('insert' as const), at: places, bytes: someBytes }),
    fc.record({ how: fc.constant('cut' as const), at: places, length: fc.integer({ min: 1, max: 16 }) }),
    fc.record({
      how: fc.constant('repeat' as const),
      at: places,
      length: fc.integer({ min: 1, max: 24 }),
      times: fc.integer({ min: 2, max: 40 }),
    }),
    fc.record({ how: fc.constant('end' as const), at: places }),
  ),
  { maxLength: 4 },
);

export function damaged(bytes: Buffer, list: readonly Damage[]): Buffer {
  return list.reduce((before, damage) => damagedOnce(before, damage), bytes);
}

function damagedOnce(bytes: Buffer, damage: Damage): Buffer {
  const at = Math.floor(damage.at * bytes.length);
  const front = bytes.subarray(0, at);
  switch (damage.how) {
    case 'set': {
      const copy = Buffer.from(bytes);
      copy.set(damage.bytes.slice(0, bytes.length - at), at);
      return copy;
    }
    case 'insert':
      return Buffer.concat([front, Buffer.from(damage.bytes), bytes.subarray(at)]);
    case 'cut':
      return Buffer.concat([front, bytes.subarray(at + damage.length)]);
    case 'repeat': {
      const part = bytes.subarray(at, at + damage.length);
      const parts = Array.from({ length: damage.times }, () => part);
      return Buffer.concat([front, ...parts, bytes.subarray(at + damage.length)]);
    }
    case 'end':
      return front;
  }
}

/** The same bytes in pieces, cut at the given shares of the length; no piece shares its memory with another. */
export function inPieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const ends = [...cuts.map((cut) => Math.floor(cut * bytes.length)), bytes.length].sort((a, b) => a - b);
  let from = 0;
  return ends.map((end) => {
    const piece = Buffer.from(bytes.subarray(from, end));
    from = end;
    return piece;
  });
}

/** Where to cut: nowhere, in a few places, or in many. */
export const cuts: fc.Arbitrary<readonly number[]> = fc.oneof(
  fc.array(places, { maxLength: 3 }),
  fc.array(places, { minLength: 8, maxLength: 60 }),
);

/** A string of Latin-1 characters, each standing for a byte, of the given fragments and of bytes at random. */
export function byteStrings(
  fragments: readonly string[],
  options: { readonly maxLength: number },
): fc.Arbitrary<Buffer> {
  const noise = fc.uint8Array({ minLength: 1, maxLength: 6 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
  const piece = fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...fragments) }, { weight: 1, arbitrary: noise });
  const pieces = fc.array(piece, { maxLength: options.maxLength });
  return pieces.map((parts) => Buffer.from(parts.join(''), 'latin1'));
}
