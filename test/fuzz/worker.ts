// Runs one property in a thread of its own, with a bounded heap, and counts the cases where the other side can see it.
import { workerData } from 'node:worker_threads';
import { FUZZ_PROPERTIES } from './all.ts';

/** What the thread is started with. */
export interface FuzzTask {
  readonly name: string;
  readonly cases: number;
  readonly seed: number;
  /** The number of the case under way, from 1 on. */
  readonly counter: Int32Array<SharedArrayBuffer>;
}

const { name, cases, seed, counter } = workerData as FuzzTask;
const property = FUZZ_PROPERTIES.find((each) => each.name === name);
if (property === undefined) throw new Error(`no property is called '${name}'`);
await property.run({
  cases,
  seed,
  onCase: () => {
    Atomics.add(counter, 0, 1);
  },
});
