// Asks one server over a small pool of TCP connections, for answers that do not fit a datagram (RFC 7766).
import { connect, type Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import { encodeQuery, messageId, type Question, type Response, readResponse } from './message.ts';
import type { DnsServer } from './servers.ts';

export interface TcpOptions {
  readonly server: DnsServer;
  readonly connections: number;
  /** For connecting and answering together. */
  readonly timeoutMs: number;
  readonly idleMs: number;
  readonly clock: Clock;
  readonly nextId: () => number;
}

export type TcpOutcome =
  | { readonly status: 'response'; readonly response: Response }
  | { readonly status: 'failed'; readonly detail: string };

export interface TcpTransport {
  /** Never rejects; what goes wrong is an outcome. */
  ask(question: Question): Promise<TcpOutcome>;
  close(): void;
}

/** Connections are opened when needed, shared by several questions at once, and closed when idle. */
export function openTcpTransport(options: TcpOptions): TcpTransport {
  const pool = new Set<Connection>();

  const pick = (): Connection => {
    const [leastBusy] = [...pool].sort((a, b) => a.pending - b.pending);
    if (leastBusy !== undefined && (leastBusy.pending === 0 || pool.size >= options.connections)) return leastBusy;
    const fresh = new Connection(options, () => pool.delete(fresh));
    pool.add(fresh);
    return fresh;
  };

  return {
    ask: async (question) => {
      const connection = pick();
      const isReused = connection.hasAnswered;
      const outcome = await connection.ask(question);
      // RFC 7766 section 6.2.4: a server may close an idle connection just as we write to it; that is no refusal.
      return outcome.status === 'failed' && outcome.detail === CLOSED_BY_SERVER && isReused
        ? pick().ask(question)
        : outcome;
    },
    close: () => {
      for (const connection of [...pool]) connection.end('closed');
    },
  };
}

const CLOSED_BY_SERVER = 'connection closed by the server';
const LENGTH_OCTETS = 2;

interface Waiting {
  readonly question: Question;
  readonly settle: (outcome: TcpOutcome) => void;
  readonly cancelTimeout: () => void;
}

class Connection {
  /** At least one answer came over it: it worked once. */
  hasAnswered = false;
  readonly #options: TcpOptions;
  readonly #socket: Socket;
  readonly #onEnd: () => void;
  readonly #waiting = new Map<number, Waiting>();
  #chunks: Buffer[] = [];
  #received = 0;
  #needed = LENGTH_OCTETS;
  #cancelIdle: (() => void) | null = null;
  #ended = false;

  constructor(options: TcpOptions, onEnd: () => void) {
    this.#options = options;
    this.#onEnd = onEnd;
    this.#socket = connect({ host: options.server.address, port: options.server.port, noDelay: true });
    this.#socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#socket.on('error', (error) => this.end('code' in error ? String(error.code) : error.message));
    this.#socket.on('close', () => this.end(CLOSED_BY_SERVER));
  }

  get pending(): number {
    return this.#waiting.size;
  }

  ask(question: Question): Promise<TcpOutcome> {
    return new Promise((settle) => {
      const id = this.#freeId();
      const cancelTimeout = this.#options.clock.after(this.#options.timeoutMs, () => this.#timeOut(id));
      this.#waiting.set(id, { question, settle, cancelTimeout });
      this.#cancelIdle?.();
      // No OPT: its payload size means nothing over TCP, and a server too old for it is one trouble less.
      const query = encodeQuery({ id, question, edns: false });
      const length = Buffer.alloc(LENGTH_OCTETS);
      length.writeUInt16BE(query.length);
      // One write, since some servers wait for length and message in one segment (RFC 7766 section 8).
      this.#socket.write(Buffer.concat([length, query]));
    });
  }

  /** Closes the connection and fails whoever still waits on it. */
  end(detail: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#cancelIdle?.();
    this.#onEnd();
    this.#socket.destroy();
    for (const id of [...this.#waiting.keys()]) this.#settle(id, { status: 'failed', detail });
  }

  #freeId(): number {
    let id = this.#options.nextId();
    while (this.#waiting.has(id)) id = (id + 1) & 0xffff;
    return id;
  }

  #timeOut(id: number): void {
    this.#settle(id, { status: 'failed', detail: 'no answer in time' });
    // A connection that never answered is most likely filtered; the next question deserves a fresh one.
    if (!this.hasAnswered) this.end('no answer in time');
  }

  #settle(id: number, outcome: TcpOutcome): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    waiting.cancelTimeout();
    waiting.settle(outcome);
    if (this.#waiting.size === 0 && !this.#ended)
      this.#cancelIdle = this.#options.clock.after(this.#options.idleMs, () => this.end('idle'));
  }

  /** Length and message may be split anywhere; chunks are joined only when a message is complete, and kept no longer. */
  #receive(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#received += chunk.length;
    while (this.#received >= this.#needed) {
      const bytes = Buffer.concat(this.#chunks);
      this.#needed = LENGTH_OCTETS + bytes.readUInt16BE(0);
      const isComplete = bytes.length >= this.#needed;
      const rest = isComplete ? bytes.subarray(this.#needed) : bytes;
      if (isComplete) {
        this.#deliver(bytes.subarray(LENGTH_OCTETS, this.#needed));
        this.#needed = LENGTH_OCTETS;
      }
      this.#chunks = [rest];
      this.#received = rest.length;
    }
  }

  #deliver(message: Buffer): void {
    const id = messageId(message);
    const waiting = id === null ? undefined : this.#waiting.get(id);
    if (id === null || waiting === undefined) return;
    const response = readResponse(message, waiting.question);
    if (response === null) return;
    this.hasAnswered = true;
    this.#settle(id, { status: 'response', response });
  }
}
