// `--proxy` of the real program: where its password may stand, that it is never said, and the sentences when nothing gets out.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import type { MailHost } from '../../src/sandbox/world.ts';
import { people, worldOf } from '../../src/sandbox/world-builders.ts';
import { freshFolder } from '../support/mailgate.ts';
import { type SocksBehaviour, startSocksServer } from '../support/socks-server.ts';
import { column, listOf, objectsOf, within } from './rows.ts';
import { startWorld } from './world.ts';

const KNOWN: MailHost = {
  name: 'mx.known.test',
  addresses: ['127.0.58.1'],
  domains: ['known.test'],
  mailboxes: people('anna', 'bob'),
  offers: { starttls: 'works' },
};
const LIST = listOf(['anna@known.test', 'nobody@known.test']);
const USERS = { me: 's3cret' };

async function behindProxy(t: TestContext, behaviour: SocksBehaviour = { users: USERS }) {
  const folder = freshFolder(t);
  folder.write('list.csv', LIST);
  const world = await startWorld(t, worldOf({ hosts: [KNOWN] }));
  const proxy = await startSocksServer(behaviour, '127.0.58.200');
  t.after(() => proxy.stop());
  const place = `127.0.58.200:${proxy.port}`;
  return { folder, world, proxy, place, url: `socks5://me:s3cret@${place}` };
}

test('the variable gives a proxy with its password, which is never said and never stored', async (t) => {
  const { folder, world, proxy, place, url } = await behindProxy(t);
  const args = ['verify', 'list.csv', '-v', '-o', 'clean.csv', '--summary', 'run.json', ...world.flags];
  const { exitCode, stdout, stderr } = await folder.run(args, { env: { MAILGATE_PROXY: url } });
  assert.equal(exitCode, 0, stderr);
  assert.deepEqual(column(folder.read('clean.csv'), 'reason'), ['accepted', 'mailbox_not_found']);
  assert.deepEqual(new Set(proxy.requests.map(({ user, host }) => `${user} ${host}`)), new Set(['me 127.0.58.1']));
  assert.ok(stderr.includes(`through socks5://***@${place}`), stderr);
  const store = readFileSync(folder.store).toString('latin1');
  for (const text of [stdout, stderr, store, folder.read('run.json'), folder.read('clean.csv')])
    assert.ok(!text.includes('s3cret'));
});

test('so does the config file, and an error in it does not show the password', async (t) => {
  const { folder, world, proxy, url } = await behindProxy(t);
  folder.write(folder.configFile, `proxy = ["${url}"]\n`);
  const good = await folder.run(['check', 'anna@known.test', ...world.flags]);
  assert.equal(good.exitCode, 0, good.stderr);
  assert.equal(proxy.requests.length, 1);
  for (const wrong of [
    `proxy = ["${url}]\n`,
    `proxy = ["${url}/path"]\n`,
    `prox = ["${url}"]\n`,
    `proxy = { a = "${url}" }\n`,
  ]) {
    folder.write(folder.configFile, wrong);
    const { exitCode, stderr } = await folder.run(['check', 'anna@known.test', ...world.flags]);
    assert.equal(exitCode, 2, stderr);
    assert.ok(!stderr.includes('s3cret'), stderr);
  }
});

test('a password on the command line is refused with the way to give it', async (t) => {
  const { folder, world, proxy, url } = await behindProxy(t);
  const { exitCode, stderr } = await folder.run(['verify', 'list.csv', '--proxy', url, ...world.flags]);
  assert.equal(exitCode, 2);
  assert.match(
    stderr,
    /^mailgate: --proxy: the password of socks5:\/\/\*\*\*@127\.0\.58\.200:\d+ must not stand on the command line\.\n.*MAILGATE_PROXY/,
  );
  assert.ok(!stderr.includes('s3cret'));
  assert.equal(proxy.connections, 0);
});

test('several proxies take turns, on the command line where they need no password', async (t) => {
  const { folder, world, proxy, place } = await behindProxy(t, {});
  const other = await startSocksServer({ on: () => ({ to: '127.0.58.1' }) }, '127.0.58.201');
  t.after(() => other.stop());
  const flags = ['--proxy', `socks5://${place}`, '--proxy', `socks5h://127.0.58.201:${other.port}`];
  const { exitCode, stderr } = await folder.run([
    'check',
    'anna@known.test',
    'bob@known.test',
    '--refresh',
    ...flags,
    ...world.flags,
  ]);
  assert.deepEqual([proxy.requests.length, other.requests.length], [1, 1], stderr);
  assert.deepEqual(other.requests[0]?.host, 'mx.known.test');
  assert.equal(exitCode, 0);
});

test('check shows the encryption of the session that went through the proxy', async (t) => {
  const { folder, world, url } = await behindProxy(t);
  const args = ['check', 'anna@known.test', '--json', '--tls', 'always', ...world.flags];
  const { stdout, stderr } = await folder.run(args, { env: { MAILGATE_PROXY: url } });
  const [object] = objectsOf(stdout);
  assert.equal(within(object, 'reason'), 'accepted', stderr);
  assert.equal(within(object, 'smtp', 'tls', 'certificate', 'subject'), 'CN=sandbox.invalid');
  assert.equal(within(object, 'smtp', 'tls', 'authorized'), false);
});

for (const args of [
  ['verify', 'list.csv', '-o', 'clean.csv'],
  ['check', 'anna@known.test'],
]) {
  test(`${args[0]} ends with exit code 4 and a sentence where the proxy refuses the login, and keeps nothing false`, async (t) => {
    const { folder, world, place } = await behindProxy(t);
    const env = { MAILGATE_PROXY: `socks5://me:wr0ng@${place}` };
    const { exitCode, stdout, stderr } = await folder.run([...args, ...world.flags], { env });
    assert.equal(exitCode, 4, stderr);
    assert.match(
      stderr,
      /mailgate: the proxy socks5:\/\/\*\*\*@127\.0\.58\.200:\d+ failed: .*Authentication failed, and there is no other proxy to use\n/,
    );
    assert.ok(!`${stdout}${stderr}`.includes('wr0ng'));
    assert.ok(!folder.files().includes('clean.csv'));
    assert.equal(world.record.overall.total, 0);
    const again = await folder.run([...args, ...world.flags], {
      env: { MAILGATE_PROXY: `socks5://me:s3cret@${place}` },
    });
    assert.equal(again.exitCode, 0, again.stderr);
  });
}

test('an address of our own and a proxy exclude each other', async (t) => {
  const { folder, world, url } = await behindProxy(t);
  const args = ['check', 'anna@known.test', '--source-ip', '127.0.0.1', ...world.flags];
  const { exitCode, stderr } = await folder.run(args, { env: { MAILGATE_PROXY: url } });
  assert.equal(exitCode, 2);
  assert.match(stderr, /--source-ip and --proxy exclude each other: mail hosts see the address of the proxy\./);
});

test('without --helo the warning says whose name is missing', async (t) => {
  const { folder, world, url } = await behindProxy(t);
  const flags = world.flags.filter((flag, i, all) => flag !== '--helo' && all[i - 1] !== '--helo');
  const { stderr } = await folder.run(['verify', 'list.csv', ...flags], { env: { MAILGATE_PROXY: url } });
  assert.match(
    stderr,
    /warning: mail hosts see the proxy's address, .* Set --helo to a name that resolves to the proxy's address\./,
  );
  const named = await folder.run(['verify', 'list.csv', ...world.flags], { env: { MAILGATE_PROXY: url } });
  assert.doesNotMatch(named.stderr, /--helo/);
});
