// Divides the connections one provider bears among the runs that have addresses for it.

/** One run's claim to connections. */
export interface Claimant {
  readonly run: number;
  /** The limit this run was given. */
  readonly most: number;
  /** How many it has work for; at least 1. */
  readonly wanted: number;
  /** True where somebody sits in front of it: it gets its one connection before lists get theirs. */
  readonly isUrgent: boolean;
}

/**
 * How many connections each run may have: one each in turn, oldest run first, until all are given or nobody wants more.
 * The sum is at most the smallest of their limits, so with fewer connections than runs the newest wait.
 */
export function fairShares(claimants: readonly Claimant[]): ReadonlyMap<number, number> {
  const shares = new Map<number, number>();
  let left = Math.min(...claimants.map(({ most }) => most));
  const inTurn = [...claimants].sort((a, b) => Number(b.isUrgent) - Number(a.isUrgent) || a.run - b.run);
  for (let round = 1; left > 0; round += 1) {
    let given = 0;
    for (const { run, wanted, isUrgent } of inTurn) {
      const isSated = (shares.get(run) ?? 0) >= (isUrgent ? 1 : wanted);
      if (isSated || left === 0) continue;
      shares.set(run, round);
      left -= 1;
      given += 1;
    }
    if (given === 0) break;
  }
  return shares;
}
