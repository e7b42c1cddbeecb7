// Puts replies on the wire in order: late, byte by byte, in pieces or without end, as the host's wire settings ask.
import type { Duplex } from 'node:stream';
import type { Clock } from '../clock.ts';
import type { SayAct, Wire } from './world.ts';

interface Piece {
  readonly dueAt: number;
  readonly bytes: Uint8Array | string;
  /** What follows once the piece is handed to the socket. */
  readonly onSent?: () => void;
}

export interface ReplyOptions {
  /** Extra wait before this reply, on top of the wire's. */
  readonly delayMs?: number;
  readonly pauseMs?: number;
  readonly onSent?: () => void;
}

/** More replies waiting than any client may ask for ahead of time; it then gets none at all. */
const MAX_WAITING = 20_000;
const FLOOD_CHUNK = 16 * 1024;
/** How much of a reply split for effect waits for the first part to leave alone. */
const SPLIT_PAUSE_MS = 15;

export class ReplyWriter {
  #stream: Duplex;
  readonly #wire: Wire;
  readonly #clock: Clock;
  readonly #lineEnd: string;
  #queue: Piece[] = [];
  #head = 0;
  #lastDueAt = 0;
  #cancelTimer: (() => void) | null = null;
  #isMuted = false;
  /** Replies begun or waiting that are not out yet. */
  owed = 0;

  constructor(stream: Duplex, wire: Wire, clock: Clock) {
    this.#stream = stream;
    this.#wire = wire;
    this.#clock = clock;
    this.#lineEnd = wire.lineEnd ?? '\r\n';
  }

  /** Later replies go to another stream (TLS); only right after everything owed is out. */
  continueOn(stream: Duplex): void {
    this.#stream = stream;
  }

  /** No byte leaves any more. */
  mute(): void {
    this.#isMuted = true;
    this.dispose();
  }

  dispose(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#queue = [];
    this.#head = 0;
  }

  /** Sends complete lines separated by "\n". */
  say(reply: SayAct, options: ReplyOptions = {}): void {
    const pauseMs = reply.pauseMs ?? 0;
    if (pauseMs > 0) {
      const lines = reply.say.split('\n');
      lines.forEach((line, i) => {
        const isLast = i === lines.length - 1;
        const wait = i === 0 ? (options.delayMs ?? 0) : pauseMs;
        this.send(line + this.#lineEnd, {
          delayMs: wait,
          ...(isLast && options.onSent ? { onSent: options.onSent } : {}),
        });
      });
      return;
    }
    const text = reply.say.includes('\n') ? reply.say.replaceAll('\n', this.#lineEnd) : reply.say;
    this.send(text + this.#lineEnd, options);
  }

  send(bytes: Uint8Array | string, options: ReplyOptions = {}): void {
    if (this.#isMuted) return;
    this.owed++;
    const wire = this.#wire;
    const isCut = (wire.byteMs !== undefined || wire.splitAt !== undefined) && bytes.length > 1;
    const isLate = wire.latencyMs !== undefined || wire.thinkMs !== undefined || (options.delayMs ?? 0) > 0;
    if (!isCut && !isLate && this.#head === this.#queue.length) {
      this.#put({ dueAt: 0, bytes, onSent: () => this.#finish(options.onSent) });
      return;
    }
    const now = this.#clock.monotonic();
    // Work is done one reply after the other; the round trip is shared by all that came together.
    const startAt =
      Math.max(now + (wire.latencyMs ?? 0), this.#lastDueAt) + (wire.thinkMs ?? 0) + (options.delayMs ?? 0);
    const onSent = () => this.#finish(options.onSent);
    if (isCut) this.#queuePieces(bytes, startAt, onSent);
    else this.#enqueue({ dueAt: startAt, bytes, onSent });
    this.#schedule();
  }

  /** Repeats a text until so many bytes are out, at the pace at which the client reads. */
  flood(unit: string, bytes: number): void {
    const chunk = Buffer.from(unit.repeat(Math.max(1, Math.ceil(FLOOD_CHUNK / Math.max(1, unit.length)))), 'latin1');
    let left = bytes;
    const pour = (): void => {
      while (left > 0 && !this.#stream.destroyed && this.#stream.writable) {
        left -= chunk.length;
        if (!this.#stream.write(chunk)) {
          this.#stream.once('drain', pour);
          return;
        }
      }
    };
    this.owed++; // never paid: the reply does not end
    pour();
  }

  #queuePieces(bytes: Uint8Array | string, startAt: number, onSent: () => void): void {
    const buffer = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
    const { byteMs, splitAt } = this.#wire;
    const step = byteMs === undefined ? (splitAt ?? buffer.length) : 1;
    const pauseMs = byteMs ?? SPLIT_PAUSE_MS;
    let dueAt = startAt;
    for (let i = 0; i < buffer.length; ) {
      const isRest = byteMs === undefined && i > 0;
      const end = isRest ? buffer.length : Math.min(buffer.length, i + Math.max(1, step));
      this.#enqueue({ dueAt, bytes: buffer.subarray(i, end), ...(end === buffer.length ? { onSent } : {}) });
      dueAt += pauseMs;
      i = end;
    }
  }

  #enqueue(piece: Piece): void {
    this.#lastDueAt = piece.dueAt;
    this.#queue.push(piece);
    if (this.owed > MAX_WAITING) this.mute();
  }

  #schedule(): void {
    const next = this.#queue[this.#head];
    if (next === undefined || this.#cancelTimer !== null) return;
    const wait = Math.max(0, next.dueAt - this.#clock.monotonic());
    this.#cancelTimer = this.#clock.after(wait, () => {
      this.#cancelTimer = null;
      this.#sendDue();
    });
  }

  #sendDue(): void {
    const now = this.#clock.monotonic() + 0.5; // timers may fire a fraction early
    for (;;) {
      const piece = this.#queue[this.#head];
      if (piece === undefined || piece.dueAt > now) break;
      this.#head++;
      this.#put(piece);
    }
    if (this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
    }
    this.#schedule();
  }

  #put(piece: Piece): void {
    if (this.#stream.writable && !this.#stream.destroyed) this.#stream.write(piece.bytes);
    piece.onSent?.();
  }

  #finish(onSent: (() => void) | undefined): void {
    this.owed--;
    onSent?.();
  }
}
