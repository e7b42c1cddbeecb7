// Replies owed and their deadlines: each has its own time, and one timer serves them all.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OwedReplies } from '../../src/smtp/owed-replies.ts';
import { createHandClock } from './hand-clock.ts';

const OK = { code: 250, enhanced: null, text: 'Ok' };
const LOST = { status: 'lost', failure: 'timeout', reply: null, detail: 'late' } as const;

function setUp(sessionMs = 1_000_000) {
  const clock = createHandClock();
  const late: string[] = [];
  const owed = new OwedReplies({
    clock,
    endsAtMs: clock.monotonic() + sessionMs,
    onLate: ({ what, limitMs, isSession }) => {
      late.push(`${what} ${limitMs} ${isSession}`);
      owed.settleAll(LOST);
    },
  });
  return { clock, late, owed };
}

test('a reply is timed from its question, and answered in order', async () => {
  const { clock, owed } = setUp();
  const first = owed.wait('one', 100);
  const second = owed.wait('two', 100);
  clock.advance(30);
  owed.deliver(OK);
  clock.advance(50);
  owed.deliver({ ...OK, code: 550 });
  assert.deepEqual(await first, { status: 'replied', reply: OK, ms: 30 });
  const answer = await second;
  assert.equal(answer.status === 'replied' && answer.ms, 50, 'the second runs from the first reply');
});

test('a late reply is told to the millisecond, however the deadlines before it lay', async () => {
  const { clock, late, owed } = setUp();
  const early = owed.wait('long', 1000);
  clock.advance(900);
  owed.deliver(OK);
  const next = owed.wait('longer', 5000);
  clock.advance(4999);
  assert.deepEqual(late, [], 'the timer of the first look is no deadline of the second');
  clock.advance(1);
  assert.deepEqual(late, ['longer 5000 false']);
  assert.deepEqual([(await early).status, await next], ['replied', LOST]);
  assert.equal(clock.pending, 0);
});

test('a shorter deadline after a longer one is kept', () => {
  const { clock, late, owed } = setUp();
  void owed.wait('long', 60_000);
  owed.deliver(OK);
  void owed.wait('short', 20);
  clock.advance(19);
  assert.deepEqual(late, []);
  clock.advance(1);
  assert.deepEqual(late, ['short 20 false']);
});

test('what is waited for may change, and its time begins anew', () => {
  const { clock, late, owed } = setUp();
  void owed.wait('a connection', 100);
  clock.advance(99);
  owed.waitInsteadFor('the banner', 300);
  clock.advance(299);
  assert.deepEqual(late, []);
  clock.advance(1);
  assert.deepEqual(late, ['the banner 300 false']);
});

test('the end of the session comes before every other limit', () => {
  const { clock, late, owed } = setUp(250);
  void owed.wait('one', 200);
  clock.advance(199);
  owed.deliver(OK);
  void owed.wait('two', 200);
  clock.advance(51);
  assert.deepEqual(late, ['two 200 true']);
  void owed.wait('three', 200);
  assert.deepEqual(late, ['two 200 true', 'three 200 true'], 'and what is asked behind it is late at once');
});

test('nothing is late while nothing is owed, and no timer outlives the connection', () => {
  const { clock, late, owed } = setUp();
  void owed.wait('one', 100);
  owed.deliver(OK);
  clock.advance(100_000);
  assert.deepEqual(late, []);
  void owed.wait('two', 100);
  owed.settleAll(LOST);
  assert.equal(clock.pending, 0);
  clock.advance(1000);
  assert.deepEqual(late, []);
  owed.deliver(OK);
  assert.equal(owed.count, 0, 'a reply to nothing does nothing');
});
