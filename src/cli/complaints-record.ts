// What `mailgate complaints` shows of one message: an object for machines, a line for each recipient for people.
import type { ChalkInstance } from 'chalk';
import type { ComplaintAction, ComplaintReading } from '../feedback/complaint.ts';
import type { SourcePlace } from '../feedback/sources.ts';
import { printable } from '../smtp/printable.ts';
import type { SuppressionOutcome } from '../store/suppressions.ts';
import { isoTime } from './annotation.ts';
import type { ResolvedComplaint } from './complaints-resolve.ts';

export interface ComplaintRecord {
  readonly place: SourcePlace;
  /** Null for a message that is no complaint. */
  readonly complaint: { readonly reading: ComplaintReading; readonly resolved: ResolvedComplaint } | null;
  /** Why a message could not be read, or null. */
  readonly problem: string | null;
  /** What each recipient brought about in the suppression store, in their order; null where it was not asked. */
  readonly outcomes: readonly (SuppressionOutcome | null)[];
}

export function kindOf({ complaint, problem }: ComplaintRecord): 'complaint' | 'not_complaint' | 'unparsed' {
  if (problem !== null) return 'unparsed';
  return complaint === null ? 'not_complaint' : 'complaint';
}

/** One object a message; names are those the help lists. */
export function recordObject(record: ComplaintRecord): object {
  const { place, complaint, problem, outcomes } = record;
  const where = { file: place.path, ...(place.part === undefined ? {} : { part: place.part }), kind: kindOf(record) };
  if (complaint === null) return { ...where, recipients: [], detail: problem };
  const { reading, resolved } = complaint;
  return {
    ...where,
    feedback_type: reading.feedbackType,
    action: reading.action,
    recipients: resolved.recipients.map((address, i) => recipientObject(address, outcomes[i] ?? null)),
    recipient_from: resolved.from,
    unresolved: resolved.recipients.length === 0,
    redacted: reading.redacted,
    verified: resolved.verified,
    incidents: reading.incidents,
    source_ip: reading.sourceIp,
    user_agent: reading.userAgent,
    original_mail_from: reading.originalMailFrom,
    reported_domains: reading.reportedDomains,
    arrival_date: reading.arrivalDate,
    message_id: reading.messageId,
    subject: reading.subject,
    from: reading.reporter,
    date: reading.date === null ? null : isoTime(reading.date),
    detail: resolved.why,
  };
}

function recipientObject(address: string, outcome: SuppressionOutcome | null): object {
  return { address, ...(outcome === null ? {} : { outcome: outcome.status, why: outcome.why }) };
}

/** Lines for a terminal or a log; every word of a stranger is made harmless. */
export function recordLines(record: ComplaintRecord, colours: ChalkInstance): string[] {
  const { place, complaint, problem, outcomes } = record;
  const where = colours.dim(printable(place.part === undefined ? place.path : `${place.path}#${place.part}`, 200));
  if (complaint === null) return [`${kindOf(record).padEnd(13)} ${printable(problem ?? '', 120)}  ${where}`];
  const { reading, resolved } = complaint;
  const type = ACTION_COLOUR[reading.action](colours)(printable(reading.feedbackType, 40).padEnd(13));
  if (resolved.recipients.length === 0) {
    return [`${type} ${colours.yellow('unresolved')} ${printable(resolved.why ?? '', 160)}  ${where}`];
  }
  return resolved.recipients.map((address, i) => {
    const outcome = outcomes[i] ?? null;
    const told = outcome === null ? '' : `  ${colours.bold(outcome.status)} (${printable(outcome.why, 120)})`;
    const proof = resolved.verified ? '  verified' : '';
    return `${type} ${printable(address, 100).padEnd(36)} by ${resolved.from}${proof}${told}  ${where}`;
  });
}

const ACTION_COLOUR: Readonly<Record<ComplaintAction, (colours: ChalkInstance) => ChalkInstance>> = {
  suppress: (colours) => colours.red,
  unsubscribe: (colours) => colours.yellow,
  report: (colours) => colours.cyan,
  none: (colours) => colours.dim,
};
