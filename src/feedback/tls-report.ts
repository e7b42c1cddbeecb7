// Reads SMTP TLS reports (RFC 8460): who could not encrypt to which of our mail hosts, and why.
import { domainOf, plainText, type ReportFault, secondsOf } from './dmarc-records.ts';

/** Sessions that failed for one reason; '' where the report does not say. */
export interface TlsFailure {
  /** As RFC 8460 section 4.3 names them, in lower case; unknown ones pass through. */
  readonly resultType: string;
  readonly sessions: number;
  readonly sendingIp: string;
  readonly receivingMx: string;
  readonly receivingHelo: string;
  readonly receivingIp: string;
  readonly additionalInformation: string;
  readonly failureReason: string;
}

export interface TlsPolicy {
  readonly domain: string;
  /** sts, tlsa or no-policy-found. */
  readonly type: string;
  readonly strings: readonly string[];
  readonly mxHosts: readonly string[];
  readonly successes: number;
  readonly failures: number;
  readonly details: readonly TlsFailure[];
}

export interface TlsReport {
  readonly kind: 'tls';
  readonly org: string;
  readonly contact: string;
  readonly reportId: string;
  /** Unix seconds. */
  readonly begin: number | null;
  readonly end: number | null;
  readonly policies: readonly TlsPolicy[];
  readonly errors: readonly ReportFault[];
}

export type TlsReading =
  | { readonly status: 'read'; readonly report: TlsReport }
  | { readonly status: 'refused'; readonly fault: ReportFault };

/** More than a report has; the rest is left out, with a fault. */
const MOST_POLICIES = 1000;
const MOST_DETAILS = 10_000;
const MOST_STRINGS = 100;

/** Reads one report from its JSON text. Never throws: what is no TLS report is refused with a reason. */
export function readTlsReport(text: string): TlsReading {
  const value = parsed(text);
  if (value === undefined) {
    return TLS_FIELDS.test(text.slice(0, 64_000))
      ? refused('corrupt', 'broken JSON')
      : refused('not_a_report', 'no JSON');
  }
  const report = objectOf(value);
  const policies = listOf(report.get('policies'));
  if (!report.has('policies') && !report.has('organization-name')) {
    return refused('not_a_report', 'JSON without the fields of a TLS report');
  }
  const range = objectOf(report.get('date-range'));
  const errors: ReportFault[] = [];
  const read = {
    org: textOf(report.get('organization-name')),
    contact: textOf(report.get('contact-info')),
    reportId: textOf(report.get('report-id')).replace(/^<|>$/g, ''),
    begin: secondsOf(textOf(range.get('start-datetime'))),
    end: secondsOf(textOf(range.get('end-datetime'))),
    policies: policies.slice(0, MOST_POLICIES).map((policy) => policyOf(objectOf(policy), errors)),
  };
  if (policies.length === 0) errors.push({ code: 'no_policies', detail: '' });
  if (policies.length > MOST_POLICIES) errors.push({ code: 'too_many_results', detail: `${policies.length} policies` });
  if (read.org === '') errors.push({ code: 'org_missing', detail: read.contact });
  if (read.reportId === '') errors.push({ code: 'report_id_missing', detail: '' });
  if (read.begin === null || read.end === null) {
    errors.push({ code: 'date_range_invalid', detail: 'start-datetime or end-datetime is missing' });
  }
  return { status: 'read', report: { kind: 'tls', ...read, errors } };
}

const TLS_FIELDS = /"(?:organization-name|policies|report-id)"/;

function policyOf(item: Fields, errors: ReportFault[]): TlsPolicy {
  const policy = objectOf(item.get('policy'));
  const summary = objectOf(item.get('summary'));
  const details = listOf(item.get('failure-details'));
  if (details.length > MOST_DETAILS) errors.push({ code: 'too_many_results', detail: `${details.length} details` });
  const failures = details.slice(0, MOST_DETAILS).map((detail) => failureOf(objectOf(detail)));
  return {
    domain: domainOf(textOf(policy.get('policy-domain'))),
    type: textOf(policy.get('policy-type')).toLowerCase(),
    strings: stringsOf(policy.get('policy-string')),
    mxHosts: stringsOf(policy.get('mx-host')),
    successes: sessionsOf(summary.get('total-successful-session-count')) ?? 0,
    failures:
      sessionsOf(summary.get('total-failure-session-count')) ??
      failures.reduce((sum, { sessions }) => sum + sessions, 0),
    details: failures,
  };
}

function failureOf(detail: Fields): TlsFailure {
  return {
    resultType: textOf(detail.get('result-type')).toLowerCase(),
    sessions: sessionsOf(detail.get('failed-session-count')) ?? 0,
    sendingIp: textOf(detail.get('sending-mta-ip')),
    receivingMx: domainOf(textOf(detail.get('receiving-mx-hostname'))),
    receivingHelo: textOf(detail.get('receiving-mx-helo')),
    receivingIp: textOf(detail.get('receiving-ip')),
    // RFC 8460 section 4.4 and its errata name it both ways.
    additionalInformation: textOf(detail.get('additional-information') ?? detail.get('additional-info')),
    failureReason: textOf(detail.get('failure-reason-code') ?? detail.get('failure-error-code')),
  };
}

function refused(code: string, detail: string): TlsReading {
  return { status: 'refused', fault: { code, detail } };
}

/** A stranger's object as a Map, so that no name of his (`__proto__`) means anything. */
type Fields = ReadonlyMap<string, unknown>;

function parsed(text: string): unknown {
  const start = text.indexOf('{');
  const end = text.lastIndexOf('}');
  try {
    return start === -1 ? undefined : JSON.parse(text.slice(start, end + 1));
  } catch {
    return undefined;
  }
}

function objectOf(value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return new Map();
  return new Map(Object.entries(value));
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return typeof value === 'object' && value !== null ? [value] : [];
}

/** A list of texts, also where the report gives a single text instead. */
function stringsOf(value: unknown): string[] {
  const items = Array.isArray(value) ? value : [value];
  return items
    .slice(0, MOST_STRINGS)
    .map(textOf)
    .filter((text) => text !== '');
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return plainText(value);
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

function sessionsOf(value: unknown): number | null {
  const number = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && number >= 0 && Number.isSafeInteger(Math.trunc(number))
    ? Math.trunc(number)
    : null;
}
