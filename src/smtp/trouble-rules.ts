// Replies about the state of the host itself, and about commands it did not understand.
import type { ReplyRule } from './rule.ts';
import { SHORT_GAP, words } from './word-families.ts';

/** Read first of all: what another host said inside a 4xx is hearsay, whatever it says. */
export const VERIFICATION_RULES: readonly ReplyRule[] = [
  {
    id: 'verification-pending',
    class: '4',
    words: words`
      unverified address|address verification|verification in progress
      recipient (?:address )?(?:verify|verification|callout)
      (?:verify|verification|callout) (?:of )?(?:the )?recipient
    `,
    unless: /gr[ea]y-?list/,
    meaning: 'temporary',
    why: 'The host is still asking the next host about the recipient; words quoted from there decide nothing.',
    source: 'Postfix reject_unverified_recipient, Exim verify = recipient/callout',
    sample: '450 4.1.1 <a@b.test>: Recipient address rejected: unverified address: Address verification in progress',
  },
];

export const TROUBLE_RULES: readonly ReplyRule[] = [
  {
    id: 'lookup-failed-words',
    words: words`
      (?:lookup|look-up|query|resolution)(?: of \w{1,20})? (?:fail|error|timed|timeout)
      (?:director\w{1,3}|ldap|database|backend|server|service|system|resource|dns|name ?server|downstream|upstream
        |host)\b${SHORT_GAP}\b(?:is |are )?(?:down\b|unavailable|unreachable|not (?:currently )?(?:available
        |responding|reachable)|temporar|failure|error|timed? ?out|did not respond|indisponib|disponib)
      (?:temporar|transient)\w{0,3}\b|vorubergehend|voruebergehend|momentan|temporairement|temporalmente
      temporaneamente|tijdelijk|tymczasow|tillfallig|midlertidig|docasne|gecici|временн|тимчасов|暂时|暫時|系统繁忙
      一時的|일시적
    `,
    unless: words`
      (?:disabled|inactive|suspended|deactivated) |user unknown|no such user|black-?list
      blocked (?:using|from|by)|client blocked|banned|policy reasons|unavailable, (?:helo|client)
    `,
    meaning: 'temporary',
    why: 'The host is in trouble of its own; asked later it may answer.',
    source: 'RFC 3463 x.3.x and x.4.x, RFC 5321 (421, 451)',
    sample: '550 unable to verify recipient, directory service is down',
  },
];

/** Read after the words about a mailbox: "no such user, please check and try again" is still no such user. */
export const LATER_RULES: readonly ReplyRule[] = [
  {
    id: 'server-trouble-words',
    words: words`
      (?:internal|system|local|unexpected|unknown|mailer|general|fatal|processing|software|i\/o|disk|write|read
        |queue|storage|protocol error in lmtp|lmtp)\b(?: \w{1,15})? (?:error|failure|problem|fault|exception)
      (?:configuration|config|setup) (?:error|problem|failure)|misconfigur|server configuration
      error in processing|\bloops? back|mail loop|forwarding loop|routing loop|loop detect|\bloop(?:ing|s)?\b
      too many hops|hop count|too many received|out of memory|no space left
      (?:disk|system|file ?system|spool|queue) (?:is )?full
      insufficient (?:system|disk) (?:storage|resources|space)|system (?:storage|resources)
      connection (?:refused|reset|timed|closed|lost|dropped|failed)|could not connect
      (?:unable|failed) to connect|no route to host|(?:network|host) (?:is )?unreachable|time-?d? ?out|timeout
      retry time|(?:delivery|message|mail|transport) (?:time )?(?:has )?expired|delivery time
      in (?:the )?queue too long|delivery attempts|giving up|undelivered|not delivered within|not collected
      could not (?:open|create|write|read|load|obtain)|can't (?:open|create|write|exec)
      cannot (?:open|create|write|exec|allocate)
      unable to (?:open|create|write|connect|contact|obtain|process|complete|verify)|under maintenance
      maintenance|shutting down|wrong (?:\w{1,12} ){0,2}region
      service (?:is )?(?:currently )?(?:not available|unavailable|refused?)|pipe to|command (?:died|failed)
      exit status|exit code|mailer error|local error|resources? (?:are )?unavailable|interner fehler
      erreur (?:interne|systeme)|error interno|erro interno|errore interno|interne fout
      blad (?:wewnetrzny|systemu)|внутренн\S{1,3} ошибк|内部错误|システムエラー|no mdb|host or domain name not found
      dns records?\b|mx records? points?|error occur|at this time|at the moment|resolve route
      not (?:be )?delivered (?:for|within|in)|name service error|dns (?:error|failure|lookup|problem)
      delivery (?:was )?(?:delayed|suspended|deferred)
    `,
    unless: /access denied|blocked|policy|spam|virus/,
    meaning: 'temporary',
    why: 'The words tell of trouble at the host or on the way, not of the mailbox.',
    source: 'RFC 3463 x.3.x and x.4.x, Postfix, Exim, sendmail, qmail, Exchange 5.4.x',
    sample: '554 5.3.5 Local configuration error',
  },
  {
    id: 'try-later-words',
    words: words`
      try (?:it )?(?:again|later|back)|retry|later\b|come back|plus tard|spater|spaeter|mas tarde|mais tarde
      piu tardi|probeer${SHORT_GAP}opnieuw|pozniej|igen senare|igen senere|myohemmin|pozdeji|daha sonra|позже
      позднее|稍后|稍後|しばらく|나중에
    `,
    unless: /retrying will not|do not retry|don't retry|access denied|blocked|block\b|policy/,
    meaning: 'temporary',
    why: 'The host asks to come back later.',
    source: 'RFC 5321 section 4.2.1, operators in many languages',
    sample: '550 Please try again later',
  },
];

export const PROTOCOL_RULES: readonly ReplyRule[] = [
  {
    id: 'protocol-words',
    words: words`
      bad sequence|(?:improper|invalid|wrong|out of) (?:command )?(?:sequence|order)
      (?:command|verb) (?:was )?(?:not (?:recogni[sz]ed|implemented|supported|understood|allowed here)
        |unrecogni[sz]ed|unknown)
      (?:unrecogni[sz]ed|unknown|invalid|unimplemented|unsupported) (?:smtp )?(?:command|verb|option|parameter
        |argument)
      synchroni[sz]ation|pipelining (?:not|is not)
      (?:need|send|requires?|expect\w{0,2}|use|say|must) (?:a |an |the |valid |\w{1,8} )?(?:mail|rcpt|helo|ehlo
        |data)\b(?: from| command|\/| first)
      (?:helo|ehlo|mail|rcpt)(?: to| from)?(?: command)? (?:first|must precede|expected|required)
      sender (?:not yet given|already)|nested mail|syntax error(?!.{0,20}(?:recipient|address|mailbox))
      syntax:|protocol (?:error|violation)|smtp protocol|line too long
      no (?:valid )?recipients? (?:specified|given)|no valid recipients?$|command (?:too long|syntax)
      bare (?:lf|cr|linefeed|newline)
    `,
    unless: words`
      \bauth\b|\btls\b|access denied|line too long in (?:body|message)|message line|too many
      bare linefeeds are illegal
    `,
    meaning: 'protocol_error',
    why: 'The host did not understand what we said; suspect the client before the mailbox.',
    source: 'RFC 5321 section 4.2.4, Postfix, Exim smtp_enforce_sync',
    sample: '503 5.5.1 Error: need MAIL command',
  },
];
