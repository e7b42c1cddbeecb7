// Sums up a verdict and the flags of its address in one number, factor by factor, so that people can argue with it.
import type { Reason, Status, Verdict } from '../verdict.ts';

/** What the text of the address and the lists say; flags lower a score but never change a verdict. */
export interface ScoreFlags {
  readonly role: 'role' | 'high_risk' | null;
  readonly disposable: boolean;
  readonly free: boolean;
  readonly typoSuspected: boolean;
}

export interface Factor {
  readonly name: string;
  readonly points: number;
}

export interface Score {
  /** 0 (do not mail) to 100 (mail with confidence). */
  readonly score: number;
  /** The points that were added up; the sum is cut to 0 to 100. */
  readonly factors: readonly Factor[];
}

/** Points for the verdict itself; what is unknown stands in the middle, ordered by how often it turns out well. */
const STATUS_POINTS: Readonly<Record<Status, number>> = { valid: 100, catchall: 60, unknown: 40, invalid: 0 };

const REASON_POINTS = new Map<Reason, number>([
  ['catchall_untested', 15], // the server did accept the name
  ['provider_unverifiable', 10],
  ['greylisted', 5],
  ['domain_not_accepted', -25],
  ['dns_failure', -15],
  ['mx_unusable', -20],
  ['suppressed', -40],
]);

/** A verdict loses a point a week, at most this many: people leave. */
const MOST_AGE_POINTS = 10;
const WEEK_MS = 7 * 86_400_000;

/**
 * The documented score: points for status and reason, less those for what makes an address risky to mail. An invalid
 * address is 0 whatever else is known. `nowMs` tells how old the verdict is.
 */
export function scoreOf(verdict: Verdict, flags: ScoreFlags, nowMs: number): Score {
  if (verdict.status === 'invalid')
    return { score: 0, factors: [{ name: 'status_invalid', points: STATUS_POINTS.invalid }] };
  const factors: Factor[] = [{ name: `status_${verdict.status}`, points: STATUS_POINTS[verdict.status] }];
  const add = (name: string, points: number): void => {
    if (points !== 0) factors.push({ name, points });
  };
  add(`reason_${verdict.reason}`, REASON_POINTS.get(verdict.reason) ?? 0);
  if (flags.role === 'role') add('role', -10);
  if (flags.role === 'high_risk') add('role_high_risk', -30);
  if (flags.disposable) add('disposable', -40);
  if (flags.free) add('free', -2);
  if (flags.typoSuspected) add('typo_suspected', -30);
  if (verdict.implicitMx) add('implicit_mx', -10);
  add('age', -Math.min(MOST_AGE_POINTS, Math.max(0, Math.floor((nowMs - verdict.checkedAt) / WEEK_MS))));
  const sum = factors.reduce((total, factor) => total + factor.points, 0);
  return { score: Math.min(100, Math.max(0, sum)), factors };
}
