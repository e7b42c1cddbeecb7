// Ten thousand hosts that take a connection and never say a word: the run ends within its bound, and sockets stay within limits.
//
// The bound: each connection costs its deadline, and so many are open at a time, hence
// ceil(connections / concurrency) * deadline, with one connection for each domain and mail host address tried.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MailHost } from '../../src/sandbox/world.ts';
import { joinWorlds, loopbackAddress, people, tailWorld, worldOf } from '../../src/sandbox/world-builders.ts';
import { DEFAULT_TIMEOUTS } from '../../src/smtp/timeouts.ts';
import { VERIFY_DEFAULTS } from '../../src/verify/defaults.ts';
import { HostMemory } from '../../src/verify/hosts.ts';
import { quietLoop } from '../support/quiet-loop.ts';
import { startInHandTime, type TimedRun } from './hand-time.ts';

const DOMAINS = 10_000;
/** Each with some of the domains: ten thousand listening sockets are more than some systems allow. */
const MACHINES = 500;
const CONCURRENCY = 250;
const GREETING_MS = 10_000;
/** Longer than a banner is waited for: dialling takes none of the time that is moved by hand. */
const TIMEOUTS = { ...DEFAULT_TIMEOUTS, connectMs: 60_000, greetingMs: GREETING_MS };
const LIMITS = { concurrency: CONCURRENCY, perDomain: 3, perProvider: 5, ratePerMinute: null };

function silentHost(i: number): MailHost {
  const domain = `silent${i}.test`;
  return { name: `mx.${domain}`, addresses: [loopbackAddress(i)], domains: [domain], at: { banner: 'silent' } };
}

const speaking: MailHost = {
  name: 'mx.speaking.test',
  addresses: ['127.63.1.1'],
  domains: ['speaking.test'],
  mailboxes: people('anna'),
};

test(`${DOMAINS} silent domains take no longer than their deadlines one after the other, ${CONCURRENCY} at a time`, {
  timeout: 180_000,
}, async (t) => {
  const silent = tailWorld({
    domains: DOMAINS,
    addresses: MACHINES,
    behaviour: { at: { banner: 'silent' } },
    suffix: 'silent.test',
  });
  const domains = Array.from({ length: DOMAINS }, (_, i) => `t${i}-silent.test`);
  const addresses = [...domains.map((domain) => `anna@${domain}`), 'anna@speaking.test', 'nobody@speaking.test'];
  const run = await startInHandTime(joinWorlds(silent, worldOf({ hosts: [speaking] })), addresses, {
    timeouts: TIMEOUTS,
    limits: LIMITS,
    // A machine here stands for many hosts that know nothing of one another: none is given up for its neighbours.
    hosts: new HostMemory({ ...VERIFY_DEFAULTS, deadAfterFailedStarts: Number.POSITIVE_INFINITY }),
  });
  t.after(() => run.close());
  const tookMs = await passDeadlines(run);

  const reasons = new Map<string, number>();
  for (const { reason } of run.verdicts.values()) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  assert.deepEqual([...reasons].sort(), [
    ['accepted', 1],
    ['mailbox_not_found', 1],
    ['timeout', DOMAINS],
  ]);
  const boundMs = Math.ceil(DOMAINS / CONCURRENCY) * GREETING_MS;
  t.diagnostic(`${tookMs / 1000} s of the run's time; the bound is ${boundMs / 1000} s`);
  assert.ok(tookMs <= boundMs, `${tookMs} ms`);
  const { overall, byHost } = run.sandbox.record;
  assert.ok(overall.max <= CONCURRENCY, `${overall.max} connections at once`);
  assert.ok(overall.max >= CONCURRENCY / 2, 'and the limit is used');
  assert.ok(
    silent.hosts.every(({ name }) => byHost.get(name)?.total === DOMAINS / MACHINES),
    'nobody who is silent is called twice for one address',
  );
});

/** Moves on by one deadline each time that as many as may be called at once are silent; gives how much time that took. */
async function passDeadlines({ clock, finished }: TimedRun): Promise<number> {
  const startedAt = clock.now();
  let isOver = false;
  void finished.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await Promise.race([finished, quietLoop()]);
    if (!isOver) clock.advance(GREETING_MS);
  }
  await finished;
  return clock.now() - startedAt;
}

test('one silent host with many addresses is not called for each of them', { timeout: 60_000 }, async (t) => {
  const world = worldOf({ hosts: [silentHost(0), speaking] });
  const addresses = [...Array.from({ length: 300 }, (_, i) => `p${i}@silent0.test`), 'anna@speaking.test'];
  const run = await startInHandTime(world, addresses, { timeouts: TIMEOUTS, limits: LIMITS });
  t.after(() => run.close());
  const tookMs = await run.passTime(1000);
  await run.finished;
  assert.equal(run.verdicts.size, addresses.length);
  assert.equal(run.verdicts.get('anna@speaking.test')?.reason, 'accepted');
  const { total = 0 } = run.sandbox.record.byHost.get('mx.silent0.test') ?? {};
  t.diagnostic(`${total} connections, ${tookMs / 1000} s of the run's time`);
  assert.ok(total <= 12, `${total} connections to a host that never answers`);
});
