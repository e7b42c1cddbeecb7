// Flags, MAILGATE_ variables and the config file, whole: which of them counts, and what is refused with the nearest name.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { freshFolder, type Workdir } from '../support/mailgate.ts';
import { cellsOf, objectsOf } from './rows.ts';

const LIST = 'email\nanna@gmx.de\n';
const COLUMNS = ['--columns', 'status'] as const;

/** The name of the column that is added, which tells whose prefix counted. */
async function addedColumn(
  folder: Workdir,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<unknown> {
  folder.write('list.csv', LIST);
  const run = await folder.run(['verify', 'list.csv', '--offline', ...COLUMNS, ...args], { env });
  assert.equal(run.exitCode, 0, run.stderr);
  return cellsOf(run.stdout)[0]?.[1];
}

test('a flag counts before a variable, a variable before the config file, and that before the default', async (t) => {
  const folder = freshFolder(t);
  assert.equal(await addedColumn(folder, []), 'mailgate_status');
  folder.write(folder.configFile, 'prefix = "file_"\n');
  assert.equal(await addedColumn(folder, []), 'file_status');
  assert.equal(await addedColumn(folder, [], { MAILGATE_PREFIX: 'env_' }), 'env_status');
  assert.equal(await addedColumn(folder, ['--prefix', 'flag_'], { MAILGATE_PREFIX: 'env_' }), 'flag_status');
});

test('--config names another file, from the folder one is in', async (t) => {
  const folder = freshFolder(t);
  folder.write(folder.configFile, 'prefix = "file_"\n');
  folder.write('own.toml', '# mine\nprefix = "own_"\n');
  assert.equal(await addedColumn(folder, ['--config', 'own.toml']), 'own_status');
  assert.equal(await addedColumn(folder, [], { MAILGATE_CONFIG: 'own.toml' }), 'own_status');
});

test('MAILGATE_DB names the store for every command, and --db another one', async (t) => {
  const folder = freshFolder(t);
  const env = { MAILGATE_DB: 'env.sqlite' };
  await folder.run(['check', 'anna@gmx.de', '--offline'], { env });
  const stats = await folder.run(['cache', 'stats', '--json'], { env });
  assert.equal(objectsOf(stats.stdout)[0]?.['path'], folder.pathOf('env.sqlite'));
  await folder.run(['check', 'anna@gmx.de', '--offline', '--db', 'flag.sqlite'], { env });
  assert.deepEqual(folder.files(), ['env.sqlite', 'flag.sqlite']);
  assert.ok(!existsSync(folder.store));
});

test('switches may be set in the file and the environment, and lists of words, too', async (t) => {
  const folder = freshFolder(t);
  folder.write('list.csv', 'email\nanna@gmx.de\nno address\n');
  folder.write(folder.configFile, 'offline = true\nquiet = true\ncolumns = "status"\nkeep = ["invalid", "valid"]\n');
  const file = await folder.run(['verify', 'list.csv']);
  assert.deepEqual([file.stdout, file.stderr], ['email,mailgate_status\nno address,invalid\n', '']);
  const env = await folder.run(['verify', 'list.csv'], { env: { MAILGATE_KEEP: 'unknown', MAILGATE_QUIET: 'no' } });
  assert.match(env.stdout, /anna@gmx\.de,unknown\n$/);
  assert.match(env.stderr, /Reading addresses/);
});

const refused: readonly [
  what: string,
  config: string | null,
  env: Record<string, string>,
  args: readonly string[],
  says: RegExp,
][] = [
  [
    'an unknown key',
    'per_domian = 3\n',
    {},
    [],
    /no setting per_domian in .*config\.toml, line 1 \(did you mean per_domain\?\)/,
  ],
  [
    'a wrong value in the file',
    '\nper_domain = "many"\n',
    {},
    [],
    /per_domain in .*config\.toml, line 2: "many" is out of place/,
  ],
  ['a file that is no TOML', 'per_domain 3\n', {}, [], /config\.toml, line 1: /],
  [
    'a section',
    '[verify]\nper_domain = 3\n',
    {},
    [],
    /no setting verify in .*\n {2}Sections are for single providers and domains/,
  ],
  [
    'an unknown variable',
    null,
    { MAILGATE_PER_DOMIAN: '3' },
    [],
    /variable MAILGATE_PER_DOMIAN \(did you mean MAILGATE_PER_DOMAIN\?\)/,
  ],
  ['a wrong value in a variable', null, { MAILGATE_MAX_AGE: 'long' }, [], /MAILGATE_MAX_AGE: "long" is no duration/],
  [
    'a config file that is not there',
    null,
    {},
    ['--config', 'none.toml'],
    /none\.toml cannot be read: it does not exist\./,
  ],
  ['a config file that is a folder', null, {}, ['--config', '.'], /cannot be read: it is a folder\./],
];
for (const [what, config, env, args, says] of refused) {
  test(`${what} is refused, by every command that reads settings`, async (t) => {
    const folder = freshFolder(t);
    folder.write('list.csv', LIST);
    if (config !== null) folder.write(folder.configFile, config);
    for (const command of [
      ['verify', 'list.csv', '--offline'],
      ['check', 'anna@gmx.de', '--offline'],
      ['cache', 'stats'],
      ['explain', '250 OK'],
    ]) {
      const run = await folder.run([...command, ...args], { env });
      assert.equal(run.exitCode, 2, run.stderr);
      assert.match(run.stderr, says);
      assert.equal(run.stdout, '');
    }
    assert.ok(!existsSync(folder.store), 'nothing was opened before the settings were right');
  });
}

test('NO_COLOR and --no-color win over FORCE_COLOR; without them it colours', async (t) => {
  const folder = freshFolder(t);
  const coloured = async (args: readonly string[], env: Record<string, string>): Promise<boolean> => {
    const run = await folder.run(['explain', '250 OK', ...args], { env });
    return run.stdout.includes('\x1b[');
  };
  assert.equal(await coloured([], {}), false);
  assert.equal(await coloured([], { FORCE_COLOR: '1' }), true);
  assert.equal(await coloured([], { FORCE_COLOR: '1', NO_COLOR: '1' }), false);
  assert.equal(await coloured(['--no-color'], { FORCE_COLOR: '1' }), false);
});

const helpful: readonly (readonly string[])[] = [
  ['--help'],
  ['verify', '--help'],
  ['check', '--help'],
  ['explain', '--help'],
  ['cache', '--help'],
  ['cache', 'stats', '--help'],
  ['cache', 'show', '--help'],
  ['cache', 'forget', '--help'],
  ['cache', 'prune', '--help'],
  ['sandbox', '--help'],
  ['completion', '--help'],
];
for (const args of helpful) {
  test(`mailgate ${args.join(' ')} shows help with an example, and ends with 0`, async (t) => {
    const run = await freshFolder(t).run(args);
    assert.deepEqual([run.exitCode, run.stderr], [0, '']);
    assert.match(run.stdout, /^Usage: mailgate /);
    assert.match(run.stdout, /^Examples?:\n {2}mailgate /m);
    assert.doesNotMatch(run.stdout, /display help/);
  });
}

test('mailgate alone shows the help, on standard error and with 2', async (t) => {
  const run = await freshFolder(t).run([]);
  assert.deepEqual([run.exitCode, run.stdout], [2, '']);
  assert.match(run.stderr, /^Usage: mailgate /);
});

test('mailgate --version prints the version', async (t) => {
  const run = await freshFolder(t).run(['--version']);
  assert.deepEqual([run.exitCode, run.stderr], [0, '']);
  assert.match(run.stdout, /^\d+\.\d+\.\d+\n$/);
});

const slips: readonly [args: readonly string[], says: RegExp][] = [
  [['verfy'], /unknown command 'verfy'.*verify/s],
  [['cache', 'stat'], /unknown command 'stat'.*stats/s],
  [['--verson'], /unknown option '--verson'.*--version/s],
  [['check'], /missing required argument 'address'/],
  [['verify', 'list.csv', '--keep'], /option '--keep <status,…>' argument missing/],
  [['check', 'a@gmx.de', '--smtp'], /unknown option '--smtp'.*--no-smtp/s],
];
for (const [args, says] of slips) {
  test(`mailgate ${args.join(' ')} is refused with the way on`, async (t) => {
    const run = await freshFolder(t).run(args);
    assert.deepEqual([run.exitCode, run.stdout], [2, '']);
    assert.match(run.stderr, says);
    assert.match(run.stderr, /^mailgate: .*\n(?:.*\n)? {2}See "mailgate .*--help"\.\n$/);
  });
}

test('help on a command that is not there names the nearest one', async (t) => {
  const run = await freshFolder(t).run(['help', 'verfy']);
  assert.equal(run.exitCode, 2);
  assert.match(run.stderr, /no command "verfy"\n {2}Did you mean verify\?/);
  assert.equal(run.stdout, '');
});

test('a prefix of column names has no line breaks', async (t) => {
  const run = await freshFolder(t).run(['verify', 'list.csv', '--prefix', 'a\nb']);
  assert.equal(run.exitCode, 2);
  assert.match(run.stderr, /^mailgate: --prefix: "a\\nb" has a line break/);
});
