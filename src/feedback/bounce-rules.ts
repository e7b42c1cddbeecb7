// What only bounces say: words of the reporting host itself, and finer shades of what the quoted replies mean.
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

/** Read before any quoted reply; first match wins. */
export const REPORT_RULES: readonly BounceRule[] = [
  {
    id: 'relay-suppression-list',
    words: /(?:on|in) (?:the |our |your )?(?:\w{1,20} ){0,3}suppression list|suppressed (?:address|recipient)/,
    reason: 'relay_suppressed',
    source: 'Amazon SES, SendGrid, Mailgun',
    sample: 'Amazon SES has suppressed sending: the address is on the suppression list for your account',
  },
  {
    id: 'mail-loop-code',
    enhanced: /^[45]\.4\.6$/,
    reason: 'mail_loop',
    source: 'RFC 3463 section 3.5',
    sample: '554 5.4.6 Too many hops',
  },
  {
    id: 'mail-loop',
    words:
      /too many hops|hop count exceeded|mail (?:delivery )?loop|loops? back to (?:my)?self|routing loop|duplicated message-id|maximum allowed times/,
    reason: 'mail_loop',
    source: 'sendmail, Postfix, Exchange, fml',
    sample: 'mail for example.test loops back to myself',
  },
  {
    id: 'au-account-closed',
    words: /the user\(s\) account is (?:disabled|temporarily limited)/,
    reason: 'mailbox_disabled',
    source: 'au (KDDI), above a reply that says "user unknown"',
    sample: 'The user(s) account is disabled. 550 user unknown',
  },
  {
    id: 'symantec-542',
    words: /\b542 [^ ]{1,400} rejected/,
    reason: 'mailbox_not_found',
    source: 'Symantec Email Security.cloud: the address is not registered there',
    sample: '542 someone@example.test Rejected',
  },
  {
    id: 'yahoo-no-account',
    words: /delivery error: dd this user doesn't have an? \S{1,80} account/,
    reason: 'mailbox_not_found',
    source: 'Yahoo, which says so only behind DATA',
    sample: "554 delivery error: dd This user doesn't have a yahoo.com account (someone@yahoo.test) [0]",
  },
  {
    id: 'null-mx',
    words:
      /null mx|(?:does ?n[o']t|does not) (?:accept|receive|take) (?:any )?e?-?mail|indicated no smtp service|mail exchanger or ip address|type=mx: malformed|takes no mail|seems? to reject all mails?/,
    unless: /\bfrom (?:your|this|the) (?:ip|host|address|sender|network)/,
    reason: 'no_mail_service',
    source: 'RFC 7505 as said by Exim, Gmail, Oracle, qmail, old Postfix',
    sample: 'an MX or SRV record indicated no SMTP service',
  },
  {
    id: 'dns-trouble',
    words:
      /(?:name service|dns|name server)\b.{0,80}(?:try again|lookup fail|query fail|error|timed? ?out|failure)|(?:host|name|domain)(?: name)? lookup (?:failure|failed)|temporary (?:dns|name|lookup)/,
    unless: /no such (?:domain|host)|host unknown|\bnot found(?!, try)|nxdomain|no data known/,
    only: 'own',
    reason: 'dns_failure',
    source: 'Postfix, sendmail, Microsoft 365',
    sample: 'Name service error for domain example.test: Host not found, try again',
  },
  {
    id: 'domain-unknown',
    words:
      /host (?:or domain )?(?:name )?(?:unknown|not found)|unknown host|domain (?:name )?(?:does(?: not|n't|nt) exist|not found|is not reachable|unknown)|invalid domain name|answer with no data|lookups failed permanently|nonexistentdomain|no such (?:host|domain)|unrout(?:e)?able (?:mail )?(?:domain|address)|code nxdomain|dns lookup failure: host|non-?existent (?:host|domain)|couldn't find any host/,
    unless:
      /(?:not found|failed|failure|error)[,;:.] {0,2}(?:please )?try again|sender|mail from|unresolvable|originat/,
    reason: 'domain_not_found',
    source: 'sendmail, Exim, Postfix, DragonFly, OpenSMTPD, Gmail, Outlook.com',
    sample: '550 5.1.2 <someone@example.test>... Host unknown (Name server: example.test: host not found)',
  },
  {
    id: 'domain-unknown-code',
    enhanced: /^5\.(?:1\.2|4\.4)$/,
    only: 'own',
    reason: 'domain_not_found',
    source: 'RFC 3463 sections 3.2 and 3.5, by the reporting host itself',
    sample: 'Sorry, I could not route this (#5.4.4)',
  },
  {
    id: 'local-program',
    words: /command output:|pipe to \||unknown mailer error|mailer error|local configuration error|procmail|\bx-unix\b/,
    unless: /quota|disk full|no space left|mailbox (?:is )?full/,
    reason: 'mailer_error',
    source: 'Postfix pipe(8), Exim pipe transport, sendmail',
    sample: 'Command died with status 75. Command output: procmail: cannot write',
  },
  {
    id: 'local-quota',
    words:
      /quota exceeded|over quota|exceed(?:s|ed) (?:\w{1,12} ){0,3}quota|not enough (?:disk )?space|mailbox exceeds/,
    only: 'own',
    reason: 'mailbox_full',
    source: 'local delivery agents',
    sample: 'can not write: Disk quota exceeded',
  },
  {
    id: 'connection-timed-out',
    words:
      /connection timed ?out|timed out (?:while|during)|operation timed out|did not accept our requests to connect|unable to connect successfully/,
    only: 'own',
    reason: 'connect_failed',
    sisimai: 'expired',
    source: 'Postfix, sendmail, Gmail, Outlook.com',
    sample: 'connect to mx.example.test[192.0.2.1]:25: Connection timed out',
  },
  {
    id: 'too-long-in-queue',
    words:
      /retry time(?:out)? (?:exceeded|not reached)|(?:message|envelope|queue|delivery) (?:time )?expired|could not (?:be )?deliver(?:ed)? for|giving up|in the queue too long|delivery failed \d{1,3} attempts|unable to deliver this message after|aborted after|still undelivered after|no longer be retried|cannot send message for|is delayed for more/,
    unless: /\bgiving up on \d|expired,? (?:\w{1,20} ){0,3}dns|network error/,
    only: 'own',
    reason: 'expired',
    source: 'Exim, qmail, sendmail, OpenSMTPD, DragonFly, IMail, Oracle',
    sample: 'retry timeout exceeded',
  },
  {
    id: 'network',
    words:
      /connection (?:refused|reset|dropped|closed|lost)|lost connection|network (?:is )?unreachable|network error|no route to host|socket error|couldn't connect|unable to connect|failed to connect|wasn't able to establish an smtp connection/,
    only: 'own',
    reason: 'connect_failed',
    source: 'Postfix, sendmail, qmail, OpenSMTPD, Gmail',
    sample: 'lost connection with mx.example.test[192.0.2.1] while performing the HELO handshake',
  },
  {
    id: 'address-not-found',
    words:
      /wasn't delivered to .{1,400} because the address couldn't be found|not listed in (?:the )?(?:domino|public|name)|dans l'annuaire domino|en el directorio (?:de )?domino|domino-?verzeichnis|domino ?ディレクトリには見つかりません|\(000c05a6\)|recipient name is not recogni[sz]ed|no such (?:local )?(?:user|mailbox) (?:here|on this)|e-?mail address was not found in|unknown (?:local )?user: /,
    only: 'own',
    reason: 'mailbox_not_found',
    source: 'Gmail, Domino, Exchange, IMail, saying so themselves',
    sample: 'User Some One (someone@example.test) not listed in Domino Directory',
  },
  {
    id: 'interscan-check-address',
    words: /unable to deliver message to .{1,400}please check if address is correct/,
    only: 'own',
    reason: 'mailbox_not_found',
    source: 'Trend Micro InterScan Messaging Security Suite',
    sample:
      'Unable to deliver message to <a@example.test> (and other recipients …). Please check if address is correct.',
  },
  {
    id: 'google-group',
    words: /google group|groups\.google\.com/,
    only: 'own',
    reason: 'policy',
    sisimai: 'rejected',
    source: 'Google Groups: the group may not exist, or may be closed to us',
    sample: 'the group you tried to contact may not exist, or you may not have permission to post. Google Groups',
  },
];

/** A finer word for what a reply was found to mean, by its `meaningOf`; first match wins. */
export const SHADES: readonly (BounceRule & { readonly meanings: readonly string[] })[] = [
  {
    id: 'virus',
    meanings: ['blocked', 'content_rejected'],
    words: /virus|malware|infected/,
    reason: 'virus',
    source: 'content filters',
    sample: '550 Virus Detected; Content Rejected',
  },
  {
    id: 'size-limit-code',
    meanings: ['content_rejected', 'blocked'],
    enhanced: /^[45]\.2\.3$/,
    reason: 'too_large',
    sisimai: 'exceedlimit',
    source: 'RFC 3463 section 3.3',
    sample: '552 5.2.3 Message length exceeds administrative limit',
  },
  {
    id: 'too-large',
    meanings: ['blocked', 'content_rejected'],
    words:
      /(?:message|mail) (?:file )?(?:is )?(?:too (?:big|large)|size exceed|length exceed)|size limit|exceeds (?:\w{1,12} ){0,3}(?:size|limit)/,
    reason: 'too_large',
    source: 'RFC 1870',
    sample: '552 5.2.3 Message size exceeds fixed maximum message size',
  },
  {
    id: 'reverse-dns',
    meanings: ['blocked'],
    words: /reverse dns|\bptr\b|cannot find your (?:reverse )?hostname|mismatches client ip|rdns/,
    reason: 'no_reverse_dns',
    source: 'RFC 7372 (x.7.25), many hosts in words',
    sample: '554 5.7.1 Reverse DNS lookup for host 192.0.2.1 failed permanently.',
  },
  {
    id: 'reverse-dns-code',
    meanings: ['blocked'],
    enhanced: /^[45]\.7\.25$/,
    reason: 'no_reverse_dns',
    source: 'RFC 7372',
    sample: '550 5.7.25 Reverse DNS validation failed',
  },
  {
    id: 'authentication',
    meanings: ['blocked', 'sender_rejected', 'content_rejected'],
    words: /\b(?:spf|dkim|dmarc)\b|unauthenticated (?:e-?)?mail|authentication (?:information|checks)/,
    reason: 'authentication_failed',
    source: 'RFC 7372 (x.7.20 to x.7.26), Gmail, QQ',
    sample: '550 5.7.26 Unauthenticated email is not accepted due to DMARC policy',
  },
  {
    id: 'reputation',
    meanings: ['blocked', 'rate_limited', 'temporary'],
    words: /reputation|user complaints/,
    reason: 'poor_reputation',
    source: 'Gmail, Yahoo',
    sample: '550 5.7.1 very low reputation of the sending IP',
  },
  {
    id: 'spam',
    meanings: ['blocked', 'content_rejected'],
    words: /\bspam|\bube\b|unsolicited|content rejected|blacklisted url/,
    unless: /spamhaus|spamcop|blocked using|client host/,
    reason: 'spam',
    source: 'content filters',
    sample: '554 5.7.0 Reject, id=12345 - SPAM',
  },
  {
    id: 'policy',
    meanings: ['blocked', 'content_rejected'],
    words: /\bpolic(?:y|ies)\b|security issue|guidelines/,
    reason: 'policy',
    source: 'many hosts',
    sample: '554 5.7.9 Message not accepted for policy reasons',
  },
  {
    id: 'standards',
    meanings: ['blocked', 'content_rejected', 'protocol_error'],
    words: /rfc ?\d{3,4}|(?:multiple|duplicate) [a-z0-9 .]{0,20}(?:addresses in from|header)|\bheader error/,
    reason: 'not_rfc_compliant',
    source: 'Gmail, amavis',
    sample: '550 5.7.1 Messages with multiple addresses in From: header are not accepted',
  },
  {
    id: 'recipient-preferences',
    meanings: ['blocked', 'mailbox_not_found'],
    words: /recipient preferences|recipient's (?:filter|preferences)|domain filter/,
    reason: 'recipient_refused',
    source: 'Facebook, au',
    sample: '550 5.1.1 Refused due to recipient preferences',
  },
  {
    id: 'access-denied',
    meanings: ['blocked'],
    words: /access denied|not authori[sz]ed|unauthenticated senders|authentication required|security/,
    unless: /banned|client host|blocked/,
    reason: 'blocked',
    sisimai: 'securityerror',
    source: 'sisimai files these apart',
    sample: '550 5.7.1 Access denied',
  },
  {
    id: 'null-mx-reply',
    meanings: ['domain_not_accepted'],
    replyRules: ['null-mx-words', 'code-556'],
    reason: 'no_mail_service',
    source: 'RFC 7504, RFC 7505',
    sample: '556 5.1.10 Recipient address has null MX',
  },
  {
    id: 'domain-unknown-reply',
    meanings: ['domain_not_accepted'],
    replyRules: ['enhanced-5.1.2'],
    reason: 'domain_not_found',
    source: 'RFC 3463 section 3.2',
    sample: '550 5.1.2',
  },
  {
    id: 'apple-inactive',
    meanings: ['mailbox_disabled'],
    words: /inactive email address/,
    enhanced: /^5\.1\.1$/,
    reason: 'mailbox_not_found',
    source: 'iCloud Mail: 5.1.1 with these words for names that are gone',
    sample: '550 5.1.1 <someone@icloud.test>: inactive email address',
  },
  {
    id: 'moved',
    meanings: ['mailbox_not_found'],
    enhanced: /^[45]\.1\.6$/,
    reason: 'mailbox_not_found',
    sisimai: 'hasmoved',
    source: 'RFC 3463 section 3.2',
    sample: '551 5.1.6 recipient no longer on server',
  },
];
