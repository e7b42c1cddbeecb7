// The whole way round: mail really sent, returned by a real server, read as a bounce, and its recipient not asked for again.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parse } from 'csv-parse/sync';
import { askingOptions, type MailgateRun, runMailgate } from '../support/servers/mailgate.ts';
import { reserveNetwork } from '../support/servers/network.ts';
import { type PostfixServer, startPostfix } from '../support/servers/postfix.ts';
import { requireServers } from '../support/servers/programs.ts';
import { type SendingPostfix, startSendingPostfix } from '../support/servers/sending-postfix.ts';
import type { Endpoint } from '../support/servers/smtp-probe.ts';
import { startUnbound } from '../support/servers/unbound.ts';

const GONE = 'former.customer@known.test';
const KNOWN = 'customer@known.test';
const FULL = 'full@known.test';
const LISTED: readonly string[] = [GONE, KNOWN, FULL];

const RETURN_ADDRESS = 'bounce@bounces.client.test';
const REFUSAL = `550 5.1.1 <${GONE}>: Recipient address rejected: User unknown in virtual mailbox table`;

interface World {
  readonly dns: Endpoint;
  readonly smtpPort: number;
  /** Sends our mail, and gets back what fails. */
  readonly sending: SendingPostfix;
  /** Takes mail for `known.test`. */
  readonly receiving: PostfixServer;
}

interface BounceObject {
  readonly kind: string;
  readonly verified: boolean;
  readonly signed_for?: string;
  readonly recipients: readonly {
    readonly address: string;
    readonly reason: string;
    readonly hard: boolean;
    readonly status: string;
    readonly outcome: string;
  }[];
}

type CleanRow = Readonly<Record<string, string>>;

test('what bounced is not asked for again', { timeout: 120_000 }, async (t: TestContext) => {
  if (!requireServers(t)) return;
  const folder = await mkdtemp(join(tmpdir(), 'mailgate-round-trip-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const world = await startWorld(t);
  const { sending, receiving } = world;
  const store = ['--db', join(folder, 'mailgate.sqlite')];
  const key = ['--verp-key', 'verp.key'];
  const bounces = ['bounces', sending.maildir, '--suppress', ...key, ...store];

  await t.test('the servers return what could not be delivered, and nothing else', async () => {
    await writeFile(join(folder, 'verp.key'), randomBytes(32).toString('base64'), { mode: 0o600 });
    const makeVerp = ['suppress', 'verp', 'make', GONE, '--return-address', RETURN_ADDRESS, ...key, ...store];
    const signed = succeeded(await runMailgate(makeVerp, folder)).stdout.trim();
    await sending.submit({ from: signed, to: GONE });
    await sending.submit({ from: RETURN_ADDRESS, to: KNOWN });
    await sending.submit({ from: RETURN_ADDRESS, to: FULL });
    await sending.untilDelivered(KNOWN);
    assert.equal((await sending.untilReturned(2)).length, 2);
    assert.deepEqual([...(await receiving.askedRecipients())].sort(), [...LISTED].sort());
  });

  await t.test('bounces tells hard from soft, and which of them is proven to be about mail of ours', async () => {
    const run = succeeded(await runMailgate([...bounces, '--json'], folder));
    const found = jsonLines(run.stdout).map((object) => {
      const { kind, verified, signed_for, recipients } = object as BounceObject;
      const told = recipients.map(({ address, reason, hard, status, outcome }) => {
        return { address, reason, hard, status, outcome };
      });
      return { kind, verified, signedFor: signed_for ?? null, recipients: told };
    });
    const gone = { address: GONE, reason: 'mailbox_not_found', hard: true, status: '5.1.1', outcome: 'suppressed' };
    const full = { address: FULL, reason: 'mailbox_full', hard: false, status: '5.2.2', outcome: 'counted' };
    assert.deepEqual(
      found.sort((a, b) => Number(b.verified) - Number(a.verified)),
      [
        { kind: 'bounce', verified: true, signedFor: GONE, recipients: [gone] },
        { kind: 'bounce', verified: false, signedFor: null, recipients: [full] },
      ],
    );
    for (const count of [/\b1 hard\b/, /\b1 soft\b/]) assert.match(run.stderr, count); // in the order they were read in
  });

  await t.test('reading the same Maildir again changes nothing', async () => {
    const everything = async () => [
      succeeded(await runMailgate(['suppress', 'list', '--json', ...store], folder)).stdout,
      succeeded(await runMailgate(['suppress', 'list', '--history', '--json', ...store], folder)).stdout,
      (await readdir(sending.maildir, { recursive: true })).sort(),
    ];
    const before = await everything();
    const again = succeeded(await runMailgate(bounces, folder));
    assert.match(again.stderr, /2 known from before: nothing new/);
    assert.deepEqual(await everything(), before);
    const entries = jsonLines(before[0] as string) as readonly { key: string; reason: string; verified: boolean }[];
    assert.deepEqual(
      entries.map(({ key: address, reason, verified }) => [address, reason, verified]),
      [[GONE, 'hard_bounce', true]],
    );
  });

  /** Cleans the list; also returns who of it the receiving server was asked for meanwhile. */
  const verify = async (...more: readonly string[]) => {
    const earlier = (await receiving.askedRecipients()).length;
    await writeFile(join(folder, 'list.csv'), ['email', ...LISTED, ''].join('\n'));
    const command = ['verify', 'list.csv', '-o', 'clean.csv', ...more, ...askingOptions(world, folder)];
    succeeded(await runMailgate(command, folder));
    const rows = parse(await readFile(join(folder, 'clean.csv'), 'utf8'), { columns: true }) as CleanRow[];
    const asked = (await receiving.askedRecipients()).slice(earlier);
    return { rows, asked: asked.filter((recipient) => LISTED.includes(recipient)).sort() };
  };

  await t.test('verify marks the row with the evidence and asks for the others alone', async () => {
    const { rows, asked } = await verify();
    assert.deepEqual(rows.map(verdictOf), [
      [GONE, 'invalid', 'bounced', ''],
      [KNOWN, 'valid', 'accepted', '250'],
      [FULL, 'invalid', 'mailbox_full', '552'],
    ]);
    const [gone = '', ...others] = rows.map((row) => row['mailgate_suppressed']);
    assert.match(gone, /^hard_bounce since \d{4}-\d\d-\d\d: mailbox_not_found: /);
    assert.ok(gone.endsWith(REFUSAL), gone);
    assert.deepEqual(others, ['', '']);
    assert.deepEqual(asked, [KNOWN, FULL].sort());
  });

  await t.test('--ignore-suppressions asks for it all the same', async () => {
    const { rows, asked } = await verify('--ignore-suppressions');
    assert.deepEqual(rows.map(verdictOf), [
      [GONE, 'invalid', 'mailbox_not_found', '550'],
      [KNOWN, 'valid', 'accepted', '250'],
      [FULL, 'invalid', 'mailbox_full', '552'],
    ]);
    assert.equal(rows[0]?.['mailgate_smtp_reply'], REFUSAL);
    assert.deepEqual(asked, [GONE], 'the verdicts of the others are still fresh');
  });

  await t.test('the suppression is back once it is no longer to be ignored', async () => {
    const { rows, asked } = await verify();
    assert.deepEqual(rows.map(verdictOf)[0], [GONE, 'invalid', 'bounced', '']);
    assert.deepEqual(asked, []);
  });
});

async function startWorld(t: TestContext): Promise<World> {
  const network = await reserveNetwork();
  t.after(() => network.release());
  const dns = { address: network.address(2), port: network.dnsPort };
  const mailHost = { address: network.address(10), port: network.smtpPort };
  const records = ['known.test. MX 10 mx.known.test.', `mx.known.test. A ${mailHost.address}`];
  const unbound = await startUnbound({ ...dns, records });
  t.after(() => unbound.stop());
  const receiving = await startPostfix({
    hostname: 'mx.known.test',
    listeners: [mailHost],
    domains: [{ name: 'known.test', mailboxes: ['customer', 'full'] }],
    recipientActions: new Map([[FULL, '552 5.2.2 Mailbox full']]),
  });
  t.after(() => receiving.stop());
  const sending = await startSendingPostfix({
    address: network.address(11),
    port: network.smtpPort,
    hostname: 'out.client.test',
    returnDomain: 'bounces.client.test',
    routes: new Map([['known.test', mailHost]]),
  });
  t.after(() => sending.server.stop());
  return { dns, smtpPort: network.smtpPort, sending, receiving };
}

function succeeded(run: MailgateRun): MailgateRun {
  assert.equal(run.exitCode, 0, run.stderr);
  return run;
}

function jsonLines(output: string): unknown[] {
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
}

function verdictOf(row: CleanRow): readonly (string | undefined)[] {
  return [row['email'], row['mailgate_status'], row['mailgate_reason'], row['mailgate_smtp_code']];
}
