// Refusals of the one who asks: the sender address, and the host that sends, its name, record and reputation.
import type { ReplyRule } from './rule.ts';
import { GAP, SENDER, SENDER_LATIN, SHORT_GAP, words } from './word-families.ts';

/** Read before all words about a mailbox: "client host unknown" and "sender does not exist" are about us. */
export const SENDER_RULES: readonly ReplyRule[] = [
  {
    id: 'sender-callout-failed',
    words: words`
      verif(?:y|ication) (?:of )?(?:the )?(?:your )?(?:sender|envelope|from|return)
      verif(?:y|ication of) your (?:e-?mail )?address
      (?:sender|return[- ]path|from)(?: address| domain)?(?: could not be| cannot be| not)? verif
      verification failed for (?:ADDR|SENDER)|sender failed to verify
      sender (?:address )?(?:verify|verification|callout|callback)|(?:callback|call-?out)${SHORT_GAP}\bsender
      \bbatv\b|backscatter protection|bounce address tag
    `,
    meaning: 'sender_rejected',
    why: 'The host asked our own mail host about the sender address and was not content with the answer.',
    source: 'Exim verify = sender, milter-sender, BATV filters',
    sample: '550 Sender verify failed',
  },
  {
    id: 'sender-domain-words',
    words: words`
      domain of (?:the |your )?(?:sender|SENDER)|sending domain\b${SHORT_GAP}\b(?:missing|no|not|without)\b${SHORT_GAP}\b(?:mx|a) |domain of your (?:e-?mail )?address
      \byour (?:e-?mail |mail )address (?:is |was |has been )?(?:not\b|n't|does|doesn't|unknown|invalid|reject|refus
        |illegal)
      (?:${SENDER}|originating|from)['s]{0,2}:? domain\b${GAP}\b(?:not|n't|no|must|invalid|unknown|bad|unresolv
        |non-?exist|fail|empty|reject|refus|denied|illegal|cannot)
      valid mx for (?:the )?sender|sender (?:domain )?has no (?:\w{1,4}, ){0,3}(?:or )?mx\b|sender(?:'s)? (?:domain |address )?has (?:a )?null mx|(?:invalid|bad) (?:dns )?mx (?:or a\/aaaa )?(?:resource )?record
      (?:no|find|valid) mx${SHORT_GAP} for (?:the |your )?(?:sender|from|SENDER)
    `,
    unless: /spf|dkim|dmarc|black-?list|block-?list|reputation/,
    meaning: 'sender_rejected',
    why: 'The domain of the sender address was refused: it does not exist, has no mail host, or is not welcome.',
    source: 'sendmail 5.1.8, Postfix reject_unknown_sender_domain, chkuser',
    sample: 'mail: 553 5.1.8 <a@b.test>... Domain of sender address a@b.test does not exist',
  },
  {
    id: 'sender-words',
    words: words`
      \b${SENDER}(?: ADDR| SENDER| HOST)?(?:['": ]{1,3}|\b)(?:is |was |are |has been |have been |address |domain |user |mailbox |account )?(?:currently )?(?:not |n't )?(?:be )?(?:reject
        |refus|denied|unknown|invalid|valid|illegal|bad\b|does not exist|doesn't exist|do not exist|exist|found
        |undeliverable|unrout|non-?exist|allowed|accepted|acceptable|permitted|fully|missing|empty|syntax|format
        |must|has (?:an? )?(?:invalid|bad|illegal|wrong)|in my badmailfrom)
    `,
    unless: words`
      sender (?:address )?(?:is )?not (?:allowed|permitted) (?:to send|for)
      (?:rejected|refused|denied) by (?:the )?(?:recipient|user)|spf|dkim|dmarc|dnsbl|\brbl\b|black-?list
      block-?list|allowed senders|accepted senders|policy reasons
    `,
    meaning: 'sender_rejected',
    why: 'The words refuse the sender address, not the recipient.',
    source: 'Postfix "Sender address rejected", qmail badmailfrom, Exchange 5.1.7',
    sample: '550 5.1.8 <a@b.test>: Sender address rejected: Domain not found',
  },
  {
    id: 'sender-words-before',
    words: words`
      \b(?:unknown|invalid|bad|illegal|malformed|unrout(?:e)?able|no such|null|empty|unverified|wrong|non-?existent
        |undefined)\b (?:or \w{1,20} )?(?:envelope |mail |e-?mail )?(?:${SENDER}|domain of sender)\b
      \b(?:invalid|bad|unknown|illegal|malformed) (?:e-?mail )?(?:address|domain|user
        |mailbox)\b[^.]{0,12}\b(?:mail from|return[- ]path|envelope)
      route to (?:the )?sender|bad (?:outbound )?sender|not a valid sender|unacceptable sender
      (?:reject|refus|denied)${SHORT_GAP}\b(?:null|empty) (?:envelope )?(?:sender|return)|third-party dsn
      unsigned dsn|purported responsible|domain name required for sender
      \b(?:address|mailbox) (?:reject|refus|denied)\w{0,3}[: ]{1,3}SENDER
    `,
    unless: /dnsbl|\brbl\b|black-?list|block-?list/,
    meaning: 'sender_rejected',
    why: 'The words refuse the sender address, not the recipient.',
    source: 'Exim, sendmail, Exchange SMTPSEND.InvalidSender, Orange OFR_405',
    sample: '550 Unknown sender',
  },
  {
    id: 'sender-words-latin',
    words: words`\b${SENDER_LATIN}\b`,
    meaning: 'sender_rejected',
    why: 'The words, in another language than English, name the sender address.',
    source: 'operators in de, fr, es, pt, it, nl, pl, sv, da, no, fi, cs, tr, hu, ro',
    sample: '550 Absender unbekannt',
  },
  {
    id: 'sender-words-native',
    words: /отправител|відправник|发件人|發件人|寄件[人者]|送信者|差出人|送信元アドレス|보낸 ?사람|발신자|보내는 ?사람/,
    meaning: 'sender_rejected',
    why: 'The words, in another script, name the sender address.',
    source: 'operators in ru, uk, zh, ja, ko',
    sample: 'mail: 550 Адрес отправителя не существует',
  },
  {
    id: 'courier-517',
    codes: [517],
    meaning: 'sender_rejected',
    why: 'Courier keeps this code for the domain of the sender.',
    source: 'Courier (517-Domain does not exist)',
    sample: '517 No',
  },
];
