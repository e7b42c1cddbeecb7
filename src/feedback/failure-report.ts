// Reads DMARC failure reports (RFC 6591, RFC 9991): one message that failed, told by its headers alone.
import { domainOf, plainText, type ReportFault, sourceIpOf } from './dmarc-records.ts';
import { feedbackFieldsOf } from './feedback-fields.ts';
import { MIME_LIMITS, type MimeMessage, type MimePart, textOfPart } from './mime.ts';
import { decodedHeader, headerOf, type MailHeaders, readHeaders } from './mime-headers.ts';
import { messageIdIn } from './original-message.ts';

/** They carry other people's mail, so of the failed message only its headers are kept; '' where nothing is said. */
export interface FailureReport {
  readonly kind: 'failure';
  readonly feedbackType: string;
  readonly userAgent: string;
  /** The domain whose policy failed. */
  readonly domain: string;
  readonly sourceIp: string;
  /** bodyhash, dkim, spf, dmarc … (RFC 6591 section 3.2.1), several by comma. */
  readonly authFailure: string;
  readonly identityAlignment: string;
  readonly deliveryResult: string;
  readonly authenticationResults: string;
  readonly dkimDomain: string;
  readonly dkimSelector: string;
  readonly arrivalDate: string;
  readonly originalMailFrom: string;
  readonly originalRcptTo: readonly string[];
  readonly originalMessageId: string;
  readonly originalSubject: string;
  readonly originalFrom: string;
  /** Unix seconds of the arrival, or null where it cannot be read. */
  readonly begin: number | null;
  readonly errors: readonly ReportFault[];
}

/** The failure report a message holds, or null where it holds none. */
export function readFailureReport(message: MimeMessage): FailureReport | null {
  const fields = feedbackFieldsOf(message);
  if (fields === null) return readPlainReport(message);
  if (!isAuthFailure(fields)) return null;
  return reportFrom(fields, originalHeadersOf(message));
}

/** The type should be auth-failure; some send such a report as abuse or without a type, but with the fields of RFC 6591. */
function isAuthFailure(fields: MailHeaders): boolean {
  const type = headerOf(fields, 'feedback-type').toLowerCase().trim();
  return type === 'auth-failure' || (fields.has('auth-failure') && type !== 'not-spam');
}

function reportFrom(fields: MailHeaders, original: MailHeaders): FailureReport {
  const value = (name: string): string => plainText(headerOf(fields, name));
  const report: Omit<FailureReport, 'errors'> = {
    kind: 'failure',
    feedbackType: value('feedback-type').toLowerCase(),
    userAgent: value('user-agent'),
    domain: domainOf(value('reported-domain')) || domainOfAddress(headerOf(original, 'from')),
    sourceIp: sourceIpOf(withoutComments(value('source-ip'))),
    authFailure: wordList(value('auth-failure')),
    identityAlignment: wordList(value('identity-alignment')),
    deliveryResult: value('delivery-result').toLowerCase(),
    authenticationResults: value('authentication-results'),
    dkimDomain: domainOf(value('dkim-domain')),
    dkimSelector: value('dkim-selector'),
    arrivalDate: value('arrival-date') || value('received-date'),
    originalMailFrom: value('original-mail-from').replace(/^<|>$/g, ''),
    originalRcptTo: (fields.get('original-rcpt-to') ?? []).slice(0, 100).map((text) => plainText(text)),
    originalMessageId: messageIdIn(headerOf(original, 'message-id')) ?? messageIdIn(value('message-id')) ?? '',
    originalSubject: plainText(decodedHeader(original, 'subject')),
    originalFrom: plainText(decodedHeader(original, 'from')),
    begin: secondsOfMailDate(value('arrival-date') || value('received-date')),
  };
  return { ...report, errors: faultsOf(report) };
}

function faultsOf({ domain, sourceIp }: Omit<FailureReport, 'errors'>): ReportFault[] {
  const faults: ReportFault[] = [];
  if (domain === '') faults.push({ code: 'domain_missing', detail: '' });
  if (sourceIp === '') faults.push({ code: 'source_ip_invalid', detail: '' });
  return faults;
}

/** Exim's reports say the same in prose, and put the headers of the message under a line of dashes (seen 2025). */
function readPlainReport(message: MimeMessage): FailureReport | null {
  const part = message.parts.find(({ type }) => type === 'text/plain');
  if (part === undefined || !PLAIN_REPORT.test(part.raw.slice(0, 8000))) return null;
  const text = textOfPart(part, 64_000);
  const told = new Map<string, string>();
  for (const line of text.split('\n', 100)) {
    const [, name, value] = PLAIN_FIELD.exec(line) ?? [];
    if (name !== undefined && value !== undefined && !told.has(name)) told.set(name, value);
    if (line.startsWith('------')) break;
  }
  const fields = new Map<string, string[]>([['feedback-type', ['auth-failure']]]);
  for (const [name, field] of PLAIN_NAMES) {
    const value = told.get(name);
    if (value !== undefined) fields.set(field, [value]);
  }
  return reportFrom(fields, headersUnderDashes(text));
}

const PLAIN_REPORT = /failed the published DMARC policy/i;
const PLAIN_FIELD = /^ {0,20}([A-Za-z][A-Za-z ]{2,30}): (.{1,500})$/;
const PLAIN_NAMES = [
  ['Sender Domain', 'reported-domain'],
  ['Sender IP Address', 'source-ip'],
  ['Received date', 'arrival-date'],
] as const;

function headersUnderDashes(text: string): MailHeaders {
  const dashes = text.indexOf('\n------');
  const lineEnd = dashes === -1 ? -1 : text.indexOf('\n', dashes + 1);
  if (lineEnd === -1) return new Map();
  return readHeaders(text.slice(lineEnd + 1).trimStart(), 0, MIME_LIMITS).headers;
}

function originalHeadersOf(message: MimeMessage): MailHeaders {
  const part = message.parts.find(isOriginal);
  if (part === undefined) return new Map();
  return readHeaders(textOfPart(part, 256_000).trimStart(), 0, MIME_LIMITS).headers;
}

/** text/rfc822-headers is also spelt without the s; some attach the whole message. */
function isOriginal({ type, messageDepth }: MimePart): boolean {
  return messageDepth === 0 && /^(?:message\/(?:rfc822|global)|text\/rfc822)/.test(type);
}

function wordList(value: string): string {
  return withoutComments(value)
    .toLowerCase()
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')
    .join(',');
}

function withoutComments(value: string): string {
  return value.replace(/\([^()]{0,500}\)/g, '').trim();
}

function domainOfAddress(from: string): string {
  const at = from.lastIndexOf('@');
  return at === -1 ? '' : domainOf(/^[\w.-]{1,253}/.exec(from.slice(at + 1))?.[0] ?? '');
}

function secondsOfMailDate(text: string): number | null {
  const ms = Date.parse(withoutComments(text));
  return Number.isNaN(ms) ? null : Math.trunc(ms / 1000);
}
