// Writes the answers of a world as DNS messages (RFC 1035, RFC 6891) and reads the questions.
import dnsPacket, { type Answer, type DecodedPacket, type Packet, type Question } from 'dns-packet';
import type { OwnedRecord, Rcode, ZoneAnswer } from './dns-answers.ts';
import type { DnsMood } from './world.ts';

const RCODES: Readonly<Record<Rcode, number>> = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
};
const CLASSIC_UDP_SIZE = 512; // RFC 1035 section 4.2.1
const LARGEST_UDP_SIZE = 4096;

/** A question, or null for what is no DNS or already an answer. */
export function decodeQuery(message: Buffer): DecodedPacket | null {
  try {
    const packet = dnsPacket.decode(message);
    return packet.flag_qr ? null : packet;
  } catch {
    return null; // not DNS: nobody to answer
  }
}

export function answerMessage(query: DecodedPacket, question: Question, answer: ZoneAnswer): Buffer {
  return encode(query, question, {
    flags: RCODES[answer.rcode],
    answers: answer.answers.map(toWire),
    authorities: answer.soa === null ? [] : [soaRecord(answer.soa)],
  });
}

export function failureMessage(query: DecodedPacket, question: Question, rcode: Rcode): Buffer {
  return encode(query, question, { flags: RCODES[rcode] });
}

export function truncatedMessage(query: DecodedPacket, question: Question): Buffer {
  return encode(query, question, { flags: dnsPacket.TRUNCATED_RESPONSE });
}

/** The question is given back letter by letter, since clients may check its case. */
function encode(
  query: DecodedPacket,
  question: Question,
  parts: {
    readonly flags: number;
    readonly answers?: Answer[];
    readonly authorities?: Answer[];
    readonly opt?: Answer;
  },
): Buffer {
  const opt = optOf(query);
  const packet: Packet = {
    type: 'response',
    id: query.id ?? 0,
    flags: parts.flags | dnsPacket.RECURSION_AVAILABLE | (query.flag_rd ? dnsPacket.RECURSION_DESIRED : 0),
    questions: [question],
    answers: parts.answers ?? [],
    authorities: parts.authorities ?? [],
    additionals: opt === undefined ? [] : [parts.opt ?? optRecord(0)],
  };
  return dnsPacket.encode(packet);
}

function toWire({ owner: name, record }: OwnedRecord): Answer {
  const ttl = record.ttl ?? 300;
  switch (record.type) {
    case 'MX':
      return { type: 'MX', name, ttl, data: { preference: record.preference, exchange: record.exchange } };
    case 'TXT':
      return { type: 'TXT', name, ttl, data: record.data };
    case 'SOA':
      return soaRecord({ owner: name, ttl: record.minimum });
    default:
      return { type: record.type, name, ttl, data: record.data };
  }
}

/** TTL and MINIMUM are the same here: the smaller of the two is what counts (RFC 2308 section 5). */
function soaRecord(soa: { readonly owner: string; readonly ttl: number }): Answer {
  return {
    type: 'SOA',
    name: soa.owner,
    ttl: soa.ttl,
    data: {
      mname: `ns.${soa.owner}`,
      rname: `hostmaster.${soa.owner}`,
      serial: 1,
      refresh: 3600,
      retry: 600,
      expire: 86_400,
      minimum: soa.ttl,
    },
  };
}

function optRecord(extendedRcode: number): Answer {
  const sizes = { udpPayloadSize: 1232, extendedRcode, ednsVersion: 0, flags: 0, flag_do: false };
  return { type: 'OPT', name: '.', ...sizes, options: [] };
}

function optOf(query: DecodedPacket): Answer | undefined {
  return query.additionals?.find((record) => record.type === 'OPT');
}

export function isEdnsRefusal(query: DecodedPacket, mood: DnsMood): boolean {
  return mood.ednsRefused !== undefined && optOf(query) !== undefined;
}

/** An old server gives FORMERR and no OPT; a newer one BADVERS, which is 16: 1 in the OPT, 0 in the header. */
export function refuseEdns(query: DecodedPacket, question: Question, mood: DnsMood): Buffer {
  if (mood.ednsRefused === 'BADVERS') return encode(query, question, { flags: 0, opt: optRecord(1) });
  return encode({ ...query, additionals: [] }, question, { flags: RCODES.FORMERR });
}

export function udpSizeOf(query: DecodedPacket): number {
  const opt = optOf(query);
  if (opt?.type !== 'OPT' || !('udpPayloadSize' in opt)) return CLASSIC_UDP_SIZE;
  return Math.min(Math.max(opt.udpPayloadSize, CLASSIC_UDP_SIZE), LARGEST_UDP_SIZE);
}

/** Noise, a wrong id, another name: none of it may be taken for the answer (RFC 5452). */
export function junkFor(query: DecodedPacket, question: Question): Buffer[] {
  const lie: Answer = { type: 'A', name: question.name, ttl: 60, data: '127.66.66.66' };
  const other: Question = { type: question.type, name: `not-${question.name}` };
  return [
    Buffer.from('no DNS at all'),
    encode({ ...query, id: ((query.id ?? 0) + 1) % 65_536 }, question, { flags: 0, answers: [lie] }),
    encode(query, other, { flags: RCODES.NXDOMAIN }),
  ];
}
