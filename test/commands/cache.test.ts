// `mailgate cache`, whole: what it counts, shows, forgets and prunes, on a full store, an empty one and none.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { freshFolder, type Workdir } from '../support/mailgate.ts';
import { objectsOf, within } from './rows.ts';

/** A store with three verdicts of two domains. */
async function filledStore(t: TestContext): Promise<Workdir> {
  const folder = freshFolder(t);
  const addresses = ['anna.bergmann@gmail.com', 'j.doe.1987@gmail.com', 'oma.erna@gmx.de'];
  const run = await folder.run(['check', ...addresses, '--sandbox', '--db', folder.store]);
  assert.equal(run.exitCode, 1, run.stderr);
  return folder;
}

test('cache stats counts verdicts by reason, DNS answers and domains', async (t) => {
  const folder = await filledStore(t);
  const people = await folder.run(['cache', 'stats']);
  assert.equal(people.exitCode, 0, people.stderr);
  assert.match(people.stdout, /^\S+mailgate\.sqlite \(\d+\.\d MiB\)$/m);
  assert.match(people.stdout, /^ {2}verdicts +3$/m);
  for (const reason of ['accepted', 'mailbox_not_found', 'mailbox_full']) {
    assert.match(people.stdout, new RegExp(`^ +${reason} +1$`, 'm'));
  }
  const machines = await folder.run(['cache', 'stats', '--json']);
  const [stats] = objectsOf(machines.stdout);
  assert.deepEqual([stats?.['path'], stats?.['mail_hosts'], within(stats, 'verdicts', 'total')], [folder.store, 2, 3]);
});

test('cache show shows everything, a domain, or an address', async (t) => {
  const folder = await filledStore(t);
  const shown = async (...wanted: string[]): Promise<unknown[]> => {
    const run = await folder.run(['cache', 'show', '--json', ...wanted]);
    assert.equal(run.exitCode, 0, run.stderr);
    return objectsOf(run.stdout)
      .map(({ address }) => address)
      .sort();
  };
  assert.deepEqual(await shown(), ['anna.bergmann@gmail.com', 'j.doe.1987@gmail.com', 'oma.erna@gmx.de']);
  assert.deepEqual(await shown('gmail.com'), ['anna.bergmann@gmail.com', 'j.doe.1987@gmail.com']);
  assert.deepEqual(await shown('OMA.Erna@GMX.de', 'gmail.com').then((all) => all.length), 3);
  const people = await folder.run(['cache', 'show', 'oma.erna@gmx.de']);
  assert.match(people.stdout, /^\d{4}-\S+Z {2}invalid +mailbox_full +oma\.erna@gmx\.de {2}552 .*\n$/);
});

test('cache show of what is not kept says so and ends with 1', async (t) => {
  const folder = await filledStore(t);
  const run = await folder.run(['cache', 'show', 'nobody@example.net']);
  assert.deepEqual([run.exitCode, run.stdout, run.stderr], [1, '', 'Nothing is kept for that.\n']);
});

test('cache forget forgets addresses and domains, and what was forgotten is asked again', async (t) => {
  const folder = await filledStore(t);
  const one = await folder.run(['cache', 'forget', 'oma.erna@gmx.de', 'nobody@gmx.de']);
  assert.deepEqual([one.exitCode, one.stdout], [0, 'Forgot 1 verdict.\n']);
  const domain = await folder.run(['cache', 'forget', 'gmail.com', '--json']);
  assert.deepEqual(objectsOf(domain.stdout), [{ forgotten: 2 }]);
  const again = await folder.run(['check', 'oma.erna@gmx.de', '--sandbox', '--db', folder.store, '--json']);
  assert.equal(objectsOf(again.stdout)[0]?.['source'], 'live');
});

test('cache prune forgets what is too old to be used, and with --older-than what is older than that', async (t) => {
  const folder = await filledStore(t);
  const young = await folder.run(['cache', 'prune', '--json']);
  assert.equal(objectsOf(young.stdout)[0]?.['verdicts'], 0);
  const all = await folder.run(['cache', 'prune', '--older-than', '0']);
  assert.equal(all.exitCode, 0, all.stderr);
  assert.match(all.stdout, /^Forgot 3 verdicts, /);
});

test('an empty store has nothing, and says so', async (t) => {
  const folder = freshFolder(t);
  await folder.run(['check', 'anna@gmx.de', '--offline']);
  const stats = await folder.run(['cache', 'stats']);
  assert.match(stats.stdout, /^ {2}verdicts +0$/m);
  const show = await folder.run(['cache', 'show']);
  assert.deepEqual([show.exitCode, show.stdout], [1, '']);
  const forget = await folder.run(['cache', 'forget', 'anna@gmx.de']);
  assert.deepEqual([forget.exitCode, forget.stdout], [0, 'Forgot 0 verdicts.\n']);
  const prune = await folder.run(['cache', 'prune']);
  assert.equal(prune.exitCode, 0, prune.stderr);
});

test('without a store there is nothing to look into, and none is made', async (t) => {
  const folder = freshFolder(t);
  for (const args of [['stats'], ['show'], ['forget', 'anna@gmx.de'], ['prune']]) {
    const run = await folder.run(['cache', ...args]);
    assert.equal(run.exitCode, 5, run.stderr);
    assert.match(run.stderr, /^mailgate: nothing is kept yet: there is no file \S+mailgate\.sqlite\n {2}\S/);
  }
  assert.ok(!existsSync(folder.store));
});

test('what is neither address nor domain is refused', async (t) => {
  const folder = await filledStore(t);
  const run = await folder.run(['cache', 'forget', 'two words']);
  assert.equal(run.exitCode, 2);
  assert.match(run.stderr, /"two words" is neither an address nor a domain/);
});

test('a duration that is none is refused before anything is forgotten', async (t) => {
  const folder = await filledStore(t);
  const run = await folder.run(['cache', 'prune', '--older-than', 'long']);
  assert.equal(run.exitCode, 2);
  assert.match(run.stderr, /--older-than: "long" is no duration/);
});
