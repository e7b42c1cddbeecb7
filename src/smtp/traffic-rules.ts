// Replies about how much and how soon: greylisting, and limits on connections, recipients, messages and mistakes.
import type { ReplyRule } from './rule.ts';
import { SHORT_GAP, words } from './word-families.ts';

export const GREYLIST_RULES: readonly ReplyRule[] = [
  {
    id: 'greylist-words',
    class: '4',
    words: words`
      gr[ea]y[- ]?list|postgrey|szar\w{1,2} (?:list|liscie)|szurke ?list\w{0,8}|liste[- ]?grise|listas?[- ]gris|lista grigia|grijze lijst|gralist|graalist
      \bspf?rey\b|сер\S{1,4} спис|грейлист|灰名单|灰名單|グレイリスト|グレーリスト
    `,
    meaning: 'greylisted',
    why: 'The host greylists: it defers who it does not know and takes the same attempt later.',
    source: 'RFC 6647, postgrey, milter-greylist, rspamd, policyd',
    sample:
      '450 4.2.0 <a@b.test>: Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/help/b.test.html',
  },
  {
    id: 'first-contact-words',
    class: '4',
    words: words`
      \b(?:new|first[- ]time|unknown|first) (?:sender|triplet|contact|seen|client|relation)|triplet
      first (?:time )?(?:contact|attempt|delivery)|not yet authori[sz]ed to deliver|not (?:yet )?(?:seen|known) (?:before|yet)
      delay(?:ed)? (?:for )?(?:unknown|new|first)|^gl\b
    `,
    unless: /unknown client host|client host rejected/,
    meaning: 'greylisted',
    why: 'The host defers a sender it meets for the first time.',
    source: 'RFC 6647 section 2, sqlgrey, Kerio, gld, greylistd of Debian',
    sample: '450 4.7.0 New sender, please try again in 60 seconds',
  },
  {
    id: 'retry-after-words',
    class: '4',
    words: words`
      (?:try|retry|come|again|back|wait|after|attempt)\b[^.]{0,24}\b(?:in|after|for|within|until
        |another)\b[^.]{0,12}(?:\d{1,5} ?(?:s\b|sec|min|m\b|h\b|hour)|\d\d:\d\d|(?:one|two|three|five|ten|fifteen
        |few|a|some) (?:minute|second|hour|min))
      \b\d{1,5} (?:seconds?|minutes?|secs?|mins?) (?:before|left|remaining)
    `,
    unless: words`
      too many|rate|limit|exceed|throttl|connections|busy|volume|complaint|block|ban(?:ned)?\b|reputation
      maintenance|quota
    `,
    meaning: 'greylisted',
    why: 'A temporary refusal that names a wait is how greylists speak.',
    source: 'milter-greylist, Exim and rspamd site texts',
    sample: '451 4.7.1 Please try again in 5 minutes',
  },
];

export const RATE_RULES: readonly ReplyRule[] = [
  {
    id: 'slowed-for-want-of-proof',
    words: /rate limited because\b.{0,80}\b(?:unauthenticated|authenticat|spf|dkim|dmarc|tls|ptr)/,
    meaning: 'blocked',
    why: 'The host slows down who does not prove its identity.',
    source: 'Google 4.7.26 to 4.7.32',
    sample: '421 4.7.32 Mail has been rate limited because there is no DMARC alignment',
  },
  {
    id: 'receiving-rate-words',
    words: words`
      receiving (?:mail|e-?mail|messages) (?:at a rate|too)|recipient[^.]{0,20}(?:rate limit|message rate)
      mailbox[^.]{0,20}(?:rate limit|too busy|receiving too)
    `,
    meaning: 'rate_limited',
    why: 'The mailbox exists and gets more mail than its host lets through.',
    source: 'Google 4.2.1 and 5.2.1, Exchange',
    sample:
      '550 5.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages.',
  },
  {
    id: 'unusual-rate-blocked',
    class: '5',
    words: /unusual(?:ly)? (?:rate|volume|high|amount)/,
    meaning: 'blocked',
    why: 'The host has seen too much mail from our address and refuses it for good.',
    source: 'Google 5.7.1',
    sample: '550 5.7.1 An unusual rate of unsolicited mail originating from your IP address. It has been blocked.',
  },
  {
    id: 'too-many-words',
    words: words`
      \btoo[- ]?many\b|\btoo much (?:mail\b(?! data)|e-?mail|traffic|connection|volume)
      too (?:fast|quickly|frequent|often)|zu ?viele|trop de|demasiad[oa]s|muitas? (?:conex|mensag|tentativ)
      excesso de|tropp[ie]\b|te veel|teveel|zbyt (?:wiele|duzo)|for mange|for manga|liian monta|prilis mnoho
      cok fazla|(?:limite|limit|cuota|quota|kota)\w{0,2} (?:\w{1,3} )?(?:envios?|mensage\w{1,2}|conex\w{1,4}|envois|connexions|messaggi|connessioni|wiadomosci|polaczen)\b
      \b(?:por|par|pro|per|na|je) (?:hora|heure|stunde|ora|godzine|minuto|minute|minuta|dia|jour|tag|giorno|dzien)\b|слишком (?:много|част)|过于频繁|太多|次数过多|频率|頻率|多すぎ|너무 많
    `,
    unless: words`
      too many (?:hops|received|loops?|forward|redirect|headers?|mime|attachments|spam|unwanted|consecutive
        |bad characters|messages (?:stored|(?:in|on) (?:the |user's )?(?:server|mail ?box|inbox|folder|account)))
      dns lookups|\bspf\b|perm(?:anent )?error|\bvoll\b|mail ?box (?:is )?full|over ?quota|too many (?:\w{1,10} ){0,2}(?:complaints|spams)\b
      trop de (?:plaintes|spams)
    `,
    meaning: 'rate_limited',
    why: "Too many connections, messages, recipients or mistakes for the host's taste; no word about this mailbox.",
    source: 'Postfix anvil and error limits, sendmail, Exim, Orange OFR_104, RFC 5321 section 4.5.3.1.10',
    sample: '421 4.7.0 mx.example.test Error: too many errors',
  },
  {
    id: 'rate-words',
    words: words`
      rate[- ]?limit|limit\w{0,4} (?:on |of )?(?:the )?rate|\bthrottl|unusual(?:ly)? (?:rate|volume|high)
      unexpected volume|excessive (?:rate|volume|number|traffic|connection|errors|use)
      (?:connection|message|mail|e-?mail|sending|recipient|delivery|smtp|transmission|submission)s? (?:rate
        |frequency|volume|throughput)\b
      (?:connection|sender|sending|recipient|delivery|smtp|transmission|submission|outbound|outgoing) (?:mail |e-?mail |message )?quota
      policy rejection\b.{0,4}message (?:\w{1,8} )?quota|\brate over-?limit|quota (?:limit )?(?:is |was )?(?:exceeded|reached) for (?:this |the |your )?(?:sender|SENDER|client|ip|IP)\b|quota of (?:messages|recipients|connections|invalid)|\brate (?:of|exceed|control|is too|too)
      frequency (?:is )?limit|hourly|\bdaily\b
      \bper[- ](?:hour|minute|day|second|connection|session|ip|sender|domain)\b|messages? limit|simultaneous
      concurren
      (?:connections?|sessions?|sending|recipients?|rcpts?|messages|e-?mails?|commands?|error
        |transactions?)(?: count)? (?:limit|limits|threshold)\b
      max(?:imum|\.)?(?: allowed)?(?: number)?(?: of)? (?:(?:allowed|invalid|unknown|bad|failed|rejected) )?(?:connections?|recipients?|rcpts?|sessions?
        |errors|commands|messages|mails|e-?mails\b|e-?mail per|defers|transactions|message per)
      (?:number|amount) of (?:connections?|recipients?|rcpts?|sessions?|e-?mails|mails|messages|errors
        |transactions)${SHORT_GAP}\b(?:exceed|limit|reach|too|allow)
      multiple regions|(?:queue|organi[sz]ation|tenant|outbound)\w{0,2} (?:\w{1,10} )?(?:quota|limit)
      thread limit|slow(?:ing)? down|allowable connection|send(?:ing)? limit|limit of (?:e-?mails|mails|messages) reached|unusual sending|per transaction|\btss0\d
      \bserver (?:is )?(?:too )?busy|over-?load|high load
      exceed\w{0,3}${SHORT_GAP}\b(?:defers|failures per|rate|frequency|messages|connections|recipients|e-?mails? per)
      temporarily deferred due to|throughput|flood
    `,
    unless: words`
      mail ?box(?:'s)? (?:is )?(?:full|over|size|quota|exceed)|message size|threshold; mailbox|user mail quota
      over (?:its |their )?(?:mail |e-?mail )?quota|system load
    `,
    meaning: 'rate_limited',
    why: 'A limit on how often or how much; no word about this mailbox.',
    source: 'Google 4.7.28, Yahoo TSS04, Microsoft 4.7.500 and RP-001, cPanel, Comcast RL codes',
    sample: '421 4.3.2 Connection rate limit exceeded.',
  },
];
