// Answers kept with one view of private addresses, and runs with the other: nobody is asked who must not be.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../src/clock.ts';
import type { MailHostsOutcome } from '../../src/dns/mail-hosts.ts';
import { createResolver } from '../../src/dns/resolver.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { people, worldOf } from '../../src/sandbox/world-builders.ts';
import { askSandbox, memoryOfDomains } from '../support/ask-world.ts';

/** Runs one after the other on the same kept DNS answers and domain memory; a `true` is a run with --allow-private. */
async function runs(views: readonly boolean[]) {
  const host = { name: 'mx.own.test', addresses: ['127.0.175.1'], domains: ['own.test'], mailboxes: people('anna') };
  const sandbox = await startSandbox(worldOf({ hosts: [host] }));
  const resolver = createResolver({ servers: [sandbox.dns], clock: systemClock });
  const kept = new Map<string, MailHostsOutcome>();
  const cache = {
    get: (domain: string) => kept.get(domain) ?? null,
    put: (domain: string, outcome: MailHostsOutcome) => void kept.set(domain, outcome),
  };
  const plan = { resolver, cache, useIpv6: true, refresh: false, trustNxdomain: true, mask: new Set<string>() };
  const memory = memoryOfDomains();
  const found: { reason: string | undefined; privateHosts: string | undefined; connections: number }[] = [];
  try {
    for (const allowPrivate of views) {
      const { verdicts, record } = await askSandbox(sandbox, ['anna@own.test'], { allowPrivate, plan, memory });
      const verdict = verdicts.get('anna@own.test');
      found.push({
        reason: verdict?.reason,
        privateHosts: verdict?.privateHosts,
        connections: record.overall.total,
      });
    }
    return { found, memory };
  } finally {
    await resolver.close();
    await sandbox.stop();
  }
}

test('a mail host found with --allow-private is not asked by a run without it', async () => {
  const { found, memory } = await runs([true, false]);
  assert.deepEqual(found[0], { reason: 'accepted', privateHosts: 'asked', connections: 1 });
  assert.deepEqual(found[1], { reason: 'no_mail_service', privateHosts: 'left_out', connections: 1 });
  assert.equal(memory.catchallOf('own.test', 'mx.own.test'), null, 'nor is what it told of the domain believed');
});

test('a mail host left out without --allow-private is asked by a run with it', async () => {
  const { found } = await runs([false, true]);
  assert.deepEqual(found[0], { reason: 'no_mail_service', privateHosts: 'left_out', connections: 0 });
  assert.deepEqual(found[1], { reason: 'accepted', privateHosts: 'asked', connections: 1 });
});
