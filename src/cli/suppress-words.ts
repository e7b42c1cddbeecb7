// The words by which services name why an address is on their list, and what each of them is here.
import type { SuppressionReason } from '../store/suppression-reasons.ts';

/** A word without what people vary: case, spaces, punctuation. `Spam Complaint` and `SPAM_COMPLAINT` are one word. */
export function plainWord(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '');
}

/** What a word means; null for one that is not known here, `none` for one that says nothing against the address. */
export function reasonOfWord(word: string): SuppressionReason | 'none' | null {
  return REASON_BY_WORD.get(plainWord(word)) ?? null;
}

/** One row per word, with a service that uses it. */
const WORDS: readonly (readonly [word: string, reason: SuppressionReason | 'none', source: string])[] = [
  ['manual', 'manual', 'our own'],
  ['manual suppression', 'manual', 'Postmark suppression dump; by the recipient it is an unsubscribe, told by Origin'],
  ['manually deactivated', 'manual', 'Postmark bounce type'],
  ['admin', 'manual', 'hand-made lists'],
  ['legal', 'manual', 'hand-made lists'],
  ['do not contact', 'manual', 'hand-made lists'],
  ['complaint', 'complaint', 'SES; listmonk bounce type'],
  ['spam complaint', 'complaint', 'Postmark'],
  ['spam report', 'complaint', 'SendGrid'],
  ['spam', 'complaint', 'Mailchimp unsubscribe reason; hand-made lists'],
  ['abuse', 'complaint', 'Mailchimp; RFC 5965 feedback type'],
  ['abuse complaint', 'complaint', 'Mailchimp'],
  ['unsubscribe', 'unsubscribe', 'SendGrid, Mailgun'],
  ['unsubscribed', 'unsubscribe', 'Mailchimp status'],
  ['global unsubscribe', 'unsubscribe', 'SendGrid'],
  ['group unsubscribe', 'unsubscribe', 'SendGrid'],
  ['opt out', 'unsubscribe', 'hand-made lists; RFC 5965'],
  ['opted out', 'unsubscribe', 'hand-made lists'],
  ['hard bounce', 'hard_bounce', 'Postmark, our own'],
  ['hard', 'hard_bounce', 'listmonk bounce type'],
  ['bounce', 'hard_bounce', 'SES lists hard bounces only'],
  ['bounced', 'hard_bounce', 'hand-made lists'],
  ['permanent', 'hard_bounce', 'SES notification bounceType'],
  ['bad email address', 'hard_bounce', 'Postmark bounce type'],
  ['invalid', 'hard_bounce', 'SendGrid "invalid emails"'],
  ['invalid email', 'hard_bounce', 'SendGrid'],
  ['cleaned', 'hard_bounce', 'Mailchimp: bounced hard, or softly again and again'],
  ['suspect', 'suspect', 'our own'],
  ['soft bounce', 'soft_bounce', 'Postmark, our own'],
  ['soft', 'soft_bounce', 'listmonk bounce type'],
  ['imported', 'imported', 'our own'],
  ['suppressed', 'imported', 'hand-made lists'],
  ['blocklisted', 'imported', 'listmonk: by whom or what is not told'],
  ['blacklisted', 'imported', 'older listmonk; hand-made lists'],
  ['blocklist', 'imported', 'hand-made lists'],
  ['blacklist', 'imported', 'hand-made lists'],
  ['enabled', 'none', 'listmonk'],
  ['disabled', 'none', 'listmonk: switched off in the program, not by the person'],
  ['subscribed', 'none', 'Mailchimp'],
  ['active', 'none', 'hand-made lists'],
  ['delivered', 'none', 'delivery logs'],
  ['blocked', 'none', 'Postmark, SendGrid: the sender was refused, which says nothing of the address'],
  ['transient', 'none', 'Postmark, SES: a delay'],
  ['auto responder', 'none', 'Postmark: somebody is on holiday'],
  ['dns error', 'none', 'Postmark: temporary'],
  ['challenge verification', 'none', 'Postmark'],
  ['address change', 'none', 'Postmark: the mailbox answers'],
  ['subscribe', 'none', 'Postmark'],
  ['open relay test', 'none', 'Postmark'],
  ['virus notification', 'none', 'Postmark'],
  ['templates rendering failed', 'none', 'Postmark'],
  ['smtp api error', 'none', 'Postmark'],
  ['inbound error', 'none', 'Postmark'],
  ['dmarc policy', 'none', 'Postmark: our own authentication failed'],
  ['unconfirmed', 'none', 'Postmark'],
  ['spam notification', 'none', 'Postmark: a filter took the content for spam'],
];

export const REASON_WORDS = WORDS;

const REASON_BY_WORD: ReadonlyMap<string, SuppressionReason | 'none'> = new Map(
  WORDS.map(([word, reason]) => [plainWord(word), reason]),
);
