// What the config file may hold, and how a wrong one is told.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parseConfig, readConfigFile } from '../../src/cli/config-file.ts';
import { MailgateError } from '../../src/errors.ts';
import { SAMPLE_OPTIONS } from './sample-options.ts';

const specs = SAMPLE_OPTIONS;

function usage(words: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof MailgateError && error.kind === 'usage', String(error));
    assert.match(error.message, words);
    return true;
  };
}

function fileWith(t: TestContext, content: string | Buffer): string {
  const folder = mkdtempSync(join(tmpdir(), 'mailgate-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'config.toml');
  writeFileSync(path, content);
  return path;
}

test('the settings of a file carry their place', (t) => {
  const path = fileWith(t, '# ours\nhelo = "mx.a.test"\n\n"per-domain" = 4\n');
  const { settings } = readConfigFile(path, { specs, mayBeMissing: false });
  assert.equal(settings.get('helo')?.origin, `helo in ${path}, line 2`);
  assert.equal(settings.get('perDomain')?.origin, `per-domain in ${path}, line 4`);
  assert.equal(settings.size, 2);
});

test('a missing file is no settings at the default place, and a fault where it was named', (t) => {
  const path = `${fileWith(t, '')}.none`;
  assert.equal(readConfigFile(path, { specs, mayBeMissing: true }).settings.size, 0);
  assert.throws(() => readConfigFile(path, { specs, mayBeMissing: false }), usage(/cannot be read/));
});

test('a folder, a file that is no text and a huge file are refused', (t) => {
  const path = fileWith(t, Buffer.from([0x68, 0x65, 0xff, 0xfe]));
  assert.throws(() => readConfigFile(path, { specs, mayBeMissing: true }), usage(/not UTF-8 text/));
  assert.throws(() => readConfigFile(join(path, '..'), { specs, mayBeMissing: true }), usage(/cannot be read/));
  truncateSync(path, 2 * 1024 * 1024);
  assert.throws(() => readConfigFile(path, { specs, mayBeMissing: true }), usage(/far too large/));
});

const wrong: readonly [text: string, words: RegExp, why: string][] = [
  ['heloo = "x"', /There is no setting heloo in config\.toml, line 1 \(did you mean helo\?\)\./, 'a key mistyped'],
  ['\nPer_Domian = 3', /Per_Domian in config\.toml, line 2 \(did you mean per_domain\?\)/, 'capitals as well'],
  ['zzzzzzz = 3', /There is no setting zzzzzzz in config\.toml, line 1\.$/, 'a key like no other'],
  ['config = "x"', /There is no setting config/, 'a setting that makes no sense in the file'],
  ['constructor = 1', /There is no setting constructor/, "a name of JavaScript's own"],
  ['__proto__ = 1', /There is no setting __proto__/, "another name of JavaScript's own"],
  ['[verify]\nhelo = "x"', /There is no setting verify in config\.toml, line 1/, 'a section'],
  ['helo = true', /^helo in config\.toml, line 1: a text is wanted here, not true/, 'a switch for a text'],
  ['helo = ""', /^helo in config\.toml, line 1: "" is empty/, 'an empty text'],
  ['helo = 1979-05-27', /a text is wanted here, not a table or date/, 'a date for a text'],
  [
    'refresh = "true"',
    /^refresh in config\.toml, line 1: true or false is wanted, without quotes/,
    'a text for a switch',
  ],
  ['refresh = 1', /true or false is wanted/, 'a number for a switch'],
  ['wait = 30', /^wait in config\.toml, line 1: "30" is no duration/, 'a duration without a unit'],
  ['per_domain = 2.5', /"2\.5" is out of place here: write a whole number from 1 to 50/, 'a fraction'],
  ['per_domain = 99', /whole number from 1 to 50/, 'a number beyond its limits'],
  ['keep = ["valid", "bad"]', /^keep in config\.toml, line 1: "bad" is no status/, 'a wrong word in a list'],
  ['keep = [["valid"]]', /a text is wanted here, not a list/, 'a list in a list'],
  [
    'smtp = false\nno_smtp = true',
    /no_smtp in config\.toml, line 2: smtp has already said this/,
    'one thing said twice',
  ],
  ['per_domain = 3\nper-domain = 4', /per_domain has already said this/, 'one thing in both spellings'],
];

for (const [text, words, why] of wrong) {
  test(`${JSON.stringify(text)} is refused: ${why}`, () => {
    assert.throws(() => parseConfig(text, { path: 'config.toml', specs }), usage(words));
  });
}

test('wrong TOML is told with its line and the place in it', () => {
  assert.throws(
    () => parseConfig('helo = "x"\nwait = \n', { path: 'config.toml', specs }),
    (error) => {
      assert.ok(error instanceof MailgateError);
      assert.match(error.message, /^config\.toml, line 2: invalid value\.$/);
      assert.match(error.hint ?? '', /2: {2}wait = /);
      return true;
    },
  );
});
