// A verdict as columns of a table and back, the same for the verdict cache and for a run's results.
import { REASONS_BY_STATUS, type Reason, STAGES, STATUSES, type Stage, statusOf, type Verdict } from '../verdict.ts';

/** The columns every table of verdicts has, in the order of `VerdictRow`. */
export const VERDICT_COLUMNS = [
  'reason',
  'stage',
  'code',
  'enhanced',
  'text',
  'detail',
  'mx',
  'provider',
  'implicit_mx',
  'catchall',
  'attempts',
  'checked_at',
] as const;

export type VerdictRow = readonly [
  reason: string,
  stage: string,
  code: number | null,
  enhanced: string | null,
  text: string | null,
  detail: string | null,
  mx: string | null,
  provider: string | null,
  implicitMx: number,
  catchall: string,
  attempts: number,
  checkedAt: number,
];

/**
 * Strangers choose these texts; twice what the output column shows is evidence enough, and it bounds the file.
 * A DNS name has at most 253 characters (RFC 1035 section 2.3.4), an enhanced status code 9 (RFC 3463 section 2).
 */
const TEXT_LIMIT = 1000;
const NAME_LIMIT = 255;
const ENHANCED_LIMIT = 16;

/** The column `implicit_mx` holds this bit, and beside it what was done about private hosts. */
const IMPLICIT_MX = 1;
const PRIVATE_BITS = { asked: 2, left_out: 4 } as const;

/** The values of `verdict` in the order of `VERDICT_COLUMNS`; long texts are cut. Status and source are not among them. */
export function rowOfVerdict(verdict: Verdict): VerdictRow {
  const { reply } = verdict;
  return [
    verdict.reason,
    verdict.stage,
    reply === null ? null : reply.code,
    reply === null ? null : cut(reply.enhanced, ENHANCED_LIMIT),
    reply === null ? null : cut(reply.text, TEXT_LIMIT),
    cut(verdict.detail, TEXT_LIMIT),
    cut(verdict.mx, NAME_LIMIT),
    cut(verdict.provider, NAME_LIMIT),
    (verdict.implicitMx ? IMPLICIT_MX : 0) +
      (verdict.privateHosts === undefined ? 0 : PRIVATE_BITS[verdict.privateHosts]),
    verdict.catchall,
    verdict.attempts,
    Math.round(verdict.checkedAt),
  ];
}

/** The verdict in `row`, or null where a word in it is not one this mailgate knows (a later version may add reasons). */
export function verdictOfRow(row: VerdictRow, source: Verdict['source']): Verdict | null {
  const [reason, stage, code, enhanced, text, detail, mx, provider, implicitMx, catchall, attempts, checkedAt] = row;
  if (!isReason(reason) || !isStage(stage) || !isCatchall(catchall)) return null;
  return {
    status: statusOf(reason),
    reason,
    stage,
    reply: code === null ? null : { code, enhanced, text: text ?? '' },
    detail,
    mx,
    provider,
    implicitMx: (implicitMx & IMPLICIT_MX) !== 0,
    catchall,
    attempts,
    checkedAt,
    source,
    ...((implicitMx & PRIVATE_BITS.asked) !== 0 && { privateHosts: 'asked' }),
    ...((implicitMx & PRIVATE_BITS.left_out) !== 0 && { privateHosts: 'left_out' }),
  };
}

/** True where `text` is a reason this mailgate knows. */
export function isReason(text: string): text is Reason {
  return KNOWN_REASONS.has(text);
}

const KNOWN_REASONS: ReadonlySet<string> = new Set(STATUSES.flatMap((status) => REASONS_BY_STATUS[status]));
const KNOWN_STAGES: ReadonlySet<string> = new Set(STAGES);
const KNOWN_CATCHALL: ReadonlySet<string> = new Set([
  'yes',
  'no',
  'unknown',
  'not_asked',
] satisfies Verdict['catchall'][]);

function isStage(text: string): text is Stage {
  return KNOWN_STAGES.has(text);
}

function isCatchall(text: string): text is Verdict['catchall'] {
  return KNOWN_CATCHALL.has(text);
}

function cut(text: string | null, limit: number): string | null {
  if (text === null || text.length <= limit) return text;
  // Half a surrogate pair at the cut would come back as another character.
  return text
    .slice(0, limit)
    .toWellFormed()
    .replace(/\uFFFD$/, '');
}
