// Names are counted exactly while they are few, and never far off however many there are.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeaviestNames } from '../../../src/cli/report/heaviest-names.ts';

test('few names are counted exactly, by status and by reason, the commonest first', () => {
  const names = new HeaviestNames(10, () => '');
  for (const reason of ['mailbox_full', 'syntax', 'syntax', 'accepted', 'blocked'] as const)
    names.add('a.test', reason, null);
  names.add('b.test', 'accepts_anything', null);
  const result = names.result();
  assert.deepEqual([result.missedAtMost, result.isPartial], [0, false]);
  const [a, b] = result.names;
  assert.deepEqual(a?.status, { valid: 1, invalid: 3, catchall: 0, unknown: 1 });
  assert.deepEqual(a?.reasons[0], ['syntax', 2]);
  assert.equal(b?.status.catchall, 1);
});

test('the cause is that of the first unclear row, and nobody is asked for a second one', () => {
  let asked = 0;
  const names = new HeaviestNames<string>(10, (row) => {
    asked += 1;
    return `cause ${row}`;
  });
  for (const reason of ['accepted', 'blocked', 'timeout'] as const) names.add('a.test', reason, reason);
  assert.deepEqual([names.result().names[0]?.cause, asked], ['cause blocked', 1]);
});

test('of a hundred thousand names in any order the heavy ones are found, short of their count by no more than is said', () => {
  const places = 1000;
  const names = new HeaviestNames(places, () => '');
  const truth = new Map<string, number>();
  let seed = 1;
  for (let row = 0; row < 400_000; row += 1) {
    seed = (seed * 48_271) % 2_147_483_647;
    // One row in four belongs to one of twenty large domains, the rest is a long tail.
    const name = seed % 4 === 0 ? `large${seed % 20}.test` : `tail${seed % 100_003}.test`;
    truth.set(name, (truth.get(name) ?? 0) + 1);
    names.add(name, 'mailbox_not_found', null);
  }
  const { names: held, missedAtMost, isPartial } = names.result();
  assert.ok(isPartial && held.length <= places);
  const shown = new Map(held.map(({ name, rows }) => [name, rows]));
  for (const [name, rows] of truth) {
    const missed = rows - (shown.get(name) ?? 0);
    assert.ok(missed >= 0 && missed <= missedAtMost, `${name}: ${missed} of ${rows} missed, ${missedAtMost} said`);
  }
  const heaviest = held.toSorted((a, b) => b.rows - a.rows).slice(0, 5);
  assert.ok(heaviest.every(({ name }) => name.startsWith('large')));
  assert.ok(missedAtMost < 1000, `the bound is of some use: ${missedAtMost}`);
});
