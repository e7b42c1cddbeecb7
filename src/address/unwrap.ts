// Takes an address out of what exports, mail programs and copying put around it, and names each repair; it never
// changes what stands inside the address, and whether the rest is an address is decided by the checks.
import { isSpace } from './characters.ts';
import { decodeEntities } from './html-entities.ts';
import { holdsSeveralAddresses } from './several-addresses.ts';
import { trimEnds } from './trim-ends.ts';

export const REPAIRS = [
  'zero_width',
  'trimmed',
  'html_entity',
  'mailto',
  'smtp_prefix',
  'note',
  'unwrapped_display_name',
  'unwrapped_angle_brackets',
  'unwrapped_brackets',
  'unwrapped_quotes',
  'stray_quote',
  'punctuation',
  'leading_dot',
  'trailing_dot',
  'space_around_at',
  'fullwidth_at',
  'unquoted',
] as const;
export type Repair = (typeof REPAIRS)[number];

export interface Unwrapped {
  readonly text: string;
  /** Each repair once, in the order first made. */
  readonly repairs: readonly Repair[];
  /** True where a repair was a guess about what the writer meant. */
  readonly suspicious: boolean;
}

/** What the steps write down about their work. */
export interface RepairNotes {
  readonly repairs: Set<Repair>;
  suspicious: boolean;
}

/**
 * Repeats the steps until none finds anything to do, so that unwrapping what was unwrapped changes nothing. Callers cap
 * the length of the cell first: each round costs time in proportion to it and takes characters away.
 */
export function unwrap(cell: string): Unwrapped {
  const notes: RepairNotes = { repairs: new Set(), suspicious: false };
  let text = cell;
  let before: string;
  do {
    before = text;
    text = dropInvisible(text, notes);
    text = decodeEntities(text, notes); // before the ends, whose last semicolon may close an entity
    text = trimEnds(text, notes);
    text = dropMailto(text, notes);
    text = dropSmtpPrefix(text, notes);
    text = dropNote(text, notes);
    text = takeFromAngleBrackets(text, notes);
    text = takeBehindOpenBracket(text, notes);
    text = mendAt(text, notes);
  } while (text !== before);
  return { text, repairs: [...notes.repairs], suspicious: notes.suspicious };
}

// Zero-width space, directional marks, embeddings, overrides and isolates, word joiner, byte order mark, soft hyphen,
// Mongolian vowel separator. Not the joiners U+200C and U+200D, which some internationalised names need.
const INVISIBLE = /[\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\u00ad\u180e]/;
const ALL_INVISIBLE = new RegExp(INVISIBLE, 'g');

function dropInvisible(text: string, notes: RepairNotes): string {
  if (!INVISIBLE.test(text)) return text;
  notes.repairs.add('zero_width');
  // An override makes the text read otherwise than it is stored.
  if (/[\u202d\u202e]/.test(text)) notes.suspicious = true;
  return text.replace(ALL_INVISIBLE, '');
}

/** A mailto link (RFC 6068): what follows the question mark is not the address, and only here are octets percent-encoded. */
function dropMailto(text: string, notes: RepairNotes): string {
  if (text.slice(0, 7).toLowerCase() !== 'mailto:') return text;
  notes.repairs.add('mailto');
  const query = text.indexOf('?');
  const address = text.slice(7, query < 0 ? text.length : query);
  if (!address.includes('%')) return address;
  try {
    return decodeURIComponent(address);
  } catch (error) {
    // A local part may hold a percent sign that encodes nothing.
    if (error instanceof URIError) return address;
    throw error;
  }
}

/** `SMTP:joe@example.org`, as Exchange and Active Directory export it (proxyAddresses); a colon is no part of an address. */
function dropSmtpPrefix(text: string, notes: RepairNotes): string {
  if (text.slice(0, 5).toLowerCase() !== 'smtp:') return text;
  notes.repairs.add('smtp_prefix');
  return text.slice(5);
}

/**
 * `joe@example.org (Joe Smith)`, the older way to write a name (RFC 822 section 6.2.4), and notes behind `<address>`. Not
 * without a blank in front: that may be a comment within an address, which mail commands do not take.
 */
function dropNote(text: string, notes: RepairNotes): string {
  if (!text.endsWith(')')) return text;
  const open = text.lastIndexOf('(');
  const address = text.slice(0, Math.max(open, 0));
  const note = text.slice(open + 1, -1);
  if (!/@\S{1,255}\s$/.test(address.slice(-258)) || /[@()]/.test(note)) return text;
  notes.repairs.add('note');
  return address;
}

/** `Name <address`, whose closing bracket was lost; perhaps more was. */
function takeBehindOpenBracket(text: string, notes: RepairNotes): string {
  const open = text.lastIndexOf('<');
  if (open < 0 || text.includes('>') || !/^[^@<]*[\s"']$/.test(text.slice(0, open))) return text;
  const inner = text.slice(open + 1);
  if (!/^[^\s@]+@[^\s@]+$/.test(inner)) return text;
  notes.repairs.add('unwrapped_display_name');
  notes.suspicious = true;
  return inner;
}

/** `Name <address>`, and the `address>` that is left where a name was cut off. */
function takeFromAngleBrackets(text: string, notes: RepairNotes): string {
  if (!text.endsWith('>')) return text;
  const open = text.lastIndexOf('<');
  if (open < 0) {
    notes.repairs.add('unwrapped_angle_brackets');
    return text.slice(0, -1);
  }
  const inner = text.slice(open + 1, -1);
  if (!inner.includes('@') && !/[\uff20\ufe6b]/.test(inner)) return text;
  if (holdsSeveralAddresses(text)) return text;
  const name = text.slice(0, open).trim();
  notes.repairs.add(name === '' ? 'unwrapped_angle_brackets' : 'unwrapped_display_name');
  if (namesAnotherAddress(name, inner)) notes.suspicious = true;
  return inner;
}

/** Mail programs repeat the address as its name; another one there is a forgery, a mistake or an alias. */
function namesAnotherAddress(name: string, address: string): boolean {
  return name.includes('@') && !name.toLowerCase().includes(address.trim().toLowerCase());
}

/** Blanks around the @, and the wide and small forms of it that input methods write. */
function mendAt(text: string, notes: RepairNotes): string {
  let mended = text;
  if (!mended.includes('@') && /^[^\uff20\ufe6b]+[\uff20\ufe6b][^\uff20\ufe6b]+$/.test(mended)) {
    notes.repairs.add('fullwidth_at');
    mended = mended.replace(/[\uff20\ufe6b]/, '@');
  }
  const at = mended.lastIndexOf('@');
  if (at < 0) return mended;
  let left = at;
  let right = at + 1;
  while (left > 0 && isSpace(mended.charCodeAt(left - 1))) left -= 1;
  while (right < mended.length && isSpace(mended.charCodeAt(right))) right += 1;
  if (left === at && right === at + 1) return mended;
  notes.repairs.add('space_around_at');
  return `${mended.slice(0, left)}@${mended.slice(right)}`;
}
