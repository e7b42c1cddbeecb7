// How `mailgate verify` asks, seen from the other side: what is asked again and what comes from the store, and its limits.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { MailHost, World } from '../../src/sandbox/world.ts';
import { mailZone, people, worldOf } from '../../src/sandbox/world-builders.ts';
import { freshFolder } from '../support/mailgate.ts';
import { column, listOf, objectsOf, rowsOf } from './rows.ts';
import { startWorld } from './world.ts';

const KNOWN: MailHost = {
  name: 'mx.known.test',
  addresses: ['127.31.1.1'],
  domains: ['known.test'],
  mailboxes: people('anna', 'bob', 'cid'),
  fatesByName: true,
};
const SILENT: MailHost = {
  name: 'mx.silent.test',
  addresses: ['127.31.1.2'],
  domains: ['silent.test'],
  at: { banner: 'silent' },
};
const WORLD: World = worldOf({ hosts: [KNOWN, SILENT], zones: [mailZone('nobody.test', [])] });
const LIST = listOf(['anna@known.test', 'nobody@known.test', 'x@gone.test', 'Anna@known.test']);

/** A folder with the list, a world of its own, and a run of `verify` there with these options. */
async function listInWorld(t: TestContext, list = LIST, given: World = WORLD) {
  const folder = freshFolder(t);
  folder.write('list.csv', list);
  const world = await startWorld(t, given);
  const verify = async (...options: string[]) => await folder.run(['verify', 'list.csv', ...world.flags, ...options]);
  return { folder, world, verify };
}

test('a second run answers from the store and connects to nobody', async (t) => {
  const { world, verify } = await listInWorld(t);
  const first = await verify();
  assert.deepEqual(column(first.stdout, 'reason'), ['accepted', 'mailbox_not_found', 'domain_not_found', 'accepted']);
  assert.deepEqual(column(first.stdout, 'source'), ['live', 'live', 'live', 'live']);
  const connections = world.record.overall.total;
  assert.ok(connections > 0);
  const second = await verify();
  assert.equal(second.exitCode, 0, second.stderr);
  assert.equal(world.record.overall.total, connections);
  assert.deepEqual(column(second.stdout, 'source'), ['cache', 'cache', 'cache', 'cache']);
  assert.equal(
    second.stdout.replaceAll(',cache', ',live'),
    first.stdout,
    'all else is as it was, the time of asking too',
  );
  assert.match(second.stderr, /100\.0 % from the cache/);
});

test('--offline takes what is kept and asks nobody about the rest', async (t) => {
  const { folder, verify } = await listInWorld(t);
  await verify();
  folder.write('list.csv', listOf(['anna@known.test', 'new@known.test']));
  const run = await verify('--offline');
  assert.deepEqual(column(run.stdout, 'reason'), ['accepted', 'not_checked']);
  assert.doesNotMatch(run.stderr, /Asking as/);
});

test('--no-smtp looks up domains and connects to nobody', async (t) => {
  const { world, verify } = await listInWorld(t);
  const run = await verify('--no-smtp');
  assert.deepEqual(column(run.stdout, 'reason'), ['not_checked', 'not_checked', 'domain_not_found', 'not_checked']);
  assert.deepEqual(column(run.stdout, 'mx').slice(0, 3), ['mx.known.test', 'mx.known.test', '']);
  assert.equal(world.record.overall.total, 0);
  assert.match(run.stderr, /a run without --no-smtp/);
});

for (const [option, ...value] of [['--refresh'], ['--max-age', '1ms'], ['--max-age', '0']]) {
  test(`${[option, ...value].join(' ')} asks again`, async (t) => {
    const { world, verify } = await listInWorld(t);
    await verify();
    const asked = world.record.recipients;
    const again = await verify(option ?? '', ...value);
    assert.ok(world.record.recipients > asked);
    assert.deepEqual(column(again.stdout, 'source'), ['live', 'live', 'live', 'live']);
  });
}

test('--max-age believes what is young enough', async (t) => {
  const { world, verify } = await listInWorld(t);
  await verify();
  const asked = world.record.recipients;
  await verify('--max-age', '1h');
  assert.equal(world.record.recipients, asked);
});

test('what is unknown is kept for nobody: the next run asks again, and only about that', async (t) => {
  const { world, verify } = await listInWorld(
    t,
    listOf(['anna@known.test', 'blocked@known.test', 'nobody@known.test']),
  );
  const first = await verify();
  assert.deepEqual(column(first.stdout, 'reason'), ['accepted', 'blocked', 'mailbox_not_found']);
  const questions = new Map(world.record.byDomain.get('known.test')?.questions);
  const second = await verify();
  assert.deepEqual(column(second.stdout, 'source'), ['cache', 'live', 'cache']);
  const asked = [...(world.record.byDomain.get('known.test')?.questions ?? [])];
  const askedAgain = asked.filter(([address, times]) => times !== questions.get(address));
  assert.deepEqual(
    askedAgain.map(([address]) => address),
    ['blocked@known.test'],
  );
});

const GREY: MailHost = {
  ...KNOWN,
  name: 'mx.grey.test',
  addresses: ['127.31.1.3'],
  domains: ['grey.test'],
  greylist: { waitMs: 1000, says: '450 4.2.0 Greylisted, try again in 1 seconds' },
};
const GREY_LIST = listOf(['anna@grey.test', 'nobody@grey.test', 'nobody@known.test']);

test('who is put off is asked again within --wait, and then decided', async (t) => {
  const { world, verify } = await listInWorld(t, GREY_LIST, worldOf({ hosts: [KNOWN, GREY] }));
  const run = await verify('--wait', '20s');
  assert.equal(run.exitCode, 0, run.stderr);
  assert.deepEqual(column(run.stdout, 'reason'), ['accepted', 'mailbox_not_found', 'mailbox_not_found']);
  const asked = world.record.byDomain.get('grey.test')?.questions ?? new Map<string, number>();
  assert.deepEqual([asked.get('anna@grey.test'), asked.get('nobody@grey.test')], [2, 2]);
  assert.equal(asked.size, 2, 'no other name had to be asked about');
});

test('who is put off for longer than --wait is left to a later run, which asks once they are due', async (t) => {
  const { world, verify } = await listInWorld(t, GREY_LIST, worldOf({ hosts: [KNOWN, GREY] }));
  const first = await verify('--wait', '0s');
  assert.equal(first.exitCode, 0, first.stderr);
  assert.deepEqual(column(first.stdout, 'reason'), ['greylisted', 'greylisted', 'mailbox_not_found']);
  assert.match(first.stderr, /run the same command again in \d+ seconds?;/);
  const later = await verify('--wait', '20s');
  assert.deepEqual(column(later.stdout, 'reason'), ['accepted', 'mailbox_not_found', 'mailbox_not_found']);
  assert.deepEqual(column(later.stdout, 'source'), ['live', 'live', 'cache']);
  assert.equal(world.record.byDomain.get('grey.test')?.questions.get('anna@grey.test'), 2, 'not before it was due');
});

test('Ctrl-C ends the waiting for those put off, too', async (t) => {
  const { folder, world } = await listInWorld(
    t,
    GREY_LIST,
    worldOf({ hosts: [KNOWN, { ...GREY, greylist: { waitMs: 300_000 } }] }),
  );
  const run = folder.start(['verify', 'list.csv', '-o', 'clean.csv', ...world.flags, '--wait', '10m']);
  await run.says(/^Waiting for 2 put off at grey\.test\.$/m, 'stderr');
  run.kill('SIGINT');
  const { exitCode, stderr } = await run.finished;
  assert.equal(exitCode, 130, stderr);
  assert.deepEqual(folder.files(), ['list.csv']);
});

test('--time-limit ends the waiting as well: who was put off is greylisted, which is known, and 6 is returned', async (t) => {
  const { verify } = await listInWorld(
    t,
    GREY_LIST,
    worldOf({ hosts: [KNOWN, { ...GREY, greylist: { waitMs: 300_000 } }] }),
  );
  const run = await verify('--wait', '10m', '--time-limit', '1500ms');
  assert.equal(run.exitCode, 6, run.stderr);
  assert.deepEqual(column(run.stdout, 'reason'), ['greylisted', 'greylisted', 'mailbox_not_found']);
});

test('--time-limit stops asking, writes what is known, and the next run goes on', async (t) => {
  const { folder, world, verify } = await listInWorld(
    t,
    listOf(['nobody@known.test', 'a@silent.test', 'b@silent.test']),
  );
  const run = await verify(
    '-o',
    'clean.csv',
    '--time-limit',
    '1500ms',
    '--summary',
    'run.json',
    '--fail-on',
    'invalid',
  );
  assert.equal(run.exitCode, 6, run.stderr);
  const clean = folder.read('clean.csv');
  assert.deepEqual(column(clean, 'reason'), ['mailbox_not_found', 'not_checked', 'not_checked']);
  assert.deepEqual(column(clean, 'attempts').slice(1), ['0', '0']);
  assert.match(run.stderr, /Stopped at the time limit: run the same command again to go on with the rest\./);
  assert.equal((JSON.parse(folder.read('run.json')) as { outcome: string }).outcome, 'time_limit');
  const asked = world.record.byDomain.get('known.test')?.recipients;
  const again = await verify('--command-timeout', '300ms');
  assert.equal(again.exitCode, 0, again.stderr);
  assert.deepEqual(column(again.stdout, 'reason'), ['mailbox_not_found', 'timeout', 'timeout']);
  assert.equal(world.record.byDomain.get('known.test')?.recipients, asked);
});

test('--rate spreads the connections to one provider', async (t) => {
  const domains = ['a', 'b', 'c', 'd'].map((name) => `${name}.known.test`);
  const host = { ...KNOWN, domains };
  const { world, verify } = await listInWorld(
    t,
    listOf(domains.map((domain) => `nobody@${domain}`)),
    worldOf({ hosts: [host] }),
  );
  const run = await verify('--rate', '5/s');
  assert.equal(run.exitCode, 0, run.stderr);
  const times = world.record.connections.map(({ openedAt }) => openedAt);
  assert.equal(times.length, 4);
  const whole = (times.at(-1) ?? 0) - (times[0] ?? 0);
  assert.ok(whole >= 3 * 200 - 60, `four connections within ${whole} ms`);
});

test('--per-provider and --per-domain are never exceeded', async (t) => {
  const domains = Array.from({ length: 6 }, (_, i) => `d${i}.known.test`);
  const host = { ...KNOWN, domains, wire: { thinkMs: 5 } };
  const list = listOf(domains.flatMap((domain) => Array.from({ length: 8 }, (_, i) => `tempfail+${i}@${domain}`)));
  const { world, verify } = await listInWorld(t, list, worldOf({ hosts: [host] }));
  const run = await verify('--per-provider', '2', '--per-domain', '1');
  assert.equal(run.exitCode, 0, run.stderr);
  assert.equal(column(run.stdout, 'reason').filter((reason) => reason === 'temporary_failure').length, 48);
  assert.equal(world.record.byHost.get('mx.known.test')?.max, 2);
  for (const domain of domains) assert.equal(world.record.byDomain.get(domain)?.connections.max, 1);
});

test('the name and the sender given are those the host hears', async (t) => {
  const { world, verify } = await listInWorld(t);
  await verify('--helo', 'mail.own.test', '--from', 'me@own.test', '--source-ip', '127.0.0.9');
  const [connection] = world.record.connections;
  const lines = connection?.commands.map(({ line }) => line);
  assert.deepEqual([lines?.[0], lines?.[1]], ['EHLO mail.own.test', 'MAIL FROM:<me@own.test>']);
  assert.equal(connection?.clientAddress, '127.0.0.9');
});

test('an address that this machine does not have is refused before anybody is asked', async (t) => {
  const { world, verify } = await listInWorld(t);
  const run = await verify('--source-ip', '127.0.0.9', '--source-ip', '198.51.100.7');
  assert.equal(run.exitCode, 2);
  assert.match(run.stderr, /--source-ip 198\.51\.100\.7: this machine does not have that address/);
  assert.deepEqual([world.record.overall.total, world.record.dnsTotal], [0, 0]);
});

test('--verbose shows the dialogue with every host on standard error, and leaves the CSV alone', async (t) => {
  const { verify } = await listInWorld(t);
  const run = await verify('--verbose');
  assert.match(run.stderr, /mx\.known\.test > RCPT TO:<nobody@known\.test>\n/);
  assert.match(run.stderr, /mx\.known\.test < 550 5\.1\.1 /);
  assert.equal(rowsOf(run.stdout).length, 4);
});

test('without an identity of our own, one line says as whom we ask and what would be better', async (t) => {
  const { folder, world } = await listInWorld(t);
  const flags = world.flags.slice(0, world.flags.indexOf('--helo'));
  const run = await folder.run(['verify', 'list.csv', ...flags]);
  const said = run.stderr.split('\n').filter((line) => line.startsWith('Asking as'));
  assert.equal(said.length, 1);
  assert.match(said[0] ?? '', /^Asking as \S+ with the sender <>; results improve with --helo NAME and --from ADDRESS/);
  const quiet = await folder.run(['verify', 'list.csv', ...flags, '--quiet', '-o', 'clean.csv']);
  assert.equal(quiet.stderr, '');
});

test('no first connection anywhere: port 25 is blocked, said once, and nothing is written or kept', async (t) => {
  const { folder, verify } = await listInWorld(
    t,
    listOf(deadDomains(12).map((domain) => `a@${domain}`)),
    deadWorld(12),
  );
  folder.write('clean.csv', 'old');
  const run = await verify('-o', 'clean.csv', '--split', 'parts', '--summary', 'run.json');
  assert.equal(run.exitCode, 4, run.stderr);
  assert.match(run.stderr, /^mailgate: port \d+ seems to be blocked here: .*1\d different providers/m);
  assert.match(run.stderr, /nothing false was kept/i);
  assert.equal(folder.read('clean.csv'), 'old');
  assert.deepEqual(
    folder.files().filter((name) => !name.startsWith('parts')),
    ['clean.csv', 'list.csv'],
  );
  assert.deepEqual(
    folder.files().filter((name) => name.startsWith('parts/')),
    [],
  );
  const stats = await folder.run(['cache', 'stats', '--json']);
  assert.deepEqual(
    objectsOf(stats.stdout).map(({ verdicts }) => (verdicts as { total: number }).total),
    [0],
  );
});

test('three dead hosts are no blocked port: their addresses are unknown', async (t) => {
  const { verify } = await listInWorld(t, listOf(deadDomains(3).map((domain) => `a@${domain}`)), deadWorld(3));
  const run = await verify();
  assert.equal(run.exitCode, 0, run.stderr);
  assert.deepEqual(column(run.stdout, 'reason'), ['connect_failed', 'connect_failed', 'connect_failed']);
});

test('as many dead hosts as a list may have by itself are no blocked port beside one that answers', async (t) => {
  const list = listOf(['nobody@known.test', ...deadDomains(9).map((domain) => `a@${domain}`)]);
  const { verify } = await listInWorld(t, list, deadWorld(9));
  const run = await verify();
  assert.equal(run.exitCode, 0, run.stderr);
  assert.equal(column(run.stdout, 'reason').filter((reason) => reason === 'connect_failed').length, 9);
});

test('no resolver that answers: exit code 4, said with its address, and nothing is written', async (t) => {
  const folder = freshFolder(t);
  folder.write('list.csv', LIST);
  for (const args of [
    ['verify', 'list.csv', '-o', 'clean.csv'],
    ['check', 'anna@gmx.de'],
  ]) {
    const run = await folder.run([...args, '--dns', '127.0.0.1:1', '--port', '1']);
    assert.equal(run.exitCode, 4, run.stderr);
    assert.match(run.stderr, /^mailgate: no DNS server answers: 127\.0\.0\.1:1 cannot be reached.*\n {2}.*--dns/m);
  }
  assert.deepEqual(folder.files(), ['list.csv']);
});

function deadDomains(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `dead${i}.test`);
}

/** Domains of as many operators, at whose hosts nobody listens. */
function deadWorld(count: number): World {
  const zones = deadDomains(count).map((domain, i) => ({
    name: domain,
    records: [{ type: 'A', data: `127.31.9.${i + 1}` } as const],
  }));
  return worldOf({ hosts: [KNOWN], zones });
}

test('two cleanings at once share one store', async (t) => {
  const names = Array.from({ length: 150 }, (_, i) => `nobody${i}@known.test`);
  const { folder, world, verify } = await listInWorld(t, listOf(names));
  folder.write('other.csv', listOf(names.toReversed()));
  const other = folder.run(['verify', 'other.csv', ...world.flags]);
  const [one, two] = await Promise.all([verify(), other]);
  for (const run of [one, two]) {
    assert.equal(run.exitCode, 0, run.stderr);
    assert.equal(column(run.stdout, 'reason').filter((reason) => reason === 'mailbox_not_found').length, 150);
  }
  const again = await verify('--offline');
  assert.deepEqual(new Set(column(again.stdout, 'source')), new Set(['cache']));
});
