// Passes what a scan found on to the suppression store, and stops the scan where one source suppresses suspiciously many.
import { MailgateError } from '../errors.ts';
import type {
  AddOptions,
  SuppressionEvent,
  SuppressionOutcome,
  SuppressionSink,
  SuppressionStore,
} from './suppressions.ts';

export interface SinkOptions extends AddOptions {
  /** How many addresses one source may newly suppress in a run; null for any number. */
  readonly mostPerSource?: number | null | undefined;
}

/** A hundred forged bounces are quickly made; a hundred true ones from one host in a run deserve a look. */
export const MOST_PER_SOURCE = 100;

/** The sink of one run. */
export function createSuppressionSink(store: SuppressionStore, options: SinkOptions = {}): ScanSink {
  return new ScanSink(store, options);
}

export class ScanSink implements SuppressionSink {
  readonly #store: SuppressionStore;
  readonly #options: SinkOptions;
  readonly #newBySource = new Map<string, number>();
  /** What a dry run would have written, by key: later events must be weighed against it. */
  readonly #pretended = new Map<string, SuppressionEvent[]>();

  constructor(store: SuppressionStore, options: SinkOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** How many addresses each source has newly suppressed in this run, a dry run's would-be ones included. */
  get newBySource(): ReadonlyMap<string, number> {
    return this.#newBySource;
  }

  /**
   * Records the events in one transaction; a dry run records nothing and says what would happen.
   * @throws {MailgateError} of kind 'input' where a source exceeds its number; nothing of this call is recorded then. A
   * dry run goes on, for `newBySource` tells.
   */
  add(events: readonly SuppressionEvent[]): readonly SuppressionOutcome[] {
    if (this.#options.dryRun === true) return this.#pretend(events);
    return this.#store.together(() => {
      const outcomes = this.#store.add(events, this.#options);
      this.#count(events, outcomes);
      this.#refuseTooMany();
      return outcomes;
    });
  }

  /** Keys do not touch one another, so what came before for the same ones is all a dry run must do again. */
  #pretend(events: readonly SuppressionEvent[]): readonly SuppressionOutcome[] {
    const names = new Set(events.map(nameOf));
    const before = [...names].flatMap((name) => this.#pretended.get(name) ?? []);
    const outcomes = this.#store.add([...before, ...events], this.#options).slice(before.length);
    for (const event of events) {
      const name = nameOf(event);
      const others = this.#pretended.get(name);
      if (others === undefined) this.#pretended.set(name, [event]);
      else others.push(event);
    }
    this.#count(events, outcomes);
    return outcomes;
  }

  #count(events: readonly SuppressionEvent[], outcomes: readonly SuppressionOutcome[]): void {
    for (const [index, { source }] of events.entries()) {
      if (outcomes[index]?.status !== 'suppressed') continue;
      this.#newBySource.set(source, (this.#newBySource.get(source) ?? 0) + 1);
    }
  }

  #refuseTooMany(): void {
    const most = this.#options.mostPerSource === undefined ? MOST_PER_SOURCE : this.#options.mostPerSource;
    if (most === null) return;
    for (const [source, count] of this.#newBySource) {
      if (count <= most) continue;
      throw new MailgateError(
        'input',
        `${source} would suppress more than ${most} addresses in this run, so it was stopped`,
        {
          hint: 'Reports can be forged. Look at them with --dry-run; where they are true, run again with --yes.',
        },
      );
    }
  }
}

function nameOf({ key }: SuppressionEvent): string {
  return `${key.type} ${key.value}`;
}
