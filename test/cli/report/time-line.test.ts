// The time line keeps when things happened, in memory that does not grow with the run.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TimeLine, type TimeLineData } from '../../../src/cli/report/time-line.ts';
import type { Reason } from '../../../src/verdict.ts';
import { HandClock } from '../../support/hand-clock.ts';
import { verdictOf } from '../samples.ts';

function started() {
  const clock = new HandClock();
  const line = new TimeLine(clock);
  line.phase('reading');
  clock.advance(5_000);
  line.phase('asking');
  const decide = (reason: Reason, isAgain = false): void => line.decided(verdictOf(reason), isAgain);
  const result = (): TimeLineData => line.result() as TimeLineData;
  return { clock, line, decide, result };
}

test('a run that asked nobody has no time line', () => {
  const line = new TimeLine(new HandClock());
  line.phase('writing');
  assert.equal(line.result(), null);
});

test('answers stand in the slice of time they came in, counted from the beginning of the asking', () => {
  const { clock, line, decide, result } = started();
  decide('accepted');
  clock.advance(300);
  decide('mailbox_not_found');
  decide('accepts_anything');
  clock.advance(700);
  line.phase('writing');
  clock.advance(9_000);
  const { askedMs, sliceMs, slices } = result();
  assert.deepEqual([askedMs, sliceMs], [1_000, 250]);
  assert.deepEqual(slices, [
    { valid: 1, invalid: 0, catchall: 0, unknown: 0 },
    { valid: 0, invalid: 1, catchall: 1, unknown: 0 },
  ]);
});

test('a run of days has no more slices than a screen can show, and loses no answer', () => {
  const { clock, decide, result } = started();
  for (let hour = 0; hour < 72; hour += 1) {
    for (let i = 0; i < 10; i += 1) decide('accepted');
    clock.advance(3_600_000);
  }
  const { slices } = result();
  assert.ok(slices.length <= 120 && slices.length > 30, `${slices.length}`);
  assert.equal(
    slices.reduce((sum, { valid }) => sum + valid, 0),
    720,
  );
});

test('who was put off and is still unclear is not counted twice; who is known then is counted when it is', () => {
  const { clock, decide, result } = started();
  decide('greylisted');
  decide('greylisted');
  clock.advance(60_000);
  decide('greylisted', true);
  decide('accepted', true);
  const { slices, askedAgain } = result();
  assert.equal(askedAgain, 2);
  const sum = (status: 'valid' | 'unknown'): number => slices.reduce((all, slice) => all + slice[status], 0);
  assert.deepEqual([sum('unknown'), sum('valid')], [2, 1]);
});

test('a wait lasts until the next answer, or until it was foretold to', () => {
  const { clock, line, decide, result } = started();
  clock.advance(1_000);
  line.waiting({ addresses: 3, domains: ['a.test'], nextAt: clock.now() + 10_000 });
  clock.advance(4_000);
  decide('accepted', true);
  clock.advance(1_000);
  line.waiting({ addresses: 1, domains: ['b.test'], nextAt: clock.now() + 60_000 });
  clock.advance(2_000);
  line.phase('writing');
  assert.deepEqual(result().waits, [
    { fromMs: 1_000, toMs: 5_000, addresses: 3, for: 'hosts' },
    { fromMs: 6_000, toMs: 8_000, addresses: 1, for: 'hosts' },
  ]);
});

test('turns of providers are kept with their time, the first five hundred of them', () => {
  const { clock, line, result } = started();
  for (let i = 0; i < 600; i += 1) {
    line.observe({ type: 'provider', provider: `p${i}\u202e.test`, turn: 'slowed', line: 'slower' });
    clock.advance(10);
  }
  line.observe({ type: 'connect', host: 'mx', address: '192.0.2.1', outcome: 'ready' });
  const { turns, turnsLeftOut } = result();
  assert.deepEqual([turns.length, turnsLeftOut], [500, 100]);
  assert.deepEqual(turns[1], { atMs: 10, provider: 'p1\\u202e.test', turn: 'slowed', line: 'slower' });
});
