// What `mailgate dmarc` shows of one report: an object for machines, a line for people.
import type { ChalkInstance } from 'chalk';
import type { Report } from '../feedback/dmarc.ts';
import type { AggregateReport, DmarcRecord, ReportFault } from '../feedback/dmarc-records.ts';
import type { FailureReport } from '../feedback/failure-report.ts';
import { reporterOf } from '../feedback/report-rows.ts';
import type { SourcePlace } from '../feedback/sources.ts';
import type { TlsReport } from '../feedback/tls-report.ts';
import { printable } from '../smtp/printable.ts';
import { isoTime } from './annotation.ts';
import { count, plural } from './number-words.ts';

/**
 * `parsed`: read, and new or not kept. `duplicate`: kept before. The others were not read: `ignored` has nothing to do with
 * reports, `unsupported` cannot be read by anybody without more, `refused` is beyond a limit, `corrupt` is damaged,
 * `retryable` may be readable another time.
 */
export type ReportStatus = 'parsed' | 'duplicate' | 'ignored' | 'unsupported' | 'refused' | 'corrupt' | 'retryable';

export interface ShownReport {
  readonly place: SourcePlace;
  /** The name of the member of an archive, or null. */
  readonly member: string | null;
  readonly status: ReportStatus;
  readonly report: Report | null;
  /** Why there is no report. */
  readonly fault: ReportFault | null;
  /** Records to be shown, or null. */
  readonly records: readonly DmarcRecord[] | null;
  readonly recordsLeftOut: boolean;
}

const STATUS_OF_FAULT: ReadonlyMap<string, ReportStatus> = new Map([
  ['no_report', 'ignored'],
  ['not_a_report', 'ignored'],
  ['complaint', 'ignored'],
  ['unsupported', 'unsupported'],
  ['encrypted', 'unsupported'],
  ['not_found', 'retryable'],
  ['not_a_file', 'unsupported'],
  ['unreadable', 'retryable'],
  ['empty', 'corrupt'],
  ['corrupt', 'corrupt'],
]);

/** The status of what could not be read; codes that stand nowhere above are limits. */
export function statusOfFault({ code }: ReportFault): ReportStatus {
  return STATUS_OF_FAULT.get(code) ?? 'refused';
}

/** One object a report. `begin` and `end` are Unix seconds, as in the reports; `records` and `messages` are counts. */
export function reportObject({ place, member, status, report, fault, records, recordsLeftOut }: ShownReport): object {
  const where = {
    file: place.path,
    ...(place.part === undefined ? {} : { part: place.part }),
    ...(member === null ? {} : { member }),
  };
  if (report === null) return { ...where, kind: 'invalid', status, ...NOTHING, errors: fault === null ? [] : [fault] };
  switch (report.kind) {
    case 'aggregate': {
      const rows = records === null ? {} : { rows: records.map(recordObject), rows_left_out: recordsLeftOut };
      return { ...where, kind: report.kind, status, ...aggregateFields(report), ...rows, errors: report.errors };
    }
    case 'tls':
      return { ...where, kind: report.kind, status, ...tlsFields(report), errors: report.errors };
    case 'failure':
      return { ...where, kind: report.kind, status, ...failureFields(report), errors: report.errors };
  }
}

const NOTHING = { org: '', report_id: '', domain: '', begin: null, end: null, records: 0, messages: 0 };

function aggregateFields(report: AggregateReport): object {
  const { policy } = report;
  return {
    org: report.org,
    reporter: reporterOf(report),
    email: report.email,
    extra_contact: report.extraContact,
    report_id: report.reportId,
    domain: policy.domain,
    begin: report.begin,
    end: report.end,
    begin_at: isoOf(report.begin),
    end_at: isoOf(report.end),
    version: report.version,
    generator: report.generator,
    policy: {
      p: policy.p,
      sp: policy.sp,
      np: policy.np,
      adkim: policy.adkim,
      aspf: policy.aspf,
      pct: policy.pct,
      fo: policy.fo,
      testing: policy.testing,
      discovery_method: policy.discoveryMethod,
    },
    records: report.records,
    messages: report.messages,
    dmarc_pass: report.dmarcPass,
    dmarc_fail: report.dmarcFail,
    dkim_pass: report.dkimPass,
    spf_pass: report.spfPass,
    disposition: Object.fromEntries(report.disposition),
    reporter_errors: report.reporterErrors,
  };
}

function recordObject(record: DmarcRecord): object {
  return {
    source_ip: record.sourceIp,
    count: record.count,
    disposition: record.disposition,
    dkim: record.dkim,
    spf: record.spf,
    reasons: record.reasons,
    header_from: record.headerFrom,
    envelope_from: record.envelopeFrom,
    envelope_to: record.envelopeTo,
    auth_results: {
      dkim: record.dkimResults.map(({ human, ...result }) => ({ ...result, human_result: human })),
      spf: record.spfResults.map(({ human, ...result }) => ({ ...result, human_result: human })),
    },
  };
}

function tlsFields(report: TlsReport): object {
  const { successes, failures } = sessionsOf(report);
  return {
    org: report.org,
    contact: report.contact,
    report_id: report.reportId,
    domain: report.policies[0]?.domain ?? '',
    begin: report.begin,
    end: report.end,
    begin_at: isoOf(report.begin),
    end_at: isoOf(report.end),
    records: report.policies.length,
    messages: successes + failures,
    successes,
    failures,
    failure_details: report.policies.reduce((sum, { details }) => sum + details.length, 0),
    policies: report.policies.map((policy) => ({
      domain: policy.domain,
      type: policy.type,
      strings: policy.strings,
      mx_hosts: policy.mxHosts,
      successes: policy.successes,
      failures: policy.failures,
      details: policy.details.map((detail) => ({
        result_type: detail.resultType,
        sessions: detail.sessions,
        sending_ip: detail.sendingIp,
        receiving_mx: detail.receivingMx,
        receiving_helo: detail.receivingHelo,
        receiving_ip: detail.receivingIp,
        additional_information: detail.additionalInformation,
        failure_reason: detail.failureReason,
      })),
    })),
  };
}

export function sessionsOf({ policies }: TlsReport): { readonly successes: number; readonly failures: number } {
  return {
    successes: policies.reduce((sum, policy) => sum + policy.successes, 0),
    failures: policies.reduce((sum, policy) => sum + policy.failures, 0),
  };
}

function failureFields(report: FailureReport): object {
  return {
    org: report.userAgent,
    report_id: report.originalMessageId,
    domain: report.domain,
    begin: report.begin,
    end: report.begin,
    records: 1,
    messages: 1,
    feedback_type: report.feedbackType,
    user_agent: report.userAgent,
    source_ip: report.sourceIp,
    auth_failure: report.authFailure,
    identity_alignment: report.identityAlignment,
    delivery_result: report.deliveryResult,
    authentication_results: report.authenticationResults,
    dkim_domain: report.dkimDomain,
    dkim_selector: report.dkimSelector,
    arrival_date: report.arrivalDate,
    original_mail_from: report.originalMailFrom,
    original_rcpt_to: report.originalRcptTo,
    original_message_id: report.originalMessageId,
    original_from: report.originalFrom,
    original_subject: report.originalSubject,
  };
}

/** A time in ISO 8601, UTC; null for none and for numbers that are no time. */
export function isoOf(seconds: number | null): string | null {
  return seconds === null || seconds > 8e12 ? null : isoTime(seconds * 1000);
}

/** One line for a terminal or a log; every word of a stranger is made harmless. */
export function reportLine({ place, member, status, report, fault }: ShownReport, colours: ChalkInstance): string {
  const inside = [place.part, member].filter((name) => name !== undefined && name !== null).join(' ');
  const where = colours.dim(printable(inside === '' ? place.path : `${place.path} (${inside})`, 200));
  if (report === null) {
    const why = `${fault?.code ?? ''}${fault?.detail ? `: ${fault.detail}` : ''}`;
    return `${colours.yellow(status.padEnd(9))} ${printable(why, 120)}  ${where}`;
  }
  const faults = report.errors.map(({ code }) => code).join(', ');
  const told = faults === '' ? '' : colours.yellow(`  ${faults}`);
  const known = status === 'duplicate' ? colours.dim('  kept before') : '';
  return `${report.kind.padEnd(9)} ${linePartsOf(report).join('  ')}${known}${told}  ${where}`;
}

function linePartsOf(report: Report): string[] {
  switch (report.kind) {
    case 'aggregate': {
      const passed = report.messages === 0 ? '' : `, ${percent(report.dmarcPass, report.messages)} pass`;
      return [
        printable(reporterOf(report), 40).padEnd(20),
        printable(report.policy.domain, 60).padEnd(20),
        isoOf(report.begin)?.slice(0, 10) ?? '?',
        `${plural(report.messages, 'message')} in ${plural(report.records, 'record')}${passed}`,
      ];
    }
    case 'tls': {
      const { successes, failures } = sessionsOf(report);
      return [
        printable(reporterOf({ org: report.org, email: report.contact }), 40).padEnd(20),
        printable(report.policies[0]?.domain ?? '', 60).padEnd(20),
        isoOf(report.begin)?.slice(0, 10) ?? '?',
        `${plural(successes, 'session')} encrypted, ${count(failures)} failed`,
      ];
    }
    case 'failure':
      return [
        printable(report.userAgent, 40).padEnd(20),
        printable(report.domain, 60).padEnd(20),
        isoOf(report.begin)?.slice(0, 10) ?? '?',
        `one message from ${printable(report.sourceIp, 60)} failed ${printable(report.authFailure || 'DMARC', 60)}`,
      ];
  }
}

export function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(1)} %`;
}
