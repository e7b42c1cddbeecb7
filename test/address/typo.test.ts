// Which domains are taken for slips, how surely, and that the tables of slips contradict neither themselves nor the world.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { domainFacts } from '../../src/address/domain-facts.ts';
import { loadDomainLists } from '../../src/address/domain-lists.ts';
import { editDistance, lettersAreFar, lettersOf } from '../../src/address/edit-distance.ts';
import { POPULAR_DOMAINS } from '../../src/address/popular-domains.ts';
import { isReservedDomain } from '../../src/address/reserved-domains.ts';
import { suggestDomain } from '../../src/address/typo.ts';
import { TOP_LEVEL_TYPO_ROWS, TYPO_ROWS } from '../../src/address/typo-domains.ts';

const cases: readonly (readonly [domain: string, suggestion: string | null, certain: boolean, why: string])[] = [
  ['gmial.com', 'gmail.com', true, 'known, though registered and accepting mail'],
  ['hotnail.com', 'hotmail.com', true, 'known'],
  ['gmail.con', 'gmail.com', true, 'a top-level domain that does not exist'],
  ['gmial.con', 'gmail.com', true, 'two slips, both known'],
  ['hotmail.couk', 'hotmail.co.uk', true, 'a dot left out'],
  ['smith-and-sons.con', 'smith-and-sons.com', true, 'a slip in the ending of any domain'],
  ['gmaiq.com', 'gmail.com', false, 'one slip from a popular domain'],
  ['hotmaqil.comm', 'hotmaqil.com', true, 'the ending is sure, the rest is not'],
  ['outlooq.co.com', null, false, 'too far from all'],
  ['comcast.nut', 'comcast.net', false, 'one slip'],
  ['gmx.dr', 'gmx.de', false, 'one slip in a short name'],
  ['gqx.dr', null, false, 'two slips in a short name could be anything'],
  ['gmail.com', null, false, 'right already'],
  ['hey.com', null, false, 'a provider of its own'],
  ['ya.ru', null, false, 'a provider of its own'],
  ['mail.com', null, false, 'a provider of its own, one letter from another'],
  ['gmx.at', null, false, 'a provider of its own, beside gmx.de'],
  ['ibm.com', null, false, 'far from all'],
  ['mycompany.com', null, false, 'far from all'],
  ['a'.repeat(300), null, false, 'longer than a domain can be'],
];
for (const [domain, suggestion, certain, why] of cases) {
  test(`${domain.slice(0, 30)} ${suggestion === null ? 'is left alone' : `suggests ${suggestion}`}: ${why}`, () => {
    assert.deepEqual(suggestDomain(domain), suggestion === null ? null : { suggestion, certain });
  });
}

test('no domain in the free-mail list gets a suggestion', () => {
  for (const domain of loadDomainLists().free) assert.equal(suggestDomain(domain), null, domain);
});

test('the tables hold no slip twice', () => {
  for (const rows of [TYPO_ROWS, TOP_LEVEL_TYPO_ROWS]) {
    const typed = rows.flatMap(([, ...slips]) => slips);
    assert.deepEqual(
      typed.filter((slip, index) => typed.indexOf(slip) !== index),
      [],
    );
  }
});

test('every slip of a domain leads to a popular domain and is none itself', () => {
  for (const [right, ...typed] of TYPO_ROWS) {
    assert.ok(POPULAR_DOMAINS.includes(right), right);
    for (const slip of typed) {
      assert.match(slip, /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/);
      assert.equal(POPULAR_DOMAINS.includes(slip), false, slip);
      assert.equal(suggestDomain(slip)?.suggestion, right, slip);
    }
  }
});

test('no mistyped top-level domain exists or is reserved', () => {
  for (const [right, ...typed] of TOP_LEVEL_TYPO_ROWS) {
    assert.equal(domainFacts(`example-of-mine.${right}`).tldKnown, true, right);
    for (const slip of typed) {
      assert.equal(domainFacts(`mine.${slip}`).tldKnown, false, `.${slip} exists`);
      assert.equal(isReservedDomain(`mine.${slip}`), false, slip);
    }
  }
});

const distances: readonly (readonly [left: string, right: string, limit: number, distance: number])[] = [
  ['gmail', 'gmail', 1, 0],
  ['gmail', 'gmial', 1, 1],
  ['gmail', 'gmal', 1, 1],
  ['gmail', 'gmaill', 1, 1],
  ['gmail', 'gmeil', 1, 1],
  ['gmail', 'gmeyl', 1, 2],
  ['gmail', 'gmeyl', 2, 2],
  ['kitten', 'sitting', 3, 3],
  ['ab', 'ba', 2, 1],
  ['', 'ab', 2, 2],
  ['abcdef', '', 2, 3],
  ['a'.repeat(65), 'a'.repeat(65), 2, 3],
];
for (const [left, right, limit, distance] of distances) {
  test(`from '${left.slice(0, 9)}' to '${right.slice(0, 9)}' within ${limit} slips it is ${distance}`, () => {
    assert.equal(editDistance(left, right, limit), distance);
    assert.equal(editDistance(right, left, limit), distance);
  });
}

test('letters never rule out words that are near', () => {
  const domains = [...loadDomainLists().free].slice(0, 500);
  for (const popular of POPULAR_DOMAINS) {
    for (const domain of domains) {
      if (!lettersAreFar(lettersOf(domain), lettersOf(popular), 2)) continue;
      assert.equal(editDistance(domain, popular, 2), 3, `${domain} ${popular}`);
    }
  }
});
