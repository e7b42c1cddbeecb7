// What a row of the bounce tables looks like and when it applies; the rows stand in report-rules.ts and reply-shades.ts.
import type { BounceReason } from './reasons.ts';

export interface BounceRule {
  readonly id: string;
  /** Tested against the report's words on this recipient: lower case, on one line, capped. */
  readonly words?: RegExp;
  readonly unless?: RegExp;
  /** Tested against the enhanced code, which then must be there. */
  readonly enhanced?: RegExp;
  /** `own`: only where the report quotes no reply of class 4 or 5. */
  readonly only?: 'own';
  /** The rows of the reply table (`smtp/reply-rules.ts`) it goes with; of SHADES only. */
  readonly replyRules?: readonly string[];
  readonly reason: BounceReason;
  /** sisimai's word, where it is not that of the reason. */
  readonly sisimai?: string;
  readonly source: string;
  readonly sample: string;
}

/** What a row is tested against. */
export interface RuleEvidence {
  /** Lower case, on one line, capped. */
  readonly words: string;
  /** RFC 3463 code, or null. */
  readonly enhanced: string | null;
  /** True where the report quotes a reply of class 4 or 5. */
  readonly hasReply: boolean;
}

/** True where every condition of the row holds. */
export function ruleApplies(row: BounceRule, { words, enhanced, hasReply }: RuleEvidence): boolean {
  if (row.only === 'own' && hasReply) return false;
  if (row.enhanced !== undefined && (enhanced === null || !row.enhanced.test(enhanced))) return false;
  if (row.words !== undefined && !row.words.test(words)) return false;
  return row.unless === undefined || !row.unless.test(words);
}
