// Importing and exporting suppression lists as the services write them; the same work as the commands, without a process each.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { exportEntries } from '../../src/cli/suppress-export.ts';
import { type ImportSettings, importList } from '../../src/cli/suppress-import.ts';
import { EXPORT_FORMAT_NAMES, type ExportFormatName } from '../../src/cli/suppress-options.ts';
import { type SuppressSession, withSuppressions } from '../../src/cli/suppress-session.ts';
import type { SuppressionReason } from '../../src/store/suppression-reasons.ts';
import { scratchFolder } from '../store/scratch.ts';

const FIXTURES = join(import.meta.dirname, '..', '..', 'fixtures', 'suppression');

const IMPORT: ImportSettings = {
  input: '-',
  scope: 'all',
  reason: null,
  source: null,
  expiresMs: null,
  softLimit: 3,
  softWindowMs: 30 * 86_400_000,
  dryRun: false,
  column: undefined,
  delimiter: undefined,
  encoding: undefined,
  header: true,
};

/** Uses the store in `folder` as one command does, and gives what it printed on standard output. */
async function inSession(
  folder: string,
  use: (session: SuppressSession) => Promise<unknown>,
  options: { readonly json?: boolean } = {},
): Promise<string> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const printed = text(stdout);
  stderr.resume();
  const { signal } = new AbortController();
  const base = { args: [], env: {}, cwd: folder, home: folder, interrupted: signal };
  const common = { json: options.json ?? false, quiet: true, verbose: false, color: false, dbWasChosen: true };
  const settings = { ...common, db: join(folder, 'store.sqlite') };
  try {
    await withSuppressions(settings, { ...base, stdin, stdout, stderr }, use);
  } finally {
    stdout.end();
  }
  return printed;
}

async function importFile(folder: string, input: string, changes: Partial<ImportSettings> = {}): Promise<Row[]> {
  const settings = { ...IMPORT, ...changes, input };
  const printed = await inSession(folder, (session) => importList(session, settings), { json: true });
  return printed
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row);
}

interface Row {
  readonly row: number;
  readonly status: string;
  readonly why: string;
}

async function entriesIn(folder: string) {
  let entries: { readonly local: string; readonly reason: string }[] = [];
  await inSession(folder, async ({ store }) => {
    entries = [...store.suppressions.list()].map(({ key, reason }) => ({
      local: key.value.split('@')[0] ?? '',
      reason,
    }));
  });
  return entries;
}

async function reasonOf(folder: string, address: string): Promise<string | null> {
  let reason: string | null = null;
  await inSession(folder, async ({ store }) => {
    reason = store.suppressions.match([address]).get(address)?.reason ?? null;
  });
  return reason;
}

const IMPORTS: readonly [file: string, reasons: readonly (readonly [string, string])[]][] = [
  [
    'ses.csv',
    [
      ['anna.bergmann', 'hard_bounce'],
      ['k.nowak', 'complaint'],
    ],
  ],
  [
    'ses-bulk.csv',
    [
      ['old.customer', 'hard_bounce'],
      ['angry.customer', 'complaint'],
    ],
  ],
  [
    'sendgrid-bounces.csv',
    [
      ['gone', 'hard_bounce'],
      ['unclear', 'imported'],
    ],
  ],
  ['sendgrid-invalid-emails.csv', [['someone', 'hard_bounce']]],
  ['sendgrid-spam-reports.csv', [['annoyed', 'complaint']]],
  ['sendgrid-unsubscribes.csv', [['leaving', 'unsubscribe']]],
  [
    'postmark-suppressions.csv',
    [
      ['gone', 'hard_bounce'],
      ['annoyed', 'complaint'],
      ['leaving', 'unsubscribe'],
      ['by.hand', 'manual'],
    ],
  ],
  ['postmark-bounces.csv', [['gone', 'hard_bounce']]],
  [
    'mailchimp-unsubscribed.csv',
    [
      ['leaving', 'unsubscribe'],
      ['annoyed', 'complaint'],
    ],
  ],
  ['mailchimp-cleaned.csv', [['gone', 'hard_bounce']]],
  ['listmonk-subscribers.csv', [['blocked', 'imported']]],
  [
    'plain.txt',
    [
      ['never.again', 'imported'],
      ['nobody', 'imported'],
    ],
  ],
];

for (const [file, expected] of IMPORTS) {
  test(`${file} is imported with its reasons, and a second time changes nothing`, async (t) => {
    const folder = scratchFolder(t);
    await importFile(folder, join(FIXTURES, file));
    const entries = await entriesIn(folder);
    assert.deepEqual(
      entries.map(({ local, reason }) => [local, reason]),
      expected,
    );
    const again = await importFile(folder, join(FIXTURES, file));
    assert.deepEqual(
      again.filter(({ status }) => status !== 'already' && status !== 'skipped'),
      [],
    );
    assert.deepEqual(await entriesIn(folder), entries);
  });
}

test('a list of replies: the sender refused is skipped, full and disabled mailboxes are counted', async (t) => {
  const rows = await importFile(scratchFolder(t), join(FIXTURES, 'sendgrid-bounces.csv'));
  const told = Object.fromEntries(rows.map(({ row, status, why }) => [row, [status, why]]));
  assert.deepEqual(told, {
    2: ['suppressed', 'hard_bounce'],
    3: ['skipped', 'the reply is not about the address'],
    4: ['counted', 'soft_bounce 1 of 3'],
    5: ['counted', 'suspect 1 of 2, soft_bounce 1 of 3'],
    6: ['suppressed', 'imported'],
  });
});

for (const [file, address] of [
  ['md5.txt', 'annoyed@orchard.example'],
  ['sha256.csv', 'leaving@riverbank.example'],
] as const) {
  test(`the hashes in ${file} suppress the addresses they are of`, async (t) => {
    const folder = scratchFolder(t);
    await importFile(folder, join(FIXTURES, file), { reason: 'unsubscribe' });
    assert.equal((await entriesIn(folder)).length, 2);
    assert.equal(await reasonOf(folder, address), 'unsubscribe');
    assert.equal(await reasonOf(folder, 'other@orchard.example'), null);
  });
}

test('a dry run tells the same and changes nothing', async (t) => {
  const folder = scratchFolder(t);
  const file = join(FIXTURES, 'postmark-suppressions.csv');
  const told = await importFile(folder, file, { dryRun: true });
  assert.deepEqual(await entriesIn(folder), []);
  assert.deepEqual(told, await importFile(folder, file));
});

test('soft bounces come to a suppression by the threshold asked for', async (t) => {
  const folder = scratchFolder(t);
  const day = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
  const file = join(folder, 'b.csv');
  writeFileSync(
    file,
    `ID,Type,Email,BouncedAt\n1,SoftBounce,f@a.example,${day(5)}\n2,SoftBounce,f@a.example,${day(3)}\n`,
  );
  const rows = await importFile(folder, file, { softLimit: 2 });
  assert.deepEqual(
    rows.map(({ status }) => status),
    ['counted', 'suppressed'],
  );
  assert.equal(await reasonOf(folder, 'f@a.example'), 'soft_bounce');
});

const EXPORTS: readonly (readonly [format: ExportFormatName, content: RegExp])[] = [
  ['ses', /^ann@example\.com,COMPLAINT\nbob@example\.com,BOUNCE\n$/],
  ['plain', /^ann@example\.com\nbob@example\.com\n$/],
  ['md5', /^(?:[0-9a-f]{32}\n){2}$/],
  ['sha256', /^(?:[0-9a-f]{64}\n){2}$/],
  ['sendgrid', /^email,created\nann@example\.com,\d{10}\nbob@/],
  [
    'postmark',
    /^EmailAddress,SuppressionReason,Origin,CreatedAt\nann@example\.com,SpamComplaint,.*\nbob@.*,HardBounce,/,
  ],
  ['mailchimp', /^Email Address,UNSUB_TIME,UNSUB_REASON,CLEAN_TIME\nann@example\.com,.*,ABUSE,\nbob@example\.com,,,\d/],
  ['listmonk', /^email,name,attributes,status\nann@example\.com,,"\{.*complaint.*\}",blocklisted\n/],
];

async function addSome(folder: string): Promise<void> {
  const event = (type: 'email' | 'domain', value: string, reason: SuppressionReason) => ({
    key: { type, value },
    scope: 'all',
    reason,
    detail: null,
    source: 'test',
    evidenceId: null,
    at: Date.now(),
    verified: true,
  });
  await inSession(folder, async ({ store }) =>
    store.suppressions.add([
      event('email', 'ann@example.com', 'complaint'),
      event('email', 'ann@example.com', 'hard_bounce'),
      event('email', 'bob@example.com', 'hard_bounce'),
      event('domain', 'example.net', 'manual'),
    ]),
  );
}

test('every format is tried below', () => {
  assert.deepEqual(new Set([...EXPORTS.map(([format]) => format), 'mailgate']), new Set(EXPORT_FORMAT_NAMES));
});

for (const [format, content] of EXPORTS) {
  test(`an export as ${format} holds one row for each address, and suppresses the same where it is imported`, async (t) => {
    const folder = scratchFolder(t);
    await addSome(folder);
    const settings = { format, output: 'list.csv', scope: null, reason: undefined, source: undefined, expired: false };
    await inSession(folder, (session) => exportEntries(session, settings));
    assert.match(readFileSync(join(folder, 'list.csv'), 'utf8'), content);
    const other = scratchFolder(t);
    await importFile(other, join(folder, 'list.csv'));
    const found = await Promise.all(
      ['ann@example.com', 'bob@example.com', 'cid@example.com'].map((address) => reasonOf(other, address)),
    );
    assert.deepEqual(
      found.map((reason) => reason !== null),
      [true, true, false],
    );
  });
}
