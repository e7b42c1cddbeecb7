// What a fuzz property is, and how its cases are run: each within a time limit, all of them without memory growing.
import fc from 'fast-check';
import { heldBytes } from '../support/held-bytes.ts';

/** A sentence that holds for every input of some kind, with the inputs to try it on. */
export interface FuzzProperty {
  readonly name: string;
  /** What holds. */
  readonly holds: string;
  /** In how many threads its cases are tried at once: more than one for what would keep a single thread for minutes. */
  readonly parts: number;
  /**
   * Tries so many cases. Rejects with the smallest case found where the property does not hold, where a case takes
   * longer than its limit, and where memory grows from case to case. `onCase` is called before each.
   */
  run(options: { readonly cases: number; readonly seed: number; readonly onCase?: () => void }): Promise<void>;
  /** The case that a run with this seed comes to as its n-th, in words: for one that never ended. */
  describe(seed: number, n: number): string;
  /** What the check says of so many cases: true for those that got beyond the first hurdle. */
  countTelling(options: { readonly cases: number; readonly seed: number }): Promise<number>;
}

export interface FuzzChecks<Case> {
  readonly name: string;
  readonly holds: string;
  readonly cases: fc.Arbitrary<Case>;
  /** 1 unless given. */
  readonly parts?: number;
  /**
   * Throws where the property does not hold. Tells whether the case was a telling one: a check whose cases are all turned
   * away at once proves nothing.
   */
  readonly check: (value: Case) => boolean | Promise<boolean>;
}

/** Far above what any case needs, far below what a person would call a hang. */
const CASE_LIMIT_MS = 250;
/** A busy machine may stop us for as long as that; hardly three times in the same case. */
const TRIES_OF_A_SLOW_CASE = 3;
/** Of a case that hangs so many characters are shown; its seed and number lead to all of it. */
const MOST_SHOWN = 2000;
/** How much more may be held after all cases than after the first tenth of them. */
const MAX_GROWTH_BYTES = 24 * 1024 * 1024;

export function fuzzProperty<Case>(checks: FuzzChecks<Case>): FuzzProperty {
  const { name, holds, cases, check, parts = 1 } = checks;
  return {
    name,
    holds,
    parts,
    async run(options) {
      const memory = watchMemory(options.cases);
      const property = fc.asyncProperty(cases, async (value) => {
        options.onCase?.();
        await withinTime(() => check(value));
        await memory.afterCase();
      });
      await fc.assert(property, { numRuns: options.cases, seed: options.seed });
      await memory.done();
    },
    describe: (seed, n) => fc.stringify(fc.sample(cases, { seed, numRuns: n })[n - 1]).slice(0, MOST_SHOWN),
    async countTelling(options) {
      let telling = 0;
      for (const value of fc.sample(cases, { seed: options.seed, numRuns: options.cases }))
        if (await check(value)) telling += 1;
      return telling;
    },
  };
}

async function withinTime(check: () => unknown): Promise<void> {
  let shortest = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < TRIES_OF_A_SLOW_CASE; tries += 1) {
    const start = performance.now();
    await check();
    shortest = Math.min(shortest, performance.now() - start);
    if (shortest <= CASE_LIMIT_MS) return;
  }
  throw new Error(`the case took ${Math.round(shortest)} ms, the limit is ${CASE_LIMIT_MS} ms`);
}

/** Compares what is held after a tenth of the cases, when caches and tables are warm, with what is held after the last. */
function watchMemory(cases: number): { afterCase(): Promise<void>; done(): Promise<void> } {
  let seen = 0;
  let warm = Number.NaN;
  return {
    async afterCase() {
      seen += 1;
      if (seen === Math.ceil(cases / 10)) warm = await heldBytes();
    },
    async done() {
      const growth = (await heldBytes()) - warm;
      if (growth > MAX_GROWTH_BYTES) throw new Error(`${cases} cases left ${Math.round(growth / 2 ** 20)} MiB behind`);
    },
  };
}
