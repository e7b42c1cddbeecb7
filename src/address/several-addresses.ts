// Tells whether a cell holds more than one address, so that none of them is taken silently for the whole.
import { parseAddress } from './parse-address.ts';
import { NOT_PLAIN, scanPlainAddress } from './plain-address.ts';

/** True where at least two whole addresses stand side by side; a name that repeats its address does not count. */
export function holdsSeveralAddresses(text: string): boolean {
  const first = text.indexOf('@');
  if (first < 0 || first === text.lastIndexOf('@')) return false;
  const open = text.lastIndexOf('<');
  const isNamed = text.endsWith('>') && open > 0;
  if (!isNamed) return countWholeAddresses(text) > 1;
  const name = text.slice(0, open).trim();
  if (isQuoted(name)) return false; // `"Doe, joe@work" <joe@example.org>`
  const inName = countWholeAddresses(name);
  return inName > 1 || (inName === 1 && SEPARATOR.test(name));
}

// The slash and the bar are legal in a local part, which is why only whole addresses around them count.
const SEPARATOR = /[;,/|\r\n\t<>]/;
const TOKEN_ENDS = /[\s;,/|<>]/;
const WRAPPING = '"\'`()[]{}.:\u201c\u201d';

function countWholeAddresses(text: string): number {
  let count = 0;
  for (const token of text.split(TOKEN_ENDS)) if (token.includes('@') && isWholeAddress(unwrapToken(token))) count += 1;
  return count;
}

function isWholeAddress(token: string): boolean {
  return scanPlainAddress(token) !== NOT_PLAIN || parseAddress(token).status === 'good';
}

function unwrapToken(token: string): string {
  let start = 0;
  let end = token.length;
  while (start < end && WRAPPING.includes(token.charAt(start))) start += 1;
  while (end > start && WRAPPING.includes(token.charAt(end - 1))) end -= 1;
  return token.slice(start, end);
}

/** One quoted string and nothing else: `"a", "b"` is two. */
function isQuoted(name: string): boolean {
  const quote = name.charAt(0);
  if (quote !== '"' && quote !== "'") return false;
  return name.length > 1 && name.indexOf(quote, 1) === name.length - 1;
}
