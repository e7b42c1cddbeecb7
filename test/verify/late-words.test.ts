// Hosts that begin to refuse in other words: nobody is invalid for it unless the words prove to be about the name.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Behaviour, MailHost } from '../../src/sandbox/world.ts';
import { worldOf } from '../../src/sandbox/world-builders.ts';
import type { Answered } from '../../src/verify/interview.ts';
import { LateWords } from '../../src/verify/late-words.ts';
import { type Asked, askWorld } from '../support/ask-world.ts';

const ONE = { concurrency: 10, perDomain: 1, perProvider: 1, ratePerMinute: null };
const COUNT = 24;
const isKnown = (local: string): boolean => /^p\d+$/.test(local) && Number(local.slice(1)) % 2 !== 0;
const addresses = Array.from({ length: COUNT }, (_, i) => `p${i + 1}@late.test`);

function ask(rest: Partial<MailHost>): Promise<Asked> {
  const host = { name: 'mx.late.test', addresses: ['127.78.201.1'], domains: ['late.test'], mailboxes: isKnown };
  return askWorld(worldOf({ hosts: [{ ...host, ...rest }] }), addresses, { limits: ONE });
}

function countsOf({ verdicts }: Asked): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [address, { status }] of verdicts) {
    const key = `${isKnown(address.slice(0, address.indexOf('@'))) ? 'known' : 'missing'} ${status}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

for (const says of ['550 5.1.1 Recipient rejected', '550 5.1.1 No such user here']) {
  const tired: Behaviour = { afterRefusals: { refusals: 3, fate: { say: says } } };

  test(`"${says}" to everybody from the fourth unknown user on, in all sessions, makes nobody invalid who exists`, async () => {
    const asked = await ask({
      at: { rcpt: { say: says } },
      variants: { list: [{ at: {}, ...tired }], afterwards: 'base' },
    });
    assert.equal(asked.verdicts.size, COUNT);
    assert.equal(countsOf(asked)['known invalid'] ?? 0, 0);
    assert.ok(
      (countsOf(asked)['missing invalid'] ?? 0) <= 3,
      'only whom it refused before can be told from the others',
    );
    assert.ok(asked.record.connections.length <= 8, `${asked.record.connections.length} connections`);
  });

  test(`"${says}" to everybody from the fourth unknown user on, in each session, costs nobody the verdict`, async () => {
    const asked = await ask(tired);
    assert.deepEqual(countsOf(asked), { 'known valid': COUNT / 2, 'missing invalid': COUNT / 2 });
  });
}

test('a host that says of everybody behind the second unknown user what it says of these makes nobody invalid who exists', async () => {
  const say = '550 5.1.1 No such user here';
  const host = { name: 'mx.late.test', addresses: ['127.78.201.1'], domains: ['late.test'], otherwise: { say } };
  const exists = (local: string): boolean => /^p\d+$/.test(local) && Number(local.slice(1)) % 8 !== 0;
  const world = worldOf({ hosts: [{ ...host, mailboxes: exists, afterRefusals: { refusals: 2, fate: { say } } }] });
  let seed = 1; // the order decides how plain it is to see
  const random = (): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const names = Array.from({ length: 64 }, (_, i) => `p${i + 1}@late.test`);
  const { verdicts } = await askWorld(world, names, { limits: ONE, random });
  const invalid = [...verdicts].filter(([, { status }]) => status === 'invalid').map(([address]) => address);
  assert.deepEqual(invalid.sort(), names.filter((name) => !exists(name.slice(0, name.indexOf('@')))).sort());
});

test('words are compared with what a name nobody has is told only where they came late and nothing else came after', () => {
  const needs = (...said: string[]): boolean => new LateWords('late.test').needsComparison(said.map(answered), 'mx');
  assert.equal(needs('250 ok', '550 unknown', '550 unknown'), false);
  assert.equal(needs('250 ok', '550 unknown', '550 gone', '550 unknown'), false);
  assert.equal(needs('250 ok', '550 unknown', '550 gone', '250 ok'), false);
  assert.equal(needs('250 ok', '550 unknown', '550 gone'), true);
});

function answered(said: string, index: number): Answered<{ local: string; smtputf8: boolean; sourceIp: null }> {
  const code = Number(said.slice(0, 3));
  const meaning = code === 250 ? 'accepted' : 'mailbox_not_found';
  const reply = { code, enhanced: null, text: said.slice(4) };
  const reading = { meaning, strength: 'strong', rule: 'as told', why: '', reason: meaning, reply } as const;
  return {
    subject: { local: `p${index}`, smtputf8: false, sourceIp: null },
    reading,
    lost: null,
    refusalsBefore: index,
  };
}
