// Keeps the proxies of a run: which can be used, and how to dial through each. Their failures say nothing about mail hosts.
import type { Clock } from '../clock.ts';
import type { Dial } from '../smtp/dial.ts';

/** One way out. */
export interface Exit {
  /** What tells it from others, also in the store; without secrets. */
  readonly id: string;
  /** For people, without secrets. */
  readonly label: string;
  readonly dial: Dial;
}

export interface ProxiesOptions {
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Failures in a row after which a proxy is left alone; those of connections under way at once count as one. */
  readonly downAfterFailures: number;
  /** Pause before the next try where no other proxy works, times the failures so far: a proxy may be starting anew. */
  readonly retryPauseMs: number;
  /** How long it is left alone; one connection tries it then. */
  readonly downMs: number;
  /** Told once each time a proxy is left alone, in a sentence. */
  readonly onDown: (sentence: string) => void;
}

interface Health {
  failuresInARow: number;
  failedAtMs: number;
  downUntilMs: number;
}

const NEVER = Number.NEGATIVE_INFINITY;

export class Proxies {
  readonly #exits: ReadonlyMap<string, Exit & Health>;
  readonly #options: ProxiesOptions;
  #lastFailure: string | null = null;

  constructor(exits: readonly Exit[], options: ProxiesOptions) {
    this.#exits = new Map(
      exits.map((exit) => [exit.id, { ...exit, failuresInARow: 0, failedAtMs: NEVER, downUntilMs: 0 }]),
    );
    this.#options = options;
  }

  get ids(): readonly string[] {
    return [...this.#exits.keys()];
  }

  /** Those that are not left alone now. */
  usable(): readonly string[] {
    const now = this.#options.clock.monotonic();
    return this.ids.filter((id) => (this.#exits.get(id)?.downUntilMs ?? 0) <= now);
  }

  /** How long to wait before the next try, with this one having failed: not at all where another may do. */
  pauseMs(id: string): number {
    const others = this.usable().filter((other) => (this.#exits.get(other)?.failuresInARow ?? 0) === 0);
    return others.length > 0 ? 0 : (this.#exits.get(id)?.failuresInARow ?? 0) * this.#options.retryPauseMs;
  }

  /** Why the run cannot go on, from the moment when all were left alone at once; null before. */
  get allDown(): string | null {
    return this.#lastFailure;
  }

  dialOf(id: string): Dial | undefined {
    return this.#exits.get(id)?.dial;
  }

  /** Notes that a proxy has done its work, whatever became of the connection it made. */
  noteWorked(id: string): void {
    const exit = this.#exits.get(id);
    if (exit !== undefined) exit.failuresInARow = 0;
  }

  /** Notes that a connection begun at `startedAtMs` failed on the way to its host. */
  noteFailed(id: string, { detail, startedAtMs }: { readonly detail: string; readonly startedAtMs: number }): void {
    const exit = this.#exits.get(id);
    if (exit === undefined || startedAtMs < exit.failedAtMs) return;
    const { clock, downAfterFailures, downMs, onDown } = this.#options;
    const now = clock.monotonic();
    exit.failuresInARow += 1;
    exit.failedAtMs = now;
    if (exit.failuresInARow < downAfterFailures || exit.downUntilMs > now) return;
    exit.downUntilMs = now + downMs;
    const left = this.usable().length;
    if (left === 0) this.#lastFailure ??= detail;
    else onDown(`${detail}. Going on with the other ${left === 1 ? 'one' : left}, and trying it again later.`);
  }
}
