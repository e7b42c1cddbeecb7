// Keeps the memory of long runs in proportion to what they hold, on machines with much of it too.
import { setFlagsFromString } from 'node:v8';

/**
 * V8 lets the heap grow up to fourfold between two full collections where the machine has memory: a million addresses at
 * 100,000 domains then took 1,050 MB for 100 MB that were in use, and 620 MB with a third, in the same CPU time.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=30');
}
