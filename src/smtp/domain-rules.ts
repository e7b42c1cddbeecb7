// Refusals of the whole recipient domain: relaying denied, not served here, unknown to this host.
import type { ReplyRule } from './rule.ts';
import { alternatives, SHORT_GAP, words } from './word-families.ts';

const NO = alternatives`
  (?:not|n't|no|cannot|can't|never|denied|deny|disallow|disabled|prohibit|refus|reject|forbid|forbidden|unable
    |unauthori|block|restrict|require|need|fail)
`;

export const DOMAIN_RULES: readonly ReplyRule[] = [
  {
    id: 'code-556',
    codes: [556],
    meaning: 'domain_not_accepted',
    why: 'The code says that the domain takes no mail.',
    source: 'RFC 7504 section 4, RFC 7505 section 4',
    sample: '556',
  },
  {
    id: 'null-mx-words',
    words: /null ?-?mx|does not accept (?:any )?(?:e-?)?mail\b(?! from)|accepts no (?:e-?)?mail|no mail service/,
    unless: /sender|user|mail ?box|account|recipient does not|address does not|addressee|ipv[46]/,
    meaning: 'domain_not_accepted',
    why: 'The host says that the domain takes no mail at all.',
    source: 'RFC 7505 section 4, RFC 7504 (556, 521)',
    sample: '550 5.1.10 Recipient address has null MX',
  },
  {
    id: 'relay-words',
    words: words`
      \brelay(?:ing|ed|s)?\b${SHORT_GAP}\b${NO}
      \b(?:not|n't|no|cannot|can't|never|unable to|refuse to|denied|disallowed|prohibited|non|deny|must \w{1,20}
        |authenticat\w{1,4}|may not|unauthori[sz]ed)\b (?:an? |be |to |\w{1,12} ){0,3}(?:smtp |mail |open )?relay
      rcpthosts?\b|relay ?access ?denied|\buse (?:me|us|this)\b[^.]{0,40}as an? relay|not an open relay
      not a gateway|gatewaying|non-local (?:e-?mail|address|recipient|domain)
      relay (?:verboten|refus|abgelehnt|interdit|denegad|negad|non consentit|nicht)
      relais (?:refus|interdit|non)|relaying? (?:abgelehnt|nicht)|пересылка запрещена|релей запрещ|拒绝转发|不允许中继
      中継(?:は|を)?(?:許可|拒否)
    `,
    unless: words`
      open relays|insecure|of your isp|(?:block|black|untrusted)\w{0,6} relay
      relay (?:host|server) (?:is )?(?:blocked|listed)|relaying service requires
      (?:not found|unknown|no such \w{1,10}) in (?:the |our )?relay
    `,
    meaning: 'domain_not_accepted',
    why: 'The host does not take mail for this domain and will not pass it on.',
    source: 'Postfix "Relay access denied", sendmail, Exim, qmail rcpthosts, Exchange 5.7.54 and 5.7.64',
    sample: '554 5.7.1 <a@b.test>: Relay access denied',
  },
  {
    id: 'domain-unknown-words',
    class: '5',
    words: words`
      (?:no such|unknown|invalid|bad|illegal|unrout(?:e)?able|non-?existent|unrecogni[sz]ed|unsupported|unhosted
        |undefined) (?:mail |e-?mail |destination |recipient |local |host\/|recipient's )?(?:domain|host\b|system
        |destination host|destination domain|site|hosts)
      \b(?:domain|host|destination system|HOST|ADDR domain)\b(?: name| HOST| part)?(?: is| was| are|:)?(?: a| in
        | currently| on| to)? ?(?:unknown|not (?:a )?(?:local|found|known|hosted|served|handled|accepted|configured
        |recogni[sz]ed|valid|supported|our|one of|in\b|on\b|allowed|exist|listed|registered|provisioned|routed
        |reachable|accessible|available|defined|for|here)|isn't|doesn't exist|does not exist|could not be (?:found
        |resolved)|cannot be (?:found|resolved)|unrout|has no mx|has no valid mx|inactive|invalid|non-?exist
        |must exist)
      (?:not|n't|do not|no) (?:serve|handle|host|accept mail for|accept e-?mail for|deliver mail for|route for
        |responsible for|a local domain|hosted here|served here|our domain|host(?:ing)? mail)
      cannot deliver mail for|cannot accept mail for
      mail (?:for|to) (?:this domain|that domain|HOST|domain)${SHORT_GAP}\b(?:not|no longer)\b|(?:routing|mail service) is not enabled for
      (?<!\bthis )domain(?: HOST)? (?:is |has been )(?:currently )?(?:suspended|disabled|expired|locked|on hold)|no (?:mx|a) (?:record|host)
      mx record${SHORT_GAP}not found|unknown domain|domaine (?:inconnu|non)
      domain(?:e|ne|ane|ain)? (?:unbekannt|nicht|onbekend)
      dom(?:ain|aine|aene|einen?|inio|eniu|ena|eny)\b${SHORT_GAP}\b(?:nicht|pas|no|nao|non|niet|nie|neni|nem)\b (?:\w{1,6} ){0,2}(?:gehostet|betreut
        |verwaltet|zustandig|zustaendig|heberg|gere|desservi|hosped|alojad|aloja|aceit|acept|ospit|gestit|gehost
        |bediend|obslugiwan|hostowan|hostovan|obsluhovan|kiszolg)
      (?:fur|fuer) (?:diese |die )?domain(?: HOST)? (?:\w{1,6} ){0,2}nicht (?:zustandig|zustaendig)
      (?:nao|no|non) (?:aceita|acepta|accetta|hospeda|aloja|atende|gestisce|ospita)\w{0,2} (?:\w{1,12} ){0,2}(?:para|per|a|o|el|il|este|esse)? ?dominio
      dominio (?:sconosciuto|desconocido|no existe|inesistente|nao existe|non)|nieznana domena
      неизвестн\S{1,3} домен|домен\S{0,3} не|域名(?:不存在|无效|错误)|not local host
    `,
    unless: words`
      sender|reverse|your (?:domain|host|ip)|client|lookup fail|temporar|timed out|try again|dns records
      point to
    `,
    meaning: 'domain_not_accepted',
    why: 'The host does not know the domain as one of its own.',
    source: 'RFC 3463 x.1.2, Haraka "I cannot deliver mail for", Exim, Exchange, Domino',
    sample: '550 Domain not hosted here',
  },
];
