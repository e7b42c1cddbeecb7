import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DialGate } from '../../src/verify/dial-gate.ts';
import { Pace } from '../../src/verify/pace.ts';
import type { PacedQueue } from '../../src/verify/paced-queue.ts';
import { HandClock } from '../support/hand-clock.ts';

const ADDRESS = '192.0.2.1';

function gateOf(concurrency: number, ratePerMinute: number | null = null) {
  const clock = new HandClock();
  const stop = new AbortController();
  const limits = { concurrency, perProvider: 5, perDomain: 3, ratePerMinute };
  const pace = new Pace({ limits, clock });
  const gate = new DialGate({ pacer: pace, clock, signal: stop.signal });
  stop.signal.addEventListener('abort', () => pace.stop());
  return { clock, stop, pace, gate };
}

/** A queue of one address whose session goes through the gate and ends when it is told to. */
function queueAt(gate: DialGate, provider: string, dialled: { provider: string; close: () => void }[]): PacedQueue {
  const queue = {
    provider,
    waiting: 1,
    sessionsWanted: 1,
    startSession() {
      queue.waiting = 0;
      const over = (async () => {
        const leave = await gate.enter({ address: ADDRESS, provider, limit: 2 });
        await new Promise<void>((close) => dialled.push({ provider, close }));
        leave();
      })();
      return { answered: over, closed: over };
    },
    drained() {},
    giveUp() {},
  };
  return queue;
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}

test('an address has no more connections than its limit, first come first served', async () => {
  const { gate, pace } = gateOf(1);
  const dialled: { provider: string; close: () => void }[] = [];
  const providers = ['a', 'b', 'c', 'd', 'e', 'f'];
  for (const provider of providers) pace.add(queueAt(gate, provider, dialled));
  await settle();
  for (let i = 0; i < providers.length; i += 1) {
    assert.ok(dialled.length - i <= 2, 'two at once');
    dialled[i]?.close();
    await settle();
  }
  assert.deepEqual(
    dialled.map(({ provider }) => provider),
    providers,
  );
  await pace.fewerThan(1);
});

test('twenty thousand providers that wait for one address are held without a stack as deep', async () => {
  const { gate, pace, stop } = gateOf(100);
  const dialled: { provider: string; close: () => void }[] = [];
  const gateless: (() => void)[] = [];
  // A hundred sessions hold all slots while the others are added; then all come up at once.
  for (let i = 0; i < 100; i += 1) {
    const over = new Promise<void>((resolve) => gateless.push(resolve));
    const queue = queueAt(gate, `first${i}`, dialled);
    pace.add(
      Object.assign(queue, {
        startSession: () => {
          Object.assign(queue, { waiting: 0 });
          return { answered: over, closed: over };
        },
      }),
    );
  }
  for (let i = 0; i < 20_000; i += 1) pace.add(queueAt(gate, `p${i}`, dialled));
  for (const end of gateless) end();
  await settle();
  assert.equal(dialled.length, 2);
  stop.abort();
  for (let i = 0; i < dialled.length; i += 1) dialled[i]?.close();
  await settle();
  for (const { close } of dialled) close();
  await pace.idle();
});

test('when the run is stopped nobody waits for an address or a turn any more', async () => {
  const { gate, pace, stop } = gateOf(10, 1);
  let entered = 0;
  const enter = async (): Promise<void> => {
    await gate.enter({ address: ADDRESS, provider: 'p', limit: 1 });
    entered += 1;
  };
  const all = [enter(), enter(), enter()];
  await settle();
  assert.equal(entered, 1, 'the rate gives one turn at once, and the address is taken then');
  stop.abort();
  await Promise.all(all);
  assert.equal(entered, 3);
  assert.equal(pace.size, 0);
});

test('what leaves twice frees one place', async () => {
  const { gate } = gateOf(10);
  const [leave] = await Promise.all([
    gate.enter({ address: ADDRESS, provider: 'p', limit: 2 }),
    gate.enter({ address: ADDRESS, provider: 'q', limit: 2 }),
  ]);
  leave?.();
  leave?.();
  let entered = 0;
  for (let i = 0; i < 2; i += 1)
    void gate.enter({ address: ADDRESS, provider: 'p', limit: 2 }).then(() => (entered += 1));
  await settle();
  assert.equal(entered, 1);
});
