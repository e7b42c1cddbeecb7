// Recognises the plain ASCII addresses that nearly every row holds, in one pass and without allocating; all others it
// leaves to the full checks, so it may say "not plain" too often but must never call a bad address plain.
import { ASCII_CLASSES, ATEXT, DIGIT, LETTER_OR_DIGIT, UPPER_CASE } from './characters.ts';

/** Octets of a whole address (RFC 5321 section 4.5.3.1.3 less the angle brackets, erratum 1690 to RFC 3696). */
export const MAX_ADDRESS_OCTETS = 254;
/** Octets of a local part (RFC 5321 section 4.5.3.1.1). */
export const MAX_LOCAL_OCTETS = 64;
/** Characters of a domain's text, which are 255 octets in DNS wire format (RFC 1035 section 2.3.4). */
export const MAX_DOMAIN_OCTETS = 253;
export const MAX_LABEL_OCTETS = 63;

export const NOT_PLAIN = -1;
/** The bits of a scan's result: the index of the @ below, the marks for upper-case letters above. */
export const AT_MASK = 0xff;
export const UPPER_IN_LOCAL = 0x100;
export const UPPER_IN_DOMAIN = 0x200;

const AT = 0x40;
const DOT = 0x2e;
const HYPHEN = 0x2d;
const APOSTROPHE = 0x27;

/** The index of the @ with the UPPER_* bits, or NOT_PLAIN where the text needs repair, IDN handling or a fault's name. */
export function scanPlainAddress(text: string): number {
  if (text.length > MAX_ADDRESS_OCTETS) return NOT_PLAIN;
  return scanPlainBytes(SCRATCH, 0, SCRATCH.write(text, 'utf8')); // what is not ASCII becomes bytes that are not plain
}

// Kept between calls. No character has more than three bytes for each of its UTF-16 units.
const SCRATCH = Buffer.alloc(MAX_ADDRESS_OCTETS * 3);

/** The same for a text that stands in bytes; the index of the @ counts from `from`. */
export function scanPlainBytes(bytes: Uint8Array, from: number, to: number): number {
  if (to - from > MAX_ADDRESS_OCTETS || from === to) return NOT_PLAIN;
  if (bytes[from] === APOSTROPHE) return NOT_PLAIN; // perhaps a spreadsheet's mark for "this is text"
  let marks = 0;
  let at = from;
  let previous = DOT;
  for (; at < to; at++) {
    const code = bytes[at] as number;
    if (code === AT) break;
    if (code === DOT) {
      if (previous === DOT) return NOT_PLAIN;
    } else {
      const kind = code < 0x80 ? (ASCII_CLASSES[code] as number) : 0;
      if ((kind & ATEXT) === 0) return NOT_PLAIN;
      marks |= kind;
    }
    previous = code;
  }
  if (previous === DOT || at - from > MAX_LOCAL_OCTETS || at === to) return NOT_PLAIN;
  const domainMarks = scanPlainDomain(bytes, at + 1, to);
  if (domainMarks === NOT_PLAIN) return NOT_PLAIN;
  return (at - from) | ((marks & UPPER_CASE) !== 0 ? UPPER_IN_LOCAL : 0) | domainMarks;
}

/** UPPER_IN_DOMAIN or 0, or NOT_PLAIN; every label is 1-63 letters, digits and inner hyphens. */
function scanPlainDomain(bytes: Uint8Array, from: number, to: number): number {
  if (to - from > MAX_DOMAIN_OCTETS) return NOT_PLAIN;
  let marks = 0;
  let labelFrom = from;
  let labels = 1;
  let previous = DOT;
  for (let at = from; at < to; at++) {
    const code = bytes[at] as number;
    if (code === DOT) {
      if (previous === DOT || previous === HYPHEN || at - labelFrom > MAX_LABEL_OCTETS) return NOT_PLAIN;
      labels += 1;
      labelFrom = at + 1;
    } else if (code === HYPHEN) {
      // Hyphens third and fourth mark an A-label or a reserved one: both need a closer look.
      if (previous === DOT || (at - labelFrom === 3 && previous === HYPHEN)) return NOT_PLAIN;
    } else {
      const kind = code < 0x80 ? (ASCII_CLASSES[code] as number) : 0;
      if ((kind & LETTER_OR_DIGIT) === 0) return NOT_PLAIN;
      marks |= kind;
    }
    previous = code;
  }
  const lastLength = to - labelFrom;
  if (labels < 2 || lastLength < 2 || lastLength > MAX_LABEL_OCTETS) return NOT_PLAIN;
  // Also false for a final hyphen, which is no letter either.
  const endsInLetter = ((ASCII_CLASSES[previous] as number) & (LETTER_OR_DIGIT | DIGIT)) === LETTER_OR_DIGIT;
  if (!endsInLetter) return NOT_PLAIN;
  return (marks & UPPER_CASE) !== 0 ? UPPER_IN_DOMAIN : 0;
}
