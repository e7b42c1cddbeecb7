// Decides whether a text can be the domain behind the @, and gives its A-labels; whether the domain exists, is reserved
// or takes mail is decided elsewhere.
import { isDigit, isLetterOrDigit, isSpace } from './characters.ts';
import { convertIdn } from './idn.ts';
import { MAX_DOMAIN_OCTETS, MAX_LABEL_OCTETS } from './plain-address.ts';
import { type Fault, fault } from './syntax-reasons.ts';

export interface DomainName {
  readonly status: 'good';
  /** A-labels, lower case. */
  readonly ascii: string;
  /** The same name in U-labels, for people. */
  readonly unicode: string;
  readonly suspicious: boolean;
}

/** Reads the text behind the @; the position of a fault counts from its first character. */
export function readDomainName(raw: string): DomainName | Fault {
  if (raw === '') return fault('empty_domain', 0);
  if (raw.startsWith('[') && raw.endsWith(']')) return fault('ip_literal', 0);
  // Forbidden ASCII first: mapping could turn it into something harmless-looking.
  const forbidden = findForbiddenCharacter(raw);
  if (forbidden !== null) return forbidden;
  if (!needsConversion(raw)) {
    const ascii = raw.toLowerCase();
    return (
      findLabelFault(ascii) ?? findTopLevelFault(ascii) ?? { status: 'good', ascii, unicode: ascii, suspicious: false }
    );
  }
  const converted = convertIdn(raw);
  if (converted.status === 'bad') return fault(converted.reason, 0);
  const { ascii, unicode, suspicious } = converted;
  const bad = findLabelFault(ascii) ?? findTopLevelFault(ascii);
  if (bad !== null) return fault(bad.reason, 0);
  // RFC 6531 section 3.3: the limits hold for U-labels too.
  if (Buffer.byteLength(unicode) > MAX_DOMAIN_OCTETS) return fault('domain_too_long', 0);
  return { status: 'good', ascii, unicode, suspicious };
}

function needsConversion(domain: string): boolean {
  return /[^\0-\x7f]|xn--/i.test(domain);
}

function findForbiddenCharacter(text: string): Fault | null {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0x2e || code === 0x2d || isLetterOrDigit(code)) continue;
    if (isSpace(code)) return fault('space_inside', index);
    if (code >= 0x80) continue;
    if (code === 0x5f) return fault('underscore', index);
    return fault(code === 0x28 || code === 0x29 ? 'comment' : 'illegal_character', index);
  }
  return null;
}

/** The LDH rule of RFC 5890 section 2.3.1 and RFC 1123 section 2.1, and the lengths. */
function findLabelFault(ascii: string): Fault | null {
  let start = 0;
  for (const label of ascii.split('.')) {
    if (label === '') return fault('empty_label', start);
    if (label.startsWith('-')) return fault('edge_hyphen', start);
    if (label.endsWith('-')) return fault('edge_hyphen', start + label.length - 1);
    // Reserved LDH labels: only A-labels may have this shape.
    if (label.startsWith('--', 2) && !label.startsWith('xn')) return fault('bad_label', start);
    if (label.length > MAX_LABEL_OCTETS) return fault('label_too_long', start);
    start += label.length + 1;
  }
  return ascii.length > MAX_DOMAIN_OCTETS ? fault('domain_too_long', 0) : null;
}

/**
 * RFC 5321 section 2.3.5 wants a fully qualified name. A top-level domain has two letters at least and ends in one, but
 * for A-labels; whether it exists, hyphen or digit inside and all, is left to the list of them and to DNS.
 */
function findTopLevelFault(ascii: string): Fault | null {
  const dot = ascii.lastIndexOf('.');
  if (dot < 0) return fault('single_label', 0);
  const topLevel = ascii.slice(dot + 1);
  if (isAllDigits(topLevel)) return fault(looksLikeIpv4(ascii) ? 'bare_ip' : 'numeric_tld', dot + 1);
  if (topLevel.startsWith('xn--')) return null;
  if (topLevel.length < 2 || isDigit(topLevel.charCodeAt(topLevel.length - 1))) return fault('bad_label', dot + 1);
  return null;
}

function isAllDigits(label: string): boolean {
  return /^[0-9]+$/.test(label);
}

function looksLikeIpv4(ascii: string): boolean {
  const labels = ascii.split('.');
  return labels.length === 4 && labels.every(isAllDigits);
}
