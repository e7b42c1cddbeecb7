import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Rollup, type RollupDimension, type RollupGroup, type RollupRow } from '../../src/feedback/dmarc-rollup.ts';

const DAY = 86_400;
/** Tuesday, 3 March 2026, midnight UTC. */
const TUESDAY = 1_772_496_000;

function row(changes: Partial<RollupRow> = {}): RollupRow {
  return {
    kind: 'aggregate',
    reporter: 'reporter.test',
    domain: 'shop.example',
    begin: TUESDAY,
    end: TUESDAY + DAY - 1,
    sourceIp: '192.0.2.1',
    headerFrom: 'shop.example',
    disposition: 'none',
    dkim: 'pass',
    spf: 'pass',
    reasons: '',
    results: 'shop.example\ts1\tpass\v\fshop.example\tmfrom\tpass\v',
    messages: 10,
    ...changes,
  };
}

function groups(
  by: readonly RollupDimension[],
  rows: readonly RollupRow[],
  limits: { readonly since?: number; readonly until?: number } = {},
): RollupGroup[] {
  const rollup = new Rollup({ by, ...limits });
  for (const each of rows) rollup.add(each);
  return rollup.groups();
}

const told = (found: readonly RollupGroup[]): string[] =>
  found.map(({ keys, messages }) => `${keys.join(' ')} ${messages}`);

test('groups come with the most messages first, in order of time where a period is asked for', () => {
  const rows = [
    row(),
    row({ sourceIp: '192.0.2.2', messages: 30 }),
    row({ begin: TUESDAY + DAY, end: TUESDAY + 2 * DAY - 1, messages: 5 }),
  ];
  assert.deepEqual(told(groups(['domain', 'source'], rows)), [
    'shop.example 192.0.2.2 30',
    'shop.example 192.0.2.1 15',
  ]);
  assert.deepEqual(told(groups(['day', 'source'], rows)), [
    '2026-03-03 192.0.2.2 30',
    '2026-03-03 192.0.2.1 10',
    '2026-03-04 192.0.2.1 5',
  ]);
  assert.deepEqual(told(groups(['week'], rows)), ['2026-03-02 45'], 'weeks begin on Monday');
  assert.deepEqual(told(groups(['month'], rows)), ['2026-03 45']);
  assert.deepEqual(told(groups(['reporter', 'result'], rows)), ['reporter.test pass 45']);
});

test('a group tells what passed, what was done to the rest, and who it is', () => {
  const fail = { dkim: 'fail', spf: 'fail' };
  const [group] = groups(
    ['source'],
    [
      row({ spf: 'fail' }),
      row({
        ...fail,
        disposition: 'reject',
        messages: 4,
        results: '\fspoof.example\tmfrom\tfail\v',
      }),
      row({ ...fail, disposition: 'quarantine', messages: 1, results: '' }),
    ],
  );
  assert.ok(group !== undefined);
  const { messages, pass, dkimPass, spfPass, rejected, quarantined, authenticatedAs } = group;
  assert.deepEqual([messages, pass, group.fail, dkimPass, spfPass, rejected, quarantined], [15, 10, 5, 10, 0, 4, 1]);
  assert.equal(authenticatedAs, 'shop.example');
});

/** Results of a failed message, its overrides, and what is said of it. */
const CAUSES: readonly [string, string, string][] = [
  ['\f', '', 'not signed; no SPF'],
  ['\t\tnone\v\fa.example\tmfrom\tsoftfail\v', '', 'not signed; SPF softfail for a.example'],
  [
    'crm.example\tk\tpass\v\fcrm.example\tmfrom\tpass\v',
    '',
    'DKIM passes for crm.example, not aligned; SPF passes for crm.example, not aligned',
  ],
  ['shop.example\ts\tfail\v\f\thelo\tnone\v', '', 'DKIM of shop.example fail; SPF none'],
  ['\f', 'mailing_list', 'not signed; no SPF; let through as mailing_list'],
];

for (const [results, reasons, cause] of CAUSES) {
  test(`a failure by ${JSON.stringify(results)} is told as "${cause}"`, () => {
    const [group] = groups(['source'], [row({ dkim: 'fail', spf: 'fail', results, reasons })]);
    assert.deepEqual(group?.causes, [{ cause, messages: 10 }]);
  });
}

test('a report of several days is spread over them in proportion, and the parts add up to the whole', () => {
  const long = row({ begin: TUESDAY - DAY / 2, end: TUESDAY + 3 * DAY - DAY / 2, messages: 10 });
  const found = groups(['day'], [long]);
  assert.deepEqual(told(found), ['2026-03-02 2', '2026-03-03 3', '2026-03-04 3', '2026-03-05 2']);
  assert.equal(
    found.reduce((sum, { messages }) => sum + messages, 0),
    10,
  );
});

test('a report of a day that begins in the evening belongs to the day most of it lies in', () => {
  const evening = { begin: TUESDAY - 2 * 3600, end: TUESDAY + 22 * 3600 };
  assert.deepEqual(told(groups(['day'], [row(evening)])), ['2026-03-03 10']);
  assert.deepEqual(told(groups(['day'], [row({ begin: TUESDAY, end: TUESDAY })])), ['2026-03-03 10']);
});

test('only the days asked for count, of long reports too', () => {
  const long = row({ begin: TUESDAY, end: TUESDAY + 4 * DAY, messages: 40 });
  assert.deepEqual(told(groups(['domain'], [long], { since: TUESDAY + DAY, until: TUESDAY + 2 * DAY })), [
    'shop.example 10',
  ]);
  assert.deepEqual(groups(['domain'], [row()], { since: TUESDAY + DAY }), []);
});

test('a report without a time counts, but in no period', () => {
  const timeless = row({ begin: null, end: null });
  assert.deepEqual(told(groups(['day'], [timeless])), [' 10']);
  assert.deepEqual(groups(['day'], [timeless], { since: 1 }), []);
});

test('a report that spans an age is bounded in time', () => {
  const start = performance.now();
  groups(['day'], [row({ begin: 0, end: 1e15, messages: 1_000_000 })]);
  assert.ok(performance.now() - start < 10_000);
});

test('TLS sessions are summed up by what failed where', () => {
  const tls = { kind: 'tls', dkim: '', spf: '', results: '', sourceIp: '' } as const;
  const [group] = groups(
    ['domain'],
    [
      row({ ...tls, disposition: 'success', headerFrom: '', messages: 90 }),
      row({ ...tls, disposition: 'certificate-expired', headerFrom: 'mx.shop.example', reasons: 'X509', messages: 3 }),
    ],
  );
  assert.deepEqual([group?.messages, group?.pass, group?.fail], [93, 90, 3]);
  assert.deepEqual(group?.causes, [{ cause: 'certificate-expired at mx.shop.example (X509)', messages: 3 }]);
});

test('names like __proto__ and very many sources or causes are bounded', () => {
  const rollup = new Rollup({ by: ['source'] });
  for (let index = 0; index < 250_000; index += 1) rollup.add(row({ sourceIp: `s${index}` }));
  rollup.add(row({ sourceIp: '__proto__' }));
  const found = rollup.groups();
  assert.equal(found.length, 200_001);
  assert.equal(found[0]?.keys[0], 'other');
  const causes = new Rollup({ by: ['domain'] });
  for (let index = 0; index < 100; index += 1) {
    causes.add(row({ dkim: 'fail', spf: 'fail', results: `\fd${index}\tmfrom\tfail\v` }));
  }
  assert.ok((causes.groups()[0]?.causes.length ?? 0) <= 21);
});
