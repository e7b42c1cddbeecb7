// Cuts an mbox into its messages as it streams by: `From ` lines separate, `>From ` lines lose one sign (mboxrd).

/** One message of an mbox, or the place where one was left out because it is larger than allowed. */
export type MboxMessage =
  | { readonly status: 'message'; readonly number: number; readonly bytes: Buffer }
  | { readonly status: 'too_large'; readonly number: number; readonly size: number };

export interface MboxOptions {
  /** Larger messages are passed over without being kept. */
  readonly mostMessageBytes: number;
}

/**
 * The messages of an mbox with LF, CRLF or bare CR line ends. A separator is a line that begins with `From `, names a time
 * of day, and stands first or behind an empty line. Content-Length is not believed: it is wrong wherever line ends were
 * converted.
 */
export async function* splitMbox(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: MboxOptions,
): AsyncGenerator<MboxMessage> {
  const splitter = new MboxSplitter(options.mostMessageBytes);
  for await (const chunk of chunks) yield* splitter.take(chunk);
  yield* splitter.end();
}

const LF = 0x0a;
const CR = 0x0d;
/** Nobody's line is longer; what is, is taken in pieces, and only the first of them can be a separator. */
const MOST_LINE_BYTES = 1 << 20;

class MboxSplitter {
  readonly #mostBytes: number;
  #lineEnd = 0;
  #rest: Buffer = Buffer.alloc(0);
  #isAfterEmptyLine = true;
  #isMidLine = false;
  #number = 0;
  #pieces: Buffer[] = [];
  #size = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  *take(chunk: Uint8Array): Generator<MboxMessage> {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const data = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    if (this.#lineEnd === 0) this.#lineEnd = lineEndOf(data) ?? (data.length < MOST_LINE_BYTES ? 0 : LF);
    if (this.#lineEnd === 0) {
      this.#rest = Buffer.from(data);
      return;
    }
    let start = 0;
    let runStart = 0;
    for (let end = this.#endOfLine(data, start); end > 0; end = this.#endOfLine(data, start)) {
      if (this.#isSeparator(data, start, end)) {
        this.#keep(data.subarray(runStart, start));
        yield* this.#finish();
        this.#number += 1;
        runStart = end;
      } else if (!this.#isMidLine && isEscapedFrom(data, start, end)) {
        this.#keep(data.subarray(runStart, start));
        runStart = start + 1;
      }
      this.#isMidLine = data[end - 1] !== this.#lineEnd;
      this.#isAfterEmptyLine = !this.#isMidLine && isEmptyLine(data, start, end);
      start = end;
    }
    this.#keep(data.subarray(runStart, start));
    this.#rest = Buffer.from(data.subarray(start));
  }

  *end(): Generator<MboxMessage> {
    if (this.#lineEnd === 0) this.#lineEnd = LF;
    const { length } = this.#rest;
    if (this.#isSeparator(this.#rest, 0, length)) {
      yield* this.#finish();
      this.#number += 1;
    } else {
      this.#keep(this.#rest.subarray(!this.#isMidLine && isEscapedFrom(this.#rest, 0, length) ? 1 : 0));
    }
    yield* this.#finish();
  }

  /** The index behind the line that begins at `start`, or 0 where its end has not come yet. */
  #endOfLine(data: Buffer, start: number): number {
    const found = data.indexOf(this.#lineEnd, start);
    if (found !== -1 && found - start < MOST_LINE_BYTES) return found + 1;
    return data.length - start >= MOST_LINE_BYTES ? start + MOST_LINE_BYTES : 0;
  }

  #isSeparator(data: Buffer, start: number, end: number): boolean {
    if (this.#isMidLine || !this.#isAfterEmptyLine || end - start > MOST_SEPARATOR_BYTES) return false;
    if (data[start] !== 0x46 || data.toString('latin1', start, Math.min(end, start + 5)) !== 'From ') return false;
    return this.#number === 0 || TIME_OF_DAY.test(data.toString('latin1', start, end));
  }

  #keep(piece: Buffer): void {
    if (this.#number === 0 || piece.length === 0) return;
    this.#size += piece.length;
    if (this.#size > this.#mostBytes) this.#pieces = [];
    else this.#pieces.push(Buffer.from(piece)); // a copy: the rest of the chunk need not stay
  }

  *#finish(): Generator<MboxMessage> {
    if (this.#number > 0) {
      yield this.#size > this.#mostBytes
        ? { status: 'too_large', number: this.#number, size: this.#size }
        : { status: 'message', number: this.#number, bytes: withoutLastEmptyLine(Buffer.concat(this.#pieces)) };
    }
    this.#pieces = [];
    this.#size = 0;
  }
}

const MOST_SEPARATOR_BYTES = 1024;
/** "From a@example.com Tue Apr 30 02:09:16 2019": prose at the start of a line names no time of day. */
const TIME_OF_DAY = /\d:\d\d/;

/** Bare CR where the first line ends in one; CRLF counts as LF. Null where the first line has not ended yet. */
function lineEndOf(data: Buffer): number | null {
  const cr = data.indexOf(CR);
  const lf = data.indexOf(LF);
  if (lf !== -1 && (cr === -1 || lf <= cr + 1)) return LF;
  return cr === -1 || cr + 1 === data.length ? null : CR;
}

function isEmptyLine(data: Buffer, start: number, end: number): boolean {
  return end - start === 1 || (end - start === 2 && data[start] === CR);
}

/** `>From `, `>>From ` …: one sign was put there when the message was stored. */
function isEscapedFrom(data: Buffer, start: number, end: number): boolean {
  let at = start;
  while (at < end && data[at] === 0x3e) at += 1;
  return at > start && data[at] === 0x46 && data.toString('latin1', at, at + 5) === 'From ';
}

/** The empty line before a separator belongs to the separator. */
function withoutLastEmptyLine(message: Buffer): Buffer {
  const { length } = message;
  if (message.toString('latin1', length - 4) === '\r\n\r\n') return message.subarray(0, length - 2);
  const last = message.toString('latin1', length - 2);
  return last === '\n\n' || last === '\r\r' ? message.subarray(0, length - 1) : message;
}
