// Decides what one SMTP reply means and which verdict that supports; what to do about it is for verify to decide.
import type { Meaning, Reason, Status } from '../verdict.ts';
import { statusOf } from '../verdict.ts';
import { operatorOf } from './provider-rules.ts';
import { REPLY_RULES } from './reply-rules.ts';
import { readReplyWords } from './reply-text.ts';
import { type ReplyEvidence, type ReplyRule, type ReplyStage, ruleApplies } from './rule.ts';

export type { ReplyStage } from './rule.ts';

export interface ReplyInput {
  readonly stage: ReplyStage;
  readonly code: number;
  readonly enhanced: string | null;
  /** With or without the codes on each line. */
  readonly text: string;
  /** The operator of the mail host, as `dns/provider.ts` names it. */
  readonly provider?: string | undefined;
  /** The address asked for; its echo is no evidence. */
  readonly recipient?: string | undefined;
  /** Our MAIL FROM; an echo of it marks a refusal of the sender. */
  readonly sender?: string | undefined;
  /** The name of the mail host. */
  readonly host?: string | undefined;
}

export interface MeaningResult {
  readonly meaning: Meaning;
  /** The id of the table row that decided. */
  readonly rule: string;
  /** A sentence for the person who asks. */
  readonly why: string;
  /** `weak`: not to be believed alone (see `verdictOfMeaning`). */
  readonly strength: 'strong' | 'weak';
}

/**
 * What a reply means. Pure, and never throws for what a server says. The order of evidence: stage, class of the code,
 * cleaned words (sender and client before mailbox), enhanced code, basic code.
 */
export function meaningOf(reply: ReplyInput): MeaningResult {
  if (!(reply.code >= 400 && reply.code <= 599)) return positiveMeaning(reply);
  const { words, enhanced } = readReplyWords(reply.text, reply);
  const provider = operatorOf(reply.provider, reply.text);
  const evidence: ReplyEvidence = { stage: reply.stage, code: reply.code, enhanced, provider, words };
  const rule = ruleFor(evidence);
  return { meaning: rule.meaning, rule: rule.id, why: rule.why, strength: rule.strength ?? 'strong' };
}

/** A host says the same to thousands of recipients; cleaned of its echoes, the same evidence finds the same row. */
const FOUND_RULES = new Map<string, ReplyRule>();
const MOST_FOUND_RULES = 2000;

function ruleFor(evidence: ReplyEvidence): ReplyRule {
  const { stage, code, enhanced, provider, words } = evidence;
  const key = JSON.stringify([stage, code, enhanced, provider, words]);
  const known = FOUND_RULES.get(key);
  if (known !== undefined) return known;
  const rule = REPLY_RULES.find((candidate) => ruleApplies(candidate, evidence));
  if (rule === undefined) throw new TypeError('the last rows of the reply table apply to every refusal');
  if (FOUND_RULES.size >= MOST_FOUND_RULES) FOUND_RULES.clear();
  FOUND_RULES.set(key, rule);
  return rule;
}

/** RFC 5321 section 4.3.2: only 250, 251 and 252 accept a recipient; nothing else may pass for acceptance. */
function positiveMeaning({ code, stage }: ReplyInput): MeaningResult {
  if (code === 252) return { ...ACCEPTED, rule: 'code-252', why: CANNOT_VERIFY, strength: 'weak' };
  if (code === 250 || code === 251) return ACCEPTED;
  const isFinalElsewhere = code >= 200 && code <= 299 && stage !== 'rcpt' && stage !== 'catchall';
  if (isFinalElsewhere || (code === 354 && stage === 'data')) return { ...ACCEPTED, rule: 'code-2xx' };
  return { meaning: 'protocol_error', rule: 'code-out-of-place', why: OUT_OF_PLACE, strength: 'strong' };
}

const ACCEPTED: MeaningResult = {
  meaning: 'accepted',
  rule: 'code-250',
  why: 'The host accepts what it was asked.',
  strength: 'strong',
};
const CANNOT_VERIFY = 'The host says that it cannot verify the recipient but will try (RFC 5321 section 3.5.3).';
const OUT_OF_PLACE = 'No reply of this code can answer what was asked (RFC 5321 section 4.3.2).';

export interface MeaningContext {
  readonly code: number;
  readonly stage: ReplyStage;
  readonly strength: 'strong' | 'weak';
  readonly enhanced?: string | null | undefined;
}

/**
 * The verdict one reply supports, before other recipients and the catch-all question are weighed: `accepted` stays
 * valid only where the domain is known to refuse something. Weak evidence never makes an address invalid.
 */
export function verdictOfMeaning(meaning: Meaning, context: MeaningContext): { status: Status; reason: Reason } {
  const reason = reasonOf(meaning, context);
  return { status: statusOf(reason), reason };
}

function reasonOf(meaning: Meaning, { code, stage, strength, enhanced }: MeaningContext): Reason {
  // RFC 6531 section 3.5: x.6.7 says that the address needs SMTPUTF8, not that it is wrong.
  if (meaning !== 'accepted' && enhanced?.endsWith('.6.7') === true) return 'smtputf8_needed';
  const speaksOfRecipient = stage === 'rcpt' || stage === 'catchall' || stage === 'data';
  switch (meaning) {
    case 'accepted':
      return strength === 'weak' ? 'catchall_untested' : 'accepted';
    case 'mailbox_not_found':
    case 'mailbox_full':
    case 'mailbox_disabled':
      if (code < 500) return 'temporary_failure';
      return strength === 'strong' && speaksOfRecipient ? meaning : 'blocked';
    case 'domain_not_accepted':
      // RFC 7504 section 4: 556 says that the domain takes no mail, whoever asks.
      return code === 556 && speaksOfRecipient ? 'no_mail_service' : 'domain_not_accepted';
    case 'temporary':
      return 'temporary_failure';
    default:
      return meaning;
  }
}
