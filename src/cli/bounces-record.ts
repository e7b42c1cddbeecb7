// What `mailgate bounces` shows of one message: an object for machines, a line for each recipient for people.
import type { ChalkInstance } from 'chalk';
import type { MessageReading } from '../feedback/bounce.ts';
import type { ReportedAddress } from '../feedback/reported-address.ts';
import type { SourcePlace } from '../feedback/sources.ts';
import { printable } from '../smtp/printable.ts';
import type { SuppressionOutcome } from '../store/suppressions.ts';
import { isoTime } from './annotation.ts';
import type { Proof } from './bounces-verp.ts';

export interface BounceRecord {
  readonly place: SourcePlace;
  readonly reading: MessageReading;
  readonly proof: Proof;
  /** What each recipient brought about in the suppression store, in their order; null where it was not asked. */
  readonly outcomes: readonly (SuppressionOutcome | null)[];
}

/** One object a message; names are those the documentation of `--json` lists. */
export function recordObject({ place, reading, proof, outcomes }: BounceRecord): object {
  const isBounce = reading.kind === 'bounce';
  return {
    file: place.path,
    ...(place.part === undefined ? {} : { part: place.part }),
    kind: shownKind(reading),
    recipients: reading.recipients.map((recipient, i) => recipientObject(recipient, outcomes[i] ?? null)),
    verified: proof.verified,
    ...(proof.signedFor === null ? {} : { signed_for: proof.signedFor }),
    family: isBounce ? reading.family : null,
    reporting_mta: isBounce ? reading.reportingMta : null,
    original_message_id: isBounce ? reading.originalMessageId : null,
    forwarded: isBounce && reading.forwarded,
    message_id: reading.messageId,
    date: reading.date === null ? null : isoTime(reading.date),
    from: reading.from,
    subject: reading.subject,
    detail: detailOf(reading),
  };
}

/** One line of JSON; characters that end lines or command a terminal are escaped also where JSON does not ask for it. */
export function recordJson(record: BounceRecord): string {
  return JSON.stringify(recordObject(record)).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** DMARC and TLS reports are no kind of their own here: another command reads them. */
export function shownKind({ kind }: MessageReading): 'bounce' | 'autoreply' | 'complaint' | 'not_bounce' | 'unparsed' {
  return kind === 'report' ? 'not_bounce' : kind;
}

function recipientObject(recipient: ReportedAddress, outcome: SuppressionOutcome | null): object {
  return {
    address: recipient.address,
    original: recipient.original,
    final: recipient.final,
    reason: recipient.reason,
    sisimai_reason: recipient.sisimaiReason,
    hard: recipient.hard,
    strength: recipient.strength,
    action: recipient.action,
    status: recipient.status,
    reply: recipient.reply === null ? null : String(recipient.reply),
    diagnostic: recipient.diagnostic,
    stage: recipient.stage,
    remote_mta: recipient.remoteMta,
    rule: recipient.rule,
    inferred: recipient.inferred,
    ...(outcome === null ? {} : { outcome: outcome.status, why: outcome.why }),
  };
}

function detailOf(reading: MessageReading): string | null {
  if (reading.kind === 'unparsed') return reading.detail;
  if (reading.kind === 'report') return 'A DMARC or TLS report: "mailgate dmarc" reads it.';
  if (reading.cut.length > 0) return `Not read to the end: too large (${reading.cut.join(', ')}).`;
  return reading.kind === 'complaint' ? '"mailgate complaints" reads it.' : null;
}

/** Lines for a terminal or a log; every word of a stranger is made harmless. */
export function recordLines({ place, reading, outcomes }: BounceRecord, colours: ChalkInstance): string[] {
  const where = colours.dim(printable(place.part === undefined ? place.path : `${place.path}#${place.part}`, 200));
  if (reading.recipients.length === 0 || reading.kind !== 'bounce') {
    const whom = reading.recipients.map(({ address }) => address).join(', ') || reading.from;
    return [`${shownKind(reading).padEnd(10)} ${printable(whom, 100)}  ${printable(reading.subject, 80)}  ${where}`];
  }
  return reading.recipients.map((recipient, i) => {
    const outcome = outcomes[i] ?? null;
    const weight = WEIGHT_COLOUR[recipient.strength](colours)(recipient.strength.padEnd(7));
    const address = printable(recipient.original ?? recipient.address, 100).padEnd(36);
    const told = outcome === null ? '' : `  ${colours.bold(outcome.status)} (${printable(outcome.why, 120)})`;
    return `${weight} ${address} ${recipient.reason.padEnd(19)} ${printable(recipient.diagnostic, 90)}${told}  ${where}`;
  });
}

const WEIGHT_COLOUR = {
  hard: (colours: ChalkInstance) => colours.red,
  suspect: (colours: ChalkInstance) => colours.yellow,
  soft: (colours: ChalkInstance) => colours.yellow,
  none: (colours: ChalkInstance) => colours.dim,
} as const;
