// Turns what a bounce says into events for the suppression store, and says of the rest why it does not count.
import { createHash } from 'node:crypto';
import { screenAddress } from '../address/screen.ts';
import type { MessageReading } from '../feedback/bounce.ts';
import type { ReportedAddress } from '../feedback/reported-address.ts';
import type { SuppressionReason } from '../store/suppression-reasons.ts';
import type { SuppressionEvent, SuppressionOutcome } from '../store/suppressions.ts';
import type { Proof } from './bounces-verp.ts';

/** What one recipient of one message asks for: an event, or nothing and why. */
export type Consequence =
  | { readonly status: 'event'; readonly event: SuppressionEvent }
  | { readonly status: 'none'; readonly outcome: SuppressionOutcome | null };

export interface EventContext {
  /** Of the message's content, the same for LF and CRLF: the evidence counts once, wherever it lies. */
  readonly sha256: string;
  readonly proof: Proof;
  /** The time of the run, in milliseconds since the epoch. */
  readonly now: number;
}

const REASONS: Readonly<Record<'hard' | 'suspect' | 'soft', SuppressionReason>> = {
  hard: 'hard_bounce',
  suspect: 'suspect',
  soft: 'soft_bounce',
};

/** One consequence for each recipient, in their order. */
export function consequencesOf(reading: MessageReading, context: EventContext): Consequence[] {
  return reading.recipients.map((recipient) => consequenceOf(reading, recipient, context));
}

function consequenceOf(reading: MessageReading, recipient: ReportedAddress, context: EventContext): Consequence {
  const { strength, original, address } = recipient;
  if (reading.kind !== 'bounce' || strength === 'none') return { status: 'none', outcome: null };
  const cause = causeAgainst(reading, recipient, context.proof);
  if (cause !== null) return ignored(cause);
  // Whom we mailed stands on the list; where an alias or a forward led to is nothing we ever mailed.
  const screening = screenAddress(original ?? address);
  if (!screening.valid) return ignored('no address a list could hold');
  if (REPORTERS.test(screening.local)) return ignored('an address mail systems report from');
  return {
    status: 'event',
    event: {
      key: { type: 'email', value: screening.key },
      scope: 'all',
      reason: REASONS[strength],
      detail: `${recipient.reason}: ${recipient.diagnostic}`.slice(0, 500),
      source: (reading.reportingMta ?? senderDomain(reading.from) ?? 'unknown reporter').toLowerCase(),
      evidenceId: evidenceId(screening.key, context.sha256),
      messageId: reading.originalMessageId,
      at: Math.min(reading.date ?? context.now, context.now),
      verified: context.proof.verified,
    },
  };
}

const REPORTERS = /^(?:postmaster|mailer-daemon)$/i;

/** Why a failure must not count, or null. A signed return address overrules doubts about where it comes from. */
function causeAgainst(
  { forwarded }: { readonly forwarded: boolean },
  { action, inferred }: ReportedAddress,
  { verified }: Proof,
): string | null {
  if (action === 'delayed') return 'delivery is still being tried';
  if (verified) return null;
  if (forwarded) return 'somebody passed it on, so it proves nothing';
  return inferred ? 'the report names no recipient' : null;
}

function ignored(why: string): Consequence {
  return { status: 'none', outcome: { status: 'ignored', why } };
}

function senderDomain(from: string): string | null {
  return /@([a-z0-9.-]{1,255}[a-z0-9])/i.exec(from.slice(0, 1000))?.[1] ?? null;
}

/** The same for the same report on the same recipient, in new/ and cur/, in CRLF and LF. */
function evidenceId(key: string, sha256: string): string {
  return `bounce:${createHash('sha256').update(`${key}\n${sha256}`).digest('hex').slice(0, 32)}`;
}
