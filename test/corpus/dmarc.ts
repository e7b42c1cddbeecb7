// Compares what is read of labelled DMARC, failure and TLS reports with their labels, and prints where they part.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Report, readReports } from '../../src/feedback/dmarc.ts';
import type { DmarcRecord } from '../../src/feedback/dmarc-records.ts';

export const DMARC_FOLDER = join(import.meta.dirname, '..', '..', '..', 'shared', 'corpora', 'dmarc');

/** One labelled report; fields are compared where the label has them. */
type Label = Readonly<Record<string, unknown>> & { readonly file: string; readonly kind: string };

export interface DmarcFigures {
  readonly reports: number;
  readonly right: number;
  readonly lines: readonly string[];
}

export function hasDmarcCorpus(): boolean {
  return existsSync(join(DMARC_FOLDER, 'expected.jsonl'));
}

/** Reads every labelled file; a report is right when all its labelled fields are. */
export async function measureDmarc(): Promise<DmarcFigures> {
  const labels: Label[] = readFileSync(join(DMARC_FOLDER, 'expected.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const lines: string[] = [];
  let right = 0;
  for (const label of labels) {
    const found = await readFirst(label.file);
    const differences = label['may_reject'] === true && found['kind'] === 'invalid' ? [] : differencesOf(label, found);
    if (differences.length === 0) right += 1;
    else lines.push(`  ${label.file}: ${differences.join('; ')}`);
  }
  lines.unshift(`DMARC and TLS reports: ${right} of ${labels.length} right in every labelled field`);
  return { reports: labels.length, right, lines };
}

async function readFirst(file: string): Promise<Record<string, unknown>> {
  const rows: DmarcRecord[] = [];
  const newSink = () => ({ record: (record: DmarcRecord) => void rows.push(record) });
  for await (const reading of readReports([readFileSync(join(DMARC_FOLDER, file))], { newSink })) {
    return reading.status === 'report'
      ? fieldsOf(reading.report, rows)
      : { kind: 'invalid', error: reading.fault.code };
  }
  return { kind: 'nothing' };
}

function fieldsOf(report: Report, rows: readonly DmarcRecord[]): Record<string, unknown> {
  switch (report.kind) {
    case 'aggregate':
      return {
        kind: report.kind,
        org: report.org,
        report_id: report.reportId,
        domain: report.policy.domain,
        begin: report.begin,
        end: report.end,
        records: report.records,
        messages: report.messages,
        dmarc_pass: report.dmarcPass,
        dmarc_fail: report.dmarcFail,
        dkim_pass: report.dkimPass,
        spf_pass: report.spfPass,
        disposition: Object.fromEntries(report.disposition),
        rows: rows.map((row) => ({
          source_ip: row.sourceIp,
          count: row.count,
          disposition: row.disposition,
          dkim: row.dkim,
          spf: row.spf,
          header_from: row.headerFrom,
        })),
      };
    case 'tls': {
      const successes = report.policies.reduce((sum, policy) => sum + policy.successes, 0);
      const failures = report.policies.reduce((sum, policy) => sum + policy.failures, 0);
      return {
        kind: report.kind,
        org: report.org,
        report_id: report.reportId,
        domain: report.policies[0]?.domain ?? '',
        begin: report.begin,
        end: report.end,
        records: report.policies.length,
        successes,
        failures,
        failure_details: report.policies.reduce((sum, policy) => sum + policy.details.length, 0),
        messages: successes + failures,
      };
    }
    case 'failure':
      return {
        kind: report.kind,
        feedback_type: report.feedbackType,
        domain: report.domain,
        source_ip: report.sourceIp,
        auth_failure: report.authFailure,
        user_agent: report.userAgent,
      };
  }
}

const NOT_COMPARED = new Set(['file', 'xml', 'may_reject', 'error']);

function differencesOf(label: Label, found: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(label)
    .filter((name) => !NOT_COMPARED.has(name) && JSON.stringify(found[name]) !== JSON.stringify(label[name]))
    .map((name) => `${name} is ${shown(found[name])}, labelled ${shown(label[name])}`);
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? 'missing').slice(0, 200);
}

if (process.argv[1] === import.meta.filename) {
  const { lines } = hasDmarcCorpus() ? await measureDmarc() : { lines: ['The DMARC corpus is not here: skipped.'] };
  console.log(lines.join('\n'));
}
