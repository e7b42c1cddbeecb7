// A SOCKS5 proxy for tests (RFC 1928, RFC 1929) on loopback, of our own making, that can also fail in every way.
import { connect, createServer, type Socket } from 'node:net';

/** What a client asked for. */
export interface SocksRequest {
  /** An address, or the name where the client left the look-up to us. */
  readonly host: string;
  readonly isName: boolean;
  readonly port: number;
  readonly user: string | null;
}

export interface SocksBehaviour {
  /** Who may come in, name to password; null for everybody, without a login. */
  readonly users?: Readonly<Record<string, string>> | null;
  /**
   * What is done with a request: relayed, to the address it names or to another; answered with a code other than 0;
   * answered with these bytes; left without an answer; hung up on.
   */
  readonly on?: (
    request: SocksRequest,
  ) => 'relay' | { readonly to: string } | number | Buffer | 'silent' | 'close' | 'reset';
  /** In place of the first reply, the choice of a method. */
  readonly greeting?: Buffer | 'silent' | 'close' | 'reset';
  /** The address mail hosts see. */
  readonly exitAddress?: string;
  /** Told before a request is carried out. */
  readonly onRequest?: (request: SocksRequest) => void;
  /** Sends everything one byte at a time, also what it relays to the client. */
  readonly dribbles?: boolean;
  /** Holds the final reply back until the mail host has spoken, and sends both in one segment. */
  readonly joinsBanner?: boolean;
}

export interface SocksServer {
  readonly port: number;
  readonly address: string;
  readonly requests: readonly SocksRequest[];
  /** Connections of clients, also those that never asked. */
  readonly connections: number;
  /** Clients connected now. */
  readonly open: number;
  /** Everything clients sent before their request, as Latin-1. */
  readonly handshakes: string;
  /** Hangs up on everybody, stops listening; `start` again listens on the same port. */
  die(): Promise<void>;
  stop(): Promise<void>;
}

export async function startSocksServer(behaviour: SocksBehaviour = {}, address = '127.0.0.1'): Promise<SocksServer> {
  const requests: SocksRequest[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  let handshakes = '';
  const server = createServer({ noDelay: true }, (client) => {
    connections += 1;
    sockets.add(client);
    client.on('error', () => {});
    client.on('close', () => sockets.delete(client));
    const track = (upstream: Socket): void => {
      sockets.add(upstream);
      upstream.on('close', () => sockets.delete(upstream));
    };
    const heard = (bytes: Buffer): void => {
      handshakes += bytes.toString('latin1');
    };
    void serve(client, behaviour, { requests, track, heard }).catch(() => client.destroy());
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, address, resolve));
  const die = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    // No resets here: one sent on a socket that is just connecting or ending keeps Node from ever exiting (24.21).
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return {
    address,
    port: (server.address() as { port: number }).port,
    requests,
    get connections() {
      return connections;
    },
    get open() {
      return sockets.size;
    },
    get handshakes() {
      return handshakes;
    },
    die,
    stop: async () => (server.listening ? await die() : undefined),
  };
}

interface Books {
  readonly requests: SocksRequest[];
  readonly track: (upstream: Socket) => void;
  readonly heard: (bytes: Buffer) => void;
}

async function serve(client: Socket, behaviour: SocksBehaviour, { requests, track, heard }: Books): Promise<void> {
  const input = new Input(client, heard);
  const say = (bytes: Buffer): void => send(client, bytes, behaviour.dribbles === true);
  const [, count = 0] = await input.take(2);
  const methods = await input.take(count);
  const { greeting, users = null } = behaviour;
  if (greeting !== undefined) return act(client, greeting);
  const method = users === null ? 0 : 2;
  if (!methods.includes(method)) return void client.end(Buffer.of(5, 0xff));
  say(Buffer.of(5, method));
  const user = users === null ? null : await logIn(input, users);
  if (users !== null) say(Buffer.of(1, user === null ? 1 : 0));
  if (users !== null && user === null) return void client.end();
  const request = { ...(await readRequest(input)), user };
  requests.push(request);
  behaviour.onRequest?.(request);
  const wish = behaviour.on?.(request) ?? 'relay';
  if (wish === 'silent' || wish === 'close' || wish === 'reset' || Buffer.isBuffer(wish)) return act(client, wish);
  if (typeof wish === 'number') return void client.end(reply(wish));
  const upstream = connect({
    host: wish === 'relay' ? request.host : wish.to,
    port: request.port,
    noDelay: true,
    ...(behaviour.exitAddress === undefined ? {} : { localAddress: behaviour.exitAddress }),
  });
  track(upstream);
  upstream.on('error', (error: NodeJS.ErrnoException) => client.end(reply(error.code === 'ECONNREFUSED' ? 5 : 1)));
  upstream.once('connect', () => {
    let first = behaviour.joinsBanner === true ? reply(0) : null;
    if (first === null) say(reply(0));
    upstream.on('data', (chunk) => {
      say(first === null ? chunk : Buffer.concat([first, chunk]));
      first = null;
    });
    input.handOver((chunk) => upstream.write(chunk));
    upstream.on('end', () => client.end());
    client.on('end', () => upstream.end());
    upstream.on('close', () => client.destroy());
    client.on('close', () => upstream.destroy());
  });
}

function act(client: Socket, what: Buffer | 'silent' | 'close' | 'reset'): void {
  if (Buffer.isBuffer(what)) client.write(what);
  else if (what === 'close') client.end();
  else if (what === 'reset') client.resetAndDestroy();
}

/** RFC 1928 section 6, with an address nobody looks at. */
function reply(code: number): Buffer {
  return Buffer.of(5, code, 0, 1, 0, 0, 0, 0, 0, 0);
}

function send(client: Socket, bytes: Buffer, dribbles: boolean): void {
  if (!dribbles) client.write(bytes);
  else for (const byte of bytes) client.write(Buffer.of(byte));
}

async function logIn(input: Input, users: Readonly<Record<string, string>>): Promise<string | null> {
  const [, length = 0] = await input.take(2);
  const user = (await input.take(length)).toString('utf8');
  const [passwordLength = 0] = await input.take(1);
  const password = (await input.take(passwordLength)).toString('utf8');
  return users[user] === password ? user : null;
}

async function readRequest(input: Input): Promise<Omit<SocksRequest, 'user'>> {
  const [, , , kind = 0] = await input.take(4);
  const isName = kind === 3;
  const length = isName ? ((await input.take(1))[0] ?? 0) : kind === 1 ? 4 : 16;
  const bytes = await input.take(length);
  const port = (await input.take(2)).readUInt16BE(0);
  if (isName) return { host: bytes.toString('latin1'), isName, port };
  if (kind === 1) return { host: [...bytes].join('.'), isName, port };
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16));
  return { host: groups.join(':'), isName, port };
}

/** Bytes of a client, taken in pieces of a known length. */
class Input {
  #bytes = Buffer.alloc(0);
  #wake = () => {};
  #take: ((chunk: Buffer) => void) | null = null;
  #ended = false;

  constructor(socket: Socket, heard: (bytes: Buffer) => void) {
    socket.on('data', (chunk) => {
      if (this.#take !== null) return this.#take(chunk);
      heard(chunk);
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#wake();
    });
    socket.on('close', () => {
      this.#ended = true;
      this.#wake();
    });
  }

  async take(length: number): Promise<Buffer> {
    while (this.#bytes.length < length) {
      if (this.#ended) throw new Error('the client hung up');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const taken = this.#bytes.subarray(0, length);
    this.#bytes = this.#bytes.subarray(length);
    return taken;
  }

  handOver(take: (chunk: Buffer) => void): void {
    this.#take = take;
    if (this.#bytes.length > 0) take(this.#bytes);
  }
}
