// A DNS server on loopback, UDP and TCP on one port, that answers as each test wishes; shares no code with the client.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { EventEmitter } from 'node:events';
import { createServer, type Server, type Socket as TcpSocket } from 'node:net';
import * as dnsPacket from 'dns-packet';

export interface SeenQuery {
  readonly id: number;
  readonly name: string;
  readonly type: string;
  readonly transport: 'udp' | 'tcp';
  readonly edns: boolean;
  readonly port: number;
  /** How often this name and type were asked for before. */
  readonly nth: number;
}

export interface FakeReply extends dnsPacket.Packet {
  readonly rcode?: number;
  readonly truncated?: boolean;
}

export interface Channel {
  send(reply: FakeReply): void;
  raw(message: Buffer): void;
  /** UDP only: sends the reply from another port. */
  fromElsewhere(reply: FakeReply): Promise<void>;
  /** TCP only: the framed message, to be written as the test likes. */
  readonly tcp: TcpSocket | null;
  encode(reply: FakeReply): Buffer;
}

export type Handler = (query: SeenQuery, channel: Channel) => void;

export interface FakeDns {
  readonly address: string;
  readonly port: number;
  readonly queries: readonly SeenQuery[];
  handler: Handler;
  /** Resolves once `count` queries have been seen since the start. */
  seen(count: number): Promise<void>;
  close(): Promise<void>;
}

export async function startFakeDns(
  handler: Handler,
  options: { readonly tcp?: boolean; readonly address?: string } = {},
): Promise<FakeDns> {
  const address = options.address ?? '127.0.0.1';
  const { udp, tcp } = await bindBoth(address, options.tcp ?? true);
  const queries: SeenQuery[] = [];
  const counts = new Map<string, number>();
  const events = new EventEmitter().setMaxListeners(0);
  const connections = new Set<TcpSocket>();
  const fake = {
    address,
    port: udp.address().port,
    queries,
    handler,
    seen: (count: number) =>
      new Promise<void>((resolve) => {
        const check = () => {
          if (queries.length < count) return;
          events.off('query', check);
          resolve();
        };
        events.on('query', check);
        check();
      }),
    close: async () => {
      for (const connection of connections) connection.destroy();
      await Promise.all([
        new Promise<void>((resolve) => udp.close(() => resolve())),
        tcp === null ? null : new Promise<void>((resolve) => tcp.close(() => resolve())),
      ]);
    },
  };

  const take = (message: Buffer, from: Pick<SeenQuery, 'transport' | 'port'>, channelFor: ChannelMaker) => {
    const packet = dnsPacket.decode(message);
    const question = packet.questions?.[0];
    if (question === undefined) throw new Error('a query without a question');
    const key = `${question.type} ${question.name}`;
    const nth = counts.get(key) ?? 0;
    counts.set(key, nth + 1);
    const edns = packet.additionals?.some((record) => record.type === 'OPT') ?? false;
    const query = { id: packet.id ?? 0, name: question.name, type: question.type, edns, nth, ...from };
    queries.push(query);
    fake.handler(
      query,
      channelFor((reply) => encodeReply(query, reply)),
    );
    events.emit('query');
  };

  udp.on('message', (message, peer) =>
    take(message, { transport: 'udp', port: peer.port }, (encode) => udpChannel({ udp, peer, encode })),
  );
  tcp?.on('connection', (connection) => {
    connections.add(connection);
    connection.on('error', () => {}).on('close', () => connections.delete(connection));
    let pending = Buffer.alloc(0);
    connection.on('data', (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
        const end = 2 + pending.readUInt16BE(0);
        const message = pending.subarray(2, end);
        pending = pending.subarray(end);
        const port = connection.remotePort ?? 0;
        take(message, { transport: 'tcp', port }, (encode) => tcpChannel(connection, encode));
      }
    });
  });
  return fake;
}

type Encode = (reply: FakeReply) => Buffer;
type ChannelMaker = (encode: Encode) => Channel;

function udpChannel({ udp, peer, encode }: { udp: Socket; peer: RemoteInfo; encode: Encode }): Channel {
  return {
    tcp: null,
    encode,
    send: (reply) => udp.send(encode(reply), peer.port, peer.address),
    raw: (message) => udp.send(message, peer.port, peer.address),
    fromElsewhere: (reply) =>
      new Promise((resolve) => {
        const other = createSocket('udp4');
        other.send(encode(reply), peer.port, peer.address, () => other.close(() => resolve()));
      }),
  };
}

function tcpChannel(connection: TcpSocket, encode: Encode): Channel {
  const raw = (message: Buffer) => {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(message.length);
    connection.write(Buffer.concat([length, message]));
  };
  return {
    tcp: connection,
    encode,
    raw,
    send: (reply) => raw(encode(reply)),
    fromElsewhere: () => Promise.reject(new Error('TCP has no elsewhere')),
  };
}

function encodeReply(query: SeenQuery, { rcode = 0, truncated = false, ...packet }: FakeReply): Buffer {
  const flags = dnsPacket.RECURSION_DESIRED | dnsPacket.RECURSION_AVAILABLE | (truncated ? 0x200 : 0) | rcode;
  const question = { name: query.name, type: query.type as dnsPacket.RecordType };
  return dnsPacket.encode({ type: 'response', id: query.id, flags, questions: [question], ...packet });
}

/** UDP picks the port; another process may hold the same TCP port, so a few are tried. */
async function bindBoth(address: string, withTcp: boolean): Promise<{ udp: Socket; tcp: Server | null }> {
  for (let left = 20; ; left -= 1) {
    const udp = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    await new Promise<void>((resolve, reject) => udp.on('error', reject).bind(0, address, resolve));
    udp.setRecvBufferSize(4 * 1024 * 1024);
    if (!withTcp) return { udp, tcp: null };
    const tcp = createServer();
    const isBound = await new Promise<boolean>((resolve) => {
      tcp.on('error', () => resolve(false));
      tcp.listen(udp.address().port, address, () => resolve(true));
    });
    if (isBound) return { udp, tcp };
    await new Promise<void>((resolve) => udp.close(() => resolve()));
    if (left === 0) throw new Error('no port is free for both UDP and TCP');
  }
}

type ZoneRecord = string | readonly [number, string];
export type Zone = Readonly<
  Record<string, Readonly<Partial<Record<'MX' | 'A' | 'AAAA' | 'CNAME', readonly ZoneRecord[]>>>>
>;

export const SOA: dnsPacket.SoaAnswer = {
  type: 'SOA',
  name: '.',
  ttl: 900,
  data: { mname: 'ns.test', rname: 'admin.test', serial: 1, refresh: 1, retry: 1, expire: 1, minimum: 600 },
};

/** Answers from data as a recursive server would: aliases followed, "no such name" told from "no such type". */
export function zoneHandler(zone: Zone, ttl = 3_600): Handler {
  const known = new Map(Object.entries(zone));
  return (query, channel) => {
    const answers: dnsPacket.Answer[] = [];
    let name = query.name.toLowerCase();
    for (let hops = 0; hops < 5; hops += 1) {
      const alias = query.type === 'CNAME' ? undefined : known.get(name)?.CNAME?.[0];
      if (alias === undefined) break;
      answers.push({ type: 'CNAME', name, ttl, data: String(alias) });
      name = String(alias);
    }
    const entry = known.get(name);
    const records = entry?.[query.type as 'MX'] ?? [];
    for (const record of records) answers.push(answerOf({ name, type: query.type, record, ttl }));
    const exists = entry !== undefined || [...known.keys()].some((other) => other.endsWith(`.${name}`));
    channel.send({ rcode: exists ? 0 : 3, answers, authorities: records.length > 0 ? [] : [SOA] });
  };
}

function answerOf(from: { name: string; type: string; record: ZoneRecord; ttl: number }): dnsPacket.Answer {
  const { name, type, record, ttl } = from;
  if (typeof record === 'string') return { type: type as 'A', name, ttl, data: record };
  return { type: 'MX', name, ttl, data: { preference: record[0], exchange: record[1] } };
}
