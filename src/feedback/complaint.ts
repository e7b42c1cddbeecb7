// Reads complaints: feedback reports (ARF, RFC 5965) and what Microsoft, Apple and Amazon send instead; whom they are from.
import { sourceIpOf } from './dmarc-records.ts';
import { feedbackFieldsOf } from './feedback-fields.ts';
import { type MimeMessage, textOfPart } from './mime.ts';
import { decodedHeader, headerOf, type MailHeaders } from './mime-headers.ts';
import { messageIdIn, originalOf } from './original-message.ts';
import { plainAddress, recipientAddress } from './recipient-address.ts';
import { addressesInHeader } from './reported-address.ts';
import { returnAddressesOf } from './return-addresses.ts';
import { readServiceNotification } from './service-notification.ts';

/** Where the recipients stood; `null` in a reading that names none. */
export type RecipientField =
  | 'original-rcpt-to'
  | 'removal-recipient'
  | 'x-hmxmroriginalrecipient'
  | 'x-apparently-to'
  | 'to'
  | 'from'
  | 'notification';

/** What a complaint of a type asks for: `report` is for people to look at, `none` for nobody. */
export type ComplaintAction = 'suppress' | 'unsubscribe' | 'report' | 'none';

export interface ComplaintReading {
  /** In lower case: abuse, opt-out, fraud, virus, other, not-spam, auth-failure … or a word of the reporter's own. */
  readonly feedbackType: string;
  readonly action: ComplaintAction;
  /** Who complained, each once; empty where the report hides it. */
  readonly recipients: readonly string[];
  readonly recipientFrom: RecipientField | null;
  /** What stands where the recipient should: never an address to suppress. */
  readonly redacted: readonly string[];
  /** Complaints this report stands for. */
  readonly incidents: number;
  readonly sourceIp: string | null;
  readonly userAgent: string | null;
  readonly originalMailFrom: string | null;
  readonly reportedDomains: readonly string[];
  readonly arrivalDate: string | null;
  /** Message-ID of the mail complained of. */
  readonly messageId: string | null;
  readonly subject: string;
  /** From of the report: a stranger's word. */
  readonly reporter: string;
  /** When it was written, in milliseconds since the epoch; a stranger's word. */
  readonly date: number | null;
  /** Addresses of ours in the mail complained of that may hold a signature (verp.ts), best first. */
  readonly returnAddresses: readonly string[];
}

/** The complaint a message holds, or null where it holds none. Never throws; anybody can write a complaint (see verp.ts). */
export function readComplaint(message: MimeMessage): ComplaintReading | null {
  const fields = feedbackFieldsOf(message);
  if (fields !== null) return fromFields(message, fields);
  if (isAppleUnsubscribe(message)) return fromApple(message);
  const original = originalOf(message, '');
  if (isMicrosoft(message, original?.headers ?? null)) return fromMicrosoft(message);
  return fromNotification(message);
}

/** RFC 5965 section 7.3, RFC 6430 (not-spam), RFC 6591 (auth-failure); the older names of draft-shafranovich. */
const ACTIONS: ReadonlyMap<string, ComplaintAction> = new Map([
  ['abuse', 'suppress'],
  ['complaint', 'suppress'],
  ['opt-out', 'unsubscribe'],
  ['opt-out-list', 'unsubscribe'],
  ['unsubscribe', 'unsubscribe'],
  ['fraud', 'report'],
  ['phishing', 'report'],
  ['virus', 'report'],
  ['miscategorized', 'report'],
  ['other', 'report'],
  ['not-spam', 'none'],
  ['auth-failure', 'none'],
]);

const MOST_RECIPIENTS = 1000;
const MOST_DOMAINS = 50;
const MOST_TEXT = 1000;

function fromFields(message: MimeMessage, fields: MailHeaders): ComplaintReading {
  const original = originalOf(message, '')?.headers ?? null;
  const value = (name: string): string | null => textOf(headerOf(fields, name));
  const source = value('source-ip');
  return {
    ...baseOf(message, { fields, original }),
    ...typeOf(fields),
    ...recipientsOf(fields, original),
    incidents: incidentsOf(headerOf(fields, 'incidents')),
    sourceIp: source === null ? null : sourceIpOf(source.replace(/\([^()]{0,200}\)/g, '')),
    userAgent: value('user-agent'),
    originalMailFrom: value('original-mail-from')?.replace(/^<|>$/g, '') || null,
    reportedDomains: listOf(fields, 'reported-domain'),
    arrivalDate: value('arrival-date') ?? value('received-date'),
  };
}

/** Without a type, a complaint is one of abuse: some reporters name it only in a field of their own. */
function typeOf(fields: MailHeaders): Pick<ComplaintReading, 'feedbackType' | 'action'> {
  const type = (textOf(headerOf(fields, 'feedback-type')) ?? 'abuse').toLowerCase().replaceAll('_', '-');
  return { feedbackType: type.slice(0, 60), action: ACTIONS.get(type) ?? 'report' };
}

type Recipients = Pick<ComplaintReading, 'recipients' | 'recipientFrom' | 'redacted'>;

/** The first field that names somebody counts, with all its values: peers take the first value alone. */
function recipientsOf(fields: MailHeaders | null, original: MailHeaders | null): Recipients {
  const redacted: string[] = [];
  for (const [field, values] of candidates(fields, original)) {
    const named = values.slice(0, MOST_RECIPIENTS).flatMap((value) => (value.trim() === '' ? [] : [value]));
    const hidden = named.filter(isRedacted);
    redacted.push(...hidden.map((value) => value.trim().slice(0, 200)));
    const open = named.filter((value) => !isRedacted(value));
    const recipients = field === 'to' ? onlyOne(addressesInHeader(open)) : open.flatMap(addressesIn);
    if (recipients.length > 0)
      return { recipients: distinct(recipients), recipientFrom: field, redacted: distinct(redacted) };
  }
  return { recipients: [], recipientFrom: null, redacted: distinct(redacted) };
}

function candidates(
  fields: MailHeaders | null,
  original: MailHeaders | null,
): readonly (readonly [RecipientField, readonly string[]])[] {
  const apparently = (original?.get('x-apparently-to') ?? []).map((value) => value.split(';', 1)[0] ?? '');
  return [
    ['original-rcpt-to', fields?.get('original-rcpt-to') ?? []],
    ['removal-recipient', fields?.get('removal-recipient') ?? []],
    ['x-hmxmroriginalrecipient', original?.get('x-hmxmroriginalrecipient') ?? []],
    ['x-apparently-to', apparently],
    ['to', original?.get('to') ?? []],
  ];
}

/** A field should hold one address; some hold a list. */
function addressesIn(value: string): string[] {
  const whole = recipientAddress(value);
  if (whole !== null) return [whole];
  return value
    .slice(0, 20_000)
    .split(/[,;]/, MOST_RECIPIENTS)
    .flatMap((piece) => recipientAddress(piece) ?? []);
}

/** A mail to several people does not tell which of them complained. */
function onlyOne(addresses: readonly string[]): readonly string[] {
  return distinct(addresses).length === 1 ? addresses : [];
}

/**
 * RFC 6590 has reporters replace the local part; they write `redacted@…`, `undisclosed-recipients:;`, `[redacted]`, or a
 * hash behind the word. An address that only looks like a hash is one: some senders' addresses do.
 */
function isRedacted(value: string): boolean {
  const text = value.trim().toLowerCase();
  if (/undisclosed|unlisted[ -]recipients|^["'<[(*]{0,4}redacted\b|<redacted\b|@redacted\b|^[x*]{3,}@/.test(text))
    return true;
  return /(?:^|[<\s;:"])(?:redacted|anonymi[sz]ed|hidden|removed|suppressed)(?:[-_.+=][^@\s]{0,200})?@/.test(text);
}

function isAppleUnsubscribe({ headers }: MimeMessage): boolean {
  return headerOf(headers, 'x-apple-unsubscribe').trim().toLowerCase() === 'true';
}

/** iCloud's "Unsubscribe" writes to the List-Unsubscribe address in the reader's name. */
function fromApple(message: MimeMessage): ComplaintReading {
  const recipients = distinct(addressesInHeader([headerOf(message.headers, 'from')]));
  return {
    ...baseOf(message, { fields: null, original: null }),
    feedbackType: 'opt-out',
    action: 'unsubscribe',
    recipients,
    recipientFrom: recipients.length > 0 ? 'from' : null,
  };
}

/** Microsoft's Junk Mail Reporting Program attaches the mail without any fields; others forward its reports. */
function isMicrosoft({ headers }: MimeMessage, original: MailHeaders | null): boolean {
  if (original === null) return false;
  if (original.has('x-hmxmroriginalrecipient')) return true;
  return MICROSOFT_SUBJECT.test(decodedHeader(headers, 'subject'));
}

const MICROSOFT_SUBJECT = /^\s{0,9}complaint about message from\s{1,9}(?:ip\s{1,9})?\[?([0-9a-f.:]{3,45})?/i;

function fromMicrosoft(message: MimeMessage): ComplaintReading {
  const original = originalOf(message, '')?.headers ?? null;
  const ip = MICROSOFT_SUBJECT.exec(decodedHeader(message.headers, 'subject'))?.[1];
  return {
    ...baseOf(message, { fields: null, original }),
    ...recipientsOf(null, original),
    feedbackType: 'abuse',
    action: 'suppress',
    sourceIp: ip === undefined ? null : sourceIpOf(ip),
  };
}

/** Amazon SES tells complaints by a JSON notification, too. */
function fromNotification(message: MimeMessage): ComplaintReading | null {
  const part = message.parts.find(({ type }) => type === 'text/plain' || type === 'application/json');
  const notification = part === undefined ? null : readServiceNotification(textOfPart(part));
  if (notification === null || notification.kind !== 'complaint') return null;
  const addresses = notification.recipients.flatMap(({ address }) => plainAddress(address) ?? []);
  const open = addresses.filter((address) => !isRedacted(address));
  return {
    ...baseOf(message, { fields: null, original: null }),
    feedbackType: 'abuse',
    action: 'suppress',
    recipients: distinct(open),
    recipientFrom: open.length > 0 ? 'notification' : null,
    messageId: notification.messageId,
  };
}

/** What all kinds have, with nothing said of what only feedback reports tell. */
function baseOf(
  message: MimeMessage,
  { fields, original }: { readonly fields: MailHeaders | null; readonly original: MailHeaders | null },
): Omit<ComplaintReading, 'feedbackType' | 'action'> {
  const date = Date.parse(headerOf(message.headers, 'date').slice(0, 100));
  return {
    recipients: [],
    recipientFrom: null,
    redacted: [],
    incidents: 1,
    sourceIp: null,
    userAgent: null,
    originalMailFrom: null,
    reportedDomains: [],
    arrivalDate: null,
    messageId: original === null ? null : messageIdIn(headerOf(original, 'message-id')),
    subject: decodedHeader(original ?? message.headers, 'subject').slice(0, MOST_TEXT),
    reporter: decodedHeader(message.headers, 'from').slice(0, MOST_TEXT),
    date: Number.isNaN(date) ? null : date,
    returnAddresses: signedCandidates(message, { fields, original }),
  };
}

/** Our return path as the reporter tells it or as the mail carries it, then our other addresses in the mail's headers. */
function signedCandidates(
  message: MimeMessage,
  { fields, original }: { readonly fields: MailHeaders | null; readonly original: MailHeaders | null },
): string[] {
  const values = [
    ...['original-mail-from', 'original-envelope-id', 'cfbl-feedback-id'].flatMap((name) => fields?.get(name) ?? []),
    ...ORIGINAL_FIELDS.flatMap((name) => original?.get(name) ?? []),
  ];
  const found = values.slice(0, 50).flatMap(addressesWithin);
  // An unsubscribe mail comes to the address we put into List-Unsubscribe.
  return distinct([...found, ...returnAddressesOf(message)]).slice(0, 50);
}

const ORIGINAL_FIELDS = [
  'return-path',
  'errors-to',
  'list-unsubscribe',
  'feedback-id',
  'cfbl-address',
  'cfbl-feedback-id',
  'reply-to',
  'sender',
  'from',
];

function addressesWithin(value: string): string[] {
  return value
    .slice(0, 4000)
    .split(/[\s,;<>"?]{1,20}/, 100)
    .flatMap((piece) => (piece.includes('@') ? (plainAddress(piece.replace(/^mailto:/i, '')) ?? []) : []));
}

function listOf(fields: MailHeaders, name: string): string[] {
  const values = (fields.get(name) ?? []).slice(0, MOST_DOMAINS).flatMap((value) => textOf(value) ?? []);
  return distinct(values.map((value) => value.toLowerCase()));
}

function incidentsOf(value: string): number {
  const number = /^\s{0,9}(\d{1,9})\b/.exec(value)?.[1];
  return Math.max(1, Number(number ?? 1));
}

/** Null for an empty or missing value. */
function textOf(value: string): string | null {
  const trimmed = value.trim();
  return trimmed === '' ? null : trimmed.slice(0, MOST_TEXT);
}

/** Each once, in any case of letters, as it stands first. */
function distinct(values: readonly string[]): string[] {
  const byName = new Map<string, string>();
  for (const value of values) if (!byName.has(value.toLowerCase())) byName.set(value.toLowerCase(), value);
  return [...byName.values()];
}
