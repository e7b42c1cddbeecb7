// Checks one text that is meant to be an address as it stands; what may stand around it is unwrapped before.
import { isControl, isSpace } from './characters.ts';
import { readDomainName } from './domain-name.ts';
import { readLocalPart } from './local-part.ts';
import { MAX_ADDRESS_OCTETS } from './plain-address.ts';
import { type Fault, fault } from './syntax-reasons.ts';

export interface ParsedAddress {
  readonly status: 'good';
  readonly local: string;
  readonly domain: string;
  readonly unicodeDomain: string;
  readonly smtputf8: boolean;
  readonly quoted: boolean;
  readonly unquoted: boolean;
  readonly suspicious: boolean;
}

/** The parts of a good address, or the first fault in the order of the checks; the cost grows with the text's length only. */
export function parseAddress(text: string): ParsedAddress | Fault {
  const damage = findDamage(text);
  if (damage !== null) return damage;
  const at = text.lastIndexOf('@');
  if (at < 0) return fault('no_at', null);
  const local = readLocalPart(text.slice(0, at));
  if (local.status === 'fault') return local;
  const domain = readDomainName(text.slice(at + 1));
  if (domain.status === 'fault') return shift(domain, at + 1);
  if (longestForm(text, local.local, domain) > MAX_ADDRESS_OCTETS) return fault('address_too_long', null);
  return {
    status: 'good',
    local: local.local,
    domain: domain.ascii,
    unicodeDomain: domain.unicode,
    smtputf8: local.smtputf8,
    quoted: local.quoted,
    unquoted: local.unquoted,
    suspicious: local.suspicious || domain.suspicious,
  };
}

/** Lone surrogates, replacement characters of an earlier decoding, and controls, which must never reach a socket. */
function findDamage(text: string): Fault | null {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (isControl(code)) return fault('control_character', index);
    if (code === 0xfffd) return fault('malformed_text', index);
    if (code < 0xd800 || code > 0xdfff) continue;
    if ((text.codePointAt(index) as number) <= 0xffff) return fault('malformed_text', index);
    index += 1;
  }
  return null;
}

/** Typed, normalised and converted forms differ in length, and a server may count any of them (RFC 6531 section 3.3). */
function longestForm(text: string, local: string, domain: { ascii: string; unicode: string }): number {
  const localOctets = Buffer.byteLength(local) + 1;
  return Math.max(
    // Quotes that were not needed are dropped before anything is sent.
    text.startsWith('"') ? 0 : Buffer.byteLength(text),
    localOctets + domain.ascii.length,
    localOctets + Buffer.byteLength(domain.unicode),
  );
}

function shift(bad: Fault, by: number): Fault {
  return bad.position === null ? bad : fault(bad.reason, bad.position + by);
}

/** The text with every control, break and lone surrogate shown as a blank of the same width, so that positions hold. */
export function printable(text: string): string {
  let shown = '';
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    shown += isControl(code) || isSpace(code) ? ' ' : text.charAt(index);
  }
  return shown.toWellFormed();
}
