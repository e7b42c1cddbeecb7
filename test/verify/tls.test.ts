// How --tls shapes what the engine asks and what it makes of hosts that want it otherwise.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MailHost, Offers } from '../../src/sandbox/world.ts';
import { worldOf } from '../../src/sandbox/world-builders.ts';
import type { RunOptions } from '../../src/verify/run.ts';
import { askWorld } from '../support/ask-world.ts';

type Starttls = NonNullable<Offers['starttls']> | 'not_offered';

function host(starttls: Starttls): MailHost {
  return {
    name: 'mx.secure.test',
    addresses: ['127.0.54.1'],
    domains: ['secure.test'],
    mailboxes: (local) => /^p\d+$/.test(local),
    offers: starttls === 'not_offered' ? {} : { starttls },
  };
}

const CASES: readonly [
  starttls: Starttls,
  tls: NonNullable<RunOptions['tls']>,
  reason: string,
  tlsSessions: number,
  why: string,
][] = [
  ['not_offered', 'on_demand', 'accepted', 0, 'nobody asked for it'],
  ['not_offered', 'never', 'accepted', 0, 'nor here'],
  ['not_offered', 'always', 'tls_failed', 0, 'nothing is asked in the clear'],
  ['works', 'on_demand', 'accepted', 0, 'an offer is no demand'],
  ['works', 'always', 'accepted', 1, 'an offer is taken'],
  ['required', 'on_demand', 'accepted', 1, 'a demand is met'],
  ['required', 'never', 'tls_failed', 0, 'the user has said that it must not be met'],
  ['required_broken', 'on_demand', 'tls_failed', 0, 'it cannot be met'],
  ['refused', 'always', 'tls_failed', 0, 'offered and then refused'],
  ['refused', 'on_demand', 'accepted', 0, 'what is not needed may be broken'],
];

for (const [starttls, tls, reason, tlsSessions, why] of CASES) {
  test(`STARTTLS ${starttls}, --tls ${tls}: ${reason}, ${why}`, async () => {
    const { verdicts, record } = await askWorld(
      worldOf({ hosts: [host(starttls)] }),
      ['p1@secure.test', 'x@secure.test'],
      { tls },
    );
    const verdict = verdicts.get('p1@secure.test');
    assert.equal(verdict?.reason, reason, verdict?.detail ?? '');
    assert.equal(record.tlsSessions, tlsSessions);
    if (reason === 'tls_failed') assert.equal(record.verbs.get('RCPT') ?? 0, 0);
  });
}

test('a host that demands TLS is asked in the clear once, and not again in the same run', async () => {
  const people = Array.from({ length: 120 }, (_, i) => `p${i}@secure.test`);
  const limits = { concurrency: 1, perDomain: 1, perProvider: 1, ratePerMinute: null };
  const { verdicts, record } = await askWorld(worldOf({ hosts: [host('required')] }), [...people, 'x@secure.test'], {
    limits,
    recipientsPerSession: 50,
  });
  assert.deepEqual(
    people.filter((address) => verdicts.get(address)?.reason !== 'accepted'),
    [],
  );
  assert.ok(record.overall.total >= 3);
  assert.equal(record.verbs.get('MAIL'), record.overall.total + 1);
});

test('evidence of the encryption reaches whoever listens', async () => {
  const { events } = await askWorld(worldOf({ hosts: [host('works')] }), ['p1@secure.test', 'x@secure.test'], {
    tls: 'always',
  });
  const heard = events.filter((event) => event.type === 'tls');
  assert.equal(heard.length, 1);
  assert.deepEqual(heard[0]?.tls.certificate, {
    subject: 'CN=sandbox.invalid',
    issuer: 'CN=sandbox.invalid',
    validTo: '2049-12-31',
  });
});

const DEMAND_AT_RCPT = { say: '450 4.7.1 Session encryption is required' };

for (const [tls, starttls, expected] of [
  ['on_demand', 'works', 'accepted'],
  ['never', 'works', 'tls_failed'],
  ['on_demand', 'refused', 'tls_failed'],
] as const) {
  test(`a host that demands TLS only at RCPT, STARTTLS ${starttls}, --tls ${tls}: ${expected}`, async () => {
    // Whoever comes in the clear is turned away at RCPT: the first connection, and every one where TLS is not to be had.
    const inTheClear = { at: { rcpt: DEMAND_AT_RCPT } };
    const everybody =
      expected === 'accepted'
        ? { list: [inTheClear], afterwards: 'base' as const }
        : { list: [inTheClear], afterwards: 'repeat' as const };
    const world = worldOf({ hosts: [{ ...host(starttls), variants: everybody }] });
    const people = ['p1@secure.test', 'p2@secure.test', 'x@secure.test'];
    const limits = { concurrency: 1, perDomain: 1, perProvider: 1, ratePerMinute: null };
    const { verdicts, record } = await askWorld(world, people, { tls, limits });
    assert.deepEqual(
      people.slice(0, 2).map((address) => verdicts.get(address)?.reason),
      [expected, expected],
    );
    assert.equal(record.overall.total <= 6, true, `${record.overall.total} connections`);
    assert.ok(record.connections.every(({ quit }) => quit));
  });
}
