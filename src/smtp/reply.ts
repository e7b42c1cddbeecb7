// Turns the bytes a mail host sends into complete replies, within bounds; what a reply means is for others to say.
import { isUtf8 } from 'node:buffer';
import type { Reply } from '../verdict.ts';
import { enhancedCodeOf } from './enhanced-code.ts';
import { printable } from './printable.ts';

/** RFC 5321 section 4.5.3.1.5 allows 512 octets; real hosts overstep it with long links, never by this much. */
export const MAX_LINE_BYTES = 4096;
/** A cap per line alone does not stop an endless run of `250-` lines. */
export const MAX_REPLY_BYTES = 64 * 1024;
export const MAX_REPLY_LINES = 200;

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const HYPHEN = 0x2d;

export interface ReplyParser {
  /**
   * Takes the next bytes, however they were cut, and calls `onReply` for each reply they complete. Keeps no reference
   * to `bytes`. Returns null, or a sentence saying what broke the grammar; after that no reply is ever reported again.
   */
  push(bytes: Buffer): string | null;
  /** False while a reply has begun and not ended. */
  readonly betweenReplies: boolean;
}

/** A parser for one connection. It never throws for what it reads and holds at most one reply of bounded size. */
export function createReplyParser(onReply: (reply: Reply) => void): ReplyParser {
  return new BoundedParser(onReply);
}

/** The reply as one printable line, "550 5.1.1 No such user", for a CSV cell or a terminal. */
export function oneLine(reply: Reply, max = 500): string {
  const lines = reply.text.split('\n').map((line, index) => {
    const trimmed = line.trim();
    // Gmail repeats the enhanced code on every line, which only gets in the reader's way once they are joined.
    const repeated = index > 0 && reply.enhanced !== null && trimmed.startsWith(`${reply.enhanced} `);
    return repeated ? trimmed.slice(reply.enhanced.length + 1) : trimmed;
  });
  return printable([String(reply.code), ...lines.filter((line) => line !== '')].join(' '), max);
}

class BoundedParser implements ReplyParser {
  readonly #onReply: (reply: Reply) => void;
  #fault: string | null = null;
  /** The beginning of a line whose end has not come. */
  #held: Buffer | null = null;
  #heldLength = 0;
  /** Zero while no line of a reply is complete. */
  #lineCount = 0;
  #code = 0;
  #text = '';
  #size = 0;

  constructor(onReply: (reply: Reply) => void) {
    this.#onReply = onReply;
  }

  get betweenReplies(): boolean {
    return this.#lineCount === 0 && this.#heldLength === 0;
  }

  push(bytes: Buffer): string | null {
    let start = 0;
    while (this.#fault === null && start < bytes.length) {
      const end = bytes.indexOf(LF, start);
      const stop = end === -1 ? bytes.length : end;
      if (this.#heldLength + stop - start > MAX_LINE_BYTES) {
        this.#fail(`a reply line is longer than ${MAX_LINE_BYTES} bytes`);
      } else if (end === -1) {
        this.#hold(bytes, start, stop);
      } else if (this.#heldLength === 0) {
        this.#takeLine(bytes, start, stop);
      } else {
        this.#takeHeldLine(bytes, start, stop);
      }
      start = stop + 1;
    }
    return this.#fault;
  }

  #hold(bytes: Buffer, start: number, stop: number): void {
    const length = this.#heldLength + stop - start;
    if (this.#held === null || this.#held.length < length) {
      const larger = Buffer.allocUnsafe(Math.min(MAX_LINE_BYTES, Math.max(128, length * 2)));
      this.#held?.copy(larger, 0, 0, this.#heldLength);
      this.#held = larger;
    }
    bytes.copy(this.#held, this.#heldLength, start, stop);
    this.#heldLength = length;
  }

  #takeHeldLine(bytes: Buffer, start: number, stop: number): void {
    this.#hold(bytes, start, stop);
    const line = (this.#held as Buffer).subarray(0, this.#heldLength);
    this.#held = null;
    this.#heldLength = 0;
    this.#takeLine(line, 0, line.length);
  }

  /** A line runs up to LF; the CR before it, if any, belongs to the ending, and every other CR is text. */
  #takeLine(bytes: Buffer, start: number, stop: number): void {
    const end = stop > start && bytes[stop - 1] === CR ? stop - 1 : stop;
    const code = codeAt(bytes, start, end);
    const separator = end === start + 3 ? SPACE : bytes[start + 3]; // "250" alone is a whole reply
    if (code === null || (separator !== SPACE && separator !== HYPHEN)) {
      this.#fail(`not a line of an SMTP reply: "${excerpt(bytes, start, end)}"`);
    } else if (this.#lineCount > 0 && code !== this.#code) {
      this.#fail(`one reply with two codes, ${this.#code} and ${code}`);
    } else if (this.#lineCount === MAX_REPLY_LINES) {
      this.#fail(`a reply has more than ${MAX_REPLY_LINES} lines`);
    } else if (this.#size + stop - start + 1 > MAX_REPLY_BYTES) {
      this.#fail(`a reply is longer than ${MAX_REPLY_BYTES} bytes`);
    } else {
      this.#addLine(code, decode(bytes, start + 4, end), stop - start + 1);
      if (separator === SPACE) this.#finishReply();
    }
  }

  #addLine(code: number, text: string, size: number): void {
    this.#code = code;
    this.#text = this.#lineCount === 0 ? text : `${this.#text}\n${text}`;
    this.#lineCount += 1;
    this.#size += size;
  }

  #finishReply(): void {
    const reply = { code: this.#code, enhanced: enhancedCodeOf(this.#code, this.#text), text: this.#text };
    this.#reset();
    this.#onReply(reply);
  }

  #fail(fault: string): void {
    this.#reset();
    this.#held = null;
    this.#heldLength = 0;
    this.#fault = fault;
  }

  #reset(): void {
    this.#lineCount = 0;
    this.#size = 0;
    this.#text = '';
  }
}

/** RFC 5321 section 4.2: `[2-5][0-5][0-9]`. Nothing else is a code, and none is guessed out of anything else. */
function codeAt(bytes: Buffer, start: number, end: number): number | null {
  if (end - start < 3) return null;
  const first = (bytes[start] as number) - 0x30;
  const second = (bytes[start + 1] as number) - 0x30;
  const third = (bytes[start + 2] as number) - 0x30;
  if (first < 2 || first > 5 || second < 0 || second > 5 || third < 0 || third > 9) return null;
  return first * 100 + second * 10 + third;
}

/** ASCII is promised and UTF-8 common; what is neither (Latin-1, Shift-JIS, binary) must still give some text. */
function decode(bytes: Buffer, start: number, end: number): string {
  if (start >= end) return '';
  const text = bytes.toString('utf8', start, end);
  // A replacement character may also have been sent as one; looking is dear, and seldom needed.
  return !text.includes('\ufffd') || isUtf8(bytes.subarray(start, end)) ? text : bytes.toString('latin1', start, end);
}

function excerpt(bytes: Buffer, start: number, end: number): string {
  return printable(decode(bytes, start, Math.min(end, start + 200)), 80);
}
