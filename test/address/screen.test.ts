// What the text of a cell alone tells: good addresses, repaired ones, and the reason, place and cure of bad ones.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BadAddress, type GoodAddress, isPlainlyValid, screenAddress } from '../../src/address/screen.ts';
import type { SyntaxReason } from '../../src/address/syntax-reasons.ts';

function good(cell: string): GoodAddress {
  const screening = screenAddress(cell);
  assert.ok(screening.valid, `${JSON.stringify(cell)} is refused: ${JSON.stringify(screening)}`);
  return screening;
}

function bad(cell: string): BadAddress {
  const screening = screenAddress(cell);
  assert.ok(!screening.valid, `${JSON.stringify(cell)} is taken: ${JSON.stringify(screening)}`);
  return screening;
}

const plain: readonly (readonly [cell: string, why: string])[] = [
  ['joe@example.org', 'the ordinary case'],
  ['a@bc.de', 'one letter is a name'],
  ['first.last@sub.example.co.uk', 'dots inside'],
  ["o'brien@example.org", 'an apostrophe is atext'],
  ['=1+1@example.org', 'a spreadsheet formula is a legal local part'],
  ['-x@example.org', 'a hyphen in front is atext'],
  ['x|y@example.org', 'a bar is atext'],
  ['dep/shipping@example.org', 'a slash is atext'],
  ['what?@example.org', 'a question mark is atext'],
  ['50%off@example.org', 'a percent sign is atext and encodes nothing here'],
  ['{braces}@example.org', 'braces are atext, and these do not enclose the whole'],
  ["'joe'@example.org", 'quotes that are part of the local part'],
  ['joe@123.example.org', 'digits begin labels since RFC 1123'],
  ['joe@4chan.org', 'a label may begin with a digit'],
  ['joe@a--b.example.org', 'hyphens second and third are no reserved label'],
  ['joe@example.thisisnotoneyet', 'an unknown top-level domain is no fault of the text'],
  ['joe@example.co-uk', 'nor is one with a hyphen'],
  ['joe@example.test', 'nor is a reserved one'],
  ['__proto__@constructor.prototype', 'names of properties are names'],
  ['ジョー@example.org', 'letters of any script'],
  ['उदाहरण@example.org', 'marks inside'],
  ['joe@faß.example.org', 'sharp s stays'],
  ['joe@xn--fa-hia.example.org', 'an A-label'],
  ['joe@παράδειγμα.δοκιμή', 'U-labels'],
  ['joe@例え。jp', 'the ideographic full stop separates labels'],
  ['joe@l·l.example.cat', 'the Catalan middle dot between two l'],
  ['joe@カ・タ.jp', 'the Katakana middle dot beside Katakana'],
  ['joe@דוגמה.קום', 'right-to-left labels'],
];
for (const [cell, why] of plain) {
  test(`${cell} is plainly valid: ${why}`, () => {
    assert.equal(isPlainlyValid(screenAddress(cell)), true);
    assert.deepEqual(good(cell).repairs, []);
  });
}

const refused: readonly (readonly [cell: string, reason: SyntaxReason, position: number | null, why: string])[] = [
  ['', 'empty', null, 'nothing'],
  [' \t\u00a0 ', 'empty', null, 'blanks only'],
  ['""', 'empty', null, 'an empty pair of quotes'],
  ['N/A', 'placeholder', null, 'said by people'],
  ['null', 'placeholder', null, 'said by programs'],
  ['--', 'placeholder', null, 'said by those in a hurry'],
  ['keine', 'placeholder', null, 'in German'],
  ['joe', 'no_at', null, 'a name'],
  ['joe.example.org', 'no_at', null, 'a dot where the @ belongs'],
  ['@example.org', 'empty_local', 0, 'nothing before the @'],
  ['""@example.org', 'empty_local', 0, 'nothing between the quotes'],
  ['joe@', 'empty_domain', 4, 'nothing behind the @'],
  ['joe@ann@example.org', 'several_at', 3, 'two @'],
  ['joe@example.org ann@example.org', 'multiple_addresses', null, 'a blank between'],
  ['joe@example.org;ann@example.org', 'multiple_addresses', null, 'a semicolon between'],
  ['joe@example.org, ann@example.org', 'multiple_addresses', null, 'a comma between'],
  ['joe@example.org/ann@example.org', 'multiple_addresses', null, 'a slash between two whole addresses'],
  ['joe@example.org|ann@example.org', 'multiple_addresses', null, 'a bar between two whole addresses'],
  ['joe@example.org\nann@example.org', 'multiple_addresses', null, 'a line break between'],
  ['"joe@example.org","ann@example.org"', 'multiple_addresses', null, 'each in quotes'],
  ['Joe <joe@example.org>, Ann <ann@example.org>', 'multiple_addresses', null, 'the last must not be taken for all'],
  ['joe@example.org, Ann <ann@example.org>', 'multiple_addresses', null, 'an address in front of a named one'],
  ['Joe &lt;joe@example.org&gt;; Ann &lt;ann@example.org&gt;', 'multiple_addresses', null, 'encoded brackets'],
  ['mailto:joe@example.org,ann@example.org', 'multiple_addresses', null, 'a link to two'],
  ['.joe.@example.org', 'trailing_dot', 3, 'the leading dot goes, the other stays a fault'],
  ['..joe@example.org', 'leading_dot', 0, 'two dots are more than a stray one'],
  ['jo..e@example.org', 'double_dot', 3, 'two dots in a row'],
  ['jo e@example.org', 'space_inside', 2, 'a blank inside'],
  ['joe@exam ple.org', 'space_inside', 8, 'a blank in the domain'],
  ['jo\u3000e@example.org', 'space_inside', 2, 'a wide blank inside'],
  ['jo,e@example.org', 'illegal_character', 2, 'a comma inside'],
  ['joe\\@example.org', 'illegal_character', 3, 'a backslash outside quotes'],
  ['<joe@example.org', 'illegal_character', 0, 'an opening bracket alone'],
  ['joe@exam;ple.org', 'illegal_character', 8, 'a semicolon in the domain'],
  ['joe\u200d@example.org', 'illegal_character', 3, 'a joiner in the local part'],
  ['jo\ue000e@example.org', 'illegal_character', 2, 'a private-use character'],
  ['jo\ufdefe@example.org', 'illegal_character', 2, 'a noncharacter'],
  ['\u0301joe@example.org', 'illegal_character', 0, 'a combining mark first'],
  ['me.\u037e@example.org', 'illegal_character', null, 'becomes a semicolon by normalising'],
  ['"joe"x@example.org', 'unbalanced_quote', 4, 'text behind the closing quote'],
  ['a."b".c@example.org', 'unbalanced_quote', 2, 'quotes around a part only'],
  ['"joe\\"@example.org', 'unbalanced_quote', 0, 'the closing quote is escaped'],
  ['joe(work)@example.org', 'comment', 3, 'a comment'],
  ['joe@example.org(work)', 'comment', 15, 'a comment at the end'],
  ['joe@[192.0.2.1]', 'ip_literal', 4, 'an address literal'],
  ['joe@[IPv6:2001:db8::1]', 'ip_literal', 4, 'one of version 6'],
  ['joe@192.0.2.1', 'bare_ip', 12, 'an address without brackets'],
  ['joe@.example.org', 'empty_label', 4, 'a dot first'],
  ['joe@example..org', 'empty_label', 12, 'two dots in a row'],
  ['joe@example．．org', 'empty_label', 4, 'two wide dots in a row'],
  ['joe@-example.org', 'edge_hyphen', 4, 'a hyphen first'],
  ['joe@example-.org', 'edge_hyphen', 11, 'a hyphen last'],
  ['joe@example.org-', 'edge_hyphen', 15, 'a hyphen at the very end'],
  ['joe@－example.org', 'edge_hyphen', 4, 'a wide hyphen'],
  ['joe@_dmarc.example.org', 'underscore', 4, 'a name of a service, not of a host'],
  ['joe@ab--c.example.org', 'bad_label', 4, 'a reserved label that is no A-label'],
  ['joe@example.x', 'bad_label', 12, 'one letter is no top-level domain'],
  ['joe@example.org2', 'bad_label', 12, 'no top-level domain ends in a digit'],
  ['joe@xn--0.org', 'fake_a_label', 4, 'cannot be decoded'],
  ['joe@xn--.org', 'fake_a_label', 4, 'encodes nothing'],
  ['joe@xn--example.org', 'fake_a_label', 4, 'encodes what no name may hold'],
  ['joe@☃.org', 'bad_idn', 4, 'a picture is no letter (RFC 5892)'],
  ['joe@xn--n3h.org', 'bad_idn', 4, 'the same picture, encoded'],
  ['joe@©.org', 'bad_idn', 4, 'a sign is no letter'],
  ['joe@a·b.org', 'bad_idn', 4, 'a middle dot outside Catalan'],
  ['joe@a・b.jp', 'bad_idn', 4, 'a Katakana middle dot beside Latin alone'],
  ['joe@a\u200db.org', 'bad_idn', 4, 'a joiner without its context'],
  ['joe@a\u0375b.org', 'bad_idn', 4, 'a Greek keraia before Latin'],
  ['joe@a\u05f3b.org', 'bad_idn', 4, 'a Hebrew geresh behind Latin'],
  ['joe@ب\u0660\u06f0.org', 'bad_idn', 4, 'two kinds of Arabic digits'],
  ['joe@\u0640.org', 'bad_idn', 4, 'a letter RFC 5892 takes out'],
  ['joe@\u0301a.org', 'bad_idn', 4, 'a label that begins with a mark'],
  ['joe@1ب.org', 'bad_idn', 4, 'breaks the Bidi rule (RFC 5893)'],
  ['joe@⒈a.org', 'bad_idn', 4, 'a number with a dot in it'],
  ['joe@\u037e.org', 'illegal_character', 4, 'maps to a semicolon'],
  ['joe@\u1fef.org', 'illegal_character', 4, 'maps to a backtick'],
  ['joe@localhost', 'single_label', 4, 'no dot'],
  ['joe@example.123', 'numeric_tld', 12, 'a number at the end'],
  ['joe@example.１２３', 'numeric_tld', 4, 'wide digits at the end'],
  ['jo\ufffde@example.org', 'malformed_text', 2, 'lost in an earlier decoding'],
  ['jo\ud800e@example.org', 'malformed_text', 2, 'half a character'],
  ['joe@exa\udc00mple.org', 'malformed_text', 7, 'the other half'],
  ['j\ue000\ud800@example.org', 'malformed_text', 2, 'damage is told before anything else'],
];
for (const [cell, reason, position, why] of refused) {
  test(`${JSON.stringify(cell)} is ${reason}: ${why}`, () => {
    const screening = bad(cell);
    assert.equal(screening.reason, reason);
    assert.equal(screening.position, position);
    assert.match(screening.message, /^[A-Z].*\.$/);
    assert.equal(isPlainlyValid(screening), false);
  });
}

test('no control character passes anywhere inside an address, quoted or not', () => {
  for (let code = 0; code < 0xa0; code++) {
    if (code >= 0x20 && code < 0x7f) continue;
    const control = String.fromCharCode(code);
    for (const cell of [`jo${control}e@example.org`, `joe@exam${control}ple.org`, `"jo${control}e"@example.org`]) {
      const { reason, address, message } = bad(cell);
      assert.equal(reason, 'control_character', JSON.stringify(cell));
      assert.ok(!`${address}${message}`.includes(control), 'what is shown carries no control character either');
    }
    const escaped = bad(`"jo\\${control}e"@example.org`);
    assert.equal(escaped.reason, 'control_character');
  }
});

test('the domain folds to lower case and the local part keeps its case but in the key', () => {
  const { address, local, domain, key } = good('Joe.Smith@Example.ORG');
  assert.deepEqual(
    { address, local, domain, key },
    {
      address: 'Joe.Smith@example.org',
      local: 'Joe.Smith',
      domain: 'example.org',
      key: 'joe.smith@example.org',
    },
  );
  assert.equal(good('joe@Example.org').key, 'joe@example.org');
  assert.equal(good('JOE@example.org').key, 'joe@example.org');
});

test('an internationalised domain is shown in U-labels and stored in A-labels', () => {
  const { address, domain, smtputf8 } = good('joe@BÜCHER.example');
  assert.deepEqual([address, domain, smtputf8], ['joe@bücher.example', 'xn--bcher-kva.example', false]);
  assert.equal(good('joe@XN--BCHER-KVA.example').address, 'joe@bücher.example');
});

test('a local part beyond ASCII asks for SMTPUTF8 and goes out in NFC', () => {
  const { local, smtputf8, suspicious } = good('zoe\u0308@example.org');
  assert.deepEqual([local, smtputf8, suspicious], ['zoë', true, false]);
  assert.equal(good('ZOË@example.org').key, good('zoe\u0308@example.org').key);
});

const quoted: readonly (readonly [cell: string, local: string, isQuoted: boolean, why: string])[] = [
  ['"joe smith"@example.org', '"joe smith"', true, 'a blank needs quotes'],
  ['"joe@home"@example.org', '"joe@home"', true, 'an @ needs quotes'],
  ['"a<b>c"@example.org', '"a<b>c"', true, 'brackets need quotes'],
  ['"a..b"@example.org', '"a..b"', true, 'two dots need quotes'],
  ['"a\\"b\\\\c"@example.org', '"a\\"b\\\\c"', true, 'quotes and backslashes stay escaped'],
  ['"a\\ b"@example.org', '"a b"', true, 'needless escapes go'],
  ['"joe"@example.org', 'joe', false, 'needless quotes go (RFC 5321 section 4.1.2)'],
  ['"joe.smith"@example.org', 'joe.smith', false, 'a dot-string needs none'],
  ['"\\joe"@example.org', '"joe"', true, 'an odd escape leaves them on'],
];
for (const [cell, local, isQuoted, why] of quoted) {
  test(`${cell} is asked about as ${local}: ${why}`, () => {
    const screening = good(cell);
    assert.deepEqual([screening.local, screening.quoted], [local, isQuoted]);
    assert.deepEqual(screening.repairs, isQuoted ? [] : ['unquoted']);
    assert.equal(isPlainlyValid(screening), false);
  });
}

const suspicious: readonly (readonly [cell: string, why: string])[] = [
  ['👍@example.org', 'a picture for a name'],
  ['jÃ¶rg@example.org', 'UTF-8 read as Latin-1'],
  ['p\u0430ypal@example.org', 'a Cyrillic letter among Latin ones'],
  ['joe@p\u0430ypal.example', 'the same in the domain'],
  ['ｊｏｅ@example.org', 'wide letters of an input method'],
  ["'joe@example.org", 'a stray quote'],
  ['ann@example.org <joe@example.org>', 'a name that is another address'],
  ['\u202djoe\u202e@example.org', 'made to read backwards'],
];
for (const [cell, why] of suspicious) {
  test(`${JSON.stringify(cell)} is taken but flagged: ${why}`, () => assert.equal(good(cell).suspicious, true));
}

test('ordinary names of many scripts are not flagged', () => {
  for (const cell of ['josé@example.org', 'иван@пример.рф', '山田@例え.jp', 'joe@日本a.jp', "o'brien@example.org"]) {
    assert.equal(good(cell).suspicious, false, cell);
  }
});

const suggested: readonly (readonly [cell: string, suggestion: string | null, why: string])[] = [
  ['joe@example,org', 'joe@example.org', 'a comma for a dot'],
  ['joe[at]example.org', 'joe@example.org', 'spelled out'],
  ['joe (at) example (dot) org', 'joe@example.org', 'all of it spelled out'],
  ['joe at example dot org', 'joe@example.org', 'without brackets'],
  ['jo..e@example.org', 'jo.e@example.org', 'two dots'],
  ['joe.@example.org', 'joe@example.org', 'a dot before the @'],
  ['joe@example. org', 'joe@example.org', 'a blank inside'],
  ['joe@@example.org', 'joe@example.org', 'the @ twice'],
  ['joe@example.org@example.org', 'joe@example.org', 'the domain twice'],
  ['E-mail: joe@example.org', 'joe@example.org', 'a label in front'],
  ['Joe B. Smith joe@example.org', 'joe@example.org', 'a name in front'],
  ['joe@example.org(Joe Smith)', 'joe@example.org', 'a name behind, as old mail has it'],
  ['<joe@example.org', 'joe@example.org', 'a bracket left over'],
  ['joe@example.org!', 'joe@example.org', 'a sign behind'],
  ['joe [at] example,org', 'joe@example.org', 'two slips'],
  ['joe@ann@example.org', null, 'which of the two is nobody can tell'],
  ['joe.example.org', null, 'the @ could stand anywhere'],
  ['joe@example.org ann@example.org', null, 'there are two'],
  ['n/a', null, 'there is none'],
];
for (const [cell, suggestion, why] of suggested) {
  test(`${cell} ${suggestion === null ? 'gets no suggestion' : `suggests ${suggestion}`}: ${why}`, () => {
    assert.equal(bad(cell).suggestion, suggestion);
  });
}

test('hostile cells of 50,000 characters are decided at once and shown short', () => {
  const parts = ['"', '<>', 'a@b.co,', '&amp;', 'mailto:', '\u200b', 'ü.', "'", '\\"', '('];
  const started = performance.now();
  for (const part of parts) {
    const screening = bad(part.repeat(50_000 / part.length));
    assert.ok(screening.address.length <= 1024);
    bad(`${part.repeat(1000 / part.length)}@`);
    screenAddress(`a@${part.repeat(1000 / part.length)}`);
  }
  // Each takes a few milliseconds at most; the bound only has to tell that from quadratic work on 50,000 characters.
  assert.ok(performance.now() - started < 10_000);
});

test('blanks do not count against the length of a cell', () => {
  assert.equal(good(`${' '.repeat(5000)}joe@example.org${' '.repeat(5000)}`).address, 'joe@example.org');
});
