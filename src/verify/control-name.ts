// Makes the name nobody has, with which a domain is asked whether it accepts anything.
import type { RandomSource } from '../clock.ts';

const CONSONANTS = 'bcdfghklmnprstvz';
const VOWELS = 'aeiou';

/**
 * A local part that looks like a person's and belongs to nobody: eleven letters in syllables, no digits, since some
 * servers refuse random-looking names only, and filters count names with digit runs as dictionary attacks.
 * About 10^9 names: the chance to hit a real mailbox is nil, and a server's list of seen names stays useless.
 */
export function makeControlName(random: RandomSource): string {
  const pick = (letters: string): string => letters.charAt(Math.floor(random() * letters.length));
  let name = '';
  for (let syllable = 0; syllable < 5; syllable += 1) name += pick(CONSONANTS) + pick(VOWELS);
  return name + pick(CONSONANTS);
}
