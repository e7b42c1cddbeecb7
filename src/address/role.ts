// Tells whether a local part names a function instead of a person: a flag for people and scores, never a verdict.
import { HIGH_RISK_NAMES, ROLE_NAMES } from './role-names.ts';

/** `high_risk`: whoever reads it reports unwanted mail, or the address is there to catch it. */
export type RoleClass = 'role' | 'high_risk';

/** The class of a local part as it goes into RCPT TO, or null for what may well be a person. */
export function roleOf(local: string): RoleClass | null {
  if (local.length > LONGEST_LOOKED_AT) return null;
  return CLASSES.get(bareName(local)) ?? null;
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
