// Settles who we say we are and from which local addresses, and refuses addresses that this machine does not have.
import { hostname, networkInterfaces } from 'node:os';
import type { Clock } from '../clock.ts';
import { MailgateError } from '../errors.ts';
import { whyNotLocal } from '../smtp/local-address.ts';
import type { SocksProxy } from '../smtp/proxy.ts';
import { VERIFY_DEFAULTS } from '../verify/defaults.ts';
import type { ProbeIdentity } from '../verify/probe.ts';
import { Proxies } from '../verify/proxies.ts';
import { SourceIps } from '../verify/source-ips.ts';
import type { Notices } from './notices.ts';
import type { AskSettings } from './options.ts';

/**
 * The addresses of `--source-ip`, or the proxies of `--proxy`.
 * @throws {MailgateError} of kind 'usage' for an address that cannot be spoken from, and for both kinds at once.
 */
export async function openSources(
  { sourceIps, proxies }: Pick<AskSettings, 'sourceIps' | 'proxies'>,
  given: { readonly clock: Clock; readonly notices: Notices },
): Promise<SourceIps> {
  if (proxies.length > 0) {
    if (sourceIps.length === 0) return new SourceIps([], await openProxies(proxies, given));
    throw new MailgateError(
      'usage',
      '--source-ip and --proxy exclude each other: mail hosts see the address of the proxy.',
      {
        hint: 'Leave one of them out, also in the config file and the environment.',
      },
    );
  }
  for (const address of sourceIps) {
    const code = await whyNotLocal(address);
    if (code === null) continue;
    const why =
      code === 'EADDRNOTAVAIL' ? 'this machine does not have that address' : `it cannot be used here (${code})`;
    throw new MailgateError('usage', `--source-ip ${address}: ${why}.`, {
      hint: 'Name addresses of this machine, as "ip address" lists them, or leave the choice to the system.',
    });
  }
  return new SourceIps(sourceIps);
}

/** Loaded only where there is a proxy, since most runs have none. */
async function openProxies(
  proxies: readonly SocksProxy[],
  { clock, notices }: { readonly clock: Clock; readonly notices: Notices },
): Promise<Proxies> {
  const { dialThrough } = await import('../smtp/proxy-dial.ts');
  const exits = proxies.map((proxy) => ({ id: proxy.id, label: proxy.label, dial: dialThrough(proxy) }));
  return new Proxies(exits, {
    clock,
    downAfterFailures: VERIFY_DEFAULTS.proxyDownAfterFailures,
    retryPauseMs: VERIFY_DEFAULTS.proxyRetryPauseMs,
    downMs: VERIFY_DEFAULTS.proxyDownMs,
    onDown: (sentence) => notices.warn(sentence),
  });
}

/** Who we say we are: what the user set, else this machine's own name or address, and the empty sender. */
export function identityOf(settings: Pick<AskSettings, 'helo' | 'from' | 'sourceIps'>): ProbeIdentity {
  const { helo, from: mailFrom, sourceIps } = settings;
  const named = helo ?? ownName();
  if (named !== null) return { heloName: named, mailFrom };
  // RFC 5321 section 4.1.4: a host without a full name gives an address literal instead.
  const heloName = literalOf(sourceIps[0] ?? ownAddress());
  return { heloName, mailFrom, heloNameBySource: new Map(sourceIps.map((ip) => [ip, literalOf(ip)])) };
}

function ownName(): string | null {
  const name = hostname();
  const isFull = /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i.test(name);
  return isFull && !name.endsWith('.localdomain') && !name.endsWith('.local') ? name : null;
}

function ownAddress(): string {
  const own = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return own.find(({ internal, family }) => !internal && family === 'IPv4')?.address ?? '127.0.0.1';
}

function literalOf(address: string): string {
  return address.includes(':') ? `[IPv6:${address}]` : `[${address}]`;
}
