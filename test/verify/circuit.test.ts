import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Circuit, type Halt } from '../../src/verify/circuit.ts';

const LIMITS = { blockedAfterRefusals: 3, blockedAfterDomains: 3, circuitPauseMs: 600_000 };
const HALT: Halt = { reason: 'blocked', stage: 'greeting', reply: null, host: 'mx.test', detail: '554 no' };

function opened(): Circuit {
  const circuit = new Circuit(LIMITS);
  for (let i = 0; i < 3; i += 1) circuit.refused(HALT, 1000);
  return circuit;
}

test('three sessions refused in a row open it, two and an entry do not', () => {
  const circuit = new Circuit(LIMITS);
  assert.deepEqual([circuit.refused(HALT, 0), circuit.refused(HALT, 0)], [false, false]);
  circuit.entered();
  assert.deepEqual([circuit.refused(HALT, 0), circuit.refused(HALT, 0)], [false, false]);
  assert.equal(circuit.testAtMs, null);
  assert.equal(circuit.refused(HALT, 5), true);
  assert.equal(circuit.testAtMs, 600_005);
  assert.equal(circuit.halt, HALT);
  assert.equal(circuit.refused(HALT, 6), false, 'it opens once');
});

test('while one session tests it nobody else may, and a test in vain starts the pause anew', () => {
  const circuit = opened();
  assert.equal(circuit.beginTest(), true);
  assert.equal(circuit.testAtMs, Number.POSITIVE_INFINITY);
  assert.equal(circuit.beginTest(), false);
  circuit.refused(HALT, 700_000);
  circuit.endTest(700_000);
  assert.equal(circuit.testAtMs, 1_300_000);
});

test('a test that is let in closes it', () => {
  const circuit = opened();
  circuit.beginTest();
  assert.equal(circuit.entered(), true);
  circuit.endTest(700_000);
  assert.deepEqual([circuit.testAtMs, circuit.halt, circuit.isUnused], [null, null, true]);
});

test('a session of a closed circuit is no test', () => {
  assert.equal(new Circuit(LIMITS).beginTest(), false);
});

const refusal = (domain: string, print = 'no') => ({ domain, print, halt: HALT });

test('refusals of every recipient count by domain: one domain may have a policy of its own', () => {
  const circuit = new Circuit(LIMITS);
  for (let i = 0; i < 10; i += 1) assert.equal(circuit.recipientsRefused(refusal('a.test'), 0), false);
  assert.equal(circuit.recipientsRefused(refusal('b.test'), 0), false);
  assert.equal(circuit.recipientsRefused(refusal('c.test'), 0), true);
});

test('other words, or a recipient answered in between, begin the count anew', () => {
  const circuit = new Circuit(LIMITS);
  circuit.recipientsRefused(refusal('a.test'), 0);
  circuit.recipientsRefused(refusal('b.test'), 0);
  assert.equal(circuit.recipientsRefused(refusal('c.test', 'something else'), 0), false);
  circuit.recipientsRefused(refusal('d.test', 'something else'), 0);
  circuit.answered();
  assert.equal(circuit.recipientsRefused(refusal('e.test', 'something else'), 0), false);
});

test('where recipients were refused, it takes an answer for one and not only an open door', () => {
  const circuit = new Circuit(LIMITS);
  for (const domain of ['a.test', 'b.test', 'c.test']) circuit.recipientsRefused(refusal(domain), 0);
  circuit.beginTest();
  assert.equal(circuit.entered(), false);
  assert.equal(circuit.answered(), true);
  assert.equal(circuit.testAtMs, null);
});
