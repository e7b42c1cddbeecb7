// Strips from both ends of a cell what cannot belong to an address there: blanks, list punctuation, pairs of brackets
// or quotes around the whole, and a single quote left over from such a pair.
import { isSpace } from './characters.ts';
import type { RepairNotes } from './unwrap.ts';

/** The text without its wrapping, to any depth; a legal quoted local part keeps its quotes. */
export function trimEnds(text: string, notes: RepairNotes): string {
  let current = text;
  let before: string;
  do {
    before = current;
    current = trimBlanks(current, notes);
    current = trimPunctuation(current, notes);
    current = dropWrappingPair(current, notes);
    current = dropStrayQuote(current, notes);
  } while (current !== before);
  return current;
}

function trimBlanks(text: string, notes: RepairNotes): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  if (start === 0 && end === text.length) return text;
  notes.repairs.add('trimmed');
  return text.slice(start, end);
}

/** Blanks, and the joiners, which mean something only between two letters. */
function isBlank(code: number): boolean {
  return isSpace(code) || code === 0x200c || code === 0x200d;
}

// Their wide forms come from input methods; at an end they cannot be part of a name either.
const DOTS = '.\u3002\uff0e\uff61';
const SEPARATORS = ';,:\uff1b\uff0c\uff1a\u3001';

/** One separator or dot at each end; two dots in a row are more likely a letter gone than a sentence ended. */
function trimPunctuation(text: string, notes: RepairNotes): string {
  let start = 0;
  let end = text.length;
  if (end === 0) return text;
  const last = text.charAt(end - 1);
  if (SEPARATORS.includes(last)) notes.repairs.add('punctuation');
  else if (DOTS.includes(last) && !(end > 1 && DOTS.includes(text.charAt(end - 2)))) notes.repairs.add('trailing_dot');
  else end += 1;
  end -= 1;
  const first = text.charAt(0);
  if (end > 0 && SEPARATORS.includes(first)) notes.repairs.add('punctuation');
  else if (end > 0 && DOTS.includes(first) && !(end > 1 && DOTS.includes(text.charAt(1))))
    notes.repairs.add('leading_dot');
  else start -= 1;
  start += 1;
  return text.slice(start, end);
}

interface Pair {
  readonly open: string;
  readonly close: string;
  readonly repair: 'unwrapped_angle_brackets' | 'unwrapped_brackets' | 'unwrapped_quotes';
  /** An apostrophe may be part of the name in between. */
  readonly mayRecur: boolean;
}

const PAIRS: readonly Pair[] = [
  { open: '<', close: '>', repair: 'unwrapped_angle_brackets', mayRecur: false },
  { open: '"', close: '"', repair: 'unwrapped_quotes', mayRecur: false },
  { open: "'", close: "'", repair: 'unwrapped_quotes', mayRecur: true },
  { open: '`', close: '`', repair: 'unwrapped_quotes', mayRecur: true },
  { open: '\u201c', close: '\u201d', repair: 'unwrapped_quotes', mayRecur: false },
  { open: '\u201e', close: '\u201c', repair: 'unwrapped_quotes', mayRecur: false },
  { open: '\u201e', close: '\u201d', repair: 'unwrapped_quotes', mayRecur: false },
  { open: '\u2018', close: '\u2019', repair: 'unwrapped_quotes', mayRecur: true },
  { open: '\u201a', close: '\u2018', repair: 'unwrapped_quotes', mayRecur: false },
  { open: '\u00ab', close: '\u00bb', repair: 'unwrapped_quotes', mayRecur: false },
  { open: '\u00bb', close: '\u00ab', repair: 'unwrapped_quotes', mayRecur: false },
  { open: '\u2039', close: '\u203a', repair: 'unwrapped_quotes', mayRecur: false },
  { open: '(', close: ')', repair: 'unwrapped_brackets', mayRecur: false },
  { open: '[', close: ']', repair: 'unwrapped_brackets', mayRecur: false },
  { open: '{', close: '}', repair: 'unwrapped_brackets', mayRecur: false },
];

/** A pair that encloses the whole: `(a) b (c)` has none, and nor has `"a"@b`. */
function dropWrappingPair(text: string, notes: RepairNotes): string {
  if (text.length < 2) return text;
  const pair = PAIRS.find(({ open, close }) => text.startsWith(open) && text.endsWith(close));
  if (pair === undefined) return text;
  const inner = text.slice(1, -1);
  if (!pair.mayRecur && (inner.includes(pair.open) || inner.includes(pair.close))) return text;
  notes.repairs.add(pair.repair);
  return inner;
}

const TYPOGRAPHIC_QUOTES = '\u201c\u201d\u201e\u2018\u2019\u201a\u00ab\u00bb';

/** A quote without its partner; cut with care, since an apostrophe and a quoted local part are legal in front. */
function dropStrayQuote(text: string, notes: RepairNotes): string {
  const at = text.lastIndexOf('@');
  if (at < 0) return text;
  const start = isStrayFirst(text, at) ? 1 : 0;
  const end = start === 0 && isStrayLast(text) ? text.length - 1 : text.length;
  if (start === 0 && end === text.length) return text;
  notes.repairs.add('stray_quote');
  notes.suspicious = true;
  return text.slice(start, end);
}

function isStrayFirst(text: string, at: number): boolean {
  const first = text.charAt(0);
  if (TYPOGRAPHIC_QUOTES.includes(first)) return true;
  if (first === '"') return text.indexOf('"', 1) < 0;
  if (first !== "'" || at < 2) return false;
  const next = text.indexOf("'", 1);
  return next < 0 || next > at;
}

/** No domain ends in a quote, so only a pair of double quotes is left to the checks. */
function isStrayLast(text: string): boolean {
  const last = text.charAt(text.length - 1);
  if (last === '"') return text.indexOf('"') === text.length - 1;
  return last === "'" || last === '`' || TYPOGRAPHIC_QUOTES.includes(last);
}
