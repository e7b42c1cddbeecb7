// Makes the name nobody has, with which a domain is asked whether it accepts anything.
import type { RandomSource } from '../clock.ts';

export interface ControlNameOptions {
  readonly random: RandomSource;
  /** Local parts of the same domain, best those that were accepted: the name is built as most of them are. */
  readonly beside: readonly string[];
  /** True for a domain with accounts by the million: there every name that looks like a person's may be one. */
  readonly isForEverybody: boolean;
}

/**
 * A local part that looks like one of the domain's own and belongs to nobody. Some servers accept anything but names that
 * look made up: with digits, without vowels, of more than a dozen letters, without a name they know. So it begins with a
 * common first name, has no digit and at most twelve letters. The surname is made of syllables, and its endings are
 * unusual ones: about 10^5 different names, so the chance to hit somebody is nil in a company, but not at a mailbox
 * provider, which gets eleven letters in syllables (10^9 names) instead: large providers tell names apart, or none.
 */
export function makeControlName({ random, beside, isForEverybody }: ControlNameOptions): string {
  if (isForEverybody) return syllables(random);
  const style = styleOf(beside);
  const name = inStyle(style, random);
  return beside.includes(name) ? syllables(random) : name;
}

type Style =
  | { readonly kind: 'full' | 'initial'; readonly separator: string }
  /** Everything in one word, or nothing that tells. */
  | { readonly kind: 'word' };

/** What a name of the domain looks like; the last rows are for domains of which nothing is known but their digits. */
function styleOf(beside: readonly string[]): Style {
  const counts = new Map<string, { style: Style; count: number }>();
  for (const local of beside) {
    const [, first, separator] = /^([a-z]+)([._-])[a-z]+$/i.exec(local) ?? [];
    const isWord = /^[a-z]{3,}$/i.test(local);
    if (!isWord && (first === undefined || separator === undefined)) continue;
    const style: Style =
      first === undefined || separator === undefined
        ? { kind: 'word' }
        : { kind: first.length === 1 ? 'initial' : 'full', separator };
    const key = JSON.stringify(style);
    counts.set(key, { style, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  const [most] = [...counts.values()].sort((a, b) => b.count - a.count);
  return most?.style ?? { kind: 'full', separator: '.' };
}

function inStyle(style: Style, random: RandomSource): string {
  const first = pick(FIRST_NAMES, random);
  switch (style.kind) {
    case 'full':
      return `${first}${style.separator}${surname(random)}`;
    case 'initial':
      return `${first.charAt(0)}${style.separator}${surname(random)}`;
    case 'word':
      // Nine letters, for some take longer words for made up.
      return (
        first.slice(0, 4) +
        pick(CONSONANTS, random) +
        pick(VOWELS, random) +
        pick(MIDDLES, random) +
        pick(LAST_VOWELS, random)
      );
  }
}

/** Known to the word lists of the Western world, and still a name when cut to four letters. */
const FIRST_NAMES = [
  'anna',
  'erik',
  'lena',
  'paul',
  'nora',
  'marc',
  'emma',
  'karl',
  'lisa',
  'dora',
  'hugo',
  'otto',
  'alex',
];
const CONSONANTS = [...'bdfghklmprstvw'];
const VOWELS = [...'aeiou'];
const MIDDLES = ['lb', 'ld', 'lk', 'lm', 'mb', 'nd', 'nk', 'nt', 'rd', 'rk', 'rm', 'st'];
/** Surnames end in -el, -en and -er more than in anything else. */
const LAST_VOWELS = [...'aiou'];
const ENDS = [...'fkptv'];

function surname(random: RandomSource): string {
  const parts = [CONSONANTS, VOWELS, MIDDLES, LAST_VOWELS, ENDS];
  return parts.map((part) => pick(part, random)).join('');
}

function syllables(random: RandomSource): string {
  let name = '';
  for (let syllable = 0; syllable < 5; syllable += 1) name += pick(SYLLABLE_CONSONANTS, random) + pick(VOWELS, random);
  return name + pick(SYLLABLE_CONSONANTS, random);
}

const SYLLABLE_CONSONANTS = [...'bcdfghklmnprstvz'];

function pick(from: readonly string[], random: RandomSource): string {
  return from[Math.floor(random() * from.length)] ?? '';
}
