// Limits written for single providers and domains, as the servers counted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MailHost } from '../../src/sandbox/world.ts';
import { worldOf } from '../../src/sandbox/world-builders.ts';
import type { LimitExceptions } from '../../src/verify/limits.ts';
import { askWorld } from '../support/ask-world.ts';

const GENERAL = { concurrency: 50, perDomain: 2, perProvider: 3, ratePerMinute: null };

function host(name: string, address: string, domains: readonly string[]): MailHost {
  return { name, addresses: [address], domains, mailboxes: () => true, wire: { latencyMs: 5 } };
}

const ONES = Array.from({ length: 12 }, (_, i) => `one${i}.test`);
const WORLD = worldOf({
  hosts: [
    host('mx.big.test', '127.0.74.1', ONES),
    host('mx.other.test', '127.0.74.2', ['wide.test', 'narrow.test', 'usual.test']),
  ],
});
const ADDRESSES = [...ONES, 'wide.test', 'narrow.test', 'usual.test'].flatMap((domain) =>
  Array.from({ length: domain.startsWith('one') ? 10 : 90 }, (_, i) => `p${i}@${domain}`),
);

function exceptions(rest: Partial<LimitExceptions>): LimitExceptions {
  return { providers: new Map(), domains: new Map(), ...rest };
}

test('a provider and a domain get what was written for them, more or less than everybody', async () => {
  const { record, verdicts, events } = await askWorld(WORLD, ADDRESSES, {
    recipientsPerSession: 5,
    limits: {
      ...GENERAL,
      exceptions: exceptions({
        providers: new Map([
          ['big.test', { connections: 7, ratePerMinute: null }],
          ['other.test', { connections: 6, ratePerMinute: null }],
        ]),
        domains: new Map([
          ['wide.test', 4],
          ['narrow.test', 1],
        ]),
      }),
    },
  });
  assert.equal(verdicts.size, ADDRESSES.length);
  // More than everybody gets, and no more than they may have; how near they come is the machine's business.
  const within = (most: number | undefined, above: number, limit: number): boolean =>
    most !== undefined && most > above && most <= limit;
  const mostAt = (host: string) => record.byHost.get(host)?.max;
  assert.ok(within(mostAt('mx.big.test'), GENERAL.perProvider, 7), `${mostAt('mx.big.test')} of 7`);
  assert.ok(within(mostAt('mx.other.test'), GENERAL.perProvider, 6), `${mostAt('mx.other.test')} of 6`);
  const most = (domain: string) => record.byDomain.get(domain)?.connections.max;
  assert.ok(within(most('wide.test'), GENERAL.perDomain, 4), `${most('wide.test')} of 4`);
  assert.equal(most('narrow.test'), 1);
  assert.ok(within(most('usual.test'), 0, GENERAL.perDomain), `${most('usual.test')} of 2`);
  const notes = events.flatMap((event) =>
    event.type === 'dialogue' && event.direction === 'note' ? [event.line] : [],
  );
  assert.deepEqual(notes.filter((line) => line.startsWith('the config file')).sort(), [
    'the config file sets 1 connection at once for narrow.test',
    'the config file sets 4 connections at once for wide.test',
    'the config file sets 6 connections at once for other.test',
    'the config file sets 7 connections at once for big.test',
  ]);
});

test('a domain never gets more than its provider may have', async () => {
  const { record } = await askWorld(WORLD, ADDRESSES, {
    recipientsPerSession: 5,
    limits: { ...GENERAL, exceptions: exceptions({ domains: new Map([['wide.test', 20]]) }) },
  });
  const most = record.byHost.get('mx.other.test')?.max ?? 0;
  assert.ok(most > 0 && most <= 3, `${most} of 3`);
});

test('they hold for who is asked again later, too', async () => {
  const greylist = { waitMs: 300, says: '450 4.2.0 Greylisted, try again in 1 seconds' };
  const hosts = [
    { ...host('mx1.big.test', '127.0.74.3', ONES.slice(0, 6)), provider: 'big', greylist },
    { ...host('mx2.big.test', '127.0.74.4', ONES.slice(6)), provider: 'big', greylist },
  ];
  const addresses = ONES.map((domain) => `anna@${domain}`);
  const { record } = await askWorld(worldOf({ hosts }), addresses, {
    limits: {
      ...GENERAL,
      exceptions: exceptions({ providers: new Map([['big.test', { connections: 1, ratePerMinute: null }]]) }),
    },
    waitMs: 6000,
    record: () => {},
  });
  assert.ok((record.byProvider.get('big')?.total ?? 0) >= 2 * ONES.length, 'all were asked again');
  assert.equal(record.byProvider.get('big')?.max, 1);
});
