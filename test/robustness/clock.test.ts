// The machine's clock is set back, or ahead, in the midst of a run: deadlines hold, waits end, and no verdict changes.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Clock } from '../../src/clock.ts';
import type { MailHost, World } from '../../src/sandbox/world.ts';
import { people, worldOf } from '../../src/sandbox/world-builders.ts';
import { chooseTimeouts } from '../../src/smtp/timeouts.ts';
import type { Reason } from '../../src/verdict.ts';
import { HandClock } from '../support/hand-clock.ts';
import { startInHandTime, type TimedRun } from './hand-time.ts';

const HOUR_MS = 3_600_000;

/** Time that passes as another clock's does, on a wall clock that can be set. */
class SettableClock implements Clock {
  readonly #true: HandClock;
  #offsetMs = 0;

  constructor(trueClock: HandClock) {
    this.#true = trueClock;
  }

  now(): number {
    return this.#true.now() + this.#offsetMs;
  }

  monotonic(): number {
    return this.#true.monotonic();
  }

  after(ms: number, callback: () => void): () => void {
    return this.#true.after(ms, callback);
  }

  set(offsetMs: number): void {
    this.#offsetMs = offsetMs;
  }
}

const host = (name: string, address: string, rest: Partial<MailHost> = {}): MailHost => ({
  name: `mx.${name}`,
  addresses: [address],
  domains: [name],
  mailboxes: people('anna'),
  ...rest,
});
const WORLD: World = worldOf({
  hosts: [
    host('plain.test', '127.66.1.1'),
    host('grey.test', '127.66.1.2', {
      greylist: { waitMs: 60_000, says: '450 4.2.0 Greylisted, try again in 60 seconds' },
    }),
    host('silent.test', '127.66.1.3', { at: { banner: 'silent' } }),
  ],
});
const ADDRESSES = ['plain', 'grey', 'silent'].flatMap((name) => [`anna@${name}.test`, `nobody@${name}.test`]);
const EXPECTED: ReadonlyMap<string, Reason> = new Map([
  ['anna@plain.test', 'accepted'],
  ['nobody@plain.test', 'mailbox_not_found'],
  ['anna@grey.test', 'accepted'],
  ['nobody@grey.test', 'mailbox_not_found'],
  ['anna@silent.test', 'timeout'],
  ['nobody@silent.test', 'timeout'],
]);

const WAIT_MS = 6 * 60_000;

type Moment = 'while it asks' | 'while it waits';

/** A run whose wall clock is set at a moment of its work. */
async function runWithClockSet(
  t: TestContext,
  set: { readonly moment: Moment; readonly offsetMs: number },
): Promise<{ run: TimedRun; tookMs: number }> {
  const clock = new HandClock();
  const ownClock = new SettableClock(clock);
  const run = await startInHandTime(WORLD, ADDRESSES, {
    clock,
    ownClock,
    timeouts: chooseTimeouts({ connectMs: 5000, commandMs: 5000 }),
    waitMs: WAIT_MS,
    onWaiting: () => {
      if (set.moment === 'while it waits') clock.after(1000, () => ownClock.set(set.offsetMs));
    },
  });
  t.after(() => run.close());
  await run.until((verdicts) => verdicts.size >= 4);
  if (set.moment === 'while it asks') ownClock.set(set.offsetMs);
  const tookMs = await run.passTime(500);
  await run.finished;
  return { run, tookMs };
}

for (const moment of ['while it asks', 'while it waits'] as const) {
  for (const [what, offsetMs] of [
    ['back by an hour', -HOUR_MS],
    ['back by five seconds', -5000],
    ['ahead by half a minute', 30_000],
  ] as const) {
    test(`with the clock set ${what} ${moment}, a run waits no longer than it may and decides nothing false`, {
      timeout: 60_000,
    }, async (t) => {
      const { run, tookMs } = await runWithClockSet(t, { moment, offsetMs });
      const wrong = [...run.verdicts].filter(([address, { reason }]) => reason !== EXPECTED.get(address));
      t.diagnostic(`${tookMs / 1000} s; as expected but for ${wrong.length}`);
      for (const [address, { reason }] of wrong) assert.equal(reason, 'greylisted', address);
      if (Math.abs(offsetMs) < 60_000) assert.deepEqual(wrong, [], 'a small step keeps nobody from an answer');
      assert.equal(run.verdicts.size, ADDRESSES.length);
      assert.ok(tookMs <= WAIT_MS + 60_000, `${tookMs / 1000} s`);
    });
  }
}
