// Hosts that stop telling the truth in the middle of a session, or whose replies belong to others: no wrong verdict follows.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fate, MailHost } from '../../src/sandbox/world.ts';
import { worldOf } from '../../src/sandbox/world-builders.ts';
import { DEFAULT_TIMEOUTS } from '../../src/smtp/timeouts.ts';
import type { Verdict } from '../../src/verdict.ts';
import { type Asked, askWorld } from '../support/ask-world.ts';

const ONE = { concurrency: 10, perDomain: 1, perProvider: 1, ratePerMinute: null };
const isKnown = (local: string): boolean => /^p\d+$/.test(local) && Number(local.slice(1)) % 4 !== 0;

function host(domain: string, rest: Partial<MailHost> = {}): MailHost {
  return { name: `mx.${domain}`, addresses: ['127.0.76.1'], domains: [domain], mailboxes: isKnown, ...rest };
}

function names(domain: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `p${i + 1}@${domain}`);
}

/** Verdicts that claim something untrue of a mailbox: every fourth is missing. */
function untrue(verdicts: ReadonlyMap<string, Verdict>): string[] {
  return [...verdicts].flatMap(([address, { status, reason }]) => {
    const right = isKnown(address.slice(0, address.indexOf('@'))) ? 'valid' : 'invalid';
    return status === 'unknown' || status === right ? [] : [`${address} ${reason}`];
  });
}

function open(verdicts: ReadonlyMap<string, Verdict>): string[] {
  return [...verdicts]
    .filter(([, { status }]) => status === 'unknown')
    .map(([address, { reason }]) => `${address} ${reason}`);
}

function ask(rest: Partial<MailHost>, count = 60): Promise<Asked> {
  return askWorld(worldOf({ hosts: [host('angry.test', rest)] }), names('angry.test', count), {
    limits: ONE,
    timeouts: { ...DEFAULT_TIMEOUTS, rcptMs: 400 },
  });
}

const ANGRY: readonly [says: string, unknownSays: string | null, why: string][] = [
  ['550 Address rejected', '550 Address rejected', 'the same bare words for missing mailboxes and for everybody'],
  ['550 5.7.1 Too many unknown users', null, 'words about the unknown users before'],
  ['550 Too many failed recipients', null, 'the same without a code'],
  ['550 5.5.1 Too many invalid recipients, blocked', null, 'with an invalid recipient in it'],
  ['554 5.7.1 Administrative prohibition', null, 'policy'],
  ['503 5.5.1 Error: access denied', null, 'what Postfix says to whom it has refused'],
  ['451 4.7.1 Too many bad recipients, try again later', null, 'a deferral'],
  ['421 4.7.0 Too many errors', null, 'a goodbye'],
];

for (const refusals of [2, 3, 5]) {
  for (const [says, unknownSays, why] of ANGRY) {
    for (const pipelining of [true, false]) {
      const way = pipelining ? 'windows' : 'single questions';
      test(`"${says}" to all after ${refusals} unknown users, asked in ${way}, is no verdict: ${why}`, async () => {
        const fate: Fate = { say: says, ...(says.startsWith('421') && { close: true }) };
        const { verdicts } = await ask({
          afterRefusals: { refusals, fate },
          offers: { pipelining },
          ...(unknownSays !== null && { otherwise: { say: unknownSays } }),
        });
        assert.equal(verdicts.size, 60);
        assert.deepEqual(untrue(verdicts), []);
      });
    }
  }
}

for (const says of [
  '503 5.5.1 Error: access denied',
  '503 5.0.0 Bad sequence of commands',
  '554 5.7.1 Client host rejected',
]) {
  test(`a host that says "${says}" to every recipient makes nobody invalid`, async () => {
    const { verdicts } = await ask({ at: { rcpt: { say: says } } }, 20);
    assert.deepEqual([...new Set([...verdicts.values()].map(({ status }) => status))], ['unknown']);
  });
}

for (const says of ['554 5.7.1 No SMTP service here', '554 You have been rejected']) {
  test(`the banner "${says}" decides nothing of a mailbox, whatever the host says afterwards`, async () => {
    const { verdicts, record } = await ask(
      { at: { banner: { say: says }, rcpt: { say: '550 5.1.1 User unknown' } } },
      6,
    );
    assert.deepEqual([...new Set([...verdicts.values()].map(({ status }) => status))], ['unknown']);
    assert.equal(record.recipients, 0);
  });
}

test('a host that takes one recipient a session and accepts anything is found out', async () => {
  const rest = { accepts: 'anything', mailboxes: () => undefined, limits: { recipients: 1 } } as const;
  const { verdicts } = await ask(rest, 5);
  assert.deepEqual([...new Set([...verdicts.values()].map(({ reason }) => reason))], ['accepts_anything']);
});

test('a host that takes one recipient a session and tells names apart gives everybody the right verdict', async () => {
  const { verdicts } = await ask({ limits: { recipients: 1 } }, 12);
  assert.deepEqual([untrue(verdicts), open(verdicts)], [[], []]);
});

test('a host that swallows one reply of a window shifts nobody’s verdict to a neighbour', async () => {
  const mailboxes = (local: string) => (local === 'p3' ? { raw: '' } : isKnown(local));
  for (let round = 0; round < 5; round += 1) {
    const { verdicts } = await ask({ mailboxes, offers: { pipelining: true } }, 16);
    assert.deepEqual(untrue(verdicts), []);
    assert.deepEqual(open(verdicts), ['p3@angry.test timeout']);
  }
});

test('a host that says something twice in a window shifts nobody’s verdict to a neighbour', async () => {
  const mailboxes = (local: string) => (local === 'p3' ? { raw: '250 2.1.5 Ok\r\n250 2.1.5 Ok\r\n' } : isKnown(local));
  const { verdicts } = await ask({ mailboxes, offers: { pipelining: true } }, 16);
  assert.deepEqual(untrue(verdicts), []);
});

test('a greylisted name nobody has leaves acceptances open, however often it is asked', async () => {
  const mailboxes = (local: string) => (isKnown(local) ? 'ok' : 'greylisted');
  const { verdicts } = await ask({ mailboxes }, 3);
  assert.deepEqual([...new Set([...verdicts.values()].map(({ reason }) => reason))], ['catchall_untested']);
});
