// How many verdicts there are of each status and reason.
import { type Reason, STATUSES, type Status, statusOf } from '../verdict.ts';
import { isReason } from './verdict-row.ts';

export interface VerdictCounts {
  readonly total: number;
  /** Every status, also those with none. */
  readonly byStatus: ReadonlyMap<Status, number>;
  /** Only reasons that occur, the most frequent first. */
  readonly byReason: ReadonlyMap<Reason, number>;
}

/** Adds up `[reason, count]` rows; reasons this mailgate does not know are left out. */
export function verdictCounts(rows: Iterable<readonly [reason: string, count: number]>): VerdictCounts {
  const byStatus = new Map<Status, number>(STATUSES.map((status) => [status, 0]));
  const byReason = new Map<Reason, number>();
  let total = 0;
  for (const [reason, count] of [...rows].sort((left, right) => right[1] - left[1])) {
    if (!isReason(reason)) continue;
    const status = statusOf(reason);
    byReason.set(reason, count);
    byStatus.set(status, (byStatus.get(status) ?? 0) + count);
    total += count;
  }
  return { total, byStatus, byReason };
}
