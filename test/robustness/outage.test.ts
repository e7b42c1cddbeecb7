// This machine's own network is gone for a while: the list waits for it, for two minutes at most, and then says what it could not ask.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { MailHost } from '../../src/sandbox/world.ts';
import { people, worldOf } from '../../src/sandbox/world-builders.ts';
import { openSession } from '../../src/smtp/session.ts';
import { OUTAGE_PATIENCE_MS, throughOutages } from '../../src/verify/outage.ts';
import { HandClock } from '../support/hand-clock.ts';
import { startInHandTime, type TimedRun } from './hand-time.ts';

const DOMAINS = Array.from({ length: 80 }, (_, i) => `out${i}.test`);
const ADDRESSES = DOMAINS.flatMap((domain) => [`anna@${domain}`, `nobody@${domain}`]);
const WORLD = worldOf({
  hosts: DOMAINS.map(
    (domain, i): MailHost => ({
      name: `mx.${domain}`,
      addresses: [`127.68.1.${i + 1}`],
      domains: [domain],
      mailboxes: people('anna'),
    }),
  ),
});
const UNREACHABLE = { status: 'failed', stage: 'connect', failure: 'unreachable', reply: null } as const;

/** A run on a machine that loses its network once so many sessions were opened, for so long. */
async function runWithOutage(t: TestContext, lost: { readonly afterSessions: number; readonly ms: number }) {
  const clock = new HandClock();
  const seen = { told: [] as number[], inVain: 0, sessions: 0, downUntil: Number.POSITIVE_INFINITY };
  const open: typeof openSession = async (session) => {
    if (seen.sessions === lost.afterSessions) seen.downUntil = clock.now() + lost.ms;
    seen.sessions += 1;
    if (seen.sessions <= lost.afterSessions || clock.now() >= seen.downUntil) return openSession(session);
    seen.inVain += 1;
    const detail = `connect ENETUNREACH ${session.address}`;
    return { ...UNREACHABLE, tryNextHost: true, detail, closed: Promise.resolve() };
  };
  const run = await startInHandTime(WORLD, ADDRESSES, {
    clock,
    openSession: throughOutages(open, { clock, onOutage: () => seen.told.push(clock.now()) }),
    limits: { concurrency: 8, perDomain: 1, perProvider: 1, ratePerMinute: null },
  });
  t.after(() => run.close());
  const tookMs = await run.passTime(1000);
  await run.finished;
  return { run, seen, tookMs };
}

function reasonsOf({ verdicts }: TimedRun): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { reason } of verdicts.values()) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}

test('a network that is gone for a minute costs a list a minute, and nobody a verdict', {
  timeout: 60_000,
}, async (t) => {
  const { run, seen, tookMs } = await runWithOutage(t, { afterSessions: 20, ms: 60_000 });
  assert.deepEqual(reasonsOf(run), { accepted: 80, mailbox_not_found: 80 });
  assert.equal(seen.told.length, 1);
  assert.ok(tookMs < 75_000, `${tookMs / 1000} s`);
  assert.ok(seen.inVain <= 8 * 13, `dialled ${seen.inVain} times in vain`);
});

test('a host to which there is no way holds nobody up who can be reached', { timeout: 60_000 }, async (t) => {
  const { run, seen, tookMs } = await runWithOutage(t, { afterSessions: 79, ms: Number.POSITIVE_INFINITY });
  assert.equal(reasonsOf(run)['connect_failed'], 2);
  assert.deepEqual([seen.told.length, tookMs <= 30_000], [0, true]);
});

test('a network that stays away is waited for no longer than two minutes, and nothing false is decided', {
  timeout: 60_000,
}, async (t) => {
  const { run, tookMs } = await runWithOutage(t, { afterSessions: 20, ms: Number.POSITIVE_INFINITY });
  const { accepted = 0, mailbox_not_found: missing = 0, connect_failed: failed } = reasonsOf(run);
  assert.deepEqual([accepted, missing, failed], [20, 20, 120]);
  assert.ok(tookMs <= OUTAGE_PATIENCE_MS + 20_000, `${tookMs / 1000} s`);
});

test('where nothing was ever reached, nothing is waited for', { timeout: 60_000 }, async (t) => {
  const { run, seen, tookMs } = await runWithOutage(t, { afterSessions: 0, ms: Number.POSITIVE_INFINITY });
  assert.deepEqual(reasonsOf(run), { connect_failed: 160 });
  assert.deepEqual([seen.told.length, tookMs < 5000], [0, true]);
});
