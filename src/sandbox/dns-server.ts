// Puts a world's DNS on a UDP and a TCP port of loopback, with every delay, loss and oddity its moods ask for.
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { createServer, type Server, type Socket as TcpSocket } from 'node:net';
import dnsPacket, { type Answer, type DecodedPacket, type Packet, type Question } from 'dns-packet';
import type { Clock } from '../clock.ts';
import { indexZones, moodFor, type OwnedRecord, type Rcode, type ZoneIndex } from './dns-answers.ts';
import type { SandboxRecord } from './record.ts';
import { Timers } from './timers.ts';
import type { DnsMood, World } from './world.ts';

export interface DnsServer {
  readonly address: string;
  readonly port: number;
  stop(): Promise<void>;
}

const RCODES: Readonly<Record<Rcode, number>> = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
};
/** A port free for UDP may be taken for TCP, so both are tried together this often. */
const BIND_TRIES = 20;
const TCP_IDLE_MS = 10_000;
const MAX_TCP_BUFFER = 64 * 1024;
const CLASSIC_UDP_SIZE = 512; // RFC 1035 section 4.2.1
const LARGEST_UDP_SIZE = 4096;

/** Starts the server; rejects when the port cannot be had. */
export async function startDnsServer(
  world: World,
  options: { readonly address: string; readonly port: number; readonly clock: Clock; readonly record: SandboxRecord },
): Promise<DnsServer> {
  const desk = new DnsDesk(indexZones(world), options);
  const { udp, tcp } = await bindBoth(options);
  const sockets = new Set<TcpSocket>();
  udp.on('message', (message, peer) => desk.overUdp(udp, message, peer));
  udp.on('error', () => {}); // an ICMP "port unreachable" from a client that left
  tcp.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    desk.overTcp(socket);
  });
  return {
    address: options.address,
    port: udp.address().port,
    stop: async () => {
      desk.timers.cancelAll();
      for (const socket of sockets) socket.destroy();
      await Promise.all([
        new Promise<void>((resolve) => udp.close(() => resolve())),
        new Promise<void>((resolve) => tcp.close(() => resolve())),
      ]);
    },
  };
}

/** Answers questions, whichever way they came. */
class DnsDesk {
  readonly timers: Timers;
  readonly #index: ZoneIndex;
  readonly #record: SandboxRecord;
  /** How often a name was asked, for moods that concern the first questions only. */
  readonly #asked = new Map<string, number>();

  constructor(index: ZoneIndex, options: { readonly clock: Clock; readonly record: SandboxRecord }) {
    this.#index = index;
    this.#record = options.record;
    this.timers = new Timers(options.clock);
  }

  overUdp(udp: UdpSocket, message: Buffer, peer: RemoteInfo): void {
    const query = decode(message);
    const question = query?.questions?.[0];
    if (query === null || question === undefined) return;
    const mood = this.#moodOf(question, 'udp');
    if (this.#isSilent(question, mood)) return;
    const send = (bytes: Buffer) => udp.send(bytes, peer.port, peer.address, () => {});
    this.#later(mood?.delayMs ?? 0, () => {
      if (this.timers.stopped) return;
      if (mood?.junkFirst === true) for (const junk of junkFor(query, question)) send(junk);
      const whole = this.#reply(query, question, mood);
      const isTooBig =
        whole.length > udpSizeOf(query) || (mood?.truncated !== undefined && !isEdnsRefusal(query, mood));
      send(isTooBig ? encode(query, question, { flags: dnsPacket.TRUNCATED_RESPONSE }) : whole);
    });
  }

  overTcp(socket: TcpSocket): void {
    let buffered: Buffer = Buffer.alloc(0);
    socket.setTimeout(TCP_IDLE_MS, () => socket.destroy());
    socket.on('error', () => {}); // 'close' follows and tidies up
    socket.on('data', (chunk: Buffer) => {
      buffered = Buffer.concat([buffered, chunk]);
      while (buffered.length >= 2 && buffered.length >= 2 + buffered.readUInt16BE(0)) {
        const end = 2 + buffered.readUInt16BE(0);
        this.#answerTcp(socket, buffered.subarray(2, end));
        buffered = buffered.subarray(end);
      }
      if (buffered.length > MAX_TCP_BUFFER + 2) socket.destroy();
    });
  }

  #answerTcp(socket: TcpSocket, message: Buffer): void {
    const query = decode(message);
    const question = query?.questions?.[0];
    if (query === null || question === undefined) {
      socket.destroy();
      return;
    }
    const mood = this.#moodOf(question, 'tcp');
    if (mood?.truncated === 'no_tcp') socket.destroy();
    if (mood?.silent === true) return;
    this.#later(mood?.delayMs ?? 0, () => {
      if (socket.destroyed) return;
      const reply = this.#reply(query, question, mood);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(reply.length);
      socket.write(Buffer.concat([length, reply]));
    });
  }

  #moodOf(question: Question, transport: 'udp' | 'tcp'): DnsMood | undefined {
    const name = nameOf(question);
    this.#record.countDns(`${name} ${question.type}`, transport);
    return moodFor(this.#index.find(name)?.mood, question.type);
  }

  #isSilent(question: Question, mood: DnsMood | undefined): boolean {
    if (mood?.silent === true) return true;
    return (
      mood?.losesFirst !== undefined && this.#count(`lost ${nameOf(question)} ${question.type}`) <= mood.losesFirst
    );
  }

  #reply(query: DecodedPacket, question: Question, mood: DnsMood | undefined): Buffer {
    if (mood !== undefined && isEdnsRefusal(query, mood)) return refuseEdns(query, question, mood);
    if (
      mood?.failsFirst !== undefined &&
      this.#count(`failed ${nameOf(question)} ${question.type}`) <= mood.failsFirst
    ) {
      return encode(query, question, { flags: RCODES.SERVFAIL });
    }
    const { rcode, answers, soa } = this.#index.answer(nameOf(question), question.type);
    return encode(query, question, {
      flags: RCODES[rcode],
      answers: answers.map(toWire),
      authorities: soa === null ? [] : [soaRecord(soa)],
    });
  }

  #count(key: string): number {
    const times = (this.#asked.get(key) ?? 0) + 1;
    this.#asked.set(key, times);
    return times;
  }

  #later(ms: number, callback: () => void): void {
    if (ms > 0) this.timers.after(ms, callback);
    else callback();
  }
}

function decode(message: Buffer): DecodedPacket | null {
  try {
    const packet = dnsPacket.decode(message);
    return packet.flag_qr ? null : packet;
  } catch {
    return null; // not DNS: nobody to answer
  }
}

/** The question is given back letter by letter, since clients may check its case. */
function encode(
  query: DecodedPacket,
  question: Question,
  parts: {
    readonly flags: number;
    readonly answers?: Answer[];
    readonly authorities?: Answer[];
    readonly opt?: Answer;
  },
): Buffer {
  const opt = optOf(query);
  const packet: Packet = {
    type: 'response',
    id: query.id ?? 0,
    flags: parts.flags | dnsPacket.RECURSION_AVAILABLE | (query.flag_rd ? dnsPacket.RECURSION_DESIRED : 0),
    questions: [question],
    answers: parts.answers ?? [],
    authorities: parts.authorities ?? [],
    additionals: opt === undefined ? [] : [parts.opt ?? optRecord(0)],
  };
  return dnsPacket.encode(packet);
}

function toWire({ owner: name, record }: OwnedRecord): Answer {
  const ttl = record.ttl ?? 300;
  switch (record.type) {
    case 'MX':
      return { type: 'MX', name, ttl, data: { preference: record.preference, exchange: record.exchange } };
    case 'TXT':
      return { type: 'TXT', name, ttl, data: record.data };
    case 'SOA':
      return soaRecord({ owner: name, ttl: record.minimum });
    default:
      return { type: record.type, name, ttl, data: record.data };
  }
}

/** TTL and MINIMUM are the same here: the smaller of the two is what counts (RFC 2308 section 5). */
function soaRecord(soa: { readonly owner: string; readonly ttl: number }): Answer {
  return {
    type: 'SOA',
    name: soa.owner,
    ttl: soa.ttl,
    data: {
      mname: `ns.${soa.owner}`,
      rname: `hostmaster.${soa.owner}`,
      serial: 1,
      refresh: 3600,
      retry: 600,
      expire: 86_400,
      minimum: soa.ttl,
    },
  };
}

function optRecord(extendedRcode: number): Answer {
  const sizes = { udpPayloadSize: 1232, extendedRcode, ednsVersion: 0, flags: 0, flag_do: false };
  return { type: 'OPT', name: '.', ...sizes, options: [] };
}

function optOf(query: DecodedPacket): Answer | undefined {
  return query.additionals?.find((record) => record.type === 'OPT');
}

function isEdnsRefusal(query: DecodedPacket, mood: DnsMood): boolean {
  return mood.ednsRefused !== undefined && optOf(query) !== undefined;
}

/** An old server gives FORMERR and no OPT; a newer one BADVERS, which is 16: 1 in the OPT, 0 in the header. */
function refuseEdns(query: DecodedPacket, question: Question, mood: DnsMood): Buffer {
  if (mood.ednsRefused === 'BADVERS') return encode(query, question, { flags: 0, opt: optRecord(1) });
  return encode({ ...query, additionals: [] }, question, { flags: RCODES.FORMERR });
}

function udpSizeOf(query: DecodedPacket): number {
  const opt = optOf(query);
  if (opt?.type !== 'OPT' || !('udpPayloadSize' in opt)) return CLASSIC_UDP_SIZE;
  return Math.min(Math.max(opt.udpPayloadSize, CLASSIC_UDP_SIZE), LARGEST_UDP_SIZE);
}

/** Noise, a wrong id, another name: none of it may be taken for the answer (RFC 5452). */
function junkFor(query: DecodedPacket, question: Question): Buffer[] {
  const lie: Answer = { type: 'A', name: question.name, ttl: 60, data: '127.66.66.66' };
  const other: Question = { type: question.type, name: `not-${question.name}` };
  return [
    Buffer.from('no DNS at all'),
    encode({ ...query, id: ((query.id ?? 0) + 1) % 65_536 }, question, { flags: 0, answers: [lie] }),
    encode(query, other, { flags: RCODES.NXDOMAIN }),
  ];
}

function nameOf(question: Question): string {
  return question.name.toLowerCase();
}

async function bindBoth(options: { readonly address: string; readonly port: number }): Promise<{
  udp: UdpSocket;
  tcp: Server;
}> {
  for (let tries = 1; ; tries++) {
    const udp = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 });
    const tcp = createServer();
    try {
      const port = await bindUdp(udp, options);
      await listenTcp(tcp, { address: options.address, port });
      return { udp, tcp };
    } catch (error) {
      await new Promise<void>((resolve) => udp.close(() => resolve())).catch(() => {});
      if (options.port !== 0 || tries >= BIND_TRIES) throw error;
    }
  }
}

function bindUdp(udp: UdpSocket, where: { readonly address: string; readonly port: number }): Promise<number> {
  return new Promise((resolve, reject) => {
    udp.once('error', reject);
    udp.bind(where.port, where.address, () => {
      udp.off('error', reject);
      resolve(udp.address().port);
    });
  });
}

function listenTcp(tcp: Server, where: { readonly address: string; readonly port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    tcp.once('error', reject);
    tcp.listen(where.port, where.address, () => {
      tcp.off('error', reject);
      resolve();
    });
  });
}
