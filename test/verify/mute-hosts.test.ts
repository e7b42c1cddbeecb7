// Hosts whose sessions never bring an answer: after a few of them they are left alone, and nothing is said of anybody.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Behaviour } from '../../src/sandbox/world.ts';
import { worldOf } from '../../src/sandbox/world-builders.ts';
import { DEFAULT_TIMEOUTS } from '../../src/smtp/timeouts.ts';
import { MuteHosts } from '../../src/verify/mute-hosts.ts';
import { askWorld } from '../support/ask-world.ts';

const addresses = Array.from({ length: 24 }, (_, i) => `p${i + 1}@mute.test`);

const MUTE: readonly [does: string, behaviour: Behaviour, reason: string][] = [
  ['hangs up at every recipient', { at: { rcpt: 'drop' } }, 'connect_failed'],
  ['resets the connection at every recipient', { at: { rcpt: 'reset' } }, 'connect_failed'],
  ['falls silent at every recipient', { at: { rcpt: 'silent' } }, 'timeout'],
  ['answers every recipient with an empty line', { at: { rcpt: { raw: '\r\n' } } }, 'protocol_error'],
  ['says everything twice', { at: { rcpt: { raw: '250 ok\r\n250 ok\r\n' } } }, 'protocol_error'],
  ['puts off every MAIL', { at: { mail: { say: '451 4.3.0 Local error' } } }, 'temporary_failure'],
];

for (const [does, behaviour, reason] of MUTE) {
  test(`a host that ${does} is left alone after a few sessions`, async () => {
    const host = {
      name: 'mx.mute.test',
      addresses: ['127.78.202.1'],
      domains: ['mute.test'],
      offers: { pipelining: false },
    };
    const { verdicts, record } = await askWorld(worldOf({ hosts: [{ ...host, ...behaviour }] }), addresses, {
      timeouts: { ...DEFAULT_TIMEOUTS, rcptMs: 200 },
    });
    assert.equal(verdicts.size, addresses.length);
    assert.deepEqual([...new Set([...verdicts.values()].map((verdict) => verdict.reason))], [reason]);
    const told = [...verdicts.values()].filter(({ detail }) => detail?.startsWith('not asked: it answered for nobody'));
    assert.ok(told.length >= addresses.length / 2, `${told.length} were left alone`);
    // Four in a row, and those that were under way beside them.
    assert.ok(record.connections.length <= 7, `${record.connections.length} connections`);
  });
}

test('a machine that is mute about one domain is asked about its others, and about none once two were mute', () => {
  const why = { reason: 'timeout', stage: 'rcpt', detail: 'silence', reply: null, untilMs: 1000 } as const;
  const hosts = new MuteHosts(2);
  hosts.noteMute('192.0.2.1', 'a.test', why);
  assert.equal(hosts.of('192.0.2.1', 'a.test', 0), null);
  hosts.noteMute('192.0.2.1', 'a.test', why);
  assert.equal(hosts.of('192.0.2.1', 'a.test', 0), why);
  assert.equal(hosts.of('192.0.2.1', 'a.test', 1000), null, 'its time is over');
  assert.equal(hosts.of('192.0.2.1', 'b.test', 0), null);
  for (let i = 0; i < 2; i += 1) hosts.noteMute('192.0.2.1', 'b.test', why);
  assert.equal(hosts.of('192.0.2.1', 'c.test', 0), why);
  hosts.noteSpoke('192.0.2.1', 'c.test');
  assert.equal(hosts.of('192.0.2.1', 'c.test', 0), null);
  assert.equal(hosts.of('192.0.2.1', 'a.test', 0), why, 'that domain was not answered for');
});
