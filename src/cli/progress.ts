// Shows how far a cleaning has come: one bar on a terminal, a plain line a minute elsewhere, nothing with --quiet.
import type { ChalkInstance } from 'chalk';
import { Presets, SingleBar } from 'cli-progress';
import type { Clock } from '../clock.ts';
import { printable } from '../smtp/printable.ts';
import { STATUSES, type Status, type Verdict } from '../verdict.ts';
import type { Waiting } from '../verify/run.ts';
import { type BarFacts, barText, type WaitingFacts } from './bar-text.ts';
import type { CleanWatch } from './clean-list.ts';
import { count } from './number-words.ts';
import type { Output } from './terminal.ts';

const LINE_EVERY_MS = 60_000;
/** A bar drawn more often than this only costs time. */
const BAR_EVERY_MS = 100;

const PHASES = { reading: 'Reading', asking: 'Asking ', writing: 'Writing' } as const;

export interface ProgressOptions {
  readonly stream: Output;
  readonly colours: ChalkInstance;
  readonly clock: Clock;
  readonly quiet: boolean;
}

/** Who is waited for, in words, and until when (milliseconds since the epoch) where that is known. */
interface WaitedFor {
  readonly who: string;
  readonly where: string;
  readonly nextAt: number | null;
}

/** Watches one cleaning; `stop` takes the bar away. */
export class Progress implements CleanWatch {
  readonly #options: ProgressOptions;
  #phase: keyof typeof PHASES = 'reading';
  #total: number | null = null;
  #done = 0;
  #startedAt = 0;
  #drawnAt = 0;
  readonly #counts = new Map<Status, number>();
  #bar: SingleBar | null = null;
  #cancelLine: (() => void) | null = null;
  #cancelTick: (() => void) | null = null;
  #waitingFor: WaitedFor | null = null;
  readonly #saidWaiting = new Set<'put off' | 'held'>();

  constructor(options: ProgressOptions) {
    this.#options = options;
  }

  phase(name: keyof typeof PHASES, total: number | null): void {
    this.stop();
    this.#phase = name;
    this.#total = total;
    this.#done = 0;
    this.#startedAt = this.#options.clock.monotonic();
    if (this.#options.quiet) return;
    if (this.#options.stream.isTTY === true) this.#startBar();
    else this.#scheduleLine();
  }

  rows(amount: number): void {
    this.#done += amount;
    this.#redraw();
  }

  decided(verdict: Verdict, isAgain: boolean): void {
    this.#count(verdict.status, 1);
    if (isAgain) this.#count('unknown', -1);
    else this.#done += 1;
    this.#redraw();
  }

  /** On a terminal the bar says who is waited for; elsewhere one line does, when the waiting begins. */
  waiting({ addresses, domains, nextAt, heldBy }: Waiting): void {
    const some = domains.slice(0, 2).map((domain) => printable(domain, 40));
    const others = domains.length > 2 ? ` and ${domains.length - 2} more` : '';
    const at = `at ${some.join(', ')}${others}`;
    const isPutOff = heldBy === undefined;
    const who = isPutOff
      ? `${count(addresses)} put off`
      : `another mailgate (process ${heldBy.slice(0, 3).join(', ')})`;
    const where = isPutOff ? ` ${at}` : ` that is asking about ${count(addresses)} ${at}`;
    this.#waitingFor = { who, where, nextAt: isPutOff ? nextAt : null };
    if (this.#bar === null) {
      const what = heldBy === undefined ? 'put off' : 'held';
      if (!this.#options.quiet && !this.#saidWaiting.has(what))
        this.#options.stream.write(`Waiting for ${who}${where}.\n`);
      this.#saidWaiting.add(what);
      return;
    }
    this.#tick();
  }

  /** Redraws each second while nothing else does. */
  #tick(): void {
    this.#cancelTick?.();
    this.#cancelTick = null;
    this.#drawnAt = 0;
    this.#redraw();
    const nextAt = this.#waitingFor?.nextAt ?? null;
    const isOver = nextAt === null || this.#options.clock.now() >= nextAt;
    if (isOver)
      this.#waitingFor = null; // other runs are no longer waited for once anything is decided
    else this.#cancelTick = this.#options.clock.after(1000, () => this.#tick());
  }

  #count(status: Status, change: number): void {
    this.#counts.set(status, (this.#counts.get(status) ?? 0) + change);
  }

  /** Takes the bar off the terminal, so that something else can be printed. */
  clear(): void {
    if (this.#bar !== null) this.#options.stream.write('\r\x1b[2K');
  }

  stop(): void {
    this.#cancelLine?.();
    this.#cancelLine = null;
    this.#cancelTick?.();
    this.#cancelTick = null;
    this.#waitingFor = null;
    this.#bar?.stop();
    this.#bar = null;
  }

  #startBar(): void {
    this.#bar = new SingleBar(
      {
        format: `${PHASES[this.#phase]} {bar} {percentage} % | {text}`,
        stream: this.#options.stream as NodeJS.WritableStream,
        barsize: this.#barWidth(),
        hideCursor: true,
        clearOnComplete: true,
        gracefulExit: false,
        stopOnComplete: false,
        linewrap: false,
        autopadding: true,
        noTTYOutput: false,
        fps: 1000 / BAR_EVERY_MS,
      },
      Presets.shades_classic,
    );
    this.#bar.start(Math.max(1, this.#total ?? 1), 0, this.#payload());
  }

  #redraw(): void {
    if (this.#bar === null) return;
    const now = this.#options.clock.monotonic();
    if (now - this.#drawnAt < BAR_EVERY_MS) return;
    this.#drawnAt = now;
    if (this.#total !== null && this.#done > this.#total) this.#bar.setTotal(this.#done); // rows were only estimated
    this.#bar.update(this.#done, this.#payload());
  }

  #payload(): { readonly text: string } {
    const room = this.#columns() - `${PHASES.asking}  100 % | `.length - this.#barWidth() - 1;
    return { text: barText(this.#facts(), { room, colours: this.#options.colours }) };
  }

  #columns(): number {
    return this.#options.stream.columns ?? 80;
  }

  /** On a narrow terminal the figures say more than the bar. */
  #barWidth(): number {
    const columns = this.#columns();
    return columns >= 120 ? 24 : columns >= 100 ? 14 : 8;
  }

  #facts(): BarFacts {
    const now = this.#options.clock.monotonic();
    const perSecond = this.#done / Math.max(0.001, (now - this.#startedAt) / 1000);
    const left = this.#total === null || perSecond === 0 ? null : Math.max(0, (this.#total - this.#done) / perSecond);
    const isAsking = this.#phase === 'asking';
    return {
      shown: isAsking ? `${count(this.#done)}/${count(this.#total ?? this.#done)}` : count(this.#done),
      unit: isAsking ? 'addresses' : 'rows',
      rate: perSecond < 10 ? perSecond.toFixed(1) : count(Math.round(perSecond)),
      left: left === null || !Number.isFinite(left) ? null : clockTime(left),
      waiting: this.#waitingFor === null ? null : this.#waitingFacts(this.#waitingFor),
      counts: isAsking ? this.#countsNow() : null,
    };
  }

  #waitingFacts({ who, where, nextAt }: WaitedFor): WaitingFacts {
    const nextIn = nextAt === null ? null : clockTime(Math.max(0, (nextAt - this.#options.clock.now()) / 1000));
    return { who, where, nextIn };
  }

  #countsNow(): Record<Status, number> {
    const countOf = (status: Status): number => this.#counts.get(status) ?? 0;
    return {
      valid: countOf('valid'),
      invalid: countOf('invalid'),
      catchall: countOf('catchall'),
      unknown: countOf('unknown'),
    };
  }

  #scheduleLine(): void {
    this.#cancelLine = this.#options.clock.after(LINE_EVERY_MS, () => {
      const { shown, unit, rate, left, waiting, counts } = this.#facts();
      const found = counts === null ? '' : `; ${STATUSES.map((status) => `${counts[status]} ${status}`).join(', ')}`;
      const next = waiting?.nextIn == null ? '' : `, next in ${waiting.nextIn}`;
      const open =
        waiting === null
          ? left === null
            ? ''
            : `, ${left} left`
          : `, waiting for ${waiting.who}${waiting.where}${next}`;
      this.#options.stream.write(`${PHASES[this.#phase].trim()}: ${shown} ${unit}, ${rate}/s${open}${found}\n`);
      this.#scheduleLine();
    });
  }
}

function clockTime(seconds: number): string {
  const whole = Math.round(seconds);
  const hours = Math.floor(whole / 3600);
  const rest = `${String(Math.floor((whole % 3600) / 60)).padStart(hours > 0 ? 2 : 1, '0')}:${String(whole % 60).padStart(2, '0')}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}
