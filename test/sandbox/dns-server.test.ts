// The DNS side of the sandbox: what a world says about a name, and how it can fail to say it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import type { World, ZoneRecord } from '../../src/sandbox/world.ts';
import { addressZone, mailZone } from '../../src/sandbox/world-builders.ts';
import { ManualClock } from './manual-clock.ts';
import { askDns, type DnsAsk } from './raw-client.ts';

const manyMx = Array.from({ length: 60 }, (_, i) => `mx${i}.many.test`);

const world: World = {
  hosts: [{ name: 'mx.plain.test', aliases: ['mx2.plain.test'], addresses: ['127.0.40.1'], domains: ['plain.test'] }],
  zones: [
    mailZone('plain.test', ['mx.plain.test', 'mx2.plain.test']),
    mailZone('many.test', manyMx),
    { name: 'null.test', records: [{ type: 'MX', preference: 0, exchange: '.' }] },
    addressZone('six.test', ['::1']),
    { name: 'alias.test', records: [{ type: 'CNAME', data: 'plain.test' }] },
    { name: 'to-nothing.test', records: [{ type: 'CNAME', data: 'nowhere.test' }] },
    { name: 'loop-a.test', records: [{ type: 'CNAME', data: 'loop-b.test' }] },
    { name: 'loop-b.test', records: [{ type: 'CNAME', data: 'loop-a.test' }] },
    { name: 'deep.below.test', records: [{ type: 'TXT', data: 'here' }] },
    { name: 'sick.test', mood: { rcode: 'SERVFAIL' } },
    { name: 'sick-for-a.test', records: mxRecords('mx.plain.test'), mood: { types: ['A'], rcode: 'SERVFAIL' } },
    { name: 'refused.test', mood: { rcode: 'REFUSED' } },
    { name: 'tc.test', records: mxRecords('mx.plain.test'), mood: { truncated: 'then_tcp' } },
    { name: 'tc-only.test', records: mxRecords('mx.plain.test'), mood: { truncated: 'no_tcp' } },
    { name: 'old.test', records: mxRecords('mx.plain.test'), mood: { ednsRefused: 'FORMERR' } },
    { name: 'badvers.test', records: mxRecords('mx.plain.test'), mood: { ednsRefused: 'BADVERS' } },
    { name: 'bare.test', records: mxRecords('mx.plain.test'), mood: { withoutSoa: true } },
    { name: 'tries.test', records: mxRecords('mx.plain.test'), mood: { failsFirst: 1 } },
    { name: 'noisy.test', records: mxRecords('mx.plain.test'), mood: { junkFirst: true } },
    { name: 'stray.test', records: mxRecords('mx.plain.test'), mood: { wrongOwner: true } },
    { name: '*.wild.test', records: mxRecords('mx.plain.test') },
  ],
  findZone: (name) => (name.endsWith('.generated.test') ? mailZone(name, ['mx.plain.test']) : undefined),
};

let sandbox: Sandbox;
before(async () => {
  sandbox = await startSandbox(world);
});
after(() => sandbox.stop());

const cases: readonly [
  name: string,
  type: DnsAsk['type'],
  rcode: string,
  answers: number,
  soa: boolean,
  why: string,
][] = [
  ['plain.test', 'MX', 'NOERROR', 2, false, 'records are given'],
  ['PLAIN.test', 'MX', 'NOERROR', 2, false, 'names have no case'],
  ['mx2.plain.test', 'A', 'NOERROR', 1, false, 'hosts and their aliases have addresses by themselves'],
  ['plain.test', 'AAAA', 'NOERROR', 0, true, 'no data is no NXDOMAIN, and carries a SOA'],
  ['nothing.test', 'MX', 'NXDOMAIN', 0, true, 'unknown names do not exist'],
  ['kqzvwpxjnmtrbdlfhgsc.com', 'A', 'NXDOMAIN', 0, true, 'nor do random labels under a common TLD'],
  ['below.test', 'A', 'NOERROR', 0, true, 'a name with names below it exists (RFC 8020)'],
  ['null.test', 'MX', 'NOERROR', 1, false, 'a null MX is a record'],
  ['six.test', 'AAAA', 'NOERROR', 1, false, 'an IPv6 address'],
  ['alias.test', 'MX', 'NOERROR', 3, false, 'a CNAME comes with the records of its target'],
  ['to-nothing.test', 'MX', 'NXDOMAIN', 1, true, 'a CNAME to nothing'],
  ['loop-a.test', 'MX', 'NOERROR', 12, false, 'a loop is cut'],
  ['sick.test', 'MX', 'SERVFAIL', 0, false, 'a broken zone'],
  ['sick-for-a.test', 'MX', 'NOERROR', 1, false, 'a mood may concern one type'],
  ['sick-for-a.test', 'A', 'SERVFAIL', 0, false, 'and only that one'],
  ['refused.test', 'MX', 'REFUSED', 0, false, 'a refusal'],
  ['bare.test', 'A', 'NOERROR', 0, false, 'a negative answer without SOA'],
  ['a.b.wild.test', 'MX', 'NOERROR', 1, false, 'a wildcard'],
  ['x7.generated.test', 'MX', 'NOERROR', 1, false, 'a zone made on demand'],
];

for (const [name, type, rcode, answers, soa, why] of cases) {
  test(`${name} ${type} is ${rcode} with ${answers} records: ${why}`, async () => {
    for (const tcp of [false, true]) {
      const reply = await askDns({ port: sandbox.dns.port, name, type, tcp });
      assert.equal(reply?.rcode, rcode);
      assert.equal(reply?.packet.answers?.length, answers);
      assert.equal(reply?.packet.authorities?.[0]?.type === 'SOA', soa);
      assert.equal(reply?.packet.questions?.[0]?.name, name);
    }
  });
}

test('a null MX is the root with preference 0', async () => {
  const reply = await askDns({ port: sandbox.dns.port, name: 'null.test', type: 'MX' });
  const answer = reply?.packet.answers?.[0];
  assert.deepEqual(answer?.type === 'MX' ? answer.data : null, { preference: 0, exchange: '.' });
});

test('an answer too large for a datagram is truncated, and whole over TCP', async () => {
  const ask = { port: sandbox.dns.port, name: 'many.test', type: 'MX' } as const;
  const small = await askDns(ask);
  assert.equal(small?.packet.flag_tc, true);
  assert.equal(small?.packet.answers?.length, 0);
  const whole = await askDns({ ...ask, tcp: true });
  assert.equal(whole?.packet.answers?.length, 60);
});

test('a truncated answer can be fetched over TCP, or not where TCP is closed', async () => {
  const port = sandbox.dns.port;
  assert.equal((await askDns({ port, name: 'tc.test', type: 'MX' }))?.packet.flag_tc, true);
  assert.equal((await askDns({ port, name: 'tc.test', type: 'MX', tcp: true }))?.packet.answers?.length, 1);
  assert.equal((await askDns({ port, name: 'tc-only.test', type: 'MX' }))?.packet.flag_tc, true);
  assert.equal(await askDns({ port, name: 'tc-only.test', type: 'MX', tcp: true }), null);
});

test('EDNS is answered with EDNS, and refused as FORMERR or BADVERS where asked for', async () => {
  const port = sandbox.dns.port;
  const modern = await askDns({ port, name: 'plain.test', type: 'MX', edns: true });
  assert.equal(modern?.packet.additionals?.[0]?.type, 'OPT');
  const old = await askDns({ port, name: 'old.test', type: 'MX', edns: true });
  assert.equal(old?.rcode, 'FORMERR');
  assert.equal(old?.packet.additionals?.length, 0);
  assert.equal((await askDns({ port, name: 'old.test', type: 'MX' }))?.packet.answers?.length, 1);
  const badvers = await askDns({ port, name: 'badvers.test', type: 'MX', edns: true });
  const opt = badvers?.packet.additionals?.[0];
  assert.equal(opt?.type === 'OPT' && 'extendedRcode' in opt ? opt.extendedRcode : null, 1);
});

test('a zone can fail at first and answer later', async () => {
  const ask = { port: sandbox.dns.port, name: 'tries.test', type: 'MX' } as const;
  assert.equal((await askDns(ask))?.rcode, 'SERVFAIL');
  assert.equal((await askDns(ask))?.rcode, 'NOERROR');
});

test('noise, a wrong id and a wrong name can come before the answer', async () => {
  const reply = await askDns({ port: sandbox.dns.port, name: 'noisy.test', type: 'MX' });
  assert.equal(reply?.junk, 3);
  assert.equal(reply?.packet.answers?.length, 1);
});

test('records can come under an owner name nobody asked for', async () => {
  const reply = await askDns({ port: sandbox.dns.port, name: 'stray.test', type: 'MX' });
  assert.equal(reply?.packet.answers?.[0]?.name, 'stray.stray.test');
});

test('questions are counted by name, type and transport', async () => {
  const own = await startSandbox({ hosts: [], zones: [mailZone('a.test', ['mx.a.test'])] });
  await askDns({ port: own.dns.port, name: 'a.test', type: 'MX' });
  await askDns({ port: own.dns.port, name: 'A.test', type: 'MX', tcp: true });
  await askDns({ port: own.dns.port, name: 'b.test', type: 'A' });
  assert.equal(own.record.dnsTotal, 3);
  assert.equal(own.record.dnsOverTcp, 1);
  assert.deepEqual(
    [...own.record.dnsQuestions],
    [
      ['a.test MX', 2],
      ['b.test A', 1],
    ],
  );
  await own.stop();
});

test('a delayed answer waits for the clock, a lost or silent one never comes', async () => {
  const clock = new ManualClock();
  const records = mxRecords('mx.a.test');
  const own = await startSandbox(
    {
      hosts: [],
      zones: [
        { name: 'late.test', records, mood: { delayMs: 3000 } },
        { name: 'lost.test', records, mood: { losesFirst: 1 } },
        { name: 'mute.test', records, mood: { silent: true } },
      ],
    },
    { clock },
  );
  const { port } = own.dns;
  const late = askDns({ port, name: 'late.test', type: 'MX' });
  const lost = askDns({ port, name: 'lost.test', type: 'MX' }, late);
  const mute = askDns({ port, name: 'mute.test', type: 'MX' }, late);
  await own.record.until((record) => record.dnsTotal === 3);
  assert.equal(clock.pending, 1);
  clock.advance(3000);
  assert.equal((await late)?.rcode, 'NOERROR');
  assert.equal(await lost, null);
  assert.equal(await mute, null);
  assert.equal((await askDns({ port, name: 'lost.test', type: 'MX' }))?.rcode, 'NOERROR');
  void askDns(
    { port, name: 'late.test', type: 'MX' },
    own.record.until((record) => record.dnsTotal === 5),
  );
  await own.record.until((record) => record.dnsTotal === 5);
  await own.stop();
  assert.equal(clock.pending, 0, 'stopping leaves no timer');
});

test('a world can rewrite names that do not exist to an address', async () => {
  const own = await startSandbox({ hosts: [], zones: [], rewritesNxdomainTo: '127.0.40.99' });
  const reply = await askDns({ port: own.dns.port, name: 'nothing.test', type: 'A' });
  const answer = reply?.packet.answers?.[0];
  assert.equal(answer?.type === 'A' ? answer.data : null, '127.0.40.99');
  assert.equal((await askDns({ port: own.dns.port, name: 'nothing.test', type: 'MX' }))?.rcode, 'NOERROR');
  await own.stop();
});

function mxRecords(exchange: string): ZoneRecord[] {
  return [{ type: 'MX', preference: 10, exchange }];
}
