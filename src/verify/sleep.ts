// Waits on a clock; a signal ends the wait at once.
import type { Clock } from '../clock.ts';

/** Resolves after `ms` milliseconds, or as soon as the signal is aborted. Never rejects. */
export async function sleep(ms: number, clock: Clock, signal: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted === true) return;
  await new Promise<void>((resolve) => {
    const cancel = clock.after(ms, done);
    function done(): void {
      cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    }
    signal?.addEventListener('abort', done);
  });
}
