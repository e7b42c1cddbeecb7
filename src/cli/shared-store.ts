// Joins the other runs at work on the same store: fits what the store knows of them to what verify wants of it.
import { keyOf } from '../address/screen.ts';
import type { Clock } from '../clock.ts';
import type { RunVerdictEntry } from '../store/run-verdicts.ts';
import type { LivingRun } from '../store/runs.ts';
import type { Verdict } from '../verdict.ts';
import type { OtherRun, SharedAnswers } from '../verify/other-runs.ts';
import { Sharing } from '../verify/sharing.ts';
import type { KeptAnswers, ListStore } from './kept-answers.ts';
import type { Notices } from './notices.ts';

/** Whoever sits in front of a check waits so long for the run that is asking about the domain, and then asks beside it. */
const URGENT_PATIENCE_MS = 3000;

/** What is found unknown while nobody else is seen is told to a newcomer all the same, who may have come a moment before. */
const UNSEEN_MS = 2000;

/** This run among the others. */
export interface JoinedRuns {
  readonly sharing: Sharing;
  /** Tells the others what is unknown, while there are any. */
  keepUnknown(local: string, domain: string, verdict: Verdict): void;
  /** Gives back all that is this run's. What cannot be told any more, the others find out: the process is gone. */
  leave(): void;
}

/** @throws MailgateError('store') where the store cannot be written. */
export function joinOtherRuns(given: {
  readonly store: ListStore;
  readonly kept: KeptAnswers;
  readonly notices: Notices;
  readonly clock: Clock;
  /** True where somebody sits in front of it. */
  readonly isUrgent?: boolean;
}): JoinedRuns {
  const { store, kept, notices, clock, isUrgent = false } = given;
  const run = store.startRun({ isUrgent });
  kept.lookAgain();
  const unseen = new RecentEntries(clock);
  const sharing = new Sharing({
    board: run,
    answers: answersOf(run, {
      store,
      kept,
      meetOthers: () => {
        for (const entry of unseen.take()) kept.keepUnknown({ ...entry, run: run.id });
      },
    }),
    clock,
    patienceMs: isUrgent ? URGENT_PATIENCE_MS : Number.POSITIVE_INFINITY,
    onHeld: isUrgent ? (domain, holder) => notices.tell(sayHeld(domain, holder)) : null,
    onFailure: (error) => kept.fail(error),
  });
  return {
    sharing,
    keepUnknown: (local, domain, verdict) => {
      const entry = { ...splitKey(keyOf(local, domain)), run: run.id, verdict };
      if (sharing.isShared) kept.keepUnknown(entry);
      else unseen.add(entry);
    },
    leave: () => {
      sharing.stop();
      try {
        kept.flush();
        run.leave();
      } catch {
        // A store that cannot be written is told of where answers are kept; the others see that the process is gone.
      }
    },
  };
}

function answersOf(
  run: LivingRun,
  given: { readonly store: ListStore; readonly kept: KeptAnswers; readonly meetOthers: () => void },
): SharedAnswers {
  const { store, kept } = given;
  return {
    meetOthers: () => {
      kept.meetOthers();
      given.meetOthers();
    },
    commit: () => kept.flush(),
    verdictsOf: (domain, locals) => {
      const keys = locals.map((local) => keyOf(local, domain));
      const keptLocals = keys.map((key) => splitKey(key).local);
      const unknown = store.runVerdicts.ofOthers(domain, keptLocals, { run: run.id, sinceMs: run.startedAt });
      const decided = kept.usableVerdicts(keys);
      const found = new Map<string, Verdict>();
      for (const [index, local] of locals.entries()) {
        const verdict = decided.get(keys[index] ?? '') ?? unknown.get(keptLocals[index] ?? '');
        if (verdict !== undefined) found.set(local, verdict);
      }
      return found;
    },
  };
}

/** The entries of the last seconds. */
class RecentEntries {
  readonly #clock: Clock;
  #before: RunVerdictEntry[] = [];
  #now: RunVerdictEntry[] = [];
  #turnedAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(entry: RunVerdictEntry): void {
    this.#turn();
    this.#now.push(entry);
  }

  take(): readonly RunVerdictEntry[] {
    this.#turn();
    return [...this.#before.splice(0), ...this.#now.splice(0)];
  }

  #turn(): void {
    const nowMs = this.#clock.monotonic();
    if (nowMs - this.#turnedAtMs < UNSEEN_MS) return;
    this.#before = nowMs - this.#turnedAtMs < 2 * UNSEEN_MS ? this.#now : [];
    this.#now = [];
    this.#turnedAtMs = nowMs;
  }
}

function splitKey(key: string): { readonly local: string; readonly domain: string } {
  const at = key.lastIndexOf('@');
  return { local: key.slice(0, at), domain: key.slice(at + 1) };
}

function sayHeld(domain: string, { pid }: OtherRun): string {
  const seconds = URGENT_PATIENCE_MS / 1000;
  return `Another mailgate (process ${pid}) is asking about ${domain}: waiting up to ${seconds} s for its answer.`;
}
