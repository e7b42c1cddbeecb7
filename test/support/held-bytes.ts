// Tells how much memory is held after everything that can go has gone.
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes of the heap and of buffers outside it, behind a full collection. */
export async function heldBytes(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let round = 0; round < 2; round += 1) {
    collect();
    await turn(); // what buffers held is given back a little later
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
