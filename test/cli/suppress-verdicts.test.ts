// What the suppression store makes of addresses that are to be verified.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { suppressedCell, suppressedVerdicts } from '../../src/cli/suppress-verdicts.ts';
import { NOW } from '../store/scratch.ts';
import { ANN, DAY, freshStore, someEvent } from '../store/suppression-samples.ts';

const OBEY = { ignoreSuppressions: false, scope: 'all' };

test('a hard bounce is an answer about the mailbox, everything else is not, and both say why', (t) => {
  const { suppressions } = freshStore(t).store;
  suppressions.add([
    someEvent({ at: NOW - DAY }),
    someEvent({ address: 'bob@list.test', reason: 'complaint', detail: 'abuse' }),
    someEvent({ address: 'cid@list.test', reason: 'unsubscribe', scope: 'newsletter' }),
  ]);
  const keys = [ANN, 'bob@list.test', 'cid@list.test', 'dag@list.test'];
  const verdicts = suppressedVerdicts(suppressions, keys, OBEY);
  assert.deepEqual(
    [...verdicts].map(([key, { status, reason, stage }]) => [key, status, reason, stage]),
    [
      [ANN, 'invalid', 'bounced', 'list'],
      ['bob@list.test', 'unknown', 'suppressed', 'list'],
    ],
  );
  const [ann, bob] = [...verdicts.values()];
  assert.ok(ann !== undefined && bob !== undefined);
  assert.equal(suppressedCell(ann), 'hard_bounce since 2025-06-14: 550 5.1.1 no such user');
  assert.equal(suppressedCell(bob), 'complaint since 2025-06-14: abuse');
  assert.equal(ann.checkedAt, NOW - DAY);
  assert.deepEqual(
    [...suppressedVerdicts(suppressions, keys, { ...OBEY, scope: 'newsletter' }).keys()],
    keys.slice(0, 3),
  );
});

test('the column is empty for every other verdict', () => {
  assert.equal(suppressedCell({ reason: 'mailbox_not_found', detail: 'no such user' }), '');
});

test('who must may pass the suppressions over', (t) => {
  const { suppressions } = freshStore(t).store;
  assert.equal(suppressedVerdicts(suppressions, [ANN], OBEY).size, 0);
  suppressions.add([someEvent()]);
  assert.equal(suppressedVerdicts(suppressions, [ANN], { ...OBEY, ignoreSuppressions: true }).size, 0);
  assert.equal(suppressedVerdicts(suppressions, [], OBEY).size, 0);
});
