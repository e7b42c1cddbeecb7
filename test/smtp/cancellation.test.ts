import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { onAbort } from '../../src/smtp/cancellation.ts';

test('everybody who still waits hears of an abort, once', () => {
  const controller = new AbortController();
  const heard: string[] = [];
  onAbort(controller.signal, () => heard.push('first'));
  const takeBack = onAbort(controller.signal, () => heard.push('second'));
  onAbort(controller.signal, () => heard.push('third'));
  takeBack();
  assert.equal(getEventListeners(controller.signal, 'abort').length, 1);
  controller.abort();
  controller.abort();
  assert.deepEqual(heard, ['first', 'third']);
});

test('signals do not hear each other', () => {
  const [one, other] = [new AbortController(), new AbortController()];
  let heard = 0;
  onAbort(one.signal, () => {
    heard += 1;
  });
  other.abort();
  assert.equal(heard, 0);
});
