// Turns reports into what is kept of them: a head with an identity, and rows of messages that met the same fate.
import { createHash } from 'node:crypto';
import type { Report } from './dmarc.ts';
import type { AggregateReport, DmarcRecord } from './dmarc-records.ts';
import type { FailureReport } from './failure-report.ts';
import type { TlsReport } from './tls-report.ts';

/** Messages (or TLS sessions) that met the same fate; the store has a table that fits. */
export interface FateRow {
  /** The sending address; of TLS reports the sending host's. */
  readonly sourceIp: string;
  /** The domain in From; of TLS reports the receiving mail host. */
  readonly headerFrom: string;
  /** none, quarantine, reject, pass; of TLS reports `success` or the type of the failure. */
  readonly disposition: string;
  readonly dkim: string;
  readonly spf: string;
  /** Types of override, or the reason of a TLS failure. */
  readonly reasons: string;
  /** `{"dkim": [[domain, selector, result]…], "spf": [[domain, scope, result]…]}`; '' for TLS. */
  readonly results: string;
  readonly messages: number;
}

export interface FateHead {
  readonly identity: string;
  readonly kind: Report['kind'];
  readonly reporter: string;
  readonly reportId: string;
  readonly domain: string;
  readonly begin: number | null;
  readonly end: number | null;
  readonly messages: number;
  readonly detail: string;
}

/** Joins records of the same fate: a report of a million records has some thousand of them. */
export class FateGroups {
  #groups = new Map<string, { row: FateRow; messages: number }>();

  get size(): number {
    return this.#groups.size;
  }

  add(record: DmarcRecord): void {
    const { sourceIp, headerFrom, disposition, dkim, spf, count } = record;
    const reasons = record.reasons.length === 0 ? '' : record.reasons.map(({ type }) => type).join(',');
    const results = resultsOf(record);
    const key = `${sourceIp}\n${headerFrom}\n${disposition}\n${dkim}\n${spf}\n${reasons}\n${results}`;
    const known = this.#groups.get(key);
    if (known !== undefined) {
      known.messages = Math.min(known.messages + count, Number.MAX_SAFE_INTEGER);
      return;
    }
    const row = { sourceIp, headerFrom, disposition, dkim, spf, reasons, results, messages: 0 };
    this.#groups.set(key, { row, messages: count });
  }

  /** The rows so far; the groups are empty then. */
  take(): FateRow[] {
    const rows = [...this.#groups.values()].map(({ row, messages }) => ({ ...row, messages }));
    this.#groups = new Map();
    return rows;
  }
}

/** Selector, domain and result stay together: columns of each would join what does not belong together. */
function resultsOf({ dkimResults, spfResults }: DmarcRecord): string {
  return JSON.stringify({
    dkim: dkimResults.map(({ domain, selector, result }) => [domain, selector, result]),
    spf: spfResults.map(({ domain, scope, result }) => [domain, scope, result]),
  });
}

/** What is kept of an aggregate report. `sha256` names the file, for reports that name themselves by nothing. */
export function aggregateHead(report: AggregateReport, sha256: string): FateHead {
  const { reportId, policy, begin, end, messages, errors } = report;
  const reporter = reporterOf(report);
  return {
    identity: identityOf(['aggregate', reporter.toLowerCase(), reportId, policy.domain, begin], { reportId, sha256 }),
    kind: 'aggregate',
    reporter,
    reportId,
    domain: policy.domain,
    begin,
    end,
    messages,
    detail: JSON.stringify({ policy, errors }),
  };
}

/** The reporter's name, or the domain it writes from where it gives none. */
export function reporterOf({ org, email }: { readonly org: string; readonly email: string }): string {
  return org !== '' ? org : email.slice(email.lastIndexOf('@') + 1);
}

/** One head with its rows for each policy: a TLS report may speak of several domains. */
export function tlsHeads(report: TlsReport, sha256: string): { head: FateHead; rows: FateRow[] }[] {
  const { org, contact, reportId, begin, end } = report;
  const reporter = reporterOf({ org, email: contact });
  return report.policies.map((policy, index) => ({
    head: {
      identity: identityOf(['tls', reporter.toLowerCase(), reportId, policy.domain, begin, index], {
        reportId,
        sha256,
      }),
      kind: 'tls',
      reporter,
      reportId,
      domain: policy.domain,
      begin,
      end,
      messages: policy.successes + policy.failures,
      detail: JSON.stringify({ type: policy.type, mx: policy.mxHosts }),
    },
    rows: [
      tlsRow({ disposition: 'success', messages: policy.successes }),
      ...policy.details.map(({ sendingIp, receivingMx, resultType, failureReason, sessions }) =>
        tlsRow({
          sourceIp: sendingIp,
          headerFrom: receivingMx,
          disposition: resultType,
          reasons: failureReason,
          messages: sessions,
        }),
      ),
    ],
  }));
}

function tlsRow(row: Partial<FateRow>): FateRow {
  const empty = { sourceIp: '', headerFrom: '', disposition: '', dkim: '', spf: '', reasons: '', results: '' };
  return { ...empty, messages: 0, ...row };
}

/** A failure report is one message; it is kept, but not summed up: aggregate reports count that message, too. */
export function failureHead(report: FailureReport, sha256: string): FateHead {
  const { userAgent, domain, begin, sourceIp, authFailure, originalMessageId, arrivalDate } = report;
  const named = originalMessageId;
  return {
    identity: identityOf(['failure', domain, sourceIp, arrivalDate, named, authFailure], { reportId: named, sha256 }),
    kind: 'failure',
    reporter: userAgent,
    reportId: named,
    domain,
    begin,
    end: begin,
    messages: 1,
    detail: JSON.stringify({ source_ip: sourceIp, auth_failure: authFailure, from: report.originalFrom }),
  };
}

/** RFC 7489 section 7.2.1.1 lets a resend keep its name; without a report id only the same bytes are the same report. */
function identityOf(
  parts: readonly (string | number | null)[],
  { reportId, sha256 }: { readonly reportId: string; readonly sha256: string },
): string {
  return createHash('sha256')
    .update(JSON.stringify(reportId === '' ? [...parts, sha256] : parts))
    .digest('hex');
}
