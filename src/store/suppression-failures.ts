// Counts failures that mean something only together, and forgets them once a message gets through.
import type { Connection, Statement } from './connection.ts';
import { type FailureRule, SOFT_RULE, SUSPECT_RULE } from './suppression-reasons.ts';

const DAY_MS = 86_400_000;

/** More messages on one day change no outcome, and whoever forges a million bounces must not make counting slow. */
const MOST_PER_DAY = 16;

export interface FailureRules {
  readonly softRule?: FailureRule | undefined;
  readonly suspectRule?: FailureRule | undefined;
}

/** How many failures count together, of how many that are needed, and when the first and the last one were. */
export interface Standing {
  readonly reason: 'suspect' | 'soft_bounce';
  readonly count: number;
  readonly needed: number;
  readonly firstAt: number;
  readonly lastAt: number;
}

export interface Failure {
  readonly reason: 'suspect' | 'soft_bounce';
  readonly message: string;
  readonly at: number;
}

const COUNT_OF_DAY = 'SELECT count(*) FROM suppression_failure WHERE key_id = ? AND reason = ? AND day = ?';
const ADD = `
  INSERT INTO suppression_failure (key_id, reason, day, message, at) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (key_id, reason, day, message) DO UPDATE SET at = min(at, excluded.at)`;
const LIST = 'SELECT reason, message, at FROM suppression_failure WHERE key_id = ? AND day BETWEEN ? AND ?';
const CLEAR = 'DELETE FROM suppression_failure WHERE key_id = ? AND at <= ?';

export class FailureCounts {
  readonly #connection: Connection;
  readonly #countOfDay: Statement<readonly [number]>;
  readonly #add: Statement;
  readonly #list: Statement<readonly [Failure['reason'], string, number]>;
  readonly #clear: Statement;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#countOfDay = connection.prepare(COUNT_OF_DAY);
    this.#add = connection.prepare(ADD);
    this.#list = connection.prepare(LIST);
    this.#clear = connection.prepare(CLEAR);
  }

  /** Notes a failure and tells how far each count it belongs to has come. To be called within `write`. */
  add(keyId: number, failure: Failure, rules: FailureRules): Standing[] {
    const { reason, message, at } = failure;
    const day = dayOf(at);
    const ofDay = this.#connection.run(() => this.#countOfDay.get(keyId, reason, day))?.[0] ?? 0;
    if (ofDay < MOST_PER_DAY) this.#connection.run(() => this.#add.run(keyId, reason, day, message, at));
    return this.standings(keyId, { at, reasons: COUNTS_TOWARDS[reason], rules });
  }

  /** How far the failures around `at` have come. */
  standings(
    keyId: number,
    asked: { readonly at: number; readonly reasons: readonly Failure['reason'][]; readonly rules: FailureRules },
  ): Standing[] {
    const { at, reasons, rules } = asked;
    const longestMs = Math.max(ruleFor('soft_bounce', rules).withinMs, ruleFor('suspect', rules).withinMs);
    const days = Math.ceil(longestMs / DAY_MS) + 1;
    const rows = this.#connection.run(() => this.#list.all(keyId, dayOf(at) - days, dayOf(at) + days));
    const failures = rows.map(([reason, message, failedAt]) => ({ reason, message, at: failedAt }));
    return reasons.map((reason) => standingOf(failures, reason, rules));
  }

  /** Drops what failed up to `at`; true where there was anything. To be called within `write`. */
  clear(keyId: number, at: number): boolean {
    return this.#connection.run(() => this.#clear.run(keyId, at)).changes > 0;
  }
}

/** One said to be disabled has failed as well. */
const COUNTS_TOWARDS: Readonly<Record<Failure['reason'], readonly Failure['reason'][]>> = {
  suspect: ['suspect', 'soft_bounce'],
  soft_bounce: ['soft_bounce'],
};

function ruleFor(reason: Failure['reason'], rules: FailureRules): FailureRule {
  return reason === 'suspect' ? (rules.suspectRule ?? SUSPECT_RULE) : (rules.softRule ?? SOFT_RULE);
}

/**
 * The most failures of `reason` that fall within the rule's time. A message counts once, when it failed first; a suspect
 * failure is a soft one as well.
 */
export function standingOf(failures: readonly Failure[], reason: Failure['reason'], rules: FailureRules): Standing {
  const rule = ruleFor(reason, rules);
  const counted = failures.filter((failure) => reason === 'soft_bounce' || failure.reason === reason);
  const firstOf = new Map<string, number>();
  for (const { message, at } of counted) firstOf.set(message, Math.min(at, firstOf.get(message) ?? at));
  const times = [...firstOf.values()].sort((left, right) => left - right);
  const distinct = rule.onDistinctDays ? firstOfEachDay(times) : times;
  const lastAt = counted.reduce((latest, { at }) => Math.max(latest, at), 0);
  const count = mostWithin(distinct, rule.withinMs);
  return { reason, count, needed: rule.failures, firstAt: times[0] ?? lastAt, lastAt };
}

function firstOfEachDay(times: readonly number[]): number[] {
  return times.filter((at, index) => index === 0 || dayOf(at) !== dayOf(times[index - 1] as number));
}

/** How many of the ascending `times` lie within `spanMs` at most. */
function mostWithin(times: readonly number[], spanMs: number): number {
  let most = 0;
  let from = 0;
  for (const [index, at] of times.entries()) {
    while (at - (times[from] as number) > spanMs) from += 1;
    most = Math.max(most, index - from + 1);
  }
  return most;
}

function dayOf(at: number): number {
  return Math.floor(at / DAY_MS);
}
