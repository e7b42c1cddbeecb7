// Why mail comes back: every reason a bounce can have, how much it weighs against the address, and sisimai's word for it.

/** `hard`: suppress at once · `suspect`: at the second · `soft`: count · `none`: says nothing against the address. */
export type Strength = 'hard' | 'suspect' | 'soft' | 'none';

interface ReasonRow {
  readonly reason: string;
  readonly strength: Strength;
  /** The word of libsisimai.org/en/reason/ that comes nearest, where no rule names a more exact one. */
  readonly sisimai: string;
  /** One line for people. */
  readonly says: string;
}

/**
 * Names of verdicts (see `verdict.ts`) where the same thing is meant. Hard is only what a mail host says about the
 * mailbox or its domain; a refusal aimed at the sender, the message or the sending host is not about the address.
 */
export const REASONS = [
  // About the address.
  { reason: 'mailbox_not_found', strength: 'hard', sisimai: 'userunknown', says: 'no such mailbox' },
  { reason: 'domain_not_found', strength: 'hard', sisimai: 'hostunknown', says: 'no such domain' },
  { reason: 'no_mail_service', strength: 'hard', sisimai: 'notaccept', says: 'the domain takes no mail (null MX)' },
  { reason: 'mailbox_disabled', strength: 'suspect', sisimai: 'suspend', says: 'the mailbox is closed or locked' },
  {
    reason: 'recipient_refused',
    strength: 'suspect',
    sisimai: 'filtered',
    says: 'the recipient takes no mail of ours',
  },
  { reason: 'mailbox_full', strength: 'soft', sisimai: 'mailboxfull', says: 'the mailbox is full' },
  // About the host or the way to it; an outage of one host is not many dead mailboxes.
  { reason: 'expired', strength: 'soft', sisimai: 'expired', says: 'not delivered in time' },
  { reason: 'connect_failed', strength: 'soft', sisimai: 'networkerror', says: 'the mail host could not be reached' },
  { reason: 'dns_failure', strength: 'soft', sisimai: 'networkerror', says: 'DNS gave no answer' },
  { reason: 'mail_loop', strength: 'soft', sisimai: 'networkerror', says: 'the mail went in a circle' },
  { reason: 'temporary_failure', strength: 'soft', sisimai: 'systemerror', says: 'trouble at the mail host' },
  { reason: 'mailer_error', strength: 'soft', sisimai: 'mailererror', says: 'a program behind the mailbox failed' },
  { reason: 'greylisted', strength: 'soft', sisimai: 'blocked', says: 'told to come back later' },
  { reason: 'unrecognised', strength: 'soft', sisimai: 'undefined', says: 'the report does not say why' },
  // About the sender, the sending host or the message: never against the address.
  { reason: 'blocked', strength: 'none', sisimai: 'blocked', says: 'the sending host is refused' },
  {
    reason: 'poor_reputation',
    strength: 'none',
    sisimai: 'badreputation',
    says: 'the sending host has a poor reputation',
  },
  { reason: 'no_reverse_dns', strength: 'none', sisimai: 'requireptr', says: 'the sending host lacks reverse DNS' },
  { reason: 'authentication_failed', strength: 'none', sisimai: 'authfailure', says: 'SPF, DKIM or DMARC failed' },
  { reason: 'policy', strength: 'none', sisimai: 'policyviolation', says: 'against a policy of the receiver' },
  { reason: 'rate_limited', strength: 'none', sisimai: 'toomanyconn', says: 'too much mail at once' },
  { reason: 'sender_rejected', strength: 'none', sisimai: 'rejected', says: 'the sender address is refused' },
  {
    reason: 'domain_not_accepted',
    strength: 'none',
    sisimai: 'norelaying',
    says: 'the host does not serve the domain',
  },
  { reason: 'spam', strength: 'none', sisimai: 'spamdetected', says: 'taken for spam' },
  { reason: 'virus', strength: 'none', sisimai: 'virusdetected', says: 'taken for a virus' },
  { reason: 'too_large', strength: 'none', sisimai: 'mesgtoobig', says: 'the message is too large' },
  { reason: 'content_rejected', strength: 'none', sisimai: 'contenterror', says: 'the content is refused' },
  { reason: 'not_rfc_compliant', strength: 'none', sisimai: 'notcompliantrfc', says: 'the message breaks a standard' },
  { reason: 'protocol_error', strength: 'none', sisimai: 'syntaxerror', says: 'the dialogue failed' },
  { reason: 'tls_failed', strength: 'none', sisimai: 'failedstarttls', says: 'no encrypted connection' },
  {
    reason: 'relay_suppressed',
    strength: 'suspect',
    sisimai: 'suppressed',
    says: 'on the suppression list of the relay',
  },
  // No failure.
  { reason: 'delivered', strength: 'none', sisimai: 'delivered', says: 'delivered' },
  { reason: 'vacation', strength: 'none', sisimai: 'vacation', says: 'an automatic reply' },
  { reason: 'feedback', strength: 'none', sisimai: 'feedback', says: 'a complaint' },
] as const satisfies readonly ReasonRow[];

export type BounceReason = (typeof REASONS)[number]['reason'];

const ROW_BY_REASON: ReadonlyMap<BounceReason, ReasonRow> = new Map(REASONS.map((row) => [row.reason, row]));

/** The row of a reason. */
export function reasonRow(reason: BounceReason): ReasonRow {
  const row = ROW_BY_REASON.get(reason);
  if (row === undefined) throw new TypeError(`no such reason: ${reason}`);
  return row;
}
