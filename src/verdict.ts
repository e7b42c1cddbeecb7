// The words every room speaks: what can be said of an address, why, and on which evidence.

/** What the `status` column says of a mailbox (an answer about the mailbox, or `unknown`). */
export const STATUSES = ['valid', 'invalid', 'catchall', 'unknown'] as const;
export type Status = (typeof STATUSES)[number];

/** Every reason, under the one status it belongs to. A refusal aimed at us is always `unknown`. */
export const REASONS_BY_STATUS = {
  valid: ['accepted'],
  catchall: ['accepts_anything'],
  invalid: [
    'syntax',
    'reserved_domain',
    'domain_not_found',
    'no_mail_service',
    'mailbox_not_found',
    'mailbox_full',
    'mailbox_disabled',
    'bounced',
  ],
  unknown: [
    'greylisted',
    'rate_limited',
    'blocked',
    'sender_rejected',
    'temporary_failure',
    'content_rejected',
    'domain_not_accepted',
    'connect_failed',
    'timeout',
    'tls_failed',
    'protocol_error',
    'dns_failure',
    'mx_unusable',
    'smtputf8_needed',
    'catchall_untested',
    'provider_unverifiable',
    'inconsistent',
    'suppressed',
    'not_checked',
  ],
} as const satisfies Record<Status, readonly string[]>;

export type Reason = (typeof REASONS_BY_STATUS)[Status][number];

const STATUS_BY_REASON = new Map<Reason, Status>(
  STATUSES.flatMap((status) => REASONS_BY_STATUS[status].map((reason) => [reason, status] as const)),
);

/** The one status a reason stands under. */
export function statusOf(reason: Reason): Status {
  const status = STATUS_BY_REASON.get(reason);
  if (status === undefined) throw new TypeError(`no such reason: ${reason}`);
  return status;
}

/** How far the examination of an address had come when its verdict fell. */
export const STAGES = [
  'syntax',
  'list',
  'dns',
  'connect',
  'greeting',
  'ehlo',
  'tls',
  'mail',
  'rcpt',
  'catchall',
] as const;
export type Stage = (typeof STAGES)[number];

/** What one SMTP reply means, before it becomes a verdict (RFC 5321 section 4.2, RFC 3463). */
export const MEANINGS = [
  'accepted',
  'mailbox_not_found',
  'mailbox_full',
  'mailbox_disabled',
  'domain_not_accepted',
  'greylisted',
  'rate_limited',
  'blocked',
  'temporary',
  'content_rejected',
  'sender_rejected',
  'protocol_error',
] as const;
export type Meaning = (typeof MEANINGS)[number];

/** A complete SMTP reply (RFC 5321 section 4.2), already bounded in size; its text is a stranger's. */
export interface Reply {
  /** The three-digit reply code, 200 to 599. */
  readonly code: number;
  /** The enhanced status code (RFC 3463), or null where none was offered or its class contradicts the code. */
  readonly enhanced: string | null;
  /** The text of each line behind the code (and its separator), joined with "\n"; the enhanced code stays in it. */
  readonly text: string;
}

/** What the domain answers for a name nobody has: 'yes' accepts it, 'no' refuses it, 'unknown' asked without an answer. */
export type CatchallState = 'yes' | 'no' | 'unknown' | 'not_asked';

/** What was found out about one address, with the evidence that decided. Text facts (role, typo …) are not part of it. */
export interface Verdict {
  readonly status: Status;
  readonly reason: Reason;
  readonly stage: Stage;
  /** The reply that decided, where one did. */
  readonly reply: Reply | null;
  /** A sentence of evidence where no reply can tell (a DNS outcome, a failed connection). */
  readonly detail: string | null;
  /** The mail host that was asked last, as named by DNS. */
  readonly mx: string | null;
  /** The operator of the mail hosts (`google`, `microsoft`, or their registrable domain). */
  readonly provider: string | null;
  /** True where the domain has no MX record and its own address was asked (RFC 5321 section 5.1). */
  readonly implicitMx: boolean;
  readonly catchall: CatchallState;
  /**
   * Set where the verdict holds only for runs that treat private and loopback addresses alike: 'asked' where such a mail
   * host gave it (--allow-private), 'left_out' where it was not asked for its address.
   */
  readonly privateHosts?: 'asked' | 'left_out';
  /** How many SMTP connections were opened for this address. */
  readonly attempts: number;
  /** Milliseconds since the epoch. */
  readonly checkedAt: number;
  readonly source: 'live' | 'cache';
}
