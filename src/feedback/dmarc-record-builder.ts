// Puts one record of an aggregate report together from its elements, whatever is missing, doubled or misplaced.
import {
  countOf,
  type DkimResult,
  type DmarcRecord,
  domainOf,
  isAddress,
  type OverrideReason,
  plainText,
  type ReportFault,
  type SpfResult,
  sourceIpOf,
  wordOf,
} from './dmarc-records.ts';

/**
 * Which part of the record the next values belong to. Set by the elements that open a part and not by those that close one:
 * end tags are what broken reports lack.
 */
type Part = 'row' | 'evaluated' | 'reason' | 'identifiers' | 'auth' | 'auth_dkim' | 'auth_spf';

const PARTS: ReadonlyMap<string, Part> = new Map([
  ['row', 'row'],
  ['policy_evaluated', 'evaluated'],
  ['identifiers', 'identifiers'],
  ['identities', 'identifiers'], // drafts before 2012
  ['auth_results', 'auth'],
]);

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

interface OpenRecord extends Mutable<DmarcRecord> {
  reasons: Mutable<OverrideReason>[];
  dkimResults: Mutable<DkimResult>[];
  spfResults: Mutable<SpfResult>[];
}

/** RFC 9990 allows 100 signatures in a record; of more, the last are kept, with a fault. */
const MOST_RESULTS = 100;
const MOST_REASONS = 20;

export class RecordBuilder {
  readonly #onFault: (fault: ReportFault) => void;
  readonly #record = newRecord();
  #part: Part = 'row';
  #hasCount = false;

  constructor(onFault: (fault: ReportFault) => void) {
    this.#onFault = onFault;
  }

  /** An element begins. */
  open(name: string): void {
    const part = PARTS.get(name);
    if (part !== undefined) this.#part = part;
    else if (this.#part === 'evaluated' || this.#part === 'reason') this.#openInEvaluated(name);
    else if (this.#part.startsWith('auth')) this.#openInAuth(name);
  }

  /** The text of the element `name`, opened last. */
  value(name: string, text: string): void {
    const record = this.#record;
    switch (this.#part) {
      case 'row':
      case 'evaluated':
        this.#rowValue(name, text);
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

  /** The record; it is the `number`th of its report. */
  finish(number: number): DmarcRecord {
    const { sourceIp } = this.#record;
    if (!this.#hasCount) this.#onFault({ code: 'count_missing', detail: `record ${number}` });
    if (!isAddress(sourceIp)) this.#onFault({ code: 'source_ip_invalid', detail: sourceIp.slice(0, 60) });
    return this.#record;
  }

  #openInEvaluated(name: string): void {
    if (name === 'reason') {
      this.#part = 'reason';
      this.#keep(this.#record.reasons, { type: '', comment: '' }, MOST_REASONS);
    } else if (name !== 'type' && name !== 'comment') {
      this.#part = 'evaluated';
    }
  }

  #openInAuth(name: string): void {
    if (name === 'dkim') {
      this.#part = 'auth_dkim';
      this.#keep(this.#record.dkimResults, { domain: '', selector: '', result: '', human: '' }, MOST_RESULTS);
    } else if (name === 'spf') {
      this.#part = 'auth_spf';
      this.#keep(this.#record.spfResults, { domain: '', scope: '', result: '', human: '' }, MOST_RESULTS);
    }
  }

  #keep<Item>(items: Item[], item: Item, most: number): void {
    items.push(item);
    if (items.length <= most) return;
    items.shift();
    this.#onFault({ code: 'too_many_results', detail: `a record with more than ${most} of them` });
  }

  /** What belongs to the row may also stand behind <policy_evaluated>, where that lacks its end tag. */
  #rowValue(name: string, text: string): void {
    const record = this.#record;
    if (name === 'source_ip') record.sourceIp = sourceIpOf(text);
    else if (name === 'count') this.#countValue(text);
    else if (this.#part === 'row') return;
    else if (name === 'disposition') record.disposition = wordOf(text) || 'none';
    else if (name === 'dkim' || name === 'spf') record[name] = wordOf(text) || 'fail';
  }

  #countValue(text: string): void {
    const count = countOf(text);
    this.#hasCount = true;
    if (count !== null) this.#record.count = count;
    else this.#onFault({ code: 'count_invalid', detail: plainText(text).slice(0, 40) });
  }
}

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
