import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LongestFirst, OUTSIDE, type Weighed } from '../../src/verify/longest-first.ts';

interface Item extends Weighed {
  readonly name: string;
}

function item(name: string, waiting: number): Item {
  return { name, waiting, place: OUTSIDE, turn: 0 };
}

function namesOf(heap: LongestFirst<Item>): string {
  let names = '';
  for (let next = heap.pop(); next !== undefined; next = heap.pop()) names += next.name;
  return names;
}

test('the longest comes first, and of two alike the one that came first', () => {
  const heap = new LongestFirst<Item>();
  for (const one of [item('a', 2), item('b', 7), item('c', 2), item('d', 7), item('e', 9)]) heap.push(one);
  assert.equal(namesOf(heap), 'ebdac');
  assert.equal(heap.first, undefined);
});

test('what grows or shrinks inside finds its new place', () => {
  const heap = new LongestFirst<Item>();
  const items = Array.from({ length: 200 }, (_, i) => item(String(i), (i * 7919) % 101));
  for (const one of items) heap.push(one);
  for (const [i, one] of items.entries()) {
    one.waiting = (i * 104_729) % 211;
    heap.moved(one);
  }
  const taken: Item[] = [];
  for (let next = heap.pop(); next !== undefined; next = heap.pop()) taken.push(next);
  assert.deepEqual(
    taken.map(({ waiting }) => waiting),
    items.map(({ waiting }) => waiting).sort((a, b) => b - a),
  );
  assert.ok(taken.every(({ place }) => place === OUTSIDE));
});
