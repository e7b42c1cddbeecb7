// Listens on every address of a world's mail hosts, all on one port, and gives each connection its session.
import { createServer, type Server, type Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { Clock } from '../clock.ts';
import { selfSignedContext } from './certificate.ts';
import { explainListenError, isNodeError } from './listen-errors.ts';
import { RecipientDesk } from './recipients.ts';
import type { SandboxRecord } from './record.ts';
import { SmtpSession } from './smtp-session.ts';
import type { Behaviour, MailHost, World } from './world.ts';

export interface SmtpServers {
  readonly port: number;
  stop(): Promise<void>;
}

/** How often a port that is free on one address but taken on another is given up for the next. */
const PORT_TRIES = 30;
const BACKLOG = 4096;

/**
 * Starts listening; a port of 0 picks one that is free on all addresses.
 * @throws MailgateError('network') when an address is not there or no port can be had.
 */
export async function startSmtpServers(
  world: World,
  options: { readonly port: number; readonly clock: Clock; readonly record: SandboxRecord },
): Promise<SmtpServers> {
  const sockets = new Set<Socket>();
  const tlsContext = once(selfSignedContext);
  const hosts = world.hosts.map((host) => new HostDesk(host, { ...options, tlsContext }));
  checkAddresses(world.hosts);
  const endpoints = hosts.flatMap((desk) => desk.host.addresses.map((address) => ({ address, desk })));
  const accept = (socket: Socket, desk: HostDesk) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    desk.accept(socket);
  };
  const { servers, port } = await listenOnAll(endpoints, { port: options.port, accept });
  return {
    port,
    stop: async () => {
      const listening = servers.map(closed);
      await Promise.all([...sockets].map(destroyed));
      await Promise.all(listening);
    },
  };
}

/** What all connections of one host share. */
class HostDesk {
  readonly host: MailHost;
  readonly #options: HostDeskOptions;
  readonly #desk: RecipientDesk;
  readonly #variants: readonly Behaviour[];
  #connections = 0;

  constructor(host: MailHost, options: HostDeskOptions) {
    this.host = host;
    this.#options = options;
    this.#desk = new RecipientDesk(host, options.clock);
    this.#variants = host.variants?.list.map((variant) => ({ ...host, ...variant })) ?? [];
  }

  accept(socket: Socket): void {
    const { clock, record, tlsContext } = this.#options;
    const clientAddress = socket.remoteAddress ?? '';
    const behaviour = { ...this.#nextBehaviour(), ...this.host.byClient?.get(clientAddress) };
    const log = record.open({
      host: this.host.name,
      provider: this.host.provider ?? this.host.name,
      hostAddress: socket.localAddress ?? '',
      clientAddress,
      clientPort: socket.remotePort ?? 0,
      now: clock.monotonic(),
    });
    const most = behaviour.limits?.connections ?? Number.POSITIVE_INFINITY;
    const isOverloaded = (record.byHost.get(this.host.name)?.now ?? 0) > most;
    const hostName = this.host.name;
    const desk = this.#desk;
    const setup = { socket, hostName, behaviour, desk, clock, log, clientAddress, isOverloaded, tlsContext };
    new SmtpSession(setup).start();
  }

  #nextBehaviour(): Behaviour {
    const number = this.#connections++;
    const count = this.#variants.length;
    const turn = this.host.variants?.afterwards === 'repeat' && count > 0 ? number % count : number;
    return this.#variants[turn] ?? this.host;
  }
}

interface HostDeskOptions {
  readonly clock: Clock;
  readonly record: SandboxRecord;
  readonly tlsContext: () => SecureContext;
}

function checkAddresses(hosts: readonly MailHost[]): void {
  const owners = new Map<string, string>();
  for (const host of hosts) {
    for (const address of host.addresses) {
      if (!/^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$|^::1$/.test(address)) {
        throw new TypeError(`the sandbox listens on loopback only, not on ${address} (${host.name})`);
      }
      const other = owners.get(address);
      if (other !== undefined) throw new TypeError(`${other} and ${host.name} both claim ${address}`);
      owners.set(address, host.name);
    }
  }
}

interface Endpoint {
  readonly address: string;
  readonly desk: HostDesk;
}

async function listenOnAll(
  endpoints: readonly Endpoint[],
  options: { readonly port: number; readonly accept: (socket: Socket, desk: HostDesk) => void },
): Promise<{ servers: Server[]; port: number }> {
  for (let tries = 1; ; tries++) {
    const servers: Server[] = [];
    let port = options.port;
    try {
      for (const { address, desk } of endpoints) {
        const server = createServer((socket) => options.accept(socket, desk));
        servers.push(server);
        port = await listen(server, { host: address, port });
      }
      return { servers, port };
    } catch (error) {
      await Promise.all(servers.map(closed));
      const isTaken = isNodeError(error) && error.code === 'EADDRINUSE';
      if (isTaken && options.port === 0 && tries < PORT_TRIES) continue;
      throw explainListenError(error, options.port);
    }
  }
}

function listen(server: Server, where: { readonly host: string; readonly port: number }): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...where, backlog: BACKLOG }, () => {
      server.off('error', reject);
      server.on('error', () => {}); // out of file descriptors while accepting: the client sees a reset
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : where.port);
    });
  });
}

/** Resolves behind the session's own listeners, so that its timers are gone as well. */
function destroyed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('close', () => resolve());
    socket.destroy();
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
