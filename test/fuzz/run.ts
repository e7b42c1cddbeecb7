// Tries the fuzzed properties on many cases each (`npm run fuzz`), two at a time, and tells what fails and how to see it again.
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { FUZZ_PROPERTIES } from './all.ts';
import type { FuzzProperty } from './fuzz-property.ts';
import type { FuzzTask } from './worker.ts';

const USAGE = `npm run fuzz -- [PROPERTY…] [--cases N] [--seed N]
  properties: ${FUZZ_PROPERTIES.map(({ name }) => name).join(' ')}`;

/** A thread that has begun no new case for so long hangs in one; a slow case ends by itself long before. */
const HANG_MS = 30_000;
/** Tables and caches come to some 60 MiB; a property that needs much more keeps its cases. */
const HEAP_MIB = 512;
/** Properties tried at once. */
const THREADS = 2;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { cases: { type: 'string', default: '100000' }, seed: { type: 'string' }, help: { type: 'boolean' } },
  });
  if (values.help) return console.log(USAGE);
  const cases = wholeNumber('--cases', values.cases);
  const seed = values.seed === undefined ? randomInt(2 ** 31) : wholeNumber('--seed', values.seed);
  const chosen = positionals.length === 0 ? FUZZ_PROPERTIES : positionals.map(propertyNamed);
  console.log(`${cases.toLocaleString('en')} cases each, seed ${seed}, Node ${process.version}`);
  const waiting = chosen.flatMap((property) => partsOf(property, { cases, seed }));
  const threads = Array.from({ length: THREADS }, async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await tryOut(next);
  });
  await Promise.all(threads);
}

function wholeNumber(option: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number >= 2 ** 31)
    throw new Error(`${option} wants a whole number\n${USAGE}`);
  return number;
}

function propertyNamed(name: string): FuzzProperty {
  const found = FUZZ_PROPERTIES.find((property) => property.name === name);
  if (found !== undefined) return found;
  throw new Error(`no property is called '${name}'\n${USAGE}`);
}

/** Some or all cases of a property, for one thread. */
interface Part {
  readonly property: FuzzProperty;
  readonly cases: number;
  readonly seed: number;
}

function partsOf(property: FuzzProperty, whole: { readonly cases: number; readonly seed: number }): Part[] {
  const cases = Math.ceil(whole.cases / property.parts);
  return Array.from({ length: property.parts }, (_, part) => ({ property, cases, seed: whole.seed + part }));
}

async function tryOut({ property, cases, seed }: Part): Promise<void> {
  const start = performance.now();
  const counter = new Int32Array(new SharedArrayBuffer(4));
  const task: FuzzTask = { name: property.name, cases, seed, counter };
  const worker = new Worker(join(import.meta.dirname, 'worker.ts'), {
    workerData: task,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
  });
  try {
    // The first rejects with what the thread threw.
    await Promise.race([once(worker, 'exit'), hang(counter)]);
    const seconds = (performance.now() - start) / 1000;
    const name = property.parts === 1 ? property.name : `${property.name} 1/${property.parts}`;
    const rate = `${Math.round(cases / seconds).toLocaleString('en')}/s`;
    console.log(`ok      ${name.padEnd(11)}${seconds.toFixed(1).padStart(7)} s ${rate.padStart(9)}  ${property.holds}`);
  } catch (error) {
    process.exitCode = 1;
    const number = Atomics.load(counter, 0);
    const what =
      error instanceof Hang ? `it hangs in case ${number}: ${property.describe(seed, number)}` : stackOf(error);
    console.log(`FAILED  ${property.name}: ${property.holds}\n${what}`);
    console.log(`again:  npm run fuzz -- ${property.name} --seed ${seed} --cases ${cases * property.parts}`);
    await worker.terminate();
  }
}

class Hang extends Error {}

/** A thread stuck in a loop hears nothing, so it is this one that notices. Rejects then, and never resolves. */
function hang(counter: Int32Array<SharedArrayBuffer>): Promise<never> {
  let seen = -1;
  return new Promise((_resolve, reject) => {
    setInterval(() => {
      const now = Atomics.load(counter, 0);
      if (now === seen) reject(new Hang());
      seen = now;
    }, HANG_MS).unref();
  });
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

await main();
