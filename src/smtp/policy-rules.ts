// Refusals of what was sent (content) and refusals by rule (policy), read after all that names a mailbox.
import type { ReplyRule } from './rule.ts';
import { GAP, SHORT_GAP, words } from './word-families.ts';

/** Read before quota and "not found" words: a message too large is no full mailbox, a missing header no missing user. */
export const MESSAGE_RULES: readonly ReplyRule[] = [
  {
    id: 'message-size-words',
    words: words`
      (?:message|mail|e-?mail|content|attachment|data|header|file|body)(?: file| header| frame)? (?:size|length)\b
      (?:message|mail|e-?mail|content|attachment|header)s? (?:is |was |are )?(?:too|exceed)\w{0,3} (?:large|big|long
        |size|google|the max|maximum|max|limit|fixed)
      (?:exceed\w{0,3}|maximum|max)${SHORT_GAP}\b(?:message|mail|e-?mail|content|attachment) ?(?:file )?(?:size
        |length)
      size (?:limit|exceed|of (?:the |your )?message)|larger than|too (?:large|big)\b|message line
      line (?:length|limit)|zu gross|trop (?:volumineux|gros|grand)|demasiado grande|muito grande
      troppo grande|te groot
    `,
    unless: /mail ?box|quota|inbox|(?:storage|disk space)(?! allocation)|recipient's|user is over|full\b/,
    meaning: 'content_rejected',
    why: 'The message was too large; any mailbox there would have refused it.',
    source: 'RFC 1870, RFC 3463 x.2.3 and x.3.4, Postfix, Google',
    sample: '552 5.3.4 Message size exceeds fixed limit',
  },
  {
    id: 'message-form-words',
    words: words`
      \bheaders?\b|attachment|embedded image|executable file|compressed file|mime\b|message-id|content-type
      8-?bit|7-?bit|charset|non-?ascii|malformed|body type|rfc ?[25]?[83]22|duplicate${SHORT_GAP}\bfrom
      bare (?:lf|cr|line)|linefeed|rfc[- ]complian
    `,
    unless: /manually blocked|user unknown|no such user|recipient address|\bloop|too many received|hops/,
    meaning: 'content_rejected',
    why: 'The form of the message was refused: its headers, encoding or attachments.',
    source: 'RFC 3463 x.6.x, Google, Exchange 5.6.11',
    sample: 'data: 554 5.6.0 Missing or invalid From header; header address not found',
  },
];

export const POLICY_RULES: readonly ReplyRule[] = [
  {
    id: 'policy-reasons-words',
    words: /polic(?:y|ies) (?:reasons?|restrictions?)/,
    meaning: 'blocked',
    why: 'A rule of the operator refused us; rules say nothing of whether a mailbox exists.',
    source: 'GMX, web.de, Yahoo 5.7.9, Hotmail',
    sample: '550 mailbox unavailable: refused for policy reasons',
  },
  {
    id: 'virus-words',
    words: /virus|malware|phish|trojan|\bworm\b|eicar|infected|вирус|病毒|ウイルス/,
    meaning: 'content_rejected',
    why: 'A scanner refused the content.',
    source: 'ClamAV, amavis, Sophos and others behind many servers',
    sample: 'data: 554 5.7.1 Message contains a virus',
  },
  {
    id: 'spam-sender-words',
    words: words`
      (?:block|refus|reject|denied|listed|banned)\w{0,3} (?:for|because of|due to) (?:spam|abuse|spamming)
      spam (?:from|originating|received|reports?|complaints?)|spam block|spam abuse|abuse detected
      too many (?:\w{1,12} ){0,2}(?:spams?|unwanted|complaints)|block for spam
      (?:send|sending|sent|spamming|sends)\b${SHORT_GAP}\bspam|no unsolicited|unsolicited mail originating
      complaints
    `,
    unless: /\burls?\b|\blinks?\b|content|text|body|message contains/,
    meaning: 'blocked',
    why: 'The host holds us for a source of spam.',
    source: 'Comcast BL000000, Orange OFR_506, AOL',
    sample: '550 Service refused. Blocked for spam.',
  },
  {
    id: 'spam-words',
    words: words`
      \bspam|\bjunk|unsolicited|bulk mail|\bube\b|\buce\b|likely suspicious
      (?:unsafe|suspicious) (?:content|link|url|due to the nature|message)
      content${GAP}\b(?:reject|refus|denied|block|violat|not (?:allowed|accept)|filter|guideline|restriction
        |presents|suspicious)
      (?:reject|refus|denied|blocked|forbidden|prohibited|illegal|objectionable|inappropriate|banned|bad
        |unacceptable)\w{0,3}\b${SHORT_GAP}\b(?:content|text|words?|phrase|subject|url|link)s?\b
      url(?:s)? (?:in|found|listed)|inhalt|contenu|contenido|conteudo|contenuto|indesirable|спам|垃圾|内容|迷惑メール
      스팸
    `,
    unless: /junkmail rejected -|your ip|IP is|banned network/,
    meaning: 'content_rejected',
    why: 'The words speak of what was sent, not of who receives it.',
    source: 'SpamAssassin, Google, Cloudmark, 163.com DT:SPM and others',
    sample: 'data: 550 5.7.1 Message rejected as spam by Content Filtering.',
  },
  {
    id: 'policy-words',
    words: words`
      polic(?:y|ies)|administrative(?:ly)?|prohibit|prohibition
      security (?:reason|policy|restriction|violation|setting)|politica|politik|richtlinie|regles|politique
      beleid|безопасност|политик|策略|ポリシー
    `,
    meaning: 'blocked',
    why: 'A rule of the operator refused us; rules say nothing of whether a mailbox exists.',
    source: 'Exim "Administrative prohibition", Mimecast, Yahoo 5.7.9, GMX, T-Online',
    sample: '550 Administrative prohibition',
  },
  {
    id: 'access-words',
    words: words`
      access${SHORT_GAP}\b(?:denied|refused|rejected|forbidden|not|restricted)
      (?:denied|refused|no|restricted) access
      (?:rejected|refused|denied) by (?:the )?(?:destination|recipient'?s?|remote|target) (?:domain|server|host
        |system|organi[sz]ation)
      not (?:authori[sz]ed|permitted|allowed|welcome|eligible)|unauthori[sz]ed|forbidden|\bbanned|go away|\bfiltered\b|intrusion
      firewall|get lost|permission|zugriff (?:verweigert|nicht)|acces (?:refuse|interdit|non)|acceso denegado
      acesso negado|accesso negato|toegang geweigerd|dostep zabroniony|доступ запрещ|拒绝访问|拒絕存取|アクセス(?:拒否|が拒否)
      suppress|not accepting (?:messages|mail|connections|email|network)|no (?:smtp )?service here|no esmtp
      does not accept mail
    `,
    meaning: 'blocked',
    why: 'Access was denied to us; nothing was said of the recipient.',
    source: 'Postfix access maps, Exchange, Cisco, sendmail greet_pause',
    sample: '550 5.7.1 <a@b.test>: Recipient address rejected: Access denied',
  },
  {
    id: 'block-words',
    words: words`
      LISTLINK|\bblock(?:ed|ing|s)?\b|geblokkeerd|blockiert|bloque|bloccat|bloquead|zablokowan|заблокирован
      отказано|封锁|被拒绝|ブロック
    `,
    unless: /blocks? limit/,
    meaning: 'blocked',
    why: 'The words say blocked, and no mailbox beside it.',
    source: 'Barracuda "550 Blocked" and many others',
    sample: '550 Blocked',
  },
];

/** Read after the enhanced codes of missing mailboxes: "rejected" alone is said for any reason. */
export const REJECTION_RULES: readonly ReplyRule[] = [
  {
    id: 'rejected-words',
    class: '5',
    words: words`
      \b(?:rejected|refused|denied|declined|not accepted|unacceptable|abgelehnt|verweigert|abgewiesen|refuse\b
        |rejete|rechazad|rejeitad|recusad|rifiutat|respint|geweigerd|odrzucon|avvisad|avvist|hylatty|odmitnut
        |reddedildi)
      отклонен|отказ|拒收|拒绝|退信|拒否
    `,
    meaning: 'blocked',
    strength: 'weak',
    why: 'A refusal without a reason, and without a word for the recipient: taken as aimed at us.',
    source: 'Exim and appliances',
    sample: '550 Rejected',
  },
];
