// Times as services write them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timeOf } from '../../src/cli/suppress-times.ts';

const CASES: readonly [text: string, iso: string | null, why: string][] = [
  ['1767254400', '2026-01-01T08:00:00.000Z', 'Unix seconds'],
  ['1767254400.5', '2026-01-01T08:00:00.500Z', 'with a fraction'],
  ['1767254400123', '2026-01-01T08:00:00.123Z', 'Unix milliseconds'],
  ['2026-01-31', '2026-01-31T00:00:00.000Z', 'a day'],
  ['2026-01-31 08:15:00', '2026-01-31T08:15:00.000Z', 'without a zone it is UTC'],
  ['2026-01-31 08:15', '2026-01-31T08:15:00.000Z', 'without seconds'],
  ['2026-01-31T08:15:00Z', '2026-01-31T08:15:00.000Z', 'ISO 8601'],
  ['2026-01-31T08:15:00.123456+01:00', '2026-01-31T07:15:00.123Z', 'microseconds and a zone'],
  ['2026-01-31 08:15:00 +0000 UTC', '2026-01-31T08:15:00.000Z', 'as Go prints it'],
  ['2026-01-31 08:15:00 UTC', '2026-01-31T08:15:00.000Z', 'a zone by name'],
  ['2026-02-30', null, 'no such day'],
  ['01/02/2026', null, 'January or February, nobody can tell'],
  ['yesterday', null, 'no time'],
  ['', null, 'nothing'],
  ['9'.repeat(40), null, 'no time either'],
];

for (const [text, iso, why] of CASES) {
  test(`${JSON.stringify(text.slice(0, 40))} is ${iso}: ${why}`, () => {
    const time = timeOf(text);
    assert.equal(time === null ? null : new Date(time).toISOString(), iso);
  });
}
