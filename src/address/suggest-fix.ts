// Proposes what the writer of a bad address most likely meant, where one plain change makes it good; proposals are shown,
// never used.
import { parseAddress } from './parse-address.ts';
import { NOT_PLAIN, scanPlainAddress } from './plain-address.ts';

/** The mended address in lower-case domain form, or null where no plain change helps. */
export function suggestFix(text: string): string | null {
  if (text.length > MAX_SUGGESTED_FROM) return null;
  for (const mend of MENDS) {
    const mended = mend(text);
    if (mended !== text && isGood(mended)) return mended;
  }
  const allMended = MENDS.reduce((current, mend) => mend(current), text);
  return allMended !== text && isGood(allMended) ? allMended : null;
}

// Twice the longest address leaves room for spelled-out signs.
const MAX_SUGGESTED_FROM = 508;

/** Each mends one habit of writers; together they mend `joe [at] example,com`. */
const MENDS: readonly ((text: string) => string)[] = [
  // Spelled out against harvesters.
  (text) => (text.includes('@') ? text : text.replace(/\s?(?:[[({<]\s?at\s?[\])}>]|\sat\s)\s?/i, '@')),
  (text) => text.replace(/\s?(?:[[({<]\s?dot\s?[\])}>]|\sdot\s)\s?/gi, '.'),
  // A neighbouring key.
  (text) => inDomain(text, (domain) => domain.replace(/[,;:]/g, '.')),
  (text) => text.replace(/@{2,}/, '@'),
  dropRepeatedDomain,
  (text) => text.replace(/\.{2,}/g, '.'),
  (text) => text.replace(/\.@|@\./, '@'),
  takeLabelledAddress,
  takeAddressBehindName,
  // A name or note in the fashion of old message headers.
  (text) => text.replace(/\([^()]*\)/g, '').trim(),
  (text) => text.replace(/\s/g, ''),
  (text) => text.replace(/^[<([{"'.]+/, ''),
  (text) => inDomain(text, dropTail),
];

function isGood(candidate: string): boolean {
  if (scanPlainAddress(candidate) !== NOT_PLAIN) return true;
  const parsed = parseAddress(candidate);
  return parsed.status === 'good' && !parsed.quoted && !parsed.unquoted && !parsed.suspicious;
}

function inDomain(text: string, change: (domain: string) => string): string {
  const at = text.lastIndexOf('@');
  return at < 0 ? text : text.slice(0, at + 1) + change(text.slice(at + 1));
}

/** `joe@example.org@example.org`, as autofill leaves it. */
function dropRepeatedDomain(text: string): string {
  const [local, domain, again, ...rest] = text.split('@');
  if (again === undefined || rest.length > 0 || domain?.toLowerCase() !== again.toLowerCase()) return text;
  return `${local}@${domain}`;
}

/** `E-mail: joe@example.org`: the last word, where a colon before it says that the others are a label. */
function takeLabelledAddress(text: string): string {
  const colon = text.lastIndexOf(': ');
  return colon < 0 ? text : text.slice(colon + 2).trim();
}

/** `Joe Smith joe@example.org`: with one word only, a blank typed by mistake is as likely. */
function takeAddressBehindName(text: string): string {
  const words = text.split(/\s+/);
  const last = words.at(-1) ?? '';
  return words.length > 2 && words.indexOf(last) === words.length - 1 && last.includes('@') ? last : text;
}

/** Signs behind the top-level domain. */
function dropTail(domain: string): string {
  let end = domain.length;
  while (end > 0 && '<>()[]{}!?*"\'-_\\/'.includes(domain.charAt(end - 1))) end -= 1;
  return domain.slice(0, end);
}
