// Which DNS servers to ask: those named on the command line, else those of the machine's resolv.conf.
import { readFileSync } from 'node:fs';
import { isIP, isIPv4, isIPv6 } from 'node:net';
import { MailgateError } from '../errors.ts';

export interface DnsServer {
  /** An IP address, IPv6 perhaps with a zone (`fe80::1%eth0`). */
  readonly address: string;
  readonly port: number;
}

const DNS_PORT = 53;
const HINT = 'Name a DNS server with --dns HOST[:PORT], for example --dns 192.0.2.53';

/**
 * Reads an option value: `192.0.2.53`, `192.0.2.53:5353`, `2001:db8::53`, `[2001:db8::53]:5353`, `localhost`.
 * Throws MailgateError('usage') for anything else; host names are refused because finding them would take a server.
 */
export function parseServer(text: string): DnsServer {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text);
  if (match === null && isIPv6(text)) return { address: text, port: DNS_PORT };
  const address = match?.[1] ?? hostAddress(match?.[2] ?? '');
  const isAddress = match?.[1] === undefined ? isIPv4(address) : isIPv6(address);
  if (!isAddress)
    throw new MailgateError('usage', `"${text}" is not the address of a DNS server`, {
      hint: 'Give an IP address, perhaps with a port: 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:5353',
    });
  const port = match?.[3] === undefined ? DNS_PORT : Number(match[3]);
  if (port < 1 || port > 65_535)
    throw new MailgateError('usage', `"${text}" has no valid port`, { hint: 'Ports run from 1 to 65535' });
  return { address, port };
}

function hostAddress(host: string): string {
  return host.toLowerCase() === 'localhost' ? '127.0.0.1' : host;
}

/** The servers of a resolv.conf (resolv.conf(5)): its `nameserver` lines, IPv6 perhaps with a zone; all else is ignored. */
export function systemServers(resolvConf: string): readonly DnsServer[] {
  const servers = new Map<string, DnsServer>();
  for (const line of resolvConf.split(/\r?\n/)) {
    // A comment is a line that starts with # or ;, and some write one behind the address too.
    const address = /^\s*nameserver\s+([^\s#;]+)/.exec(line)?.[1];
    if (address !== undefined && isIP(address) !== 0) servers.set(address, { address, port: DNS_PORT });
  }
  return [...servers.values()];
}

/**
 * Reads the machine's servers. Throws MailgateError('network') where the file is missing or names none: asking
 * 127.0.0.1 in silence, as resolv.conf(5) has it, would turn a missing setting into a list of failures.
 */
export function readSystemServers(path = '/etc/resolv.conf'): readonly DnsServer[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new MailgateError('network', `no DNS server is known: ${path} cannot be read`, { hint: HINT, cause });
  }
  const servers = systemServers(text);
  if (servers.length === 0)
    throw new MailgateError('network', `no DNS server is known: ${path} has no usable nameserver line`, { hint: HINT });
  return servers;
}
