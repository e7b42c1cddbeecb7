// DNS messages as octets: writes queries, and reads replies only where they are sound and answer the query at hand.
import * as dnsPacket from 'dns-packet';
import { encodeName, readName } from './names.ts';
import {
  CLASS_IN,
  isUsable,
  type QueryType,
  type ResourceRecord,
  readRecord,
  type Soa,
  TYPE_CODES,
} from './records.ts';

const OPT = 41;

export interface Question {
  readonly name: string;
  readonly type: QueryType;
  /** The name's octets, made once for all sends. */
  readonly wireName: Buffer;
}

/** A reply that passed every check of form; what it says is judged in judgement.ts. */
export interface Response {
  /** With the upper bits of an OPT record, so that BADVERS reads 16 (RFC 6891 section 6.1.3). */
  readonly rcode: number;
  readonly truncated: boolean;
  readonly hasOpt: boolean;
  readonly answers: readonly ResourceRecord[];
  /** Records of the answer section that are of no use here (other types or classes). */
  readonly otherAnswers: number;
  readonly soa: Soa | null;
  /** The authority section names servers to ask instead. */
  readonly hasNs: boolean;
}

/** UDP payload we say we can take: fits one Ethernet frame under IPv6 (DNS Flag Day 2020). */
const UDP_PAYLOAD_OCTETS = 1_232;
const HEADER_OCTETS = 12;
const MAX_MESSAGE_OCTETS = 65_535;
/** Records read of one reply; the largest honest MX set seen had 398, and 20 of them are used. */
const MAX_RECORDS = 100;
const RCODE_FORMERR = 1;

/** The question for a canonical name, or null where the name cannot be asked for (names.ts, encodeName). */
export function questionFor(name: string, type: QueryType): Question | null {
  const wireName = encodeName(name);
  return wireName === null ? null : { name, type, wireName };
}

/**
 * One query with recursion desired. Written by hand because dns-packet encodes names as UTF-8 text and so cannot
 * ask for the odd octets that some MX targets hold.
 */
export function encodeQuery(query: {
  readonly id: number;
  readonly question: Question;
  readonly edns: boolean;
}): Buffer {
  const { wireName, type } = query.question;
  const afterName = HEADER_OCTETS + wireName.length;
  const message = Buffer.alloc(afterName + 4 + (query.edns ? 11 : 0));
  message.writeUInt16BE(query.id, 0);
  message.writeUInt16BE(dnsPacket.RECURSION_DESIRED, 2);
  message.writeUInt16BE(1, 4);
  wireName.copy(message, HEADER_OCTETS);
  message.writeUInt16BE(TYPE_CODES[type], afterName);
  message.writeUInt16BE(CLASS_IN, afterName + 2);
  if (query.edns) {
    message.writeUInt16BE(1, 10);
    // Owner is the root (one zero octet), then type and payload size; version, flags and options stay zero.
    message.writeUInt16BE(OPT, afterName + 5);
    message.writeUInt16BE(UDP_PAYLOAD_OCTETS, afterName + 7);
  }
  return message;
}

/** The id of a message, or null where there is not even that. */
export function messageId(message: Buffer): number | null {
  return message.length >= HEADER_OCTETS ? message.readUInt16BE(0) : null;
}

/**
 * Reads a reply to `question`, or gives null where the datagram is anything else (RFC 5452 section 9.1): no response,
 * another opcode, not exactly our question, damaged, out of bounds. The caller has matched socket and id.
 */
export function readResponse(message: Buffer, question: Question): Response | null {
  if (message.length < HEADER_OCTETS || message.length > MAX_MESSAGE_OCTETS) return null;
  const flags = message.readUInt16BE(2);
  const isStandardResponse = (flags & 0xf800) === 0x8000;
  if (!isStandardResponse) return null;
  const rcode = flags & 0x0f;
  const truncated = (flags & dnsPacket.TRUNCATED_RESPONSE) !== 0;
  const questions = message.readUInt16BE(4);
  // A server too old for EDNS may return nothing but its header (RFC 6891 section 7).
  if (questions === 0 && rcode === RCODE_FORMERR) return { ...EMPTY, rcode };
  if (questions !== 1) return null;
  const body = endOfQuestion(message, question);
  if (body === null) return null;
  // The cut may fall inside a record, and the whole reply is fetched again over TCP anyway.
  if (truncated) return { ...EMPTY, rcode, truncated };
  return readSections(message, body, rcode);
}

const EMPTY: Response = {
  rcode: 0,
  truncated: false,
  hasOpt: false,
  answers: [],
  otherAnswers: 0,
  soa: null,
  hasNs: false,
};

function endOfQuestion(message: Buffer, question: Question): number | null {
  const asked = readName(message, HEADER_OCTETS);
  if (asked === null || asked.name !== question.name || asked.end + 4 > message.length) return null;
  if (message.readUInt16BE(asked.end) !== TYPE_CODES[question.type]) return null;
  return message.readUInt16BE(asked.end + 2) === CLASS_IN ? asked.end + 4 : null;
}

function readSections(message: Buffer, start: number, rcode: number): Response | null {
  const answers: ResourceRecord[] = [];
  const found = { ...EMPTY, rcode };
  const ends = sectionEnds(message);
  let at = start;
  for (let i = 0; i < Math.min(ends.additional, MAX_RECORDS); i += 1) {
    const record = readRecord(message, at);
    if (record === null) return null;
    at = record.end;
    if (i < ends.answer) {
      if (isUsable(record)) answers.push({ name: record.name, type: record.type, ttl: record.ttl, data: record.data });
      else found.otherAnswers += 1;
    } else if (i < ends.authority) {
      if (record.soa !== null) found.soa ??= record.soa;
      if (record.type === 'NS') found.hasNs = true;
    } else if (record.typeCode === OPT) {
      found.hasOpt = true;
      found.rcode |= record.extendedRcode << 4;
    }
  }
  return { ...found, answers };
}

/** How many records stand in front of the end of each section, as the header claims: loops stop at MAX_RECORDS. */
function sectionEnds(message: Buffer): { answer: number; authority: number; additional: number } {
  const answer = message.readUInt16BE(6);
  const authority = answer + message.readUInt16BE(8);
  return { answer, authority, additional: authority + message.readUInt16BE(10) };
}
