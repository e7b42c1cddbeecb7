// How long a verdict may be believed again without asking; unknown is no verdict and is never kept.
import type { Reason, Verdict } from '../verdict.ts';

const DAY_MS = 86_400_000;

/** Days by reason. People leave firms within months, a full mailbox empties within days, names lapse and come back. */
const LIFE_DAYS = new Map<Reason, number>([
  ['accepted', 30],
  ['accepts_anything', 30],
  ['mailbox_not_found', 90],
  ['mailbox_disabled', 30],
  ['mailbox_full', 7],
  // DNS answers have their own, shorter cache (RFC 2308); a day spares the second run of an evening.
  ['domain_not_found', 1],
  ['no_mail_service', 1],
]);

/** How long, in days, what is known of a domain's catch-all state holds. */
export const CATCHALL_LIFE_DAYS = 30;

/** True where a verdict with this reason may be kept for later runs at all. */
export function isKept(reason: Reason): boolean {
  return LIFE_DAYS.has(reason);
}

/** Milliseconds a verdict with this reason lives; `maxAgeMs` (from --max-age) replaces the table, null keeps it. */
export function lifeMsOf(reason: Reason, maxAgeMs: number | null): number {
  const days = LIFE_DAYS.get(reason);
  if (days === undefined) return 0;
  return maxAgeMs ?? days * DAY_MS;
}

/** True while a kept verdict may stand in for a new question; one from the future (a clock set back) is not believed. */
export function isFresh(
  verdict: Pick<Verdict, 'reason' | 'checkedAt'>,
  at: { now: number; maxAgeMs: number | null },
): boolean {
  const ageMs = at.now - verdict.checkedAt;
  return ageMs >= -DAY_MS && ageMs < lifeMsOf(verdict.reason, at.maxAgeMs);
}
