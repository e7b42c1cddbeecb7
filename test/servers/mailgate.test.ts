// The product against real servers: the real `bin` cleans a list whose truth is known, and must not get one row wrong.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parse } from 'csv-parse/sync';
import { type Reason, statusOf } from '../../src/verdict.ts';
import { type MailWorld, startMailWorld } from '../support/servers/mail-world.ts';
import { askingOptions, runMailgate } from '../support/servers/mailgate.ts';
import { requireServers } from '../support/servers/programs.ts';
import { truthList } from '../support/servers/truth-list.ts';

type CleanRow = Readonly<Record<string, string>>;

test('mailgate cleans a list by asking real servers', { timeout: 240_000 }, async (t: TestContext) => {
  if (!requireServers(t)) return;
  const world = await startMailWorld(t);
  const folder = await mkdtemp(join(tmpdir(), 'mailgate-servers-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const verify = async (rows: readonly string[]) => await verifyRows(rows, { world, folder });
  const truth = truthList();

  await t.test('1,000 rows: each has the verdict that the servers gave', async () => {
    const clean = await verify(truth.map(({ address, reason }) => `${address},${reason}`));
    assert.equal(clean.length, truth.length);
    assert.deepEqual(
      clean.map((row) => row['email']),
      truth.map((row) => row.address),
    );
    assert.deepEqual(wrongRows(clean), []);
  });

  await t.test(
    'a name nobody has was asked for at most once in a domain, and never where a refusal had told',
    async () => {
      const listed = new Set(truth.map((row) => row.address.trim().toLowerCase()));
      const asked = [...(await world.postfix.askedRecipients()), ...(await world.exim.askedRecipients())];
      const invented = new Map<string, string[]>();
      for (const recipient of asked) {
        if (listed.has(recipient.toLowerCase())) continue;
        const domain = recipient.slice(recipient.indexOf('@') + 1);
        invented.set(domain, [...(invented.get(domain) ?? []), recipient]);
      }
      for (const [domain, names] of invented) assert.equal(new Set(names).size, 1, `${domain}: ${names.join(' ')}`);
      const refusing = truth
        .filter(({ reason }) => reason === 'mailbox_not_found')
        .map(({ address }) => address.split('@')[1]);
      assert.deepEqual(
        refusing.filter((domain) => invented.has(domain ?? '')),
        [],
      );
      assert.ok(invented.has('everybody.test'), 'only an invented name shows that everybody is accepted');
      assert.ok(invented.has('dead-first.test'), 'none of its names was refused, so one had to be invented');
    },
  );

  await t.test('few were asked for again, and only where others had been refused before them', async () => {
    const asked = await world.postfix.askedRecipients();
    const counts = new Map<string, number>();
    for (const recipient of asked) counts.set(recipient.toLowerCase(), (counts.get(recipient.toLowerCase()) ?? 0) + 1);
    const again = [...counts].filter(([, count]) => count > 1);
    assert.ok(again.length <= asked.length * 0.1, `${again.length} of ${asked.length} were asked again`);
    assert.deepEqual(
      again.filter(([, count]) => count > 3),
      [],
    );
  });

  await t.test('no server had reason to complain of its guest', async () => {
    const complaints = /lost connection|timeout after|too many|improper command|PREGREET|HANGUP|non-SMTP|warning|fatal/;
    assert.deepEqual(
      (await world.postfix.log()).filter((line) => complaints.test(line)),
      [],
    );
  });

  await t.test('a second run answers what is decided from the store, and connects to nobody', async () => {
    const decided = truth.filter(({ reason }) => statusOf(reason) !== 'unknown');
    const before = [await world.postfix.connectionCount(), (await world.exim.askedRecipients()).length];
    const clean = await verify(decided.map(({ address, reason }) => `${address},${reason}`));
    assert.deepEqual(wrongRows(clean), []);
    const after = [await world.postfix.connectionCount(), (await world.exim.askedRecipients()).length];
    assert.deepEqual(after, before);
    const sources = new Set(
      clean.filter((row) => row['mailgate_stage'] === 'rcpt').map((row) => row['mailgate_source']),
    );
    assert.deepEqual([...sources], ['cache']);
  });

  const singles: readonly [address: string, exitCode: number, reason: Reason, smtpCode: number | null][] = [
    ['customer900@known.test', 0, 'accepted', 250],
    ['no.such.person@known.test', 1, 'mailbox_not_found', 550],
    ['anybody@everybody.test', 1, 'accepts_anything', 250],
    ['person9@grey.test', 1, 'greylisted', 450],
    ['somebody@null-mx.test', 1, 'no_mail_service', null],
  ];
  for (const [address, exitCode, reason, smtpCode] of singles) {
    await t.test(`check ${address} says ${reason}, with the server's own words`, async () => {
      const run = await runMailgate(['check', address, '--json', ...askingOptions(world, folder)], folder);
      assert.equal(run.exitCode, exitCode, run.stderr);
      const record = JSON.parse(run.stdout) as { status: string; reason: string; smtp: { code: number } | null };
      assert.deepEqual([record.status, record.reason], [statusOf(reason), reason]);
      assert.equal(record.smtp?.code ?? null, smtpCode);
    });
  }
});

async function verifyRows(rows: readonly string[], place: { world: MailWorld; folder: string }): Promise<CleanRow[]> {
  const { world, folder } = place;
  await writeFile(join(folder, 'list.csv'), ['email,truth', ...rows, ''].join('\n'));
  const run = await runMailgate(['verify', 'list.csv', '-o', 'clean.csv', ...askingOptions(world, folder)], folder);
  assert.equal(run.exitCode, 0, run.stderr);
  return parse(await readFile(join(folder, 'clean.csv'), 'utf8'), { columns: true }) as CleanRow[];
}

function wrongRows(clean: readonly CleanRow[]): readonly string[] {
  return clean
    .filter(
      (row) => row['mailgate_reason'] !== row['truth'] || row['mailgate_status'] !== statusOf(row['truth'] as Reason),
    )
    .map(
      (row) => `${row['email']}: ${row['mailgate_reason']} instead of ${row['truth']}: ${row['mailgate_smtp_reply']}`,
    );
}
