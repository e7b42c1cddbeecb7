// Which loss a socket error stands for, while connecting and after.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Loss, lossOfError } from '../../src/smtp/exchange.ts';

const cases: readonly (readonly [code: string, whileConnecting: Loss, onceConnected: Loss])[] = [
  ['ECONNREFUSED', 'refused', 'reset'],
  ['ETIMEDOUT', 'timeout', 'timeout'],
  ['ECONNRESET', 'reset', 'reset'],
  ['EPIPE', 'reset', 'reset'],
  ['EHOSTUNREACH', 'unreachable', 'reset'],
  ['EMFILE', 'unreachable', 'reset'],
  ['constructor', 'unreachable', 'reset'],
];

for (const [code, whileConnecting, onceConnected] of cases) {
  test(`${code} is '${whileConnecting}' while connecting and '${onceConnected}' afterwards`, () => {
    assert.equal(lossOfError(code, false), whileConnecting);
    assert.equal(lossOfError(code, true), onceConnected);
  });
}
