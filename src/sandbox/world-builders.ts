// Builds worlds from few words: zones that follow from the hosts, people from names, providers with many domains.
import type { Fate, Mailboxes, MailHost, World, Zone, ZoneRecord } from './world.ts';

/** A world in which each listed domain of each host has MX records to the hosts that serve it, in the given order. */
export function worldOf(parts: {
  readonly hosts: readonly MailHost[];
  readonly zones?: readonly Zone[];
  readonly samples?: World['samples'];
}): World {
  const given = new Set(parts.zones?.map((zone) => zone.name));
  const exchanges = new Map<string, string[]>();
  for (const host of parts.hosts) {
    for (const domain of typeof host.domains === 'function' ? [] : host.domains) {
      const names = exchanges.get(domain);
      if (names === undefined) exchanges.set(domain, [host.name]);
      else names.push(host.name);
    }
  }
  const zones = [...exchanges].filter(([name]) => !given.has(name)).map(([name, hosts]) => mailZone(name, hosts));
  return {
    zones: [...zones, ...(parts.zones ?? [])],
    hosts: parts.hosts,
    ...(parts.samples === undefined ? {} : { samples: parts.samples }),
  };
}

/** A zone with MX records at preferences 10, 20, 30 … */
export function mailZone(name: string, exchanges: readonly string[], extra: readonly ZoneRecord[] = []): Zone {
  const records = exchanges.map((exchange, i) => ({ type: 'MX', preference: 10 * (i + 1), exchange }) as const);
  return { name, records: [...records, ...extra] };
}

/** A zone with address records only: an implicit MX, or the name of a machine. */
export function addressZone(name: string, addresses: readonly string[]): Zone {
  return { name, records: addresses.map(addressRecord) };
}

export function addressRecord(address: string): ZoneRecord {
  return { type: address.includes(':') ? 'AAAA' : 'A', data: address };
}

/** Mailboxes that all are fine, by address or bare local part. */
export function people(...names: readonly string[]): Mailboxes {
  return new Map(names.map((name) => [name.toLowerCase(), 'ok'] as const));
}

/** Mailboxes from pairs of name and fate. */
export function mailboxes(fates: readonly (readonly [name: string, fate: Fate])[]): Mailboxes {
  return new Map(fates.map(([name, fate]) => [name.toLowerCase(), fate] as const));
}

/** The n-th loopback address kept for made-up hosts, from 127.16.0.1 on: room for a million hosts. */
export function loopbackAddress(n: number): string {
  const last = n % 250;
  const third = Math.floor(n / 250) % 250;
  return `127.${16 + (Math.floor(n / 62_500) % 200)}.${third}.${last + 1}`;
}

/** One provider that keeps `d0.<suffix>`, `d1.<suffix>` … on a single host: many domains, one operator. */
export function providerWorld(options: {
  readonly domains: number;
  readonly host: Omit<MailHost, 'domains'>;
  /** Under which name the domains stand; `<host name>.test` style names are up to the caller. */
  readonly suffix?: string;
}): World {
  const suffix = options.suffix ?? 'customers.test';
  const domains = Array.from({ length: options.domains }, (_, i) => `d${i}.${suffix}`);
  return worldOf({ hosts: [{ ...options.host, domains }] });
}

/**
 * So many unrelated domains `t0-<suffix>`, `t1-<suffix>` …, each with a mail host of its own name and thus an operator of
 * its own; `addresses` machines carry them.
 */
export function tailWorld(options: {
  readonly domains: number;
  readonly addresses: number;
  readonly behaviour: Omit<MailHost, 'name' | 'aliases' | 'addresses' | 'domains'>;
  readonly suffix?: string;
}): World {
  const suffix = options.suffix ?? 'tail.test';
  const groups = Array.from({ length: options.addresses }, () => [] as string[]);
  for (let i = 0; i < options.domains; i++) groups[i % options.addresses]?.push(`t${i}-${suffix}`);
  const hosts = groups.map((domains, i) => ({
    ...options.behaviour,
    name: `machine${i}-${suffix}`,
    aliases: domains.map((domain) => `mx.${domain}`),
    addresses: [loopbackAddress(i)],
    domains,
  }));
  const zones = groups.flat().map((domain) => mailZone(domain, [`mx.${domain}`]));
  return worldOf({ hosts, zones });
}

/** Several worlds as one; where two name the same zone the later one holds. */
export function joinWorlds(...worlds: readonly World[]): World {
  const zones = new Map(worlds.flatMap((world) => world.zones.map((zone) => [zone.name, zone] as const)));
  const finders = worlds.flatMap((world) => (world.findZone === undefined ? [] : [world.findZone]));
  return {
    zones: [...zones.values()],
    hosts: worlds.flatMap((world) => world.hosts),
    samples: worlds.flatMap((world) => world.samples ?? []),
    ...(finders.length === 0 ? {} : { findZone: (name) => firstOf(finders, name) }),
  };
}

function firstOf(finders: readonly ((name: string) => Zone | undefined)[], name: string): Zone | undefined {
  for (const find of finders) {
    const zone = find(name);
    if (zone !== undefined) return zone;
  }
  return undefined;
}
