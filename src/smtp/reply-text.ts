// Turns a reply's text into the plain words its meaning is read from: no codes, no echoes, no accents, bounded in size.
import { enhancedCodeOf } from './enhanced-code.ts';

/** What is known about the conversation besides the text; echoes of these names are recognised for what they are. */
export interface ReplyContext {
  readonly code: number;
  /** The enhanced code the reply parser found, or null where it found none. */
  readonly enhanced: string | null;
  readonly recipient?: string | undefined;
  readonly sender?: string | undefined;
  /** The name of the mail host that answered. */
  readonly host?: string | undefined;
}

export interface ReplyWords {
  /**
   * Lower-case words on one line. Stand-ins in capitals mark what was taken out: ADDR an address, SENDER our own or the
   * empty one, HOST a host or domain name, IP an IP address, LINK a URL, LISTLINK a URL of a public blocklist.
   */
  readonly words: string;
  /** The enhanced status code (RFC 3463) given or found in the text, where its class is that of the reply. */
  readonly enhanced: string | null;
}

/** Longer replies say what they mean within their first few lines; the rest would only cost time. */
const MAX_TEXT = 4096;

/**
 * Reads the words of a reply. `text` may carry the reply code on each line or not, and lines may end in LF or CRLF.
 * Never throws: the text is a stranger's.
 */
export function readReplyWords(text: string, context: ReplyContext): ReplyWords {
  const capped = text.slice(0, MAX_TEXT);
  const enhanced = ownEnhanced(capped, context);
  const lines = capped.split(/\r\n|\n|\r/).map((line) => withoutCodes(line, context.code));
  const plain = plainLetters(lines.join(' ').replace(CONTROLS, ' '));
  const words = withoutEchoes(plain.replace(INNER_ENHANCED, ' '), context).replace(/\s+/g, ' ').trim();
  return { words, enhanced };
}

// C0, C1 and the bidi controls; line ends are already gone.
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** A class digit that contradicts the reply code makes an enhanced code worthless (RFC 2034 section 4). */
function ownEnhanced(text: string, { code, enhanced }: ReplyContext): string | null {
  if (enhanced !== null) return enhanced.startsWith(String(code).slice(0, 1)) ? enhanced : null;
  return enhancedCodeOf(code, text.replace(LEADING_CODE, ''));
}

const LEADING_CODE = /^[ \t]{0,8}[2-5]\d\d(?:[- ][ \t]{0,8}|$)/gm;
const INNER_ENHANCED = /[#([]{0,2}(?<![\w.])[245]\.\d{1,3}\.\d{1,3}\b(?!\.\d)[)\]:;]{0,2}/g;

/** Takes the codes off a line; a relay that joined the lines leaves "550-5.1.1" in the middle too. */
function withoutCodes(line: string, code: number): string {
  const repeated = new RegExp(`(^|\\s)${code}(?:-(?=\\S)|[- ]\\s{0,4}(?=[245]\\.\\d)|-?$)`, 'g');
  return line.replace(/^\s{0,8}[2-5]\d\d(?:[- ]\s{0,4}|$)/, '').replace(repeated, '$1');
}

/** One spelling per word: compatible forms folded, lower case, Latin letters without accents, straight quotes. */
function plainLetters(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/([a-z])[\u0300-\u036f]{1,4}/g, '$1')
    .normalize('NFC')
    .replace(/[łøđßæœı’‘´`“”]/g, (letter) => SPELLINGS.get(letter) ?? letter);
}

const SPELLINGS = new Map([
  ['ł', 'l'],
  ['ø', 'o'],
  ['đ', 'd'],
  ['ß', 'ss'],
  ['æ', 'ae'],
  ['œ', 'oe'],
  ['ı', 'i'],
  ['’', "'"],
  ['‘', "'"],
  ['´', "'"],
  ['`', "'"],
  ['“', '"'],
  ['”', '"'],
]);

/**
 * Replaces what the server merely repeats: a host named like a policy word, or a mailbox called `unblocked`, must not
 * decide the meaning.
 */
function withoutEchoes(text: string, context: ReplyContext): string {
  const sender = context.sender?.toLowerCase() ?? '';
  const standIn = (address: string): string => (sender !== '' && address.includes(sender) ? ' SENDER ' : ' ADDR ');
  let result = text
    .replace(URL, (url) => (BLOCKLIST_URL.test(url) ? ' LISTLINK ' : ' LINK '))
    .replace(/<\s{0,4}>/g, ' SENDER ')
    .replace(/<([^<>]{1,320})>/g, (whole, inner: string) => angleEcho(whole, inner, standIn))
    .replace(ADDRESS, standIn)
    .replace(QUOTED_NAME, '$1 ADDR ')
    .replace(IP_ADDRESS, ' IP ')
    .replace(/\[([^[\]]{0,160})\]/g, (_whole, inner: string) => bracketEcho(inner));
  for (const name of knownNames(context)) result = result.replaceAll(name, ' HOST ');
  return result
    .replace(HOST_NAME, hostEcho)
    .replace(/([a-z])_(?=[a-z])/g, '$1 ')
    .replace(SESSION_ID, ' ')
    .replace(QUOTED_HOST, ' said:')
    .replace(IN_REPLY_TO, ' ');
}

const URL = /\b(?:https?:\/\/|www\.)[^\s<>")\]]{1,400}/g;
const BLOCKLIST_URL =
  /spamhaus|spamcop|dnsbl|\brbl\b|black-?list|block-?list|barracudacentral|barracudanetworks|sorbs|uceprotect|senderbase|spamrats|mail-abuse|abuseat|senderscore|ipcheck|mxtoolbox/;
// A local part is at most 64 octets, a domain 255 (RFC 5321 section 4.5.3.1); placeholders are shorter still.
const ADDRESS = /[^\s<>()[\]{}",;:'@]{1,128}@[^\s<>()[\]{}",;:'@]{1,255}/g;
const IP_ADDRESS =
  /(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w])|(?<![\w.])x{1,3}(?:\.x{1,3}){3}(?!\w)|(?<![\w:])[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){3,7}/g;

function angleEcho(whole: string, inner: string, standIn: (address: string) => string): string {
  if (inner.includes('@')) return standIn(inner);
  if (/^\s{0,4}\S+\s{0,4}$/.test(inner)) return ' HOST ';
  return whole.slice(1, -1); // words between angle brackets are the server's own
}

/** A bracketed group with digits or dots is an address, a host or a reference; one of plain words is speech. */
function bracketEcho(inner: string): string {
  if (/\bIP\b/.test(inner)) return ' IP ';
  if (inner.length <= 12 && /^[a-z]{2,4}-?\d{1,4}$/.test(inner)) return ` ${inner} `; // error classes such as [tss04]
  return /[\d.@#=]|ADDR|HOST|LINK/.test(inner) ? ' ' : ` ${inner} `;
}

/** The names of this very conversation, longest first; very short ones would hit ordinary words. */
function knownNames({ recipient, host }: ReplyContext): string[] {
  const domain = recipient?.slice(recipient.lastIndexOf('@') + 1);
  return [host, domain]
    .filter((name) => name !== undefined)
    .map((name) => name.toLowerCase())
    .filter((name) => name.length >= 4 && name.includes('.'))
    .sort((a, b) => b.length - a.length);
}

const HOST_NAME = /(?<![\w.-])[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63}){1,10}(?![\w-])/g;

/** A dotted word is a host unless it looks like two sentences without a space between them ("unavailable.please"). */
function hostEcho(name: string): string {
  const labels = name.split('.');
  const last = labels[labels.length - 1] ?? '';
  if (
    labels.length === 2 &&
    !/^(?:com|net|org|io|edu|gov|mil|int|info|biz|test|invalid|example|local|arpa)$/.test(last)
  ) {
    const isCountryCode = /^[a-z]{2}$/.test(last) && !/^(?:is|it|in|no|to|so|at|my|me|be|us|as|am|by|do)$/.test(last);
    if (!isCountryCode) return name.replaceAll('.', '. ');
  }
  // Error names of Exchange (`resolver.adr.recipnotfound`) are speech, not hosts.
  return /^(?:resolver|storedrv|smtpsend|routing|queue|mapi)/.test(name) ? name.replaceAll('.', ' ') : ' HOST ';
}

/** Postfix quotes the next host as "host mx[192.0.2.1] said: …"; that host is neither ours nor the client. */
const QUOTED_HOST = /\bhost {1,4}(?:HOST {1,4})?(?:IP {1,4}){0,2}said:/g;

/** Postfix quotes the local part it was asked for: `unknown user: "suspended"` says nothing of a suspension. */
const QUOTED_NAME = /\b(user|account|mailbox|recipient|alias):? {0,2}"[^" ]{1,64}"/g;

/** What a relay adds behind a reply it quotes: it names a command, not a reason. */
const IN_REPLY_TO = /\(in reply to [^()]{1,60}\)/g;

/** Queue and session ids: long, of letters and digits mixed. Error classes of providers (`ofr204_416`) are shorter. */
const SESSION_ID = /\b(?=[a-z_-]{0,40}\d)(?=[\d_-]{0,40}[a-z])[a-z0-9_-]{16,}\b/g;
