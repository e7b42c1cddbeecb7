// Replies that speak of the mailbox itself: full, closed, or not there.
import type { ReplyRule } from './rule.ts';
import {
  ABSENT,
  ABSENT_LATIN,
  BOX,
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

export const FULL_RULES: readonly ReplyRule[] = [
  {
    id: 'mailbox-full-words',
    words: words`\b(?:${BOX}|box|folder|mail)\b${SHORT_GAP}\b(?:is |are |was )?(?:(?:too |currently |already |almost )?full\b(?! qual| name)|over (?:its |their |the |his |allowed |maximum )?(?:allowed |storage |disk |mail |size )?(?:quota|limit|storage|allocat)|over-?quota|out of (?:disk |storage )?(?:space|quota|storage)|over-?size|lacks space|has no (?:more )?(?:space|room))|over ?-?quota|quota (?:has been |is |was |limit )?(?:exceed|full|reach|exhaust|violat|over|limit)|(?:exceed|reach|exhaust|surpass|over|beyond|out of|violat|insufficient|hit|used|above)\w{0,4} (?:\w{1,12} ){0,4}(?:quota|storage (?:limit|allocation|space|allowance)|storage allocation|allowed storage|mailbox (?:size|limit|storage|capacity))|overquota|quotaexceed|inbox is full|full mail ?box|(?:mail ?box|inbox|mail ?drop|mail ?store)\b${SHORT_GAP}\b(?:size |storage )?(?:limit|size|capacity|quota)s? (?:has been |have been |is |was |will be |would be )?(?:exceed|reach|full)|(?:mail ?box|inbox|user)\b (?:size |would )?(?:has )?(?:exceed|reached)\w{0,3}|(?:storage|disk)(?: space)?(?: limit| quota)? (?:is )?(?:exceed|full|exhaust|reached)|no (?:more )?(?:space|room|storage)(?: left)? (?:in|for|on) (?:the |this |user |recipient )*(?:mail ?box|user|inbox|account|ADDR)|(?:not enough|insufficient|no)(?: free| available| disk| storage)* (?:space|room|storage) (?:left )?(?:in|for|on)? ?(?:the |this |recipient's |user's |user )*(?:mail ?box|inbox|account|user|recipient|ADDR)|insufficient mail ?box|mail ?box (?:space|storage)|(?:run|ran) out of (?:\w{1,10} )?(?:space|storage)|blocks limit|inode limit|mail quota|user quota|disk quota|space quota|storage quota|mailbox quota|quota exceeded|too many messages (?:in|stored)|can accept no more`,
    unless:
      /your (?:sending |mail |daily )?quota|sending quota|daily|hourly|quota of (?:messages|recipients|connections)|(?:sender|organi[sz]ation|tenant|queue|sending|message|outbound)\w{0,3} (?:\w{1,10} )?quota|queue (?:is )?full|message rate|fully[- ]qualified|system (?:is )?full|full (?:name|domain)|(?:connection|session|error) (?:limit|quota)|per (?:hour|day|minute)|rate limit/,
    meaning: 'mailbox_full',
    why: 'The words say that the mailbox has no room left.',
    source: 'RFC 3463 x.2.2, Postfix, Dovecot, Exchange, Google OverQuota, Yahoo, Comcast, chkuser',
    sample: '552 5.1.1 <a@b.test> user over quota',
  },
  {
    id: 'mailbox-full-latin',
    words: words`\bvoll\b|uberfullt|ueberfuellt|quota (?:uberschritten|ueberschritten|depasse|excedida|superata|overschreden|przekroczon)|speicherplatz|pleine\b|saturee?|(?:quota|espace|capacite)\b${SHORT_GAP}\b(?:depasse|insuffisant|atteint|epuise)|\bllen[oa]\b|(?:cuota|quota|limite|espacio|espaco|capacidad|capacidade)\b${SHORT_GAP}\b(?:excedid|superad|insuficiente|agotad|esgotad|ultrapass|atingid)|excedid[oa]\b|cheia\b|lotad[ao]\b|\bpiena\b|spazio${SHORT_GAP}esaurito|quota${SHORT_GAP}superat|(?:mailbox|postbus|postvak|inbox)\b${SHORT_GAP}\bvol\b|\bpelna\b|przepelnion|przekroczon\w{0,3}|(?:brevlada|inkorg|postkasse|postboks|innboks|indbakke|mailbox)\w{0,4}\b${SHORT_GAP}\b(?:full|fuld|fyldt)|taynna|\bplna\b|preplnen|\bdolu\b|kota(?:si|niz)?\b${SHORT_GAP}asil|megtelt|\bplin[aă]?\b`,
    meaning: 'mailbox_full',
    why: 'The words say, in another language than English, that the mailbox has no room left.',
    source: 'operators in de, fr, es, pt, it, nl, pl, sv, da, no, fi, cs, tr, hu, ro',
    sample: '552 Das Postfach ist voll',
  },
  {
    id: 'mailbox-full-native',
    words:
      /переполнен|заполнен|превышен\S{0,3} (?:\S{1,12} )?(?:квот|лимит|размер|объ)|квот\S{1,3} (?:превыш|исчерп)|нет (?:свободного )?места|(?:邮箱|郵箱|信箱|容量|空间|空間|配额)[^。]{0,10}(?:已?满|已?滿|不足|已?超|超出|用完|用盡)|超出[^。]{0,6}(?:配额|容量|限额)|(?:メールボックス|受信箱|受信トレイ|容量|クォータ)[^。]{0,20}(?:一杯|いっぱい|満杯|超え|超過|不足|オーバー|フル)|(?:메일함|편지함|용량|사서함)[^.]{0,15}(?:가득|초과|꽉|부족)/,
    meaning: 'mailbox_full',
    why: 'The words say, in another script, that the mailbox has no room left.',
    source: 'operators in ru, zh, ja, ko',
    sample: '552 Почтовый ящик переполнен',
  },
];

const CLOSED =
  '(?:disabled|in-?active|inactivated|de-?activated|deactived|suspended|discontinued|expired|frozen|terminated|dormant|not (?:currently |yet |an? )?(?:active|activated|enabled)|no longer active|barred|cancell?ed|decommissioned|archived|hibernat|idle|abandoned|retired)';

export const DISABLED_RULES: readonly ReplyRule[] = [
  {
    id: 'mailbox-disabled-words',
    class: '5',
    words: words`\b(?:${BOX}|destination|mailbox access|domain)\b${GAP}\b${CLOSED}|\b${CLOSED} (?:by \w{1,15} )?(?:user|mail ?box|account|recipient|address|e-?mail)|(?:user|mail ?box|inbox|account|recipient)(?:'s)?(?: account| mail ?box)?(?: of (?:this |the )?user| for ADDR| ADDR)?(?: is| was| has been| are|:)?(?: temporarily| currently| permanently)? ?(?:blocked|locked|closed|on hold|shut down|turned off)\b(?! (?:by|for) (?:another|the recipient|spam|policy))|inactivity|invalid\/inactive|inactive\/invalid`,
    unless:
      /sender(?:'s)? account|your (?:\w{1,12} )?account|smtp ?(?:client)?auth|authentication is disabled|(?:tls|vrfy|expn|relay\w{0,3}|command|pipelining|feature|protocol|auth|plugin|service) (?:is |are |has been )?disabled|message (?:has )?expired|certificate|domain (?:has )?(?:been )?expired key|try later|delivery time expired|time expired|expired e-?mail address|retry timeout/,
    meaning: 'mailbox_disabled',
    why: 'The words say that the mailbox is closed, suspended or no longer in use.',
    source: 'RFC 3463 x.2.1, Google DisabledUser, Yahoo, Mail.ru, Exchange',
    sample: '550 5.2.1 <a@b.test>: Recipient address rejected: Mailbox disabled for this recipient',
  },
  {
    id: 'mailbox-not-receiving-words',
    class: '5',
    words: words`\b${BOX}\b${SHORT_GAP}\b(?:not|n't|unable|disabled|no longer|cannot|can't)\b (?:currently |able |allowed |permitted |to |be |being |set up |authori[sz]ed |configured |now ){0,4}(?:receiv|accept)\w{0,3} (?:any |new |more |e-?|further |incoming |your |this )*(?:mail|message|deliver|$)|mail receiving disabled|not currently (?:being )?accepted for this mailbox`,
    unless: /\bfrom\b|does not exist|unknown|no such|relay|not found|loop|larger|size/,
    meaning: 'mailbox_disabled',
    why: 'The mailbox is there but set not to take mail.',
    source: 'RFC 3463 x.2.1, Exchange, qmail site texts',
    sample: '550 5.2.1 This account is not allowed to receive mail',
  },
  {
    id: 'mailbox-disabled-latin',
    class: '5',
    words: words`\b(?:${MAILBOX_LATIN}|mailbox|dominio)\b${GAP}\b(?:gesperrt|deaktiviert|abgelaufen|stillgelegt|inaktiv|desactive|suspendue?|bloquee?|archivee?|ferme|resilie|inactif|deshabilitad|desactivad|suspendid|bloquead|inactiv|desativad|inativ|suspens|cancelad|disattivat|disabilitat|sospes[oa]|bloccat|scadut|inattiv|geblokkeerd|uitgeschakeld|gedeactiveerd|niet actief|opgeheven|zablokowan|nieaktywn|wylaczon|zawieszon|avstangd|avstangt|inaktiver|sparrad|spaerret|deaktiver|sperret|suljettu|poistettu kaytosta|zablokovan|deaktivovan|zrusen|devre disi|askiya|kapatil|kapali|letilt|zarolt|dezactivat|suspendat|blocat)\w{0,3}|(?:desactivee?|archivee) `,
    unless: /\bip\b|\bIP\b/,
    meaning: 'mailbox_disabled',
    why: 'The words say, in another language than English, that the mailbox is closed.',
    source: 'operators in de, fr, es, pt, it, nl, pl, sv, da, no, fi, cs, tr, hu, ro; Orange OFR_418',
    sample: '550 Das Postfach ist gesperrt',
  },
  {
    id: 'mailbox-disabled-native',
    class: '5',
    words: words`(?:${MAILBOX_CYRILLIC})${SHORT_GAP}(?:отключ|заблокирован|приостановлен|неактив|закрыт|деактивирован|вимкнен|заблоковано)|(?:${MAILBOX_HAN})[^。]{0,12}(?:停用|禁用|冻结|凍結|锁定|鎖定|注销|已关闭|過期|过期|封停|停止|無効です|凍結)|(?:${MAILBOX_HANGUL})[^.]{0,12}(?:정지|비활성|휴면|잠금|중지)`,
    meaning: 'mailbox_disabled',
    why: 'The words say, in another script, that the mailbox is closed.',
    source: 'operators in ru, uk, zh, ja, ko',
    sample: '550 Почтовый ящик отключен',
  },
];

const KIND_OF =
  '(?:(?:local|virtual|internet|e-?mail|mail|destination|recipient|rcpt|valid|existing|matching|active|registered|remote|smtp|forward|such|known|or|illegal|user|domino|mailbox|single|of|for|the|this|that|one|to|a|an|any)[ /]){0,4}';

export const UNKNOWN_RULES: readonly ReplyRule[] = [
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
    words: words`\b(?:unknown|no such|no valid|invalid|bad|illegal|non-?exist(?:e|i)nt|nonexisting|inexistent|undeliverable|unrout(?:e)?able|undefined|unregistered|unrecogni[sz]ed|unallocated|unverified|not an? (?:valid|known|existing|registered)?|isn't an? (?:valid|known|existing)?|(?:unable to|can ?not|can't|could ?n[o']t|couldn't|did not|didn't|failed to|fail to) (?:find|locate|look up|resolve|recogni[sz]e|identify)|do(?:es)?n't know|do(?:es)? not know|do(?:es)? not have|do(?:es)?n't have|have no|has no|no)\b[ :'"]{1,3}${KIND_OF}(?:${MAILBOX})\b`,
    unless:
      /no (?:mail|e-?mail)s? (?:was|will|wanted|from|accepted)|no recipients? (?:specified|given)|no (?:valid )?recipients|invalid e-?mail (?:content|format|header|message)|invalid mail(?: |$)|bad e-?mail (?:content|header)|(?:no|not a) customer|no (?:unsolicited|spam)/,
    meaning: 'mailbox_not_found',
    why: 'The words say that there is no such mailbox.',
    source: 'RFC 3463 x.1.1, Exim, sendmail, qmail-ldap, Yandex, docomo, Proofpoint and most others',
    sample: '550 No such user here',
  },
  {
    id: 'nobody-there-words',
    class: '5',
    words: words`not (?:our|a|my) customer|no ?(?:one|body) (?:here |at |by |with |of )|no(?:ne|body)? (?:\w{1,10} )?by that name|recip(?:ient)?notfound|(?:doesn't|does not|don't|do not) have an? (?:\w{1,20} )?(?:HOST )?(?:account|mail ?box)|left the (?:company|organi[sz]ation|firm|university)|no longer (?:work|employed|with (?:us|the company)|at (?:this|our|the) (?:company|organi[sz]ation))|user not local|not local; please try|name (?:is )?not (?:recogni[sz]ed|found|listed|known)|(?:not listed|not found|no entry|no match)\b${SHORT_GAP}\b(?:director|address book|ldap|database)|not in (?:the |our |my |this )?(?:list of )?(?:allowed |valid |known )?(?:recipients?|users?|validrcptto)|has moved|please (?:update|use) (?:the |this |his |her |your )?(?:new )?(?:address|contact)|ADDR (?:is |was )?(?:not found|unknown|invalid|does not exist|not here)|does not like recipient|adresse d au moins un destinataire|unknown (?:or illegal )?alias|person unknown|^(?:not found|does not exist|nonexistent|unknown)\b|nobody' user|no mail drop|wrong (?:address|recipient)|undeliverable to|no route to (?:user|recipient|address)`,
    unless: /not in (?:the |our )?(?:allowed|list of allowed) (?:sender|client|host)/,
    meaning: 'mailbox_not_found',
    why: 'The words say that nobody of that name receives mail here.',
    source: 'Apple "Not our Customer", Domino, Yahoo, Exchange RESOLVER.ADR, RFC 5321 (551)',
    sample: '550 5.1.1 Not our Customer',
  },
  {
    id: 'mailbox-unavailable-words',
    class: '5',
    words: words`(?:mail ?box|user|recipient|account|address|inbox)\b${SHORT_GAP}\b(?:unavailable|not available|unreachable|unusable)`,
    unless: /access denied|policy|temporar|try (?:again )?later|spam|service unavailable|black|block|refused|security/,
    meaning: 'mailbox_not_found',
    why: 'The words of RFC 5321 for 550, said by most servers of a name they do not have.',
    source: 'RFC 5321 section 4.2.2, Outlook.com 5.5.0, hMailServer, GMX',
    sample: '550 Requested action not taken: mailbox unavailable',
  },
  {
    id: 'recipient-unknown-latin',
    class: '5',
    words: words`\b(?:${MAILBOX_LATIN})\b${GAP}\b(?:${ABSENT_LATIN})|\b(?:${ABSENT_LATIN}|${NONE_LATIN})\b ?\w{0,14} (?:\w{1,12} ){0,2}(?:${MAILBOX_LATIN})|\b(?:kyllä|onbekend bij|unbekannt verzogen|parti sans laisser)`,
    unless: /\bip\b|\bIP\b|server\b/,
    meaning: 'mailbox_not_found',
    why: 'The words say, in another language than English, that the mailbox is unknown.',
    source: 'operators in de, fr, es, pt, it, nl, pl, sv, da, no, fi, cs, tr, hu, ro; Orange OFR_416',
    sample: '550 Benutzer unbekannt',
  },
  {
    id: 'recipient-unknown-native',
    class: '5',
    words: words`(?:${MAILBOX_CYRILLIC})${SHORT_GAP}(?:не (?:существу|найден|зарегистрирован|обнаружен|известен|знайден|існу)|неизвест|недоступ|удал[её]н|отсутству|невідом)|(?:нет так|несуществующ|неизвестн|неверн|не найден|нема|невідом)\S{0,6} (?:\S{1,14} )?(?:${MAILBOX_CYRILLIC})|(?:${MAILBOX_HAN})[^。]{0,16}(?:不存在|未找到|找不到|无效|無效|未知|不正确|存在しま|存在しな|見つかり|見つから|不明|ありません|おりません|登録されて)|(?:没有|沒有|无此|無此|查无|查無|不存在|该)[^。]{0,6}(?:用户|用戶|使用者|收件人|邮箱|信箱|账号|帐号)[^。]{0,6}(?:不存在|$)|(?:无此|無此|查无此|查無此|没有此|没有这个)(?:用户|人|邮箱|收件人|信箱|使用者)|(?:${MAILBOX_HANGUL})[^.]{0,15}(?:없|존재하지|찾을 수|알 수 없)|user ga mitsukari|sonzai shimasen|atesaki fumei`,
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
    words: words`\b(?:${MAILBOX}|destination)\b${GAP}\b(?:reject|refus|denied|not (?:be )?accept|fail|error|bounced|bad\b)|(?:reject|refus|denied)\w{0,3}\b${SHORT_GAP}\b${MAILBOX}`,
    meaning: 'mailbox_not_found',
    why: 'The recipient was refused without a reason in words; the enhanced code says that the address is at fault.',
    source: 'RFC 3463 x.1.0 and x.1.1, Cisco "#5.1.0 Address rejected", AOL',
    sample: '550 #5.1.0 Address rejected.',
  },
  {
    id: 'recipient-refused-bare',
    class: '5',
    words: words`\b(?:recipient|user|mail ?box|account|addressee|address|rcpt|ADDR)\b${SHORT_GAP}\b(?:reject|refus|denied|not accept|bounced)\w{0,4}(?: by (?:the )?server)?[^a-z]{0,12}$|^[^a-z]{0,12}(?:reject|refus|denied)\w{0,3}\b (?:the |this )?(?:recipient|user|mail ?box|account|addressee|address|rcpt)\b[^a-z]{0,12}$`,
    meaning: 'mailbox_not_found',
    strength: 'weak',
    why: 'The recipient was refused without a reason; that is most often a missing mailbox, but not always.',
    source: 'Postfix check_recipient_access REJECT, au one net',
    sample: '550 <a@b.test>: Recipient address rejected.',
  },
];
