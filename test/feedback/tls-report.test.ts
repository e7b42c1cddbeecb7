import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readTlsReport, type TlsReport } from '../../src/feedback/tls-report.ts';

const FIXTURE = readFileSync(join(import.meta.dirname, '..', '..', 'fixtures', 'dmarc', 'tls-report.json'), 'utf8');

function report(text: string): TlsReport {
  const reading = readTlsReport(text);
  assert.ok(reading.status === 'read', JSON.stringify(reading));
  return reading.report;
}

test('a report tells who could not encrypt to which host, and why', () => {
  const { org, reportId, begin, end, policies, errors } = report(FIXTURE);
  assert.deepEqual(
    [org, reportId, begin, end],
    ['Mailbox Example', '2026-03-03T00:00:00Z_shop.example', 1772496000, 1772582399],
  );
  assert.deepEqual(errors, []);
  const [policy] = policies;
  assert.deepEqual(
    [policy?.domain, policy?.type, policy?.successes, policy?.failures],
    ['shop.example', 'sts', 512, 3],
  );
  assert.deepEqual(policy?.mxHosts, ['mx.shop.example'], 'a text where a list is due');
  assert.deepEqual(policy?.details[0]?.resultType, 'certificate-expired');
  assert.equal(policy?.details[0]?.sendingIp, '', 'left out by the reporter');
});

/** What is changed in the report, and the faults it is read with. */
const ODD: readonly [string, (text: string) => string, readonly string[]][] = [
  ['a byte order mark and lines behind it', (text) => `\ufeff${text}\n\n-- \nsent by mail`, []],
  ['no policies', (text) => text.replace(/"policies": \[[\s\S]*\]/, '"policies": []'), ['no_policies']],
  ['policies null', (text) => text.replace(/"policies": \[[\s\S]*\]/, '"policies": null'), ['no_policies']],
  ['one policy without a list', (text) => text.replace(/"policies": \[([\s\S]*)\]\n/, '"policies": $1\n'), []],
  ['no dates', (text) => text.replace('date-range', 'dates'), ['date_range_invalid']],
  ['counts as text', (text) => text.replace(': 512', ': "512"'), []],
  ['no report id', (text) => text.replace('report-id', 'id'), ['report_id_missing']],
  ['no organisation', (text) => text.replace('organization-name', 'org'), ['org_missing']],
  ['an unknown type of failure', (text) => text.replace('certificate-expired', 'Moon-In-Wrong-Phase'), []],
];

for (const [title, change, faults] of ODD) {
  test(`a report with ${title} is read`, () => {
    assert.deepEqual(
      report(change(FIXTURE)).errors.map(({ code }) => code),
      faults,
    );
  });
}

test('a missing sum is that of its parts', () => {
  const [policy] = report(FIXTURE.replace('"total-failure-session-count": 3', '"x": 1')).policies;
  assert.equal(policy?.failures, 3);
});

test('what is no report is refused with a reason', () => {
  for (const [text, code] of [
    ['{"a": 1}', 'not_a_report'],
    ['[1]', 'not_a_report'],
    ['', 'not_a_report'],
    ['{"report-id": ', 'corrupt'],
    ['{"__proto__": {"policies": []}}', 'not_a_report'],
  ] as const) {
    const reading = readTlsReport(text);
    assert.equal(reading.status === 'refused' ? reading.fault.code : 'read', code, text);
  }
});

test('a crafted report is bounded: deep, wide, and with names of an object', () => {
  const start = performance.now();
  readTlsReport(`{"policies": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`);
  const wide = report(`{"policies": [${'{},'.repeat(50_000)}{}]}`);
  assert.equal(wide.policies.length, 1000);
  assert.ok(wide.errors.some(({ code }) => code === 'too_many_results'));
  report('{"policies": [{"policy": {"__proto__": 1, "constructor": 2, "policy-domain": {"toString": 3}}}]}');
  assert.ok(performance.now() - start < 15_000);
});
