// Replies that say there is no such mailbox, in plain words or by a refusal without a reason.
import type { ReplyRule } from './rule.ts';
import {
  ABSENT,
  ABSENT_LATIN,
  alternatives,
  GAP,
  MAILBOX,
  MAILBOX_CYRILLIC,
  MAILBOX_HAN,
  MAILBOX_HANGUL,
  MAILBOX_LATIN,
  NONE_LATIN,
  SHORT_GAP,
  words,
} from './word-families.ts';

const KIND_OF = alternatives`
  (?:(?:local|virtual|internet|e-?mail|mail|destination|recipient|rcpt|valid|existing|matching|active|registered
    |remote|smtp|forward|such|known|or|illegal|user|domino|mailbox|single|of|for|the|this|that|one|to|a|an
    |any)[ /]){0,4}
`;

export const UNKNOWN_RULES: readonly ReplyRule[] = [
  {
    id: 'recipient-syntax-words',
    class: '5',
    words: words`
      (?:recipient|rcpt)(?: to)?(?: address)?\b${SHORT_GAP}\b(?:syntax|fully[- ]qualified|must contain a domain)
      (?:bad|invalid|illegal|incorrect|wrong|malformed) (?:e-?mail )?address (?:syntax|format)
    `,
    meaning: 'mailbox_not_found',
    strength: 'weak',
    why: 'The host takes the address for ill-formed; it may be its own rule, such as no leading dash.',
    source: 'Postfix allow_min_user = no, Exim, sendmail',
    sample: '501 5.1.3 Bad recipient address syntax',
  },
  {
    id: 'recipient-unknown-words',
    class: '5',
    words: words`\b${MAILBOX}(?: name| address| part)?\b${GAP}\b(?:${ABSENT})`,
    unless: /no (?:such|valid) (?:header|command)|complaint/,
    meaning: 'mailbox_not_found',
    why: 'The words say that the mailbox or its owner is unknown here.',
    source: 'RFC 3463 x.1.1, Postfix, Exim, sendmail, qmail, Exchange, Google, Apple and most others',
    sample: '550 5.1.1 <a@b.test>: Recipient address rejected: User unknown in local recipient table',
  },
  {
    id: 'unknown-recipient-words',
    class: '5',
    words: words`
      \b(?:unknown|no such|no valid|invalid|bad|illegal|non-?exist(?:e|i)nt|nonexisting|inexistent|undeliverable
        |unrout(?:e)?able|undefined|unregistered|unrecogni[sz]ed|unallocated|unverified|not an? (?:valid|known
        |existing|registered)?|isn't an? (?:valid|known|existing)?|(?:unable to|can ?not|can't|could ?n[o']t
        |couldn't|did not|didn't|failed to|fail to) (?:find|locate|look up|resolve|recogni[sz]e|identify)
        |do(?:es)?n't know|do(?:es)? not know|do(?:es)? not have|do(?:es)?n't have|have no|has no
        |no)\b[ :'"]{1,3}${KIND_OF}(?:${MAILBOX})\b(?! (?:database|table|file|agent|info))
    `,
    unless: words`
      no (?:mail|e-?mail)s? (?:was|will|wanted|from|accepted)|no recipients? (?:specified|given)
      no (?:valid )?recipients|(?:number|max|limit)\w{0,4} (?:of )?(?:invalid|unknown|bad) (?:recipients|rcpts|users)|invalid e-?mail (?:content|format|header|message)|invalid mail(?: |$)
      bad e-?mail (?:content|header)|(?:no|not a) customer|no (?:unsolicited|spam)
    `,
    meaning: 'mailbox_not_found',
    why: 'The words say that there is no such mailbox.',
    source: 'RFC 3463 x.1.1, Exim, sendmail, qmail-ldap, Yandex, docomo, Proofpoint and most others',
    sample: '550 No such user here',
  },
  {
    id: 'nobody-there-words',
    class: '5',
    words: words`
      not (?:our|a|my) customer|no ?(?:one|body) (?:here |at |by |with |of )
      no(?:ne|body)? (?:\w{1,10} )?by that name|recip(?:ient)?notfound
      (?:doesn't|does not|don't|do not) have an? (?:\w{1,20} )?(?:HOST )?(?:account|mail ?box)
      left the (?:company|organi[sz]ation|firm|university)
      no longer (?:work|employed|with (?:us|the company)|at (?:this|our|the) (?:company|organi[sz]ation))
      user not local|not local; please try|name (?:is )?not (?:recogni[sz]ed|found|listed|known)
      (?:not listed|not found|no entry|no match)\b${SHORT_GAP}\b(?:director|address book|ldap|database)
      not in (?:the |our |my |this )?(?:list of )?(?:allowed |valid |known )?(?:recipients?|users?|validrcptto)
      has moved|please (?:update|use) (?:the |this |his |her |your )?(?:new )?(?:address|contact)
      ADDR (?:is |was )?(?:not found|unknown|invalid|does not exist|not here)|does not like recipient
      adresse d au moins un destinataire|unknown (?:or illegal )?alias|person unknown
      ^[^a-z]{0,12}(?:not found|does not exist|nonexistent|unknown)[^a-z]{0,12}$|nobody' user|no mail drop
      wrong (?:address|recipient)|undeliverable to
      (?:user|recip(?:ient)?|mailbox|account|address)(?:notfound|unknown|notexists?|invalid)\b
      (?:nosuch|unknown|invalid)(?:user|recipient|mailbox|account)\b
      not (?:a )?local (?:user|recipient|account|mail ?box)|(?:not|n't) live here
      no route to (?:user|recipient|address)
    `,
    unless: /not in (?:the |our )?(?:allowed|list of allowed) (?:sender|client|host)/,
    meaning: 'mailbox_not_found',
    why: 'The words say that nobody of that name receives mail here.',
    source: 'Apple "Not our Customer", Domino, Yahoo, Exchange RESOLVER.ADR, RFC 5321 (551)',
    sample: '550 5.1.1 Not our Customer',
  },
  {
    id: 'mailbox-unavailable-words',
    class: '5',
    words: words`
      (?:mail ?box|user|recipient|account|address|inbox)\b${SHORT_GAP}\b(?:unavailable|not available|unreachable
        |unusable)
    `,
    unless: words`
      access denied|policy|temporar|try (?:again )?later|spam|service unavailable|black|block|refused|security
    `,
    meaning: 'mailbox_not_found',
    why: 'The words of RFC 5321 for 550, said by most servers of a name they do not have.',
    source: 'RFC 5321 section 4.2.2, Outlook.com 5.5.0, hMailServer, GMX',
    sample: '550 Requested action not taken: mailbox unavailable',
  },
  {
    id: 'recipient-unknown-latin',
    class: '5',
    words: words`
      \b(?:${MAILBOX_LATIN})\b${GAP}\b(?:${ABSENT_LATIN})
      \b(?:${ABSENT_LATIN}|${NONE_LATIN})\b ?\w{0,14} (?:\w{1,12} ){0,2}(?:${MAILBOX_LATIN})
      \b(?:kyllä|onbekend bij|unbekannt verzogen|parti sans laisser)
    `,
    unless: /\bip\b|\bIP\b|server\b/,
    meaning: 'mailbox_not_found',
    why: 'The words say, in another language than English, that the mailbox is unknown.',
    source: 'operators in de, fr, es, pt, it, nl, pl, sv, da, no, fi, cs, tr, hu, ro; Orange OFR_416',
    sample: '550 Benutzer unbekannt',
  },
  {
    id: 'recipient-unknown-native',
    class: '5',
    words: words`
      (?:${MAILBOX_CYRILLIC})${SHORT_GAP}(?:(?:\S{0,4} )?нет(?: |$|[.,])|не (?:существу|найден|зарегистрирован
        |обнаружен|известен|знайден|існу)|неизвест|недоступ|удал[её]н|отсутству|невідом)
      (?:нет так|несуществующ|неизвестн|неверн|не найден|нема|невідом)\S{0,6} (?:\S{1,14} )?(?:${MAILBOX_CYRILLIC})
      (?:${MAILBOX_HAN})[^。]{0,16}(?:不存在|未找到|找不到|无效|無效|未知|不正确|存在しま|存在しな|見つかり|見つから|不明|ありません|おりません|登録されて)
      (?:没有|沒有|无此|無此|查无|查無|不存在|该)[^。]{0,6}(?:用户|用戶|使用者|收件人|邮箱|信箱|账号|帐号)[^。]{0,6}(?:不存在|$)
      (?:无此|無此|查无此|查無此|没有此|没有这个)(?:用户|人|邮箱|收件人|信箱|使用者)|(?:${MAILBOX_HANGUL})[^.]{0,15}(?:없|존재하지|찾을 수|알 수 없)
      user ga mitsukari|sonzai shimasen|atesaki fumei
    `,
    meaning: 'mailbox_not_found',
    why: 'The words say, in another script, that the mailbox is unknown.',
    source: 'operators in ru, uk, zh, ja, ko',
    sample: '550 Пользователь не найден',
  },
];

/** Read after the policy words: a refusal of "the recipient" or "the address" without a reason beside it. */
export const BARE_REFUSAL_RULES: readonly ReplyRule[] = [
  {
    id: 'recipient-refused-5.1.x',
    class: '5',
    enhanced: /^5\.1\.[01346]$/,
    words: words`
      \b(?:${MAILBOX}|destination)\b${GAP}\b(?:reject|refus|denied|not (?:be )?accept|fail|error|bounced|bad\b)
      (?:reject|refus|denied)\w{0,3}\b${SHORT_GAP}\b${MAILBOX}
    `,
    meaning: 'mailbox_not_found',
    why: 'The recipient was refused without a reason in words; the enhanced code says that the address is at fault.',
    source: 'RFC 3463 x.1.0 and x.1.1, Cisco "#5.1.0 Address rejected", AOL',
    sample: '550 #5.1.0 Address rejected.',
  },
  {
    id: 'recipient-refused-bare',
    class: '5',
    words: words`
      \b(?:recipient|user|mail ?box|account|addressee|address|rcpt|ADDR)\b${SHORT_GAP}\b(?:reject|refus|denied
        |not accept|bounced)\w{0,4}(?: by (?:the )?server)?[^a-z]{0,12}$
      ^[^a-z]{0,12}(?:reject|refus|denied)\w{0,3}\b (?:the |this )?(?:recipient|user|mail ?box|account|addressee
        |address|rcpt)\b[^a-z]{0,12}$
    `,
    meaning: 'mailbox_not_found',
    strength: 'weak',
    why: 'The recipient was refused without a reason; that is most often a missing mailbox, but not always.',
    source: 'Postfix check_recipient_access REJECT, au one net',
    sample: '550 <a@b.test>: Recipient address rejected.',
  },
];

/** Read after the enhanced codes, as the last guess: "that user is not among us". */
export const NEGATION_RULES: readonly ReplyRule[] = [
  {
    id: 'recipient-negated',
    class: '5',
    codes: [550, 551, 553, 554],
    words: words`
      \b(?:user|recipient|mail ?box|account|addressee|ADDR)\b${SHORT_GAP}\b(?:not|no|isn't|cannot|can't|couldn't
        |doesn't|unable|without)\b
    `,
    unless:
      /\bfrom\b|\bsend|message|content|access|allow|permi|accept|deliver|authori|server|try|later|\byou|rejected|route|complian|\brfc/,
    meaning: 'mailbox_not_found',
    strength: 'weak',
    why: 'Something is denied of the recipient in words not known; most often that it is there.',
    source: 'site texts',
    sample: '550 that user is not among us',
  },
];
