// How the engine asks many recipients of one domain, and what it makes of hosts that change their mind on the way.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MailHost } from '../../src/sandbox/world.ts';
import { worldOf } from '../../src/sandbox/world-builders.ts';
import { askWorld } from '../support/ask-world.ts';

const ONE = { concurrency: 10, perDomain: 1, perProvider: 1, ratePerMinute: null };

/** Everybody whose number divides by `every` is unknown. */
function host(domain: string, rest: Partial<MailHost> = {}, every = 10): MailHost {
  const known = (local: string): boolean => /^p\d+$/.test(local) && Number(local.slice(1)) % every !== 0;
  return {
    name: `mx.${domain}`,
    addresses: ['127.0.49.1'],
    domains: [domain],
    mailboxes: (local) => known(local),
    ...rest,
  };
}

function people(domain: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `p${i + 1}@${domain}`);
}

function wrong(verdicts: ReadonlyMap<string, { reason: string }>, every = 10): string[] {
  return [...verdicts].flatMap(([address, { reason }]) => {
    const right = Number(/\d+/.exec(address)?.[0]) % every === 0 ? 'mailbox_not_found' : 'accepted';
    return reason === right ? [] : [`${address} ${reason}`];
  });
}

test('one session asks many recipients, up to the rejection budget, without a command more', async () => {
  const { verdicts, record } = await askWorld(worldOf({ hosts: [host('many.test')] }), people('many.test', 200), {
    limits: ONE,
  });
  assert.deepEqual(wrong(verdicts), []);
  assert.equal(verdicts.size, 200);
  assert.ok(record.overall.total <= 6, `${record.overall.total} sessions for 200 addresses, 20 of them refused`);
  assert.equal(record.verbs.get('RSET') ?? 0, 0);
});

test('recipients are sent in windows where PIPELINING is offered, and one by one elsewhere', async () => {
  const fast = await askWorld(
    worldOf({ hosts: [host('fast.test', { offers: { pipelining: true } })] }),
    people('fast.test', 60),
    { limits: ONE },
  );
  const slow = await askWorld(
    worldOf({ hosts: [host('slow.test', { offers: { pipelining: false } })] }),
    people('slow.test', 60),
    { limits: ONE },
  );
  assert.deepEqual([wrong(fast.verdicts), wrong(slow.verdicts)], [[], []]);
  assert.ok(fast.record.pipelined > 20, `${fast.record.pipelined} pipelined`);
  assert.equal(slow.record.pipelined, 0);
  assert.equal(fast.record.earlyTalk + slow.record.earlyTalk, 0);
});

test('a session in windows ends when half its budget of refusals is used up, since a new one asks in larger windows', async () => {
  const host10 = host('windows.test', { offers: { pipelining: true } });
  const asked = await askWorld(worldOf({ hosts: [host10] }), people('windows.test', 300), { limits: ONE });
  assert.deepEqual(wrong(asked.verdicts), []);
  const sessions = asked.record.overall.total;
  // 30 refusals: with eight a session four would do, with five and a window that may bring more it takes five at least.
  assert.ok(sessions >= 5 && sessions <= 9, `${sessions} sessions`);
});

const HOSTS: readonly [name: string, mood: Partial<MailHost>, why: string][] = [
  [
    'patient-postfix',
    { limits: { softErrors: 10, hardErrors: 20, softDelayMs: 300 } },
    'the session ends before the 10th error',
  ],
  [
    'short-tempered',
    { limits: { hardErrors: 3 } },
    'a 421 after three errors costs nobody a verdict, and is learnt from',
  ],
  ['early-closer', { limits: { recipientsPerSession: 7 } }, '421 after seven recipients loses nobody'],
  ['few-recipients', { limits: { recipients: 5 } }, '452 4.5.3 is no answer about the sixth'],
  ['defers-all', { defersAfterRefusals: 3 }, 'a deferral of everybody after refusals is asked again in a new session'],
  ['accepts-all', { acceptsAfterRefusals: 3 }, 'an acceptance behind refusals is believed only when proved'],
  [
    'exim-sync',
    { limits: { punishesEarlyTalk: 'exim' }, offers: { pipelining: true } },
    'nothing is sent before it is due',
  ],
  [
    'opensmtpd',
    { limits: { punishesEarlyTalk: 'opensmtpd' }, offers: { pipelining: false } },
    'nothing is pipelined where it is not offered',
  ],
];

for (const [name, mood, why] of HOSTS) {
  test(`${name}: no wrong verdict, ${why}`, async () => {
    const domain = `${name}.test`;
    const { verdicts, record } = await askWorld(worldOf({ hosts: [host(domain, mood, 4)] }), people(domain, 60), {
      limits: ONE,
    });
    assert.equal(verdicts.size, 60);
    const invented = wrong(verdicts, 4).filter(
      (line) => !/ (temporary_failure|rate_limited|blocked|catchall_untested)$/.test(line),
    );
    assert.deepEqual(invented, [], 'nobody valid or invalid by accident');
    assert.ok(wrong(verdicts, 4).length <= 3, `left open: ${wrong(verdicts, 4)}`);
    assert.equal(record.earlyTalk, 0);
  });
}

test('a catch-all stays one however many are asked in one session', async () => {
  const { verdicts, record } = await askWorld(
    worldOf({ hosts: [host('any.test', { accepts: 'anything' })] }),
    people('any.test', 45),
    { limits: ONE },
  );
  assert.ok([...verdicts.values()].every(({ reason }) => reason === 'accepts_anything'));
  assert.equal(record.questionsBeside('any.test', new Set(people('any.test', 45))), 1);
});

test('everybody greylisted is everybody unknown, and nobody is asked twice', async () => {
  const { verdicts, record } = await askWorld(
    worldOf({ hosts: [host('grey.test', { greylist: { waitMs: 300_000 } })] }),
    people('grey.test', 12),
    { limits: ONE },
  );
  assert.ok([...verdicts.values()].every(({ reason }) => reason === 'greylisted'));
  assert.ok([...record.byDomain.get('grey.test')!.questions.values()].every((times) => times === 1));
});
