// The limits a run keeps, and which of them apply to one domain and its provider: the general ones, or those written for it alone.
import type { Provider } from '../dns/provider.ts';
import { providerName } from './plan.ts';

/** The most connections that anybody may be given, to a provider or a domain. */
export const LARGEST_LIMIT = 1000;

export interface PaceLimits {
  /** Connections at once over all providers. */
  readonly concurrency: number;
  /** Connections at once to one provider, and to one IP address whoever it belongs to. */
  readonly perProvider: number;
  readonly perDomain: number;
  /** New connections to one provider per minute; null for no such limit. */
  readonly ratePerMinute: number | null;
  /** What holds for single providers and domains instead; absent where nothing does. */
  readonly exceptions?: LimitExceptions;
}

export interface LimitExceptions {
  /** By registrable domain of the mail hosts, or by the operator's name (dns/provider.ts); the former counts first. */
  readonly providers: ReadonlyMap<string, ProviderException>;
  /** Connections at once, by domain. */
  readonly domains: ReadonlyMap<string, number>;
}

/** Null where the general limit holds. */
export interface ProviderException {
  readonly connections: number | null;
  readonly ratePerMinute: number | null;
}

/** What was written for one domain and its provider; null where the general limit holds. */
export interface OwnLimits {
  readonly perProvider: number | null;
  readonly ratePerMinute: number | null;
  readonly perDomain: number | null;
}

export const NO_OWN_LIMITS: OwnLimits = { perProvider: null, ratePerMinute: null, perDomain: null };

interface Asked {
  readonly domain: string;
  readonly provider: Provider;
}

/** The limits that were written for this domain or its provider. */
export function ownLimits({ exceptions }: PaceLimits, { domain, provider }: Asked): OwnLimits {
  if (exceptions === undefined) return NO_OWN_LIMITS;
  const forProvider = exceptions.providers.get(provider.domain) ?? exceptions.providers.get(provider.label);
  return {
    perProvider: forProvider?.connections ?? null,
    ratePerMinute: forProvider?.ratePerMinute ?? null,
    perDomain: exceptions.domains.get(domain) ?? null,
  };
}

/** How many connections a domain may have at once. */
export function domainLimit({ perDomain, exceptions }: PaceLimits, domain: string): number {
  return exceptions?.domains.get(domain) ?? perDomain;
}

/** The most connections that any domain may have. */
export function mostPerDomain({ perDomain, exceptions }: PaceLimits): number {
  return Math.max(perDomain, ...(exceptions?.domains.values() ?? []));
}

/** The limits that hold for everybody, as a sentence for whoever watches. */
export function commonLimitNote({ concurrency, perProvider, perDomain, ratePerMinute }: PaceLimits): string {
  const rate = ratePerMinute === null ? '' : `, ${plural(ratePerMinute, 'new connection')} a minute to one provider`;
  const most = `at most ${plural(concurrency, 'connection')} at once`;
  return `${most}, ${perProvider} to one provider or IP address, ${perDomain} for one domain${rate}`;
}

/** What was written for this provider and this domain, as sentences for whoever watches; none where nothing was. */
export function ownLimitNotes(limits: PaceLimits, asked: Asked): string[] {
  const { perProvider, ratePerMinute, perDomain } = ownLimits(limits, asked);
  const notes: string[] = [];
  const parts: string[] = [];
  if (perProvider !== null) parts.push(`${plural(perProvider, 'connection')} at once`);
  if (ratePerMinute !== null) parts.push(`${plural(ratePerMinute, 'new connection')} a minute`);
  if (parts.length > 0) notes.push(`the config file sets ${parts.join(' and ')} for ${providerName(asked.provider)}`);
  if (perDomain !== null)
    notes.push(`the config file sets ${plural(perDomain, 'connection')} at once for ${asked.domain}`);
  return notes;
}

function plural(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`;
}
