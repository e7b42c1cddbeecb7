// Reads reports that name the failed address within a sentence or behind a label.
import { type TextRecipient, uniqueRecipients } from './address-blocks.ts';
import { plainAddress } from './recipient-address.ts';

/** How a report names the address: the pattern's one group holds it. */
export interface NamingPattern {
  readonly pattern: RegExp;
  /** Where the reason stands: on that line, behind it to the next such line or the end, or all over the report. */
  readonly reason: 'line' | 'rest' | 'whole';
}

const MAX_REASON = 4096;

/**
 * The addresses a report names by one of the patterns. Lines are tested one by one, and each joined with the next, for
 * sentences are wrapped where they please.
 */
export function readNamedRecipients(lines: readonly string[], patterns: readonly NamingPattern[]): TextRecipient[] {
  const found: { at: number; address: string; line: string; reason: NamingPattern['reason'] }[] = [];
  for (const [at, line] of lines.entries()) {
    if (found.length >= 1000) break;
    const hit =
      namedIn(line, patterns) ??
      (line.trim() === '' ? null : namedIn(`${line} ${lines[at + 1]?.trim() ?? ''}`, patterns));
    if (hit !== null && found[found.length - 1]?.address !== hit.address) found.push({ at, line, ...hit });
  }
  return uniqueRecipients(
    found.map(({ at, address, line, reason }, i) => {
      const end = found[i + 1]?.at ?? lines.length;
      const text =
        reason === 'line'
          ? line
          : lines.slice(reason === 'whole' ? 0 : at, reason === 'whole' ? lines.length : end).join('\n');
      return { address, text: text.trim().slice(0, MAX_REASON), expandedFrom: null };
    }),
  );
}

function namedIn(
  line: string,
  patterns: readonly NamingPattern[],
): { address: string; reason: NamingPattern['reason'] } | null {
  if (!line.includes('@')) return null;
  const capped = line.slice(0, 1000);
  for (const { pattern, reason } of patterns) {
    const address = plainAddress(pattern.exec(capped)?.[1] ?? '');
    if (address !== null) return { address, reason };
  }
  return null;
}
