// The shape of an aggregate report and its records, and how the values reporters write become the values we count with.

/** One thing that is wrong with a report; `code` is for programs, `detail` for people and capped. */
export interface ReportFault {
  readonly code: string;
  readonly detail: string;
  /** How often, where more than once. */
  readonly count?: number;
}

/** The domain owner's policy as the reporter saw it; '' where it says nothing (RFC 7489 appendix C, RFC 9990). */
export interface PublishedPolicy {
  readonly domain: string;
  readonly p: string;
  readonly sp: string;
  /** For domains that do not exist; new in RFC 9990, as are `testing` and `discoveryMethod`. */
  readonly np: string;
  readonly adkim: string;
  readonly aspf: string;
  /** Gone from RFC 9990. */
  readonly pct: string;
  readonly fo: string;
  readonly testing: string;
  readonly discoveryMethod: string;
}

export interface DkimResult {
  readonly domain: string;
  readonly selector: string;
  readonly result: string;
  readonly human: string;
}

export interface SpfResult {
  readonly domain: string;
  readonly scope: string;
  readonly result: string;
  readonly human: string;
}

/** Why the reporter did not follow the policy. */
export interface OverrideReason {
  readonly type: string;
  readonly comment: string;
}

/** Messages from one address that met the same fate. */
export interface DmarcRecord {
  /** Normalised; what was written where it is no address. */
  readonly sourceIp: string;
  /** Messages, 0 where the report gives no sensible number. */
  readonly count: number;
  /** What was done: none, quarantine, reject, or pass (RFC 9990). */
  readonly disposition: string;
  /** Whether an aligned DKIM signature passed, and an aligned SPF check: `pass` or `fail`. */
  readonly dkim: string;
  readonly spf: string;
  readonly reasons: readonly OverrideReason[];
  readonly headerFrom: string;
  readonly envelopeFrom: string;
  readonly envelopeTo: string;
  readonly dkimResults: readonly DkimResult[];
  readonly spfResults: readonly SpfResult[];
}

/** Messages by what became of them. */
export interface MessageCounts {
  readonly messages: number;
  /** DKIM or SPF passed and was aligned. */
  readonly dmarcPass: number;
  readonly dmarcFail: number;
  readonly dkimPass: number;
  readonly spfPass: number;
  readonly disposition: ReadonlyMap<string, number>;
}

/** A report without its records, which are handed over one by one while it is read. */
export interface AggregateReport extends MessageCounts {
  readonly kind: 'aggregate';
  /** The reporter's name as written; '' where it gives none (then `email` tells who it is). */
  readonly org: string;
  readonly email: string;
  readonly extraContact: string;
  readonly reportId: string;
  /** Unix seconds, or null where the report does not say. */
  readonly begin: number | null;
  readonly end: number | null;
  readonly version: string;
  readonly generator: string;
  readonly policy: PublishedPolicy;
  readonly records: number;
  /** What the reporter says went wrong on its side. */
  readonly reporterErrors: readonly string[];
  readonly errors: readonly ReportFault[];
}

/** A value on one line, with the space around it taken away, capped. */
export function plainText(text: string): string {
  const trimmed = onOneLine(text.trim());
  return trimmed.length > MOST_VALUE_CHARACTERS ? trimmed.slice(0, MOST_VALUE_CHARACTERS) : trimmed;
}

function onOneLine(text: string): string {
  return /[\0-\x1f]/.test(text) ? text.replace(/[\0-\x1f]+/g, ' ') : text;
}

/** No value of a report is near this long; human_result and comment are the longest. */
const MOST_VALUE_CHARACTERS = 1024;

/** A domain as written, in lower case, without trailing dot. */
export function domainOf(text: string): string {
  const domain = plainText(text).toLowerCase();
  return domain.endsWith('.') ? domain.slice(0, -1) : domain;
}

/** Enumerated words come in any case (`Pass`, `NONE`), and in the spelling of older RFCs. */
export function wordOf(text: string): string {
  if (COMMON_WORDS.has(text)) return text;
  const word = onOneLine(text.trim().slice(0, 40)).toLowerCase();
  return OLD_WORDS.get(word) ?? word;
}

/** Nine words in ten, ready as they are. */
const COMMON_WORDS: ReadonlySet<string> = new Set([
  'pass',
  'fail',
  'none',
  'mfrom',
  'softfail',
  'reject',
  'quarantine',
]);

/** RFC 4408 called them so; RFC 7208 section 2.6 renamed them. */
const OLD_WORDS: ReadonlyMap<string, string> = new Map([
  ['hardfail', 'fail'],
  ['unknown', 'permerror'],
  ['error', 'temperror'],
]);

/** The number of messages, or null where it is missing, negative, or more than can be counted exactly. */
export function countOf(text: string): number | null {
  const trimmed = text.trim();
  if (!/^\+?\d{1,16}(?:\.\d{0,9})?$/.test(trimmed)) return null;
  const count = Math.trunc(Number(trimmed));
  return Number.isSafeInteger(count) ? count : null;
}

/** Unix seconds of a number (also with a fraction, or in milliseconds) or of an ISO date, which is read as UTC; else null. */
export function secondsOf(text: string): number | null {
  const trimmed = text.trim();
  if (/^\d{1,16}(?:\.\d{0,9})?$/.test(trimmed)) {
    const seconds = Math.trunc(Number(trimmed));
    return seconds < FAR_FUTURE_SECONDS ? seconds : Math.trunc(seconds / 1000);
  }
  const [, day, time = '00:00:00', zone = 'Z'] = ISO_DATE.exec(trimmed) ?? [];
  if (day === undefined) return null;
  const ms = Date.parse(`${day}T${time}${zone}`);
  return Number.isNaN(ms) ? null : Math.trunc(ms / 1000);
}

/** The year 5138: a larger number is milliseconds. */
const FAR_FUTURE_SECONDS = 100_000_000_000;
const ISO_DATE = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d)(?:\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?$/;

/** IPv4 as it is, IPv6 in its shortest form, IPv4 mapped into IPv6 as IPv4; anything else as it was written. */
export function sourceIpOf(text: string): string {
  const trimmed = onOneLine(text.trim().slice(0, 200));
  if (IPV4.test(trimmed)) return trimmed;
  if (!trimmed.includes(':')) return trimmed;
  const parsed = URL.parse(`http://[${trimmed.replace(/^\[|\]$/g, '')}]/`);
  if (parsed === null) return trimmed;
  const address = parsed.hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(address);
  if (mapped === null) return address;
  const high = Number.parseInt(mapped[1] ?? '0', 16);
  const low = Number.parseInt(mapped[2] ?? '0', 16);
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/** Whether it is an address at all, in either family's form as `sourceIpOf` gives it. */
export function isAddress(sourceIp: string): boolean {
  return IPV4.test(sourceIp) || URL.canParse(`http://[${sourceIp}]/`);
}
