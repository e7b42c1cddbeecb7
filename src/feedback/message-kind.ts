// Tells reports, complaints, receipts and automatic replies apart by structure and headers, before anything is read.

import type { MimeMessage, MimePart } from './mime.ts';
import { decodedHeader, headerOf, type MailHeaders } from './mime-headers.ts';

/** What the outside of a message shows; the reading of a bounce's recipients decides the rest. */
export interface MessageSigns {
  /** A feedback report (RFC 5965) or one of its relatives. */
  readonly isComplaint: boolean;
  /** A DMARC or TLS report. */
  readonly isReport: boolean;
  /** The part with the delivery status (RFC 3464). */
  readonly statusPart: MimePart | null;
  /** The same of a message that a mail system attached: it passes another's report on, or returns a report. */
  readonly innerStatusPart: MimePart | null;
  /** A read receipt (RFC 8098). */
  readonly isReceipt: boolean;
  /** An automatic reply (RFC 3834). */
  readonly isAutoReply: boolean;
  /** Sent by a mail system: MAILER-DAEMON, postmaster, or a subject only they write. */
  readonly isFromMailSystem: boolean;
  /** The subject speaks of a delivery that failed. */
  readonly hasReportSubject: boolean;
}

export function readSigns(message: MimeMessage): MessageSigns {
  const { headers, parts, contentType } = message;
  const hasReportSubject = speaksOfFailure(decodedHeader(headers, 'subject'));
  const isFromMailSystem = hasReportSubject || isMailSystem(headerOf(headers, 'from').slice(0, 1000));
  const statusParts = parts.filter(isStatusPart);
  const reportType = contentType.parameters.get('report-type')?.toLowerCase() ?? '';
  return {
    isComplaint: isComplaint(message, reportType),
    isReport: parts.some((part) => part.messageDepth === 0 && holdsDomainReport(part, headers)),
    statusPart: statusParts.find(({ messageDepth }) => messageDepth === 0) ?? null,
    innerStatusPart: isFromMailSystem ? (statusParts.find(({ messageDepth }) => messageDepth > 0) ?? null) : null,
    isReceipt: reportType === 'disposition-notification' || parts.some(isReceiptPart),
    isAutoReply: isAutoReply(headers),
    isFromMailSystem,
    hasReportSubject,
  };
}

/** `message/delivery-status` and its relatives: global- (RFC 6533), x-, misspelt. */
export function isStatusPart({ type }: { readonly type: string }): boolean {
  return type.startsWith('message/') && type.endsWith('delivery-status');
}

function isReceiptPart({ type, messageDepth }: MimePart): boolean {
  return messageDepth === 0 && type.startsWith('message/') && type.endsWith('disposition-notification');
}

function isComplaint({ headers, parts }: MimeMessage, reportType: string): boolean {
  if (reportType === 'feedback-report' || parts.some(({ type }) => type === 'message/feedback-report')) return true;
  if (headerOf(headers, 'x-apple-unsubscribe').toLowerCase() === 'true') return true;
  // Microsoft's Junk Mail Reporting Program sends the mail as an attachment, without any fields of its own.
  return (
    /\bstaff@hotmail\.com\b/i.test(headerOf(headers, 'from')) &&
    /^complaint about message from /i.test(decodedHeader(headers, 'subject'))
  );
}

/** Bounces carry archives too, as part of what they return: so the bytes must fit and the names or types must tell. */
function holdsDomainReport({ type, fileName, raw }: MimePart, headers: MailHeaders): boolean {
  if (type === 'application/tlsrpt+gzip' || type === 'application/tlsrpt+json') return true;
  const name = fileName?.toLowerCase() ?? '';
  if (!/\.(?:xml|zip|gz|gzip|json)$/.test(name) && !/^application\/(?:x-)?(?:zip|gzip|xml)/.test(type)) return false;
  if (raw.slice(0, 2000).includes('<feedback')) return true;
  return (
    /^[^!]{1,255}![^!]{1,255}!\d{1,20}!\d{1,20}/.test(name) || REPORT_SUBJECT.test(decodedHeader(headers, 'subject'))
  );
}

/** RFC 7489 section 7.2.1.1 and RFC 8460 section 5.3. */
const REPORT_SUBJECT = /^\s{0,10}report domain: ?\S{1,255} submitter: ?\S{1,255} report-id:/i;

const AUTO_REPLY_FIELDS: readonly string[] = [
  'x-autoreply',
  'x-autorespond',
  'x-autoresponder',
  'x-auto-response-suppress',
  'x-auto-reply',
];

function isAutoReply(headers: MailHeaders): boolean {
  if (/^auto-(?:replied|generated|notified)/i.test(headerOf(headers, 'auto-submitted'))) return true;
  if (/auto_?reply/i.test(headerOf(headers, 'precedence'))) return true;
  if (/vacation/i.test(headerOf(headers, 'x-apple-action'))) return true;
  return (
    AUTO_REPLY_FIELDS.some((name) => headers.has(name)) || AUTO_REPLY_SUBJECT.test(decodedHeader(headers, 'subject'))
  );
}

/** As mail programs put it, by language: en, de, fr, es, pt, it, nl, sv with da and no, fi, pl, cs, ru, tr, ja, zh. */
const AUTO_REPLY_SUBJECT = new RegExp(
  String.raw`^\s{0,10}(?:(?:re|aw|fwd?): ?)?(?:${[
    'auto(?:matic|mated)?[- ]?(?:re(?:ply|sponse)|answer)',
    'out of (?:the )?office',
    'on vacation',
    'vacation (?:reply|response)',
    'i am (?:away|out of|on holiday)',
    'automatische antwort',
    'abwesenheit',
    'r[eé]ponse automatique',
    'absence du bureau',
    'respuesta autom[aá]tica',
    'fuera de (?:la )?oficina',
    'resposta autom[aá]tica',
    'risposta automatica',
    'automatisch antwoord',
    'afwezig',
    'auto(?:matiskt? )?svar',
    'automaattinen vastaus',
    'automatyczna odpowied[zź]',
    'autoodpowied[zź]',
    'automatick[aá] odpov',
    'автоматический ответ',
    'автоответ',
    'otomatik (?:yan[iı]t|cevap)',
    '自動(?:応答|返信|回覆|回复)',
    '自动(?:回复|答复)',
  ].join('|')})`,
  'i',
);

/** Local parts mail systems write from; `staff` and the like are people. */
const MAIL_SYSTEM =
  /(?:^|[<"\s])(?:mailer[-_.]?daemon|post[-_.]?ma?ster|poostmaster|mail\.delivery\.system|maildaemon|mdaemon|mail-?administrator|no-?reply|bounces?)(?:[@"\s>+]|$)/i;

const REPORT_SUBJECTS =
  /undeliver(?:ed|able)|deliver(?:y|ed)? (?:status|failure|failed|notification|problem|report|has (?:failed|been delayed))|(?:mail|message) (?:delivery )?(?:failed|failure|system error|has failed|could not)|fail(?:ed|ure) (?:notice|delivery)|returned mail|returning to sender|could not (?:be delivered|send message)|error sending your mail|considered unsolicited|loop alert|problem delivering/i;

function isMailSystem(from: string): boolean {
  return /^\s{0,10}<>\s{0,10}$/.test(from) || MAIL_SYSTEM.test(from);
}

function speaksOfFailure(subject: string): boolean {
  return REPORT_SUBJECTS.test(subject) && !/^\s{0,4}(?:re|aw|fwd?|wg|tr|rv): /i.test(subject);
}
