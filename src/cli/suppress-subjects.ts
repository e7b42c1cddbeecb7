// Reads whom a text names: an address, a domain, or the hash of an address.
import { screenAddress } from '../address/screen.ts';
import type { SuppressionKey } from '../store/suppressions.ts';

/** Whom a text names, in the form the store keeps; or why it names nobody. */
export type Subject =
  | { readonly status: 'good'; readonly key: SuppressionKey }
  | { readonly status: 'bad'; readonly why: string };

const MD5 = /^[0-9a-f]{32}$/i;
const SHA256 = /^[0-9a-f]{64}$/i;

/** Whom a text on the command line or a line of standard input names. */
export function subjectOf(text: string): Subject {
  const trimmed = text.trim();
  if (trimmed.includes('@') || trimmed.includes('＠')) return addressSubject(trimmed);
  return hashSubject(trimmed) ?? domainSubject(trimmed);
}

/** The address in a cell, or why there is none. */
export function addressSubject(text: string): Subject {
  const screening = screenAddress(text);
  if (screening.valid) return { status: 'good', key: { type: 'email', value: screening.key } };
  return { status: 'bad', why: screening.message };
}

/** The hash in a cell, told by its length; null where it is none. */
export function hashSubject(text: string): Subject | null {
  const value = text.trim().toLowerCase();
  if (MD5.test(value)) return { status: 'good', key: { type: 'md5', value } };
  if (SHA256.test(value)) return { status: 'good', key: { type: 'sha256', value } };
  return null;
}

export function domainSubject(text: string): Subject {
  const screening = screenAddress(`somebody@${text}`);
  if (screening.valid) return { status: 'good', key: { type: 'domain', value: screening.domain } };
  return { status: 'bad', why: 'it is neither an address nor a domain' };
}
