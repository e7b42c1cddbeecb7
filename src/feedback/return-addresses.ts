// Finds the addresses a bounce was returned to: one of them may be a signed return address that proves what it is about.
import type { MimeMessage } from './mime.ts';
import { plainAddress } from './recipient-address.ts';

/** What hosts and mailboxes write down of the envelope, best first; To is what the reporter itself wrote. */
const FIELDS: readonly string[] = ['x-original-to', 'delivered-to', 'envelope-to', 'x-envelope-to', 'x-rcpt-to', 'to'];

const MAX_ADDRESSES = 16;

/** The addresses in those fields, with what others wrapped around them taken off, each once. */
export function returnAddressesOf({ headers }: Pick<MimeMessage, 'headers'>): string[] {
  const found = FIELDS.flatMap((field) => headers.get(field) ?? []).flatMap(addressesIn);
  return [...new Set(found.flatMap((address) => [address, ...unwrapped(address)]))].slice(0, MAX_ADDRESSES);
}

function addressesIn(value: string): string[] {
  return value
    .slice(0, 4000)
    .split(/[\s,;<>"]{1,20}/, 100)
    .flatMap((piece) => (piece.includes('@') ? (plainAddress(piece) ?? []) : []));
}

/**
 * The address within: BATV `prvs=0123abcdef=user@host`, SRS `SRS0=HHHH=TT=host=user@relay` and
 * `SRS1=HHHH=relay==HHHH=TT=host=user@relay` (openspf.org/SRS).
 */
export function unwrapped(address: string): string[] {
  const at = address.lastIndexOf('@');
  const local = address.slice(0, at);
  const batv = /^prvs=[0-9a-z]{6,12}=(.{1,300})$/i.exec(local);
  if (batv !== null) return [`${batv[1] ?? ''}${address.slice(at)}`];
  const srs = /^srs(?:0[=+-]|1[=+-][^=]{1,64}=[^=]{1,255}==)[^=]{1,64}=[^=]{1,8}=([^=]{1,255})=(.{1,300})$/i.exec(
    local,
  );
  const inner = srs === null ? null : plainAddress(`${srs[2] ?? ''}@${srs[1] ?? ''}`);
  return inner === null ? [] : [inner];
}
