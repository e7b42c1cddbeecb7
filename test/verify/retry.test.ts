import assert from 'node:assert/strict';
import { test } from 'node:test';
import { people as named, worldOf } from '../../src/sandbox/world-builders.ts';
import { DEFAULT_TIMEOUTS } from '../../src/smtp/timeouts.ts';
import type { Reason } from '../../src/verdict.ts';
import { MOST_TRIES, namedWaitMs, RetryDesk, retryTime, type StoredRetry } from '../../src/verify/retry.ts';
import { startInHandTime } from '../robustness/hand-time.ts';
import { askWorld } from '../support/ask-world.ts';

const WAITS: readonly [text: string, seconds: number | null, why: string][] = [
  ['4.2.0 <x@y.test>: Recipient address rejected: Greylisted for 5 minutes', 301, 'Barracuda, postgrey'],
  ['4.7.1 Greylisting in action, please come back in 00:04:59 (hh:mm:ss)', 300, 'milter-greylist counts with a clock'],
  ['example.com greylisted for 60 seconds by ZEROSPAM', 61, 'a short one'],
  ['Please try again in 300 seconds', 301, 'without the word greylist'],
  ['temporarily deferred, retry after 1 hour', 3601, 'hours'],
  ['try again in 864000 seconds', 86_401, 'no longer than a day'],
  ['Service unavailable, try again later', null, 'no time named'],
  ['4.3.2 connection in 12 parts', null, 'a number that is no time'],
];

for (const [text, seconds, why] of WAITS) {
  test(`"${text}" names ${seconds} s: ${why}`, () => {
    assert.equal(namedWaitMs(text), seconds === null ? null : seconds * 1000);
  });
}

test('who is put off is asked after 1, 5, 15 and 60 minutes, and given up after a documented number of tries', () => {
  const minutes = (reason: Reason, tries: number): number | null => {
    const at = retryTime({ reason, reply: null, tries }, 0);
    return at === null ? null : at / 60_000;
  };
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, MOST_TRIES].map((tries) => minutes('greylisted', tries)),
    [1, 5, 15, 60, 60, 60, null],
  );
  assert.equal(minutes('mailbox_not_found', 0), null);
  assert.equal(minutes('blocked', 0), null, 'a refusal of us is not worn down by asking again');
});

test('a desk gives out who is due, by domain, soonest first', () => {
  const desk = new RetryDesk();
  const at = (id: number, domainId: number, dueAt: number) =>
    desk.add({
      job: { id, local: `p${id}`, smtputf8: false },
      domain: { domainId, domain: `d${domainId}.test`, count: 1 },
      plan: { domain: `d${domainId}.test` } as never,
      dueAt,
      tries: 1,
      sourceIp: null,
    });
  at(1, 7, 300);
  at(2, 7, 100);
  at(3, 8, 200);
  assert.equal(desk.nextDueAt, 100);
  assert.deepEqual(desk.waitingUntil(250), { addresses: 2, domains: ['d7.test', 'd8.test'] });
  assert.deepEqual(
    [...desk.takeDue(200)].map(([id, list]) => [id, list.map(({ job }) => job.id)]),
    [
      [7, [2]],
      [8, [3]],
    ],
  );
  assert.equal(desk.nextDueAt, 300);
  assert.equal(desk.size, 1);
});

test('a greylisted address is asked again when it comes due, with the same sender and the same invented name', async () => {
  const host = {
    name: 'mx.grey.test',
    addresses: ['127.0.51.1'],
    domains: ['grey.test'],
    mailboxes: named('anna'),
    greylist: { waitMs: 500, says: '450 4.2.0 Greylisted, try again in 1 seconds' },
  };
  const { verdicts, record } = await askWorld(worldOf({ hosts: [host] }), ['anna@grey.test'], { waitMs: 10_000 });
  assert.equal(verdicts.get('anna@grey.test')?.reason, 'accepted');
  const questions = [...record.byDomain.get('grey.test')!.questions.keys()];
  assert.equal(questions.length, 2, 'anna and one name nobody has');
});

test('what an earlier run put off is not asked before its time, unless somebody else asks', async () => {
  const host = { name: 'mx.later.test', addresses: ['127.0.51.2'], domains: ['later.test'], mailboxes: named('anna') };
  const stored: StoredRetry = {
    dueAt: Date.now() + 3_600_000,
    tries: 2,
    sender: '',
    sourceIp: '',
    reason: 'greylisted',
    host: 'mx.later.test',
    reply: { code: 450, enhanced: '4.2.0', text: '4.2.0 Greylisted' },
  };
  const retries = (retry: StoredRetry) => ({
    retriesOf: () => new Map([['anna', retry]]),
    rememberRetry: () => {},
    forgetRetry: () => {},
  });
  const early = await askWorld(worldOf({ hosts: [host] }), ['anna@later.test'], { retries: retries(stored) });
  assert.equal(early.verdicts.get('anna@later.test')?.reason, 'greylisted');
  assert.deepEqual(
    [early.verdicts.get('anna@later.test')?.reply?.code, early.verdicts.get('anna@later.test')?.source],
    [450, 'cache'],
  );
  assert.equal(early.record.overall.total, 0, 'nobody was asked');
  const other = await askWorld(worldOf({ hosts: [host] }), ['anna@later.test'], {
    retries: retries({ ...stored, sender: 'other@client.test' }),
  });
  assert.equal(
    other.verdicts.get('anna@later.test')?.reason,
    'accepted',
    'a greylist knows the sender it told to wait',
  );
  const due = await askWorld(worldOf({ hosts: [host] }), ['anna@later.test'], {
    retries: retries({ ...stored, dueAt: Date.now() - 1 }),
  });
  assert.equal(due.verdicts.get('anna@later.test')?.reason, 'accepted');
});

test('who comes due while the domain is still being asked joins its queue: its limits and its evidence are one', async () => {
  // Two in three wait for a minute; a reply takes five seconds, so that the others keep the domain busy meanwhile.
  const fate = (local: string) => {
    const number = Number(local.slice(1));
    if (!/^p\d+$/.test(local)) return undefined;
    return number % 3 === 0 ? 'ok' : ({ until: { ms: 45_000 }, becomes: 'ok' } as const);
  };
  const host = {
    name: 'mx.busy.test',
    addresses: ['127.0.51.3'],
    domains: ['busy.test'],
    mailboxes: fate,
    wire: { thinkMs: 5000 },
    offers: { pipelining: false },
  };
  const addresses = Array.from({ length: 40 }, (_, i) => `p${i + 1}@busy.test`);
  const run = await startInHandTime(worldOf({ hosts: [host] }), addresses, {
    limits: { concurrency: 10, perDomain: 1, perProvider: 5, ratePerMinute: null },
    timeouts: DEFAULT_TIMEOUTS,
    waitMs: 600_000,
  });
  try {
    await run.passTime(1000);
    const { record } = await run.finished;
    assert.deepEqual([...new Set([...run.verdicts.values()].map(({ reason }) => reason))], ['accepted']);
    assert.equal(record.byDomain.get('busy.test')?.connections.max, 1, 'one connection for the domain at a time');
    assert.equal(record.questionsBeside('busy.test', new Set(addresses)), 1, 'one name nobody has, asked about once');
  } finally {
    await run.close();
  }
});
