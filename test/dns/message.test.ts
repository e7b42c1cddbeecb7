// Tests src/dns/message.ts: which datagrams are taken for a reply, and that no damaged one harms.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as dnsPacket from 'dns-packet';
import fc from 'fast-check';
import { judge } from '../../src/dns/judgement.ts';
import { encodeQuery, type Question, questionFor, readResponse } from '../../src/dns/message.ts';

const question = questionFor('a.test', 'MX') as Question;

function encoded(packet: dnsPacket.Packet): Buffer {
  const questions = [{ name: 'a.test', type: 'MX' as const }];
  return dnsPacket.encode({ type: 'response', id: 7, flags: 0x180, questions, ...packet });
}

const mx = (preference: number, exchange: string): dnsPacket.MxAnswer => ({
  type: 'MX',
  name: 'a.test',
  ttl: 300,
  data: { preference, exchange },
});

test('a query is what another codec reads as that query', () => {
  const { questions, additionals, flag_rd, id } = dnsPacket.decode(encodeQuery({ id: 4711, question, edns: true }));
  assert.deepEqual(questions, [{ name: 'a.test', type: 'MX', class: 'IN' }]);
  assert.equal(flag_rd, true);
  assert.equal(id, 4711);
  const [opt] = additionals as [dnsPacket.OptAnswer];
  assert.deepEqual([opt.type, opt.udpPayloadSize, opt.ednsVersion, opt.flags], ['OPT', 1232, 0, 0]);
  assert.deepEqual(dnsPacket.decode(encodeQuery({ id: 1, question, edns: false })).additionals, []);
});

test('every type of record is read as another codec wrote it', () => {
  const rows: [dnsPacket.Answer, unknown][] = [
    [{ type: 'A', name: 'a.test', ttl: 1, data: '192.0.2.7' }, '192.0.2.7'],
    [{ type: 'AAAA', name: 'a.test', ttl: 1, data: '2001:db8::7' }, '2001:db8::7'],
    [{ type: 'CNAME', name: 'a.test', ttl: 1, data: 'B.test' }, 'b.test'],
    [{ type: 'NS', name: 'a.test', ttl: 1, data: 'ns.a.test' }, 'ns.a.test'],
    [{ type: 'PTR', name: 'a.test', ttl: 1, data: 'host.a.test' }, 'host.a.test'],
    [{ type: 'TXT', name: 'a.test', ttl: 1, data: ['v=spf1 ', '-all'] }, 'v=spf1 -all'],
    [mx(10, 'mx.a.test'), { preference: 10, exchange: 'mx.a.test' }],
    [mx(0, '.'), { preference: 0, exchange: '.' }],
  ];
  const response = readResponse(encoded({ answers: rows.map(([record]) => record) }), question);
  assert.deepEqual(
    response?.answers.map((record) => record.data),
    rows.map(([, data]) => data),
  );
});

test('an MX target with odd octets is read escaped and can be asked for', () => {
  const message = encoded({ answers: [mx(5, 'xx_xx.a.test')] });
  Buffer.from([0x6d, 0xe4, 0x5f, 0x2e, 0x1b]).copy(message, message.lastIndexOf('xx_xx'));
  const exchange = 'm\\228_\\046\\027.a.test';
  assert.deepEqual(readResponse(message, question)?.answers[0]?.data, { preference: 5, exchange });
  const query = encodeQuery({ id: 1, question: questionFor(exchange, 'A') as Question, edns: false });
  assert.ok(query.includes(Buffer.from([5, 0x6d, 0xe4, 0x5f, 0x2e, 0x1b, 1, 0x61])));
});

test('at most 100 records of a reply are read', () => {
  const answers = Array.from({ length: 398 }, (_, i) => mx(i, `m${i}.a.test`));
  assert.equal(readResponse(encoded({ answers }), question)?.answers.length, 100);
});

test('counts in the header are not trusted', () => {
  const message = encoded({ answers: [mx(1, 'b.test')] });
  message.writeUInt16BE(65_535, 6);
  assert.equal(readResponse(message, question), null);
});

test('a TTL with its highest bit set counts as zero', () => {
  const message = encoded({ answers: [{ ...mx(1, 'b.test'), ttl: 0x80000001 }] });
  assert.equal(readResponse(message, question)?.answers[0]?.ttl, 0);
});

const damages: [string, (message: Buffer) => Buffer][] = [
  ['no message at all', () => Buffer.alloc(0)],
  ['half a header', (message) => message.subarray(0, 11)],
  ['a query', (message) => withByte(message, 2, 0x01)],
  ['another opcode', (message) => withByte(message, 2, 0xa8)],
  ['two questions', (message) => withByte(message, 5, 2)],
  ['an MX record that is shorter than the name in it', (message) => withByte(message, message.length - 11, 9)],
  ['a record cut short', (message) => message.subarray(0, -1)],
];
for (const [what, damage] of damages) {
  test(`${what} is no reply`, () => {
    const message = encoded({ answers: [mx(1, 'b.test')] });
    assert.ok(readResponse(message, question), 'whole, it is one');
    assert.equal(readResponse(damage(message), question), null);
  });
}

function withByte(message: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(message);
  copy[at] = value;
  return copy;
}

test('an address record of a wrong length is no reply', () => {
  const a = questionFor('a.test', 'A') as Question;
  const message = dnsPacket.encode({
    type: 'response',
    questions: [{ name: 'a.test', type: 'A' }],
    answers: [{ type: 'NULL', name: 'a.test', ttl: 1, data: Buffer.from([192, 0, 2]) }],
  });
  message.writeUInt16BE(1, message.length - 13);
  assert.equal(readResponse(message, a), null);
});

const RICH = encoded({
  answers: [
    { type: 'CNAME', name: 'a.test', ttl: 60, data: 'b.test' },
    { ...mx(10, 'mx1.b.test'), name: 'b.test' },
    { ...mx(20, '.'), name: 'b.test' },
    { type: 'TXT', name: 'b.test', ttl: 60, data: ['x', 'y'] },
  ],
  authorities: [
    { type: 'SOA', name: 'test', ttl: 60, data: { mname: 'ns.test', rname: 'x.test', minimum: 60 } },
    { type: 'NS', name: 'test', ttl: 60, data: 'ns.test' },
  ],
  additionals: [
    { type: 'A', name: 'mx1.b.test', ttl: 60, data: '127.0.0.1' },
    { type: 'AAAA', name: 'mx1.b.test', ttl: 60, data: '::1' },
    {
      type: 'OPT',
      name: '.',
      udpPayloadSize: 1232,
      extendedRcode: 0,
      ednsVersion: 0,
      flags: 0,
      flag_do: false,
      options: [],
    },
  ],
});

test('mutated replies are read or refused, never a crash or a hang', () => {
  const mutation = fc.record({ at: fc.nat(RICH.length - 1), value: fc.integer({ min: 0, max: 255 }) });
  let read = 0;
  fc.assert(
    fc.property(fc.array(mutation, { minLength: 1, maxLength: 6 }), fc.nat(RICH.length), (mutations, cut) => {
      const message = Buffer.from(RICH.subarray(0, cut < 20 ? cut : RICH.length));
      for (const { at, value } of mutations) if (at < message.length) message[at] = value;
      const response = readResponse(message, question);
      if (response === null) return;
      read += 1;
      assert.ok(response.answers.length <= 100);
      judge(response, { question, edns: true });
    }),
    { numRuns: 20_000 },
  );
  assert.ok(read > 1_000, `only ${read} were still replies, so little was tested`);
});

test('a message made of nothing but pointers costs no time', () => {
  const header = encoded({}).subarray(0, 24);
  header.writeUInt16BE(65_535, 6);
  const body = Buffer.alloc(65_535 - header.length);
  for (let at = 0; at + 1 < body.length; at += 2) body.writeUInt16BE(0xc000 | Math.min(0x3fff, at + 22), at);
  const message = Buffer.concat([header, body]);
  // The quickest of some: the machine may be busy with something else during one.
  const times = Array.from({ length: 3 }, () => {
    const started = performance.now();
    assert.equal(readResponse(message, question), null);
    return performance.now() - started;
  });
  assert.ok(Math.min(...times) < 500, `${times} ms`);
});
