// Adds up, row by row, what the report shows beyond the summary; it keeps domains and counts, never an address.
import { printable } from '../../smtp/printable.ts';
import { oneLine } from '../../smtp/reply.ts';
import { STATUSES, type Status } from '../../verdict.ts';
import type { AnnotatedRow } from '../annotation.ts';
import { HeaviestNames, type NameCount } from './heaviest-names.ts';

/** Below these numbers every count is exact; beyond them, the memory for one name buys less than it costs. */
const DOMAIN_PLACES = 20_000;
const PROVIDER_PLACES = 10_000;
const DOMAINS_SHOWN = 12;
const PROVIDERS_SHOWN = 10;
const MOST_CAUSE_CHARACTERS = 160;

export interface RowTally {
  /** Rows whose address stands there for the first time, by status. */
  readonly distinct: Readonly<Record<Status, number>>;
  readonly flags: { readonly role: number; readonly disposable: number; readonly free: number };
  readonly providers: {
    readonly shown: readonly NameCount[];
    /** How many more there are, and their rows. */
    readonly others: { readonly names: number; readonly status: Readonly<Record<Status, number>> };
    /** Rows that were settled before any provider came into it. */
    readonly none: number;
    readonly precision: Precision;
  };
  readonly domains: {
    /** Most invalid rows first. */
    readonly invalid: readonly NameCount[];
    /** Most unclear rows first; those that were merely not asked about are left out. */
    readonly unclear: readonly NameCount[];
    readonly precision: Precision;
  };
}

/** How far counts by name can be believed. */
export interface Precision {
  readonly names: number;
  readonly missedAtMost: number;
  readonly isPartial: boolean;
}

/** Takes every row of one list. */
export class Tally {
  readonly #distinct = emptyCounts();
  readonly #flags = { role: 0, disposable: 0, free: 0 };
  readonly #all = emptyCounts();
  readonly #withProvider = emptyCounts();
  readonly #providers = new HeaviestNames<AnnotatedRow>(PROVIDER_PLACES, () => '');
  readonly #domains = new HeaviestNames<AnnotatedRow>(DOMAIN_PLACES, causeOf);

  add(row: AnnotatedRow): void {
    const { facts, verdict, duplicateOf } = row;
    const { status, reason, provider } = verdict;
    this.#all[status] += 1;
    if (duplicateOf === null) this.#distinct[status] += 1;
    const { domain, role } = facts;
    if (domain === null) return;
    if (role !== null) this.#flags.role += 1;
    if (domain.facts.disposable) this.#flags.disposable += 1;
    if (domain.facts.free) this.#flags.free += 1;
    this.#domains.add(domain.name, reason, row);
    if (provider === null || provider === '') return;
    this.#withProvider[status] += 1;
    this.#providers.add(provider, reason, row);
  }

  result(): RowTally {
    const domains = this.#domains.result();
    const withBad = (count: (one: NameCount) => number) =>
      domains.names
        .filter((one) => count(one) > 0)
        .sort((a, b) => count(b) - count(a) || b.rows - a.rows)
        .slice(0, DOMAINS_SHOWN);
    const { missedAtMost, isPartial } = domains;
    return {
      distinct: { ...this.#distinct },
      flags: { ...this.#flags },
      providers: this.#providersResult(),
      domains: {
        invalid: withBad(({ status }) => status.invalid),
        unclear: withBad(unclearRows),
        precision: { names: domains.names.length, missedAtMost, isPartial },
      },
    };
  }

  #providersResult(): RowTally['providers'] {
    const { names, missedAtMost, isPartial } = this.#providers.result();
    const shown = [...names].sort((a, b) => b.rows - a.rows).slice(0, PROVIDERS_SHOWN);
    const others = emptyCounts();
    let all = 0;
    for (const status of STATUSES) {
      all += this.#all[status] - this.#withProvider[status];
      others[status] = this.#withProvider[status] - shown.reduce((sum, one) => sum + one.status[status], 0);
    }
    return {
      shown,
      others: { names: names.length - shown.length, status: others },
      none: all,
      precision: { names: names.length, missedAtMost, isPartial },
    };
  }
}

/** Unclear rows of a name that somebody was asked about, or tried to. */
export function unclearRows({ status, reasons }: NameCount): number {
  const notAsked = reasons.find(([reason]) => reason === 'not_checked')?.[1] ?? 0;
  const suppressed = reasons.find(([reason]) => reason === 'suppressed')?.[1] ?? 0;
  return status.unknown - notAsked - suppressed;
}

/** The words that decided, without the address they quote: a report is handed on more easily than a list. */
function causeOf({ facts: { screening }, verdict: { reason, reply, detail } }: AnnotatedRow): string {
  if (reason === 'not_checked' || reason === 'suppressed') return '';
  const words = reply === null ? printable(detail ?? '', 500) : oneLine(reply, 500);
  return printable(withoutAddresses(words, screening.valid ? screening.local : ''), MOST_CAUSE_CHARACTERS);
}

/** Whatever stands before an @ is somebody's name, and so is the row's own local part where it looks like one. */
export function withoutAddresses(words: string, local: string): string {
  const masked = words.replace(/(?:"[^"]{1,64}"|[^\s<>()[\]:;,"@]{1,64})@/gu, '…@');
  return /[._\d-]/.test(local) && local.length >= 3 ? masked.replaceAll(local, '…') : masked;
}

function emptyCounts(): Record<Status, number> {
  return { valid: 0, invalid: 0, catchall: 0, unknown: 0 };
}
