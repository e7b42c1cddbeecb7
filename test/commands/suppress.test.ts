// `mailgate suppress` whole: every command by its output, its exit code and what the next command then knows.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { freshFolder, type Workdir } from '../support/mailgate.ts';

const FIXTURES = join(import.meta.dirname, '..', '..', 'fixtures', 'suppression');

/** Runs `mailgate suppress` with these arguments. */
async function suppress(folder: Workdir, args: readonly string[], stdin = '') {
  const run = await folder.run(['suppress', ...args], { stdin });
  assert.doesNotMatch(run.stderr, /bug/);
  return run;
}

/** What a command printed with --json. */
async function records(folder: Workdir, args: readonly string[], stdin = ''): Promise<Record<string, unknown>[]> {
  const { stdout } = await suppress(folder, [...args, '--json'], stdin);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Everything there is to know: entries and history. */
async function contentOf(folder: Workdir): Promise<unknown> {
  return [await records(folder, ['list', '--expired']), await records(folder, ['list', '--history'])];
}

test('who is added is suppressed, whichever way the address is written, and check says so by its exit code', async (t) => {
  const folder = freshFolder(t);
  const added = await suppress(folder, ['add', 'Ann@EXAMPLE.com', 'müller@bücher.example', '--note', 'on the phone']);
  assert.equal(added.exitCode, 0);
  assert.match(added.stdout, /^suppressed {2}Ann@EXAMPLE\.com {2}\(manual\)$/m);
  const yes = await suppress(folder, ['check', 'ANN@example.com', 'MÜLLER@xn--bcher-kva.example']);
  assert.equal(yes.exitCode, 1);
  assert.match(yes.stdout, /^suppressed {2}ANN@example\.com {2}\(manual since \d{4}-\d\d-\d\d: on the phone\)$/m);
  const no = await suppress(folder, ['check', 'bob@example.com']);
  assert.deepEqual([no.exitCode, no.stdout], [0, 'clean       bob@example.com\n']);
  assert.equal(statSync(folder.store).mode & 0o777, 0o600);
});

test('a text that names nobody is told, and the others are done', async (t) => {
  const folder = freshFolder(t);
  const run = await suppress(folder, ['add', '-'], 'ann@example.com\nno one\nbob@example.com\n');
  assert.equal(run.exitCode, 1);
  assert.match(run.stdout, /^suppressed {2}ann@/m);
  assert.match(run.stdout, /^invalid {5}no one/m);
  assert.match(run.stdout, /^suppressed {2}bob@/m);
});

test('a domain covers subdomains where that was said, and can be asked for itself', async (t) => {
  const folder = freshFolder(t);
  await suppress(folder, ['add', 'exact.example']);
  await suppress(folder, ['add', 'wide.example', '--subdomains']);
  const asked = [
    'a@exact.example',
    'a@sub.exact.example',
    'a@sub.wide.example',
    'wide.example',
    'sub.wide.example',
    'other.example',
  ];
  const checked = await records(folder, ['check', ...asked]);
  assert.deepEqual(
    checked.map(({ suppressed }) => suppressed),
    [true, false, true, true, true, false],
  );
});

test('a stream has suppressions of its own, but a mailbox that is gone is gone for all', async (t) => {
  const folder = freshFolder(t);
  await suppress(folder, ['add', 'ann@example.com', '--reason', 'unsubscribe', '--scope', 'newsletter']);
  assert.equal((await suppress(folder, ['check', 'ann@example.com'])).exitCode, 0);
  assert.equal((await suppress(folder, ['check', 'ann@example.com', '--scope', 'newsletter'])).exitCode, 1);
  const refused = await suppress(folder, [
    'add',
    'ann@example.com',
    '--reason',
    'hard_bounce',
    '--scope',
    'newsletter',
  ]);
  assert.equal(refused.exitCode, 2);
  assert.match(refused.stderr, /every stream/);
});

test('what a person asked for is removed by force alone, and the history keeps both', async (t) => {
  const folder = freshFolder(t);
  await suppress(folder, ['add', 'ann@example.com', '--reason', 'complaint']);
  const refused = await suppress(folder, ['remove', 'ann@example.com']);
  assert.equal(refused.exitCode, 1);
  assert.match(refused.stdout, /^refused .*--force/);
  assert.equal((await suppress(folder, ['check', 'ann@example.com'])).exitCode, 1);
  const forced = await suppress(folder, ['remove', 'ann@example.com', '--force', '--note', 'ticket 7']);
  assert.equal(forced.exitCode, 0);
  assert.equal((await suppress(folder, ['check', 'ann@example.com'])).exitCode, 0);
  const history = await records(folder, ['list', 'ann@example.com', '--history']);
  assert.deepEqual(
    history.map(({ action, detail }) => [action, detail]),
    [
      ['suppressed', null],
      ['removed', 'ticket 7'],
    ],
  );
  assert.equal((await suppress(folder, ['remove', 'ann@example.com'])).exitCode, 1);
});

test('removing an address tells when its domain still suppresses it', async (t) => {
  const folder = freshFolder(t);
  await suppress(folder, ['add', 'example.com', 'ann@example.com']);
  const run = await suppress(folder, ['remove', 'ann@example.com', '--force']);
  assert.match(run.stdout, /still suppressed by its domain/);
});

test('a forgotten address stays suppressed and is nowhere on the disk', async (t) => {
  const folder = freshFolder(t);
  await suppress(folder, ['add', 'forgetful.ann@example.com', '--note', 'forgetful.ann@example.com wrote']);
  const run = await suppress(folder, ['forget', 'forgetful.ann@example.com']);
  assert.equal(run.exitCode, 0, run.stderr);
  for (const path of [folder.store, `${folder.store}-wal`, `${folder.store}.key`]) {
    if (existsSync(path)) assert.ok(!readFileSync(path, 'latin1').includes('forgetful'), path);
  }
  assert.equal(statSync(`${folder.store}.key`).mode & 0o777, 0o600);
  assert.equal((await suppress(folder, ['check', 'Forgetful.Ann@example.com'])).exitCode, 1);
  assert.equal((await suppress(folder, ['add', 'forgetful.ann@example.com'])).exitCode, 0);
  assert.ok(!readFileSync(folder.store, 'latin1').includes('forgetful'));
});

test('a stream is filtered either way, and what names nobody is on neither side', async (t) => {
  const folder = freshFolder(t);
  await suppress(folder, ['add', 'ann@example.com']);
  const lines = 'Ann@Example.com\nbob@example.com\nnobody\n\n';
  const clean = await suppress(folder, ['check', '-', '--keep', 'clean'], lines);
  assert.deepEqual([clean.exitCode, clean.stdout], [1, 'bob@example.com\n']);
  assert.match(clean.stderr, /3 addresses checked, 1 suppressed/);
  assert.match(clean.stderr, /warning: no address in 1 of them/);
  const suppressed = await suppress(folder, ['check', '-', '--keep', 'suppressed', '-q'], lines);
  assert.equal(suppressed.stdout, 'Ann@Example.com\n');
  const none = await suppress(folder, ['check', '-', '--keep', 'clean'], 'bob@example.com\n');
  assert.equal(none.exitCode, 0);
  const told = await suppress(folder, ['check', '-'], lines);
  assert.match(told.stdout, /^suppressed {2}Ann@Example\.com .*\n$/);
});

test('a list is filtered row by row, and every row that stays is as it was', async (t) => {
  const folder = freshFolder(t);
  await suppress(folder, ['add', 'ann@example.com']);
  folder.write('list.csv', 'name;e-mail\r\n"Ann; A.";ANN@example.com\r\n"Bob ""B""";bob@example.com\r\nshort\r\n');
  const run = await suppress(folder, ['check', '--list', 'list.csv', '--keep', 'clean', '-o', 'rest.csv']);
  assert.equal(run.exitCode, 1, run.stderr);
  assert.equal(folder.read('rest.csv'), 'name;e-mail\r\n"Bob ""B""";bob@example.com\r\n');
  const piped = await suppress(folder, ['check', '--list', '-', '--keep', 'suppressed'], folder.read('list.csv'));
  assert.equal(piped.stdout, 'name;e-mail\r\n"Ann; A.";ANN@example.com\r\n');
  const told = await suppress(folder, ['check', '--list', 'list.csv']);
  assert.match(told.stdout, /^suppressed {2}ANN@example\.com .*\n$/);
});

test('asking for nothing, or for two things at once, is wrong usage', async (t) => {
  const folder = freshFolder(t);
  for (const args of [
    ['check'],
    ['check', 'a@b.example', '--list', 'x.csv'],
    ['check', 'a@b.example', '-o', 'x'],
    ['chek'],
    ['add'],
  ]) {
    const run = await suppress(folder, args);
    assert.equal(run.exitCode, 2, args.join(' '));
    assert.match(run.stderr, /^mailgate: /);
  }
});

test('the reasons, scope, times and source of an import can be given', async (t) => {
  const folder = freshFolder(t);
  folder.write('optouts.csv', 'mail,note\nann@example.com,x\n');
  await suppress(folder, [
    'import',
    'optouts.csv',
    '--reason',
    'unsubscribe',
    '--scope',
    'newsletter',
    '--source',
    'old shop',
    '--expires',
    '30d',
  ]);
  const [entry] = await records(folder, ['list']);
  assert.deepEqual([entry?.['reason'], entry?.['scope'], entry?.['source']], ['unsubscribe', 'newsletter', 'old shop']);
  const days = (Date.parse(String(entry?.['expires_at'])) - Date.parse(String(entry?.['first_seen']))) / 86_400_000;
  assert.ok(Math.abs(days - 30) < 0.001);
});

test('subscribers are never imported as suppressed, and a file without addresses is refused', async (t) => {
  const folder = freshFolder(t);
  const subscribers = await suppress(folder, ['import', join(FIXTURES, 'mailchimp-subscribed.csv')]);
  assert.equal(subscribers.exitCode, 3);
  assert.match(subscribers.stderr, /subscribed/);
  folder.write('odd.csv', 'email,x\nfoo,1\nbar,2\n');
  const odd = await suppress(folder, ['import', 'odd.csv']);
  assert.equal(odd.exitCode, 3);
  assert.match(odd.stderr, /no row of odd\.csv names an address \(row 2/);
  assert.deepEqual(await contentOf(folder), [[], []]);
});

test('a removed address does not come back with the same list', async (t) => {
  const folder = freshFolder(t);
  await suppress(folder, ['import', join(FIXTURES, 'plain.txt')]);
  await suppress(folder, ['remove', 'nobody@orchard.example']);
  const again = await suppress(folder, ['import', join(FIXTURES, 'plain.txt')]);
  assert.match(again.stdout, /removed or ended {2}1/);
  assert.equal((await suppress(folder, ['check', 'nobody@orchard.example'])).exitCode, 0);
});

test('our own export comes back whole in another store', async (t) => {
  const folder = freshFolder(t);
  await suppress(folder, ['add', 'ann@example.com', '--reason', 'complaint', '--note', '=1+1, "quoted"\nline']);
  await suppress(folder, [
    'add',
    'bob@example.com',
    '--reason',
    'unsubscribe',
    '--scope',
    'newsletter',
    '--expires',
    '10d',
  ]);
  await suppress(folder, ['add', 'example.net', '--subdomains', '--evidence', 'ticket-1']);
  await suppress(folder, ['add', 'd41d8cd98f00b204e9800998ecf8427e', '--reason', 'imported']);
  await suppress(folder, ['export', '-o', 'all.csv']);
  assert.match(folder.read('all.csv'), /,"?'=1\+1/, 'a spreadsheet does not run it');
  const other = freshFolder(t);
  other.write('all.csv', folder.read('all.csv'));
  const run = await suppress(other, ['import', 'all.csv']);
  assert.equal(run.exitCode, 0, run.stderr);
  const fields = (entries: readonly Record<string, unknown>[]) =>
    entries.map(({ type, key, subdomains, scope, reason, source, detail, first_seen, expires_at }) => [
      type,
      key,
      subdomains,
      scope,
      reason,
      source,
      detail,
      first_seen,
      expires_at,
    ]);
  assert.deepEqual(fields(await records(other, ['list'])), fields(await records(folder, ['list'])));
});

test('a delivery log resets the count of soft bounces, once', async (t) => {
  const folder = freshFolder(t);
  folder.write(
    'bounces.csv',
    'ID,Type,Email,BouncedAt\n1,SoftBounce,full@orchard.example,2026-02-01\n2,SoftBounce,full@orchard.example,2026-02-02\n',
  );
  await suppress(folder, ['import', 'bounces.csv']);
  const file = join(FIXTURES, 'deliveries.csv');
  const dry = await suppress(folder, ['delivered', file, '--dry-run']);
  assert.match(dry.stdout, /4 rows, 2 delivered; one count of soft bounces reset.*dry run/);
  const [first] = await records(folder, ['delivered', file]);
  assert.deepEqual([first?.['deliveries'], first?.['reset'], first?.['lifted']], [2, 1, 0]);
  const before = await contentOf(folder);
  const [second] = await records(folder, ['delivered', file]);
  assert.deepEqual([second?.['reset'], second?.['lifted']], [0, 0]);
  assert.deepEqual(await contentOf(folder), before);
});

test('an empty store lists and exports nothing, and says so', async (t) => {
  const folder = freshFolder(t);
  const list = await suppress(folder, ['list']);
  assert.deepEqual([list.exitCode, list.stdout], [1, '']);
  assert.match(list.stderr, /Nothing/);
  assert.equal((await suppress(folder, ['export'])).exitCode, 0);
});

test('a return address is made for a recipient and found signed, forged or foreign', async (t) => {
  const folder = freshFolder(t);
  folder.write('verp.key', `${'ab'.repeat(32)}\n`);
  const key = ['--verp-key', 'verp.key'];
  const made = await suppress(folder, [
    'verp',
    'make',
    'Ann@Example.com',
    ...key,
    '--return-address',
    'bounce@b.example.org',
  ]);
  assert.equal(made.exitCode, 0, made.stderr);
  assert.match(made.stdout, /^bounce\+ann=example\.com\.[a-z2-7]{16}@b\.example\.org\n$/);
  const address = made.stdout.trim();
  const forged = address.replace('ann=', 'bob=');
  const checked = await suppress(folder, ['verp', 'check', '-', ...key], `${address}\n${forged}\nann@example.com\n`);
  assert.deepEqual(
    [checked.exitCode, checked.stdout],
    [1, `signed   ann@example.com\nforged   ${forged}\nforeign  ann@example.com\n`],
  );
  const good = await suppress(folder, ['verp', 'check', address, ...key, '--json']);
  assert.deepEqual(JSON.parse(good.stdout), { input: address, status: 'signed', recipient: 'ann@example.com' });
  const without = await suppress(folder, ['verp', 'check', address]);
  assert.equal(without.exitCode, 2);
  folder.write('short.key', 'too short');
  assert.equal((await suppress(folder, ['verp', 'check', address, '--verp-key', 'short.key'])).exitCode, 3);
  assert.ok(!existsSync(folder.store), 'no store is needed for it');
});
