import assert from 'node:assert/strict';
import { test } from 'node:test';
import { providerOf } from '../../src/dns/provider.ts';
import { VERIFY_DEFAULTS } from '../../src/verify/defaults.ts';
import type { PaceLimits } from '../../src/verify/limits.ts';
import { Pace } from '../../src/verify/pace.ts';
import type { PacedQueue, PacedSession } from '../../src/verify/paced-queue.ts';
import { Providers } from '../../src/verify/providers.ts';
import { HandClock } from '../support/hand-clock.ts';

const LIMITS: PaceLimits = { concurrency: 10, perProvider: 5, perDomain: 3, ratePerMinute: null };

/** A pretend queue whose sessions end when the test says so, and which counts what was open at once. */
class FakeQueue implements PacedQueue {
  readonly provider: string;
  readonly name: string;
  waiting: number;
  open = 0;
  mostOpen = 0;
  isDrained = false;
  readonly sessions: { answer: () => void; close: () => void }[] = [];
  readonly log: string[];

  constructor(name: string, provider: string, waiting: number, log: string[] = []) {
    this.name = name;
    this.provider = provider;
    this.waiting = waiting;
    this.log = log;
  }

  readonly sessionsWanted: number = 99;

  startSession(): PacedSession {
    assert.ok(this.waiting > 0, 'no session is started for nothing');
    this.waiting -= 1;
    this.open += 1;
    this.mostOpen = Math.max(this.mostOpen, this.open);
    this.log.push(this.name);
    let answer = (): void => {};
    let close = (): void => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const closed = new Promise<void>((resolve) => {
      close = () => {
        this.open -= 1;
        resolve();
      };
    });
    this.sessions.push({ answer, close });
    return { answered, closed };
  }

  drained(): void {
    assert.equal(this.open, 0);
    this.isDrained = true;
  }

  giveUp(): void {
    this.waiting = 0;
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

async function endAll(queues: readonly FakeQueue[]): Promise<boolean> {
  const sessions = queues.flatMap((queue) => queue.sessions.splice(0));
  for (const { answer, close } of sessions) {
    answer();
    close();
  }
  await settle();
  return sessions.length > 0;
}

test('a domain, a provider and the whole run each stay within their limit', async () => {
  const pace = new Pace({ limits: LIMITS, clock: new HandClock() });
  const queues = Array.from({ length: 12 }, (_, i) => new FakeQueue(`d${i}`, `p${i % 4}`, 7));
  for (const queue of queues) pace.add(queue);
  let total = 0;
  do {
    const open = queues.reduce((sum, queue) => sum + queue.open, 0);
    assert.ok(open <= 10, `${open} at once`);
    for (const provider of ['p0', 'p1', 'p2', 'p3']) {
      const there = queues.filter((queue) => queue.provider === provider).reduce((sum, queue) => sum + queue.open, 0);
      assert.ok(there <= 5, `${there} at ${provider}`);
    }
    total += open;
  } while (await endAll(queues));
  assert.equal(total, 84);
  assert.ok(queues.every((queue) => queue.isDrained && queue.mostOpen <= 3));
  await pace.fewerThan(1);
  await pace.idle();
});

test('a connection counts against its provider until it is closed, but against the run only until its last answer', async () => {
  const pace = new Pace({ limits: { ...LIMITS, concurrency: 1, perProvider: 1 }, clock: new HandClock() });
  const first = new FakeQueue('a', 'p', 2);
  const other = new FakeQueue('b', 'q', 1);
  pace.add(first);
  pace.add(other);
  assert.deepEqual([first.open, other.open], [1, 0]);
  first.sessions[0]?.answer();
  await settle();
  assert.deepEqual([first.open, other.open], [1, 1], 'the global slot is free, the provider is still counted');
  first.sessions[0]?.close();
  other.sessions[0]?.answer();
  await settle();
  assert.equal(first.waiting, 0, 'the provider has room again');
});

test('the provider with most left to ask goes first, its domains take turns', async () => {
  const log: string[] = [];
  const pace = new Pace({ limits: { ...LIMITS, concurrency: 1 }, clock: new HandClock() });
  const queues = [
    new FakeQueue('gate', 'z', 1, log),
    new FakeQueue('small', 's', 1, log),
    new FakeQueue('big1', 'b', 3, log),
    new FakeQueue('big2', 'b', 3, log),
  ];
  for (const queue of queues) pace.add(queue);
  while (await endAll(queues));
  assert.deepEqual(log, ['gate', 'big1', 'big2', 'big1', 'big2', 'big1', 'small', 'big2']);
});

test('a rate spaces new connections to a provider by the clock', async () => {
  const clock = new HandClock();
  const pace = new Pace({ limits: { ...LIMITS, ratePerMinute: 60 }, clock });
  const queue = new FakeQueue('a', 'p', 3);
  pace.add(queue);
  assert.equal(queue.waiting, 2, 'one at once');
  clock.advance(999);
  assert.equal(queue.waiting, 2);
  clock.advance(1);
  assert.equal(queue.waiting, 1, 'the next a second later');
  clock.advance(1000);
  assert.equal(queue.waiting, 0);
  await endAll([queue]);
  await pace.fewerThan(1);
});

test('a queue that wants one session gets a second one only when the first has closed', async () => {
  const pace = new Pace({ limits: LIMITS, clock: new HandClock() });
  const queue = new FakeQueue('a', 'p', 2);
  Object.assign(queue, { sessionsWanted: 1 });
  pace.add(queue);
  assert.deepEqual([queue.open, queue.waiting], [1, 1]);
  await endAll([queue]);
  assert.deepEqual([queue.open, queue.waiting], [1, 0]);
  await endAll([queue]);
  await pace.fewerThan(1);
});

test('a stopped pace starts nothing more and lets the open ones end', async () => {
  const pace = new Pace({ limits: LIMITS, clock: new HandClock() });
  const queue = new FakeQueue('a', 'p', 9);
  pace.add(queue);
  pace.stop();
  await pace.fewerThan(1);
  await endAll([queue]);
  await pace.idle();
  assert.equal(queue.waiting, 6);
});

test('work that comes back when a queue drains is done before the queue counts as done', async () => {
  const pace = new Pace({ limits: LIMITS, clock: new HandClock() });
  const queue = new FakeQueue('a', 'p', 1);
  let drains = 0;
  queue.drained = () => {
    drains += 1;
    if (drains === 1) queue.waiting = 1; // the catch-all question was still owed
  };
  pace.add(queue);
  while (await endAll([queue]));
  await pace.fewerThan(1);
  assert.equal(drains, 2);
});

test('a session that throws ends the run with its error', async () => {
  const pace = new Pace({ limits: LIMITS, clock: new HandClock() });
  const queue = new FakeQueue('a', 'p', 2);
  queue.startSession = () => {
    queue.waiting -= 1;
    return { answered: Promise.reject(new Error('the disk is full')), closed: Promise.resolve() };
  };
  pace.add(queue);
  await assert.rejects(pace.fewerThan(1), /the disk is full/);
  await assert.rejects(pace.idle(), /the disk is full/);
});

const P = providerOf('mx.p.test');
const WORDS = {
  reason: 'rate_limited',
  stage: 'greeting',
  reply: null,
  host: 'mx.p.test',
  detail: '421 busy',
} as const;
const REFUSED = { ...WORDS, reason: 'blocked' } as const;

function adaptive(limits: Partial<PaceLimits> = {}) {
  const clock = new HandClock();
  const providers = new Providers(VERIFY_DEFAULTS);
  const pace = new Pace({ limits: { ...LIMITS, ...limits }, clock, gatekeeper: providers });
  /** What a session tells that begins and ends now. */
  const slowDown = () => {
    const nowMs = clock.monotonic();
    return providers.of(P).slowedDown(WORDS, { startedAtMs: nowMs, nowMs, limit: LIMITS.perProvider });
  };
  const refuse = (times: number) => {
    for (let i = 0; i < times; i += 1) providers.of(P).refused(REFUSED, clock.monotonic());
  };
  return { clock, providers, pace, slowDown, refuse };
}

test('a provider that says slow down gets no new connection for a pause, then half as many', async () => {
  const { clock, pace, slowDown } = adaptive();
  const queues = Array.from({ length: 9 }, (_, i) => new FakeQueue(`d${i}`, 'p.test', 4));
  const other = new FakeQueue('other', 'q.test', 1);
  for (const queue of queues) pace.add(queue);
  const open = () => queues.reduce((sum, queue) => sum + queue.open, 0);
  assert.equal(open(), 5);
  assert.match(slowDown()?.line ?? '', /p\.test asks us to slow down: 2 connections at most, no new one for 5 s/);
  pace.add(other);
  await endAll(queues);
  assert.deepEqual([open(), other.open], [0, 1], 'only who asked for it is slowed down');
  clock.advance(4_999);
  assert.equal(open(), 0);
  clock.advance(1);
  assert.equal(open(), 2);
});

test('a slow-down reaches a provider that was already waiting for a global slot', async () => {
  const { clock, pace, slowDown } = adaptive({ concurrency: 1 });
  const first = new FakeQueue('first', 'q.test', 1);
  const second = new FakeQueue('second', 'p.test', 1);
  pace.add(first);
  pace.add(second);
  slowDown();
  await endAll([first]);
  assert.equal(second.open, 0, 'its turn has come, but it is paused');
  clock.advance(5_000);
  assert.equal(second.open, 1);
});

test('a provider comes back to its limit one connection at a time', async () => {
  const { clock, providers, pace, slowDown } = adaptive();
  const queues = Array.from({ length: 9 }, (_, i) => new FakeQueue(`d${i}`, 'p.test', 40));
  for (const queue of queues) pace.add(queue);
  slowDown();
  await endAll(queues);
  clock.advance(5_000);
  const most: number[] = [];
  while (queues.some(({ waiting }) => waiting > 40 * 0.1)) {
    const open = queues.reduce((sum, queue) => sum + queue.open, 0);
    if (most.at(-1) !== open) most.push(open);
    for (let i = 0; i < open; i += 1)
      providers.of(P).wentWell({ startedAtMs: clock.monotonic(), nowMs: clock.monotonic(), limit: LIMITS.perProvider });
    await endAll(queues);
  }
  assert.deepEqual(most, [2, 3, 4, 5]);
});

test('a provider that refuses us is left alone, then tested by one session, while the run has other work', async () => {
  const { clock, providers, pace, refuse } = adaptive();
  const queues = [new FakeQueue('a', 'p.test', 9), new FakeQueue('b', 'p.test', 9)];
  const other = new FakeQueue('other', 'q.test', 2);
  Object.assign(other, { sessionsWanted: 1 });
  for (const queue of [...queues, other]) pace.add(queue);
  refuse(3);
  await endAll(queues);
  clock.advance(10 * 60_000 - 1);
  assert.deepEqual(
    queues.map(({ open }) => open),
    [0, 0],
  );
  const start = queues.map(({ startSession }) => startSession);
  queues.forEach((queue, i) => {
    queue.startSession = () => {
      providers.of(P).beginTest();
      return start[i]?.call(queue) as PacedSession;
    };
  });
  clock.advance(1);
  assert.equal(queues[0]!.open + queues[1]!.open, 1, 'one session tests it');
  refuse(1);
  providers.of(P).endTest(clock.monotonic());
  await endAll(queues);
  assert.equal(queues[0]!.open + queues[1]!.open, 0, 'it still refuses');
  clock.advance(10 * 60_000);
  providers.of(P).entered();
  await endAll(queues);
  assert.equal(queues[0]!.open + queues[1]!.open, 1, 'it lets us in again, and gets one connection at first');
  const nowMs = clock.monotonic();
  const clean = () => providers.of(P).wentWell({ startedAtMs: nowMs, nowMs, limit: LIMITS.perProvider });
  const told = Array.from({ length: 10 }, clean).filter((turn) => turn !== null);
  assert.deepEqual(
    told.map(({ line }) => line),
    ['p.test goes well: 2 connections at most now'],
  );
  await endAll(queues);
  assert.equal(queues[0]!.open + queues[1]!.open, 2, 'it earns the others');
});

test('a run with nothing else to do does not wait for the test: the addresses are given up', async () => {
  const { pace, refuse } = adaptive();
  const queue = new FakeQueue('a', 'p.test', 30);
  pace.add(queue);
  refuse(3);
  await endAll([queue]);
  await pace.settled();
  assert.deepEqual([queue.waiting, queue.isDrained], [27, false], 'they could wait as long as the run has other work');
  await pace.fewerThan(1);
  assert.deepEqual([queue.waiting, queue.isDrained], [0, true]);
});

test('a provider that is only paused is waited for', async () => {
  const { clock, pace, slowDown } = adaptive();
  const queue = new FakeQueue('a', 'p.test', 4);
  pace.add(queue);
  slowDown();
  await endAll([queue]);
  let isOver = false;
  const over = pace.fewerThan(1).then(() => {
    isOver = true;
  });
  await settle();
  assert.deepEqual([queue.waiting, isOver], [1, false]);
  clock.advance(5_000);
  await endAll([queue]);
  await over;
  assert.equal(queue.waiting, 0);
});

test('addresses of a provider that does not let up are given up after a few pauses, not after hours', async () => {
  const { clock, pace, providers, slowDown } = adaptive();
  const queue = new FakeQueue('a', 'p.test', 1000);
  pace.add(queue);
  const over = pace.fewerThan(1);
  const begunAt = clock.monotonic();
  for (let i = 0; i < 10 && providers.of(P).halt === null; i += 1) {
    slowDown();
    await endAll([queue]);
    if (providers.of(P).halt === null) clock.advance(120_000);
  }
  await over;
  assert.ok(queue.waiting === 0 && queue.isDrained);
  assert.ok(clock.monotonic() - begunAt <= 240_000);
  assert.deepEqual(providers.troubles, [
    { provider: 'p.test', slowDowns: 2, isHalted: true, atEnd: 'left_alone', words: '421 busy' },
  ]);
});
