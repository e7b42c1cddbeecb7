// Speaks to the sandbox with bare sockets, so that its tests lean on none of the code that it is there to test.
import dgram from 'node:dgram';
import net from 'node:net';
import tls from 'node:tls';
import dnsPacket, { type DecodedPacket, type RecordType } from 'dns-packet';

/** One SMTP connection, driven by hand. */
export class RawClient {
  socket: net.Socket;
  received = '';
  /** Chunks as they arrived. */
  readonly chunks: string[] = [];
  readonly #closed: Promise<'closed' | 'reset'>;
  #wake: (() => void) | null = null;
  #isOver = false;

  constructor(socket: net.Socket) {
    this.socket = socket;
    this.#closed = new Promise((resolve) => {
      socket.on('error', () => resolve('reset'));
      socket.on('close', () => resolve('closed'));
    });
    void this.#closed.then(() => {
      this.#isOver = true;
      this.#wake?.();
    });
    this.#listen(socket);
  }

  static async connect(port: number, host: string): Promise<RawClient> {
    const socket = net.connect({ port, host, noDelay: true });
    const client = new RawClient(socket);
    // A host may reset the connection before this side has seen it open: that, too, is for the test to look at.
    await new Promise<void>((resolve) => {
      socket.once('connect', resolve);
      socket.once('close', () => resolve());
    });
    return client;
  }

  #listen(socket: net.Socket): void {
    socket.on('data', (chunk: Buffer) => {
      this.chunks.push(chunk.toString('latin1'));
      this.received += chunk.toString('latin1');
      this.#wake?.();
    });
  }

  /** The next complete reply, CRLF and codes as they came; null when the connection ended before it. */
  async reply(): Promise<string | null> {
    const lines = await this.match(/^(?:\d{3}-[^\n]*\n)*\d{3}(?: [^\n]*)?\n/);
    return lines?.replaceAll('\r', '').trimEnd() ?? null;
  }

  /** Waits until what was received begins with the pattern, and takes that away. */
  async match(pattern: RegExp): Promise<string | null> {
    for (;;) {
      const found = pattern.exec(this.received)?.[0];
      if (found !== undefined) {
        this.received = this.received.slice(found.length);
        return found;
      }
      if (this.#isOver) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  send(text: string): void {
    this.socket.write(text);
  }

  async ask(line: string): Promise<string | null> {
    this.send(`${line}\r\n`);
    return this.reply();
  }

  /** Banner, EHLO, MAIL; returns their replies. */
  async greet(sender = ''): Promise<(string | null)[]> {
    return [await this.reply(), await this.ask('EHLO client.test'), await this.ask(`MAIL FROM:<${sender}>`)];
  }

  async secure(): Promise<void> {
    this.socket.removeAllListeners('data');
    const secure = tls.connect({ socket: this.socket, rejectUnauthorized: false });
    await new Promise<void>((resolve, reject) => {
      secure.once('secureConnect', resolve);
      secure.once('error', reject);
      secure.once('close', () => reject(new Error('closed during the handshake')));
    });
    this.socket = secure;
    this.#listen(secure);
  }

  closed(): Promise<'closed' | 'reset'> {
    return this.#closed;
  }

  destroy(): void {
    this.socket.destroy();
  }
}

export interface DnsAsk {
  readonly port: number;
  readonly name: string;
  readonly type: RecordType;
  readonly tcp?: boolean;
  readonly edns?: boolean;
}

export interface DnsReply {
  readonly rcode: string;
  readonly packet: DecodedPacket;
  /** Datagrams that came ahead of the one that fits. */
  readonly junk: number;
}

const ID = 4242;

/** Asks once; null where the connection closes or nothing comes until `giveUp` resolves. */
export function askDns(ask: DnsAsk, giveUp?: Promise<unknown>): Promise<DnsReply | null> {
  const query = dnsPacket.encode({
    type: 'query',
    id: ID,
    flags: dnsPacket.RECURSION_DESIRED,
    questions: [{ type: ask.type, name: ask.name }],
    additionals: ask.edns === true ? [opt()] : [],
  });
  return ask.tcp === true ? overTcp(ask.port, query) : overUdp(ask, query, giveUp);
}

function opt(): Extract<dnsPacket.Answer, { type: 'OPT' }> {
  const fields = { udpPayloadSize: 1232, extendedRcode: 0, ednsVersion: 0, flags: 0, flag_do: false, options: [] };
  return { type: 'OPT', name: '.', ...fields } as unknown as Extract<dnsPacket.Answer, { type: 'OPT' }>;
}

function overUdp(ask: DnsAsk, query: Buffer, giveUp: Promise<unknown> | undefined): Promise<DnsReply | null> {
  const socket = dgram.createSocket('udp4');
  return new Promise((resolve) => {
    let junk = 0;
    const finish = (reply: DnsReply | null) => {
      socket.close();
      resolve(reply);
    };
    socket.on('message', (message) => {
      const packet = tryDecode(message);
      if (packet?.id !== ID || packet.questions?.[0]?.name !== ask.name) junk++;
      else finish({ rcode: rcodeOf(packet), packet, junk });
    });
    socket.send(query, ask.port, '127.0.0.1');
    void giveUp?.then(() => finish(null));
  });
}

function overTcp(port: number, query: Buffer): Promise<DnsReply | null> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    let received = Buffer.alloc(0);
    const prefix = Buffer.alloc(2);
    prefix.writeUInt16BE(query.length);
    socket.write(prefix.subarray(0, 1)); // the length itself in two segments
    socket.write(Buffer.concat([prefix.subarray(1), query]));
    socket.on('error', () => {});
    socket.on('close', () => resolve(null));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
      const packet = dnsPacket.decode(received.subarray(2));
      resolve({ rcode: rcodeOf(packet), packet, junk: 0 });
      socket.destroy();
    });
  });
}

function tryDecode(message: Buffer): DecodedPacket | null {
  try {
    return dnsPacket.decode(message);
  } catch {
    return null;
  }
}

function rcodeOf(packet: DecodedPacket): string {
  return (packet as unknown as { rcode: string }).rcode;
}
