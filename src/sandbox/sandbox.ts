// Starts and stops a pretend mail world: its DNS and its mail hosts on loopback, and the record of what they were asked.
import { type Clock, systemClock } from '../clock.ts';
import { type DnsServer, startDnsServer } from './dns-server.ts';
import { SandboxRecord } from './record.ts';
import { startSmtpServers } from './smtp-server.ts';
import type { World } from './world.ts';

export interface SandboxOptions {
  /** Drives delays and greylists; the system's by default. */
  readonly clock?: Clock;
  /** One port for all mail hosts; 0 (the default) picks one that is free on all their addresses. */
  readonly smtpPort?: number;
  /** The port of the DNS side on `dnsAddress`, 127.0.0.1 by default; 0 (the default) picks a free one. */
  readonly dnsPort?: number;
  readonly dnsAddress?: string;
  /** False keeps counters only, so that big runs need no memory for what was said; true by default. */
  readonly keepCommands?: boolean;
}

export interface Sandbox {
  readonly dns: { readonly address: string; readonly port: number };
  readonly smtpPort: number;
  readonly record: SandboxRecord;
  /** Closes every socket and timer; resolves when none is left. */
  stop(): Promise<void>;
}

/**
 * Puts a world on loopback.
 * @throws MailgateError('network') when a port or address cannot be had.
 */
export async function startSandbox(world: World, options: SandboxOptions = {}): Promise<Sandbox> {
  const clock = options.clock ?? systemClock;
  const record = new SandboxRecord({ keepCommands: options.keepCommands ?? true });
  const smtp = await startSmtpServers(world, { port: options.smtpPort ?? 0, clock, record });
  let dns: DnsServer;
  try {
    const address = options.dnsAddress ?? '127.0.0.1';
    dns = await startDnsServer(world, { address, port: options.dnsPort ?? 0, clock, record });
  } catch (error) {
    await smtp.stop();
    throw error;
  }
  let stopping: Promise<void> | null = null;
  const stop = async () => {
    await Promise.all([smtp.stop(), dns.stop()]);
  };
  return {
    dns: { address: dns.address, port: dns.port },
    smtpPort: smtp.port,
    record,
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}
