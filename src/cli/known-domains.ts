// Remembers what the lists say of the domains met so far, so that it is worked out once for the many rows of a domain.
import { type DomainFacts, domainFacts } from '../address/domain-facts.ts';
import { suggestDomain, type TypoSuggestion } from '../address/typo.ts';
import type { RandomSource } from '../clock.ts';
import { type KeyInBytes, KeyTable } from '../verify/dedupe.ts';

/** What no other domain shares is left out, so that a few such objects do for all domains of a list. */
export type SharedFacts = Omit<DomainFacts, 'registrable'>;

/** What the lists say of a domain. */
export interface DomainKnowledge {
  readonly name: string;
  readonly facts: SharedFacts;
  readonly typo: TypoSuggestion | null;
  // What every row asks for stands here, too: to follow pointers into memory for it takes longer than anything else.
  /** The reason that settles all addresses of the domain without asking anybody, or null. */
  readonly reason: 'reserved_domain' | 'domain_not_found' | null;
  /** Below 8, and the same for domains that look the same in the cells and scores of their rows. */
  readonly flags: number;
}

/** Lists of many millions of domains must not keep them all: past this the memory starts afresh. */
const MOST_REMEMBERED = 200_000;

const EXPECTED_AT_FIRST = 10_000;

/**
 * Numbers the domains with the table that numbers the addresses: a Map would hash each row's domain as the new string it
 * is and compare it with the one it holds, which takes three times as long.
 */
export class KnownDomains {
  readonly #random: RandomSource;
  #numbers: KeyTable;
  /** By number, from 1. */
  #known: DomainKnowledge[] = [];

  constructor(random: RandomSource) {
    this.#random = random;
    this.#numbers = new KeyTable({ expected: EXPECTED_AT_FIRST, random });
  }

  /** The domain as its A-labels in lower case, or as bytes in which it stands in any case. */
  knowledgeOf(domain: string | KeyInBytes): DomainKnowledge {
    if (this.#known.length >= MOST_REMEMBERED) this.#forget();
    const number = this.#numbers.firstRowOf(domain, this.#known.length + 1);
    const known = this.#known[number - 1];
    if (known !== undefined) return known;
    const made = learn(nameOf(domain));
    this.#known.push(made);
    return made;
  }

  #forget(): void {
    this.#numbers = new KeyTable({ expected: EXPECTED_AT_FIRST, random: this.#random });
    this.#known = [];
  }
}

function learn(name: string): DomainKnowledge {
  const facts = sharedFacts(name);
  const typo = suggestDomain(name);
  const reason = facts.reserved ? 'reserved_domain' : facts.tldRefused ? 'domain_not_found' : null;
  const flags = (facts.disposable ? 1 : 0) + (facts.free ? 2 : 0) + (typo?.certain === true ? 4 : 0);
  return { name, facts, typo, reason, flags };
}

const SHARED_FACTS = new Map<string, SharedFacts>();

/** Facts of which there are but a few dozen kinds would be two fifths of what the domains of a list take in memory. */
function sharedFacts(name: string): SharedFacts {
  const { registrable, ...facts } = domainFacts(name);
  const kind = Object.values(facts).join();
  const known = SHARED_FACTS.get(kind);
  if (known !== undefined) return known;
  SHARED_FACTS.set(kind, facts);
  return facts;
}

/** Always a copy: a slice would keep its whole cell in memory. */
function nameOf(domain: string | KeyInBytes): string {
  const { bytes, from, to } =
    typeof domain === 'string' ? { bytes: Buffer.from(domain, 'latin1'), from: 0, to: domain.length } : domain;
  return Buffer.from(bytes.subarray(from, to)).toString('latin1').toLowerCase();
}
