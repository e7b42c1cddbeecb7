// Reads the command lines a client sends; strict where RFC 5321 section 4.1.2 is, since leniency would hide faults.

export interface PathArgument {
  /** As it stood between the angle brackets; empty for the null sender. */
  readonly address: string;
  /** Local part without its quotes and backslashes, and the domain in lower case; both empty for `<>`. */
  readonly local: string;
  readonly domain: string;
  readonly parameters: readonly string[];
}

const VERB = /^[A-Za-z]{1,16}(?= |$)/;

/** The verb in upper case, or OTHER. */
export function verbOf(line: string): string {
  const match = VERB.exec(line);
  if (match === null) return 'OTHER';
  const verb = match[0].toUpperCase();
  return KNOWN_VERBS.has(verb) ? verb : 'OTHER';
}

const KNOWN_VERBS = new Set(
  'EHLO HELO LHLO STARTTLS AUTH MAIL RCPT DATA BDAT RSET NOOP VRFY EXPN HELP QUIT ETRN TURN XCLIENT'.split(' '),
);

/** Reads `MAIL FROM:<…>` or `RCPT TO:<…>`; null for anything else. */
export function readPath(line: string, keyword: 'MAIL FROM:' | 'RCPT TO:'): PathArgument | null {
  if (line.slice(0, keyword.length).toUpperCase() !== keyword) return null;
  const rest = line.slice(keyword.length);
  if (!rest.startsWith('<')) return null;
  const close = closingBracket(rest);
  if (close === -1) return null;
  const tail = rest.slice(close + 1);
  if (tail !== '' && !tail.startsWith(' ')) return null;
  const parameters = tail.split(' ').filter((parameter) => parameter !== '');
  const address = rest.slice(1, close);
  if (address === '') return { address, local: '', domain: '', parameters };
  const at = address.lastIndexOf('@');
  const isPostmaster = at === -1 && address.toLowerCase() === 'postmaster'; // RFC 5321 section 4.1.1.3
  if (isPostmaster) return { address, local: 'postmaster', domain: '', parameters };
  const local = unquote(address.slice(0, at));
  if (at <= 0 || at === address.length - 1 || local === null) return null;
  return { address, local, domain: address.slice(at + 1).toLowerCase(), parameters };
}

/** The first `>` outside quotes. */
function closingBracket(text: string): number {
  let quoted = false;
  for (let i = 1; i < text.length; i++) {
    const character = text[i];
    if (quoted && character === '\\') i++;
    else if (character === '"') quoted = !quoted;
    else if (character === '>' && !quoted) return i;
  }
  return -1;
}

/** Dot-string (ASCII or RFC 6531) or quoted string; null for what is neither. */
function unquote(local: string): string | null {
  if (!local.startsWith('"')) {
    return /^[^\s"(),:;<>@[\\\]\0-\x1f\x7f]+$/.test(local) && !/^\.|\.\.|\.$/.test(local) ? local : null;
  }
  const inner = /^"((?:[^"\\\0-\x1f\x7f]|\\[\x20-\x7e])*)"$/.exec(local)?.[1];
  return inner === undefined ? null : inner.replace(/\\(.)/g, '$1');
}
