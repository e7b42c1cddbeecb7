// Unpacks gzip streams (RFC 1952) more forgivingly than zlib's own reader, which gives nothing of a file with junk behind it.
import { constants, createInflateRaw, type InflateRaw } from 'node:zlib';

/** What went wrong; the bytes given before still stand. */
export type GunzipFault = (detail: string) => void;

/**
 * The content of all members, one after another. A stream that breaks off yields what there is of it (whoever reads it sees
 * that its end is missing), bytes behind the last member are passed over (mailers add line ends), checksums are not compared.
 */
export async function* gunzip(
  source: AsyncIterable<Buffer> | Iterable<Buffer>,
  onFault: GunzipFault,
): AsyncGenerator<Buffer> {
  const input = new SliceReader(source);
  for (let isFirst = true; ; isFirst = false) {
    const header = await readHeader(input);
    if (header !== 'read') {
      if (isFirst || header === 'broken') onFault('no gzip header');
      return;
    }
    const member = new Member();
    let isComplete = false;
    for (
      let slice = await input.next();
      slice !== null && !isComplete;
      slice = isComplete ? null : await input.next()
    ) {
      const output = await member.take(slice);
      yield* output.pieces;
      if (output.fault !== null) onFault(output.fault);
      if (output.fault !== null) return;
      isComplete = output.rest !== null;
      if (output.rest !== null) input.putBack(output.rest);
    }
    member.close();
    if (!isComplete) return;
    await input.take(TRAILER_BYTES);
  }
}

/** CRC-32 and length. */
const TRAILER_BYTES = 8;

/** 16 kB inflate to 16 MB at most, so that a bomb fills no memory before its bytes are counted. */
const SLICE_BYTES = 16 * 1024;

/** Hands out a stream in small slices, and takes some back. */
class SliceReader {
  readonly #chunks: AsyncIterator<Buffer> | Iterator<Buffer>;
  /** What was put back, the next last. Never joined: that would cost the square of a crafted header's length. */
  readonly #back: Buffer[] = [];

  constructor(source: AsyncIterable<Buffer> | Iterable<Buffer>) {
    this.#chunks = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  }

  /** Some bytes, or null at the end. */
  async next(): Promise<Buffer | null> {
    for (;;) {
      const piece = this.#back.pop() ?? (await this.#nextChunk());
      if (piece === null) return null;
      if (piece.length > SLICE_BYTES) this.#back.push(piece.subarray(SLICE_BYTES));
      if (piece.length > 0) return piece.subarray(0, SLICE_BYTES);
    }
  }

  /** Exactly `length` bytes, or fewer at the end. */
  async take(length: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for (let missing = length; missing > 0; ) {
      const slice = await this.next();
      if (slice === null) break;
      pieces.push(slice.subarray(0, missing));
      this.putBack(slice.subarray(missing));
      missing -= Math.min(missing, slice.length);
    }
    return Buffer.concat(pieces);
  }

  putBack(bytes: Buffer): void {
    if (bytes.length > 0) this.#back.push(bytes);
  }

  async #nextChunk(): Promise<Buffer | null> {
    const next = await this.#chunks.next();
    return next.done === true ? null : next.value;
  }
}

const FLAG_HEADER_CRC = 2;
const FLAG_EXTRA = 4;
const FLAG_NAME = 8;
const FLAG_COMMENT = 16;
const MOST_TEXT_BYTES = 4096;

/** Passes over one header; `none` where something else stands there. */
async function readHeader(input: SliceReader): Promise<'read' | 'none' | 'broken'> {
  const fixed = await input.take(10);
  const flags = fixed[3] ?? 0;
  if (fixed[0] !== 0x1f || fixed[1] !== 0x8b) return 'none';
  if (fixed.length < 10 || fixed[2] !== 8) return 'broken';
  if ((flags & FLAG_EXTRA) !== 0) {
    const length = await input.take(2);
    await input.take((length[0] ?? 0) + 256 * (length[1] ?? 0));
  }
  for (const flag of [FLAG_NAME, FLAG_COMMENT]) {
    if ((flags & flag) !== 0 && !(await passText(input))) return 'broken';
  }
  if ((flags & FLAG_HEADER_CRC) !== 0) await input.take(2);
  return 'read';
}

/** A name or comment ends with a zero byte. */
async function passText(input: SliceReader): Promise<boolean> {
  for (let length = 0; length < MOST_TEXT_BYTES; ) {
    const slice = await input.next();
    if (slice === null) return false;
    const end = slice.indexOf(0);
    if (end !== -1) {
      input.putBack(slice.subarray(end + 1));
      return length + end < MOST_TEXT_BYTES;
    }
    length += slice.length;
  }
  return false;
}

interface MemberOutput {
  readonly pieces: readonly Buffer[];
  /** What stands behind the end of the member, or null while it goes on. */
  readonly rest: Buffer | null;
  readonly fault: string | null;
}

/** One deflate stream. */
class Member {
  readonly #inflate: InflateRaw = createInflateRaw({ finishFlush: constants.Z_SYNC_FLUSH });
  #pieces: Buffer[] = [];
  #fault: string | null = null;
  #given = 0;

  constructor() {
    this.#inflate.on('data', (piece: Buffer) => this.#pieces.push(piece));
    this.#inflate.on('error', (error) => {
      this.#fault = error.message;
    });
  }

  async take(slice: Buffer): Promise<MemberOutput> {
    await new Promise<void>((resolve) => {
      this.#inflate.once('close', resolve); // after a fault the write is not called back
      this.#inflate.write(slice, () => {
        this.#inflate.off('close', resolve);
        resolve();
      });
    });
    while (this.#inflate.read() !== null); // what would be handed over in a later turn, as 'data' as well
    this.#given += slice.length;
    const unused = this.#given - this.#inflate.bytesWritten;
    const pieces = this.#pieces;
    this.#pieces = [];
    const isAtEnd = unused > 0 && this.#fault === null;
    return { pieces, rest: isAtEnd ? slice.subarray(slice.length - unused) : null, fault: this.#fault };
  }

  close(): void {
    this.#inflate.destroy();
  }
}
