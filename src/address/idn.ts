// Turns a domain that is not plain ASCII into A-labels, or says why it is no internationalised name; the rules that
// plain names share with it (lengths, hyphens, top-level domain) are checked by the caller on the result.
import { createRequire } from 'node:module';
import { breaksContextRule, isNameCharacter } from './idn-characters.ts';
import { mixesLookAlikeScripts } from './scripts.ts';
import type { SyntaxReason } from './syntax-reasons.ts';

export type IdnOutcome =
  | { readonly status: 'good'; readonly ascii: string; readonly unicode: string; readonly suspicious: boolean }
  | { readonly status: 'bad'; readonly reason: SyntaxReason };

/** A-labels and U-labels of a domain without forbidden ASCII characters; both are lower case and in NFC. */
export function convertIdn(domain: string): IdnOutcome {
  const known = outcomes.get(domain);
  if (known !== undefined) return known;
  const outcome = convert(domain);
  if (outcomes.size >= MAX_REMEMBERED) outcomes.clear();
  outcomes.set(domain, outcome);
  return outcome;
}

// A conversion takes about 25 microseconds and lists repeat their domains.
const MAX_REMEMBERED = 4096;
const outcomes = new Map<string, IdnOutcome>();

interface ConversionOptions {
  readonly checkHyphens?: boolean;
  readonly checkBidi?: boolean;
  readonly checkJoiners?: boolean;
  readonly useSTD3ASCIIRules?: boolean;
}
interface Uts46 {
  toASCII(domain: string, options: ConversionOptions): string | null;
  toUnicode(domain: string, options: ConversionOptions): { domain: string; error: boolean };
}

// Not node:url, whose domainToASCII parses hosts as browsers do (1.2 becomes 1.0.0.2) and differs between Node versions.
// Transitional processing stays off: it would make another domain of one with a sharp s.
const STRICT: ConversionOptions = {
  checkHyphens: true,
  checkBidi: true,
  checkJoiners: true,
  useSTD3ASCIIRules: true,
};

let uts46: Uts46 | null = null;

/** Loaded at the first name that needs it, because its tables cost 12 ms of start-up. */
function loadUts46(): Uts46 {
  uts46 ??= createRequire(import.meta.url)('tr46') as Uts46;
  return uts46;
}

function convert(domain: string): IdnOutcome {
  const ascii = loadUts46().toASCII(domain, STRICT);
  if (ascii === null) return { status: 'bad', reason: reasonOfRefusal(domain) };
  const unicode = loadUts46().toUnicode(ascii, STRICT).domain;
  let suspicious = false;
  for (const label of unicode.split('.')) {
    if (!isIdnaLabel(label)) return { status: 'bad', reason: 'bad_idn' };
    suspicious ||= mixesLookAlikeScripts(label);
  }
  return { status: 'good', ascii, unicode, suspicious };
}

/** UTS #46 lets pass signs and pictures that IDNA2008 (RFC 5892) refuses, and no registry sells. */
function isIdnaLabel(label: string): boolean {
  if (!/[^\0-\x7f]/.test(label)) return true;
  const characters = Array.from(label);
  return characters.every((_, index) => isNameCharacter(characters, index)) && !breaksContextRule(characters);
}

/** Finds the most telling name for what the strict conversion refused. */
function reasonOfRefusal(domain: string): SyntaxReason {
  const mapped = loadUts46().toUnicode(domain.replace(/xn--/gi, ''), {}).domain;
  if (/[^a-z0-9.-]/.test(mapped.replace(/[^\0-\x7f]/g, ''))) return 'illegal_character';
  const labels = mapped.split('.');
  if (labels.some((label) => label === '') && !/xn--/i.test(domain)) return 'empty_label';
  if (labels.some((label) => label.startsWith('-') || label.endsWith('-'))) return 'edge_hyphen';
  if (labels.some((label) => label.startsWith('--', 2))) return 'bad_label';
  return domain.split(/[.\u3002\uff0e\uff61]/).some(isFakeALabel) ? 'fake_a_label' : 'bad_idn';
}

function isFakeALabel(label: string): boolean {
  return /^xn--/i.test(label) && loadUts46().toASCII(label, STRICT) === null;
}
