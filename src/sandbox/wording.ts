// The words in which different servers tell a recipient's fate; the wording says nothing of who decides the fate.
import type { FateName, Wording } from './world.ts';

type Words = Readonly<Record<FateName, string>>;

/** Postfix 3.7 and its usual policy services (src/smtpd/smtpd_check.c, postgrey, dovecot quota-status). */
const POSTFIX: Words = {
  ok: '250 2.1.5 Ok',
  forwarded: '251 2.1.5 User not local; will forward to <{rcpt}>', // RFC 5321 section 3.4
  unverified: '252 2.0.0 Cannot VRFY user, but will accept message and attempt delivery', // RFC 5321 section 3.5.3
  unknown: '550 5.1.1 <{rcpt}>: Recipient address rejected: User unknown in virtual mailbox table',
  full: '552 5.2.2 <{rcpt}>: Recipient address rejected: Mailbox is full',
  full_for_now: '452 4.2.2 <{rcpt}>: Recipient address rejected: Mailbox over quota',
  disabled: '550 5.2.1 <{rcpt}>: Recipient address rejected: This mailbox has been disabled',
  disabled_for_now: '450 4.2.1 <{rcpt}>: Recipient address rejected: Account temporarily disabled',
  greylisted: '450 4.2.0 <{rcpt}>: Recipient address rejected: Greylisted, please try again later',
  tempfail: '451 4.3.0 <{rcpt}>: Temporary lookup failure',
  rate_limited: '450 4.7.1 <{rcpt}>: Recipient address rejected: Too many requests, slow down',
  blocked: '554 5.7.1 Service unavailable; Client host [{client}] blocked using zen.blocklist.test',
  sender_rejected: '550 5.1.8 <{sender}>: Sender address rejected: Domain not found',
  content_rejected: '554 5.6.0 <{rcpt}>: Message content rejected as spam',
  relay_denied: '554 5.7.1 <{rcpt}>: Relay access denied',
};

/** One row per server: what it says other than Postfix does. */
const OTHER_WORDS: Readonly<Record<Exclude<Wording, 'postfix'>, Partial<Words>>> = {
  // Exim 4.96 with Debian's default ACLs: no enhanced codes.
  exim: {
    ok: '250 Accepted',
    unknown: '550 Unrouteable address',
    full: '552 <{rcpt}> mailbox is over quota',
    disabled: '550 <{rcpt}> account is suspended',
    greylisted: '451 Temporarily rejected, greylisting in action, try again later',
    tempfail: '451 Temporary local problem - please try later',
    blocked: '550 Administrative prohibition',
    sender_rejected: '550-Verification failed for <{sender}>\n550-No Such User Here\n550 Sender verify failed',
    relay_denied: '550 relay not permitted',
  },
  // sendmail 8.17 (cf/README, sendmail/srvrsmtp.c).
  sendmail: {
    ok: '250 2.1.5 <{rcpt}>... Recipient ok',
    unknown: '550 5.1.1 <{rcpt}>... User unknown',
    full: '552 5.2.2 <{rcpt}>... Mailbox full',
    tempfail: '451 4.3.0 <{rcpt}>... Temporary failure',
    blocked: '550 5.7.1 <{rcpt}>... Access denied',
    relay_denied: '550 5.7.1 <{rcpt}>... Relaying denied',
  },
  // OpenSMTPD 7.3 (usr.sbin/smtpd/smtp_session.c).
  opensmtpd: {
    ok: '250 2.1.5 Destination address valid: Recipient ok',
    unknown: '550 Invalid recipient: <{rcpt}>',
    tempfail: '421 4.3.0 Temporary Error',
    relay_denied: '550 Invalid recipient: <{rcpt}>',
  },
  // Gmail as documented at support.google.com/a/answer/3726730.
  google: {
    ok: '250 2.1.5 OK d9443c01a7336-sandbox - gsmtp',
    unknown:
      "550-5.1.1 The email account that you tried to reach does not exist. Please try\n550-5.1.1 double-checking the recipient's email address for typos or\n550 5.1.1 unnecessary spaces. For more information, go to NoSuchUser d9443c01a7336-sandbox - gsmtp",
    full: "552-5.2.2 The recipient's inbox is out of storage space and inactive. Please direct\n552 5.2.2 the recipient to OverQuotaPerm d9443c01a7336-sandbox - gsmtp",
    full_for_now:
      "452-4.2.2 The recipient's inbox is out of storage space. Please direct the\n452 4.2.2 recipient to OverQuotaTemp d9443c01a7336-sandbox - gsmtp",
    disabled:
      '550 5.2.1 The email account that you tried to reach is inactive. DisabledUser d9443c01a7336-sandbox - gsmtp',
    rate_limited:
      '450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages from being delivered. ReceivingRate d9443c01a7336-sandbox - gsmtp',
  },
  // Exchange Online (learn.microsoft.com, "NDR error codes"); 5.4.1 is its directory-based edge blocking.
  microsoft: {
    ok: '250 2.1.5 Recipient OK',
    unknown: '550 5.4.1 Recipient address rejected: Access denied. [SANDBOX.prod.outlook.test]',
    full: "552 5.2.2 STOREDRV.Deliver; mailbox full. The recipient's mailbox is full",
    disabled: '550 5.2.1 Mailbox disabled, not accepting messages',
    rate_limited: '451 4.7.500 Server busy. Please try again later from [{client}]. (S77719)',
    blocked: '550 5.7.606 Access denied, banned sending IP [{client}]',
    relay_denied: '550 5.7.64 TenantAttribution; Relay Access Denied [SANDBOX.prod.outlook.test]',
  },
  // Outlook.com, Hotmail, Live: consumer mailboxes.
  outlook: {
    ok: '250 2.1.5 Recipient OK',
    unknown: '550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302).',
    full: '552 5.2.2 Mailbox full',
    rate_limited: '451 4.7.650 The mail server [{client}] has been temporarily rate limited due to IP reputation.',
  },
  // Yahoo (senders.yahooinc.com/smtp-error-codes).
  yahoo: {
    ok: '250 recipient <{rcpt}> ok',
    unknown: '552 1 Requested mail action aborted, mailbox not found',
    disabled: "554 delivery error: dd This user doesn't have a yahoo.com account ({rcpt}) [-5]",
    rate_limited: '421 4.7.0 [TSS04] Messages from {client} temporarily deferred due to unexpected volume',
  },
};

/** The complete reply, lines separated by "\n", placeholders still in it. */
export function wordsFor(wording: Wording, fate: FateName): string {
  const own = wording === 'postfix' ? undefined : OTHER_WORDS[wording][fate];
  return own ?? POSTFIX[fate];
}

export interface Placeholders {
  readonly rcpt: string;
  readonly sender: string;
  readonly host: string;
  readonly client: string;
}

export function fillIn(text: string, values: Placeholders): string {
  if (!text.includes('{')) return text;
  return text.replace(/\{(rcpt|sender|host|client)\}/g, (_, name: keyof Placeholders) => values[name]);
}
