// Bounds the texts that strangers put into the suppression store: one line, no control characters, not long.
import { hash } from 'node:crypto';

/** Units of UTF-16: as much of a reply as the output column shows, and names as long as DNS allows with a word around. */
export const TEXT_LIMIT = 500;
export const SOURCE_LIMIT = 300;
const EVIDENCE_LIMIT = 200;

/** What moves the cursor, ends a line, or hides the text around it. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\s]+/gu;

/** `text` in one line without control characters, cut at `limit`. */
export function oneLine(text: string, limit: number): string {
  // Cut first, so that a text of megabytes costs no more than its beginning.
  return text
    .slice(0, limit * 4)
    .replace(UNSAFE, ' ')
    .trim()
    .slice(0, limit)
    .toWellFormed();
}

/** An id that stays the same for the same evidence and differs for another: where it is too long, its hash stands in. */
export function boundedEvidence(id: string): string {
  const line = oneLine(id, EVIDENCE_LIMIT);
  return line === id ? id : `${line.slice(0, EVIDENCE_LIMIT - 40)} #${hash('sha256', id, 'hex').slice(0, 32)}`;
}

/** The day in UTC, as `2026-01-31`. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
