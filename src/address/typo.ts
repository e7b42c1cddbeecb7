// Proposes the domain that was probably meant. It never changes an address; whether a guess by distance may be shown
// depends on DNS, which the caller knows.
import { loadDomainLists } from './domain-lists.ts';
import { editDistance, lettersAreFar, lettersOf } from './edit-distance.ts';
import { POPULAR_DOMAINS } from './popular-domains.ts';
import { correctionOf, topLevelCorrectionOf } from './typo-domains.ts';

export interface TypoSuggestion {
  /** A domain in A-labels. */
  readonly suggestion: string;
  /**
   * True for a known misspelling: worth a warning even where a mail host answers, for many are parked and accept
   * everything. False for a guess: to be shown only where the domain has no usable mail host, since it may be
   * somebody's own.
   */
  readonly certain: boolean;
}

/** The likely meaning of a mistyped domain (A-labels, lower case), or null. */
export function suggestDomain(domain: string): TypoSuggestion | null {
  if (domain.length > LONGEST_COMPARED || loadDomainLists().free.has(domain)) return null;
  const known = correctionOf(domain);
  if (known !== undefined) return { suggestion: known, certain: true };
  const withTopLevel = correctTopLevel(domain);
  if (withTopLevel !== null) return { suggestion: withTopLevel, certain: true };
  const near = nearestPopular(domain);
  return near === null ? null : { suggestion: near, certain: false };
}

// The longest domain name (RFC 1035 section 2.3.4): callers pass checked names, so this only bounds the work.
const LONGEST_COMPARED = 253;

/** `example.con` with the ending that was meant; with the well-known misspelling before it put right as well. */
function correctTopLevel(domain: string): string | null {
  const dot = domain.lastIndexOf('.');
  const right = topLevelCorrectionOf(domain.slice(dot + 1));
  if (right === undefined) return null;
  const corrected = `${domain.slice(0, dot)}.${right}`;
  return correctionOf(corrected) ?? corrected;
}

/** The popular domain nearest by distance, the more popular one of two; null where the domain is one, or none is near. */
function nearestPopular(domain: string): string | null {
  const limit = domain.length >= LONG_ENOUGH_FOR_TWO ? 2 : 1;
  let nearest: string | null = null;
  let nearestDistance = limit + 1;
  const letters = lettersOf(domain);
  for (const [popular, popularLetters] of POPULAR_LETTERS) {
    if (lettersAreFar(letters, popularLetters, limit)) continue;
    const distance = editDistance(domain, popular, limit);
    if (distance === 0) return null;
    if (distance >= nearestDistance) continue;
    nearest = popular;
    nearestDistance = distance;
  }
  return nearest;
}

// Two slips in a shorter name would make nearly any name out of any other.
const LONG_ENOUGH_FOR_TWO = 9;

const POPULAR_LETTERS = POPULAR_DOMAINS.map((popular) => [popular, lettersOf(popular)] as const);
