// Refusals of the host that asks: its name, its records, its place on blocklists and what it failed to prove.
import type { ReplyRule } from './rule.ts';
import { alternatives, GAP, SHORT_GAP, words } from './word-families.ts';

/** What a reply calls the one who connects. */
const YOU = alternatives`
  (?:your|you are|you're|the sending|sending|the connecting|connecting|the client|client|remote|sender|source|peer
    |this|the|from|of|mail from|connections? from|messages? from|e-?mails? from|server)
`;
const YOUR_HOST = alternatives`
  (?:${YOU} (?:mail |e-?mail |smtp |sending |mta |isp's |public )?(?:ips?\b|ip[- ]address(?:es)?|IP|hosts?\b
    |host ?name|servers?\b|mta\b|mail ?server|network|subnet|netblock|isp\b|country|client\b|connection|machine
    |system's ip)|\bIP\b|\bips?\b|ip[- ]?address(?:es)?)
`;
const REFUSED = alternatives`
  (?:block|ban(?:ned|s)?\b|reject|list(?:ed|s|ing)?\b|denied|deny|denies|refus|not (?:be )?(?:allow|permit|accept
    |authori|welcome|trust|valid)|forbid|forbidden|prohibit|spam|abus|suspicious|disallow|untrust|bad\b|dirty
    |restrict|infected|compromised|blacklist|quarantin|complain|dynamic|residential|dial-?up)
`;

/** The rule of a host that takes nothing in the clear; a session that may encrypt goes on with STARTTLS. */
export const TLS_DEMANDED = 'tls-demanded';

export const CLIENT_RULES: readonly ReplyRule[] = [
  {
    id: 'client-host-rejected',
    words: words`
      client (?:host|ip|address)(?: \w{1,12})? (?:rejected|blocked|denied|refused|listed)
      client host (?:IP )?\b(?:blocked|listed|rejected)|access denied for (?:HOST|IP|unknown)|unknown client\b
      \bfrom (?:an )?unknown host|connections? (?:was |is )?(?:refused|rejected|denied|blocked) from (?:your )?(?:ip )?IP
    `,
    meaning: 'blocked',
    why: 'The host refused the client that connected; nothing was said of the recipient.',
    source: 'Postfix smtpd_client_restrictions, delayed to RCPT by smtpd_delay_reject',
    sample: '554 5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied',
  },
  {
    id: 'no-service-greeting',
    class: '5',
    stage: ['connect', 'greeting'],
    words: /(?:no|not)\b.{0,16}\b(?:service|available|accepting|esmtp)/,
    unless: /dns|ptr|later|temporar|busy|black-?list|blocked/,
    meaning: 'blocked',
    why: 'The host greets with a lasting refusal: it takes no mail, or none from us.',
    source: 'RFC 5321 section 3.1 (554), RFC 7504 (521)',
    sample: 'connect: 554 SMTP service not available',
  },
  {
    id: 'reverse-dns-words',
    words: words`
      reverse[- ]?(?:dns|lookup|name|host ?name|host|ip|address|record|resolution|mapping|path dns)|\brdns\b
      \bptr\b|in-addr|\bdns (?:a|aaaa|a\/aaaa|ptr|mx)\b|resource record|fcrdns|forward[- ]confirmed|find your (?:reverse )?hostname
      (?:ip|host|server|client|hostname|you|IP|HOST) (?:address )?(?:must|does not|doesn't|cannot|could not|did not
        |should|has no|have no|without|lacks?)${SHORT_GAP}\b(?:resolv|dns|hostname|ptr)
      (?:no|invalid|missing|bad|broken|generic) (?:valid )?(?:dns|rdns|hostname|host name) (?:entry|record|for|found
        |name)
      ip name lookup|name (?:does not|doesn't) (?:match|resolve)
      mismatch\w{0,2} (?:the )?(?:client )?(?:ip|host)|unresolvable (?:relay |client )?host
      no matches to nameserver|generic (?:hostname|ptr|rdns)
    `,
    unless: /relay\w{0,3} (?:access )?denied/,
    meaning: 'blocked',
    why: 'The host wants our address to have a name in DNS (PTR) that points back to it.',
    source: 'Google 5.7.25, GMX, Postfix reject_unknown_client_hostname, RFC 7372',
    sample: '550 The sending IP has no reverse DNS entry',
  },
  {
    id: 'helo-words',
    words: /\b(?:helo|ehlo)\b(?!=)/,
    unless: words`
      (?:send|say|issue|use|need|requires?|expect\w{0,2}|must|without|before|no
        |polite people say)\s(?:\w{1,12} ){0,3}(?:helo|ehlo)
      (?:helo|ehlo)(?: command)? (?:first|required|expected|before)|helo\/ehlo (?:first|required)
    `,
    meaning: 'blocked',
    why: 'The host does not like the name we gave in HELO or EHLO.',
    source: 'Postfix "Helo command rejected", Exim helo_verify_hosts, Barracuda',
    sample: '504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname',
  },
  {
    id: 'blocklist-words',
    words: words`
      black-? ?list|block-? ?list|blocking list|deny-? ?list|\b(?:dns)?[rd]?[nb]bl\b|\bdnsbl|\brbl\b|\brbls\b
      spamhaus|spam ?cop|\bsorbs\b|uceprotect|barracudacentral|barracuda reputation|abuseat|spamrats|mailspike
      invaluement|senderscore|sender ?base|backscatterer|\bsurbl\b|\buribl\b|mail-abuse|\bpsbl\b|\bnjabl\b
      ordb\b|\bixdnsbl|nixspam|cloudmark sender|blocked using
      listed (?:at|in|on|by) (?:HOST|LINK|LISTLINK|our|the|a|an|local|global|several|multiple)|\bdelist
      is listed by|sperrliste|lista (?:negra|nera)|liste noire|czarn\w{1,3} liscie|czarn\w{1,3} list
      zwarte lijst|sort(?:e)? liste|svarta? list|kara liste|сер?н?ом? списк|черн\w{0,4} списк
      ч[её]рн\S{0,4} списк|黑名单|黑名單|ブラックリスト|블랙리스트
    `,
    unless: /surbl in (?:body|message)|urls? (?:in|found|listed)|blacklisted (?:urls?|links?)/,
    meaning: 'blocked',
    why: 'The words name a blocklist: our address or domain is on it.',
    source: 'Postfix reject_rbl_client, Exim dnslists, RFC 5782 users',
    sample: '550 5.1.1 Service refused, you are listed at bl.example.test',
  },
  {
    id: 'reputation-words',
    words: /\breputation\b|\bsenderscore\b|poor (?:standing|sender)|reputazione|reputacion|reputacao|репутаци/,
    unless: /rate[- ]?limit|unusual|content|characteristics of|too many/,
    meaning: 'blocked',
    why: 'The host judges us by reputation.',
    source: 'Cisco IronPort SBRS, Google 5.7.1, Microsoft',
    sample: '550 5.7.1 [192.0.2.1 19] Very low reputation of the sending domain.',
  },
  {
    id: 'authentication-results-words',
    words: words`
      \bspf\b|\bdkim\b|\bdmarc\b|\bspoof|sender[- ]?id\b|openspf
      unauthenticated (?:e-?mail|mail|message|sender|user)|not authenticated|is unauthenticated
      authentication (?:check|result|fail|information|policy|is required for sender)
      designated? .{0,30}permitted|impersonat
      (?:sent from|host|ip|IP) ${SHORT_GAP}(?:does not|doesn't) match ip|invalid ip for sending
    `,
    unless: /duplicate header|dkim-signature'|header field/,
    meaning: 'blocked',
    why: 'SPF, DKIM or DMARC of our sender domain did not satisfy the host.',
    source: 'RFC 7372 x.7.20 to x.7.27, Google 5.7.26, policyd-spf, Microsoft 5.7.509',
    sample: '550 5.7.1 Recipient address rejected: Message rejected due to: SPF fail - not authorized.',
  },
  {
    id: 'open-or-dynamic-host-words',
    words: words`
      dynamic(?:ally)?[- ](?:assigned )?(?:ip|host|address|client|pool|range)|residential|dial-?up
      \bopen[- ](?:relay|prox)|(?:insecure|untrusted|unsafe) (?:mail )?relay
      (?:use|through|via) (?:the |your )?(?:mail |smtp |out\w{0,8} )*(?:relay|server|smarthost
        |gateway)?(?: \w{1,6})? (?:of )?your (?:isp|provider)
      your isp's|smtp server of your
      (?:you|your|host|remotehost|server|IP|ip|client|HOST)\b${SHORT_GAP}\b(?:looks?|acts?
        |behaves?)${SHORT_GAP}like (?:a )?(?:spam|zombie|bot)
      spam ?bot|botnet|zombie|spam source|source of spam|known spam
      (?:\byou|\byour?|host|like|known|are|as) (?:an? )?(?:\w{1,12} )?spammer
    `,
    unless: /not an open relay|no open relay|n't (?:run )?an open relay|open relay(?:ing)? (?:not|is not|denied)/,
    meaning: 'blocked',
    why: 'The host takes ours for an end-user address, an open relay or a source of spam.',
    source: 'Microsoft DY-001, Exim and qmail site texts',
    sample: '550 permanently rejected: dynamic ip address, use the mail relay of your isp',
  },
  {
    id: 'client-address-words',
    words: words`
      ${YOUR_HOST}${GAP}\b${REFUSED}
      \b(?:block|ban(?:ned)?\b|reject|refus|den(?:y|ied)|not accept|disallow|list)\w{0,4}\b${SHORT_GAP}(?:your
        |sending|client|remote|connecting|sender) (?:mail |smtp |sending )?(?:ip|IP|host|server|network|isp|mta
        |country)\b
      banned (?:send|network|ip|host)
    `,
    unless: words`
      rate[- ]?limit|unusual(?:ly)? (?:rate|high)|too many|too much|concurrent|frequency|limit exceeded|exceed
      wrong|temporarily deferred|timed out|header|message-id|attachment|\bto relay\b
      relay\w{0,3} (?:access )?denied
    `,
    meaning: 'blocked',
    why: 'The words refuse our IP address, host or network.',
    source: 'Microsoft S3150 and 5.7.606, T-Online, Yahoo BL21, Barracuda',
    sample: '550 Your IP is refused here',
  },
  {
    id: 'recipient-restricts-senders',
    words: words`
      (?:only|solely|just) (?:accepts?|accepting|receives?|allows?|takes?)\b${SHORT_GAP}(?:mail|e-?mail
        |messages?)?\b${SHORT_GAP}(?:from|by|inside)
      (?:restrict|limit)ed to (?:\w{1,20} ){0,3}(?:sender|user|member)
      not (?:authori[sz]ed|allowed|permitted|eligible)${SHORT_GAP}\bto (?:send|deliver|post|e?mail|contact|submit
        |connect)
      (?:no|have|lack|without|required) permissions?${SHORT_GAP}\bto
      (?:has|have) blocked (?:you|your|this sender|this address|mail)
      blocked by (?:the |this )?(?:recipient|user|addressee|owner)|rule imposed|user reject$|blocked your
      senders? (?:is |are )?(?:blocked|restricted|banned|listed)|allowed senders
      (?:does not|doesn't|do not|don't|not|won't|refuses? to|never) (?:currently )?(?:accept|want|receive|wish|take
        |permit|allow)\w{0,3}\b${SHORT_GAP}\bfrom\b
      resolver[. ]rst|rst ?(?:authrequired|notauthorized|sendernotauth)
      deliver\w{0,2} (?:is )?(?:not authori[sz]ed|restricted)|restricted by|white-? ?list|safe-? ?list
      allow-? ?list|members?[- ]only|non-?member|pre-?approved|moderat
      recipient(?:'s)? (?:preferences|filters?|rules)|user (?:rules|filters?|preferences)
      (?:rejected|refused|discarded|filtered) by (?:the )?(?:recipient|user|owner|mailbox)
      (?:recipient|user|addressee|ADDR)\b${SHORT_GAP}\b(?:has |have )?(?:rejects?|rejected|refuses?|refused|declined
        |filtered)\b (?:your|this|the|all|mail|messages?|e-?mails?|to receive)
      only for (?:internal|authenticated)|internal (?:users|senders|use) only|closed mailing
      challenge-?response|requires confirmation
    `,
    unless: /not in (?:the |our )?(?:recipient|user|valid)/,
    meaning: 'blocked',
    why: 'The mailbox exists or not; what was refused is mail from a sender such as we are.',
    source: 'Exchange RESOLVER.RST, Google groups, challenge-response and whitelist services',
    sample: '550 5.7.1 This user only accepts mail from allowed senders',
  },
];

/** Read after relay words, for "authenticate to relay" is about the domain. */
export const LOGIN_RULES: readonly ReplyRule[] = [
  {
    id: TLS_DEMANDED,
    words: words`
      (?:starttls|tls|ssl|encrypt\w{0,4})\b[^.]{0,30}\b(?:required|requires|must|need|mandatory|only|enforced|first)
      (?:must|require\w{0,2}|need\w{0,2}|use)\b[^.]{0,20}\b(?:starttls|tls|ssl|encryption|encrypted|secure connection)\b
    `,
    meaning: 'blocked',
    why: 'The host takes mail over TLS only.',
    source: 'RFC 3207 section 4, Postfix smtpd_tls_security_level = encrypt',
    sample: '530 5.7.0 Must issue a STARTTLS command first',
  },
  {
    id: 'login-demanded',
    words: words`
      auth(?:entication|enticate|enticated|orization)?\b${SHORT_GAP}\b(?:requir|need|must|first|fail|unsuccessful
        |mandatory|disabled|invalid|credential|not (?:supported|enabled|available))
      (?:requir|need|must|please|fail\w{0,4}|use|without|not|perform|be
        |by)\w{0,3} ${SHORT_GAP}\b(?:smtp[- ])?auth(?:enticat\w{1,4})?\b
      authrequired|login (?:required|first)|(?:please|must) log ?in\b|not logged in|credentials|pop before|pop-before
      check mail first|smtp auth|requires login
    `,
    meaning: 'blocked',
    why: 'The host wants a login before it talks, as submission servers do.',
    source: 'RFC 4954 section 6 (530, 535), Exchange',
    sample: '530 Authentication required',
  },
];
