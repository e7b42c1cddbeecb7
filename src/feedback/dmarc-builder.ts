// Puts an aggregate report together from its elements in the order they come, whatever is missing, doubled or misplaced.
import { ElementNames } from './dmarc-names.ts';
import { RecordBuilder } from './dmarc-record-builder.ts';
import {
  type AggregateReport,
  type DmarcRecord,
  domainOf,
  plainText,
  type ReportFault,
  secondsOf,
  wordOf,
} from './dmarc-records.ts';

/** Which part of the report the next values belong to. Set by the elements that open a part, for end tags may be missing. */
type Section = 'top' | 'metadata' | 'policy' | 'record';

const MOST_REPORTER_ERRORS = 20;
/** There are five; a crafted report cannot make more than these of them. */
const MOST_DISPOSITIONS = 10;

export class AggregateBuilder {
  readonly #onRecord: (record: DmarcRecord) => void;
  readonly #names = new ElementNames();
  #section: Section = 'top';
  #element = '';
  #prefix = '';
  #ignoring = 0;
  #hasReport = false;
  #record: RecordBuilder | null = null;

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
  /** The domain in From of all records; '' before the first, null where they differ. */
  #onlyFrom: string | null = '';
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
    const { prefix, name } = this.#names.of(qualifiedName);
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
      case 'record':
        this.#record?.value(name, text);
    }
  }

  readonly addFault = ({ code, detail, count = 1 }: ReportFault): void => {
    const known = this.#faults.get(code);
    if (known === undefined) this.#faults.set(code, { detail, count });
    else known.count += count;
  };

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
        this.#record = new RecordBuilder(this.addFault);
        this.#section = 'record';
        return true;
      default:
        this.#record?.open(name);
        return false;
    }
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

  #endRecord(): void {
    if (this.#record === null) return;
    const record = this.#record.finish(this.#records + 1);
    this.#record = null;
    this.#section = 'top';
    this.#count(record);
    this.#onRecord(record);
  }

  #count({ count, dkim, spf, disposition, headerFrom }: DmarcRecord): void {
    this.#records += 1;
    if (headerFrom !== '' && this.#onlyFrom !== headerFrom) this.#onlyFrom = this.#onlyFrom === '' ? headerFrom : null;
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
    if (this.#policy.domain === '') {
      // A report without a policy is still of one domain, where all its mail names the same.
      this.#policy.domain = this.#onlyFrom ?? '';
      this.addFault({ code: 'domain_missing', detail: this.#policy.domain });
    }
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

function withoutBrackets(text: string): string {
  return text.replace(/^<|>$/g, '').trim();
}

/** Sums stay exact: beyond 2^53 they stand still. */
function added(sum: number, count: number): number {
  return Math.min(sum + count, Number.MAX_SAFE_INTEGER);
}
