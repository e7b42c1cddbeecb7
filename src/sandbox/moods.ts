// Behaviours of real, strict, tired, broken and hostile mail hosts, ready to be laid over a host of any world.
import type { Behaviour, Limits, Mood, SayAct } from './world.ts';

/**
 * One row per mood; the key says what is seen from outside. Servers' figures are their documented defaults:
 * postconf(5) and postscreen(8) for Postfix, spec.txt chapter 14 for Exim, smtpd(8) for OpenSMTPD.
 */
export const MOODS = {
  plain: {},

  // Catch-all in its shades.
  catchAll: { accepts: 'anything' },
  pickyCatchAll: { accepts: 'human_names' },
  acceptsAllAfterTwoRefusals: { acceptsAfterRefusals: 2 },

  // Policy against us: the same words for everybody.
  blockedAtBanner: { at: { banner: { say: '554 5.7.1 {host} no mail from [{client}], see the blocklist' } } },
  retiredHost: { at: { banner: { say: '521 5.3.2 {host} does not accept mail' } } }, // RFC 7504
  blockedAtEhlo: at('ehlo', '550 5.7.1 Access denied, HELO name rejected'),
  blockedAtMail: at('mail', '550 5.7.1 Client host rejected: cannot find your reverse hostname, [{client}]'),
  blockedAtRcpt: at('rcpt', '554 5.7.1 Service unavailable; Client host [{client}] blocked using zen.blocklist.test'),
  poorReputation: at('rcpt', '550 5.7.1 Message refused: your IP has a poor reputation'),
  senderRejected: at('mail', '550 5.1.8 Sender address rejected: Domain not found'),
  senderRejectedAtRcpt: at('rcpt', '550 5.1.8 <{sender}>: Sender address rejected: Domain not found'),
  calloutFailed: at('rcpt', '550-Verification failed for <{sender}>\n550-No Such User Here\n550 Sender verify failed'),
  relayDenied: at('rcpt', '554 5.7.1 <{rcpt}>: Relay access denied'),
  contentRejected: at('rcpt', '554 5.6.0 Message content rejected as spam'),
  oneRefusalForAll: at('rcpt', '550 Requested action not taken'),

  // Greylists and limits.
  greylisting: { greylist: { waitMs: 300_000 } }, // postgrey(8) --delay
  quickGreylisting: greylist(60_000, '450 4.2.0 Greylisted, please try again in 60 seconds'),
  rateLimited: at('rcpt', '450 4.7.1 Too many requests from [{client}], slow down'),
  busyAtBanner: { at: { banner: closing('421 4.3.2 {host} All server ports are busy') } },
  busyOnceAtBanner: once({ at: { banner: closing('421 4.3.2 {host} try again later') } }),
  postscreenDeepTests: once(at('rcpt', '450 4.3.2 Service currently unavailable')),
  dropsAfterTwentyCommands: limits({ commands: 20 }),
  eightRecipientsASession: limits({ recipientsPerSession: 8 }),
  tenRecipientsATransaction: limits({ recipients: 10 }),
  oneRecipientATransaction: limits({
    recipients: 1,
    tooManySays: '452 4.5.3 Too many recipients; recipients in multiple regions',
  }),
  oneDomainATransaction: limits({ oneDomain: true }),
  postfixErrorLimits: limits({ softErrors: 10, hardErrors: 20 }),
  postfixUnderStress: limits({ softErrors: 1, hardErrors: 1 }),
  eximNonmailLimit: limits({ nonmail: 10, punishesEarlyTalk: 'exim' }),
  defersAllAfterThreeRefusals: { defersAfterRefusals: 3 }, // Oracle Messaging, deferralrejectlimit

  // Early talkers are punished, or PIPELINING is not there at all.
  eximSync: { wording: 'exim', limits: { punishesEarlyTalk: 'exim' }, wire: { thinkMs: 5 } },
  postscreen: {
    at: { banner: { say: '220-{host} ESMTP Sandbox\n220 {host} ESMTP Sandbox', pauseMs: 200 } },
    limits: { punishesEarlyTalk: 'postscreen' },
  },
  noPipelining: {
    wording: 'opensmtpd',
    offers: { pipelining: false },
    limits: { punishesEarlyTalk: 'opensmtpd' },
    wire: { thinkMs: 2 },
  },

  // What EHLO offers.
  noEhlo: { offers: { ehlo: false } },
  bareEhlo: { offers: { bare: true, pipelining: false } },
  smtputf8: { offers: { smtputf8: true } },
  tlsOffered: { offers: { starttls: 'works' } },
  tlsRequired: { offers: { starttls: 'required' } },
  tlsBroken: { offers: { starttls: 'broken' } },
  tlsRequiredButBroken: { offers: { starttls: 'required_broken' } },
  tlsRefused: { offers: { starttls: 'refused' } },
  tlsInjection: { offers: { starttls: 'injects' } },

  // Slow, silent, gone.
  slow: { wire: { thinkMs: 1000 } },
  tarpit: { wire: { byteMs: 1000 } },
  tarpitOnErrors: limits({ softErrors: 1, softDelayMs: 1000 }),
  silentBanner: { at: { banner: 'silent' } },
  silentAtEhlo: { at: { ehlo: 'silent' } },
  silentAtRcpt: { at: { rcpt: 'silent' } },
  unfinishedReply: { at: { rcpt: { raw: '250-2.1.5 and then\r\n' } } },
  dropsAtBanner: { at: { banner: 'drop' } },
  dropsAtMail: { at: { mail: 'drop' } },
  dropsAtRcpt: { at: { rcpt: 'drop' } },
  resetsAtBanner: { at: { banner: 'reset' } },
  resetsAtRcpt: { at: { rcpt: 'reset' } },
  closesWithout221: { at: { quit: 'drop' } },
  neverSays221: { at: { quit: 'silent' } },
  busyAtRcpt: { at: { rcpt: closing('421 4.3.0 {host} closing transmission channel') } },

  // Odd but right.
  splitReplies: { wire: { splitAt: 2 } },
  byteByByte: { wire: { byteMs: 1 } },
  bareLineFeeds: { wire: { lineEnd: '\n' } },
  multilineBanner: {
    at: { banner: { say: '220-{host} ESMTP Sandbox\n220-We do not authorise\n220 the use of this host' } },
  },

  // Broken or hostile grammar.
  endlessLines: { at: { ehlo: { flood: '250-and one more\r\n', bytes: 8_000_000 } } },
  endlessLine: { at: { banner: { flood: '220 and on and on', bytes: 8_000_000 } } },
  mixedCodes: { at: { rcpt: { raw: '250-2.1.5 fine\r\n550 5.1.1 or not\r\n' } } },
  oddCodes: { at: { rcpt: { raw: '999 what a code\r\n' } } },
  shortCode: { at: { rcpt: { raw: '25 ok\r\n' } } },
  wordInsteadOfCode: { at: { rcpt: { raw: 'OK fine\r\n' } } },
  positiveButWrongCode: { at: { rcpt: { raw: '354 go ahead\r\n' } } },
  extraReply: { at: { mail: { raw: '250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n' } } },
  carriageReturnTricks: { at: { rcpt: { raw: '550 5.1.1 no\r250 2.1.5 Ok\r\n' } } },
  terminalEscapes: { at: { rcpt: { raw: '550 5.1.1 \x1b[2J\x1b]0;owned\x07No such user\x1b[31m\r\n' } } },
  formulaText: { at: { rcpt: { raw: '550 =HYPERLINK("http://evil.test","No such user")\r\n' } } },
  markupText: { at: { rcpt: { raw: '550 5.1.1 <script>alert(1)</script> "No", such, user\r\n' } } },
  bidiText: { at: { rcpt: { say: '550 5.1.1 \u202eresu hcus oN\u202c \u2066\u200bNo such user' } } },
  binaryText: { at: { rcpt: { raw: '550 5.1.1 \x00\xff\xfe\x80\x81 No such user\r\n' } } },
} as const satisfies Readonly<Record<string, Mood>>;

function at(step: 'ehlo' | 'mail' | 'rcpt', say: string): Behaviour {
  return { at: { [step]: { say } } };
}

function closing(say: string): SayAct {
  return { say, close: true };
}

function limits(values: Limits): Behaviour {
  return { limits: values };
}

function greylist(waitMs: number, says: string): Behaviour {
  return { greylist: { waitMs, says } };
}

/** For the first connection only. */
function once(first: Behaviour): Mood {
  return { variants: { list: [first], afterwards: 'base' } };
}
