// The limits a user may choose, and what follows from them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseTimeouts, DEFAULT_TIMEOUTS } from '../../src/smtp/timeouts.ts';

test('without a choice the defaults hold', () => {
  assert.deepEqual(chooseTimeouts({}), DEFAULT_TIMEOUTS);
});

test('the connect timeout changes nothing else', () => {
  assert.deepEqual(chooseTimeouts({ connectMs: 1000 }), { ...DEFAULT_TIMEOUTS, connectMs: 1000 });
});

test('the command timeout holds for the banner and every command but QUIT', () => {
  const chosen = chooseTimeouts({ commandMs: 7000 });
  assert.deepEqual(
    [chosen.greetingMs, chosen.ehloMs, chosen.mailMs, chosen.rcptMs, chosen.quitMs, chosen.connectMs],
    [7000, 7000, 7000, 7000, 2000, 15_000],
  );
  assert.equal(chosen.sessionMs, 300_000);
});

test('a long command timeout makes room for itself in the session', () => {
  assert.equal(chooseTimeouts({ connectMs: 10_000, commandMs: 300_000 }).sessionMs, 1_210_000);
});
