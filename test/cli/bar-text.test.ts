// What stands behind the bar fits the terminal, and what matters most is left out last.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BarFacts, barText } from '../../src/cli/bar-text.ts';
import { COLOURS, NO_COLOURS } from './samples.ts';

const WORKING: BarFacts = {
  ...{ shown: '148/150', unit: 'addresses', rate: '12', left: '0:14', waiting: null },
  counts: { valid: 81, invalid: 65, catchall: 5, unknown: 23 },
};
const WAITING: BarFacts = {
  ...WORKING,
  waiting: { who: '4 put off', where: ' at altstadt-apotheke.test, hotel-halbmond.test', nextIn: '0:02' },
};
const COUNTS = '81 valid 65 invalid 5 catchall 23 unknown';

const cases: readonly [facts: BarFacts, room: number, text: string][] = [
  [WORKING, 100, `148/150 addresses | 12/s | 0:14 left | ${COUNTS}`],
  [WORKING, 75, `148/150 | 12/s | 0:14 left | ${COUNTS}`],
  [WORKING, 63, `148/150 | 0:14 left | ${COUNTS}`],
  [WORKING, 54, `0:14 left | ${COUNTS}`],
  [WORKING, 45, COUNTS],
  [WORKING, 20, '148/150 | 0:14 left'],
  [WORKING, 3, '148/150 | 0:14 left'],
  [{ ...WORKING, counts: null, unit: 'rows', shown: '90,000' }, 60, '90,000 rows | 12/s | 0:14 left'],
  [{ ...WORKING, left: null }, 60, `148/150 | 12/s | ${COUNTS}`],
  [WAITING, 300, `148/150 addresses | waiting for 4 put off${WAITING.waiting?.where}, next in 0:02 | ${COUNTS}`],
  [WAITING, 90, `waiting for 4 put off, next in 0:02 | ${COUNTS}`],
  [WAITING, 54, 'waiting for 4 put off, next in 0:02'],
];
for (const [facts, room, text] of cases) {
  test(`in ${room} characters: ${text}`, () => assert.equal(barText(facts, { room, colours: NO_COLOURS }), text));
}

test('colours take no room', () => {
  const coloured = barText(WORKING, { room: 54, colours: COLOURS });
  assert.ok(coloured.length > 54);
  assert.equal(coloured.replaceAll(/\x1b\[\d+m/g, ''), `0:14 left | ${COUNTS}`);
});
