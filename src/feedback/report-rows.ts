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
  /** As `authenticationText` writes them; '' for TLS. */
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

/** Joins records of the same fate: a report of a million records has some thousand of them, or a million. */
export class FateGroups {
  /** Messages by fate, or null where records are no longer joined. */
  #groups: Map<string, number> | null = new Map();
  /**
   * Records that are not joined, as bytes: a million objects on their way to the store would each live long enough to make
   * the heap grow (measured over a report of a gigabyte: 230 MB in place of 160).
   */
  #tape: Buffer = Buffer.alloc(0);
  #tapeLength = 0;
  #tapeRecords = 0;

  /** Groups or records that wait to be taken. */
  get size(): number {
    return this.#groups?.size ?? this.#tapeRecords;
  }

  add(record: DmarcRecord): void {
    const fate = fateOf(record);
    if (this.#groups === null) this.#addToTape(`${fate}\n${record.count}\0`);
    else this.#groups.set(fate, Math.min((this.#groups.get(fate) ?? 0) + record.count, Number.MAX_SAFE_INTEGER));
  }

  /** The rows so far, made one by one as they are asked for; behind the last the groups are empty. */
  *take(): Generator<FateRow> {
    if (this.#groups === null) {
      yield* this.#takeTape();
      return;
    }
    for (const [fate, messages] of this.#groups) yield rowOf(fate.split('\n'), messages);
    this.#groups = new Map();
  }

  /** From now on each record is a row: where hardly two are alike, looking for the like costs more than it saves. */
  stopJoining(): void {
    if (this.size > 0) throw new TypeError('take the groups before');
    this.#groups = null;
  }

  #addToTape(text: string): void {
    const most = this.#tapeLength + 3 * text.length; // UTF-8 takes up to three bytes for each unit of UTF-16
    if (most > this.#tape.length) this.#tape = Buffer.concat([this.#tape], Math.max(2 * most, TAPE_BYTES));
    this.#tapeLength += this.#tape.write(text, this.#tapeLength);
    this.#tapeRecords += 1;
  }

  *#takeTape(): Generator<FateRow> {
    for (let start = 0; start < this.#tapeLength; ) {
      const end = this.#tape.indexOf(0, start);
      const fields = this.#tape.toString('utf8', start, end).split('\n');
      yield rowOf(fields, Number(fields[7] ?? 0));
      start = end + 1;
    }
    this.#tapeLength = 0;
    this.#tapeRecords = 0;
  }
}

const TAPE_BYTES = 256 * 1024;

/** No value holds a line feed or another control: they are taken out where values are read. */
function fateOf(record: DmarcRecord): string {
  const { sourceIp, headerFrom, disposition, dkim, spf } = record;
  const reasons = record.reasons.length === 0 ? '' : record.reasons.map(({ type }) => type).join(',');
  return `${sourceIp}\n${headerFrom}\n${disposition}\n${dkim}\n${spf}\n${reasons}\n${authenticationText(record)}`;
}

function rowOf(fields: readonly string[], messages: number): FateRow {
  const [sourceIp = '', headerFrom = '', disposition = '', dkim = '', spf = '', reasons = '', results = ''] = fields;
  return { sourceIp, headerFrom, disposition, dkim, spf, reasons, results, messages };
}

/** A result of DKIM or SPF: the domain, the selector or scope, and the word. */
export type AuthenticationResult = readonly [domain: string, detail: string, result: string];

export interface Authentication {
  readonly dkim: readonly AuthenticationResult[];
  readonly spf: readonly AuthenticationResult[];
}

/**
 * The results of a record as one text: fields behind one another by tab, results by vertical tab, DKIM from SPF by form feed.
 * Selector, domain and result stay together: columns of each would join what does not belong together. (JSON would do as
 * well, but writing it for each of a million records takes longer than reading them.)
 */
export function authenticationText({ dkimResults, spfResults }: DmarcRecord): string {
  let text = '';
  for (const { domain, selector, result } of dkimResults) text += `${domain}\t${selector}\t${result}\v`;
  text += '\f';
  for (const { domain, scope, result } of spfResults) text += `${domain}\t${scope}\t${result}\v`;
  return text;
}

/** What `authenticationText` wrote. */
export function authenticationOf(text: string): Authentication {
  const [dkim = '', spf = ''] = text.split('\f');
  return { dkim: resultsIn(dkim), spf: resultsIn(spf) };
}

function resultsIn(text: string): AuthenticationResult[] {
  return text.split('\v').flatMap((part) => {
    const [domain = '', detail = '', result = ''] = part.split('\t');
    return part === '' ? [] : [[domain, detail, result] as const];
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
