// Reads one message that came back after sending: what it is and, of a bounce, which recipients failed and why.
import { type DeliveryReport, inlineReport, readDeliveryReport } from './delivery-report.ts';
import { htmlToText } from './html-text.ts';
import { isStatusPart, type MessageSigns, readSigns } from './message-kind.ts';
import { MIME_LIMITS, type MimeLimits, type MimeMessage, readMime, textOfPart } from './mime.ts';
import { decodedHeader, headerOf } from './mime-headers.ts';
import { isOriginalPart, messageIdIn, originalOf, splitAtOriginal } from './original-message.ts';
import { recipientAddress } from './recipient-address.ts';
import { addressesInHeader, addressWithout, type ReportedAddress, reportedAddresses } from './reported-address.ts';
import { returnAddressesOf } from './return-addresses.ts';
import { judgeNotification, readServiceNotification } from './service-notification.ts';
import { readTextBounce } from './text-bounces.ts';

interface ReadingBase {
  readonly subject: string;
  readonly from: string;
  /** The report's own Message-ID. */
  readonly messageId: string | null;
  /** When it was written, in milliseconds since the epoch; a stranger's word. */
  readonly date: number | null;
  readonly recipients: readonly ReportedAddress[];
  /** Whom it was sent to, by its headers: perhaps a signed return address (verp.ts). */
  readonly returnAddresses: readonly string[];
  /** Limits that were met: what lies behind them was not read. */
  readonly cut: MimeMessage['cut'];
}

export interface BounceReading extends ReadingBase {
  readonly kind: 'bounce';
  /** `dsn` for a delivery report, else the family of its wording. */
  readonly family: string;
  readonly reportingMta: string | null;
  /** Message-ID of the mail that came back. */
  readonly originalMessageId: string | null;
  /** True where somebody passed a bounce on in a mail of his own: no evidence unless it is proved otherwise. */
  readonly forwarded: boolean;
}

export interface OtherReading extends ReadingBase {
  /** `report` is a DMARC or TLS report; `not_bounce` also a notice of success, with whom it was delivered to. */
  readonly kind: 'autoreply' | 'complaint' | 'report' | 'not_bounce';
}

export interface UnparsedReading extends ReadingBase {
  readonly kind: 'unparsed';
  /** Why it could not be read. */
  readonly detail: string;
}

export type MessageReading = BounceReading | OtherReading | UnparsedReading;

/**
 * Reads one message. Never throws for what it holds. Anybody can write a bounce (see verp.ts): whether a reading may
 * count against an address is for the caller to decide.
 */
export function readMessage(bytes: Uint8Array, options: { readonly limits?: MimeLimits } = {}): MessageReading {
  return readSplit(readMime(bytes, options.limits ?? MIME_LIMITS), options.limits ?? MIME_LIMITS);
}

/** A message split and looked at from outside, for the steps below. */
interface Opened {
  readonly message: MimeMessage;
  readonly signs: MessageSigns;
  /** The report's own words, and what stands behind the marker of the returned mail. */
  readonly words: string;
  readonly behind: string;
  readonly base: Omit<ReadingBase, 'recipients'>;
}

/** The order is that of the tests: a complaint before a bounce, a bounce before an automatic reply. */
function readSplit(message: MimeMessage, limits: MimeLimits | null): MessageReading {
  const signs = readSigns(message);
  const opened: Opened = { message, signs, ...ownWords(message), base: baseOf(message) };
  const { base, words } = opened;
  if (signs.isComplaint) return { ...base, kind: 'complaint', recipients: [] };
  const notification = readServiceNotification(words);
  if (notification !== null) {
    const { kind, recipients } = judgeNotification(notification);
    if (kind !== 'bounce') return { ...base, kind, recipients };
    const { reportingMta, messageId } = notification;
    return {
      ...base,
      kind,
      recipients,
      family: 'amazon-ses',
      reportingMta,
      originalMessageId: messageId,
      forwarded: false,
    };
  }
  if (signs.isReport && signs.statusPart === null) return { ...base, kind: 'report', recipients: [] };
  return readBounce(opened) ?? readInner(opened, limits) ?? readRest(opened);
}

function baseOf({ headers, cut }: MimeMessage): Omit<ReadingBase, 'recipients'> {
  const date = Date.parse(headerOf(headers, 'date').slice(0, 100));
  return {
    subject: decodedHeader(headers, 'subject'),
    from: decodedHeader(headers, 'from'),
    messageId: messageIdIn(headerOf(headers, 'message-id')),
    date: Number.isNaN(date) ? null : date,
    returnAddresses: returnAddressesOf({ headers }),
    cut,
  };
}

/** A report's own words are short; the returned mail behind them may be anything. */
const MAX_WORDS = 128_000;

/** The text parts before the delivery status and the returned mail; HTML only where there is no plain text. */
function ownWords({ parts }: MimeMessage): { words: string; behind: string } {
  const end = parts.findIndex((part) => isStatusPart(part) || isOriginalPart(part));
  const own = end === -1 ? parts : parts.slice(0, end);
  const plain = own.filter(({ type }) => type === 'text/plain');
  const html = plain.some(({ raw }) => raw.trim() !== '') ? [] : own.filter(({ type }) => type === 'text/html');
  const others =
    plain.length + html.length > 0 ? [] : own.filter(({ type }) => !/^(?:image|audio|video|application)\//.test(type));
  const texts = [...plain, ...others].map((part) => textOfPart(part, MAX_WORDS));
  const { words, original } = splitAtOriginal(
    [...texts, ...html.map((part) => htmlToText(textOfPart(part, MAX_WORDS)))].join('\n'),
  );
  return { words, behind: original };
}

function readBounce({ message, signs, words, behind, base }: Opened): MessageReading | null {
  const ownReport = reportIn(signs, words);
  const failedHeader = addressesInHeader(message.headers.get('x-failed-recipients') ?? []);
  const isReport = signs.isFromMailSystem || ownReport !== null || failedHeader.length > 0;
  const text = readTextBounce(words, { isReport });
  const isSilent = ownReport === null && failedHeader.length === 0 && !(text !== null && text.recipients.length > 0);
  const report = isSilent ? innerReport(signs) : ownReport;
  // X-Failed-Recipients says it by itself, where a mail system writes it.
  const saysWho = failedHeader.length > 0 && signs.isFromMailSystem;
  const isSure = isReport && (text !== null || report !== null || signs.hasReportSubject || saysWho);
  if (!isSure && text === null) return null;
  const original = originalOf(message, behind);
  const recipients = reportedAddresses({
    report,
    texts: text?.recipients ?? [],
    failedHeader,
    words,
    sender: recipientAddress(headerOf(message.headers, 'to')),
    originalTo: isSure ? onlyAddress(original?.to ?? '') : null,
  });
  if (recipients.length === 0) return null;
  if (recipients.every(({ reason }) => reason === 'delivered')) return { ...base, kind: 'not_bounce', recipients };
  return {
    ...base,
    kind: 'bounce',
    recipients,
    family: report === null ? (text?.family ?? 'other') : 'dsn',
    reportingMta: report?.reportingMta ?? null,
    originalMessageId: original?.messageId ?? null,
    forwarded: !signs.isFromMailSystem && signs.statusPart === null && failedHeader.length === 0,
  };
}

/** The fields of a delivery report: of their part, else of plain lines in the text. */
function reportIn({ statusPart }: MessageSigns, words: string): DeliveryReport | null {
  const fields = statusPart === null ? inlineReport(words) : textOfPart(statusPart);
  const report = fields === null ? null : readDeliveryReport(fields);
  if (statusPart === null || (report !== null && report.recipients.length > 0)) return report;
  const inline = inlineReport(words);
  return (inline === null ? null : readDeliveryReport(inline)) ?? report;
}

/** Only for reports that name nobody themselves: else the inner one is what they return. */
function innerReport({ innerStatusPart }: MessageSigns): DeliveryReport | null {
  return innerStatusPart === null ? null : readDeliveryReport(textOfPart(innerStatusPart));
}

/** The address of a To field that names one and no more. */
function onlyAddress(to: string): string | null {
  return to.includes(',') ? null : recipientAddress(to);
}

/** A report that names nobody may have another behind it, whole: a mail system passed it on. One level, no further. */
function readInner({ behind, base, signs }: Opened, limits: MimeLimits | null): MessageReading | null {
  if (
    limits === null ||
    !signs.isFromMailSystem ||
    !/^From: .{0,200}(?:mailer-daemon|postmaster)/im.test(behind.slice(0, 8000))
  )
    return null;
  const inner = readSplit(readMime(Buffer.from(behind, 'utf8'), limits), null);
  return inner.kind === 'bounce' ? { ...inner, ...base } : null;
}

/** What is no bounce that could be read. */
function readRest({ message, signs, words, base }: Opened): MessageReading {
  if (signs.isReceipt) return { ...base, kind: 'not_bounce', recipients: [] };
  if (signs.statusPart !== null || (signs.isFromMailSystem && (signs.hasReportSubject || saysFailed(words)))) {
    return {
      ...base,
      kind: 'unparsed',
      recipients: [],
      detail: 'It looks like a bounce but names no recipient in any form known here.',
    };
  }
  if (!signs.isAutoReply) return { ...base, kind: 'not_bounce', recipients: [] };
  const address = recipientAddress(headerOf(message.headers, 'from'));
  return { ...base, kind: 'autoreply', recipients: address === null ? [] : [addressWithout('vacation', address)] };
}

function saysFailed(words: string): boolean {
  const text = readTextBounce(words, { isReport: false });
  return text !== null;
}
