// Notes when a run decided what, when providers slowed it down, and when it only waited; its memory does not grow with the run.
import type { Clock } from '../../clock.ts';
import { printable } from '../../smtp/printable.ts';
import { STATUSES, type Status, type Verdict } from '../../verdict.ts';
import type { ProbeEvent } from '../../verify/probe.ts';
import type { Waiting } from '../../verify/run.ts';
import type { CleanWatch } from '../clean-list.ts';

/** Times are milliseconds since the asking began. */
export interface TimeLineData {
  readonly askedMs: number;
  readonly sliceMs: number;
  /** Answers within each slice, by status. */
  readonly slices: readonly Readonly<Record<Status, number>>[];
  readonly waits: readonly Wait[];
  readonly turns: readonly Turn[];
  /** Turns beyond those that are held. */
  readonly turnsLeftOut: number;
  /** Answers to addresses that were asked about once more. */
  readonly askedAgain: number;
}

export interface Wait {
  readonly fromMs: number;
  readonly toMs: number;
  readonly addresses: number;
  /** Who was waited for: hosts that asked to come back later, or another mailgate at work on the same domains. */
  readonly for: 'hosts' | 'other_run';
}

export interface Turn {
  readonly atMs: number;
  readonly provider: string;
  readonly turn: ProviderEvent['turn'];
  /** One sentence. */
  readonly line: string;
}

type ProviderEvent = Extract<ProbeEvent, { type: 'provider' }>;

/** As many bars as a screen can show; when they are used up, each two become one. */
const MOST_SLICES = 120;
const FIRST_SLICE_MS = 250;
const MOST_TURNS = 500;
const MOST_WAITS = 200;

/** Watches one run beside the progress bar. */
export class TimeLine implements CleanWatch {
  readonly #clock: Clock;
  #startedMs: number | null = null;
  #endedMs: number | null = null;
  #sliceMs = FIRST_SLICE_MS;
  #slices: Record<Status, number>[] = [];
  #waits: (Omit<Wait, 'toMs'> & { toMs: number })[] = [];
  readonly #turns: Turn[] = [];
  #turnsLeftOut = 0;
  #askedAgain = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  phase(name: 'reading' | 'asking' | 'writing'): void {
    const now = this.#clock.monotonic();
    if (name === 'asking') this.#startedMs = now;
    else if (name === 'writing' && this.#startedMs !== null) this.#endedMs ??= now;
  }

  rows(): void {}

  decided({ status }: Verdict, isAgain: boolean): void {
    this.#endWait();
    if (isAgain) this.#askedAgain += 1;
    if (isAgain && status === 'unknown') return; // it was told when it was put off first
    this.#sliceOf(this.#elapsedMs())[status] += 1;
  }

  waiting({ addresses, nextAt, heldBy }: Waiting): void {
    const fromMs = this.#elapsedMs();
    this.#endWait();
    const toMs = fromMs + Math.max(0, nextAt - this.#clock.now());
    const last = this.#waits.at(-1);
    // Waits that follow each other look like one; past the most of them, the rest becomes one long wait.
    if (last !== undefined && (last.toMs >= fromMs || this.#waits.length >= MOST_WAITS)) last.toMs = toMs;
    else this.#waits.push({ fromMs, toMs, addresses, for: heldBy === undefined ? 'hosts' : 'other_run' });
  }

  observe(event: ProbeEvent): void {
    if (event.type !== 'provider') return;
    if (this.#turns.length >= MOST_TURNS) {
      this.#turnsLeftOut += 1;
      return;
    }
    const { turn, line } = event;
    this.#turns.push({ atMs: this.#elapsedMs(), provider: printable(event.provider, 100), turn, line });
  }

  /** Null where nobody was asked. */
  result(): TimeLineData | null {
    if (this.#startedMs === null) return null;
    const askedMs = (this.#endedMs ?? this.#clock.monotonic()) - this.#startedMs;
    const waits = this.#waits.map((wait) => ({ ...wait, toMs: Math.min(wait.toMs, askedMs) }));
    return {
      askedMs,
      sliceMs: this.#sliceMs,
      slices: this.#slices,
      waits,
      turns: this.#turns,
      turnsLeftOut: this.#turnsLeftOut,
      askedAgain: this.#askedAgain,
    };
  }

  /** An answer ends the wait, whatever was foretold. */
  #endWait(): void {
    const last = this.#waits.at(-1);
    if (last !== undefined) last.toMs = Math.min(last.toMs, this.#elapsedMs());
  }

  #elapsedMs(): number {
    return this.#startedMs === null ? 0 : Math.max(0, this.#clock.monotonic() - this.#startedMs);
  }

  #sliceOf(atMs: number): Record<Status, number> {
    while (atMs >= this.#sliceMs * MOST_SLICES) this.#halve();
    const index = Math.floor(atMs / this.#sliceMs);
    while (this.#slices.length <= index) this.#slices.push(emptySlice());
    return this.#slices[index] ?? emptySlice();
  }

  #halve(): void {
    const halved: Record<Status, number>[] = [];
    this.#slices.forEach((slice, index) => {
      const into = halved[index >> 1] ?? emptySlice();
      for (const status of STATUSES) into[status] += slice[status];
      halved[index >> 1] = into;
    });
    this.#slices = halved;
    this.#sliceMs *= 2;
  }
}

function emptySlice(): Record<Status, number> {
  return { valid: 0, invalid: 0, catchall: 0, unknown: 0 };
}
