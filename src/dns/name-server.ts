// One DNS server as the resolver sees it: its transports, whether it seems alive, and whether it bears EDNS.
import type { Clock } from '../clock.ts';
import type { DnsLimits } from './defaults.ts';
import type { DnsServer } from './servers.ts';
import { openTcpTransport, type TcpTransport } from './tcp-transport.ts';
import { openUdpTransport, type UdpTransport } from './udp-transport.ts';

export interface NameServer {
  /** `192.0.2.1:53`, `[2001:db8::1]:53`: for people. */
  readonly label: string;
  readonly udp: UdpTransport;
  readonly tcp: TcpTransport;
  /** False once it answered a query without OPT after it had refused one with it. */
  takesEdns: boolean;
  /** Any sound reply shows that it lives. */
  noteAnswer(): void;
  /** A send at `sentAt` (monotonic) went unanswered; only if nothing else was answered since does that mean dead. */
  noteTimeout(sentAt: number): void;
  noteUnreachable(): void;
  /** True where it should be asked after the others; when its time is over, one caller is let through to try it. */
  shouldComeLast(): boolean;
  close(): Promise<void>;
}

export interface NameServerOptions {
  readonly server: DnsServer;
  readonly limits: DnsLimits;
  readonly clock: Clock;
  readonly nextId: () => number;
}

export function createNameServer({ server, limits, clock, nextId }: NameServerOptions): NameServer {
  const udp = openUdpTransport({
    server,
    sockets: limits.socketsPerServer,
    receiveBufferBytes: limits.receiveBufferBytes,
    nextId,
  });
  const tcp = openTcpTransport({
    server,
    connections: limits.tcpConnectionsPerServer,
    timeoutMs: limits.tryTimeoutMs,
    idleMs: limits.tcpIdleMs,
    clock,
    nextId,
  });
  let answeredAt = Number.NEGATIVE_INFINITY;
  let deadUntil: number | null = null;

  return {
    label: serverLabel(server),
    udp,
    tcp,
    takesEdns: true,
    noteAnswer: () => {
      answeredAt = clock.monotonic();
      deadUntil = null;
    },
    noteTimeout: (sentAt) => {
      if (answeredAt < sentAt) deadUntil = clock.monotonic() + limits.deadServerMs;
    },
    noteUnreachable: () => {
      deadUntil = clock.monotonic() + limits.deadServerMs;
    },
    shouldComeLast: () => {
      if (deadUntil === null) return false;
      if (clock.monotonic() < deadUntil) return true;
      // This question goes to find out; the ones after it need not wait for the same silence.
      deadUntil = clock.monotonic() + limits.tryTimeoutMs;
      return false;
    },
    close: async () => {
      tcp.close();
      await udp.close();
    },
  };
}

/** A server as people write it, with the port apart from an IPv6 address by brackets. */
export function serverLabel({ address, port }: DnsServer): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
