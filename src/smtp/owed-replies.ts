// Keeps the questions whose replies are owed, in the order they were asked, and the time the first of them has left.
import type { Clock } from '../clock.ts';
import type { Reply } from '../verdict.ts';
import { Deadline } from './deadline.ts';
import type { Exchange, Lost } from './exchange.ts';

export interface OwedRepliesOptions {
  readonly clock: Clock;
  /** When the whole conversation has to be over, on the monotonic clock. */
  readonly endsAtMs: number;
  /** Told once when the first reply owed is late, by its own limit or by that of the whole conversation. */
  readonly onLate: (late: { readonly what: string; readonly limitMs: number; readonly isSession: boolean }) => void;
}

interface Question {
  what: string;
  limitMs: number;
  askedAtMs: number;
  readonly resolve: (exchange: Exchange) => void;
}

export class OwedReplies {
  readonly #options: OwedRepliesOptions;
  /** More than one only where PIPELINING allows it. */
  readonly #questions: Question[] = [];
  /** For the first of them. */
  readonly #deadline: Deadline;
  /** True where that is the end of the whole conversation. */
  #isSession = false;

  constructor(options: OwedRepliesOptions) {
    this.#options = options;
    this.#deadline = new Deadline(options.clock, () => this.#tellLate());
  }

  get count(): number {
    return this.#questions.length;
  }

  /** Waits for one more reply; its time runs from the reply before, or from now where none is owed. */
  wait(what: string, limitMs: number): Promise<Exchange> {
    return new Promise((resolve) => {
      const nowMs = this.#options.clock.monotonic();
      const question = { what, limitMs, askedAtMs: nowMs, resolve };
      this.#questions.push(question);
      if (this.#questions.length === 1) this.#startTime(question, nowMs);
    });
  }

  /** What the first one waits for has changed, and its time runs anew. */
  waitInsteadFor(what: string, limitMs: number): void {
    const [question] = this.#questions;
    if (question === undefined) return;
    const nowMs = this.#options.clock.monotonic();
    question.what = what;
    question.limitMs = limitMs;
    question.askedAtMs = nowMs;
    this.#startTime(question, nowMs);
  }

  /** Answers the first question. */
  deliver(reply: Reply): void {
    const question = this.#questions.shift();
    if (question === undefined) return;
    const nowMs = this.#options.clock.monotonic();
    question.resolve({ status: 'replied', reply, ms: nowMs - question.askedAtMs });
    const [next] = this.#questions;
    if (next === undefined) {
      this.#deadline.clear();
      return;
    }
    next.askedAtMs = nowMs;
    this.#startTime(next, nowMs);
  }

  /** Answers all questions with the end of the connection. */
  settleAll(lost: Lost): void {
    this.#deadline.close();
    for (const { resolve } of this.#questions.splice(0)) resolve(lost);
  }

  #startTime({ limitMs }: Question, nowMs: number): void {
    const leftMs = this.#options.endsAtMs - nowMs;
    this.#isSession = leftMs < limitMs;
    if (leftMs <= 0) this.#tellLate();
    else this.#deadline.set(Math.min(limitMs, leftMs));
  }

  #tellLate(): void {
    const [question] = this.#questions;
    if (question === undefined) return;
    const { what, limitMs } = question;
    this.#options.onLate({ what, limitMs, isSession: this.#isSession });
  }
}
