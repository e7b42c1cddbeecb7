// Says in plain words what each reason means for the person who owns the list, and what to do with such addresses.
import type { Reason, Status } from '../verdict.ts';

export interface ReasonWords {
  /** A few words that could head a table row. */
  readonly title: string;
  /** One sentence: what happened. */
  readonly means: string;
  /** One sentence: what to do with such an address. */
  readonly todo: string;
}

/** The same facts as the table of reasons in README.md, for people who have never heard of SMTP. */
export const REASON_WORDS: Readonly<Record<Reason, ReasonWords>> = {
  accepted: {
    title: 'The mailbox exists',
    means: 'The mail server takes mail for this address, and refuses names that nobody has.',
    todo: 'Mail it.',
  },
  accepts_anything: {
    title: 'The domain takes any name',
    means: 'The mail server says yes to every name, also to made-up ones, so its yes proves nothing.',
    todo: 'Mail with care, and drop what bounces.',
  },
  syntax: {
    title: 'Not an e-mail address',
    means: 'What stands there cannot be an address.',
    todo: 'Take the suggestion where there is one; else remove it.',
  },
  reserved_domain: {
    title: 'A domain for examples only',
    means: 'The domain is set aside for examples or private networks and can never take mail.',
    todo: 'Remove it.',
  },
  domain_not_found: {
    title: 'The domain does not exist',
    means: 'No such domain is registered, or it has expired.',
    todo: 'Take the suggestion where there is one; else remove it.',
  },
  no_mail_service: {
    title: 'The domain takes no mail',
    means: 'The domain exists, but has no mail server that anybody could reach.',
    todo: 'Remove it.',
  },
  mailbox_not_found: {
    title: 'No such mailbox',
    means: 'The mail server says plainly that it does not know this name.',
    todo: 'Remove it.',
  },
  mailbox_full: {
    title: 'The mailbox is full',
    means: 'The mail server refuses for good because the mailbox is full. Many full mailboxes are abandoned.',
    todo: 'Leave it out now; ask again in a few weeks.',
  },
  mailbox_disabled: {
    title: 'The mailbox is closed',
    means: 'The mailbox was closed, suspended, or takes no mail any more.',
    todo: 'Remove it.',
  },
  bounced: {
    title: 'It bounced before',
    means: 'Your own records hold a hard bounce of this address, so nobody was asked.',
    todo: 'Remove it.',
  },
  greylisted: {
    title: 'Asked to come back later',
    means: 'The mail server makes every stranger wait before it answers (greylisting). It does so to everybody.',
    todo: 'Run the same command again once the wait is over.',
  },
  rate_limited: {
    title: 'The server wants fewer questions',
    means: 'The mail server found that too much was asked in too short a time.',
    todo: 'Run again later, more slowly: --rate 30/m or --per-provider 2.',
  },
  blocked: {
    title: 'The server refuses this machine',
    means: 'The refusal is about the machine that asked, or does not say that it means the mailbox.',
    todo: 'It says nothing about the address: keep it, and ask from a machine with a good name.',
  },
  sender_rejected: {
    title: 'The server refuses the sender',
    means: 'The mail server does not like the sender address that was given, and said nothing of the recipient.',
    todo: 'Ask again with --from and an address of yours that exists.',
  },
  temporary_failure: {
    title: 'The server has trouble of its own',
    means: 'The mail server could not answer for the moment, or the mailbox is full for now.',
    todo: 'Run the same command again later.',
  },
  content_rejected: {
    title: 'Refused as if for its content',
    means: 'The mail server refused as though it disliked a message, but none was sent.',
    todo: 'Run again later; if it stays so, treat it as unclear.',
  },
  domain_not_accepted: {
    title: 'The server does not serve this domain',
    means: 'DNS names a mail server that says it takes no mail for this domain: one of the two is wrong.',
    todo: 'Ask again in some days; only the owner of the domain can put it right.',
  },
  connect_failed: {
    title: 'No mail server could be reached',
    means: 'No mail server of the domain could be reached, or it hung up.',
    todo: 'Run again later.',
  },
  timeout: {
    title: 'The server did not answer in time',
    means: 'A mail server was reached and then stayed silent for too long.',
    todo: 'Run again later, with a longer --command-timeout.',
  },
  tls_failed: {
    title: 'Encryption failed',
    means: 'The mail server insists on encryption, and then the encryption did not work.',
    todo: 'Run again later; only the owner of the server can put it right.',
  },
  protocol_error: {
    title: 'The server talks nonsense',
    means: 'The mail server broke the rules of mail, so nothing it says can be believed.',
    todo: 'Treat it as unclear.',
  },
  dns_failure: {
    title: 'The domain could not be looked up',
    means: 'The name servers of the domain, or the one you use, did not answer.',
    todo: 'Run again later, or name another resolver with --dns.',
  },
  mx_unusable: {
    title: 'Mail servers out of reach from here',
    means: 'The mail servers have only private addresses, or IPv6 addresses that this machine cannot reach.',
    todo: 'Run inside that network with --allow-private, or from a machine with IPv6.',
  },
  smtputf8_needed: {
    title: 'Letters the server does not take',
    means: 'The address has letters such as ö or é before the @, and its mail server takes no such addresses.',
    todo: 'Your own mail would fail as well: ask the person for another address.',
  },
  catchall_untested: {
    title: 'Accepted, but not proven',
    means: 'The mail server said yes, but gave no clear answer about a made-up name, so its yes may prove nothing.',
    todo: 'Likely good: mail with care.',
  },
  provider_unverifiable: {
    title: 'The provider says yes to everybody',
    means: 'This provider accepts every name at first and refuses bad ones only after the mail was sent.',
    todo: 'Mail with care, and drop what bounces.',
  },
  inconsistent: {
    title: 'The server contradicts itself',
    means: 'It said different things when asked twice, or it takes a made-up name and yet refuses this one.',
    todo: 'Treat it as unclear.',
  },
  suppressed: {
    title: 'On your do-not-mail list',
    means: 'Your own records say never to mail it: a complaint, an unsubscribe, or your word. Nobody was asked.',
    todo: 'Leave it out.',
  },
  not_checked: {
    title: 'Not asked yet',
    means: 'Nobody was asked about it: the run was told not to ask, or its time was over.',
    todo: 'Run the same command again without that limit.',
  },
};

/** What each status means to somebody who wants to send mail. */
export const STATUS_WORDS: Readonly<Record<Status, { readonly title: string; readonly means: string }>> = {
  valid: { title: 'can be mailed', means: 'The mailbox exists.' },
  invalid: { title: 'do not mail', means: 'The mail would come back.' },
  catchall: { title: 'mail with care', means: 'The domain takes any name: it may come back later.' },
  unknown: { title: 'unclear', means: 'Nobody could tell yet. Do not delete these.' },
};
