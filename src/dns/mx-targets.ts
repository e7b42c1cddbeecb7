// Which of a domain's MX records count, and in which order its hosts are tried.
import type { RandomSource } from '../clock.ts';
import type { MxRecord } from './records.ts';

export interface MxTarget {
  readonly name: string;
  readonly preference: number;
}

export interface ChosenTargets {
  /** RFC 7505: the domain declares that it takes no mail. */
  readonly isNullMx: boolean;
  /** Best preference first, in random order among equals (RFC 5321 section 5.1), no name twice. */
  readonly targets: readonly MxTarget[];
  readonly warnings: readonly string[];
}

/** A domain with 398 MX records has been seen; no sender tries more than a handful. */
const MAX_TARGETS = 20;

/** Expects at least one record. */
export function chooseTargets(records: readonly MxRecord[], random: RandomSource): ChosenTargets {
  const warnings: string[] = [];
  const real = records.filter((record) => record.exchange !== '.');
  // RFC 7505 section 3 wants "0 ." alone; alone with another preference it can mean nothing else.
  if (real.length === 0) {
    if (records.some((record) => record.preference !== 0)) warnings.push('its preference ought to be 0');
    return { isNullMx: true, targets: [], warnings };
  }
  if (real.length < records.length) warnings.push('a null MX beside real mail hosts is ignored (RFC 7505 section 3)');
  const distinct = bestOfEachName(real);
  if (distinct.length > MAX_TARGETS) warnings.push(`only the best ${MAX_TARGETS} of ${distinct.length} MX are used`);
  // Cut before shuffling, so that the same records always give the same set of hosts.
  return { isNullMx: false, targets: shuffleEquals(distinct.slice(0, MAX_TARGETS), random), warnings };
}

function bestOfEachName(records: readonly MxRecord[]): readonly MxTarget[] {
  const best = new Map<string, number>();
  for (const { exchange, preference } of records)
    best.set(exchange, Math.min(preference, best.get(exchange) ?? preference));
  return [...best]
    .map(([name, preference]) => ({ name, preference }))
    .sort((a, b) => a.preference - b.preference || (a.name < b.name ? -1 : 1));
}

function shuffleEquals(targets: readonly MxTarget[], random: RandomSource): readonly MxTarget[] {
  return targets
    .map((target) => ({ target, chance: random() }))
    .sort((a, b) => a.target.preference - b.target.preference || a.chance - b.chance)
    .map(({ target }) => target);
}
