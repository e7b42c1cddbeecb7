// Decides why one recipient's mail came back and how much that weighs against the address (see reasons.ts).
import { type MeaningResult, meaningOf, type ReplyStage } from '../smtp/meaning.ts';
import type { Meaning } from '../verdict.ts';
import { type BounceRule, ruleApplies } from './bounce-rule.ts';
import { enhancedIn, type QuotedReply, quotedReply } from './quoted-reply.ts';
import { type BounceReason, reasonRow, type Strength } from './reasons.ts';
import { SHADES } from './reply-shades.ts';
import { REPORT_RULES } from './report-rules.ts';

/** All a report says about one recipient. */
export interface BounceEvidence {
  readonly action: string | null;
  /** RFC 3463 code of the report, or null. */
  readonly status: string | null;
  /** The text that quotes or describes the failure. */
  readonly text: string;
  /** `x-unix` and the like: what a local program said, not a mail host. */
  readonly diagnosticType: string;
  /** When in the dialogue the reply was heard, where the report tells. */
  readonly stage: ReplyStage | null;
  readonly recipient: string;
  readonly remoteMta: string | null;
  /** Whom the report was sent to, which is the sender of the mail. */
  readonly sender: string | null;
}

export interface BounceJudgement {
  readonly reason: BounceReason;
  readonly sisimaiReason: string;
  readonly strength: Strength;
  readonly reply: QuotedReply | null;
  /** The code that counted: of the reply, of the text, or of the report. */
  readonly status: string | null;
  /** The id of the row that decided. */
  readonly rule: string;
}

/**
 * The order of evidence: what the reporting host says itself, the quoted reply by the same rules as a live one, the
 * status code. Pure, and never throws for what a report says.
 */
export function judgeBounce(evidence: BounceEvidence): BounceJudgement {
  const reply = refusalIn(evidence.text);
  const status = statusThatCounts(evidence, reply);
  const words = wordsOf(evidence);
  if (evidence.action !== null && SUCCESS.has(evidence.action)) {
    return { ...judged('delivered', 'action'), strength: 'none', reply, status };
  }
  const isAboutSender = isSaidOfSender(evidence.stage, status);
  const rule = REPORT_RULES.find(
    (row) =>
      ruleApplies(row, { words, enhanced: status, hasReply: reply !== null }) &&
      !(isAboutSender && reasonRow(row.reason).strength === 'hard'),
  );
  const found =
    rule === undefined ? judgeReply(evidence, { reply, status, words }) : judged(rule.reason, rule.id, rule.sisimai);
  const strength = strengthOf(found, { evidence, reply, status });
  // sisimai's "filtered" is, among others, a mailbox called unknown otherwise than in answer to RCPT.
  const isUnsure = found.reason === 'mailbox_not_found' && strength === 'suspect';
  return { ...found, ...(isUnsure ? { sisimaiReason: 'filtered' } : {}), strength, reply, status };
}

const SUCCESS: ReadonlySet<string> = new Set(['delivered', 'relayed', 'expanded']);

/** Before RCPT, and with x.1.7 or x.1.8, a name that does not exist is one of ours (RFC 3463 section 3.2). */
function isSaidOfSender(stage: ReplyStage | null, status: string | null): boolean {
  if (status !== null && /^[45]\.1\.[78]$/.test(status)) return true;
  return stage !== null && stage !== 'rcpt' && stage !== 'catchall' && stage !== 'data';
}

interface Found {
  readonly reason: BounceReason;
  readonly sisimaiReason: string;
  readonly rule: string;
  /** The reply table calls it a refusal without a reason. */
  readonly isWeak?: boolean;
}

function judged(reason: BounceReason, rule: string, sisimai?: string): Found {
  return { reason, sisimaiReason: sisimai ?? reasonRow(reason).sisimai, rule };
}

function refusalIn(text: string): QuotedReply | null {
  const reply = quotedReply(text);
  return reply !== null && reply.code >= 400 ? reply : null;
}

/** Codes that say nothing or only what the reporter did with it; any other code in the text tells more. */
const VAGUE_STATUS = /^[245]\.(?:0\.\d{1,3}|4\.7|3\.\d{1,3}|5\.0)$/;

function statusThatCounts({ status, text }: BounceEvidence, reply: QuotedReply | null): string | null {
  const inText = reply?.enhanced ?? enhancedIn(reply?.text ?? text);
  if (inText === null) return status;
  if (status === null || VAGUE_STATUS.test(status)) return inText;
  // 5.1.1 is what reporters write for want of a better code (sendmail does for every 550).
  return VAGUE_STATUS.test(inText) ? status : inText;
}

function wordsOf({ text, diagnosticType }: BounceEvidence): string {
  const type = diagnosticType === 'x-unix' ? 'x-unix ' : '';
  return onOneLine(`${type}${text}`);
}

function onOneLine(text: string): string {
  return text
    .slice(0, 4096)
    .replace(/\s{1,80}/g, ' ')
    .toLowerCase();
}

interface Reading {
  readonly reply: QuotedReply | null;
  readonly status: string | null;
  readonly words: string;
}

function judgeReply(evidence: BounceEvidence, { reply, status, words }: Reading): Found {
  const isClass4 = evidence.action === 'delayed' || status?.startsWith('4') === true;
  const code = reply?.code ?? (isClass4 ? 450 : 550);
  const { meaning, rule, strength } = meaningFrom(evidence, { reply, status, code });
  // Without a quoted reply the code is a guess, so what rests on the code alone is no finding.
  const saysNothing = status === null || VAGUE_STATUS.test(status);
  if (reply === null && saysNothing && (rule.startsWith('code-') || strength === 'weak')) {
    return judged('unrecognised', rule);
  }
  const said = reply === null ? words : onOneLine(reply.text);
  const shade = SHADES.find(
    (row) =>
      row.meanings.includes(meaning) &&
      goesWith(row, rule) &&
      ruleApplies(row, { words: said, enhanced: status, hasReply: false }),
  );
  if (shade !== undefined) return { ...judged(shade.reason, shade.id, shade.sisimai), isWeak: false };
  return { ...judged(REASON_BY_MEANING[meaning], rule), isWeak: strength === 'weak' };
}

/**
 * By the table for live replies. Where no reply is quoted, the words are the reporter's prose: a plain code about the
 * address then outweighs them, unless they speak of the address too.
 */
function meaningFrom(
  evidence: BounceEvidence,
  { reply, status, code }: { reply: QuotedReply | null; status: string | null; code: number },
): MeaningResult {
  const asked = {
    stage: evidence.stage ?? 'rcpt',
    code,
    enhanced: status?.charAt(0) === String(code).charAt(0) ? status : null,
    recipient: evidence.recipient,
    sender: evidence.sender ?? undefined,
    host: evidence.remoteMta ?? undefined,
    provider: evidence.remoteMta?.split('.').slice(-2).join('.').toLowerCase(),
  };
  const byWords = meaningOf({ ...asked, text: reply?.text ?? evidence.text });
  if (reply !== null || status === null || !ADDRESS_STATUS.test(status)) return byWords;
  return byWords.meaning.startsWith('mailbox_') ? byWords : meaningOf({ ...asked, text: '' });
}

/** RFC 3463 sections 3.2 and 3.3: what is wrong is the address or the mailbox. */
const ADDRESS_STATUS = /^[45]\.(?:1\.[1236]|1\.10|2\.[12])$/;

function goesWith({ replyRules }: BounceRule, rule: string): boolean {
  return replyRules === undefined || replyRules.includes(rule);
}

const REASON_BY_MEANING = {
  accepted: 'unrecognised',
  mailbox_not_found: 'mailbox_not_found',
  mailbox_full: 'mailbox_full',
  mailbox_disabled: 'mailbox_disabled',
  domain_not_accepted: 'domain_not_accepted',
  greylisted: 'greylisted',
  rate_limited: 'rate_limited',
  blocked: 'blocked',
  temporary: 'temporary_failure',
  content_rejected: 'content_rejected',
  sender_rejected: 'sender_rejected',
  protocol_error: 'protocol_error',
} as const satisfies Record<Meaning, BounceReason>;

/**
 * A reason counts in full only for a lasting refusal: class 4 means that the reporter gave up after trying, and the
 * host never said no. That a mailbox is missing must besides be known to be said of the recipient: by a mailbox code
 * (x.1.z), in answer to RCPT, by the reporting host itself, or by a provider known to mean it.
 */
function strengthOf(
  { reason, rule, isWeak }: Found,
  { evidence, reply, status }: { evidence: BounceEvidence; reply: QuotedReply | null; status: string | null },
): Strength {
  const { strength } = reasonRow(reason);
  if (evidence.action === 'delayed') return strength === 'none' ? 'none' : 'soft';
  if (strength !== 'hard' && strength !== 'suspect') return strength;
  if (isTemporary(reply, status)) return 'soft';
  if (reason !== 'mailbox_not_found' || strength !== 'hard') return strength;
  // "Recipient address rejected." in answer to RCPT names the recipient, if no reason; other bare refusals name nobody.
  if (isWeak === true && !rule.startsWith('recipient-refused')) return 'suspect';
  const isOwnWord = REPORT_RULES.some((row) => row.id === rule) || rule === 'apple-inactive';
  const isSaidOfRecipient = evidence.stage === 'rcpt' || (status !== null && /^5\.1\.(?:0|1|3|6|10)$/.test(status));
  return isOwnWord || isSaidOfRecipient || PROVIDER_RULE.test(rule) ? 'hard' : 'suspect';
}

function isTemporary(reply: QuotedReply | null, status: string | null): boolean {
  if (reply !== null) return reply.code < 500;
  return status?.startsWith('4') === true;
}

/** Rows of the reply table that know one operator's ways (`provider-rules.ts`). */
const PROVIDER_RULE = /^(?:microsoft|yahoo|laposte|orange|google|outlook)-/;
