// What holds for every text whatsoever, tried on random mixtures of the pieces that addresses and their debris consist of.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isPlainlyValid, screenAddress } from '../../src/address/screen.ts';
import { SYNTAX_REASONS } from '../../src/address/syntax-reasons.ts';
import { unwrap } from '../../src/address/unwrap.ts';

const pieces = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 3 }) },
  { weight: 3, arbitrary: fc.string({ unit: 'grapheme', maxLength: 3 }) },
  {
    weight: 8,
    arbitrary: fc.constantFrom(
      ...[
        'joe',
        'example',
        '.org',
        '@',
        '@',
        '@example.org',
        '.',
        ',',
        ';',
        ' ',
        '\t',
        '\r\n',
        '\0',
        '"',
        '\\',
        "'",
        '`',
      ],
      ...[
        '<',
        '>',
        '(',
        ')',
        '[',
        ']',
        '{',
        '}',
        '&lt;',
        '&gt;',
        '&amp;',
        '&#64;',
        '&nbsp;',
        'mailto:',
        '%40',
        '%0d%0a',
        '?',
      ],
      ...[
        '\u200b',
        '\u200d',
        '\u202e',
        '\ufeff',
        '\u00a0',
        '\u3000',
        '＠',
        '。',
        '．',
        '－',
        'ü',
        'ß',
        'xn--',
        '--',
        '\u037e',
      ],
      ...[
        '\u0301',
        '\ud800',
        '\udc00',
        '\ufffd',
        '👍',
        '٠',
        '۰',
        '·',
        'Ã¶',
        'l',
        '_',
        '-',
        '1',
        '[1.2.3.4]',
        '/',
        '|',
        '“',
        '”',
      ],
    ),
  },
);
const mixtures = fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join(''));

// Addresses with a little debris around them and at most one strange piece inside, so that many of them are good.
const locals = fc.constantFrom(
  ...[
    'joe',
    'Joe.Smith',
    "o'brien",
    'zoë',
    'zoe\u0308',
    '山田',
    '"a b"',
    '"a<b>@c"',
    '"x\\"y"',
    '"joe"',
    '"\u00e9 \u2028"',
    'İ',
    '👍',
  ],
);
const domains = fc.constantFrom(
  ...[
    'example.org',
    'EXAMPLE.Org',
    'bücher.example',
    'xn--bcher-kva.example',
    'faß.de',
    '例え。jp',
    'a.b.c.de',
    'דוגמה.קום',
  ],
);
const debris = fc.array(
  fc.constantFrom(
    ...[
      ' ',
      '\t',
      '\r\n',
      '<',
      '>',
      '"',
      "'",
      '(',
      ')',
      ';',
      ',',
      '.',
      '\u200b',
      'mailto:',
      'Joe <',
      '&lt;',
      '&gt;',
      '\u00a0',
      '“',
    ],
  ),
  { maxLength: 2 },
);
const wrapped = fc
  .record({
    before: debris,
    local: locals,
    inside: fc.oneof({ weight: 4, arbitrary: fc.constant('') }, pieces),
    domain: domains,
    after: debris,
  })
  .map(({ before, local, inside, domain, after }) => `${before.join('')}${local}${inside}@${domain}${after.join('')}`);
const cells = fc.oneof(mixtures, wrapped);
const RUNS = { numRuns: 5000 };

test('no text makes screening throw, and a bad one always has a known reason and a sentence', () => {
  fc.assert(
    fc.property(cells, (cell) => {
      const screening = screenAddress(cell);
      if (screening.valid) return;
      assert.ok(SYNTAX_REASONS.includes(screening.reason));
      assert.ok(screening.message.length > 0);
      assert.ok(screening.position === null || screening.position <= screening.address.length);
      // Nothing that a terminal, a CSV reader or a log would act on.
      assert.doesNotMatch(
        `${screening.message}${screening.address}${screening.suggestion ?? ''}`,
        /[\0-\x1f\x7f-\x9f]/,
      );
    }),
    RUNS,
  );
});

test('unwrapping what was unwrapped changes nothing', () => {
  fc.assert(
    fc.property(cells, (cell) => {
      const once = unwrap(cell);
      const twice = unwrap(once.text);
      assert.equal(twice.text, once.text);
      assert.deepEqual(twice.repairs, []);
    }),
    RUNS,
  );
});

test('what goes into a command holds no control, and no blank or bracket outside quotes', () => {
  fc.assert(
    fc.property(cells, (cell) => {
      const screening = screenAddress(cell);
      if (!screening.valid) return;
      assert.match(screening.domain, /^[a-z0-9.-]+$/);
      assert.doesNotMatch(screening.local, /[\0-\x1f\x7f-\x9f\u2028\u2029]/);
      assert.ok(screening.local.isWellFormed());
      assert.equal(screening.smtputf8, /[^\0-\x7f]/.test(screening.local));
      if (screening.quoted) assert.match(screening.local, /^"(?:[^"\\]|\\["\\])+"$/s);
      else assert.doesNotMatch(screening.local, /[\s<>()[\]\\,;:"@]/);
      assert.ok(Buffer.byteLength(`${screening.local}@${screening.domain}`) <= 254);
    }),
    RUNS,
  );
});

test('a good address screened again is itself, as it stands', () => {
  fc.assert(
    fc.property(cells, (cell) => {
      const first = screenAddress(cell);
      if (!first.valid) return;
      const again = screenAddress(first.address);
      assert.ok(again.valid);
      assert.equal(again.key, first.key);
      assert.equal(isPlainlyValid(again), !first.quoted);
    }),
    RUNS,
  );
});

test('the keys of a domain written in U-labels and in A-labels are equal', () => {
  const labels = fc.stringMatching(/^[a-zäöüßéñçøåæ]{1,12}$/);
  const words = fc.constantFrom('пример', '例え', 'παράδειγμα', 'مثال', 'उदाहरण', '실례', 'வி', 'דוגמה');
  fc.assert(
    fc.property(fc.oneof(labels, words), fc.stringMatching(/^[A-Za-z]{1,9}$/), (label, name) => {
      const typed = screenAddress(`${name}@${label}.org`);
      assert.ok(typed.valid);
      const encoded = screenAddress(`${name.toUpperCase()}@${typed.domain.toUpperCase()}`);
      assert.ok(encoded.valid);
      assert.equal(encoded.key, typed.key);
      assert.equal(screenAddress(`${name}@${label.normalize('NFD').toUpperCase().toLowerCase()}.org`).valid, true);
    }),
  );
});

test('the fast way and the careful way agree on every plain address', () => {
  const atoms = fc.stringMatching(/^[A-Za-z0-9!#$%&*+/=?^_{|}~-]{1,8}$/);
  const labels = fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9]{0,4}[A-Za-z0-9])?$/);
  fc.assert(
    fc.property(
      fc.array(atoms, { minLength: 1, maxLength: 3 }),
      fc.array(labels, { minLength: 1, maxLength: 3 }),
      (local, domain) => {
        const address = `${local.join('.')}@${domain.join('.')}.org`;
        const fast = screenAddress(address);
        const careful = screenAddress(` ${address}`);
        assert.ok(fast.valid && careful.valid);
        assert.deepEqual({ ...careful, repairs: [] }, { ...fast });
      },
    ),
  );
});

test('the texts tried here hold enough good addresses for all this to mean something', () => {
  const screenings = fc.sample(cells, { numRuns: 2000, seed: 1 }).map(screenAddress);
  assert.ok(screenings.filter(({ valid }) => valid).length > 300);
  assert.ok(screenings.filter((screening) => screening.valid && screening.quoted).length > 50);
  assert.ok(screenings.filter((screening) => screening.valid && screening.repairs.length > 0).length > 150);
});
