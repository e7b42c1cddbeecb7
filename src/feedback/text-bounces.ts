// Reads the recipients of a report from its own words, by the family of its wording; only for mail that is a report.
import { readAddressBlocks, type TextRecipient } from './address-blocks.ts';
import { readNamedRecipients } from './named-recipients.ts';
import { readTranscript } from './sendmail-transcript.ts';
import { GENERAL_READERS, type Reader, TEXT_FAMILIES, type TextFamily } from './text-families.ts';

export interface TextBounce {
  /** The id of the family in the table. */
  readonly family: string;
  /** Empty where the family is known but names nobody. */
  readonly recipients: readonly TextRecipient[];
}

/** A report's own words are far shorter; what stands behind is attachments or an attack. */
const MAX_WORDS = 64_000;
const MAX_LINES = 2000;

/**
 * Reads the words of a report, without the returned mail (`splitAtOriginal`); null where no family's marks are found.
 * Only where the mail is known to be a report (`isReport`) are its recipients looked for without marks too.
 */
export function readTextBounce(words: string, { isReport }: { readonly isReport: boolean }): TextBounce | null {
  const text = words.slice(0, MAX_WORDS);
  const lower = text.toLowerCase();
  let known: string | null = null;
  for (const family of TEXT_FAMILIES) {
    const at = firstMark(lower, family);
    if (at === -1) continue;
    const recipients = readWith(family.readers, linesFrom(text, family.from === 'top' ? 0 : at));
    if (recipients.length > 0) return { family: family.id, recipients };
    known ??= family.id;
  }
  const recipients = isReport ? readWith(GENERAL_READERS, linesFrom(text, 0)) : [];
  if (recipients.length > 0) return { family: known ?? 'other', recipients };
  return known === null ? null : { family: known, recipients };
}

function firstMark(lower: string, { marks }: TextFamily): number {
  for (const mark of marks) {
    const at = lower.indexOf(mark);
    if (at !== -1) return at;
  }
  return -1;
}

/** From the beginning of the line the mark stands in. */
function linesFrom(text: string, at: number): string[] {
  return text.slice(text.lastIndexOf('\n', at) + 1).split('\n', MAX_LINES);
}

function readWith(readers: readonly Reader[], lines: readonly string[]): readonly TextRecipient[] {
  for (const reader of readers) {
    const recipients = readOnce(reader, lines);
    if (recipients.length > 0) return recipients;
  }
  return [];
}

function readOnce(reader: Reader, lines: readonly string[]): TextRecipient[] {
  switch (reader.kind) {
    case 'blocks':
      return readAddressBlocks(lines, reader.extent);
    case 'named':
      return readNamedRecipients(lines, reader.patterns);
    case 'transcript':
      return readTranscript(lines);
  }
}
