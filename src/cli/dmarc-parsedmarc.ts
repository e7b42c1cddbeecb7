// Reports with the names and shape of parsedmarc's JSON (https://domainaware.github.io/parsedmarc/output.html), which
// dashboards read. Differences: nothing is looked up (country, reverse DNS and names of sources are null), times are those
// of the report, and of failure reports only headers are given.
import type { AggregateReport, DmarcRecord } from '../feedback/dmarc-records.ts';
import type { FailureReport } from '../feedback/failure-report.ts';
import { reporterOf } from '../feedback/report-rows.ts';
import type { TlsReport } from '../feedback/tls-report.ts';
import { isoOf, reportObject, type ShownReport } from './dmarc-record.ts';

/** The object for one report; what could not be read has none there, so it keeps our own form. */
export function parsedmarcObject(shown: ShownReport): object {
  const { report } = shown;
  if (report === null) return reportObject(shown);
  switch (report.kind) {
    case 'aggregate':
      return aggregateObject(report, shown.records ?? []);
    case 'tls':
      return tlsObject(report);
    case 'failure':
      return failureObject(report);
  }
}

/** parsedmarc writes `2024-06-13 00:00:00`; ours are UTC like its own since 8.20. */
function timeText(seconds: number | null): string | null {
  return isoOf(seconds)?.slice(0, 19).replace('T', ' ') ?? null;
}

function orNull(text: string): string | null {
  return text === '' ? null : text;
}

function aggregateObject(report: AggregateReport, records: readonly DmarcRecord[]): object {
  const { policy, begin, end } = report;
  const span = begin === null || end === null ? null : end - begin;
  return {
    xml_schema: report.version === '' ? 'draft' : report.version,
    report_metadata: {
      org_name: reporterOf(report),
      org_email: report.email,
      org_extra_contact_info: orNull(report.extraContact),
      report_id: report.reportId,
      begin_date: timeText(begin),
      end_date: timeText(end),
      timespan_requires_normalization: span !== null && span > 86_400,
      original_timespan_seconds: span,
      errors: [...report.reporterErrors, ...report.errors.map(({ code, detail }) => `${code}: ${detail}`)],
    },
    policy_published: {
      domain: policy.domain,
      adkim: policy.adkim || 'r',
      aspf: policy.aspf || 'r',
      p: policy.p,
      sp: policy.sp || policy.p,
      pct: policy.pct || '100',
      fo: policy.fo || '0',
      np: orNull(policy.np),
      testing: orNull(policy.testing),
      discovery_method: orNull(policy.discoveryMethod),
    },
    records: records.map((record) => recordObject(record, report)),
  };
}

function recordObject(record: DmarcRecord, { begin, end }: AggregateReport): object {
  const dkim = record.dkim === 'pass';
  const spf = record.spf === 'pass';
  return {
    interval_begin: timeText(begin),
    interval_end: timeText(end),
    normalized_timespan: false,
    source: sourceObject(record.sourceIp),
    count: record.count,
    alignment: { spf, dkim, dmarc: dkim || spf },
    policy_evaluated: {
      disposition: record.disposition,
      dkim: record.dkim,
      spf: record.spf,
      policy_override_reasons: record.reasons
        .filter(({ type, comment }) => type !== '' || comment !== '')
        .map(({ type, comment }) => ({ type: orNull(type), comment: orNull(comment) })),
    },
    identifiers: {
      header_from: record.headerFrom,
      envelope_from: orNull(record.envelopeFrom),
      envelope_to: orNull(record.envelopeTo),
    },
    auth_results: {
      dkim: record.dkimResults.map(({ domain, selector, result, human }) => ({
        domain,
        selector: selector || 'none',
        result,
        human_result: orNull(human),
      })),
      spf: record.spfResults.map(({ domain, scope, result, human }) => ({
        domain,
        scope: scope || 'mfrom',
        result,
        human_result: orNull(human),
      })),
    },
  };
}

function sourceObject(address: string): object {
  return { ip_address: address, country: null, reverse_dns: null, base_domain: null, name: null, type: null };
}

function tlsObject(report: TlsReport): object {
  return {
    organization_name: report.org,
    begin_date: isoOf(report.begin),
    end_date: isoOf(report.end),
    contact_info: report.contact,
    report_id: report.reportId,
    policies: report.policies.map((policy) => ({
      policy_domain: policy.domain,
      policy_type: policy.type,
      policy_strings: policy.strings,
      mx_host_patterns: policy.mxHosts,
      successful_session_count: policy.successes,
      failed_session_count: policy.failures,
      failure_details: policy.details.map((detail) => ({
        result_type: detail.resultType,
        failed_session_count: detail.sessions,
        sending_mta_ip: orNull(detail.sendingIp),
        receiving_ip: orNull(detail.receivingIp),
        receiving_mx_hostname: orNull(detail.receivingMx),
        receiving_mx_helo: orNull(detail.receivingHelo),
        additional_info_uri: orNull(detail.additionalInformation),
        failure_reason_code: orNull(detail.failureReason),
      })),
    })),
  };
}

function failureObject(report: FailureReport): object {
  return {
    feedback_type: report.feedbackType,
    user_agent: orNull(report.userAgent),
    version: '1',
    original_envelope_id: null,
    original_mail_from: orNull(report.originalMailFrom),
    original_rcpt_to: report.originalRcptTo[0] ?? null,
    arrival_date: report.arrivalDate,
    arrival_date_utc: timeText(report.begin),
    authentication_results: orNull(report.authenticationResults),
    delivery_result: orNull(report.deliveryResult),
    auth_failure: report.authFailure === '' ? [] : report.authFailure.split(','),
    authentication_mechanisms: [],
    dkim_domain: orNull(report.dkimDomain),
    reported_domain: report.domain,
    source: sourceObject(report.sourceIp),
    sample_headers_only: true,
    sample: '',
    parsed_sample: {
      subject: orNull(report.originalSubject),
      from: orNull(report.originalFrom),
      message_id: orNull(report.originalMessageId),
    },
  };
}
