// Domain names between their wire form and safe, printable text; what a name is looked up for is others' business.

/** Octets of a name on the wire, length octets and root included (RFC 1035 section 3.1). */
const MAX_WIRE_LENGTH = 255;
const MAX_LABEL_LENGTH = 63;
/** Far above what a server that compresses well needs; a chain of pointers costs the reader, not the sender. */
const MAX_POINTER_HOPS = 32;

const PLAIN_NAME = /^[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/;
const DOMAIN_LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** The text form all of this room compares by: lower case (ASCII only), no trailing dot. */
export function canonicalName(name: string): string {
  const lower = name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  return lower.length > 1 && lower.endsWith('.') ? lower.slice(0, -1) : lower;
}

/** True for a validated domain: A-labels of letters, digits, hyphens and (seen in the wild) underscores. */
export function isDomainName(name: string): boolean {
  return name.length <= 253 && name.split('.').every((label) => DOMAIN_LABEL.test(label));
}

/**
 * The wire form of a canonical name, or null where it has none: an empty, over-long or unprintable label, a stray
 * backslash, the root. Null keeps a mangled name from turning into a query for another name (`a..b`, `.`).
 * Odd octets are given as `\DDD` (RFC 1035 section 5.1).
 */
export function encodeName(name: string): Buffer | null {
  if (name.length > 4 * MAX_WIRE_LENGTH) return null;
  const parts: number[] = [];
  for (const label of name.split('.')) {
    const octets = labelOctets(label);
    if (octets === null || octets.length === 0 || octets.length > MAX_LABEL_LENGTH) return null;
    parts.push(octets.length, ...octets);
  }
  parts.push(0);
  return parts.length > MAX_WIRE_LENGTH ? null : Buffer.from(parts);
}

function labelOctets(label: string): readonly number[] | null {
  if (PLAIN_NAME.test(label)) return [...Buffer.from(label, 'latin1')];
  const octets: number[] = [];
  for (let i = 0; i < label.length; i += 1) {
    const code = label.charCodeAt(i);
    if (code === 0x5c) {
      const digits = /^\d{3}/.exec(label.slice(i + 1))?.[0];
      if (digits === undefined || Number(digits) > 255) return null;
      octets.push(Number(digits));
      i += 3;
    } else if (code > 0x20 && code < 0x7f) octets.push(code);
    else return null;
  }
  return octets;
}

/**
 * Reads the name at `start` as canonical text, every octet outside printable ASCII, and every dot or backslash inside
 * a label, as `\DDD`; the root reads `.`. Null where the octets are no name or break a bound: labels past the end,
 * more than 255 octets, pointers that do not go backwards (RFC 1035 section 4.1.4) or go on for more than 32 hops.
 */
export function readName(message: Uint8Array, start: number): { readonly name: string; readonly end: number } | null {
  let text = '';
  let wireLength = 1;
  let hops = 0;
  let lowest = start;
  let end = -1;
  let at = start;
  for (;;) {
    const length = message[at];
    if (length === undefined) return null;
    if (length === 0) {
      return { name: text === '' ? '.' : text, end: end === -1 ? at + 1 : end };
    }
    if (length >= 0xc0) {
      const low = message[at + 1];
      const target = ((length & 0x3f) << 8) | (low ?? 0);
      hops += 1;
      if (low === undefined || target >= lowest || hops > MAX_POINTER_HOPS) return null;
      if (end === -1) end = at + 2;
      lowest = target;
      at = target;
      continue;
    }
    wireLength += length + 1;
    if (length > MAX_LABEL_LENGTH || at + length >= message.length || wireLength > MAX_WIRE_LENGTH) return null;
    text += (text === '' ? '' : '.') + labelText(message, at + 1, length);
    at += length + 1;
  }
}

function labelText(message: Uint8Array, start: number, length: number): string {
  let text = '';
  for (let i = start; i < start + length; i += 1) {
    const octet = message[i] as number;
    if (octet >= 0x41 && octet <= 0x5a) text += String.fromCharCode(octet + 0x20);
    else if (octet <= 0x20 || octet >= 0x7f || octet === 0x2e || octet === 0x5c)
      text += `\\${String(octet).padStart(3, '0')}`;
    else text += String.fromCharCode(octet);
  }
  return text;
}
