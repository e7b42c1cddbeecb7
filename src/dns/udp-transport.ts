// Sends queries to one server over several connected UDP sockets and hands back the datagrams that answer them.
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { encodeQuery, messageId, type Question, type Response, readResponse } from './message.ts';
import type { DnsServer } from './servers.ts';

export interface UdpOptions {
  readonly server: DnsServer;
  readonly sockets: number;
  readonly receiveBufferBytes: number;
  /** Draws message ids, 0 to 65535, that nobody can foretell. */
  readonly nextId: () => number;
}

/** Told of everything that reaches one conversation, until it is released. */
export interface UdpListener {
  /** A sound reply to our question; may come more than once, after each send. */
  readonly onResponse: (response: Response) => void;
  /** The server's port is closed (ICMP) or there is no way to it; `detail` says which. */
  readonly onUnreachable: (detail: string) => void;
}

/** One question to one server: its id and socket stay the same over all sends, so a late answer still counts. */
export interface UdpConversation {
  send(options: { readonly edns: boolean }): void;
  release(): void;
}

export interface UdpTransport {
  converse(question: Question, listener: UdpListener): UdpConversation;
  close(): Promise<void>;
}

interface Waiting {
  readonly question: Question;
  readonly listener: UdpListener;
}

/** Opens sockets only when they are first used; nothing here throws for what the network does. */
export function openUdpTransport(options: UdpOptions): UdpTransport {
  const sockets: (ConnectedSocket | null)[] = Array.from({ length: options.sockets }, () => null);

  const pick = (): ConnectedSocket => {
    const index = options.nextId() % sockets.length;
    const open = sockets[index];
    if (open !== null && open !== undefined && !open.broken) return open;
    const fresh = new ConnectedSocket(options);
    sockets[index] = fresh;
    return fresh;
  };

  return {
    converse: (question, listener) => pick().converse(question, listener),
    close: async () => {
      await Promise.all(sockets.map((socket) => socket?.close()));
    },
  };
}

/** A socket that only hears its one server (the kernel drops datagrams from elsewhere), with the ids under way on it. */
class ConnectedSocket {
  /** The socket could not be opened or connected; the next question opens another. */
  broken = false;
  readonly #options: UdpOptions;
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  #ready = false;
  #closed = false;
  #unsent: Buffer[] = [];

  constructor(options: UdpOptions) {
    this.#options = options;
    const { address, port } = options.server;
    this.#socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    this.#socket.on('message', (message) => this.#receive(message));
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('connect', () => this.#flush());
    // Without a callback, a failure to connect comes as an 'error' event like all others.
    this.#socket.connect(port, address);
  }

  converse(question: Question, listener: UdpListener): UdpConversation {
    const id = this.#freeId();
    this.#waiting.set(id, { question, listener });
    return {
      send: ({ edns }) => this.#send(encodeQuery({ id, question, edns })),
      release: () => this.#waiting.delete(id),
    };
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#closed = true;
    this.#waiting.clear();
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }

  /** Far fewer questions are under way than there are ids, so a free one is found in a draw or two. */
  #freeId(): number {
    let id = this.#options.nextId();
    while (this.#waiting.has(id)) id = (id + 1 + (this.#options.nextId() & 0xff)) & 0xffff;
    return id;
  }

  #send(message: Buffer): void {
    if (this.#closed) return;
    if (this.#ready) this.#socket.send(message, this.#onSent);
    else this.#unsent.push(message);
  }

  readonly #onSent = (error: Error | null): void => {
    if (error !== null && error !== undefined) this.#fail(error);
  };

  #flush(): void {
    this.#ready = true;
    try {
      this.#socket.setRecvBufferSize(this.#options.receiveBufferBytes);
    } catch {
      // Linux cuts the wish down to what it allows, other systems refuse it: then the default must do.
    }
    for (const message of this.#unsent) this.#send(message);
    this.#unsent = [];
  }

  #receive(message: Buffer): void {
    const waiting = this.#waiting.get(messageId(message) ?? -1);
    if (waiting === undefined) return;
    const response = readResponse(message, waiting.question);
    // Junk, forged or damaged: dropped, and the real answer waited for.
    if (response !== null) waiting.listener.onResponse(response);
  }

  /** An ICMP error names no question, so everyone who waits on this socket hears of it. */
  #fail(error: Error): void {
    if (!this.#ready) this.broken = true;
    const detail = 'code' in error ? String(error.code) : error.message;
    for (const { listener } of [...this.#waiting.values()]) listener.onUnreachable(detail);
    if (this.broken) void this.close();
  }
}
