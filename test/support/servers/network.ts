// Hands each test its own block of loopback addresses and its own ports, so that parallel runs never meet.
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/** A block of 250 loopback addresses, held until `release`; ports are free on all of them. */
export interface LoopbackNetwork {
  readonly smtpPort: number;
  readonly dnsPort: number;
  /** For servers behind the mail servers, such as a policy service. */
  readonly policyPort: number;
  /** The n-th address of the block, 1 to 250. */
  address(n: number): string;
  release(): Promise<void>;
}

/** Whoever listens at .254 of a block on this port owns the whole block. */
const OWNER_PORT = 20_009;
/** Below Linux's range for outgoing connections (32768 and up), so that no client port takes one in between. */
const FIRST_PORT = 20_010;
const LAST_PORT = 32_000;

/** Reserves a free block of 127.0.0.0/8 and three ports nobody listens on. */
export async function reserveNetwork(): Promise<LoopbackNetwork> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const block = `127.${randomBetween(10, 250)}.${randomBetween(0, 255)}`;
    const owner = await tryListen(`${block}.254`, OWNER_PORT);
    if (owner === null) continue;
    const ports = [await freePort(`${block}.1`), await freePort(`${block}.2`), await freePort(`${block}.3`)];
    const [smtpPort, dnsPort, policyPort] = ports;
    if (smtpPort !== undefined && dnsPort !== undefined && policyPort !== undefined && new Set(ports).size === 3)
      return { smtpPort, dnsPort, policyPort, address: (n) => `${block}.${n}`, release: () => close(owner) };
    await close(owner);
  }
  throw new Error('no free block of loopback addresses in 100 tries');
}

async function freePort(address: string): Promise<number> {
  for (;;) {
    const port = randomBetween(FIRST_PORT, LAST_PORT);
    const server = await tryListen(address, port);
    if (server === null) continue;
    await close(server);
    return port;
  }
}

async function tryListen(address: string, port: number): Promise<Server | null> {
  const server = createServer();
  server.listen(port, address);
  try {
    await once(server, 'listening');
    return server;
  } catch {
    return null;
  }
}

async function close(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}

function randomBetween(low: number, high: number): number {
  return low + Math.floor(Math.random() * (high - low + 1));
}
