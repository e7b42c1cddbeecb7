// Limits of single providers and domains in the config file: what they say, and how a wrong one is told.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseConfig } from '../../src/cli/config-file.ts';
import { ALL_OPTIONS } from '../../src/cli/options.ts';
import { MailgateError } from '../../src/errors.ts';

const README = join(import.meta.dirname, '..', '..', 'README.md');

function read(text: string) {
  return parseConfig(text, { path: 'config.toml', specs: ALL_OPTIONS });
}

test('sections set limits by provider and by domain', () => {
  const { limits, settings } = read(`
per_provider = 4
[provider."google.com"]
connections = 10
rate = "60/m"
[provider.microsoft]
rate = "2/s"
[domain."Example.COM"]
connections = 1
[domain."bücher.example"]
connections = 2
`);
  assert.deepEqual(
    [...limits.providers],
    [
      ['google.com', { connections: 10, ratePerMinute: 60 }],
      ['microsoft', { connections: null, ratePerMinute: 120 }],
    ],
  );
  assert.deepEqual(
    [...limits.domains],
    [
      ['example.com', 1],
      ['xn--bcher-kva.example', 2],
    ],
  );
  assert.deepEqual([...settings.keys()], ['perProvider']);
});

test('a file without sections sets no such limits', () => {
  const { limits } = read('helo = "mx.a.test"');
  assert.deepEqual([limits.providers.size, limits.domains.size], [0, 0]);
});

test('dotted keys and inline tables say the same as sections', () => {
  const { limits } = read('provider.google.connections = 2\ndomain = { "a.test" = { connections = 1 } }');
  assert.deepEqual([...limits.providers.keys(), ...limits.domains], ['google', ['a.test', 1]]);
});

const wrong: readonly [text: string, words: RegExp, hint: RegExp, why: string][] = [
  [
    '[provider."google.com"]\nconections = 3',
    /^There is no setting conections for provider "google\.com" in config\.toml, line 2 \(did you mean connections\?\)\.$/,
    /knows connections and rate/,
    'a key mistyped',
  ],
  [
    '[provider.google]\nconnections = 3\nhelo = "mx.a.test"',
    /^There is no setting helo for provider "google" in config\.toml, line 3\.$/,
    /stand above the first section/,
    'a setting for everybody that slipped into a section',
  ],
  [
    '[domain."a.test"]\nrate = "60/m"',
    /^There is no setting rate for domain "a\.test" in config\.toml, line 2/,
    /rate is kept for a provider/,
    'a rate for a domain',
  ],
  [
    '[provider."google.com"]\nconnections = 0',
    /^connections of provider "google\.com" in config\.toml, line 2: "0" is out of place here: write a whole number from 1 to 1000/,
    /^$/,
    'no connection at all',
  ],
  [
    '[provider."google.com"]\nrate = 60',
    /^rate of provider "google\.com" in config\.toml, line 2: "60" is no rate/,
    /^$/,
    'a rate without a unit',
  ],
  [
    '[domain."a.test"]\nconnections = true',
    /^connections of domain "a\.test" .*not true/,
    /^$/,
    'a switch for a number',
  ],
  [
    '[provider.gogle]\nconnections = 3',
    /^provider "gogle" in config\.toml, line 1: there is no such provider \(did you mean google\?\)\.$/,
    /google, /,
    'a name mistyped',
  ],
  [
    '[provider."aspmx.l.google.com"]\nconnections = 3',
    /^provider "aspmx\.l\.google\.com" in config\.toml, line 1: a provider goes by the domain of its mail hosts, here google\.com\.$/,
    /provider column/,
    'a mail host',
  ],
  ['[provider."*.google.com"]\nconnections = 3', /there is no such provider/, /such as "google\.com"/, 'a wildcard'],
  [
    '[domain."*"]\nconnections = 3',
    /^domain "\*" in config\.toml, line 1: this is no domain name\.$/,
    /stands for nothing/,
    'any domain',
  ],
  ['[domain."a@b.test"]\nconnections = 3', /this is no domain name/, /behind the @/, 'an address'],
  [
    '[provider]\nconnections = 3',
    /^provider in config\.toml, line 1: the name of the provider is missing\.$/,
    /section of its own/,
    'a section without a name',
  ],
  ['provider = "google"', /the name of the provider is missing/, /section of its own/, 'a text'],
  ['[[domain]]\nconnections = 3', /the name of the domain is missing/, /section of its own/, 'a list of sections'],
  [
    '[domain."a.test"]\n[domain."A.test"]',
    /^domain "A\.test" in config\.toml, line 2: there is already a section for a\.test/,
    /^$/,
    'one thing said twice',
  ],
  [
    '[providers.google]\nconnections = 3',
    /There is no setting providers in config\.toml, line 1 \(did you mean provider\?\)/,
    /all other keys stand above/,
    'a section mistyped',
  ],
];

for (const [text, words, hint, why] of wrong) {
  test(`${JSON.stringify(text)} is refused: ${why}`, () => {
    assert.throws(
      () => read(text),
      (error) => {
        assert.ok(error instanceof MailgateError && error.kind === 'usage', String(error));
        assert.match(error.message, words);
        assert.match(error.hint ?? '', hint);
        return true;
      },
    );
  });
}

test('the example in the README is a config file', () => {
  const examples = [...readFileSync(README, 'utf8').matchAll(/```toml\n([\s\S]*?)```/g)].map(([, text]) => text ?? '');
  assert.ok(examples.length > 0);
  const limits = examples.map((text) => read(text).limits);
  assert.ok(limits.some(({ providers, domains }) => providers.size > 0 && domains.size > 0));
});
