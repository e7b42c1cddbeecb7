// Fuzzes the reading of DNS messages: valid packets, damaged, are either refused or read as plain, bounded values.
import assert from 'node:assert/strict';
import { isIPv4, isIPv6 } from 'node:net';
import * as dnsPacket from 'dns-packet';
import fc from 'fast-check';
import { judge } from '../../src/dns/judgement.ts';
import { type Question, questionFor, type Response, readResponse } from '../../src/dns/message.ts';
import { encodeName, readName } from '../../src/dns/names.ts';
import type { QueryType, ResourceRecord } from '../../src/dns/records.ts';
import { fuzzProperty } from './fuzz-property.ts';
import { type Damage, damaged, damages } from './pieces.ts';

const HEADER_OCTETS = 12;
const TYPES: readonly QueryType[] = ['MX', 'A', 'AAAA', 'CNAME', 'TXT', 'NS', 'PTR'];

const names = fc.constantFrom(
  ...[
    'a.test',
    'A.Test',
    'mx.a.test',
    'mx1.b.test',
    'x'.repeat(63),
    `${'y'.repeat(60)}.${'z'.repeat(60)}.test`,
    'test',
  ],
  ...['xn--bcher-kva.test', '_dmarc.a.test', '1.2.3.4.in-addr.arpa', '.', 'a-b.c-d.test'],
);
const ttls = fc.oneof(fc.constantFrom(0, 300, 0x7fffffff, 0x80000000, 0xffffffff), fc.nat({ max: 100_000 }));
const texts = fc.array(fc.string({ maxLength: 20 }), { maxLength: 3 });

const records: fc.Arbitrary<dnsPacket.Answer> = fc.oneof(
  fc.record({
    type: fc.constant('MX' as const),
    name: names,
    ttl: ttls,
    data: fc.record({ preference: fc.integer({ min: 0, max: 65_535 }), exchange: names }),
  }),
  fc.record({ type: fc.constant('A' as const), name: names, ttl: ttls, data: fc.ipV4() }),
  fc.record({
    type: fc.constant('AAAA' as const),
    name: names,
    ttl: ttls,
    data: fc.constantFrom('::1', '2001:db8::7'),
  }),
  fc.record({
    type: fc.constantFrom('CNAME' as const, 'NS' as const, 'PTR' as const),
    name: names,
    ttl: ttls,
    data: names,
  }),
  fc.record({ type: fc.constant('TXT' as const), name: names, ttl: ttls, data: texts }),
  names.map((name): dnsPacket.Answer => {
    const numbers = { serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 600 };
    return { type: 'SOA', name, ttl: 900, data: { mname: 'ns.test', rname: 'admin.test', ...numbers } };
  }),
  fc.constant({
    type: 'OPT',
    name: '.',
    udpPayloadSize: 1232,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    options: [],
  } as unknown as dnsPacket.Answer),
);

const sections = fc.array(records, { maxLength: 6 });
const packets = fc.record({
  name: fc.constantFrom('a.test', 'mx.a.test', 'xn--bcher-kva.test'),
  type: fc.constantFrom(...TYPES),
  rcode: fc.constantFrom(0, 0, 0, 0, 1, 2, 3, 3, 4, 5, 15),
  truncated: fc.boolean().map((flag) => (flag ? 0x200 : 0)),
  answers: sections,
  authorities: sections,
  additionals: sections,
});

/** Compression pointers (dns-packet writes none) and false counts, where damage at random seldom puts them. */
const aimed = fc.array(
  fc.oneof(
    fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      to: fc.integer({ min: 0, max: 600 }),
    }),
    fc.record({ count: fc.constantFrom(4, 6, 8, 10), is: fc.constantFrom(0, 1, 2, 7, 100, 65_535) }),
  ),
  { maxLength: 3 },
);

const messages = fc
  .record({ packet: packets, harm: damages, aimed, spared: fc.boolean() })
  .map(({ packet, harm, aimed: aims, spared }) => {
    const question = questionFor(packet.name, packet.type) as Question;
    return { question, message: spared ? encode(packet) : harmed(encode(packet), { question, harm, aims }) };
  });

export const dnsMessages = fuzzProperty({
  name: 'dns',
  holds: 'a DNS message, however damaged, is refused or read as plain values within the bounds, and never throws',
  cases: messages,
  check({ question, message }) {
    const before = Buffer.from(message);
    const response = readResponse(message, question);
    assert.ok(before.equals(message), 'reading changes nothing');
    for (let at = 0; at < Math.min(message.length + 2, 40); at += 1) checkName(readName(message, at)?.name);
    if (response === null) return false;
    checkResponse(response);
    checkJudgement(response, question);
    return response.answers.length + response.otherAnswers > 0;
  },
});

interface Packet {
  readonly name: string;
  readonly type: QueryType;
  readonly rcode: number;
  readonly truncated: number;
  readonly answers: dnsPacket.Answer[];
  readonly authorities: dnsPacket.Answer[];
  readonly additionals: dnsPacket.Answer[];
}

function encode({ name, type, rcode, truncated, ...sectionsOf }: Packet): Buffer {
  const flags = dnsPacket.RECURSION_DESIRED | dnsPacket.RECURSION_AVAILABLE | truncated | rcode;
  return dnsPacket.encode({ type: 'response', id: 7, flags, questions: [{ name, type }], ...sectionsOf });
}

interface Harm {
  readonly question: Question;
  readonly harm: readonly Damage[];
  readonly aims: readonly (
    | { readonly at: number; readonly to: number }
    | { readonly count: number; readonly is: number }
  )[];
}

/** Spares header and question, or else nearly every packet would be refused before its records are looked at. */
function harmed(message: Buffer, { question, harm, aims }: Harm): Buffer {
  const start = HEADER_OCTETS + question.wireName.length + 4;
  const body = damaged(message.subarray(start), harm);
  const whole = Buffer.concat([message.subarray(0, start), body]);
  for (const aim of aims) {
    if ('count' in aim) whole.writeUInt16BE(aim.is, aim.count);
    else if (body.length >= 2) {
      const at = start + Math.floor(aim.at * (body.length - 1));
      whole.writeUInt16BE(0xc000 | Math.min(aim.to, whole.length), at);
    }
  }
  return whole;
}

function checkResponse(response: Response): void {
  assert.ok(response.answers.length + response.otherAnswers <= 100, 'at most 100 records are read');
  assert.ok(response.rcode >= 0 && response.rcode <= 4095);
  for (const record of response.answers) checkRecord(record);
  if (response.soa !== null) {
    checkName(response.soa.zone);
    assert.ok(response.soa.ttl >= 0 && response.soa.ttl <= 0x7fffffff);
    assert.ok(Number.isInteger(response.soa.minimum) && response.soa.minimum >= 0);
  }
}

function checkRecord({ name, type, ttl, data }: ResourceRecord): void {
  checkName(name);
  assert.ok(Number.isInteger(ttl) && ttl >= 0 && ttl <= 0x7fffffff, `TTL ${ttl}`);
  if (type === 'A') assert.ok(isIPv4(String(data)), String(data));
  else if (type === 'AAAA') assert.ok(isIPv6(String(data)), String(data));
  else if (type === 'TXT') assert.equal(typeof data, 'string');
  else if (typeof data === 'object') {
    checkName(data.exchange);
    assert.ok(data.preference >= 0 && data.preference <= 65_535);
  } else checkName(data);
}

/** Whatever was read as a name is printable, bounded, and can be asked for as that very name. */
function checkName(name: string | undefined): void {
  if (name === undefined || name === '.') return;
  assert.match(name, /^[\x21-\x7e]+$/);
  assert.ok(name.length <= 4 * 255, 'an octet takes four characters at most');
  const wire = encodeName(name);
  assert.ok(wire !== null && wire.length <= 255, `${name} cannot be asked for`);
  assert.equal(readName(wire, 0)?.name, name);
}

function checkJudgement(response: Response, question: Question): void {
  for (const edns of [false, true]) {
    const judgement = judge(response, { question, edns });
    if (judgement.status !== 'records') continue;
    assert.ok(judgement.data.length > 0);
    const own = response.answers.filter(({ name, type }) => name === judgement.name && type === question.type);
    assert.equal(judgement.data.length, own.length, 'only records of the name and type in question are an answer');
  }
}
