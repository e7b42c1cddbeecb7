// What the pacer wants of a domain's queue, of the sessions it starts, and of whoever lets them be opened.
import type { Admission } from './providers.ts';

/** One domain's queue as the pacer sees it; two integers and a flag, never a closure per address. */
export interface PacedQueue {
  readonly provider: string;
  /** Addresses that still wait for a session. */
  readonly waiting: number;
  /** How many connections its waiting addresses are worth within its domain's limit; a session asks for many of them. */
  readonly sessionsWanted: number;
  /** Called before each session; the queue may find out then that fewer addresses wait, or none. */
  readonly prepare?: () => void;
  /** Takes the next address off the queue at once and runs its session. */
  readonly startSession: () => PacedSession;
  /** Called when nothing waits and nothing is open any more; it may put work back (a catch-all question still owed). */
  readonly drained: (at: { readonly isLastOfProvider: boolean }) => void;
  /** Decides every waiting address without asking, because its provider is left alone. */
  readonly giveUp: () => void;
}

export interface PacedSession {
  /** Resolves when the last answer is in. Rejects only for our own faults (a bug, the store). */
  readonly answered: Promise<void>;
  /** Resolves when the connection is gone, which is when the mail host stops counting it; rejects as `answered` does. */
  readonly closed: Promise<void>;
}

/** Says what may be opened to a provider now; without it the limits alone decide. */
export interface Gatekeeper {
  admit(provider: string, at: { readonly limit: number; readonly nowMs: number }): Admission;
  /** Told when nothing waits for a provider any more. */
  retire(provider: string): void;
  /** Which part of the rate of new connections is this run's, above 0 and up to 1; all of it where it is left out. */
  rateShare?(provider: string): number;
}
