import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { systemClock } from '../../src/clock.ts';
import { openStore } from '../../src/store/database.ts';
import { FIXTURES, objects, run, workFolder } from './reports-runner.ts';

const REPORTS = join(FIXTURES, 'dmarc');
const ONE = join(REPORTS, 'mailbox.example!shop.example!1772496000!1772582399.xml');

/** Messages kept by source, over all reports. */
function keptMessages(folder: string): Map<string, number> {
  const store = openStore({ path: join(folder, 'store.db'), clock: systemClock });
  const kept = new Map<string, number>();
  try {
    for (const { sourceIp, messages } of store.reports.rows({ kind: 'aggregate' })) {
      kept.set(sourceIp, (kept.get(sourceIp) ?? 0) + messages);
    }
  } finally {
    store.close();
  }
  return kept;
}

function total(folder: string): number {
  return [...keptMessages(folder).values()].reduce((sum, messages) => sum + messages, 0);
}

/** All messages of the fixtures. */
const ALL_MESSAGES = 1489;

test('reports of every kind are listed, then summed up: who sends, what passes, what fails and why', async (t) => {
  const { code, out, err } = await run(workFolder(t), ['dmarc', REPORTS]);
  assert.equal(code, 0);
  assert.match(
    out,
    /^aggregate mailbox\.example +shop\.example +2026-03-03 +1,000 messages in 3 records, 94\.0 % pass/m,
  );
  assert.match(out, /^tls +Mailbox Example +shop\.example +2026-03-03 +512 sessions encrypted, 3 failed/m);
  assert.match(out, /^failure +MailboxFR\/1 .*one message from 203\.0\.113\.99 failed dmarc,spf/m);
  assert.match(out, /^shop\.example {2}1,489 messages {2}█+░ +95\.2 % pass$/m);
  assert.match(
    out,
    /^ {2}198\.51\.100\.7 +55 .*0\.0 % pass {2}as crm\.example\n +55 {2}DKIM passes for crm\.example, not aligned/m,
  );
  assert.match(err, /7 files read: 8 parsed/);
});

test('--json prints one object a report with the documented names, and times and counts as in the report', async (t) => {
  const [object] = objects(await run(workFolder(t), ['dmarc', ONE, '--json', '--no-store', '-q']));
  assert.deepEqual(Object.keys(object), [
    'file',
    'kind',
    'status',
    'org',
    'reporter',
    'email',
    'extra_contact',
    'report_id',
    'domain',
    'begin',
    'end',
    'begin_at',
    'end_at',
    'version',
    'generator',
    'policy',
    'records',
    'messages',
    'dmarc_pass',
    'dmarc_fail',
    'dkim_pass',
    'spf_pass',
    'disposition',
    'reporter_errors',
    'errors',
  ]);
  assert.deepEqual(
    [object.file, object.kind, object.org, object.report_id, object.domain, object.begin, object.end],
    [ONE, 'aggregate', 'mailbox.example', 'mb-20260303', 'shop.example', 1772496000, 1772582399],
  );
  assert.deepEqual([object.records, object.messages, object.dmarc_pass], [3, 1000, 940]);
  assert.equal(object.begin_at, '2026-03-03T00:00:00Z');
});

test('every report of an archive is an object; what is none says why', async (t) => {
  const folder = workFolder(t);
  writeFileSync(join(folder, 'empty.xml'), '');
  const found = objects(await run(folder, ['dmarc', join(REPORTS, 'two-reports.zip'), 'empty.xml', '--json']));
  assert.deepEqual(
    found.map(({ kind, member, report_id, errors }) => [kind, member, report_id, errors[0]?.code]),
    [
      ['aggregate', 'north.example!shop.example!a.xml', 'n-1', undefined],
      ['aggregate', 'north.example!shop.example!b.xml', 'n-2', undefined],
      ['invalid', undefined, '', 'empty'],
    ],
  );
});

test('--records adds the records, --field-names parsedmarc gives the shape dashboards read', async (t) => {
  const folder = workFolder(t);
  const [own] = objects(await run(folder, ['dmarc', ONE, '--json', '--records']));
  assert.equal(own.rows.length, 3);
  assert.deepEqual(own.rows[1].auth_results.dkim, [
    { domain: 'crm.example', selector: 'k1', result: 'pass', human_result: '' },
  ]);
  const [theirs] = objects(await run(folder, ['dmarc', ONE, '--json', '--field-names', 'parsedmarc']));
  assert.deepEqual(Object.keys(theirs), ['xml_schema', 'report_metadata', 'policy_published', 'records']);
  assert.equal(theirs.report_metadata.begin_date, '2026-03-03 00:00:00');
  assert.deepEqual(theirs.records[1].alignment, { spf: false, dkim: false, dmarc: false });
  assert.equal(theirs.records[0].source.ip_address, '192.0.2.25');
  for (const name of ['tls-report.json', 'failure.eml']) {
    const [object] = objects(
      await run(folder, ['dmarc', join(REPORTS, name), '--json', '--field-names', 'parsedmarc']),
    );
    assert.ok('organization_name' in object || 'feedback_type' in object, name);
  }
});

test('a report is kept once, whatever file it comes in and however often it is read', async (t) => {
  const folder = workFolder(t);
  await run(folder, ['dmarc', REPORTS]);
  assert.equal(total(folder), ALL_MESSAGES);
  const before = keptMessages(folder);
  writeFileSync(join(folder, 'copy.gz'), gzipSync(readFileSync(ONE)));
  const { out, err } = await run(folder, ['dmarc', REPORTS, 'copy.gz']);
  assert.deepEqual(keptMessages(folder), before);
  assert.match(err, /8 files read: 9 duplicate/);
  assert.match(out, /^shop\.example {2}1,489 messages/m, 'the summary counts the copy once as well');
});

test('--no-store keeps nothing, --only-new passes over what was read before', async (t) => {
  const folder = workFolder(t);
  await run(folder, ['dmarc', REPORTS, '--no-store']);
  assert.ok(!existsSync(join(folder, 'store.db')));
  await run(folder, ['dmarc', REPORTS]);
  const { out, err } = await run(folder, ['dmarc', REPORTS, '--only-new']);
  assert.match(err, /0 files read: 7 known from before/);
  assert.equal(out, '');
});

test('without paths everything kept is summed up, by any dimensions, in any form', async (t) => {
  const folder = workFolder(t);
  await run(folder, ['dmarc', REPORTS]);
  const table = await run(folder, ['dmarc', '--by', 'domain,day']);
  assert.match(table.out, /^ {2}2026-03-03 +1,069/m);
  const csv = await run(folder, ['dmarc', '--by', 'source', '--format', 'csv']);
  assert.equal(
    csv.out.split('\n')[0],
    'source,messages,pass,fail,dkim_pass,spf_pass,quarantined,rejected,authenticated_as,main_cause',
  );
  assert.match(csv.out, /^192\.0\.2\.25,1357,1357,0,1357,1357,0,0,shop\.example,$/m);
  const [first] = objects(await run(folder, ['dmarc', '--by', 'source', '--format', 'ndjson']));
  assert.deepEqual([first.source, first.messages], ['192.0.2.25', 1357]);
  const json = await run(folder, ['dmarc', '--by', 'result', '--format', 'json']);
  assert.deepEqual(
    JSON.parse(json.out).map((each: { result: string }) => each.result),
    ['pass', 'fail'],
  );
  const [session] = objects(await run(folder, ['dmarc', '--kind', 'tls', '--by', 'domain', '--json']));
  assert.deepEqual([session.domain, session.messages, session.fail], ['shop.example', 515, 3]);
  const none = await run(folder, ['dmarc', '--domain', 'other.example']);
  assert.match(none.err, /No report is kept that fits/);
  const later = await run(folder, ['dmarc', '--since', '2026-03-04', '--json']);
  assert.deepEqual(
    objects(later).map(({ messages }) => messages),
    [400, 20],
  );
});

test('what strangers wrote becomes neither a formula in CSV nor a command to the terminal', async (t) => {
  const folder = workFolder(t);
  const evil = readFileSync(ONE, 'utf8')
    .replace('<source_ip>192.0.2.25', '<source_ip>=cmd|calc')
    .replace('mailbox.example</org', '\u009b31m</org');
  const { out } = await run(folder, ['dmarc', '-'], { stdin: evil });
  assert.ok(!/[\x1b\x80-\x9f]/.test(out.replaceAll(/[█░]/g, '')));
  const { out: csv } = await run(folder, ['dmarc', '--by', 'source', '--format', 'csv']);
  assert.match(csv, /^'=cmd/m);
});

function maildirOf(t: TestContext): { folder: string; maildir: string } {
  const folder = workFolder(t);
  const maildir = join(folder, 'Maildir');
  for (const name of ['new', 'cur', 'tmp']) mkdirSync(join(maildir, name), { recursive: true });
  for (const name of ['report-by-mail.eml', 'failure.eml']) cpSync(join(REPORTS, name), join(maildir, 'new', name));
  writeFileSync(
    join(maildir, 'new', 'bomb.eml'),
    gzipSync(Buffer.concat([Buffer.from('<feedback>'), Buffer.alloc(5_000_000, '<row></row>')])),
  );
  return { folder, maildir };
}

test('--move-to takes files away once kept, and sets aside with its reason what cannot be read', async (t) => {
  const { folder, maildir } = maildirOf(t);
  const { out } = await run(folder, ['dmarc', 'Maildir', '--move-to', 'done']);
  assert.match(out, /^refused +ratio_too_high/m);
  assert.deepEqual(readdirSync(join(maildir, 'new')), []);
  assert.deepEqual(readdirSync(join(folder, 'done')).sort(), ['failure.eml', 'report-by-mail.eml', 'unreadable']);
  assert.match(readFileSync(join(folder, 'done', 'unreadable', 'bomb.eml.reason'), 'utf8'), /^ratio_too_high: /);
});

test('--watch reads what comes later, until it is interrupted', async (t) => {
  const { folder, maildir } = maildirOf(t);
  const stop = new AbortController();
  const scan = run(folder, ['dmarc', 'Maildir', '--watch', '20ms', '--json'], { interrupted: stop.signal });
  const seen = async (messages: number): Promise<void> => {
    while (!existsSync(join(folder, 'store.db')) || total(folder) < messages) await new Promise(setImmediate);
  };
  await seen(17);
  cpSync(ONE, join(maildir, 'new', 'later'));
  await seen(1017);
  stop.abort(new Error('stop'));
  await assert.rejects(scan, /stop/);
});

test('options that do not go together are refused before anything is read', async (t) => {
  const folder = workFolder(t);
  for (const args of [['--no-store'], [ONE, '--no-store', '--rollup'], [ONE, '--no-store', '--move-to', 'x']]) {
    await assert.rejects(run(folder, ['dmarc', ...args]), { name: 'MailgateError' }, args.join(' '));
  }
});

test('what was named and is not there ends with exit code 3, and the rest is read', async (t) => {
  const { code, out } = await run(workFolder(t), ['dmarc', 'absent.xml', ONE, '--json']);
  assert.equal(code, 3);
  assert.deepEqual(
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).kind),
    ['invalid', 'aggregate'],
  );
});

/** A report with as many sources as records: 8,000 of them are more than are held in memory at once. */
function writeLargeReport(path: string, records: number): void {
  const source = readFileSync(ONE, 'utf8');
  const start = source.indexOf('  <record>');
  const end = source.indexOf('</record>') + '</record>\n'.length;
  const one = source.slice(start, end);
  const parts = [source.slice(0, start)];
  for (let i = 0; i < records; i += 1) {
    parts.push(one.replace('192.0.2.25', `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`).replace('>940<', '>2<'));
  }
  writeFileSync(path, `${parts.join('')}</feedback>\n`);
}

test('a report of 5 MB with 8,000 sources is streamed in little memory, and kept whole and once', async (t) => {
  const folder = workFolder(t);
  writeLargeReport(join(folder, 'large.xml'), 8_000);
  const before = process.memoryUsage().rss;
  const outcome = await run(folder, ['dmarc', 'large.xml', '--json']);
  const growth = (process.memoryUsage().rss - before) / 1e6;
  assert.deepEqual(
    objects(outcome).map(({ records, messages, status }) => [records, messages, status]),
    [[8_000, 16_000, 'parsed']],
  );
  assert.ok(growth < 150, `${growth} MB`);
  assert.deepEqual([keptMessages(folder).size, total(folder)], [8_000, 16_000]);
  const [again] = objects(await run(folder, ['dmarc', 'large.xml', '--json']));
  assert.deepEqual([again.status, total(folder)], ['duplicate', 16_000]);
});

test('a run that is killed in the middle of a large report leaves nothing of it, and the next one has all', async (t) => {
  const folder = workFolder(t);
  writeLargeReport(join(folder, 'large.xml'), 8_000);
  const child = spawn(process.execPath, [...process.execArgv, join(import.meta.dirname, 'dmarc-in-child.ts'), folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => child.stdout.once('data', resolve)); // the first rows are in the store
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('close', resolve));
  assert.equal(total(folder), 0);
  await run(folder, ['dmarc', 'large.xml']);
  assert.equal(total(folder), 16_000);
});
