// Which of flag, variable, config file and default counts, and what is refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command } from 'commander';
import { parseConfig } from '../../src/cli/config-file.ts';
import {
  addOptions,
  configFile,
  dataFolder,
  defaultDb,
  type OptionSpec,
  readEnvironment,
  resolveSettings,
  settingsFrom,
  switchOption,
  variableOf,
} from '../../src/cli/settings.ts';
import { MailgateError } from '../../src/errors.ts';
import { SAMPLE_OPTIONS } from './sample-options.ts';

function usage(words: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof MailgateError && error.kind === 'usage', String(error));
    assert.match(error.message, words);
    return true;
  };
}

const NOTHING = new Map();

/** The settings of `args`, variables and a config file. */
function settle(args: readonly string[], env: Record<string, string> = {}, config = '') {
  const command = new Command('verify').exitOverride().configureOutput({ writeErr: () => {} });
  addOptions(command, SAMPLE_OPTIONS);
  command.action(() => {});
  command.parse([...args], { from: 'user' });
  return settingsFrom(command, SAMPLE_OPTIONS, {
    env: readEnvironment(env, SAMPLE_OPTIONS),
    config: parseConfig(config, { path: 'config.toml', specs: SAMPLE_OPTIONS }).settings,
  });
}

const DEFAULTS = {
  waitMs: 360_000,
  helo: null,
  perDomain: 3,
  rate: null,
  keep: ['valid', 'invalid', 'catchall', 'unknown'],
  sourceIps: [],
  refresh: false,
  smtp: true,
  config: null,
};

test('with nothing given, every default holds', () => {
  assert.deepEqual(settle([]), DEFAULTS);
});

test('the flag counts before the variable, that before the config file, that before the default', () => {
  const config = 'wait = "4m"';
  const env = { MAILGATE_WAIT: '3m' };
  assert.equal(settle(['--wait', '2m'], env, config).waitMs, 120_000);
  assert.equal(settle([], env, config).waitMs, 180_000);
  assert.equal(settle([], {}, config).waitMs, 240_000);
  assert.equal(settle([], {}, '').waitMs, 360_000);
});

test('a flag that repeats the default still counts before the variable', () => {
  assert.equal(settle(['--per-domain', '3'], { MAILGATE_PER_DOMAIN: '7' }).perDomain, 3);
  assert.equal(settle(['--no-smtp'], { MAILGATE_SMTP: 'true' }).smtp, false);
});

const written: readonly [
  what: string,
  args: string[],
  env: Record<string, string>,
  config: string,
  expected: object,
][] = [
  ['a switch', ['--refresh'], { MAILGATE_REFRESH: '1' }, 'refresh = true', { refresh: true }],
  ['a switch that is off', [], { MAILGATE_REFRESH: 'no' }, 'refresh = false', { refresh: false }],
  ['a negative switch', ['--no-smtp'], { MAILGATE_NO_SMTP: 'yes' }, 'no_smtp = true', { smtp: false }],
  ['its positive name', ['--no-smtp'], { MAILGATE_SMTP: '0' }, 'smtp = false', { smtp: false }],
  ['a number', ['--per-domain', '5'], { MAILGATE_PER_DOMAIN: '5' }, 'per_domain = 5', { perDomain: 5 }],
  ['a key in kebab case', ['--per-domain', '5'], { MAILGATE_PER_DOMAIN: '5' }, 'per-domain = 5', { perDomain: 5 }],
  ['a text', ['--helo', 'mx.a.test'], { MAILGATE_HELO: 'mx.a.test' }, "helo = 'mx.a.test'", { helo: 'mx.a.test' }],
  ['a rate', ['--rate', '2/s'], { MAILGATE_RATE: '2/s' }, 'rate = "2/s"', { rate: 120 }],
  [
    'a list with commas',
    ['--keep', 'valid,catchall'],
    { MAILGATE_KEEP: 'valid, catchall' },
    'keep = "valid,catchall"',
    { keep: ['valid', 'catchall'] },
  ],
  [
    'a repeated list',
    ['--source-ip', '192.0.2.1', '--source-ip', '192.0.2.2'],
    { MAILGATE_SOURCE_IP: '192.0.2.1,192.0.2.2' },
    'source_ip = ["192.0.2.1", "192.0.2.2"]',
    { sourceIps: ['192.0.2.1', '192.0.2.2'] },
  ],
];

for (const [what, args, env, config, expected] of written) {
  test(`${what} says the same as a flag, as a variable and in the file`, () => {
    assert.deepEqual(settle(args), { ...DEFAULTS, ...expected });
    assert.deepEqual(settle([], env), { ...DEFAULTS, ...expected });
    assert.deepEqual(settle([], {}, config), { ...DEFAULTS, ...expected });
  });
}

test('an empty variable counts as none', () => {
  assert.deepEqual(settle([], { MAILGATE_WAIT: '', MAILGATE_KEEP: ' ', MAILGATE_REFRESH: '' }), DEFAULTS);
});

const wrong: readonly [what: string, args: string[], env: Record<string, string>, words: RegExp][] = [
  ['a wrong flag value', ['--wait', 'soon'], {}, /^--wait: "soon" is no duration/],
  [
    'a wrong word in a list',
    ['--keep', 'valid,invald'],
    {},
    /^--keep: "invald" is no status \(did you mean invalid\?\)/,
  ],
  ['a wrong variable', [], { MAILGATE_WAIT: '5' }, /^MAILGATE_WAIT: "5" is no duration/],
  ['a wrong switch', [], { MAILGATE_REFRESH: 'perhaps' }, /^MAILGATE_REFRESH: "perhaps" is neither true nor false/],
  ['a wrong negative switch', [], { MAILGATE_NO_SMTP: 'x' }, /^MAILGATE_NO_SMTP: "x" is neither true nor false/],
  [
    'an unknown variable',
    [],
    { MAILGATE_PER_DOMIAN: '3' },
    /MAILGATE_PER_DOMIAN \(did you mean MAILGATE_PER_DOMAIN\?\)/,
  ],
  ['a variable like no other', [], { MAILGATE_ZZZZZZ: '3' }, /MAILGATE_ZZZZZZ\.$/],
];

for (const [what, args, env, words] of wrong) {
  test(`${what} is refused, with its place`, () => assert.throws(() => settle(args, env), usage(words)));
}

test('a wrong variable is refused even where a flag would win', () => {
  assert.throws(() => settle(['--wait', '1m'], { MAILGATE_WAIT: 'soon' }), usage(/MAILGATE_WAIT/));
});

test('variables of others, and documented ones that mirror no flag, are left alone', () => {
  const env = { PATH: '/bin', MAILGATEWAY: 'x', MAILGATE_TEST_PORT: '1' };
  assert.equal(readEnvironment(env, SAMPLE_OPTIONS, { otherNames: ['MAILGATE_TEST_PORT'] }).size, 0);
  assert.throws(() => readEnvironment(env, SAMPLE_OPTIONS), usage(/MAILGATE_TEST_PORT/));
});

test('each setting tells where it came from', () => {
  const given = { specs: SAMPLE_OPTIONS, flags: NOTHING, env: NOTHING, config: NOTHING };
  const wait = { value: '3m', origin: 'MAILGATE_WAIT' };
  const resolved = resolveSettings({ ...given, env: new Map([['waitMs', wait]]) });
  assert.deepEqual(resolved.get('waitMs'), { value: 180_000, source: 'env', origin: 'MAILGATE_WAIT' });
  assert.deepEqual(resolved.get('helo'), { value: null, source: 'default', origin: null });
});

test('options of the program count for its commands', () => {
  const quiet: readonly OptionSpec[] = [switchOption({ name: 'quiet', flags: '-q, --quiet', description: 'say less' })];
  const program = new Command('mailgate');
  addOptions(program, quiet);
  const command = program.command('verify').action(() => {});
  program.parse(['-q', 'verify'], { from: 'user' });
  assert.equal(settingsFrom(command, quiet, { env: NOTHING, config: NOTHING })['quiet'], true);
});

test('the help shows each flag with its meaning, default and choices', () => {
  const command = new Command('verify').configureHelp({ helpWidth: 200 });
  addOptions(command, SAMPLE_OPTIONS);
  const help = command.helpInformation();
  assert.match(help, /-w, --wait <duration> +how long to wait for greylisted addresses \(default: 6m\)/);
  assert.match(help, /--keep <status,\.\.\.> +rows to keep \(default: all\) \(choices: "valid", "invalid"/);
  assert.match(help, /--no-smtp +stop at DNS\n/);
});

test('a long flag gives the name of its variable', () => {
  assert.equal(variableOf('per-domain'), 'MAILGATE_PER_DOMAIN');
});

const folders: readonly [env: Record<string, string>, data: string, config: string, why: string][] = [
  [{}, '/home/ann/.local/share/mailgate', '/home/ann/.config/mailgate/config.toml', 'the defaults of XDG'],
  [{ XDG_DATA_HOME: '/d', XDG_CONFIG_HOME: '/c' }, '/d/mailgate', '/c/mailgate/config.toml', 'as the variables say'],
  [
    { XDG_DATA_HOME: 'rel/d', XDG_CONFIG_HOME: '' },
    '/home/ann/.local/share/mailgate',
    '/home/ann/.config/mailgate/config.toml',
    'relative ones are ignored',
  ],
];

for (const [env, data, config, why] of folders) {
  test(`files lie in ${data} and ${config}: ${why}`, { skip: process.platform === 'win32' }, () => {
    assert.equal(dataFolder(env, '/home/ann'), data);
    assert.equal(configFile(env, '/home/ann'), config);
    assert.equal(defaultDb(env, '/home/ann'), `${data}/mailgate.sqlite`);
  });
}
