// Puts a world's DNS on a UDP and a TCP port of loopback, with every delay, loss and oddity its moods ask for.
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { createServer, type Server, type Socket as TcpSocket } from 'node:net';
import type { DecodedPacket, Question } from 'dns-packet';
import type { Clock } from '../clock.ts';
import { indexZones, moodFor, type ZoneIndex } from './dns-answers.ts';
import {
  answerMessage,
  decodeQuery,
  failureMessage,
  isEdnsRefusal,
  junkFor,
  refuseEdns,
  truncatedMessage,
  udpSizeOf,
} from './dns-messages.ts';
import { explainListenError } from './listen-errors.ts';
import type { SandboxRecord } from './record.ts';
import { Timers } from './timers.ts';
import type { DnsMood, World } from './world.ts';

export interface DnsServer {
  readonly address: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** A port free for UDP may be taken for TCP, so both are tried together this often. */
const BIND_TRIES = 20;
const TCP_IDLE_MS = 10_000;
const MAX_TCP_BUFFER = 64 * 1024;

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
    const query = decodeQuery(message);
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
      send(isTooBig ? truncatedMessage(query, question) : whole);
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
    const query = decodeQuery(message);
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
      return failureMessage(query, question, 'SERVFAIL');
    }
    return answerMessage(query, question, this.#index.answer(nameOf(question), question.type));
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
      if (options.port !== 0 || tries >= BIND_TRIES) throw explainListenError(error, options.port);
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
