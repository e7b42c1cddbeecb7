// Why an address may be suppressed, which reason outweighs which, and how long each of them holds.

/** Strongest first. A weaker event never overwrites, shortens or ends what a stronger one has brought about. */
export const SUPPRESSION_REASONS = [
  'manual', // somebody's explicit word, a legal demand included
  'complaint',
  'unsubscribe',
  'hard_bounce',
  'suspect', // the mailbox was called disabled, which some providers say of mailboxes that come back
  'soft_bounce', // repeated temporary failures
  'imported', // on somebody's list, for a cause it does not tell
] as const;
export type SuppressionReason = (typeof SUPPRESSION_REASONS)[number];

/** Rank of a reason, 0 the strongest. */
export function rankOf(reason: SuppressionReason): number {
  return SUPPRESSION_REASONS.indexOf(reason);
}

export function isSuppressionReason(text: string): text is SuppressionReason {
  return (SUPPRESSION_REASONS as readonly string[]).includes(text);
}

/** A mailbox that is gone is gone for every stream, whatever was sent to it; the other reasons are a person's will. */
export function isAboutMailbox(reason: SuppressionReason): boolean {
  return reason === 'hard_bounce' || isCounted(reason);
}

/** True for reasons that suppress only once they have come several times. */
export function isCounted(reason: SuppressionReason): reason is 'suspect' | 'soft_bounce' {
  return reason === 'suspect' || reason === 'soft_bounce';
}

/** Taking these back overrules a person, so it has to be forced. */
export function needsForce(reason: SuppressionReason): boolean {
  return reason === 'manual' || reason === 'complaint';
}

const DAY_MS = 86_400_000;

/** How many failures of different messages suppress, and within which time. */
export interface FailureRule {
  readonly failures: number;
  readonly withinMs: number;
  /** True where two failures of one day (UTC) count once: an outage of an afternoon says little. */
  readonly onDistinctDays: boolean;
}

/** listmonk takes 2, mox and posthawk 3; senders on SendGrid 5 in 30 days. */
export const SOFT_RULE: FailureRule = { failures: 3, withinMs: 30 * DAY_MS, onDistinctDays: true };

/** "Disabled" said of two messages: one alone may be a slip of the provider's. */
export const SUSPECT_RULE: FailureRule = { failures: 2, withinMs: 30 * DAY_MS, onDistinctDays: false };

/** How long behind the last failure a counted reason holds: mailboxes fill and empty (Postal, posthawk: 30 days). */
export const LIFE_MS: Readonly<Record<'suspect' | 'soft_bounce', number>> = {
  suspect: 90 * DAY_MS,
  soft_bounce: 30 * DAY_MS,
};

/** The scope of an entry that holds for every stream, and of a question that names none. */
export const EVERY_SCOPE = 'all';
