// Decides what the DNS of a world says to one question; sockets, delays and lost packets are the server's business.

import type { DnsMood, World, Zone, ZoneRecord } from './world.ts';
import { addressRecord } from './world-builders.ts';

export type Rcode = 'NOERROR' | NonNullable<DnsMood['rcode']>;

export interface OwnedRecord {
  readonly owner: string;
  readonly record: ZoneRecord;
}

export interface ZoneAnswer {
  readonly rcode: Rcode;
  readonly answers: readonly OwnedRecord[];
  /** The zone whose SOA goes into the authority section, and its TTL; null for positive answers. */
  readonly soa: { readonly owner: string; readonly ttl: number } | null;
}

export interface ZoneIndex {
  find(name: string): Zone | undefined;
  answer(name: string, type: string): ZoneAnswer;
}

/** Answers with so many CNAMEs are cut there, loop or not. */
const MAX_CHAIN = 12;
const DEFAULT_NEGATIVE_TTL = 900;

/** Prepares a world's names for look-ups. */
export function indexZones(world: World): ZoneIndex {
  const zones = new Map<string, Zone>(hostZones(world).map((zone) => [zone.name, zone]));
  for (const zone of world.zones) zones.set(zone.name, zone);
  const parents = new Set<string>();
  for (const name of zones.keys()) for (const parent of parentsOf(name)) parents.add(parent);

  const find = (name: string): Zone | undefined => zones.get(name) ?? world.findZone?.(name) ?? wildcard(zones, name);
  const negativeTtl = world.negativeTtlSeconds ?? DEFAULT_NEGATIVE_TTL;

  return { find, answer: (name, type) => answer(name, type) };

  function answer(name: string, type: string): ZoneAnswer {
    const answers: OwnedRecord[] = [];
    let owner = name;
    for (let hops = 0; hops < MAX_CHAIN; hops++) {
      const zone = find(owner);
      if (zone === undefined) return absent(owner, type, answers);
      const rcode = moodFor(zone.mood, type)?.rcode;
      if (rcode === 'NXDOMAIN') return { rcode, answers, soa: soaOf(owner, zone) };
      if (rcode !== undefined) return { rcode, answers: [], soa: null };
      const cname = zone.records?.find((record) => record.type === 'CNAME');
      if (cname?.type !== 'CNAME' || type === 'CNAME') return present(zone, { owner, type, answers });
      answers.push({ owner, record: cname });
      if (zone.mood?.onlyCname === true) break;
      owner = cname.data.toLowerCase();
    }
    // A loop, or a server that does not chase: the chain as far as it goes is all there is.
    return { rcode: 'NOERROR', answers, soa: null };
  }

  function present(zone: Zone, asked: { owner: string; type: string; answers: OwnedRecord[] }): ZoneAnswer {
    const records = zone.records?.filter((record) => record.type === asked.type) ?? [];
    const owner = zone.mood?.wrongOwner === true ? `stray.${asked.owner}` : asked.owner;
    const answers = [...asked.answers, ...records.map((record) => ({ owner, record }))];
    return { rcode: 'NOERROR', answers, soa: records.length > 0 ? null : soaOf(asked.owner, zone) };
  }

  /** No such name; but a name with names below it exists without records (RFC 8020). */
  function absent(name: string, type: string, answers: OwnedRecord[]): ZoneAnswer {
    if (parents.has(name)) return { rcode: 'NOERROR', answers, soa: soaOf(name, undefined) };
    const rewritten = world.rewritesNxdomainTo;
    if (rewritten === undefined) return { rcode: 'NXDOMAIN', answers, soa: soaOf(name, undefined) };
    const record = addressRecord(rewritten);
    const soa = record.type === type ? null : soaOf(name, undefined);
    return { rcode: 'NOERROR', answers: record.type === type ? [...answers, { owner: name, record }] : answers, soa };
  }

  function soaOf(name: string, zone: Zone | undefined): ZoneAnswer['soa'] {
    if (zone?.mood?.withoutSoa === true) return null;
    const own = zone?.records?.find((record) => record.type === 'SOA');
    if (zone !== undefined) return { owner: name, ttl: own?.type === 'SOA' ? own.minimum : negativeTtl };
    const apex = parentsOf(name).find((parent) => zones.has(parent));
    return { owner: apex ?? name.slice(name.lastIndexOf('.') + 1), ttl: negativeTtl };
  }
}

/** The mood that holds for a question of this type, if any. */
export function moodFor(mood: DnsMood | undefined, type: string): DnsMood | undefined {
  return mood?.types === undefined || mood.types.includes(type) ? mood : undefined;
}

function hostZones(world: World): Zone[] {
  return world.hosts.flatMap((host) => {
    const records = host.addresses.map(addressRecord);
    return [host.name, ...(host.aliases ?? [])].map((name) => ({ name: name.toLowerCase(), records }));
  });
}

/** `c.b.a` has the parents `b.a` and `a`. */
function parentsOf(name: string): string[] {
  const labels = name.split('.');
  return labels.slice(1).map((_, i) => labels.slice(i + 1).join('.'));
}

function wildcard(zones: ReadonlyMap<string, Zone>, name: string): Zone | undefined {
  for (const parent of parentsOf(name)) {
    const zone = zones.get(`*.${parent}`);
    if (zone !== undefined) return zone;
  }
  return undefined;
}
