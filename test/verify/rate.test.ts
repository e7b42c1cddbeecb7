// New connections per minute, as the server counts them: on a clock moved by hand, with real sockets.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MOODS } from '../../src/sandbox/moods.ts';
import type { SandboxRecord } from '../../src/sandbox/record.ts';
import type { World } from '../../src/sandbox/world.ts';
import { worldOf } from '../../src/sandbox/world-builders.ts';
import type { PaceLimits } from '../../src/verify/limits.ts';
import { startInHandTime } from '../robustness/hand-time.ts';

const DOMAINS = Array.from({ length: 20 }, (_, i) => `d${i}.customers.test`);
const LIMITS: PaceLimits = { concurrency: 50, perDomain: 2, perProvider: 5, ratePerMinute: 30 };
const STEP_MS = 250;

const mailboxes = (local: string): boolean => local === 'anna';

/** All connections were opened at least so far apart, but for the step in which time moves here. */
function closest(record: SandboxRecord): number {
  const times = record.connections.map(({ openedAt }) => openedAt).sort((a, b) => a - b);
  return Math.min(...times.slice(1).map((at, i) => at - (times[i] ?? 0)));
}

async function ask(world: World, limits: PaceLimits) {
  const addresses = DOMAINS.map((domain) => `anna@${domain}`);
  const run = await startInHandTime(world, addresses, { limits });
  try {
    const ms = await run.passTime(STEP_MS);
    const { record } = await run.finished;
    return { ms, verdicts: run.verdicts, record };
  } finally {
    await run.close();
  }
}

test('a server sees no two connections sooner than its rate allows', async () => {
  const host = { name: 'mx.bigmail.test', addresses: ['127.0.75.1'], domains: DOMAINS, mailboxes };
  const { ms, record, verdicts } = await ask(worldOf({ hosts: [host] }), LIMITS);
  assert.equal(verdicts.size, 20);
  assert.ok(closest(record) >= 2000 - STEP_MS, `${closest(record)} ms apart`);
  assert.ok(ms <= 21 * 2000, `${ms} ms: no slower than the rate wants it`);
});

test('connections to further hosts of a provider count, too', async () => {
  const hosts = [
    { name: 'mx1.bigmail.test', addresses: ['127.0.75.2'], domains: DOMAINS, ...MOODS.silentBanner },
    { name: 'mx2.bigmail.test', addresses: ['127.0.75.3'], domains: DOMAINS, mailboxes },
  ];
  const { record, verdicts } = await ask(worldOf({ hosts }), LIMITS);
  assert.ok([...verdicts.values()].every(({ reason }) => reason === 'accepted'));
  assert.ok((record.byHost.get('mx1.bigmail.test')?.total ?? 0) > 0);
  assert.ok(closest(record) >= 2000 - STEP_MS, `${closest(record)} ms apart`);
});

test('a rate of its own holds for the provider it was written for, and for nobody else', async () => {
  const half = DOMAINS.slice(10);
  const hosts = [
    { name: 'mx.bigmail.test', addresses: ['127.0.75.4'], domains: DOMAINS.slice(0, 10), mailboxes },
    { name: 'mx.other.test', addresses: ['127.0.75.5'], domains: half, mailboxes },
  ];
  const providers = new Map([['bigmail.test', { connections: null, ratePerMinute: 6 }]]);
  const { record, ms } = await ask(worldOf({ hosts }), {
    ...LIMITS,
    ratePerMinute: null,
    exceptions: { providers, domains: new Map() },
  });
  const at = (host: string) => record.connections.filter((each) => each.host === host).map(({ openedAt }) => openedAt);
  assert.equal(at('mx.bigmail.test').length, 10);
  assert.ok(ms >= 9 * 10_000, `${ms} ms`);
  const others = at('mx.other.test');
  assert.ok(Math.max(...others) - Math.min(...others) < 10_000, 'the other one is not held back');
});
