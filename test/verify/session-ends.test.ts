// How sessions end before everybody was asked: the session's own time, the end of the run, hosts that hang up.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SandboxRecord } from '../../src/sandbox/record.ts';
import type { MailHost } from '../../src/sandbox/world.ts';
import { worldOf } from '../../src/sandbox/world-builders.ts';
import { DEFAULT_TIMEOUTS } from '../../src/smtp/timeouts.ts';
import type { Verdict } from '../../src/verdict.ts';
import { startInHandTime } from '../robustness/hand-time.ts';
import { askWorld, memoryOfDomains } from '../support/ask-world.ts';

const ONE = { concurrency: 10, perDomain: 1, perProvider: 1, ratePerMinute: null };
const known = (local: string): boolean => /^p\d*[1-9]$/.test(local);

function host(domain: string, rest: Partial<MailHost> = {}): MailHost {
  return { name: `mx.${domain}`, addresses: ['127.0.173.1'], domains: [domain], mailboxes: known, ...rest };
}

function names(domain: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `p${i + 1}@${domain}`);
}

/** Everybody whose number ends in 0 is unknown. */
function wrong(verdicts: ReadonlyMap<string, Verdict>): string[] {
  return [...verdicts].flatMap(([address, { reason }]) => {
    const right = address.includes('0@') ? 'mailbox_not_found' : 'accepted';
    return reason === right ? [] : [`${address} ${reason}`];
  });
}

function asked(record: SandboxRecord, address: string): number {
  return record.byDomain.get(address.slice(address.indexOf('@') + 1))?.questions.get(address) ?? 0;
}

for (const pipelining of [true, false]) {
  test(`a host that takes twenty seconds a reply gets everybody answered, ${pipelining ? 'with' : 'without'} PIPELINING`, async () => {
    const slow = host('slow.test', { wire: { thinkMs: 20_000 }, offers: { pipelining } });
    const addresses = names('slow.test', 30);
    const run = await startInHandTime(worldOf({ hosts: [slow] }), addresses, {
      limits: ONE,
      timeouts: DEFAULT_TIMEOUTS,
    });
    try {
      await run.passTime(2000);
      const { record } = await run.finished;
      assert.deepEqual([run.verdicts.size, wrong(run.verdicts)], [30, []]);
      const longest = Math.max(...record.connections.map(({ openedAt, closedAt }) => (closedAt ?? 0) - openedAt));
      assert.ok(longest <= 310_000, `a session of ${longest} ms`);
    } finally {
      await run.close();
    }
  });
}

test('a host that never answers for one name costs that one its verdict, and nobody else', async () => {
  const mailboxes = (local: string) => (local === 'p3' ? 'silent' : known(local)) as 'silent' | boolean;
  const addresses = names('mute.test', 12);
  const { verdicts } = await askWorld(worldOf({ hosts: [host('mute.test', { mailboxes })] }), addresses, {
    limits: ONE,
    timeouts: { ...DEFAULT_TIMEOUTS, rcptMs: 300 },
  });
  assert.deepEqual(wrong(verdicts), ['p3@mute.test timeout']);
});

test('a host that hangs up after every third recipient loses nobody', async () => {
  const drops = host('drops.test', { limits: { recipientsPerSession: 3 } });
  const { verdicts, record } = await askWorld(worldOf({ hosts: [drops] }), names('drops.test', 20), { limits: ONE });
  assert.deepEqual([verdicts.size, wrong(verdicts)], [20, []]);
  assert.ok(record.connections.length <= 14, `${record.connections.length} connections`);
});

test('at the end of the run what was answered is judged and kept, the question that settles it is put, and QUIT said', async () => {
  const stop = new AbortController();
  let held = 0;
  // The fifth answer sets off the end of the run; a window of PIPELINING would answer all at once.
  const mailboxes = (local: string): boolean => {
    held += 1;
    if (held === 5) stop.abort();
    return known(local);
  };
  const addresses = names('ends.test', 40).filter((address) => !address.includes('0@'));
  const memory = memoryOfDomains();
  const { verdicts, record, outcome } = await askWorld(
    worldOf({ hosts: [host('ends.test', { mailboxes, offers: { pipelining: false } })] }),
    addresses,
    { limits: ONE, signal: stop.signal, memory },
  );
  assert.equal(outcome.status, 'stopped');
  assert.deepEqual(
    [...verdicts.values()].map(({ reason }) => reason),
    Array(5).fill('accepted'),
  );
  assert.equal(record.recipients, 6, 'those five, and one name nobody has');
  assert.equal(record.sessionsWithoutQuit, 0);
  const again = addresses.filter((address) => verdicts.has(address) && asked(record, address) !== 1);
  assert.deepEqual(again, []);
  const fingerprint = 'mx.ends.test (private)';
  assert.equal(memory.catchallOf('ends.test', fingerprint), 'no', 'and the next run need not ask that again');
});

test('at the end of the run nobody is waited for longer than a moment', async () => {
  const stop = new AbortController();
  const mailboxes = (local: string) => (local === 'p2' ? 'silent' : known(local)) as 'silent' | boolean;
  const mute = host('mute2.test', { mailboxes, offers: { pipelining: false } });
  const run = await startInHandTime(worldOf({ hosts: [mute] }), ['p2@mute2.test'], {
    limits: ONE,
    timeouts: DEFAULT_TIMEOUTS,
    signal: stop.signal,
  });
  try {
    await run.sandbox.record.until(({ recipients }) => recipients === 1);
    stop.abort();
    const tookMs = await run.passTime(100);
    assert.equal((await run.finished).outcome.status, 'stopped');
    assert.ok(tookMs <= 5000, `${tookMs} ms`);
    assert.equal(run.verdicts.size, 0);
  } finally {
    await run.close();
  }
});

test('a host without SMTPUTF8 is met once, and the verdict says what its EHLO offers', async () => {
  const addresses = ['jörg', 'møller', 'žofie', 'ünal', 'éva'].map((local) => `${local}@ascii.test`);
  const { verdicts, record } = await askWorld(worldOf({ hosts: [host('ascii.test')] }), addresses, { limits: ONE });
  for (const [address, { reason, reply, stage, detail }] of verdicts) {
    assert.deepEqual([reason, stage, reply], ['smtputf8_needed', 'ehlo', null], address);
    assert.match(detail ?? '', /EHLO lacks SMTPUTF8, it offers PIPELINING/);
  }
  assert.equal(verdicts.size, 5);
  assert.equal(record.connections.length, 1);
  assert.equal(record.recipients, 0);
});
