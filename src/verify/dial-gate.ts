// The last gate before a connection is dialled: holds each IP address to its limit, whichever domains and providers lead to it.
import type { Clock } from '../clock.ts';
import type { Turns } from './turns.ts';

/** What a session is about to dial. */
export interface Dialling {
  readonly address: string;
  /** The provider's key as the pacer knows it. */
  readonly provider: string;
  /** Connections to the address at once, this one included. */
  readonly limit: number;
}

/** What the gate wants of the pacer (pace.ts). */
interface Pacer {
  readonly turns: Pick<Turns, 'isTaken' | 'take'>;
  standAside(over: Promise<unknown>): Promise<void>;
}

interface Address {
  open: number;
  readonly waiting: { readonly limit: number; readonly enter: () => void }[];
}

/**
 * Providers are told apart by name, but a machine counts connections by whoever opens them: vanity names and shared backup
 * hosts make many providers of one machine. So an address that has its limit's worth open is waited for, first come first
 * served; meanwhile the session lends its global slot to others. The next host is never tried merely for that.
 */
export class DialGate {
  readonly #pacer: Pacer;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #addresses = new Map<string, Address>();

  constructor(given: { readonly pacer: Pacer; readonly clock: Clock; readonly signal: AbortSignal }) {
    this.#pacer = given.pacer;
    this.#clock = given.clock;
    this.#signal = given.signal;
    this.#signal.addEventListener('abort', () => this.#letAllGo(), { once: true });
  }

  /**
   * Resolves when the address may be dialled, or at once where the run was stopped. What it gives must be called once the
   * connection is gone, as its host counts it; calling it twice does nothing more.
   */
  async enter({ address, provider, limit }: Dialling): Promise<() => void> {
    const hasTurn = this.#pacer.turns.isTaken(provider);
    const at = this.#at(address);
    const isFree = at.waiting.length === 0 && at.open < limit;
    if (isFree) at.open += 1;
    else await this.#pacer.standAside(new Promise<void>((enter) => at.waiting.push({ limit, enter })));
    // A turn that was taken before the wait has passed by now.
    if (!hasTurn || !isFree) await this.#waitForTurn(provider);
    let isIn = true;
    return () => {
      if (isIn) this.#leave(address, at);
      isIn = false;
    };
  }

  #at(address: string): Address {
    const known = this.#addresses.get(address);
    if (known !== undefined) return known;
    const made: Address = { open: 0, waiting: [] };
    this.#addresses.set(address, made);
    return made;
  }

  #leave(address: string, at: Address): void {
    at.open -= 1;
    for (let next = at.waiting[0]; next !== undefined && at.open < next.limit; next = at.waiting[0]) {
      at.waiting.shift();
      at.open += 1;
      next.enter();
    }
    if (at.open === 0) this.#addresses.delete(address);
  }

  async #waitForTurn(provider: string): Promise<void> {
    if (this.#signal.aborted) return;
    const pauseMs = this.#pacer.turns.take(provider) - this.#clock.monotonic();
    if (pauseMs > 0) await this.#pacer.standAside(this.#sleep(pauseMs));
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        this.#signal.removeEventListener('abort', done);
        resolve();
      };
      const cancel = this.#clock.after(ms, done);
      this.#signal.addEventListener('abort', done);
    });
  }

  /** Whoever is let go dials nothing: a session that is opened under a raised signal ends before it connects. */
  #letAllGo(): void {
    for (const at of this.#addresses.values()) {
      for (const { enter } of at.waiting.splice(0)) {
        at.open += 1;
        enter();
      }
    }
  }
}
