// Holds a run back while this machine has no network, so that a minute without one does not cost the rest of a list.
import type { Clock } from '../clock.ts';
import type { openSession, SessionStart } from '../smtp/session.ts';
import { sleep } from './sleep.ts';

export interface OutageOptions {
  readonly clock: Clock;
  /** Told once for each outage, when it is noticed. */
  readonly onOutage: () => void;
}

const TRY_EVERY_MS = 5_000;
/** Where others get through in the meantime it is the host; connections under way when a network goes may still stand. */
const OTHERS_GET_THROUGH_MS = TRY_EVERY_MS - 1000;
/** No way to so many different addresses, and to nobody else between, is hardly chance. */
const SUSPECTED_AFTER = 3;
/** By then whoever else is dialling has met the same, if it is the network. */
const TRIES_ALONE = 2;
/** Whoever is without a network for longer had better begin again; a list may also end with hosts that are out of reach. */
export const OUTAGE_PATIENCE_MS = 2 * 60_000;

/**
 * Opens sessions as `open` does, but dials again, every few seconds, what cannot be reached while nothing can: for two
 * minutes at most, and only where something was reached before. A network without any way out is for others to notice.
 */
export function throughOutages(open: typeof openSession, options: OutageOptions): typeof openSession {
  const network = new Network(options);
  return async (session) => {
    const onConnected = (): void => {
      network.noteReached();
      session.onConnected?.();
    };
    for (let tries = 1; ; tries += 1) {
      const start = await open({ ...session, onConnected });
      if (start.status === 'failed' && start.failure === 'refused') network.noteReached();
      // IPv6 may well be what this machine alone lacks.
      if (!hasNoWay(start) || session.address.includes(':')) return start;
      if (!network.mayBeDown(session.address, tries)) return start;
      await sleep(TRY_EVERY_MS, options.clock, session.signal);
      if (session.signal?.aborted === true) return start;
    }
  };
}

function hasNoWay(start: SessionStart): boolean {
  return start.status === 'failed' && start.stage === 'connect' && start.failure === 'unreachable';
}

class Network {
  readonly #options: OutageOptions;
  /** When a host was reached last; null until one was, and once an outage has lasted too long. */
  #reachedAtMs: number | null = null;
  readonly #unreached = new Set<string>();
  #downSinceMs: number | null = null;

  constructor(options: OutageOptions) {
    this.#options = options;
  }

  noteReached(): void {
    this.#reachedAtMs = this.#options.clock.monotonic();
    this.#unreached.clear();
    this.#downSinceMs = null;
  }

  /** Takes note of an address to which there is no way, tried so often; true where it is worth trying again. */
  mayBeDown(address: string, tries: number): boolean {
    const nowMs = this.#options.clock.monotonic();
    if (this.#reachedAtMs === null) return false;
    if (tries > 1 && nowMs - this.#reachedAtMs < OTHERS_GET_THROUGH_MS) return false;
    if (this.#unreached.size < SUSPECTED_AFTER) this.#unreached.add(address);
    if (tries === 1) return true;
    if (this.#unreached.size < SUSPECTED_AFTER) return tries < TRIES_ALONE + 1;
    if (this.#downSinceMs === null) this.#options.onOutage();
    this.#downSinceMs ??= nowMs;
    if (nowMs - this.#downSinceMs >= OUTAGE_PATIENCE_MS) this.#reachedAtMs = null;
    return this.#reachedAtMs !== null;
  }
}
