// Word families the tables of replies are written in: what a mailbox and a sender are called, and how they are refused.

/**
 * Joins phrases to alternatives of one pattern. Each line of the template is one more; a line that begins with `|` or
 * `)` goes on with the group above it. Families may be put in: alternatives`\b${MAILBOX}\b${GAP}\bunknown`.
 */
export function alternatives(parts: TemplateStringsArray, ...families: readonly string[]): string {
  const lines = String.raw({ raw: parts.raw }, ...families)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return lines.reduce((pattern, line) => (/^[|)]/.test(line) ? pattern + line : `${pattern}|${line}`));
}

/**
 * The same as a pattern. Every repetition in it must be bounded, or over single characters, so that matching takes time
 * in proportion to the text.
 */
export function words(parts: TemplateStringsArray, ...families: readonly string[]): RegExp {
  return new RegExp(alternatives(parts, ...families));
}

/** A few words between noun and predicate, within one sentence. */
export const GAP = '[^.!?]{0,50}';
export const SHORT_GAP = '[^.!?]{0,24}';

const NOT_OURS = alternatives`
  (?<!\b(?:ip|sender|sender's|sending|from|source|client|envelope|return|header
    |authenticated|unauthenticated|our|network|reply-to) )
`;
const NOT_YOURS = alternatives`
  (?<!\b(?:your|your e-?mail|your mail|senders?|sender's|sending|from|authenticat\w{1,3}|your user) )
`;

/** What English-speaking servers call a mailbox or its owner; "your account" and "sender address" are not meant. */
export const MAILBOX = alternatives`
  ${NOT_OURS}(?:${NOT_YOURS}(?:users?|accounts?|e-?mails?|addresse?s?|mail ?box(?:es)?|mail-box)
    |mail-?address(?:es)?|user ?(?:name|id)s?|userid|recipients?|rcpt(?:to)?|inbox|addressees?|alias(?:es)?|local[- ]?part|maildrop|mail drop
    |customers?|subscribers?|members?|employees?|persons?|destination (?:address|mailbox)|ADDR
    )(?:'s|\(s\))?
`;

/** A mailbox in the narrow sense: what can be full, locked or closed. */
export const BOX = alternatives`
  ${NOT_OURS}(?:${NOT_YOURS}(?:users?|accounts?|mail ?box(?:es)?|mail-box|(?:e-?)?mail ?(?:box|address|account)|address)
    |recipients?|inbox|maildrop|mail drop|maildir|mail ?file|mail ?store|subscribers?|ADDR
    )(?:'s)?
`;

/**
 * The same in Latin-script languages other than English, without accents (see `reply-text.ts`), a line each: de, fr, es,
 * pt, it, nl, pl, sv, da and no, fi, cs and sk, tr, hu, ro, and words borrowed everywhere.
 */
export const MAILBOX_LATIN = alternatives`
  benutzer\w{0,12}|empfanger\w{0,12}|empfaenger\w{0,12}|postfach|mailadresse|adressat|nutzer|teilnehmer
  utilisateur|destinataires?|boites?|compte|abonne|usager
  usuari[oa]|destinatari[oa]s?|buzon|cuenta|casilla|direccion|correo
  utilizador|caixa|conta|endereco
  utente|casella|indirizzo
  gebruikers?|ontvangers?|geadresseerde|postbus|postvak|mailadres|e-mailadres|adres
  uzytkownik\w{0,4}|odbiorc\w{0,3}|skrzynk\w{0,3}|konto|konta|adresat\w{0,4}
  anvandare\w{0,4}|mottagare\w{0,4}|brevlada\w{0,3}|kontot|adress\w{0,5}
  bruger\w{0,4}|bruker\w{0,4}|modtager\w{0,4}|mottaker\w{0,4}|postkasse\w{0,2}|postboks\w{0,3}|kontoen
  vastaanottaja\w{0,3}|kayttaja\w{0,3}|postilaatik\w{0,5}|tili\w{0,3}|osoite\w{0,4}
  uzivatel\w{0,4}|prijem\w{0,4}|schrank\w{0,3}|ucet|pouzivatel\w{0,3}
  kullanici\w{0,4}|alici\w{0,4}|posta kutusu|hesa[pb]\w{0,3}|adresi?
  felhasznalo\w{0,3}|cimzett\w{0,3}|postafiok\w{0,3}|fiok
  utilizator\w{0,4}|destinatar\w{0,3}|casut[ae]|contul
  adresse?|account|mailbox|mailboxen|user|e-?mail
`;

/** Who the reply blames when it speaks of our MAIL FROM. */
export const SENDER = alternatives`
  (?:sender(?:'s|s)?(?: (?:e-?mail|mail|envelope))?(?: (?:address|id|account|mailbox|user))?
    |envelope[- ]?(?:from|sender)(?: address)?|mail[- ]?from|mfrom|\bfrom[: -]{1,2}address|from address
    |return[- ]?path|reverse[- ]?path|originator|originating (?:address|mailbox|user)|SENDER)
`;

export const SENDER_LATIN = alternatives`
  (?:absender\w{0,10}|emetteur|expediteur|remitente|remetente|mittente|afzender|nadawc\w{0,3}|avsandare\w{0,4}
    |afsender\w{0,4}|avsender\w{0,4}|lahettaja\w{0,4}|odesilatel\w{0,3}|odosielatel\w{0,3}|gonderen\w{0,4}
    |gonderici\w{0,4}|felado\w{0,4}|expeditor\w{0,4})
`;

/** What else can be unknown or invalid; "ADDR: invalid DNS MX record" says nothing of the mailbox. */
const OTHER_NOUN = alternatives`
  (?:\w{1,12} )?(?:dns|mx|ptr|helo|ehlo|ip|host|hosts|hostname|domains?|headers?|certificate|commands?|arguments?
    |parameters?|sender|content|message|reverse|server|client|network|record|error|reason|relay|url|charset|encoding)\b
`;

/** Ways to say that nobody of that name is there; also the beginning of longer ones, so no word end is asked for. */
export const ABSENT = alternatives`
  (?:unknown|invalid|illegal|non-?existent)(?! ${OTHER_NOUN})|non-?existing|inexist|undeliverable|unrout(?:e)?able
  unallocated|unregistered|unrecogni[sz]ed
  (?:do|does|did|dose)(?:e?s?n?'?t| not| n't)(?: currently| actually| seem to| appear to)? exist
  (?:not|isn't|isnt|wasn't|aren't|doesn't|never) (?:be |been |a |an |actually |currently |yet )?(?:found|known|exist
    |valid|listed|registered|recogni[sz]ed|local|present|here|defined|hosted|allocated|assigned|provisioned
    |identified|matched|located|in (?:the |our |my |this )?(?:\w{1,20} ){0,3}(?:list|director|database|table|ldap
    |file|system|exchange|active|ad\b))
  (?:can ?not|can't|cant|couldn't|could not|unable to) be (?:found|located|resolved|verified|identified
    |recogni[sz]ed|matched)
  no longer (?:exist|valid|available|here|in use|used|in service|on (?:this |the |our )?(?:server|system)|registered
    |with (?:us|the|this)|at (?:this|our)|work|employed|a (?:customer|member|user))
  (?:has |have )?(?:been )?(?:deleted|removed|erased|purged)|(?:has |have )moved|(?:has |have )left|is gone
`;

/** The same by language: de, fr, es and pt, it, nl, pl, sv with da and no, fi, cs and sk, tr, hu, ro. */
export const ABSENT_LATIN = alternatives`
  unbekannt\w{0,2}|existiert (?:\w{1,10} ){0,2}nicht|nicht (?:gefunden|bekannt|vorhanden|existent|gultig|gueltig
    |zustellbar)|ungultig|ungueltig|unzustellbar|gibt es nicht
  inconnue?|n[' ]?existe (?:pas|plus)|inexistante?|invalide|introuvable|non trouve|n'est (?:pas|plus) (?:valide|connu
    |reconnu|attribu)
  desconocid[oa]|desconhecid[oa]|no existe|nao existe|inexistente|(?:no|nao) (?:se |fue |foi |ha sido )?(?:encontrad
    |encontro|valid)[oa]?|invalid[oa]
  sconosciut[oa]|inesistente|non (?:esiste|e stat[oa] trovat|trovat|valid|conosciut)
  onbekende?|bestaat (?:hier )?niet|niet (?:gevonden|bekend|geldig)|ongeldige?
  nie (?:istnieje|znaleziono|zostal\w? znalezion|jest znan)|nieznan\w{1,3}|nieprawidlow\w{1,2}|niepoprawn\w{1,2}
  okand[at]?|ukendte?|ukjente?|(?:finns|existerar) (?:inte|ej)|(?:findes|finnes|eksisterer) ikke|ikke (?:fundet|funnet)
    |hittades (?:inte|ej)|ogiltig\w?|ugyldig\w?
  tuntematon\w{0,2}|ei (?:ole olemassa|loydy|loytynyt)|olematon|virheellinen
  neexistuj\w{0,3}|neznam\w{1,3}|neplatn\w{1,3}|nenalezen\w?|nebyl\w? nalezen\w?
  bulunamadi|bilinmiyor|bilinmeyen|mevcut degil|gecersiz|bulunmamaktadir
  nem (?:letezik|talalhato)|ismeretlen|ervenytelen
  necunoscut|nu exista|nu a fost gasit|inexistent
`;

/** "No user", "no such user" in the languages above. */
export const NONE_LATIN = alternatives`
  kein\w{0,2}|aucune?|nessun[oa]?|ningun[oa]?|nenhum[a]?|no (?:hay|existe)|nao (?:ha|existe)|geen|brak|nie ma|ingen
  inget|intet|zadny|neexistujici|boyle bir|nincs
`;

/** Russian and Ukrainian. */
export const MAILBOX_CYRILLIC = alternatives`
  пользовател|получател|адресат|ящик|аккаунт|уч[её]тн|абонент|адрес|користувач|одержувач|отримувач|скриньк
`;
/** Chinese in both scripts, and Japanese. */
export const MAILBOX_HAN = alternatives`
  用户|用戶|使用者|收件人|收件者|邮箱|郵箱|信箱|账号|帐号|賬號|帳號|账户|帳戶|邮件地址|电子邮件
  宛先|受信者|受取人|ユーザ|メールボックス|アカウント|アドレス
`;
export const MAILBOX_HANGUL = '사용자|수신자|받는 ?사람|메일함|계정|메일 ?주소|편지함';
