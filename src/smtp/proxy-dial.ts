// Dials mail hosts through a SOCKS5 proxy, and tells what the proxy cannot do from what the mail host does.
import { connect, type Socket } from 'node:net';
import { SocksClient } from 'socks';
import type { Dial, DialEvents, DialTarget } from './dial.ts';
import type { Loss } from './exchange.ts';
import type { SocksProxy } from './proxy.ts';

/** A dialer through this proxy. The target's source address is without meaning: the proxy speaks from its own. */
export function dialThrough(proxy: SocksProxy): Dial {
  return (target, events) => {
    const socket = connect({ host: proxy.host, port: proxy.port, noDelay: true });
    events.byProxy({ label: proxy.label, isAsked: false });
    socket.once('connect', () => shakeHands(socket, { proxy, target, events }));
    return socket;
  };
}

/** The library never stops its own timer, which holds on to the connection; it must come after ours, and not long after. */
const TIMER_LAG_MS = 1000;

interface Handshake {
  readonly proxy: SocksProxy;
  readonly target: DialTarget;
  readonly events: DialEvents;
}

function shakeHands(socket: Socket, { proxy, target, events }: Handshake): void {
  const { login, looksUpNames } = proxy;
  const name = looksUpNames ? target.hostname : null;
  const client = new SocksClient({
    proxy: {
      host: proxy.host,
      port: proxy.port,
      type: 5,
      ...(login === null ? {} : { userId: login.user, password: login.password }),
    },
    command: 'connect',
    destination: { host: name ?? target.address, port: target.port },
    timeout: target.connectMs + TIMER_LAG_MS,
  });
  const said: number[] = [];
  const listen = (chunk: Buffer): void => {
    if (said.length < LONGEST_PREFIX) said.push(...chunk.subarray(0, LONGEST_PREFIX - said.length));
    if (isAsked(said)) events.byProxy({ label: proxy.label, isAsked: true });
  };
  // In front of the library's own listener, so that we know how far it got when it reports.
  socket.on('data', listen);
  client.once('established', () => {
    socket.off('data', listen);
    socket.on('data', (chunk: Buffer) => events.bytes(chunk));
    events.connected();
  });
  client.once('error', (error) => {
    const [failure, why] = refusalIn(said) ?? ['proxy', error.message];
    events.failed(
      failure,
      failure === 'proxy' ? `the proxy ${proxy.label} failed: ${why}` : `${why}, says the proxy ${proxy.label}`,
    );
  });
  client.connect(socket);
}

/** Choice of a method, status of the login, and the beginning of the reply, two octets each (RFC 1928, RFC 1929). */
const LONGEST_PREFIX = 6;
const BY_LOGIN = 2;
const VERSION = 5;

/** Where the reply to our request begins in what the proxy said. */
function replyAt(said: readonly number[]): number {
  return said[1] === BY_LOGIN ? 4 : 2;
}

/** True once the proxy was asked to connect: from here on its silence is the mail host's. */
function isAsked(said: readonly number[]): boolean {
  return (
    said.length >= replyAt(said) && said[0] === VERSION && (said[1] === 0 || (said[1] === BY_LOGIN && said[3] === 0))
  );
}

/**
 * What the proxy says of the connection it was asked for (RFC 1928 section 6). Many say "general failure" for any of the
 * mail host's failures, so that is taken for one; what a proxy may not or cannot do is its own.
 */
const REFUSALS = new Map<number, readonly [failure: Loss, why: string]>([
  [1, ['unreachable', 'no connection']],
  [2, ['proxy', 'its rules do not allow this connection']],
  [3, ['unreachable', 'network unreachable']],
  [4, ['unreachable', 'host unreachable']],
  [5, ['refused', 'connection refused']],
  [6, ['timeout', 'no answer from the host (TTL expired)']],
  [7, ['proxy', 'it does not know how to connect']],
  [8, ['unreachable', 'no way to addresses of this kind']],
]);

function refusalIn(said: readonly number[]): readonly [failure: Loss, why: string] | null {
  if (!isAsked(said)) return null;
  const at = replyAt(said);
  return said[at] === VERSION ? (REFUSALS.get(said[at + 1] ?? 0) ?? null) : null;
}
