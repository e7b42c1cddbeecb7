// Replies that speak of a mailbox which is there but takes nothing: it is full, or closed.
import type { ReplyRule } from './rule.ts';
import {
  alternatives,
  BOX,
  GAP,
  MAILBOX_CYRILLIC,
  MAILBOX_HAN,
  MAILBOX_HANGUL,
  MAILBOX_LATIN,
  SHORT_GAP,
  words,
} from './word-families.ts';

export const FULL_RULES: readonly ReplyRule[] = [
  {
    id: 'mailbox-full-words',
    words: words`
      \b(?:${BOX}|box|folder|mail)\b${SHORT_GAP}\b(?:is |are |was )?(?:(?:too |currently |already |almost )?full\b(?! qual
        | name)|over (?:its |their |the |his |allowed |maximum )?(?:allowed |storage |disk |mail |size )?(?:quota
        |limit|storage|allocat)|over-?quota|out of (?:disk |storage )?(?:space|quota|storage)|over-?size|lacks space
        |has no (?:more )?(?:space|room))
      over ?-?quota|quota (?:has been |is |was |limit )?(?:exceed|full|reach|exhaust|violat|over|limit)
      (?:exceed|reach|exhaust|surpass|over|beyond|out of|violat|insufficient|hit|used
        |above)\w{0,4} (?:\w{1,12} ){0,4}(?:quota|storage (?:limit|allocation|space|allowance)|storage allocation
        |allowed storage|mailbox (?:size|limit|storage|capacity))
      overquota|quotaexceed|inbox is full|full mail ?box
      (?:mail ?box|inbox|mail ?drop|mail ?store)\b${SHORT_GAP}\b(?:size |storage )?(?:limit|size|capacity
        |quota)s? (?:has been |have been |is |was |will be |would be )?(?:exceed|reach|full)
      (?:mail ?box|inbox|user)\b (?:size |would )?(?:has )?(?:exceed|reached)\w{0,3}
      (?:storage|disk)(?: space)?(?: limit| quota)? (?:is )?(?:exceed|full|exhaust|reached)
      no (?:more )?(?:space|room|storage)(?: left)? (?:in|for|on) (?:the |this |user |recipient )*(?:mail ?box|user
        |inbox|account|ADDR)
      (?:not enough|insufficient|no)(?: free| available| disk| storage)* (?:space|room|storage) (?:left )?(?:in|for
        |on)? ?(?:the |this |recipient's |user's |user )*(?:mail ?box|inbox|account|user|recipient|ADDR)
      insufficient mail ?box|mail ?box (?:space|storage)|(?:run|ran) out of (?:\w{1,10} )?(?:space|storage)
      blocks limit|inode limit|mail quota|user quota|disk quota|space quota|storage quota|mailbox quota
      quota exceeded
      too many messages (?:stored|(?:in|on) (?:the |user's )?(?:server|mail ?box|inbox|folder|account))
      mail data for|(?:disk|domain|dir|user)quota\b|space (?:available in|allocation)
      (?:space|storage) (?:has been |is )?used up|exceed\w{0,3} (?:the )?user's (?:limit|storage)
      can accept no more
    `,
    unless: words`
      your (?:sending |mail |daily )?quota|sending quota|daily|hourly
      quota of (?:messages|recipients|connections)
      (?:sender|organi[sz]ation|tenant|queue|sending|message|outbound|outgoing)\w{0,3} (?:\w{1,10} )?quota
      queue (?:is )?full|policy rejection|invalid recipients|message rate|fully[- ]qualified
      system (?:is )?full|full (?:name|domain)|(?:connection|session|error) (?:limit|quota)
      per (?:hour|day|minute)|rate limit
    `,
    meaning: 'mailbox_full',
    why: 'The words say that the mailbox has no room left.',
    source: 'RFC 3463 x.2.2, Postfix, Dovecot, Exchange, Google OverQuota, Yahoo, Comcast, chkuser',
    sample: '552 5.1.1 <a@b.test> user over quota',
  },
  {
    id: 'mailbox-full-latin',
    words: words`
      \bvoll\b|uberfullt|ueberfuellt
      quota (?:uberschritten|ueberschritten|depasse|excedida|superata|overschreden|przekroczon)|speicherplatz
      pleine\b|saturee?|(?:quota|espace|capacite)\b${SHORT_GAP}\b(?:depasse|insuffisant|atteint|epuise)
      \bllen[oa]\b
      (?:cuota|quota|limite|espacio|espaco|capacidad|capacidade)\b${SHORT_GAP}\b(?:excedid|superad|insuficiente
        |agotad|esgotad|ultrapass|atingid)
      excedid[oa]\b|cheia\b|lotad[ao]\b|\bpiena\b|spazio${SHORT_GAP}esaurito|quota${SHORT_GAP}superat
      (?:mailbox|postbus|postvak|inbox)\b${SHORT_GAP}\bvol\b|\bpelna\b|przepelnion|przekroczon\w{0,3}
      (?:brevlada|inkorg|postkasse|postboks|innboks|indbakke|mailbox)\w{0,4}\b${SHORT_GAP}\b(?:full|fuld|fyldt)
      taynna|\bplna\b|preplnen|\bdolu\b|kota(?:si|niz)?\b${SHORT_GAP}asil|megtelt|\bplin[aă]?\b
    `,
    meaning: 'mailbox_full',
    why: 'The words say, in another language than English, that the mailbox has no room left.',
    source: 'operators in de, fr, es, pt, it, nl, pl, sv, da, no, fi, cs, tr, hu, ro',
    sample: '552 Das Postfach ist voll',
  },
  {
    id: 'mailbox-full-native',
    words: words`
      переполнен|заполнен|превышен\S{0,3} (?:\S{1,12} )?(?:квот|лимит|размер|объ)
      квот\S{1,3} (?:превыш|исчерп)|нет (?:свободного )?места
      (?:邮箱|郵箱|信箱|容量|空间|空間|配额)[^。]{0,10}(?:已?满|已?滿|不足|已?超|超出|用完|用盡)|超出[^。]{0,6}(?:配额|容量|限额)
      (?:メールボックス|受信箱|受信トレイ|容量|クォータ)[^。]{0,20}(?:一杯|いっぱい|満杯|超え|超過|不足|オーバー|フル)
      (?:메일함|편지함|용량|사서함)[^.]{0,15}(?:가득|초과|꽉|부족)
    `,
    meaning: 'mailbox_full',
    why: 'The words say, in another script, that the mailbox has no room left.',
    source: 'operators in ru, zh, ja, ko',
    sample: '552 Почтовый ящик переполнен',
  },
];

const CLOSED = alternatives`
  (?:disabled|in-?active|inactivated|de-?activated|deactived|suspend(?:ed|s)?\b|discontinued|expired|frozen
    |terminated|dormant|not (?:currently |yet |an? )?(?:active|activated|enabled)|no longer active|barred|cancell?ed
    |decommissioned|archived|hibernat|idle|abandoned|retired)
`;

export const DISABLED_RULES: readonly ReplyRule[] = [
  {
    id: 'mailbox-disabled-words',
    class: '5',
    words: words`
      \b(?:${BOX}|destination|mailbox access|domain)\b${GAP}\b${CLOSED}
      \b${CLOSED} (?:by \w{1,15} )?(?:user|mail ?box|account|recipient|address|e-?mail)
      (?:user|mail ?box|inbox|account|recipient)(?:'s)?(?: account| mail ?box)?(?: of (?:this |the )?user| for ADDR
        | ADDR)?(?: is| was| has been| are|:)?(?: temporarily| currently| permanently)? ?(?:blocked|locked|closed
        |on hold|shut down|turned off)\b(?! (?:by|for) (?:another|the recipient|spam|policy))
      inactivity|invalid\/inactive|inactive\/invalid
    `,
    unless: words`
      for sending|sender(?:'s)? account|your (?:\w{1,12} )?account|smtp ?(?:client)?auth
      authentication is disabled
      (?:tls|vrfy|expn|relay\w{0,3}|command|pipelining|feature|protocol|auth|plugin|service) (?:is |are |has been )?disabled
      message (?:has )?expired|certificate|domain (?:has )?(?:been )?expired key|try later
      delivery time expired|time expired|expired e-?mail address|retry timeout
    `,
    meaning: 'mailbox_disabled',
    why: 'The words say that the mailbox is closed, suspended or no longer in use.',
    source: 'RFC 3463 x.2.1, Google DisabledUser, Yahoo, Mail.ru, Exchange',
    sample: '550 5.2.1 <a@b.test>: Recipient address rejected: Mailbox disabled for this recipient',
  },
  {
    id: 'mailbox-not-receiving-words',
    class: '5',
    words: words`
      \b${BOX}\b${SHORT_GAP}\b(?:not|n't|unable|disabled|no longer|cannot|can't)\b (?:currently |able |allowed |permitted |to |be |being |set up |authori[sz]ed |configured |now ){0,4}(?:receiv
        |accept)\w{0,3} (?:any |new |more |e-?|further |incoming |your |this )*(?:mail|message|deliver|$)
      mail receiving disabled|not currently (?:being )?accepted for this mailbox
    `,
    unless: /\bfrom\b|does not exist|unknown|no such|relay|not found|loop|larger|size/,
    meaning: 'mailbox_disabled',
    why: 'The mailbox is there but set not to take mail.',
    source: 'RFC 3463 x.2.1, Exchange, qmail site texts',
    sample: '550 5.2.1 This account is not allowed to receive mail',
  },
  {
    id: 'mailbox-disabled-latin',
    class: '5',
    words: words`
      \b(?:${MAILBOX_LATIN}|mailbox|dominio)\b${GAP}\b(?:gesperrt|deaktiviert|abgelaufen|stillgelegt|inaktiv
        |desactive|suspendue?|bloquee?|archivee?|ferme|resilie|inactif|deshabilitad|desactivad|suspendid|bloquead
        |inactiv|desativad|inativ|suspens|cancelad|disattivat|disabilitat|sospes[oa]|bloccat|scadut|inattiv
        |geblokkeerd|uitgeschakeld|gedeactiveerd|niet actief|opgeheven|zablokowan|nieaktywn|wylaczon|zawieszon
        |avstangd|avstangt|inaktiver|sparrad|spaerret|deaktiver|sperret|suljettu|poistettu kaytosta|zablokovan
        |deaktivovan|zrusen|devre disi|askiya|kapatil|kapali|letilt|zarolt|dezactivat|suspendat|blocat)\w{0,3}
      (?:desactivee?|archivee)\b
    `,
    unless: /\bip\b|\bIP\b/,
    meaning: 'mailbox_disabled',
    why: 'The words say, in another language than English, that the mailbox is closed.',
    source: 'operators in de, fr, es, pt, it, nl, pl, sv, da, no, fi, cs, tr, hu, ro; Orange OFR_418',
    sample: '550 Das Postfach ist gesperrt',
  },
  {
    id: 'mailbox-disabled-native',
    class: '5',
    words: words`
      (?:${MAILBOX_CYRILLIC})${SHORT_GAP}(?:отключ|заблокирован|приостановлен|неактив|закрыт|деактивирован|вимкнен
        |заблоковано)
      (?:${MAILBOX_HAN})[^。]{0,12}(?:停用|禁用|冻结|凍結|锁定|鎖定|注销|已关闭|過期|过期|封停|停止|無効です|凍結)
      (?:${MAILBOX_HANGUL})[^.]{0,12}(?:정지|비활성|휴면|잠금|중지)
    `,
    meaning: 'mailbox_disabled',
    why: 'The words say, in another script, that the mailbox is closed.',
    source: 'operators in ru, uk, zh, ja, ko',
    sample: '550 Почтовый ящик отключен',
  },
];
