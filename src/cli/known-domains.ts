// Remembers what the lists say of the domains met so far, so that it is worked out once for the many rows of a domain.
import { type DomainFacts, domainFacts } from '../address/domain-facts.ts';
import { suggestDomain, type TypoSuggestion } from '../address/typo.ts';
import type { RandomSource } from '../clock.ts';
import { KeyTable } from '../verify/dedupe.ts';

/** What the lists say of a domain. */
export interface DomainKnowledge {
  readonly name: string;
  readonly facts: DomainFacts;
  readonly typo: TypoSuggestion | null;
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

  knowledgeOf(domain: string): DomainKnowledge {
    if (this.#known.length >= MOST_REMEMBERED) this.#forget();
    const number = this.#numbers.firstRowOf(domain, this.#known.length + 1);
    const known = this.#known[number - 1];
    if (known !== undefined) return known;
    const name = Buffer.from(domain, 'latin1').toString('latin1'); // a copy: a slice would keep its whole cell in memory
    const made = { name, facts: domainFacts(name), typo: suggestDomain(name) };
    this.#known.push(made);
    return made;
  }

  #forget(): void {
    this.#numbers = new KeyTable({ expected: EXPECTED_AT_FIRST, random: this.#random });
    this.#known = [];
  }
}
