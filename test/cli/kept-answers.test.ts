// What was kept while the clock was wrong is not believed once it is right again.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { KeptAnswers } from '../../src/cli/kept-answers.ts';
import type { MailHostsOutcome } from '../../src/dns/mail-hosts.ts';
import { openStore } from '../../src/store/database.ts';
import type { Verdict } from '../../src/verdict.ts';
import { HandClock } from '../support/hand-clock.ts';

const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 10, 21);
const KEY = 'ann@list.test';
const RETRY = { tries: 1, sender: '', sourceIp: '', reason: 'greylisted', host: null, reply: null } as const;

function keptAt(t: TestContext, path: string, now: number, refresh = false, allowPrivate = false): KeptAnswers {
  const clock = new HandClock(now);
  const store = openStore<MailHostsOutcome>({ path, clock });
  t.after(() => store.close());
  return new KeptAnswers({
    store,
    clock,
    refresh,
    maxAgeMs: null,
    allowPrivate,
    ignoreSuppressions: false,
    scope: 'all',
    onFailure: (error) => assert.fail(String(error)),
  });
}

function pathIn(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'mailgate-kept-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'store.sqlite');
}

function verdictOf(now: number): Verdict {
  return {
    ...{ status: 'valid', reason: 'accepted', stage: 'rcpt', reply: null, detail: null, mx: 'mx.list.test' },
    ...{ provider: 'list.test', implicitMx: false, catchall: 'no', attempts: 1, checkedAt: now, source: 'live' },
  } as const;
}

/** What a run finds out at this time, kept for good. */
function keepAll(t: TestContext, path: string, now: number): void {
  const kept = keptAt(t, path, now);
  kept.keepVerdict(KEY, verdictOf(now));
  kept.memory.rememberCatchall('list.test', 'hosts', 'yes');
  kept.retries.rememberRetry('list.test', 'bob', { ...RETRY, dueAt: now + 60_000 });
  const detail = 'no such domain';
  kept.mailHosts.put('gone.test', { status: 'domain_not_found', expiresAt: now + DAY_MS, detail }, now + DAY_MS);
  kept.close();
}

/** Which of the four is believed. */
function believed(kept: KeptAnswers, now: number): unknown {
  return {
    verdict: kept.freshVerdicts([KEY]).size + kept.usableVerdicts([KEY]).size > 0,
    catchall: kept.memory.catchallOf('list.test', 'hosts') !== null,
    retry: kept.retries.retriesOf('list.test').size > 0,
    mailHosts: kept.mailHosts.get('gone.test', now) !== null,
  };
}

const ALL = { verdict: true, catchall: true, retry: true, mailHosts: true };
const NOTHING = { verdict: false, catchall: false, retry: false, mailHosts: false };

test('what was kept a moment ago is believed, also where the clock went back by an hour', (t) => {
  for (const aheadMs of [0, 3_600_000]) {
    const path = pathIn(t);
    keepAll(t, path, NOW + aheadMs);
    assert.deepEqual(believed(keptAt(t, path, NOW), NOW), ALL);
  }
});

for (const refresh of [false, true]) {
  test(`what was kept with a clock years ahead is not believed${refresh ? ', nor with --refresh' : ''}`, (t) => {
    const path = pathIn(t);
    keepAll(t, path, NOW + 3650 * DAY_MS);
    assert.deepEqual(believed(keptAt(t, path, NOW, refresh), NOW), NOTHING);
  });
}

for (const [privateHosts, allowPrivate] of [
  ['asked', false],
  ['left_out', true],
] as const) {
  test(`a verdict for which private hosts were ${privateHosts} is not believed ${allowPrivate ? 'with' : 'without'} --allow-private`, (t) => {
    const path = pathIn(t);
    const first = keptAt(t, path, NOW, false, !allowPrivate);
    first.keepVerdict(KEY, { ...verdictOf(NOW), privateHosts });
    first.keepVerdict('bob@list.test', verdictOf(NOW));
    first.flush();
    assert.deepEqual([...first.freshVerdicts([KEY, 'bob@list.test']).keys()].sort(), [KEY, 'bob@list.test']);
    const other = keptAt(t, path, NOW, false, allowPrivate);
    assert.deepEqual([...other.freshVerdicts([KEY, 'bob@list.test']).keys()], ['bob@list.test']);
  });
}
