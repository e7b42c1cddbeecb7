// Turns a complaint into events for the suppression store, and says of the rest why it does not count.
import { createHash } from 'node:crypto';
import { screenAddress } from '../address/screen.ts';
import type { ComplaintReading } from '../feedback/complaint.ts';
import type { SuppressionReason } from '../store/suppression-reasons.ts';
import type { SuppressionEvent, SuppressionOutcome } from '../store/suppressions.ts';
import type { ResolvedComplaint } from './complaints-resolve.ts';

/** What one recipient of one complaint asks for: an event, or nothing and why. */
export type Consequence =
  | { readonly status: 'event'; readonly event: SuppressionEvent }
  | { readonly status: 'none'; readonly outcome: SuppressionOutcome };

export interface EventContext {
  /** Of the message's content, the same for LF and CRLF: the evidence counts once, wherever it lies. */
  readonly sha256: string;
  readonly scope: string;
  /** The time of the run, in milliseconds since the epoch. */
  readonly now: number;
}

const REASONS: Readonly<Record<'suppress' | 'unsubscribe', SuppressionReason>> = {
  suppress: 'complaint',
  unsubscribe: 'unsubscribe',
};

/** One consequence for each recipient, in their order. */
export function consequencesOf(
  reading: ComplaintReading,
  resolved: ResolvedComplaint,
  context: EventContext,
): Consequence[] {
  return resolved.recipients.map((address) => consequenceOf(address, { reading, resolved, context }));
}

function consequenceOf(
  address: string,
  given: { readonly reading: ComplaintReading; readonly resolved: ResolvedComplaint; readonly context: EventContext },
): Consequence {
  const { reading, resolved, context } = given;
  const { action, feedbackType, date } = reading;
  if (action === 'none' || action === 'report') return ignored(WHY_NOT[action](feedbackType));
  const screening = screenAddress(address);
  if (!screening.valid) return ignored('no address a list could hold');
  return {
    status: 'event',
    event: {
      key: { type: 'email', value: screening.key },
      scope: context.scope,
      reason: REASONS[action],
      detail: `${feedbackType} report: ${reading.subject}`.slice(0, 500),
      source: sourceOf(reading),
      evidenceId: evidenceId(screening.key, context.sha256),
      messageId: reading.messageId,
      at: Math.min(date ?? context.now, context.now),
      verified: resolved.verified,
    },
  };
}

const WHY_NOT = {
  none: (type: string) =>
    type === 'auth-failure' ? 'a DMARC failure report: "mailgate dmarc" reads it' : `a ${type} report is no complaint`,
  report: (type: string) => `a ${type} report is for people to look at`,
} as const;

function ignored(why: string): Consequence {
  return { status: 'none', outcome: { status: 'ignored', why } };
}

function sourceOf({ reporter, userAgent }: ComplaintReading): string {
  const domain = /@([a-z0-9.-]{1,255}[a-z0-9])/i.exec(reporter.slice(0, 1000))?.[1];
  return (domain ?? userAgent ?? 'unknown reporter').toLowerCase();
}

/** The same for the same report on the same recipient, in new/ and cur/, in CRLF and LF. */
function evidenceId(key: string, sha256: string): string {
  return `complaint:${createHash('sha256').update(`${key}\n${sha256}`).digest('hex').slice(0, 32)}`;
}
