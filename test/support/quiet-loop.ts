// Waits until the sockets of this process have nothing more to say, so that time moved by hand does not overtake them.
import { performance } from 'node:perf_hooks';
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';

/** In so many looks in a row nothing came: what is sent to an address of this machine is there at once. */
const QUIET_LOOKS = 3;
/** Two sides that never stop talking are not waited for longer than this. */
const MOST_LOOKS = 400;
const LOOK_MS = 1;

/**
 * Resolves once no event has come from outside for a moment. A pause alone does not tell: where the machine was busy with
 * something else for as long, it is over before anything was read.
 */
export async function quietLoop(): Promise<void> {
  let seen = -1;
  for (let looks = 0, quiet = 0; quiet < QUIET_LOOKS && looks < MOST_LOOKS; looks += 1) {
    await pause(LOOK_MS);
    await turn(); // behind it, whatever was waiting has been read
    const { events } = performance.nodeTiming.uvMetricsInfo;
    quiet = events === seen ? quiet + 1 : 0;
    seen = events;
  }
}
