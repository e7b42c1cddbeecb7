// Compares what is said of labelled addresses with their labels, and prints where they part.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isPlainlyValid, type Screening, screenAddress } from '../../src/address/screen.ts';

export const SYNTAX_FILE = join(import.meta.dirname, '..', '..', '..', 'shared', 'corpora', 'syntax.jsonl');

interface LabelledAddress {
  readonly address: string;
  readonly valid: boolean;
  /** The address that stands in the cell, where one can be taken out of it. */
  readonly repairable?: string;
  readonly why?: string;
}

export interface SyntaxFigures {
  readonly addresses: number;
  /** Judged valid or not as labelled. */
  readonly right: number;
  readonly repairable: number;
  readonly repaired: number;
  readonly lines: readonly string[];
}

export function hasSyntaxCorpus(): boolean {
  return existsSync(SYNTAX_FILE);
}

export function measureSyntax(): SyntaxFigures {
  const rows = readFileSync(SYNTAX_FILE, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as LabelledAddress)
    .map((label) => ({ label, screening: screenAddress(label.address) }));
  const wrong = rows.filter(({ label, screening }) => isPlainlyValid(screening) !== label.valid);
  const repairable = rows.filter(({ label }) => label.repairable !== undefined);
  const missed = repairable.filter(({ label, screening }) => addressOf(screening) !== label.repairable);
  const right = rows.length - wrong.length;
  return {
    addresses: rows.length,
    right,
    repairable: repairable.length,
    repaired: repairable.length - missed.length,
    lines: [
      `addresses judged as labelled: ${right} of ${rows.length} (${((100 * right) / rows.length).toFixed(2)} %)`,
      `addresses taken out of their cells as labelled: ${repairable.length - missed.length} of ${repairable.length}`,
      ...wrong.map(({ label, screening }) => `  ${JSON.stringify(label)}: found ${found(screening)}`),
      ...missed.map(({ label, screening }) => `  ${JSON.stringify(label)}: repaired to ${addressOf(screening)}`),
    ],
  };
}

function addressOf(screening: Screening): string | null {
  return screening.valid ? screening.address : null;
}

function found(screening: Screening): string {
  if (!screening.valid) return screening.reason;
  return screening.quoted
    ? 'a quoted local part'
    : `${screening.address} (${screening.repairs.join(', ') || 'as it is'})`;
}

if (process.argv[1] === import.meta.filename) {
  const { lines } = hasSyntaxCorpus() ? measureSyntax() : { lines: ['The labelled addresses are not here: skipped.'] };
  console.log(lines.join('\n'));
}
