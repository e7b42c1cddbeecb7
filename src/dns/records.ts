// One resource record: where it ends, who owns it, and its data as plain values; nothing of it is trusted beyond its form.
import * as dnsPacket from 'dns-packet';
import { readName } from './names.ts';

declare module 'dns-packet' {
  /** Exported by the package, missing in its type definitions: reads the one resource record at `offset`. */
  const answer: { decode(message: Buffer, offset: number): Answer };
}

/** Numbers of the record types this room asks for or reads (IANA "DNS Parameters"). */
export const TYPE_CODES = { A: 1, NS: 2, CNAME: 5, SOA: 6, PTR: 12, MX: 15, TXT: 16, AAAA: 28 } as const;
const TYPE_NAMES = new Map<number, keyof typeof TYPE_CODES>(
  Object.entries(TYPE_CODES).map(([name, code]) => [code, name as keyof typeof TYPE_CODES]),
);
export const CLASS_IN = 1;

export type QueryType = Exclude<keyof typeof TYPE_CODES, 'SOA'>;

export interface MxRecord {
  readonly preference: number;
  /** As of names.ts: lower case, odd octets as `\\DDD`, `.` for the root. */
  readonly exchange: string;
}

/** What a record of each type holds; names are canonical (names.ts), addresses are text. */
export interface RecordData {
  readonly A: string;
  readonly AAAA: string;
  readonly CNAME: string;
  readonly NS: string;
  readonly PTR: string;
  readonly TXT: string;
  readonly MX: MxRecord;
}

export interface ResourceRecord<T extends QueryType = QueryType> {
  readonly name: string;
  readonly type: T;
  /** Seconds, as the server said. */
  readonly ttl: number;
  readonly data: RecordData[T];
}

/** What a negative answer's life is taken from (RFC 2308 section 5). */
export interface Soa {
  readonly zone: string;
  readonly ttl: number;
  readonly minimum: number;
}

export interface RawRecord {
  readonly name: string;
  readonly typeCode: number;
  /** Null for types and classes this room has no use for. */
  readonly type: QueryType | null;
  readonly ttl: number;
  readonly extendedRcode: number;
  readonly data: RecordData[QueryType] | null;
  readonly soa: Soa | null;
  readonly end: number;
}

/** Reads the record at `at`; null where it runs past the message or its data does not fit its length. */
export function readRecord(message: Buffer, at: number): RawRecord | null {
  const owner = readName(message, at);
  if (owner === null || owner.end + 10 > message.length) return null;
  const typeCode = message.readUInt16BE(owner.end);
  const dataStart = owner.end + 10;
  const end = dataStart + message.readUInt16BE(owner.end + 8);
  if (end > message.length) return null;
  const rawTtl = message.readUInt32BE(owner.end + 4);
  const record = {
    name: owner.name,
    typeCode,
    type: null,
    // RFC 2181 section 8: a TTL with its highest bit set counts as zero.
    ttl: rawTtl > 0x7fffffff ? 0 : rawTtl,
    extendedRcode: message[owner.end + 4] as number,
    data: null,
    soa: null,
    end,
  };
  const type = TYPE_NAMES.get(typeCode);
  if (type === undefined || message.readUInt16BE(owner.end + 2) !== CLASS_IN) return record;
  return withData({ message, at, dataStart, record, type });
}

/** True for a record whose data this room can use. */
export function isUsable(record: RawRecord): record is RawRecord & ResourceRecord {
  return record.type !== null && record.data !== null;
}

interface DataPlace {
  readonly message: Buffer;
  readonly at: number;
  readonly dataStart: number;
  readonly record: RawRecord;
  readonly type: keyof typeof TYPE_CODES;
}

/** Decodes the data of a record; null where it does not fill its stated length exactly. */
function withData({ message, at, dataStart, record, type }: DataPlace): RawRecord | null {
  const length = record.end - dataStart;
  switch (type) {
    case 'CNAME':
    case 'NS':
    case 'PTR': {
      const target = readName(message, dataStart);
      return target === null || target.end !== record.end ? null : { ...record, type, data: target.name };
    }
    case 'MX': {
      const exchange = length < 3 ? null : readName(message, dataStart + 2);
      if (exchange === null || exchange.end !== record.end) return null;
      return { ...record, type, data: { preference: message.readUInt16BE(dataStart), exchange: exchange.name } };
    }
    case 'A':
    case 'AAAA': {
      if (length !== (type === 'A' ? 4 : 16)) return null;
      const address = decodeWithPackage(message, at);
      return typeof address === 'string' ? { ...record, type, data: address } : null;
    }
    case 'TXT':
      return { ...record, type, data: textOf(decodeWithPackage(message, at)) };
    case 'SOA': {
      const minimum = soaMinimum(message, dataStart, record.end);
      return minimum === null ? null : { ...record, soa: { zone: record.name, ttl: record.ttl, minimum } };
    }
  }
}

/** The fields behind an SOA's two names are five 32-bit numbers, MINIMUM the last (RFC 1035 section 3.3.13). */
function soaMinimum(message: Buffer, dataStart: number, end: number): number | null {
  const primary = readName(message, dataStart);
  const contact = primary === null ? null : readName(message, primary.end);
  return contact === null || contact.end + 20 !== end ? null : message.readUInt32BE(end - 4);
}

function decodeWithPackage(message: Buffer, at: number): unknown {
  try {
    const record = dnsPacket.answer.decode(message, at);
    return 'data' in record ? record.data : null;
  } catch {
    return null; // dns-packet throws on damaged data; for us that is one more kind of junk
  }
}

function textOf(chunks: unknown): string {
  return Array.isArray(chunks) && chunks.every((chunk) => Buffer.isBuffer(chunk))
    ? Buffer.concat(chunks).toString('utf8')
    : '';
}
