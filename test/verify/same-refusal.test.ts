import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fate, MailHost } from '../../src/sandbox/world.ts';
import { worldOf } from '../../src/sandbox/world-builders.ts';
import { REPLY_RULES } from '../../src/smtp/reply-rules.ts';
import type { Reading } from '../../src/verify/interview.ts';
import { printOf, SameRefusals } from '../../src/verify/same-refusal.ts';
import { askWorld } from '../support/ask-world.ts';

function reading(code: number, text: string): Reading {
  const reply = { code, enhanced: null, text };
  return { meaning: 'blocked', rule: 'x', why: '', strength: 'strong', reason: 'blocked', reply };
}

const PRINTS: readonly [first: [string, string], second: [string, string], same: boolean, why: string][] = [
  [['anna', '<anna@a.test>: mailbox unavailable'], ['bert', '<bert@a.test>: mailbox unavailable'], true, 'the address'],
  [['anna', 'mailbox anna unavailable'], ['bert', 'mailbox bert unavailable'], true, 'the local part alone'],
  [['anna', 'refused (S2017062302)'], ['anna', 'refused (S2017062999)'], true, 'an id'],
  [['anna', 'refused 8-20020a05 - gate'], ['anna', 'refused 9-20020a99 - gate'], true, 'a session id'],
  [['anna', 'from [192.0.2.1] refused by mx.a.test'], ['anna', 'from [192.0.2.9] refused by mx.a.test'], true, 'IPs'],
  [['anna', 'mailbox unavailable'], ['bert', 'mailbox full'], false, 'other words'],
  [['in', 'mail in queue refused'], ['to', 'mail in queue refused'], false, 'a local part that is a word of the text'],
];

for (const [first, second, same, why] of PRINTS) {
  test(`"${first[1]}" and "${second[1]}" are ${same ? 'the same refusal' : 'two refusals'}: ${why}`, () => {
    const at = { domain: 'a.test', host: 'mx.a.test' };
    const prints = [first, second].map(([local, text]) => printOf(reading(550, text), local, at));
    assert.equal(prints[0] === prints[1], same, prints.join(' | '));
  });
}

test('the code is part of a refusal', () => {
  const at = { domain: 'a.test', host: 'mx.a.test' };
  assert.notEqual(printOf(reading(550, 'no'), 'x', at), printOf(reading(554, 'no'), 'x', at));
});

test('the rows of the reply tables that are doubted are there', () => {
  for (const id of [
    'mailbox-unavailable-words',
    'recipient-refused-5.1.x',
    'google-5.2.1-rate',
    'receiving-rate-words',
  ])
    assert.ok(
      REPLY_RULES.some((rule) => rule.id === id),
      id,
    );
});

type Step =
  | `${string} holds ${string}`
  | `${string} holds ${string} with control`
  | `${string} is full like control`
  | `${string} accepts`
  | `${string} is done`
  | 'all done';

/** Plays the steps at one provider; tells what became of each session held, by its number. */
function play(steps: readonly Step[]): string[] {
  const refusals = new SameRefusals();
  const outcomes: string[] = [];
  for (const step of steps) {
    const [domain = '', verb, print = ''] = step.split(' ');
    if (step === 'all done') refusals.noteDone('', { isLastOfProvider: true });
    else if (verb === 'accepts') refusals.noteAccepted(domain);
    else if (step.endsWith('is done')) refusals.noteDone(domain, { isLastOfProvider: false });
    else {
      const number = outcomes.push('waits') - 1;
      refusals.hold({
        domain,
        print: verb === 'is' ? 'full' : print,
        sawControl: step.endsWith('control'),
        sessionsNeeded: verb === 'is' ? 1 : 2,
        settle: ({ isAboutUs }) => {
          assert.equal(outcomes[number], 'waits', 'settled once');
          outcomes[number] = isAboutUs ? 'us' : 'them';
        },
      });
    }
  }
  return outcomes;
}

const EVIDENCE: readonly [steps: readonly Step[], outcomes: readonly string[], why: string][] = [
  [['a holds F with control'], ['waits'], 'one session may be right'],
  [['a holds F with control', 'all done'], ['them'], 'and is believed when no more evidence comes'],
  [['a holds F', 'a holds F with control'], ['waits', 'waits'], 'somebody may still be accepted there'],
  [['a holds F', 'a holds F with control', 'a is done'], ['us', 'us'], 'two sessions, a name nobody has included'],
  [['a holds F', 'a holds F with control', 'a accepts'], ['them', 'them'], 'the last one is accepted'],
  [['a holds F', 'a holds F', 'all done'], ['them', 'them'], 'without the comparison nothing is proved'],
  [
    ['a holds F', 'a is done', 'b holds F with control', 'b is done'],
    ['us', 'us'],
    'two domains of a provider that takes no mail of ours',
  ],
  [['a holds F with control', 'b holds G', 'all done'], ['them', 'them'], 'other words'],
  [['c accepts', 'a holds F', 'b holds F with control', 'all done'], ['them', 'them'], 'the provider takes our mail'],
  [['c accepts', 'a holds F', 'a holds F with control', 'a is done'], ['us', 'us'], 'but one domain may not'],
  [['a holds F with control', 'a accepts', 'b holds F'], ['them', 'waits'], 'the domain takes our mail after all'],
  [['c accepts', 'a holds F with control', 'a is done'], ['them'], 'a domain alone is decided when it is done'],
  [['a holds F with control', 'a is done'], ['waits'], 'while nobody was accepted, other domains may still tell'],
  [['a is full like control'], ['us'], 'a name nobody has cannot be full'],
  [
    Array.from({ length: 6 }, () => 'a holds F with control' as const),
    Array.from({ length: 6 }, () => 'us'),
    'with so many nobody is waited for',
  ],
  [
    ['a holds F', 'a holds F with control', 'a is done', 'b holds F'],
    ['us', 'us', 'us'],
    'what proved to be about us is about us at the next domain',
  ],
];

for (const [steps, outcomes, why] of EVIDENCE) {
  test(`${steps.join(', ')}: ${outcomes.join(' ')}, ${why}`, () => {
    assert.deepEqual(play(steps), outcomes);
  });
}

const ONE = { concurrency: 10, perDomain: 1, perProvider: 1, ratePerMinute: null };

function host(says: Fate, rest: Partial<MailHost> = {}): MailHost {
  return { name: 'mx.one.test', addresses: ['127.0.61.1'], domains: ['one.test'], otherwise: says, ...rest };
}

function people(count: number, domain = 'one.test'): string[] {
  return Array.from({ length: count }, (_, i) => `p${i + 1}@${domain}`);
}

const UNAVAILABLE: Fate = { say: '550 Requested action not taken: mailbox unavailable' };

const HOSTS: readonly [name: string, host: MailHost, addresses: number, reason: string, why: string][] = [
  ['gone in plain words', host('unknown'), 30, 'mailbox_not_found', '550 5.1.1 User unknown says so of each name'],
  ['gone in RFC words, few', host(UNAVAILABLE), 5, 'mailbox_not_found', 'one session with one answer proves nothing'],
  ['refused in RFC words, many', host(UNAVAILABLE), 30, 'blocked', 'two sessions of the same, for nobody too'],
  ['all disabled', host('disabled'), 4, 'blocked', 'a name nobody has cannot be disabled'],
  ['all full', host('full'), 30, 'blocked', 'nor can it be full'],
  ['one full', host('full'), 1, 'mailbox_full', 'one answer is compared with nothing'],
  [
    'all listed ones disabled',
    host('unknown', { mailboxes: (local) => (/^p\d/.test(local) ? 'disabled' : undefined) }),
    4,
    'mailbox_disabled',
    'the name nobody has is unknown: the host tells names apart',
  ],
];

for (const [name, world, count, reason, why] of HOSTS) {
  test(`${name}: ${reason}, ${why}`, async () => {
    const { verdicts, record } = await askWorld(worldOf({ hosts: [world] }), people(count), { limits: ONE });
    assert.deepEqual([...new Set([...verdicts.values()].map((verdict) => verdict.reason))], [reason]);
    assert.equal(verdicts.size, count);
    assert.ok(record.questionsBeside('one.test', new Set(people(count))) <= 1, 'one name nobody has at most');
    const again = [...record.byDomain.get('one.test')!.questions].filter(([, times]) => times > 1);
    assert.ok(again.length <= 1, `one at most to see whether the host stands by it, not ${again.join()}`);
  });
}

test('beside somebody accepted, the same words mean a missing mailbox', async () => {
  const world = worldOf({ hosts: [host(UNAVAILABLE, { mailboxes: (local) => local === 'p30' })] });
  const { verdicts } = await askWorld(world, people(30), { limits: ONE });
  const reasons = [...verdicts.values()].map(({ reason }) => reason);
  assert.equal(verdicts.get('p30@one.test')?.reason, 'accepted');
  assert.equal(reasons.filter((reason) => reason === 'mailbox_not_found').length, 29);
});

test('what proved to be about us at some domains of a provider is about us at its others', async () => {
  const domains = Array.from({ length: 12 }, (_, i) => `d${i}.test`);
  const world = worldOf({ hosts: [host(UNAVAILABLE, { domains })] });
  const { verdicts, record } = await askWorld(
    world,
    domains.flatMap((domain) => people(1, domain)),
    { limits: ONE },
  );
  assert.ok([...verdicts.values()].every(({ reason }) => reason === 'blocked'));
  const invented = domains.reduce((sum, name) => sum + record.questionsBeside(name, new Set(people(1, name))), 0);
  assert.equal(invented, 1);
});

test('a domain that is refused for our sake is not asked on, and its neighbours are', async () => {
  const domains = Array.from({ length: 5 }, (_, i) => `d${i}.test`);
  const mailboxes = (local: string, domain: string): Fate => {
    if (domain === 'd0.test') return 'blocked';
    return /^p\d/.test(local) ? 'ok' : 'unknown';
  };
  const world = worldOf({ hosts: [host('unknown', { domains, mailboxes })] });
  const addresses = [...people(200, 'd0.test'), ...domains.slice(1).flatMap((domain) => people(3, domain))];
  const { verdicts, record } = await askWorld(world, addresses, { limits: ONE });
  for (const [address, { reason }] of verdicts)
    assert.equal(reason, address.endsWith('@d0.test') ? 'blocked' : 'accepted', address);
  assert.equal(verdicts.size, 212);
  assert.ok(record.byDomain.get('d0.test')!.recipients <= 30, `${record.byDomain.get('d0.test')!.recipients} asked`);
});

test('a provider that refuses every recipient for our sake at three domains is left alone at the others', async () => {
  const domains = Array.from({ length: 40 }, (_, i) => `d${i}.test`);
  const world = worldOf({ hosts: [host('unknown', { domains, mailboxes: () => 'blocked' })] });
  const { verdicts, record } = await askWorld(
    world,
    domains.flatMap((domain) => people(2, domain)),
    { limits: ONE },
  );
  assert.ok([...verdicts.values()].every(({ reason }) => reason === 'blocked'));
  assert.equal(verdicts.size, 80);
  assert.ok(record.overall.total <= 4, `${record.overall.total} connections`);
});
