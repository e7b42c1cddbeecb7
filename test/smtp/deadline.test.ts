// One deadline after another over a single timer, by a clock moved by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../../src/clock.ts';
import { Deadline } from '../../src/smtp/deadline.ts';
import { HandClock } from '../support/hand-clock.ts';

function watched() {
  const clock = new HandClock();
  let timers = 0;
  const counted: Clock = {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    after: (ms, callback) => {
      timers += 1;
      return clock.after(ms, callback);
    },
  };
  let passed = 0;
  const deadline = new Deadline(counted, () => {
    passed += 1;
  });
  return { clock, deadline, passed: () => passed, timers: () => timers };
}

test('a deadline that is not met is told once, when it passes', () => {
  const { clock, deadline, passed } = watched();
  deadline.set(1000);
  clock.advance(999);
  assert.equal(passed(), 0);
  clock.advance(1);
  clock.advance(5000);
  assert.equal(passed(), 1);
});

test('a later deadline takes the place of an earlier one, to the millisecond', () => {
  const { clock, deadline, passed } = watched();
  deadline.set(1000);
  clock.advance(900);
  deadline.set(1000);
  clock.advance(999);
  assert.equal(passed(), 0);
  clock.advance(1);
  assert.equal(passed(), 1);
});

test('an earlier deadline than the one before does not wait for it', () => {
  const { clock, deadline, passed } = watched();
  deadline.set(60_000);
  deadline.set(2000);
  clock.advance(2000);
  assert.equal(passed(), 1);
});

test('what is met is not told, and another may be set behind it', () => {
  const { clock, deadline, passed } = watched();
  deadline.set(1000);
  deadline.clear();
  clock.advance(1500);
  assert.equal(passed(), 0);
  deadline.set(1000);
  clock.advance(1000);
  assert.equal(passed(), 1);
});

test('a session of many replies costs one timer', () => {
  const { clock, deadline, timers } = watched();
  for (let reply = 0; reply < 20; reply += 1) {
    deadline.set(60_000);
    clock.advance(50);
    deadline.clear();
  }
  deadline.close();
  assert.equal(timers(), 1);
});

test('behind the end nothing is told', () => {
  const { clock, deadline, passed } = watched();
  deadline.set(1000);
  deadline.close();
  clock.advance(5000);
  assert.equal(passed(), 0);
});
