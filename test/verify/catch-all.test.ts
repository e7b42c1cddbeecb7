import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Meaning, Reason } from '../../src/verdict.ts';
import { type Answer, type ControlOutcome, DomainJudge } from '../../src/verify/catch-all.ts';

type Step = `${'+' | '+?' | '-' | '-?' | 'greylisted'} ${string}` | `control ${ControlOutcome}`;

function answer(job: string, meaning: Meaning, strength: 'strong' | 'weak', reason: Reason): Answer<string> {
  return {
    job,
    meaning,
    strength,
    reason,
    reply: { code: meaning === 'accepted' ? 250 : 550, enhanced: null, text: '' },
    isOrdinaryName: !job.startsWith('odd'),
    isDoubtful: job.startsWith('doubtful'),
  };
}

function judge(steps: readonly Step[], options: { known?: 'yes' | 'no'; acceptanceProvesNothing?: boolean } = {}) {
  const decided = new Map<string, Reason>();
  const court = new DomainJudge<string>({
    known: options.known ?? null,
    acceptanceProvesNothing: options.acceptanceProvesNothing ?? false,
    acceptancesBeforeControl: 3,
    decide: ({ job }, reason) => {
      assert.ok(!decided.has(job), `${job} was decided twice`);
      decided.set(job, reason);
    },
  });
  for (const step of steps) {
    const [kind, name = ''] = step.split(' ');
    if (kind === 'control') court.takeControl(name as ControlOutcome);
    else if (kind === '+' || kind === '+?')
      court.take(answer(name, 'accepted', kind === '+' ? 'strong' : 'weak', 'accepted'));
    else if (kind === '-' || kind === '-?')
      court.take(answer(name, 'mailbox_not_found', kind === '-' ? 'strong' : 'weak', 'mailbox_not_found'));
    else court.take(answer(name, 'greylisted', 'strong', 'greylisted'));
  }
  return { court, decided };
}

const CASES: readonly [steps: readonly Step[], expected: Record<string, Reason>, why: string][] = [
  [['+ a', 'control refused'], { a: 'accepted' }, 'a domain that refuses a name nobody has means its acceptances'],
  [['+ a', 'control accepted'], { a: 'accepts_anything' }, 'a domain that takes a name nobody has takes anything'],
  [['+ a', 'control unclear'], { a: 'catchall_untested' }, 'an unclear answer makes nobody valid'],
  [['+ a'], { a: 'catchall_untested' }, 'an acceptance alone makes nobody valid'],
  [
    ['+ a', '- b'],
    { a: 'accepted', b: 'mailbox_not_found' },
    'one genuine refusal answers the catch-all question for free',
  ],
  [['- b', '+ a'], { a: 'accepted', b: 'mailbox_not_found' }, 'in whatever order'],
  [['-? a'], { a: 'blocked' }, 'a bare refusal alone may be aimed at us'],
  [['-? a', '-? b'], { a: 'blocked', b: 'blocked' }, 'the same bare refusal for everybody is about us'],
  [['-? a', '+ b'], { a: 'blocked', b: 'catchall_untested' }, 'and proves nothing for others'],
  [
    ['- odd', '+ b'],
    { odd: 'mailbox_not_found', b: 'catchall_untested' },
    'nor does the refusal of a name many servers refuse',
  ],
  [['+? a', 'control refused'], { a: 'provider_unverifiable' }, '252 is no acceptance'],
  [
    ['greylisted a', '+ b', 'control unclear'],
    { a: 'greylisted', b: 'catchall_untested' },
    'a greylisted name proves nothing for others',
  ],
  [
    ['+ a', 'control accepted', '- b', '+ c'],
    { a: 'accepts_anything', b: 'mailbox_not_found', c: 'accepts_anything' },
    'a catch-all may refuse a few names and stays one',
  ],
];

for (const [steps, expected, why] of CASES) {
  test(`${steps.join(', ')}: ${why}`, () => {
    const { court, decided } = judge(steps);
    court.finish();
    assert.deepEqual(Object.fromEntries([...decided].sort()), expected);
  });
}

test('what an earlier run found out settles acceptances at once', () => {
  assert.equal(judge(['+ a'], { known: 'no' }).decided.get('a'), 'accepted');
  assert.equal(judge(['+ a'], { known: 'yes' }).decided.get('a'), 'accepts_anything');
});

test('where the operator accepts what it later refuses, acceptance is no verdict and refusal still is', () => {
  const { decided } = judge(['+ a', '- b'], { acceptanceProvesNothing: true });
  assert.deepEqual(Object.fromEntries(decided), { a: 'provider_unverifiable', b: 'mailbox_not_found' });
});

test('the catch-all question is asked only when an acceptance needs it, and late', () => {
  assert.equal(judge(['- a']).court.needsControl({ isLastSession: true, with: [] }), false, 'nothing was accepted');
  assert.equal(
    judge(['- a', '+ b']).court.needsControl({ isLastSession: true, with: [] }),
    false,
    'a refusal has told already',
  );
  assert.equal(
    judge(['+ a']).court.needsControl({ isLastSession: false, with: [] }),
    false,
    'others may still be refused',
  );
  assert.equal(
    judge(['+ a']).court.needsControl({ isLastSession: true, with: [] }),
    true,
    'nobody is left to be refused',
  );
  assert.equal(
    judge(['+ a', '+ b', '+ c']).court.needsControl({ isLastSession: false, with: [] }),
    true,
    'three wait already',
  );
  assert.equal(
    judge(['+ a'], { known: 'no' }).court.needsControl({ isLastSession: true, with: [] }),
    false,
    'known from before',
  );
});
