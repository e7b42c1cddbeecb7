// Puts an aggregate report together from its elements in the order they come, whatever is missing, doubled or misplaced.
import {
  type AggregateReport,
  countOf,
  type DkimResult,
  type DmarcRecord,
  domainOf,
  isAddress,
  type OverrideReason,
  plainText,
  type ReportFault,
  type SpfResult,
  secondsOf,
  sourceIpOf,
  wordOf,
} from './dmarc-records.ts';

/**
 * Which part of the report the next values belong to. Set by the elements that open a part and not by those that close one:
 * end tags are what broken reports lack.
 */
type Section =
  | 'top'
  | 'metadata'
  | 'policy'
  | 'row'
  | 'evaluated'
  | 'reason'
  | 'identifiers'
  | 'auth'
  | 'auth_dkim'
  | 'auth_spf';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

interface OpenRecord extends Mutable<DmarcRecord> {
  reasons: Mutable<OverrideReason>[];
  dkimResults: Mutable<DkimResult>[];
  spfResults: Mutable<SpfResult>[];
  hasCount: boolean;
}

interface ElementName {
  readonly qualifiedName: string;
  /** '' for none. */
  readonly prefix: string;
  /** Without prefix, in lower case. */
  readonly name: string;
}

/** With the factors below, no two names of a record share a slot. */
const NAME_SLOTS = 256;

/** The names that are looked for, so that comparing them below compares two pointers: this is what the speed hangs on. */
const OWN_NAMES: ReadonlyMap<string, string> = new Map(
  [
    ['feedback', 'version', 'report_metadata', 'org_name', 'email', 'extra_contact_info', 'report_id', 'begin', 'end'],
    ['error', 'errors', 'generator', 'policy_published', 'domain', 'adkim', 'aspf', 'p', 'sp', 'np', 'pct', 'fo'],
    ['testing', 'discovery_method', 'record', 'row', 'source_ip', 'count', 'policy_evaluated', 'disposition', 'dkim'],
    ['spf', 'reason', 'type', 'comment', 'identifiers', 'identities', 'header_from', 'envelope_from', 'envelope_to'],
    ['auth_results', 'selector', 'result', 'scope', 'human_result', 'extension', 'extensions', 'date_range'],
  ].flatMap((names) => names.map((name) => [name, name] as const)),
);

/** RFC 9990 allows 100 signatures in a record; a record with more is cut, with a fault. */
const MOST_RESULTS = 100;
const MOST_REASONS = 20;
const MOST_REPORTER_ERRORS = 20;
/** Codes of faults are ours and few; a crafted report cannot make more of them. */
const MOST_DISPOSITIONS = 10;

export class AggregateBuilder {
  readonly #onRecord: (record: DmarcRecord) => void;
  readonly #names: (ElementName | undefined)[] = new Array(NAME_SLOTS).fill(undefined);
  #section: Section = 'top';
  #element = '';
  #prefix = '';
  #ignoring = 0;
  #hasReport = false;
  #record: OpenRecord | null = null;

  #org = '';
  #email = '';
  #extraContact = '';
  #reportId = '';
  #begin: number | null = null;
  #end: number | null = null;
  #version = '';
  #generator = '';
  readonly #reporterErrors: string[] = [];
  readonly #policy = {
    domain: '',
    p: '',
    sp: '',
    np: '',
    adkim: '',
    aspf: '',
    pct: '',
    fo: '',
    testing: '',
    discoveryMethod: '',
  };
  #policies = 0;

  #records = 0;
  #messages = 0;
  #dmarcPass = 0;
  #dkimPass = 0;
  #spfPass = 0;
  readonly #disposition = new Map<string, number>();
  readonly #faults = new Map<string, { detail: string; count: number }>();

  constructor(onRecord: (record: DmarcRecord) => void) {
    this.#onRecord = onRecord;
  }

  /** An element begins. True where it is one of the report's large parts, from which depth is counted anew. */
  open(qualifiedName: string): boolean {
    if (this.#ignoring > 0) {
      this.#ignoring += 1;
      return false;
    }
    const { prefix, name } = this.#nameOf(qualifiedName);
    this.#element = name;
    if (prefix !== '' && this.#isForeign(prefix, name)) this.#ignoring = 1;
    else if (name === 'extension' || name === 'extensions') this.#ignoring = 1;
    else return this.#enter(name);
    return false;
  }

  /** The element opened last ends, or one around it. */
  close(): void {
    if (this.#ignoring > 0) this.#ignoring -= 1;
    else this.#element = '';
  }

  /** The text of the element opened last. */
  value(text: string): void {
    if (this.#ignoring > 0 || this.#element === '') return;
    const name = this.#element;
    switch (this.#section) {
      case 'top':
        if (name === 'version') this.#version = plainText(text);
        return;
      case 'metadata':
        this.#metadataValue(name, text);
        return;
      case 'policy':
        this.#policyValue(name, text);
        return;
      default:
        if (this.#record !== null) this.#recordValue(this.#record, name, text);
    }
  }

  addFault({ code, detail, count = 1 }: ReportFault): void {
    const known = this.#faults.get(code);
    if (known === undefined) this.#faults.set(code, { detail, count });
    else known.count += count;
  }

  /** The report, or null where nothing of one was met: neither a name nor a domain nor a record. */
  finish(): AggregateReport | null {
    this.#endRecord();
    const isNamed = this.#reportId !== '' || this.#policy.domain !== '';
    if (!this.#hasReport || !(isNamed || this.#records > 0)) return null;
    this.#checkReport();
    return {
      kind: 'aggregate',
      org: this.#org,
      email: this.#email,
      extraContact: this.#extraContact,
      reportId: this.#reportId,
      begin: this.#begin,
      end: this.#end,
      version: this.#version,
      generator: this.#generator,
      policy: { ...this.#policy },
      records: this.#records,
      messages: this.#messages,
      dmarcPass: this.#dmarcPass,
      dmarcFail: this.#messages - this.#dmarcPass,
      dkimPass: this.#dkimPass,
      spfPass: this.#spfPass,
      disposition: this.#disposition,
      reporterErrors: this.#reporterErrors,
      errors: [...this.#faults].map(([code, { detail, count }]) =>
        count === 1 ? { code, detail } : { code, detail, count },
      ),
    };
  }

  /** Looks a name up by its length and ends first: half the time of a Map, which hashes each new string. */
  #nameOf(qualifiedName: string): ElementName {
    const { length } = qualifiedName;
    const ends = qualifiedName.charCodeAt(0) * 48 + qualifiedName.charCodeAt(length - 1);
    const slot = (length * 5 + ends) & (NAME_SLOTS - 1);
    const known = this.#names[slot];
    if (known !== undefined && known.qualifiedName === qualifiedName) return known;
    const colon = qualifiedName.indexOf(':');
    const plain = qualifiedName.slice(colon + 1).toLowerCase();
    const prefix = qualifiedName.slice(0, Math.max(colon, 0));
    const name = { qualifiedName, prefix, name: OWN_NAMES.get(plain) ?? plain };
    this.#names[slot] = name;
    return name;
  }

  /** The prefix of <feedback> is the report's own; elements with another belong to somebody's extension. */
  #isForeign(prefix: string, name: string): boolean {
    if (name === 'feedback') this.#prefix = prefix;
    return this.#hasReport && prefix !== this.#prefix;
  }

  #enter(name: string): boolean {
    switch (name) {
      case 'feedback':
        this.#hasReport = true;
        this.#section = 'top';
        return true;
      case 'report_metadata':
        this.#hasReport = true;
        this.#section = 'metadata';
        return true;
      case 'policy_published':
        this.#policies += 1;
        this.#section = 'policy';
        return true;
      case 'record':
        this.#endRecord();
        this.#hasReport = true;
        this.#record = newRecord();
        this.#section = 'row';
        return true;
      case 'row':
        this.#section = 'row';
        return false;
      case 'policy_evaluated':
        this.#section = 'evaluated';
        return false;
      case 'identifiers':
      case 'identities': // drafts before 2012
        this.#section = 'identifiers';
        return false;
      case 'auth_results':
        this.#section = 'auth';
        return false;
      default:
        this.#enterInRecord(name);
        return false;
    }
  }

  #enterInRecord(name: string): void {
    const record = this.#record;
    if (record === null) return;
    if (name === 'reason' && (this.#section === 'evaluated' || this.#section === 'reason')) {
      this.#section = 'reason';
      this.#keep(record.reasons, { type: '', comment: '' }, MOST_REASONS);
    } else if (this.#section === 'reason' && !REASON_VALUES.has(name)) {
      this.#section = 'evaluated';
    } else if (this.#section.startsWith('auth') && name === 'dkim') {
      this.#section = 'auth_dkim';
      this.#keep(record.dkimResults, { domain: '', selector: '', result: '', human: '' }, MOST_RESULTS);
    } else if (this.#section.startsWith('auth') && name === 'spf') {
      this.#section = 'auth_spf';
      this.#keep(record.spfResults, { domain: '', scope: '', result: '', human: '' }, MOST_RESULTS);
    }
  }

  #keep<Item>(items: Item[], item: Item, most: number): void {
    items.push(item);
    if (items.length <= most) return;
    items.shift();
    this.addFault({ code: 'too_many_results', detail: `a record with more than ${most} of them` });
  }

  #metadataValue(name: string, text: string): void {
    switch (name) {
      case 'org_name':
        this.#org = this.#org || plainText(text);
        return;
      case 'email':
        this.#email = this.#email || withoutBrackets(plainText(text));
        return;
      case 'extra_contact_info':
        this.#extraContact = this.#extraContact || plainText(text);
        return;
      case 'report_id':
        this.#reportId = this.#reportId || withoutBrackets(plainText(text));
        return;
      case 'generator':
        this.#generator = plainText(text);
        return;
      case 'begin':
        this.#begin ??= secondsOf(text);
        return;
      case 'end':
        this.#end ??= secondsOf(text);
        return;
      case 'error':
      case 'errors': // RFC 9990
        if (this.#reporterErrors.length < MOST_REPORTER_ERRORS && plainText(text) !== '')
          this.#reporterErrors.push(plainText(text));
    }
  }

  #policyValue(name: string, text: string): void {
    const policy = this.#policy;
    switch (name) {
      case 'domain':
        policy.domain = policy.domain || domainOf(text);
        return;
      case 'discovery_method':
        policy.discoveryMethod = policy.discoveryMethod || wordOf(text);
        return;
      case 'p':
      case 'sp':
      case 'np':
      case 'adkim':
      case 'aspf':
      case 'pct':
      case 'fo':
      case 'testing':
        policy[name] = policy[name] || wordOf(text);
    }
  }

  #recordValue(record: OpenRecord, name: string, text: string): void {
    switch (this.#section) {
      case 'row':
        if (name === 'source_ip') record.sourceIp = sourceIpOf(text);
        else if (name === 'count') this.#countValue(record, text);
        return;
      case 'evaluated':
        if (name === 'disposition') record.disposition = wordOf(text) || 'none';
        else if (name === 'dkim' || name === 'spf') record[name] = wordOf(text) || 'fail';
        else if (name === 'count')
          this.#countValue(record, text); // behind the part it should precede
        else if (name === 'source_ip') record.sourceIp = sourceIpOf(text);
        return;
      case 'reason':
        setOnLast(record.reasons, name === 'type' || name === 'comment' ? name : null, text);
        return;
      case 'identifiers':
        if (name === 'header_from') record.headerFrom = domainOf(text);
        else if (name === 'envelope_from') record.envelopeFrom = domainOf(text);
        else if (name === 'envelope_to') record.envelopeTo = domainOf(text);
        return;
      case 'auth_dkim':
        setOnLast(record.dkimResults, DKIM_VALUES.get(name) ?? null, text);
        return;
      case 'auth_spf':
        setOnLast(record.spfResults, SPF_VALUES.get(name) ?? null, text);
    }
  }

  #countValue(record: OpenRecord, text: string): void {
    const count = countOf(text);
    record.hasCount = true;
    if (count !== null) record.count = count;
    else this.addFault({ code: 'count_invalid', detail: plainText(text).slice(0, 40) });
  }

  #endRecord(): void {
    const record = this.#record;
    if (record === null) return;
    this.#record = null;
    this.#section = 'top';
    const { hasCount, ...plain } = record;
    if (!hasCount) this.addFault({ code: 'count_missing', detail: `record ${this.#records + 1}` });
    if (!isAddress(record.sourceIp)) {
      this.addFault({ code: 'source_ip_invalid', detail: record.sourceIp.slice(0, 60) });
    }
    this.#count(record);
    this.#onRecord(plain);
  }

  #count({ count, dkim, spf, disposition }: OpenRecord): void {
    this.#records += 1;
    this.#messages = added(this.#messages, count);
    if (dkim === 'pass') this.#dkimPass = added(this.#dkimPass, count);
    if (spf === 'pass') this.#spfPass = added(this.#spfPass, count);
    if (dkim === 'pass' || spf === 'pass') this.#dmarcPass = added(this.#dmarcPass, count);
    const isNew = !this.#disposition.has(disposition);
    const word = isNew && this.#disposition.size >= MOST_DISPOSITIONS ? 'other' : disposition;
    this.#disposition.set(word, added(this.#disposition.get(word) ?? 0, count));
  }

  #checkReport(): void {
    if (this.#policies > 1) this.addFault({ code: 'policy_twice', detail: 'the first value of each field counts' });
    if (this.#org === '') this.addFault({ code: 'org_missing', detail: this.#email });
    if (this.#reportId === '') this.addFault({ code: 'report_id_missing', detail: '' });
    if (this.#policy.domain === '') this.addFault({ code: 'domain_missing', detail: '' });
    if (this.#records === 0) this.addFault({ code: 'no_records', detail: '' });
    if (this.#begin === null || this.#end === null) {
      this.addFault({ code: 'date_range_invalid', detail: 'begin or end is missing' });
    } else if (this.#end < this.#begin) {
      this.addFault({ code: 'date_range_invalid', detail: 'it ends before it begins' });
    } else if (this.#end - this.#begin > LONGEST_SPAN_SECONDS) {
      this.addFault({ code: 'span_over_a_day', detail: `${this.#end - this.#begin} seconds` });
    }
  }
}

/** A day and an hour: days on which clocks change are 25 hours long. */
const LONGEST_SPAN_SECONDS = 25 * 3600;

const REASON_VALUES: ReadonlySet<string> = new Set(['type', 'comment']);

const DKIM_VALUES: ReadonlyMap<string, keyof DkimResult> = new Map([
  ['domain', 'domain'],
  ['selector', 'selector'],
  ['result', 'result'],
  ['human_result', 'human'],
]);

const SPF_VALUES: ReadonlyMap<string, keyof SpfResult> = new Map([
  ['domain', 'domain'],
  ['scope', 'scope'],
  ['result', 'result'],
  ['human_result', 'human'],
]);

function newRecord(): OpenRecord {
  return {
    sourceIp: '',
    count: 0,
    hasCount: false,
    // What most reporters mean by leaving them out, and what dashboards assume.
    disposition: 'none',
    dkim: 'fail',
    spf: 'fail',
    reasons: [],
    headerFrom: '',
    envelopeFrom: '',
    envelopeTo: '',
    dkimResults: [],
    spfResults: [],
  };
}

function setOnLast<Key extends string>(items: Record<Key, string>[], key: Key | null, text: string): void {
  const last = items.at(-1);
  if (last === undefined || key === null) return;
  if (key === 'result' || key === 'scope' || key === 'type') last[key] = wordOf(text);
  else last[key] = key === 'domain' ? domainOf(text) : plainText(text);
}

function withoutBrackets(text: string): string {
  return text.replace(/^<|>$/g, '').trim();
}

/** Sums stay exact: beyond 2^53 they stand still. */
function added(sum: number, count: number): number {
  return Math.min(sum + count, Number.MAX_SAFE_INTEGER);
}
