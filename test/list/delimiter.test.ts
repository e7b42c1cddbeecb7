// Which character stands between the cells, as the first rows show it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MailgateError } from '../../src/errors.ts';
import { namedDelimiter, sniffDelimiter } from '../../src/list/delimiter.ts';

const cases: readonly [text: string, delimiter: string, why: string][] = [
  ['email,name\na@x.com,Ann\n', ',', 'comma'],
  ['email;name\na@x.com;Ann\n', ';', 'semicolon'],
  ['email\tname\na@x.com\tAnn\n', '\t', 'tab'],
  ['email|name\na@x.com|Ann\n', '|', 'pipe'],
  ['email\na@x.com\nb@x.com\n', ',', 'one column: comma, which a later column can use'],
  ['a@x.com', ',', 'one cell'],
  ['name;amount;email\nAnn;1,5;a@x.com\nBob;2,5;b@x.com\n', ';', 'decimal commas in every row'],
  ['1,5;a@x.com\n2,5;b@x.com\n', ';', 'decimal commas in every row and no header'],
  ['email;name\na@x.com;"Doe, Ann; Dr"\nb@x.com;"Doe, Bob, Jr"\n', ';', 'commas within quotes do not count'],
  ['email,tags\na@x.com,x|y|z\nb@x.com,x|y|z\n', ',', 'pipes between tags in every row'],
  ['email\tname\na@x.com\tDoe, Ann\nb@x.com\tDoe, Bob\n', '\t', 'commas in names of every row'],
  ['email,name\na@x.com,A\nb@x.com\nc@x.com,C,x\n', ',', 'ragged rows'],
  ['id,email,note\n1,,"a\nb; c; d"\n2,,x\n', ',', 'no address in sight'],
  ['sep=;\nemail,x;name\na@x.com;Ann\n', ';', 'Excel says so itself'],
  ['"sep=|"\r\nemail,x|name\r\n', '|', 'Excel says so itself, in quotes'],
  ['\n\nemail;name\na@x.com;Ann\n', ';', 'blank lines in front'],
];

for (const [text, delimiter, why] of cases) {
  test(`${JSON.stringify(text)} has ${JSON.stringify(delimiter)} between cells: ${why}`, () => {
    assert.equal(sniffDelimiter(Buffer.from(text)), delimiter);
  });
}

test('a delimiter is given by sign or by name, and nothing else is taken for one', () => {
  const given = [',', 'comma', 'Semicolon', ';', '\t', 'tab', '\\t', '|', 'pipe'];
  assert.deepEqual(given.map(namedDelimiter), [',', ',', ';', ';', '\t', '\t', '\t', '|', '|']);
  for (const wrong of ['', ':', ',,', '"', '\n']) {
    assert.throws(
      () => namedDelimiter(wrong),
      (error: unknown) => error instanceof MailgateError && error.kind === 'usage',
    );
  }
});
