import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AggregateReport, DmarcRecord } from '../../src/feedback/dmarc-records.ts';
import { type AggregateReading, readAggregateXml } from '../../src/feedback/dmarc-xml.ts';

interface Reading {
  readonly reading: AggregateReading;
  readonly records: readonly DmarcRecord[];
}

async function read(xml: string | Buffer | Iterable<Buffer>): Promise<Reading> {
  const records: DmarcRecord[] = [];
  const bytes = typeof xml === 'string' ? [Buffer.from(xml)] : Buffer.isBuffer(xml) ? [xml] : xml;
  const chunks = (async function* () {
    yield* bytes;
  })();
  return { reading: await readAggregateXml(chunks, { record: (record) => void records.push(record) }), records };
}

async function report(xml: string | Buffer): Promise<AggregateReport & { readonly rows: readonly DmarcRecord[] }> {
  const { reading, records } = await read(xml);
  assert.ok(reading.status === 'read', JSON.stringify(reading));
  return { ...reading.report, rows: records };
}

const METADATA =
  '<report_metadata><org_name>reporter.test</org_name><email>dmarc@reporter.test</email><report_id>id-1</report_id>' +
  '<date_range><begin>1700000000</begin><end>1700086399</end></date_range></report_metadata>';
const POLICY = '<policy_published><domain>example.test</domain><p>none</p></policy_published>';
const row = (ip: string, count: number | string): string =>
  `<row><source_ip>${ip}</source_ip><count>${count}</count><policy_evaluated><disposition>none</disposition>` +
  '<dkim>pass</dkim><spf>fail</spf></policy_evaluated></row>';
const IDENTIFIERS = '<identifiers><header_from>example.test</header_from></identifiers>';
const AUTH =
  '<auth_results><dkim><domain>example.test</domain><selector>s1</selector><result>pass</result></dkim>' +
  '<spf><domain>bounce.test</domain><scope>mfrom</scope><result>hardfail</result></spf></auth_results>';
const record = (ip: string, count: number | string = 1): string =>
  `<record>${row(ip, count)}${IDENTIFIERS}${AUTH}</record>`;
const document = (content: string): string => `<?xml version="1.0" encoding="UTF-8"?><feedback>${content}</feedback>`;
const WHOLE = document(METADATA + POLICY + record('192.0.2.1', 3) + record('192.0.2.2', 4));

test('a whole report gives its metadata, policy, sums and records, without a fault', async () => {
  const { rows, ...read } = await report(WHOLE);
  assert.deepEqual(
    [read.org, read.reportId, read.begin, read.end, read.policy.domain, read.policy.p, read.errors],
    ['reporter.test', 'id-1', 1700000000, 1700086399, 'example.test', 'none', []],
  );
  assert.deepEqual([read.records, read.messages, read.dmarcPass, read.dkimPass, read.spfPass], [2, 7, 7, 7, 0]);
  assert.deepEqual(rows[0], {
    sourceIp: '192.0.2.1',
    count: 3,
    disposition: 'none',
    dkim: 'pass',
    spf: 'fail',
    reasons: [],
    headerFrom: 'example.test',
    envelopeFrom: '',
    envelopeTo: '',
    dkimResults: [{ domain: 'example.test', selector: 's1', result: 'pass', human: '' }],
    spfResults: [{ domain: 'bounce.test', scope: 'mfrom', result: 'fail', human: '' }],
  });
});

test('a report without a policy is of the domain all its mail names, and of none where they differ', async () => {
  const two = record('192.0.2.1') + record('192.0.2.2');
  const same = await report(document(METADATA + two));
  assert.deepEqual(
    [same.policy.domain, same.errors],
    ['example.test', [{ code: 'domain_missing', detail: 'example.test' }]],
  );
  const other = await report(document(METADATA + two.replace('<header_from>example', '<header_from>other')));
  assert.deepEqual([other.policy.domain, other.errors], ['', [{ code: 'domain_missing', detail: '' }]]);
});

/** Reports with one thing wrong: `[title, XML, codes of the faults, addresses and counts of the records]`. */
const BROKEN: readonly [string, string, readonly string[], readonly string[]][] = [
  [
    'an empty reason',
    WHOLE.replace('<spf>fail</spf></policy', '<spf>fail</spf><reason/></policy'),
    [],
    ['192.0.2.1 3', '192.0.2.2 4'],
  ],
  [
    'no end tag of the root',
    WHOLE.replace('</feedback>', ''),
    ['not_well_formed', 'unclosed'],
    ['192.0.2.1 3', '192.0.2.2 4'],
  ],
  ['no end tags of records', WHOLE.replaceAll('</record>', ''), ['not_well_formed'], ['192.0.2.1 3', '192.0.2.2 4']],
  [
    'no end tag of a value',
    WHOLE.replace('192.0.2.1</source_ip>', '192.0.2.1'),
    ['not_well_formed'],
    ['192.0.2.1 3', '192.0.2.2 4'],
  ],
  ['a mistyped end tag', WHOLE.replace('</count>', '</cuont>'), ['not_well_formed'], ['192.0.2.1 3', '192.0.2.2 4']],
  [
    'a schema tag that never ends',
    WHOLE.replace('<feedback>', '<xs:schema xmlns:xs="x"><feedback>'),
    ['not_well_formed', 'unclosed'],
    ['192.0.2.1 3', '192.0.2.2 4'],
  ],
  ['junk before the declaration', `\n\nOK 200 ${WHOLE}`, ['not_well_formed'], ['192.0.2.1 3', '192.0.2.2 4']],
  ['a bare <', WHOLE.replace('<header_from>', '<header_from>a<b'), ['not_well_formed'], ['192.0.2.1 3', '192.0.2.2 4']],
  [
    'an address in angle brackets',
    WHOLE.replace('dmarc@reporter.test', '<dmarc@reporter.test>'),
    ['not_well_formed'],
    ['192.0.2.1 3', '192.0.2.2 4'],
  ],
  ['a bare &', WHOLE.replace('reporter.test', 'A & B'), ['not_well_formed'], ['192.0.2.1 3', '192.0.2.2 4']],
  ['no count', WHOLE.replace('<count>3</count>', ''), ['count_missing'], ['192.0.2.1 0', '192.0.2.2 4']],
  ['a negative count', WHOLE.replace('>3<', '>-3<'), ['count_invalid'], ['192.0.2.1 0', '192.0.2.2 4']],
  [
    'a count beyond all numbers',
    WHOLE.replace('>3<', '>99999999999999999999<'),
    ['count_invalid'],
    ['192.0.2.1 0', '192.0.2.2 4'],
  ],
  ['a count with a fraction', WHOLE.replace('>3<', '> 3.0\n<'), [], ['192.0.2.1 3', '192.0.2.2 4']],
  [
    'a source that is no address',
    WHOLE.replace('192.0.2.1', 'unknown'),
    ['source_ip_invalid'],
    ['unknown 3', '192.0.2.2 4'],
  ],
  ['IPv4 within IPv6', WHOLE.replace('192.0.2.1', '::ffff:192.0.2.1'), [], ['192.0.2.1 3', '192.0.2.2 4']],
  ['IPv6 written at length', WHOLE.replace('192.0.2.1', '2001:0DB8:0:0::0001'), [], ['2001:db8::1 3', '192.0.2.2 4']],
  ['no records', document(METADATA + POLICY), ['no_records'], []],
  [
    'two policies',
    document(METADATA + POLICY + POLICY.replace('example', 'other') + record('192.0.2.1')),
    ['policy_twice'],
    ['192.0.2.1 1'],
  ],
  [
    'a span of four days',
    WHOLE.replace('1700086399', '1700345600'),
    ['span_over_a_day'],
    ['192.0.2.1 3', '192.0.2.2 4'],
  ],
  [
    'an end before the beginning',
    WHOLE.replace('1700086399', '1600000000'),
    ['date_range_invalid'],
    ['192.0.2.1 3', '192.0.2.2 4'],
  ],
  [
    'no name of the reporter',
    WHOLE.replace('reporter.test</org', '</org'),
    ['org_missing'],
    ['192.0.2.1 3', '192.0.2.2 4'],
  ],
  ['bytes of another charset', WHOLE.replace('id-1', '\ufffd'), ['wrong_encoding'], ['192.0.2.1 3', '192.0.2.2 4']],
];

for (const [title, xml, faults, rows] of BROKEN) {
  test(`a report with ${title} is read: ${faults.join(' and ') || 'no fault'}`, async () => {
    const found = await report(xml);
    assert.deepEqual(
      found.rows.map(({ sourceIp, count }) => `${sourceIp} ${count}`),
      rows,
    );
    assert.deepEqual(
      found.errors.map(({ code }) => code),
      faults,
    );
    assert.equal(found.policy.domain, 'example.test');
    assert.deepEqual(
      found.rows.map((row) => row.dkimResults.length),
      rows.map(() => 1),
      'results stay with their record',
    );
  });
}

test('prefixes, capitals, drafts and other spellings mean the same', async () => {
  const prefixed = WHOLE.replaceAll(/<(\/?)(?=[a-z])/g, '<$1d:').replace('<d:feedback', '<d:feedback xmlns:d="urn:x"');
  assert.equal((await report(prefixed)).messages, 7);
  assert.equal((await report(WHOLE.replaceAll('pass', ' Pass ').replaceAll('none', 'NONE'))).dkimPass, 7);
  assert.equal((await report(WHOLE.replaceAll('identifiers', 'identities'))).rows[0]?.headerFrom, 'example.test');
  assert.equal((await report(WHOLE.replaceAll('reporter.test', '<![CDATA[reporter.test]]>'))).org, 'reporter.test');
  assert.equal((await report(WHOLE.replace('id-1', '&lt;id-1@x&gt;'))).reportId, 'id-1@x');
});

test('times may be fractions, milliseconds or ISO dates, which are read as UTC', async () => {
  const cases = [
    ['1700000000.5', 1700000000],
    ['1700000000000', 1700000000],
    ['2023-11-14T22:13:20Z', 1700000000],
    ['2023-11-14 22:13:20', 1700000000],
    ['2023-11-15T00:13:20+02:00', 1700000000],
    ['soon', null],
  ] as const;
  for (const [text, seconds] of cases) {
    assert.equal((await report(WHOLE.replace('1700000000', text))).begin, seconds, text);
  }
});

test('extensions and foreign elements are passed over, whatever names they hold', async () => {
  const extension = '<extension><domain>evil.test</domain><record><row><count>9</count></row></record></extension>';
  const foreign = '<x:arc xmlns:x="urn:y"><domain>evil.test</domain><x:count>9</x:count></x:arc>';
  const found = await report(
    document(
      METADATA +
        POLICY.replace('</policy', `${extension}</policy`) +
        record('192.0.2.1').replace('</row>', `${foreign}${extension}</row>`),
    ),
  );
  assert.deepEqual([found.policy.domain, found.records, found.messages], ['example.test', 1, 1]);
});

test('UTF-16 and declared encodings are decoded, wrong declarations do no harm', async () => {
  const named = WHOLE.replace('reporter.test', 'Übersicht');
  assert.equal((await report(Buffer.from(`\ufeff${named}`, 'utf16le'))).org, 'Übersicht');
  assert.equal((await report(Buffer.from(named, 'utf16le'))).org, 'Übersicht');
  assert.equal((await report(Buffer.from(named.replace('UTF-8', 'iso-8859-1'), 'latin1'))).org, 'Übersicht');
  assert.equal((await report(named.replace('UTF-8', 'UTF-16'))).org, 'Übersicht');
  assert.equal((await report(named.replace('UTF-8', 'klingon'))).org, 'Übersicht');
});

test('a report may be cut into pieces anywhere, even within a character', async () => {
  const bytes = Buffer.from(WHOLE.replace('reporter.test', 'Übersicht €'));
  for (let at = 1; at < bytes.length; at += 1) {
    const { reading } = await read([bytes.subarray(0, at), bytes.subarray(at)]);
    assert.ok(
      reading.status === 'read' && reading.report.org === 'Übersicht €' && reading.report.messages === 7,
      `${at}`,
    );
    assert.deepEqual(reading.report.errors, [], `cut at ${at}`);
  }
});

test('every beginning of a report is read or refused, never a crash', async () => {
  for (let at = 0; at < WHOLE.length; at += 3) await read(WHOLE.slice(0, at));
});

/** Hostile documents: `[title, content in pieces, code of the refusal]`. */
const HOSTILE: readonly [string, () => Iterable<Buffer>, string][] = [
  [
    'entities that multiply',
    () => [Buffer.from(`<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>${WHOLE}`)],
    'doctype',
  ],
  ['an entity that reads a file', () => [Buffer.from(`<!DOCTYPE x SYSTEM "file:///etc/passwd">${WHOLE}`)], 'doctype'],
  ['elements 100,000 deep', () => [Buffer.from(`<feedback>${'<a>'.repeat(100_000)}`)], 'too_deep'],
  ['records 100,000 deep', () => [Buffer.from(`<feedback>${'<record>'.repeat(100_000)}`)], 'too_deep'],
  ['a comment of 100 MB', () => repeated('<feedback><!--', 'x <', 100), 'token_too_long'],
  ['an attribute of 100 MB', () => repeated('<feedback a="', 'x', 100), 'token_too_long'],
  ['an attribute of 20 MB full of <', () => repeated('<feedback a="', '<', 20), 'not_a_report'],
  ['a name of 100 MB', () => repeated('<', 'x', 100), 'token_too_long'],
  ['a CDATA section of 100 MB', () => repeated('<feedback><version><![CDATA[', 'x>', 100), 'token_too_long'],
  ['20 MB of &', () => repeated('<feedback><version>', '&', 20), 'token_too_long'],
  ['20 MB of ]', () => repeated('<feedback><version>', ']', 20), 'token_too_long'],
  ['20 MB of <>', () => repeated('<feedback><version>', '<>', 20), 'too_many_faults'],
  ['20 MB of </a>', () => repeated('<feedback><version>', '</a>', 20), 'too_many_faults'],
  ['a text of 100 MB', () => repeated('<feedback><version>', 'x', 100), 'token_too_long'],
];

function* repeated(start: string, unit: string, megabytes: number): Iterable<Buffer> {
  yield Buffer.from(start);
  const piece = Buffer.alloc(250_000, unit);
  for (let count = 0; count < megabytes * 4; count += 1) yield piece;
}

for (const [title, pieces, code] of HOSTILE) {
  test(`${title}: ${code}, in little time and memory`, async () => {
    const before = process.memoryUsage().rss;
    const start = performance.now();
    const { reading } = await read(pieces());
    const ms = performance.now() - start;
    assert.equal(reading.status === 'refused' ? reading.fault.code : null, code);
    assert.ok(ms < 30_000, `${ms} ms`);
    assert.ok(process.memoryUsage().rss - before < 150e6, `${(process.memoryUsage().rss - before) / 1e6} MB`);
  });
}

test('names like __proto__ are names like any other', async () => {
  const found = await report(
    WHOLE.replace('<row>', '<__proto__><constructor>x</constructor></__proto__><row __proto__="x">').replaceAll(
      '>none<',
      '>__proto__<',
    ),
  );
  assert.deepEqual([...found.disposition], [['__proto__', 7]]);
  assert.equal(found.messages, 7);
});

test('a document without anything of a report is refused', async () => {
  for (const xml of ['<html><body>Hello</body></html>', '<a/>', '<', '<feedback/>']) {
    const { reading } = await read(xml);
    assert.equal(reading.status === 'refused' ? reading.fault.code : 'read', 'not_a_report', xml);
  }
});
