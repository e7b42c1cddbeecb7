// Which column holds the addresses: by name, by content, by what the person said, or an error that helps.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MailgateError } from '../../src/errors.ts';
import { EXACT_NAMES, nameMatch, plainName, WORDS } from '../../src/list/column-names.ts';
import { findAddressColumn, holdsAddress, looksLikeAddress } from '../../src/list/columns.ts';

const names: readonly [name: string, match: string, why: string][] = [
  ['email', 'exact', 'the commonest'],
  ['E-Mail', 'exact', 'case and punctuation do not count'],
  [' e_mail ', 'exact', 'nor does space'],
  ['Email Address', 'exact', 'Mailchimp'],
  ['E-mail 1 - Value', 'exact', 'Google Contacts'],
  ['ｅｍａｉｌ', 'exact', 'full-width letters'],
  ['Correo Electrónico', 'exact', 'Spanish'],
  ['CORREO ELECTRONICO', 'exact', 'Spanish without its accent'],
  ['courriel', 'exact', 'French'],
  ['E-Mail-Adresse', 'exact', 'German'],
  ['Mailadresse', 'exact', 'German'],
  ['Indirizzo email', 'exact', 'Italian'],
  ['Posta elettronica', 'exact', 'Italian'],
  ['Adres e-mail', 'exact', 'Polish'],
  ['E-post', 'exact', 'Norwegian'],
  ['Sähköposti', 'exact', 'Finnish'],
  ['メールアドレス', 'exact', 'Japanese'],
  ['ﾒｰﾙｱﾄﾞﾚｽ', 'exact', 'Japanese in half-width letters'],
  ['邮箱', 'exact', 'Chinese'],
  ['Электронная почта', 'exact', 'Russian'],
  ['이메일', 'exact', 'Korean'],
  ['secondary_email', 'contains', 'a longer name with the word in it'],
  ['email_opt_in', 'contains', 'which content must then rule out'],
  ['Kunden-E-Mail', 'contains', 'German compound'],
  ['mailing_city', 'none', 'mail is not a word to look for within others'],
  ['name', 'none', 'anything else'],
  ['', 'none', 'no name at all'],
];

for (const [name, match, why] of names) {
  test(`'${name}' as a column name: ${match} (${why})`, () => {
    assert.equal(nameMatch(name), match);
  });
}

test('no name stands twice in the table, and every word finds what an exact name does not', () => {
  for (const table of [EXACT_NAMES, WORDS]) {
    const plain = table.map(plainName);
    assert.deepEqual(
      plain.filter((name, index) => name === '' || plain.indexOf(name) !== index),
      [],
    );
  }
  for (const word of WORDS) assert.equal(nameMatch(`my ${word} 2`), 'contains', word);
});

const addressLike: readonly [cell: string, expected: boolean][] = [
  ['ann@example.com', true],
  [' ann@example.com ', true],
  ['Ann <ann@example.com>', true],
  ['"Ann" <ann@example.com>', true],
  ['<ann@example.com>', true],
  ['mailto:ann@example.com', true],
  ["'ann@example.com'", true],
  ['ann@example.com.', true],
  ['用户@例子.广告', true],
  ['ann＠example.com', true],
  ['ann@localhost', false],
  ['@handle', false],
  ['ann', false],
  ['', false],
  ['ann@example.com;bob@example.com', false],
  [`${'a'.repeat(600)}@example.com`, false],
];

for (const [cell, expected] of addressLike) {
  test(`'${cell.slice(0, 40)}' ${expected ? 'looks' : 'does not look'} like an address`, () => {
    assert.equal(looksLikeAddress(cell), expected);
  });
}

test('a row of names with a handle column is no row of data, one with a faulty address is', () => {
  assert.equal(holdsAddress(['name', '@handle', 'Twitter @']), false);
  assert.equal(holdsAddress(['Ann', 'ann@']), true);
});

const A = 'ann@example.com';
const B = 'bob@example.com';

interface ColumnCase {
  readonly header: readonly string[] | null;
  readonly rows: readonly (readonly string[])[];
  readonly wanted?: string;
  /** The column from 0, or what the error must say. */
  readonly expected: number | RegExp;
  readonly why: string;
}

const cases: readonly ColumnCase[] = [
  { header: ['id', 'email'], rows: [['1', A]], expected: 1, why: 'by name' },
  { header: ['id', 'email'], rows: [], expected: 1, why: 'by name alone where there are no rows' },
  { header: ['id', 'email'], rows: [['1', 'x']], expected: 1, why: 'by name though every address is faulty' },
  { header: ['email', 'secondary_email'], rows: [[A, B]], expected: 0, why: 'an exact name beats a longer one' },
  { header: ['secondary_email', 'email'], rows: [[A, B]], expected: 1, why: 'wherever it stands' },
  { header: ['email_opt_in', 'email'], rows: [['yes', A]], expected: 1, why: 'email beats email_opt_in' },
  { header: ['email_opt_in', 'work_email'], rows: [['yes', A]], expected: 1, why: 'content rules out the flag' },
  {
    header: ['email', 'contact'],
    rows: [
      ['yes', A],
      ['no', B],
    ],
    expected: 1,
    why: 'content contradicts the name',
  },
  {
    header: ['Email', 'Mail'],
    rows: [
      [A, ''],
      [B, ''],
    ],
    expected: 0,
    why: 'of two good names, the filled column',
  },
  {
    header: ['x', 'y'],
    rows: [
      ['1', A],
      ['2', B],
    ],
    expected: 1,
    why: 'by content where names tell nothing',
  },
  {
    header: null,
    rows: [
      ['1', A],
      ['2', B],
    ],
    expected: 1,
    why: 'by content where there are no names',
  },
  {
    header: null,
    rows: [
      ['1', A],
      ['2', 'faulty'],
      ['3', B],
    ],
    expected: 1,
    why: 'not every cell need be good',
  },
  {
    header: ['note', 'x'],
    rows: Array.from({ length: 20 }, (_, n) => [n === 3 ? B : 'text', A]),
    expected: 1,
    why: 'an address in the notes makes no rival',
  },
  { header: ['mg_address', 'who'], rows: [[A, B]], expected: 1, why: "mailgate's own column is never meant" },
  {
    header: ['email', 'email'],
    rows: [[A, B]],
    expected: /several columns of addresses \(1 and 2\)/,
    why: 'the same name twice',
  },
  {
    header: ['work_email', 'home_email'],
    rows: [[A, B]],
    expected: /1 work_email, 2 home_email/,
    why: 'two names equally good',
  },
  {
    header: ['email', 'username'],
    rows: [
      ['', A],
      ['', B],
    ],
    expected: /right name but is empty/,
    why: 'the named column is empty and another is full',
  },
  { header: ['a', 'b'], rows: [['1', '2']], expected: /no column of e-mail addresses.*1 a, 2 b/, why: 'no candidate' },
  { header: null, rows: [['1', '2']], expected: /Its first row: 1 1, 2 2/, why: 'no candidate and no names' },
  { header: ['ID', 'Mail', 'Note'], rows: [['1', A, '']], wanted: 'Note', expected: 2, why: 'asked for by name' },
  { header: ['ID', 'Mail', 'Note'], rows: [['1', A, '']], wanted: 'note ', expected: 2, why: 'in another case' },
  {
    header: ['note', 'Note'],
    rows: [['1', A]],
    wanted: 'Note',
    expected: 1,
    why: 'the exact name before the same in another case',
  },
  { header: ['ID', 'Mail'], rows: [['1', A]], wanted: '1', expected: 0, why: 'asked for by number' },
  { header: ['2', 'Mail'], rows: [['1', A]], wanted: '2', expected: 0, why: 'a name that is a number is a name' },
  {
    header: ['ID', 'Mail'],
    rows: [],
    wanted: '3',
    expected: /no column 3, only 2. Its columns: 1 ID, 2 Mail/,
    why: 'out of range',
  },
  { header: ['ID', 'Mail'], rows: [], wanted: '0', expected: /no column 0/, why: 'columns count from 1' },
  {
    header: ['ID', 'Mail'],
    rows: [],
    wanted: 'Mial',
    expected: /no column called 'Mial'.*1 ID, 2 Mail/,
    why: 'unknown',
  },
  {
    header: ['Mail', 'mail'],
    rows: [],
    wanted: 'MAIL',
    expected: /2 columns called 'MAIL'/,
    why: 'ambiguous but for case',
  },
  {
    header: null,
    rows: [[A]],
    wanted: 'email',
    expected: /no header row: use a number/,
    why: 'a name where there are none',
  },
];

for (const { header, rows, wanted, expected, why } of cases) {
  const title = `${JSON.stringify(header)} ${wanted === undefined ? '' : `asked for '${wanted}' `}`;
  test(`${title}${expected instanceof RegExp ? 'is an error' : `gives column ${expected + 1}`}: ${why}`, () => {
    const find = () => findAddressColumn({ header, rows, prefix: 'mg_' }, { name: 'list.csv', wanted });
    if (typeof expected === 'number') assert.equal(find(), expected);
    else assert.throws(find, isColumnError(expected));
  });
}

test('an error lists columns on one line, without control characters, and not all of a thousand', () => {
  const header = Array.from({ length: 1000 }, (_, n) => `\u001b[31m\nname ${n} ${'x'.repeat(100)}`);
  const find = () => findAddressColumn({ header, rows: [], prefix: 'mg_' }, { name: 'list.csv' });
  assert.throws(find, (error: Error) => {
    assert.doesNotMatch(error.message, /\p{Cc}/u);
    assert.match(error.message, /… 940 more$/);
    return true;
  });
});

function isColumnError(message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof MailgateError);
    assert.equal(error.kind, 'input');
    assert.match(error.message, message);
    assert.match(error.hint ?? '', /--column NAME\|N/);
    return true;
  };
}
