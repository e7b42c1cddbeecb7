import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pace, type PacedQueue, type PacedSession, type PaceLimits } from '../../src/verify/pace.ts';
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
