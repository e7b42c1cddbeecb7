import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SessionFailure } from '../../src/smtp/session-failure.ts';
import type { Meaning, Reason, Reply } from '../../src/verdict.ts';
import type { Answered } from '../../src/verify/interview.ts';
import { SlowDown } from '../../src/verify/slow-down.ts';
import { isSlowDownAtStart, slowDownAmong } from '../../src/verify/slow-down-signs.ts';

const LIMITS = { slowDownPauseMs: 5_000, longestSlowDownPauseMs: 30_000, cleanSessionsPerStep: 2 };

function slowed(times: number, limit = 8): SlowDown {
  const slowDown = new SlowDown(LIMITS);
  for (let i = 1; i <= times; i += 1) slowDown.note({ startedAtMs: i * 100_000 - 1, nowMs: i * 100_000, limit });
  return slowDown;
}

test('each slow-down halves the connections, down to one, and doubles the pause, up to the longest', () => {
  const slowDown = new SlowDown(LIMITS);
  assert.equal(slowDown.connections(8), 8);
  const steps = [1, 2, 3, 4, 5].map((i) =>
    slowDown.note({ startedAtMs: i * 100_000 - 1, nowMs: i * 100_000, limit: 8 }),
  );
  assert.deepEqual(
    steps.map((step) => [step?.connections, step?.pauseMs]),
    [
      [4, 5_000],
      [2, 10_000],
      [1, 20_000],
      [1, 30_000],
      [1, 30_000],
    ],
  );
  assert.equal(slowDown.pausedUntilMs, 530_000);
  assert.equal(slowDown.inARow, 5);
});

test('sessions that had begun before a slow-down speak of what has been answered already', () => {
  const slowDown = slowed(1);
  assert.equal(slowDown.note({ startedAtMs: 99_000, nowMs: 100_010, limit: 8 }), null);
  assert.equal(slowDown.note({ startedAtMs: 100_000, nowMs: 100_020, limit: 8 }), null);
  assert.equal(slowDown.connections(8), 4);
  assert.equal(slowDown.pausedUntilMs, 105_000);
});

test('sessions that go well bring one connection back at a time, and the first pause, never more than the limit', () => {
  const slowDown = slowed(2);
  const clean = (): number => {
    slowDown.noteClean({ startedAtMs: 300_000, limit: 4 });
    return slowDown.connections(4);
  };
  assert.deepEqual([clean(), clean(), clean(), clean(), clean()], [2, 3, 3, 4, 4]);
  assert.equal(slowDown.isSlow, false, 'back at the limit nothing is left of it');
  assert.equal(slowDown.note({ startedAtMs: 400_000, nowMs: 400_001, limit: 4 })?.pauseMs, 5_000);
});

test('a session that had begun before the slow-down earns nothing', () => {
  const slowDown = slowed(1);
  for (let i = 0; i < 10; i += 1) slowDown.noteClean({ startedAtMs: 99_000, limit: 8 });
  assert.equal(slowDown.connections(8), 4);
});

function reply(code: number, enhanced: string | null = null, text = ''): Reply {
  return { code, enhanced, text };
}

const STARTS: readonly [
  stage: SessionFailure['stage'],
  failure: SessionFailure['failure'],
  reply: Reply | null,
  reason: Reason,
  letUsInBefore: boolean,
  expected: boolean,
  why: string,
][] = [
  ['greeting', 'reply', reply(421, '4.7.0'), 'rate_limited', false, true, 'too many connections'],
  ['greeting', 'reply', reply(421), 'temporary_failure', false, true, '421 alone'],
  ['mail', 'reply', reply(451, '4.7.500'), 'temporary_failure', true, true, '4.7.x'],
  ['greeting', 'reply', reply(450, '4.3.2'), 'temporary_failure', true, true, 'postscreen: all ports are busy'],
  ['mail', 'reply', reply(452, '4.5.3'), 'temporary_failure', true, true, 'too much at once'],
  ['mail', 'reply', reply(451, '4.3.0'), 'temporary_failure', true, false, 'trouble of its own'],
  ['mail', 'reply', reply(450, '4.7.1'), 'greylisted', true, false, 'greylisting is no matter of haste'],
  ['mail', 'reply', reply(450, '4.7.1'), 'blocked', true, false, 'nor is a refusal of us'],
  ['greeting', 'reply', reply(554, '5.7.1'), 'rate_limited', true, false, 'a 5xx does not ask to come back'],
  ['connect', 'refused', null, 'connect_failed', true, true, 'it worked before: now it has had enough'],
  ['connect', 'refused', null, 'connect_failed', false, false, 'a dead host'],
  ['connect', 'timeout', null, 'connect_failed', true, false, 'silence says nothing'],
  ['connect', 'reset', null, 'connect_failed', true, true, 'reset while connecting'],
  ['greeting', 'closed', null, 'connect_failed', true, true, 'hung up before the banner'],
  ['greeting', 'closed', null, 'connect_failed', false, false, 'as it always does'],
  ['ehlo', 'closed', null, 'connect_failed', true, false, 'hung up on what we said'],
];

for (const [stage, failure, said, reason, letUsInBefore, expected, why] of STARTS) {
  const words = said === null ? failure : `${said.code} ${said.enhanced ?? ''}`;
  test(`${words} at ${stage} (${reason}, ${letUsInBefore ? 'known' : 'new'}) ${expected ? 'slows down' : 'does not'}: ${why}`, () => {
    assert.equal(isSlowDownAtStart({ stage, failure, reply: said }, { reason, letUsInBefore }), expected);
  });
}

type Step = readonly [Meaning, Reply, rule?: string];
const OK: Step = ['accepted', reply(250)];
const UNKNOWN: Step = ['mailbox_not_found', reply(550)];

function session(steps: readonly Step[]): Answered<{ local: string; smtputf8: boolean; sourceIp: null }>[] {
  let refused = 0;
  return steps.map(([meaning, said, rule = 'rate-words']) => {
    const refusalsBefore = refused;
    if (said.code >= 400) refused += 1;
    const reading = { meaning, rule, why: '', strength: 'strong', reply: said, reason: 'rate_limited' } as const;
    return { subject: { local: 'x', smtputf8: false, sourceIp: null }, reading, lost: null, refusalsBefore };
  });
}

const SESSIONS: readonly [steps: readonly Step[], expected: boolean, why: string][] = [
  [[['rate_limited', reply(450, '4.7.1')]], true, 'the very first answer'],
  [[OK, OK, ['rate_limited', reply(450, '4.7.1', 'too many requests')]], true, 'in the middle, nobody refused before'],
  [[['rate_limited', reply(421, '4.7.0', 'too many')]], true, 'a 421 to the first recipient'],
  [[OK, ['rate_limited', reply(421, '4.7.0', 'too many')]], false, 'a 421 later may end this session only'],
  [[UNKNOWN, ['rate_limited', reply(450, '4.7.1')]], false, 'tired of unknown names'],
  [[OK, ['rate_limited', reply(452, '4.5.3')]], false, 'a limit on recipients'],
  [[OK, ['rate_limited', reply(452, null, 'Too many recipients')]], false, 'the same in words'],
  [[OK, ['rate_limited', reply(450, '4.7.1', 'at most 10 per session')]], false, 'a limit on a session'],
  [[['rate_limited', reply(450, '4.2.1')]], false, 'the mailbox is flooded, not the host'],
  [[['rate_limited', reply(550, null), 'receiving-rate-words']], false, 'the same in words'],
  [[OK, UNKNOWN], false, 'nothing of the kind'],
];

for (const [steps, expected, why] of SESSIONS) {
  const shown = steps.map(([meaning, said]) => `${said.code} ${meaning}`).join(', ');
  test(`${shown} ${expected ? 'asks to slow down' : 'does not ask to slow down'}: ${why}`, () => {
    assert.equal(slowDownAmong(session(steps)) !== null, expected);
  });
}
