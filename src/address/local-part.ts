// Decides whether a text can stand before the @, and in which form it goes into RCPT TO; whether anybody has that
// mailbox is for the mail host to say.
import { isAtext, isControl, isSpace } from './characters.ts';
import { MAX_LOCAL_OCTETS } from './plain-address.ts';
import { mixesLookAlikeScripts } from './scripts.ts';
import { type Fault, fault } from './syntax-reasons.ts';

export interface LocalPart {
  readonly status: 'good';
  /** NFC, typed case, in quotes only where the contents cannot do without (RFC 5321 section 4.1.2). */
  readonly local: string;
  readonly smtputf8: boolean;
  readonly quoted: boolean;
  /** True where quotes were typed that the contents did not need. */
  readonly unquoted: boolean;
  readonly suspicious: boolean;
}

/** Reads the text before the @; the position of a fault counts from its first character. */
export function readLocalPart(raw: string): LocalPart | Fault {
  if (raw === '') return fault('empty_local', 0);
  if (raw.startsWith('"')) return readQuotedString(raw);
  const bad = findDotStringFault(raw);
  if (bad !== null) return bad;
  const local = raw.normalize('NFC');
  if (local !== raw) {
    // Normalising can bring forth new characters (U+037E becomes a semicolon).
    const normalisedFault = findDotStringFault(local);
    if (normalisedFault !== null) return fault(normalisedFault.reason, null);
  }
  if (octets(raw) > MAX_LOCAL_OCTETS || octets(local) > MAX_LOCAL_OCTETS) return fault('local_too_long', null);
  const smtputf8 = !isAscii(local);
  return { status: 'good', local, smtputf8, quoted: false, unquoted: false, suspicious: smtputf8 && isOdd(local) };
}

/** Dot-string of RFC 5321 section 4.1.2, with the characters that RFC 6531 section 3.3 adds. */
function findDotStringFault(text: string): Fault | null {
  let previousDot = true;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    const dot = code === 0x2e;
    if (dot && previousDot) return fault(index === 0 ? 'leading_dot' : 'double_dot', index);
    previousDot = dot;
    if (dot || isAtext(code)) continue;
    const bad = code < 0x80 ? asciiFault(code, index) : nonAsciiFault(text, index);
    if (bad !== null) return bad;
    if (code >= 0xd800 && code <= 0xdbff) index += 1;
  }
  return previousDot ? fault('trailing_dot', text.length - 1) : null;
}

function asciiFault(code: number, index: number): Fault {
  if (isSpace(code)) return fault('space_inside', index);
  const character = String.fromCharCode(code);
  if (character === '@') return fault('several_at', index);
  if (character === '(' || character === ')') return fault('comment', index);
  if (character === '"') return fault('unbalanced_quote', index);
  return fault('illegal_character', index);
}

// Letters, marks and numbers make names; signs and pictures are allowed by RFC 6532 section 3.1 and only flagged.
const NAME_CHARACTER = /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u;
const MARK = /^\p{M}$/u;
const SIGN = /[\p{P}\p{S}]/u;

function nonAsciiFault(text: string, index: number): Fault | null {
  const character = String.fromCodePoint(text.codePointAt(index) as number);
  if (isSpace(character.charCodeAt(0))) return fault('space_inside', index);
  if (!NAME_CHARACTER.test(character)) return fault('illegal_character', index);
  // A mark in front would join whatever is printed before the address.
  if (index === 0 && MARK.test(character)) return fault('illegal_character', index);
  return null;
}

/** Quoted-string of RFC 5321 section 4.1.2: legal, rare, and known to real servers. */
function readQuotedString(raw: string): LocalPart | Fault {
  const content = readQuotedContent(raw);
  if (typeof content !== 'string') return content;
  if (content === '') return fault('empty_local', 0);
  // A backslash that escapes nothing special is debris more often than an escape, so it leaves the quotes on.
  const bare = raw.includes('\\') ? null : readLocalPart(content);
  if (bare?.status === 'good') return { ...bare, unquoted: true };
  const local = `"${content.normalize('NFC').replace(/["\\]/g, '\\$&')}"`;
  if (octets(local) > MAX_LOCAL_OCTETS) return fault('local_too_long', null);
  const smtputf8 = !isAscii(local);
  return { status: 'good', local, smtputf8, quoted: true, unquoted: false, suspicious: smtputf8 && isOdd(content) };
}

/** What the quotes enclose, with quoted pairs resolved, or the fault. */
function readQuotedContent(raw: string): string | Fault {
  let content = '';
  for (let index = 1; index < raw.length; index++) {
    let code = raw.charCodeAt(index);
    if (code === 0x22) return index === raw.length - 1 ? content : fault('unbalanced_quote', index);
    if (code === 0x5c) {
      index += 1;
      code = raw.charCodeAt(index);
      // quoted-pairSMTP takes printable ASCII only; NaN at the end of the text fails both comparisons.
      if (!(code >= 0x20 && code <= 0x7e)) return fault('unbalanced_quote', index - 1);
    }
    if (isControl(code)) return fault('control_character', index);
    if (code >= 0x80) {
      const bad = nonAsciiFault(raw, index);
      if (bad !== null) return bad;
    }
    const character = String.fromCodePoint(raw.codePointAt(index) as number);
    content += character;
    index += character.length - 1;
  }
  return fault('unbalanced_quote', 0);
}

/** Things seldom meant by their writer: signs, wide letters of an input method, damaged UTF-8, look-alike letters. */
function isOdd(local: string): boolean {
  if (SIGN.test(local.replace(/[\0-\x7f]/g, ''))) return true;
  if (local.normalize('NFKC') !== local) return true;
  return isMojibake(local) || mixesLookAlikeScripts(local);
}

/** UTF-8 once read as Latin-1 shows as one of these letters before a character of the upper Latin-1 half. */
function isMojibake(text: string): boolean {
  return /[\u00c2\u00c3][\u0080-\u00bf]/.test(text);
}

function octets(text: string): number {
  return Buffer.byteLength(text);
}

function isAscii(text: string): boolean {
  return !/[^\0-\x7f]/.test(text);
}
