// The fuzzed properties with a few hundred cases each; `npm run fuzz` tries 100,000.
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { FUZZ_PROPERTIES } from './all.ts';

const CASES = 300;

for (const property of FUZZ_PROPERTIES) {
  test(property.holds, async (t) => {
    const seed = randomInt(2 ** 31);
    t.diagnostic(`again: npm run fuzz -- ${property.name} --seed ${seed} --cases ${CASES}`);
    await property.run({ cases: CASES, seed });
  });

  test(`the cases of ${property.name} get beyond the first hurdle often enough to prove something`, async () => {
    const telling = await property.countTelling({ cases: CASES, seed: 1 });
    assert.ok(telling > CASES / 5, `${telling} of ${CASES}`);
  });
}
