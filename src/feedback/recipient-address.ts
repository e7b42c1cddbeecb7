// Finds the plain address in what a report names as a recipient; whether it is on anybody's list is for others to say.

/** RFC 5321 section 4.5.3.1 allows 64 + 1 + 255 octets; encoded forms are longer. */
const MAX_VALUE = 1000;
const MAX_ADDRESS = 400;

/**
 * The address in a recipient field such as `rfc822; <a@b.example>`, or null where it holds none (`LOCAL; |pipe`,
 * `x400; …`, `<unknown>`, a bare domain). The domain is lower-cased, the local part stays as it was written.
 */
export function recipientAddress(value: string): string | null {
  const { type, rest } = splitType(value.slice(0, MAX_VALUE));
  const inner = withoutWrapping(rest);
  const unescaped = type === 'utf-8' || inner.includes('\\x{') ? withoutUnicodeEscapes(inner) : inner;
  return plainAddress(unescaped.includes('@') ? unescaped : withoutXtext(unescaped));
}

/** The address a piece of text consists of, or null: no type, no encodings, for text has none. */
export function plainAddress(text: string): string | null {
  if (text.length > MAX_VALUE) return null;
  const routed = withoutRoute(text.replace(INVISIBLE_ENDS, '')).replace(/[.,;:]{1,3}$/, '');
  const address = withoutPercentHack(routed);
  const at = address.lastIndexOf('@');
  if (at < 1 || address.length > MAX_ADDRESS || /\p{Cc}/u.test(address)) return null;
  const local = address.slice(0, at);
  const domain = address.slice(at + 1).toLowerCase();
  return LOCAL_PART.test(local) && DOMAIN.test(domain) ? `${local}@${domain}` : null;
}

/** Blanks, and what nobody sees: fields padded with NUL, a byte order mark, marks of direction. */
const INVISIBLE_ENDS = /^[\s\p{Cc}\p{Cf}]{1,1000}|[\s\p{Cc}\p{Cf}]{1,1000}$/gu;

/** `rfc822`, `RFC822`, `rfc/822`, `utf-8`, `x-local` … before the semicolon (RFC 3464 section 2.3.1, RFC 6533). */
function splitType(value: string): { type: string; rest: string } {
  const match = /^\s{0,20}([a-z0-9/_-]{1,40})\s{0,4};/i.exec(value);
  if (match === null) return { type: '', rest: value };
  return { type: (match[1] ?? '').toLowerCase(), rest: value.slice(match[0].length) };
}

/** Takes off angle brackets with what stands around them, comments, quotes and `mailto:`. */
function withoutWrapping(text: string): string {
  const open = text.lastIndexOf('<');
  const close = open === -1 ? -1 : text.indexOf('>', open);
  const inner = close > open + 1 ? text.slice(open + 1, close) : text.replace(/\s\([^()]{0,200}\)\s{0,4}$/, '');
  return inner
    .trim()
    .replace(/^mailto:/i, '')
    .replace(/^(["'])(.{1,400})\1$/, '$2');
}

/** RFC 6533 section 3: `\x{E9}` stands for the character of that number. */
function withoutUnicodeEscapes(text: string): string {
  return text.replace(/\\x\{([0-9A-Fa-f]{1,6})\}/g, (whole, hex: string) => {
    const code = Number.parseInt(hex, 16);
    return code >= 0x20 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

/** RFC 3461 section 4: `+40` is `@` in xtext; a literal `@` shows that `+` is only a plus. */
function withoutXtext(text: string): string {
  return text.replace(/\+([0-9A-F]{2})/g, (_whole, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** RFC 5321 appendix C: `@relay.example,@other.example:user@host.example` names the relays in front. */
function withoutRoute(text: string): string {
  if (!text.startsWith('@')) return text;
  const colon = text.lastIndexOf(':');
  return colon === -1 ? text : text.slice(colon + 1);
}

/** `user%host.example@relay.example` was for `user@host.example`, by way of the relay. */
function withoutPercentHack(address: string): string {
  return address.replace(/^([^%@\s]{1,64})%([a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,6})@[^@\s]{1,255}$/i, '$1@$2');
}

/**
 * A quoted string may hold anything; else no spaces, brackets, or what begins a pipe, a file or an inclusion. Chinese
 * and Japanese prose has no spaces around an address, but marks of its own that no address holds.
 */
const LOCAL_PART =
  /^(?:"[^"\r\n]{1,128}"|[^\s<>()[\],;:"|/@\\（）：，、。；「」][^\s<>()[\],;:"|\\@（）：，、。；「」]{0,255})$/;
/** At least two labels: `user@server` is a name inside somebody's network. A literal IP address is a domain too. */
const DOMAIN =
  /^(?:[^\s<>()[\],;:"'|\\/@.!*（）：，、。；「」]{1,63}(?:\.[^\s<>()[\],;:"'|\\/@.!*（）：，、。；「」]{1,63}){1,12}|\[[0-9a-f.:]{2,60}\])$/;
