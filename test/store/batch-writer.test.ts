// When a batch is committed, and how a failure to commit reaches the caller.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MailgateError } from '../../src/errors.ts';
import { BatchWriter } from '../../src/store/batch-writer.ts';
import { handClock } from './scratch.ts';

/** A writer over a list of batches, that fails while `broken` is set. */
function setUp(options: { maxRows?: number; maxDelayMs?: number } = {}) {
  const clock = handClock();
  const world = { clock, batches: [] as number[][], failures: [] as unknown[], broken: null as Error | null };
  const writer = new BatchWriter<number>({
    clock,
    onFailure: (error) => world.failures.push(error),
    write: (entries) => {
      if (world.broken !== null) throw world.broken;
      world.batches.push([...entries]);
    },
    ...options,
  });
  return { ...world, world, writer };
}

const diskFull = new MailgateError('store', 'There is no space left.');

test('500 entries are committed at once, the rest after 200 ms', () => {
  const { writer, batches, clock } = setUp();
  for (let entry = 0; entry < 501; entry += 1) writer.put(entry);
  assert.deepEqual(
    batches.map((batch) => batch.length),
    [500],
  );
  clock.advance(199);
  assert.equal(batches.length, 1);
  clock.advance(1);
  assert.deepEqual(batches[1], [500]);
});

test('the delay counts from the first entry of a batch, and no timer stays behind', () => {
  const { writer, batches, clock } = setUp({ maxDelayMs: 100 });
  writer.put(1);
  clock.advance(60);
  writer.put(2);
  clock.advance(40);
  assert.deepEqual(batches, [[1, 2]]);
  assert.equal(clock.timers, 0);
  writer.put(3);
  writer.flush();
  assert.equal(clock.timers, 0);
});

test('closing commits what is held, and nothing is taken afterwards', () => {
  const { writer, batches } = setUp();
  writer.put(1);
  writer.close();
  writer.close();
  assert.deepEqual(batches, [[1]]);
  assert.throws(() => writer.put(2), TypeError);
});

test('nothing held is no commit', () => {
  const { writer, batches, clock } = setUp();
  writer.flush();
  clock.advance(1000);
  writer.close();
  assert.deepEqual(batches, []);
});

test("a failure at the timer is told to the caller's callback, and to every later put", () => {
  const { writer, world, clock } = setUp();
  writer.put(1);
  world.broken = diskFull;
  clock.advance(200);
  assert.deepEqual(world.failures, [diskFull]);
  assert.throws(() => writer.put(2), diskFull);
  assert.throws(() => writer.put(3), diskFull);
  assert.throws(() => writer.close(), diskFull);
  assert.deepEqual(world.failures, [diskFull], 'what is thrown is not told twice');
});

test('a failure at the 500th entry is thrown to the one who put it', () => {
  const { writer, world } = setUp({ maxRows: 2 });
  world.broken = diskFull;
  writer.put(1);
  assert.throws(() => writer.put(2), diskFull);
  assert.deepEqual(world.failures, []);
});

test('nothing is lost by a failure: the next flush or close commits it all, in order and once', () => {
  const { writer, world, batches } = setUp({ maxRows: 2 });
  world.broken = diskFull;
  writer.put(1);
  assert.throws(() => writer.put(2));
  assert.throws(() => writer.put(3));
  world.broken = null;
  writer.flush();
  writer.put(4);
  writer.close();
  assert.deepEqual(batches, [[1, 2, 3], [4]]);
});
