// What a row of the reply tables looks like and when it applies; the rows themselves stand in the *-rules files.
import type { Meaning, Stage } from '../verdict.ts';

/** Where in the dialogue a reply was heard; `data` is met only in bounces, for mailgate never sends a message. */
export type ReplyStage =
  | Extract<Stage, 'connect' | 'greeting' | 'ehlo' | 'tls' | 'mail' | 'rcpt' | 'catchall'>
  | 'data';

/** One fact about what servers say. Every condition a row names must hold; the first row that applies decides. */
export interface ReplyRule {
  /** Stable and readable: shown by `explain` and counted in reports. */
  readonly id: string;
  /** The first digit of the reply code. */
  readonly class?: '2' | '3' | '4' | '5';
  readonly codes?: readonly number[];
  /** Tested against the enhanced code; a row with it never applies to a reply without one. */
  readonly enhanced?: RegExp;
  readonly stage?: readonly ReplyStage[];
  /** The operator of the mail host, as named in `provider-rules.ts`. */
  readonly provider?: string;
  /** Tested against the cleaned words of `reply-text.ts`: lower case, with stand-ins such as ADDR in capitals. */
  readonly words?: RegExp;
  /** Words that keep the row from applying. */
  readonly unless?: RegExp;
  readonly meaning: Meaning;
  /** `weak`: believed only together with other evidence, such as another recipient accepted in the same session. */
  readonly strength?: 'weak';
  /** A sentence for the person who asks how this is known. */
  readonly why: string;
  /** Who says so: a program, a provider or a clause of a standard. */
  readonly source: string;
  /** A reply this row decides, for the test of the table; a stage other than rcpt stands in front ("mail: 550 …"). */
  readonly sample: string;
}

/** A reply made ready for the tables. */
export interface ReplyEvidence {
  readonly stage: ReplyStage;
  readonly code: number;
  readonly enhanced: string | null;
  readonly provider: string | null;
  readonly words: string;
}

/** True where every condition of the row holds and its meaning can be had at this stage and class at all. */
export function ruleApplies(rule: ReplyRule, evidence: ReplyEvidence): boolean {
  const { code, enhanced, stage, words } = evidence;
  if (rule.class !== undefined && rule.class !== String(code).slice(0, 1)) return false;
  if (rule.codes !== undefined && !rule.codes.includes(code)) return false;
  if (rule.stage !== undefined && !rule.stage.includes(stage)) return false;
  if (rule.provider !== undefined && rule.provider !== evidence.provider) return false;
  if (rule.enhanced !== undefined && (enhanced === null || !rule.enhanced.test(enhanced))) return false;
  if (!canMean(rule.meaning, evidence)) return false;
  if (rule.words !== undefined && !rule.words.test(words)) return false;
  return rule.unless === undefined || !rule.unless.test(words);
}

/**
 * Two laws that no row can break: only a reply to RCPT (or, in a bounce, to the message itself) speaks of a mailbox or
 * its domain, and no 4xx says that a mailbox is missing or closed, for `soft_bounce` of Postfix turns every 5xx into
 * one, enhanced code and all.
 */
function canMean(meaning: Meaning, { stage, code }: ReplyEvidence): boolean {
  if (!RECIPIENT_MEANINGS.has(meaning)) return true;
  if (stage !== 'rcpt' && stage !== 'catchall' && stage !== 'data') return false;
  return code >= 500 || meaning === 'mailbox_full' || meaning === 'domain_not_accepted';
}

const RECIPIENT_MEANINGS: ReadonlySet<Meaning> = new Set([
  'mailbox_not_found',
  'mailbox_full',
  'mailbox_disabled',
  'domain_not_accepted',
]);
