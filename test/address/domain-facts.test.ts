// What lists and tables say of a domain, and that the tables hold no row twice.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DomainFacts, domainFacts } from '../../src/address/domain-facts.ts';
import { loadDomainLists } from '../../src/address/domain-lists.ts';
import { POPULAR_DOMAINS } from '../../src/address/popular-domains.ts';
import { RELAY_ROWS } from '../../src/address/relay-domains.ts';

const cases: readonly (readonly [domain: string, expected: Partial<DomainFacts>, why: string])[] = [
  ['gmail.com', { free: true, disposable: false, relay: false, reserved: false, tldKnown: true }, 'a mailbox provider'],
  ['fastmail.com', { free: true }, 'a provider the package does not know'],
  ['mailinator.com', { disposable: true, free: false }, 'a throw-away service'],
  ['a.b.mailinator.com', { disposable: true }, 'every name below it'],
  ['example-mailinator.com', { disposable: false }, 'a name that only ends alike'],
  ['duck.com', { relay: true, disposable: false, free: false }, 'a relay'],
  ['joe.anonaddy.com', { relay: true, disposable: false }, "a user's own name at a relay"],
  ['privaterelay.appleid.com', { relay: true, free: false }, 'a relay the list calls a provider'],
  ['gmial.com', { free: false }, 'a misspelling the list calls a provider'],
  ['example.com', { reserved: true, free: false, tldKnown: true }, 'for documentation'],
  ['mail.example.org', { reserved: true }, 'below it as well'],
  ['example.net.org', { reserved: false }, 'the name elsewhere is not it'],
  ['myexample.com', { reserved: false }, 'nor is a longer one'],
  ['shop.test', { reserved: true, tldKnown: false, tldRefused: false }, 'for tests'],
  ['printer.local', { reserved: true }, 'multicast DNS'],
  ['corp.internal', { reserved: true }, 'private use'],
  ['facebookcorewwwi.onion', { reserved: true }, 'not in DNS'],
  ['home.arpa', { reserved: true }, 'home networks'],
  ['foo.alt', { reserved: true }, 'other name systems'],
  ['co.uk', { publicSuffix: true, registrable: null, tldKnown: true }, 'a suffix'],
  ['bbc.co.uk', { publicSuffix: false, registrable: 'bbc.co.uk' }, 'a name under it'],
  ['mail.bbc.co.uk', { registrable: 'bbc.co.uk' }, 'a name under that'],
  ['xn--e1afmkfd.xn--p1ai', { tldKnown: true, reserved: false }, 'a top-level domain in A-labels'],
  ['example.con', { tldKnown: false, tldRefused: true }, 'a misspelling of com'],
  ['example.notyetatld', { tldKnown: false, tldRefused: false }, 'perhaps newer than the list'],
  ['example.cm', { tldKnown: true, tldRefused: false }, 'Cameroon exists'],
  ['__proto__.constructor', { disposable: false, free: false, relay: false, reserved: false }, 'names of properties'],
];
for (const [domain, expected, why] of cases) {
  test(`facts about ${domain}: ${why}`, () => {
    const facts = domainFacts(domain);
    for (const [name, value] of Object.entries(expected)) assert.equal(facts[name as keyof DomainFacts], value, name);
  });
}

test('no popular provider counts as disposable, relay, reserved or public suffix', () => {
  for (const domain of POPULAR_DOMAINS) {
    const { disposable, relay, reserved, publicSuffix, tldKnown, free } = domainFacts(domain);
    assert.deepEqual([disposable, relay, reserved, publicSuffix], [false, false, false, false], domain);
    assert.deepEqual([tldKnown, free], [true, true], domain);
  }
});

test('the lists from packages are loaded in full', () => {
  const { disposable, free } = loadDomainLists();
  assert.ok(disposable.size > 5000);
  assert.ok(free.size > 4000);
  assert.equal(loadDomainLists(), loadDomainLists());
});

test('the tables of relays and popular domains hold no row twice', () => {
  const relays = RELAY_ROWS.map(([domain]) => domain);
  assert.equal(new Set(relays).size, relays.length);
  assert.equal(new Set(POPULAR_DOMAINS).size, POPULAR_DOMAINS.length);
});

test('no relay stands below another, where it could never be reached', () => {
  const relays = new Set(RELAY_ROWS.map(([domain]) => domain));
  for (const domain of relays) assert.equal(relays.has(domain.slice(domain.indexOf('.') + 1)), false, domain);
});
