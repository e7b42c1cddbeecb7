// Reads the fields of a delivery status notification (RFC 3464, RFC 6533); what a reply in them means is for others.
import { recipientAddress } from './recipient-address.ts';

export type ReportAction = 'failed' | 'delayed' | 'delivered' | 'relayed' | 'expanded';

export interface ReportedRecipient {
  /** Whom we mailed, where the reporter knows it; null also where it is no address. */
  readonly original: string | null;
  /** Whom the mail was for when it failed; null where Final-Recipient is no address. */
  readonly final: string | null;
  /** Final-Recipient as it stands, without its type. */
  readonly finalText: string | null;
  /** What was reported, or null where it was nothing known. */
  readonly action: ReportAction | null;
  /** RFC 3463 code such as `5.1.1`, or null. */
  readonly status: string | null;
  /** What stands behind the code: `4.4.7 (unable to deliver this message after 1 day)`. */
  readonly statusComment: string;
  /** `smtp`, `x-unix` …, lower case; '' where none was given. */
  readonly diagnosticType: string;
  /** The text of Diagnostic-Code, on one line. */
  readonly diagnostic: string;
  readonly remoteMta: string | null;
}

export interface DeliveryReport {
  readonly reportingMta: string | null;
  readonly recipients: readonly ReportedRecipient[];
}

/** Real reports are a few kilobytes; one with a thousand recipients is not. */
const MAX_REPORT = 512_000;
const MAX_RECIPIENTS = 1000;
const MAX_VALUE = 8192;

type Fields = Map<string, string>;

/**
 * Reads a report's text; null where it holds no recipient's fields and no Reporting-MTA. Tolerates missing, extra and
 * blank-looking separator lines: a second Final-Recipient opens a new recipient by itself, and no recipient is ever
 * given another's fields.
 */
export function readDeliveryReport(text: string): DeliveryReport | null {
  const { message, recipients } = groupFields(text.slice(0, MAX_REPORT));
  if (recipients.length === 0 && !message.has('reporting-mta')) return null;
  return {
    reportingMta: mtaName(message.get('reporting-mta')),
    recipients: recipients.map(reportedRecipient),
  };
}

/**
 * The part of a text in which a report's fields stand as plain lines, perhaps quoted with "> ", or null. Old and
 * forwarded reports have them there.
 */
export function inlineReport(text: string): string | null {
  const found = /^[> ]{0,6}(?:Final|Original)-Recipient[ \t]?:/im.exec(text);
  if (found === null) return null;
  const lines = text.split('\n').map((line) => line.replace(/^(?:> ?){1,3}/, ''));
  const first = lines.findIndex((line) => FIELD.test(line) && REPORT_FIELDS.has(fieldName(line)));
  const rest = lines.slice(first);
  const end = rest.findIndex((line) => /^(?:--|Return-Path:|Received:)/i.test(line));
  return (end === -1 ? rest : rest.slice(0, end)).join('\n');
}

const FIELD = /^([A-Za-z][A-Za-z0-9_-]{0,60})[ \t]{0,4}:/;

/** Fields that speak of the whole message wherever they stand (RFC 3464 section 2.2). */
const MESSAGE_FIELDS: ReadonlySet<string> = new Set([
  'original-envelope-id',
  'reporting-mta',
  'dsn-gateway',
  'received-from-mta',
  'arrival-date',
]);

/** Fields that speak of one recipient (RFC 3464 section 2.3, RFC 6533 section 6). */
const RECIPIENT_FIELDS: ReadonlySet<string> = new Set([
  'original-recipient',
  'final-recipient',
  'action',
  'status',
  'remote-mta',
  'diagnostic-code',
  'last-attempt-date',
  'final-log-id',
  'will-retry-until',
  'localized-diagnostic',
]);

const REPORT_FIELDS: ReadonlySet<string> = new Set([...MESSAGE_FIELDS, ...RECIPIENT_FIELDS]);

function fieldName(line: string): string {
  return (FIELD.exec(line)?.[1] ?? '').toLowerCase();
}

interface Grouping {
  readonly message: Fields;
  readonly groups: Fields[];
  isNewBlock: boolean;
  last: { readonly fields: Fields; readonly name: string } | null;
}

function groupFields(text: string): { message: Fields; recipients: readonly Fields[] } {
  const state: Grouping = { message: new Map(), groups: [], isNewBlock: true, last: null };
  for (const line of text.split('\n')) {
    if (line.trim() === '') {
      state.isNewBlock = true;
      state.last = null;
    } else addLine(state, line);
  }
  return { message: state.message, recipients: state.groups.filter(namesRecipient) };
}

function addLine(state: Grouping, line: string): void {
  const name = fieldName(line);
  const isFolded = /^[ \t]/.test(line);
  if (isFolded || !(REPORT_FIELDS.has(name) || name.startsWith('x-'))) {
    // Not a field: the rest of the one before, which some write on lines of their own without indenting them.
    if (state.last !== null) appendTo(state.last, line);
    return;
  }
  const fields = MESSAGE_FIELDS.has(name) ? state.message : groupFor(state, name);
  const value = line.slice(line.indexOf(':') + 1).trim();
  if (!fields.has(name)) fields.set(name, value.slice(0, MAX_VALUE));
  state.last = { fields, name };
  state.isNewBlock = false;
}

function appendTo({ fields, name }: { fields: Fields; name: string }, line: string): void {
  const value = fields.get(name) ?? '';
  if (value.length < MAX_VALUE) fields.set(name, `${value} ${line.trim().slice(0, MAX_VALUE)}`.trim());
}

/** The fields of the recipient a line belongs to. A block that names nobody goes on with the recipient before it. */
function groupFor({ groups, isNewBlock, message }: Grouping, name: string): Fields {
  const current = groups[groups.length - 1];
  if (current === undefined && name.startsWith('x-')) return message;
  const isNext =
    current === undefined ||
    (namesRecipient(current) &&
      isNewBlock &&
      opensRecipient(name) &&
      (current.has('action') || current.has('status'))) ||
    (current.has(name) && (isNewBlock || opensRecipient(name)));
  if (!isNext || groups.length >= MAX_RECIPIENTS) return current ?? new Map();
  const next: Fields = new Map();
  groups.push(next);
  return next;
}

function opensRecipient(name: string): boolean {
  return name === 'final-recipient' || name === 'original-recipient';
}

function namesRecipient(fields: Fields): boolean {
  return fields.has('final-recipient') || fields.has('original-recipient');
}

function reportedRecipient(fields: Fields): ReportedRecipient {
  const final = fields.get('final-recipient') ?? null;
  const { status, comment } = readStatus(fields.get('status') ?? '');
  const { type, text } = readDiagnostic(fields.get('diagnostic-code') ?? '');
  return {
    original: recipientAddress(fields.get('original-recipient') ?? ''),
    final: recipientAddress(final ?? ''),
    finalText: final?.replace(/^[^;]{0,40};\s{0,4}/, '') ?? null,
    action: readAction(fields.get('action') ?? '', status),
    status,
    statusComment: comment,
    diagnosticType: type,
    diagnostic: text,
    remoteMta: mtaName(fields.get('remote-mta')),
  };
}

/** Other spellings met in reports, beside those of RFC 3464 section 2.3.3. */
const ACTIONS: ReadonlyMap<string, ReportAction> = new Map([
  ['failed', 'failed'],
  ['failure', 'failed'],
  ['fail', 'failed'],
  ['delayed', 'delayed'],
  ['expired', 'delayed'], // SendGrid
  ['delivered', 'delivered'],
  ['deliverable', 'delivered'], // Postfix, address verification
  ['relayed', 'relayed'],
  ['expanded', 'expanded'],
]);

/** An absent action is told by the class of the status (RFC 3463 section 3.1). */
function readAction(value: string, status: string | null): ReportAction | null {
  const word = /[a-z]+/i.exec(value)?.[0]?.toLowerCase() ?? '';
  const known = ACTIONS.get(word);
  if (known !== undefined) return known;
  if (status === null) return null;
  return status.startsWith('2') ? 'delivered' : 'failed';
}

function readStatus(value: string): { status: string | null; comment: string } {
  const match = /^\W{0,4}([245]\.\d{1,3}\.\d{1,3})\b/.exec(value);
  if (match === null) return { status: null, comment: value };
  return { status: match[1] ?? null, comment: value.slice(match[0].length).trim() };
}

/** The type may be missing; what stands before the first semicolon is one only if it is a single word. */
function readDiagnostic(value: string): { type: string; text: string } {
  const match = /^\s{0,20}([a-z][a-z0-9_-]{0,40})\s{0,4};/i.exec(value);
  if (match === null) return { type: '', text: value };
  return { type: (match[1] ?? '').toLowerCase(), text: value.slice(match[0].length).trim() };
}

/** `dns; mx.example [192.0.2.1] (TCP|…)` names mx.example; an IP address is kept where it is all there is. */
function mtaName(value: string | undefined): string | null {
  if (value === undefined) return null;
  const name = value.replace(/^[^;]{0,40};\s{0,20}/, '').trim();
  return name === '' ? null : (name.split(/\s/, 1)[0] ?? name).slice(0, 255);
}
