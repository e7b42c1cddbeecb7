// The demo world and the list that lives in it: each row of the list meets what its expected verdict needs.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { demoWorld } from '../../src/sandbox/demo-world.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { REASONS_BY_STATUS, type Reason } from '../../src/verdict.ts';
import { demoTruth } from './demo-truth.ts';
import { askDns, RawClient } from './raw-client.ts';

const LIST = join(import.meta.dirname, '..', '..', 'fixtures', 'legacy-list.csv');
/** A name that nobody has, as a verifier would choose its control. */
const NOBODY = 'qvkzwtrhmb';

/** Reasons the demo cannot show: kept in a store, or ruled out where private and reserved names are admitted. */
const NOT_SHOWN = new Set<Reason>([
  'bounced',
  'suppressed',
  'not_checked',
  'reserved_domain',
  'mx_unusable',
  'inconsistent',
]);

/** What the mail host answers to the address, and to a name nobody has, where a reason rests on replies. */
const REPLIES: Partial<Record<Reason, readonly [address: RegExp, nobody: RegExp]>> = {
  accepted: [/^250/, /^5/],
  provider_unverifiable: [/^250/, /^552 1/],
  accepts_anything: [/^250/, /^250/],
  catchall_untested: [/^250/, /^451/],
  mailbox_not_found: [/^55[0-4]/, /^55[0-4]/],
  mailbox_full: [/^552/, /^5/],
  mailbox_disabled: [/^550[- ]5\.2\.1/, /^5/],
  greylisted: [/^450 4\.2\.0/, /^450 4\.2\.0/],
  temporary_failure: [/^4/, /^[45]/],
  rate_limited: [/^450 4\.7\.1/, /^450 4\.7\.1/],
  content_rejected: [/^554 5\.6\.0/, /^554 5\.6\.0/],
  domain_not_accepted: [/^554 5\.7\.1 .*Relay/, /^554 5\.7\.1 .*Relay/],
  sender_rejected: [/^550-Verification failed/, /^550-Verification failed/],
};

let sandbox: Sandbox;
before(async () => {
  sandbox = await startSandbox(demoWorld());
});
after(() => sandbox.stop());

test('every row of the list has an expected verdict, and no verdict lacks its row', () => {
  const cells = readCsv(readFileSync(LIST, 'utf8')).slice(1);
  assert.ok(cells.length >= 120 && cells.length <= 200, `${cells.length} rows`);
  const addresses = new Set(cells.map((row) => row[3] ?? ''));
  assert.deepEqual(
    [...addresses].filter((cell) => !demoTruth.has(cell)),
    [],
  );
  assert.deepEqual(
    [...demoTruth.keys()].filter((cell) => !addresses.has(cell)),
    [],
  );
});

test('the list shows every reason it can', () => {
  const shown = new Set([...demoTruth.values()].map((verdict) => verdict.reason));
  const all = Object.values(REASONS_BY_STATUS).flat();
  assert.deepEqual(
    all.filter((reason) => !shown.has(reason) && !NOT_SHOWN.has(reason)),
    [],
  );
});

test('most rows are people who can be reached', () => {
  const verdicts = [...demoTruth.values()];
  const good = verdicts.filter((verdict) => verdict.status === 'valid').length;
  assert.ok(good / verdicts.length > 0.45, `${good} of ${verdicts.length}`);
});

test('the list is as messy as an old export', () => {
  const text = readFileSync(LIST, 'utf8');
  const rows = readCsv(text);
  assert.ok(!text.startsWith('\uFEFF'));
  assert.ok(
    rows.some((row) => row.some((cell) => cell.includes('\n'))),
    'a newline inside a cell',
  );
  assert.ok(rows.some((row) => row.length < 7) && rows.some((row) => row.length > 7), 'ragged rows');
  assert.ok(
    rows.some((row) => row[3]?.startsWith('=')),
    'a formula',
  );
  for (const pattern of [/^mailto:/, /</, /\.$/, /"joe smith"/, /münchner/, /^jörg@/, /^ /]) {
    assert.ok(
      rows.some((row) => pattern.test(row[3] ?? '')),
      `${pattern}`,
    );
  }
});

const askable = [...demoTruth].flatMap(([cell, { reason }]) => {
  const replies = REPLIES[reason];
  return replies === undefined || cell === '' ? [] : [{ cell, reason, replies }];
});

for (const [domain, rows] of Map.groupBy(askable, ({ cell }) => domainOf(cell))) {
  test(`${domain} answers as the list expects`, async () => {
    for (const { cell, reason, replies } of rows) {
      const { client, utf8 } = await enter(domain);
      const local = localOf(cell);
      const reply = (await client.ask(`RCPT TO:<${local}@${domain}>`)) ?? 'nothing';
      assert.match(reply, replies[0], `${cell} ${reason} ${utf8}`);
      client.destroy();
      const second = await enter(domain);
      assert.match(
        (await second.client.ask(`RCPT TO:<${NOBODY}@${domain}>`)) ?? 'nothing',
        replies[1],
        `${NOBODY} ${reason}`,
      );
      second.client.destroy();
    }
  });
}

const dnsCases: readonly [domain: string, type: 'MX' | 'A', rcode: string, answers: number][] = [
  ['gmial.com', 'MX', 'NXDOMAIN', 0],
  ['gmail.con', 'MX', 'NXDOMAIN', 0],
  ['freie-firma.invalid', 'MX', 'NXDOMAIN', 0],
  ['kein-empfang.test', 'MX', 'NOERROR', 1],
  ['nur-ein-name.test', 'MX', 'NOERROR', 0],
  ['nur-ein-name.test', 'A', 'NOERROR', 0],
  ['mx.gibt-es-nicht.test', 'A', 'NXDOMAIN', 0],
  ['kranke-zone.test', 'MX', 'SERVFAIL', 0],
  ['imprimerie-girard.test', 'MX', 'NOERROR', 0],
  ['imprimerie-girard.test', 'A', 'NOERROR', 1],
];

for (const [name, type, rcode, answers] of dnsCases) {
  test(`${name} ${type} is ${rcode} with ${answers} records`, async () => {
    const reply = await askDns({ port: sandbox.dns.port, name, type });
    assert.deepEqual([reply?.rcode, reply?.packet.answers?.length], [rcode, answers]);
  });
}

test('every address the demo gives lies on loopback, so that nothing can leave the machine', () => {
  const world = demoWorld();
  const given = [
    ...world.hosts.flatMap((host) => host.addresses),
    ...world.zones.flatMap((zone) => zone.records ?? []).flatMap((each) => (each.type === 'A' ? [each.data] : [])),
  ];
  assert.deepEqual(
    given.filter((address) => !address.startsWith('127.0.20.')),
    [],
  );
});

/** Up to MAIL at the best mail host of a domain that answers, with TLS and UTF-8 where they are needed. */
async function enter(domain: string): Promise<{ client: RawClient; utf8: boolean }> {
  const client = await connectTo(domain);
  await client.reply();
  const ehlo = (await client.ask('EHLO client.test')) ?? '';
  if (ehlo.startsWith('5')) await client.ask('HELO client.test');
  const utf8 = ehlo.includes('SMTPUTF8');
  const mail = await client.ask(utf8 ? 'MAIL FROM:<me@client.test> SMTPUTF8' : 'MAIL FROM:<me@client.test>');
  if (mail?.startsWith('530') === true) {
    await client.ask('STARTTLS');
    await client.secure();
    await client.ask('EHLO client.test');
    await client.ask('MAIL FROM:<me@client.test>');
  }
  return { client, utf8 };
}

async function connectTo(domain: string): Promise<RawClient> {
  const { port } = sandbox.dns;
  const mx = await askDns({ port, name: domain, type: 'MX' });
  const exchanges = (mx?.packet.answers ?? []).flatMap((each) => (each.type === 'MX' ? [each.data.exchange] : []));
  for (const name of exchanges.length > 0 ? exchanges : [domain]) {
    const addresses = (await askDns({ port, name, type: 'A' }))?.packet.answers ?? [];
    for (const address of addresses) {
      if (address.type !== 'A') continue;
      const client = await RawClient.connect(sandbox.smtpPort, address.data);
      if (!client.socket.destroyed) return client;
    }
  }
  throw new Error(`nobody takes mail for ${domain}`);
}

/** The address inside a cell: enough unwrapping for the cells of this list. */
function addressOf(cell: string): string {
  const inner = /<([^<>]+)>$/.exec(cell)?.[1] ?? cell;
  return inner
    .trim()
    .replace(/^mailto:/, '')
    .replace(/^['.]/, '')
    .replace(/['.]$/, '');
}

function localOf(cell: string): string {
  const address = addressOf(cell);
  return address.slice(0, address.lastIndexOf('@'));
}

function domainOf(cell: string): string {
  const address = addressOf(cell);
  return new URL(`http://${address.slice(address.lastIndexOf('@') + 1)}`).hostname;
}

function readCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/g)) {
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain ?? '');
    if (end === '\r\n') rows.push([]);
  }
  return rows.filter((row) => row.length > 1);
}
