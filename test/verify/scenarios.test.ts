import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { SCENARIOS, scenarioWorld } from '../../src/sandbox/scenarios.ts';
import { type Asked, askWorld } from '../support/ask-world.ts';

let asked: Asked;

before(async () => {
  asked = await askWorld(
    scenarioWorld(),
    SCENARIOS.map(({ address }) => address),
  );
});

for (const { name, address, statuses, why } of SCENARIOS) {
  test(`${name}: ${statuses.join(' or ')}, ${why}`, () => {
    const verdict = asked.verdicts.get(address);
    assert.ok(verdict, 'every address gets a verdict');
    assert.ok(
      statuses.includes(verdict.status),
      `${verdict.status} (${verdict.reason}) at ${verdict.stage}: ${verdict.detail}`,
    );
  });
}

test('nobody is spoken to out of turn, and every conversation we may end ends with QUIT', () => {
  assert.equal(asked.record.earlyTalk, 0);
  assert.equal(asked.record.verbs.get('DATA') ?? 0, 0);
  assert.equal(asked.record.verbs.get('RSET') ?? 0, 0);
  assert.equal(asked.record.verbs.get('VRFY') ?? 0, 0);
});
