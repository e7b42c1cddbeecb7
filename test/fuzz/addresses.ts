// Fuzzes address syntax: no text makes screening throw, and what it lets through is safe to send and stays as it is.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { domainFacts } from '../../src/address/domain-facts.ts';
import { roleOf } from '../../src/address/role.ts';
import { type GoodAddress, screenAddress } from '../../src/address/screen.ts';
import { SYNTAX_REASONS } from '../../src/address/syntax-reasons.ts';
import { suggestDomain } from '../../src/address/typo.ts';
import { commandLine } from '../../src/smtp/command.ts';
import { fuzzProperty } from './fuzz-property.ts';

const LOCALS: readonly string[] = [
  ...[
    'joe',
    'Joe.Smith',
    "o'brien",
    'joe+tag',
    'zoë',
    '山田',
    '"a b"',
    '"x\\"y"',
    '"a@b"',
    'a..b',
    '.a',
    'a.',
    'x'.repeat(64),
  ],
  ...['x'.repeat(65), 'é'.repeat(32), 'İ', '👍', '=joe', '__proto__', 'constructor', '"\u2028"', ''],
];
const DOMAINS: readonly string[] = [
  ...[
    'example.org',
    'EXAMPLE.Org',
    'gmial.com',
    'bücher.example',
    'xn--bcher-kva.example',
    'xn--a',
    'faß.de',
    '例え。jp',
  ],
  ...[
    'localhost',
    'a.b.c.de',
    `${'d'.repeat(63)}.org`,
    `${'d'.repeat(64)}.org`,
    `${'d.'.repeat(120)}org`,
    '[192.0.2.1]',
  ],
  ...[
    'example.org.',
    'example..org',
    '-a.org',
    'a_b.org',
    '__proto__',
    'ex\u00adample.org',
    'דוגמה.קום',
    '1.2.3.4',
    '',
  ],
];
/** What is put somewhere into an address. */
const DEBRIS: readonly string[] = [
  ...[
    ' ',
    '\t',
    '\r\n',
    '\r',
    '\n',
    '\0',
    '<',
    '>',
    '(',
    ')',
    '"',
    "'",
    ',',
    ';',
    ':',
    '\\',
    '@',
    '.',
    '..',
    '%40',
    '%0d%0a',
  ],
  ...[
    'mailto:',
    'Joe <',
    '&lt;',
    '&#64;',
    '&#10;',
    '&nbsp;',
    '?subject=x',
    '\u200b',
    '\u202e',
    '\ufeff',
    '\u00a0',
    '＠',
    '。',
  ],
  ...[
    '\ud800',
    '\udc00',
    '\u0301',
    '\u2028',
    '\x7f',
    '\x85',
    '\x1b[2J',
    '=HYPERLINK(',
    'RCPT TO:<a@b.org>',
    '[',
    ']',
    '“',
    '”',
  ],
];

/** An address with pieces put in, taken out or doubled at places given as shares of the length. */
const cells = fc
  .record({
    base: fc.oneof(
      {
        weight: 6,
        arbitrary: fc.tuple(fc.constantFrom(...LOCALS), fc.constantFrom(...DOMAINS)).map((parts) => parts.join('@')),
      },
      { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
    ),
    changes: fc.array(
      fc.record({
        at: fc.double({ min: 0, max: 1, noNaN: true }),
        put: fc.oneof(fc.constantFrom(...DEBRIS), fc.constant('')),
        instead: fc.nat({ max: 2 }),
        times: fc.oneof({ weight: 20, arbitrary: fc.constant(1) }, fc.constantFrom(2, 100, 1100, 20_000)),
      }),
      { maxLength: 3 },
    ),
  })
  .map(({ base, changes }) =>
    changes.reduce((text, { at, put, instead, times }) => {
      const place = Math.floor(at * text.length);
      return text.slice(0, place) + put.repeat(times) + text.slice(place + instead);
    }, base),
  );

export const addressSyntax = fuzzProperty({
  name: 'addresses',
  holds: 'no cell makes screening throw; a checked address is safe in a command and is itself when screened again',
  cases: cells,
  check(cell) {
    const screening = screenAddress(cell);
    if (screening.valid) {
      checkGood(screening);
      return true;
    }
    assert.ok(SYNTAX_REASONS.includes(screening.reason));
    assert.ok(screening.address.length <= 1100, `${screening.address.length} characters are kept`);
    assert.doesNotMatch(`${screening.message}${screening.address}${screening.suggestion ?? ''}`, /[\0-\x1f\x7f-\x9f]/);
    if (screening.suggestion !== null) assert.ok(screenAddress(screening.suggestion).valid, screening.suggestion);
    return false;
  },
});

function checkGood(good: GoodAddress): void {
  const { address, local, domain, key, smtputf8 } = good;
  for (const text of [address, local, domain, key]) assert.doesNotMatch(text, /[\r\n\0]/);
  assert.match(domain, /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/);
  assert.ok(Buffer.byteLength(`${local}@${domain}`) <= 254);
  const command = commandLine({ verb: 'RCPT', recipient: { local, domain }, smtputf8 });
  assert.equal(command, `RCPT TO:<${local}@${domain}>`);
  const again = screenAddress(address);
  assert.ok(again.valid, `${address} is good once and not twice`);
  assert.deepEqual([again.address, again.local, again.domain, again.key], [address, local, domain, key]);
  assert.equal(domainFacts(domain).registrable === '', false);
  assert.ok([null, 'role', 'high_risk'].includes(roleOf(local)));
  const suggested = suggestDomain(domain);
  if (suggested !== null) assert.notEqual(suggested.suggestion, domain);
}
