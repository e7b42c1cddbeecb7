// What reports say in words of their own: facts about the address, the host or the way that no reply told.
import type { BounceRule } from './bounce-rule.ts';

/** Read before any quoted reply; first match wins. */
export const REPORT_RULES: readonly BounceRule[] = [
  {
    id: 'relay-suppression-list',
    words:
      /(?:on|in) (?:the |our |your )?(?:\w{1,20} ){0,3}suppression list|suppressed (?:address|recipient)|has suppressed sending to/,
    reason: 'relay_suppressed',
    source: 'Amazon SES, SendGrid, Mailgun',
    sample: 'Amazon SES has suppressed sending: the address is on the suppression list for your account',
  },
  {
    id: 'spam-profile',
    words: /matches a profile the internet community may consider spam/,
    reason: 'spam',
    source: 'filters that quote our subject, whatever it says',
    sample:
      '554 5.7.1 The message with the subject of (user unknown) matches a profile the Internet community may consider spam',
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
    words: /delivery error: dd (?:this user doesn't have an? \S{1,80} account|not a valid recipient)/,
    reason: 'mailbox_not_found',
    source: 'Yahoo, which says so only behind DATA',
    sample: "554 delivery error: dd This user doesn't have a yahoo.com account (someone@yahoo.test) [0]",
  },
  {
    id: 'verizon-invalid-user',
    words: /error: invalid user address.{1,1000}rcpt to: \S{1,64}@(?:vtext|vzwpix)\.com\b/,
    reason: 'mailbox_not_found',
    source: 'Verizon (vtext.com, vzwpix.com): no subscriber has the number',
    sample:
      'Error: Invalid user address. 550 - Requested action not taken: no such user here. RCPT TO: 5550100@vtext.com',
  },
  {
    id: 'null-mx',
    words:
      /null ?mx|(?:does ?n[o']t|does not) (?:accept|receive|take) (?:any )?e?-?mail\b(?! (?:from|sent|with|without|that|which|unless|if|for|to|in|at|via|over)\b)|indicated no smtp service|mail exchanger or ip address|type=mx: malformed|seems? to reject all mails?/,
    unless:
      /\b(?:sender|user|mailbox|recipient|account|group|list|person|addressee|address|customer)s? (?:\w{1,20} ){0,2}does ?n[o']?t (?:accept|receive|take)|mail from|return address/,
    reason: 'no_mail_service',
    source: 'RFC 7505 as said by Exim, Gmail, Oracle, qmail, OpenSMTPD, old Postfix',
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
      /host (?:or domain )?(?:name )?(?:unknown|not found)|unknown host|domain (?:name )?(?:does(?: not|n't|nt) exist|not found|is not reachable|unknown)|invalid domain name|answer with no data|lookups failed permanently|nonexistentdomain|no such (?:host|domain)|domain must exist|mentioned in e-?mail address is unknown|unknown domain name|name or service not known|unrout(?:e)?able (?:mail )?(?:domain|address)|code nxdomain|dns lookup failure: host|non-?existent (?:host|domain)|couldn't find any host/,
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
    words:
      /command output:|pipe to \||child process of \S{1,60} transport|unknown mailer error|mailer error|local configuration error|procmail|\bx-unix\b/,
    unless: /quota|disk full|no space left|mailbox (?:is )?full/,
    reason: 'mailer_error',
    source: 'Postfix pipe(8), Exim pipe transport, sendmail',
    sample: 'Command died with status 75. Command output: procmail: cannot write',
  },
  {
    id: 'local-quota',
    words:
      /quota exceeded|over quota|exceed(?:s|ed) (?:\w{1,12} ){0,3}quota|not enough (?:disk )?space|mailbox exceeds|mailbox (?:is )?full/,
    only: 'own',
    reason: 'mailbox_full',
    source: 'local delivery agents',
    sample: 'can not write: Disk quota exceeded',
  },
  {
    id: 'microsoft-no-dns',
    enhanced: /^[45]\.4\.312$/,
    reason: 'dns_failure',
    source: 'Microsoft 365, which quotes its own words as a reply',
    sample: '550 4.4.312 DNS query failed',
  },
  {
    id: 'microsoft-no-connection',
    enhanced: /^[45]\.4\.31[5-8]$/,
    reason: 'connect_failed',
    source: 'Microsoft 365, which quotes its own words as a reply',
    sample: '550 4.4.316 Connection refused [Message=Socket error code 10061]',
  },
  {
    id: 'no-encryption',
    words:
      /\btls is required|server certificate (?:is )?not (?:trusted|verified)|cannot start tls|\btls (?:connect|handshake|negotiation) (?:failed|failure|error)|must issue an? starttls/,
    reason: 'tls_failed',
    source: 'Postfix (smtp_proto.c, smtp_tls_policy), sendmail, netqmail',
    sample: 'Server certificate not trusted',
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
