// Tells whether a local part names a function instead of a person: a flag for people and scores, never a verdict.
import { HIGH_RISK_NAMES, ROLE_NAMES } from './role-names.ts';

/** `high_risk`: whoever reads it reports unwanted mail, or the address is there to catch it. */
export type RoleClass = 'role' | 'high_risk';

/** The class of a local part as it goes into RCPT TO, or null for what may well be a person. */
export function roleOf(local: string): RoleClass | null {
  if (local.length > LONGEST_LOOKED_AT) return null;
  return CLASSES.get(bareName(local)) ?? null;
}

/** The same for a plain local part that stands in bytes; only of those that may be in the table a string is made. */
export function roleInBytes(bytes: Buffer, from: number, to: number): RoleClass | null {
  let hash = HASH_START;
  for (let at = from; at < to; at++) {
    const code = bytes[at] as number;
    if (code === PLUS && at > from) break;
    if (code === HYPHEN || code === UNDERSCORE || code === DOT) continue;
    hash = hashOn(hash, code | LOWER_CASE_BIT);
  }
  return MAY_BE_NAMES[placeOf(hash)] === 0 ? null : roleOf(bytes.toString('latin1', from, to));
}

// The longest name in the table with room for a tag and separators; local parts end at 64 octets.
const LONGEST_LOOKED_AT = 66;

const CLASSES: ReadonlyMap<string, RoleClass> = new Map([
  ...ROLE_NAMES.map((name) => [name, 'role'] as const),
  ...HIGH_RISK_NAMES.map((name) => [name, 'high_risk'] as const),
]);

/** `No-Reply+list` is written noreply in the tables. */
function bareName(local: string): string {
  const plus = local.indexOf('+', 1);
  const name = plus < 0 ? local : local.slice(0, plus);
  return name.toLowerCase().replace(/[-_."]/g, '');
}

const PLUS = 0x2b;
const HYPHEN = 0x2d;
const DOT = 0x2e;
const UNDERSCORE = 0x5f;

/** Makes a capital letter small; what it does to other signs it does in both tables and texts. */
const LOWER_CASE_BIT = 0x20;

// FNV-1a (Fowler, Noll, Vo; public domain).
const HASH_START = 0x811c9dc5;

function hashOn(hash: number, code: number): number {
  return Math.imul(hash ^ code, 0x01000193);
}

function placeOf(hash: number): number {
  return (hash ^ (hash >>> 16)) & 0xffff;
}

/** One at the place of every name in the table: of other names, one in two hundred falls on one of them. */
const MAY_BE_NAMES: Uint8Array = buildMayBeNames();

function buildMayBeNames(): Uint8Array {
  const places = new Uint8Array(1 << 16);
  for (const name of CLASSES.keys()) {
    let hash = HASH_START;
    for (let index = 0; index < name.length; index++) hash = hashOn(hash, name.charCodeAt(index) | LOWER_CASE_BIT);
    places[placeOf(hash)] = 1;
  }
  return places;
}
