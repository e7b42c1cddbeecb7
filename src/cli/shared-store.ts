// Joins the other runs at work on the same store: fits what the store knows of them to what verify wants of it.
import { keyOf } from '../address/screen.ts';
import type { Clock } from '../clock.ts';
import type { LivingRun } from '../store/runs.ts';
import type { Verdict } from '../verdict.ts';
import type { OtherRun, SharedAnswers } from '../verify/other-runs.ts';
import { Sharing } from '../verify/sharing.ts';
import type { KeptAnswers, ListStore } from './kept-answers.ts';
import type { Notices } from './notices.ts';

/** Whoever sits in front of a check waits so long for the run that is asking about the domain, and then asks beside it. */
const URGENT_PATIENCE_MS = 3000;

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
  const sharing = new Sharing({
    board: run,
    answers: answersOf(run, { store, kept }),
    clock,
    patienceMs: isUrgent ? URGENT_PATIENCE_MS : Number.POSITIVE_INFINITY,
    onHeld: isUrgent ? (domain, holder) => notices.tell(sayHeld(domain, holder)) : null,
    onFailure: (error) => kept.fail(error),
  });
  return {
    sharing,
    keepUnknown: (local, domain, verdict) => {
      if (!sharing.isShared) return;
      kept.keepUnknown({ ...splitKey(keyOf(local, domain)), run: run.id, verdict });
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

function answersOf(run: LivingRun, { store, kept }: { readonly store: ListStore; readonly kept: KeptAnswers }) {
  const answers: SharedAnswers = {
    meetOthers: () => kept.meetOthers(),
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
  return answers;
}

function splitKey(key: string): { readonly local: string; readonly domain: string } {
  const at = key.lastIndexOf('@');
  return { local: key.slice(0, at), domain: key.slice(at + 1) };
}

function sayHeld(domain: string, { pid }: OtherRun): string {
  const seconds = URGENT_PATIENCE_MS / 1000;
  return `Another mailgate (process ${pid}) is asking about ${domain}: waiting up to ${seconds} s for its answer.`;
}
