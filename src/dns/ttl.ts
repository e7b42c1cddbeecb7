// How long an answer may be believed: the server's TTL, held within bounds that keep both haste and staleness out.
import type { Soa } from './records.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Below 5 minutes a run would ask again and again; above a day a moved domain would be missed. Common practice. */
const POSITIVE = { least: 300 * SECOND, most: 24 * HOUR };
/** RFC 2308 section 5 suggests one to three hours as the most. */
const NEGATIVE = { least: 60 * SECOND, most: 3 * HOUR };
/** RFC 2308 section 5 would not cache these at all; five minutes spare the server the same question in one run. */
const NEGATIVE_WITHOUT_SOA_MS = 5 * MINUTE;
/** RFC 9520 section 3.2: a failure is kept for one second at least and five minutes at most, backing off. */
const FAILURE = { first: 5 * SECOND, most: 300 * SECOND };
/** RFC 8767 section 5 (30 s for a stale answer) and the day it may be stale at most, of its 1 to 3. */
export const STALE_ANSWER_MS = 30 * SECOND;
export const STALE_LIFE_MS = 24 * HOUR;

/** Milliseconds to keep records whose smallest TTL (that of the CNAMEs before them included) is `seconds`. */
export function positiveLifeMs(seconds: number): number {
  return clamp(seconds * SECOND, POSITIVE);
}

/** Milliseconds to keep NXDOMAIN or NODATA: the lesser of the SOA's TTL and its MINIMUM field (RFC 2308 section 5). */
export function negativeLifeMs(soa: Soa | null): number {
  return soa === null ? NEGATIVE_WITHOUT_SOA_MS : clamp(Math.min(soa.ttl, soa.minimum) * SECOND, NEGATIVE);
}

/** Milliseconds before a name is asked for again that failed `failures` (at least 1) times in a row. */
export function failureLifeMs(failures: number): number {
  return Math.min(FAILURE.most, FAILURE.first * 2 ** (failures - 1));
}

function clamp(ms: number, bounds: { readonly least: number; readonly most: number }): number {
  return Math.min(bounds.most, Math.max(bounds.least, ms));
}
