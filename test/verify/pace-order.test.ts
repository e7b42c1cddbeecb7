// How long a run takes: the longest provider must never wait for what could be done beside it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PaceLimits } from '../../src/verify/limits.ts';
import { Pace } from '../../src/verify/pace.ts';
import type { PacedQueue, PacedSession } from '../../src/verify/paced-queue.ts';
import { HandClock } from '../support/hand-clock.ts';

const LIMITS: PaceLimits = { concurrency: 20, perProvider: 5, perDomain: 3, ratePerMinute: null };
/** How long sessions take on average; no two in a row take the same time. */
const SESSION_MS = 1000;
const STEP_MS = 50;
let sessions = 0;

/** A queue whose every session asks one address and takes about a second of the clock. */
class TimedQueue implements PacedQueue {
  readonly provider: string;
  waiting: number;
  readonly #clock: HandClock;
  readonly #begun: () => void;

  constructor(of: { provider: string; addresses: number }, clock: HandClock, begun: () => void = () => {}) {
    this.provider = of.provider;
    this.waiting = of.addresses;
    this.#clock = clock;
    this.#begun = begun;
  }

  get sessionsWanted(): number {
    return this.waiting;
  }

  startSession(): PacedSession {
    this.waiting -= 1;
    this.#begun();
    const ms = SESSION_MS / 2 + ((sessions++ * 7919) % (SESSION_MS / STEP_MS)) * STEP_MS;
    const over = new Promise<void>((resolve) => void this.#clock.after(ms, resolve));
    return { answered: over, closed: over };
  }

  drained(): void {}

  giveUp(): void {}
}

/** Passes time until every queue is drained; gives how much of it, in milliseconds. */
async function timeOf(pace: Pace, clock: HandClock): Promise<number> {
  const startedAt = clock.now();
  let isOver = false;
  const over = pace.fewerThan(1).then(() => {
    isOver = true;
  });
  for (;;) {
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    if (isOver) break;
    clock.advance(STEP_MS);
  }
  await over;
  return clock.now() - startedAt;
}

test('beside one giant provider two thousand small ones cost no time of their own', async () => {
  const clock = new HandClock();
  const pace = new Pace({ limits: LIMITS, clock });
  const small = (i: number) => new TimedQueue({ provider: `p${i}`, addresses: 1 }, clock);
  for (let i = 0; i < 1000; i += 1) pace.add(small(i));
  // The giant comes in the middle, as many domains of one address each.
  for (let i = 0; i < 1000; i += 1) {
    pace.add(new TimedQueue({ provider: 'giant', addresses: 1 }, clock));
    pace.add(small(1000 + i));
  }
  const alone = (1000 / LIMITS.perProvider) * SESSION_MS;
  const ms = await timeOf(pace, clock);
  assert.ok(ms <= alone * 1.1, `${ms} ms, the giant alone ${alone} ms`);
});

test('inside a provider a giant domain is asked all along, not alone in the end', async () => {
  const clock = new HandClock();
  const pace = new Pace({ limits: LIMITS, clock });
  for (let i = 0; i < 600; i += 1) pace.add(new TimedQueue({ provider: 'giant', addresses: 1 }, clock));
  pace.add(new TimedQueue({ provider: 'giant', addresses: 900 }, clock));
  const bound = (1500 / LIMITS.perProvider) * SESSION_MS;
  const ms = await timeOf(pace, clock);
  assert.ok(ms <= bound * 1.05, `${ms} ms, at best ${bound} ms`);
});

test('a provider that grows while it waits for a slot of the run moves up', async () => {
  const clock = new HandClock();
  const pace = new Pace({ limits: { ...LIMITS, concurrency: 1 }, clock });
  const order: string[] = [];
  const add = (provider: string, addresses: number): void =>
    pace.add(new TimedQueue({ provider, addresses }, clock, () => order.push(provider)));
  for (let i = 0; i < 40; i += 1) add(`p${i}`, 2);
  add('late', 1);
  for (let i = 0; i < 9; i += 1) add('late', 1);
  await timeOf(pace, clock);
  assert.deepEqual(order.slice(0, 9), ['p0', ...Array.from({ length: 8 }, () => 'late')]);
});

test('a rate for a provider leaves no timer behind when the run is stopped', async () => {
  const clock = new HandClock();
  let timers = 0;
  const counting = {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    after: (ms: number, callback: () => void) => {
      timers += 1;
      let isSet = true;
      const end = (): void => {
        if (isSet) timers -= 1;
        isSet = false;
      };
      const cancel = clock.after(ms, () => {
        end();
        callback();
      });
      return () => {
        end();
        cancel();
      };
    },
  };
  const pace = new Pace({ limits: { ...LIMITS, ratePerMinute: 6 }, clock: counting });
  pace.add(new TimedQueue({ provider: 'p', addresses: 9 }, clock));
  assert.equal(timers, 1);
  pace.stop();
  clock.advance(2 * SESSION_MS);
  await pace.idle();
  assert.equal(timers, 0);
});
