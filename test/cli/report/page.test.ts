// The page as text: every figure where it belongs, nothing of a stranger's unescaped, and the same page for the same run.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { percent } from '../../../src/cli/report/charts.ts';
import { conditionsOf } from '../../../src/cli/report/conditions.ts';
import type { ReportModel } from '../../../src/cli/report/model.ts';
import { reportPage } from '../../../src/cli/report/page.ts';
import { Tally, withoutAddresses } from '../../../src/cli/report/tally.ts';
import { SummaryCount } from '../../../src/cli/summary.ts';
import { NOW, replyOf, rowOf, verdictOf } from '../samples.ts';

type Row = ReturnType<typeof rowOf>;

function modelOf(rows: readonly Row[], given: Partial<ReportModel> = {}): ReportModel {
  const counted = new SummaryCount();
  const tally = new Tally();
  for (const row of rows) {
    counted.add(row, '');
    tally.add(row);
  }
  return {
    ...{ list: 'lists/old.csv', version: '1.2.3', startedAt: NOW, endedAt: NOW + 65_000, outcome: 'done' },
    ...{ reach: 'smtp', isSandbox: false, summary: counted.result({ keptFromAsking: null }), tally: tally.result() },
    ...{ timeLine: null, steps: [], conditions: [] },
    ...given,
  };
}

const ROWS = [
  rowOf('anna@known.test', verdictOf('accepted')),
  rowOf('Anna@known.test', verdictOf('accepted'), 1),
  rowOf('bob.b@known.test', verdictOf('mailbox_not_found', { provider: 'google' })),
  rowOf('c@other.test', verdictOf('blocked', { provider: null, reply: replyOf(554, 'no <b>c@other.test</b> & you') })),
];

test('the headline counts rows, and addresses where some stand there twice', () => {
  const page = reportPage(modelOf(ROWS));
  assert.match(page, /2 of 4 rows can be mailed, 1 should not, and 1 is open\./);
  assert.match(page, /The mailbox exists\. 1 different address\./);
  assert.match(page, /<h1>old\.csv<\/h1>/);
  assert.match(page, /15 Jan 2026, 00:01 UTC · 4 rows in 1 min 5 s/);
});

test('what hosts say is escaped, and no address is repeated', () => {
  const page = reportPage(modelOf(ROWS));
  assert.match(page, /“554 no &lt;b&gt;…@other\.test&lt;\/b&gt; &amp; you”/);
  assert.doesNotMatch(page, /anna|bob\.b/i);
});

test('the policy allows the style sheet of the page by its digest, and nothing else', () => {
  const page = reportPage(modelOf(ROWS));
  const [, sheet = ''] = /<style>([\s\S]*?)<\/style>/.exec(page) ?? [];
  const digest = createHash('sha256').update(sheet).digest('base64');
  const policy = `default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'`;
  assert.ok(page.includes(`content="${policy.replaceAll("'", '&#39;')}"`));
  assert.doesNotMatch(page, /<script|\sstyle=|\ssrc=|\shref=|\son\w+=|url\(|@import|https?:/);
});

const notices: readonly [given: Partial<ReportModel>, says: RegExp][] = [
  [{ outcome: 'time_limit' }, /Stopped at the time limit\./],
  [{ isSandbox: true }, /pretend mail world/],
  [{ reach: 'offline' }, /Nobody was asked\./],
  [{ reach: 'dns' }, /No mail server was asked\./],
];
for (const [given, says] of notices) {
  test(`the page says first that its figures are those of a run with ${JSON.stringify(given)}`, () => {
    const page = reportPage(modelOf(ROWS, given));
    assert.match(page, says);
    assert.doesNotMatch(reportPage(modelOf(ROWS)), says);
  });
}

test('a list without rows has a page without charts', () => {
  const page = reportPage(modelOf([]));
  assert.match(page, /The list has no rows\./);
  assert.doesNotMatch(page, /NaN|undefined|Infinity|<svg/);
});

test('providers are shown with those who are not, so that their rows add up', () => {
  const rows = Array.from({ length: 30 }, (_, i) =>
    rowOf(`a@d${i}.test`, verdictOf('accepted', { provider: `p${i}` })),
  );
  const { shown, others, none } = modelOf([...rows, ROWS[3] as Row]).tally.providers;
  assert.deepEqual([shown.length, others.names, others.status.valid, none], [10, 20, 20, 1]);
});

test('shares are never rounded to none or all', () => {
  assert.deepEqual(
    [percent(0, 9), percent(1, 3), percent(1, 5000), percent(4999, 5000), percent(7, 7), percent(0, 0)],
    ['0 %', '33.3 %', '< 0.1 %', '> 99.9 %', '100 %', '0 %'],
  );
});

const masked: readonly [words: string, local: string, shown: string][] = [
  ['550 <anna@x.test>: unknown', 'anna', '550 <…@x.test>: unknown'],
  ['550 "a b"@x.test unknown', 'a b', '550 …@x.test unknown'],
  ['550 User anna.b unknown', 'anna.b', '550 User … unknown'],
  ['550 Service unavailable', 'service', '550 Service unavailable'],
];
for (const [words, local, shown] of masked) {
  test(`"${words}" is shown as "${shown}"`, () => assert.equal(withoutAddresses(words, local), shown));
}

test('conditions name who asked and what was set, and no secret', () => {
  const settings = {
    concurrency: 7,
    waitMs: 90_000,
    ratePerMinute: 30,
    proxies: [{ label: 'socks5://u:secret@p.test', login: 'secret' }, { password: 'secret' }],
    keep: ['valid'],
  };
  const shown = conditionsOf(settings, { identity: { heloName: 'mail.x.test', mailFrom: null } });
  const values = new Map(shown.map(({ label, value }) => [label, value]));
  assert.deepEqual(
    ['Asked as', 'With the sender', '--concurrency', '--wait', '--rate', '--keep', '--proxy'].map((label) =>
      values.get(label),
    ),
    ['mail.x.test', '<> (none)', '7', '90s', '30/m', 'valid', 'socks5://…@p.test, set'],
  );
  assert.doesNotMatch(JSON.stringify(shown), /secret/);
});
