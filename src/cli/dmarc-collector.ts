// Takes the records of one aggregate report while it is read: grouped, and put away in pieces where they are very many.
import type { DmarcRecord } from '../feedback/dmarc-records.ts';
import type { RecordSink } from '../feedback/dmarc-xml.ts';
import { FateGroups, type FateRow } from '../feedback/report-rows.ts';
import type { ReportStore } from '../store/dmarc-reports.ts';

/** Groups held in memory at once: some 10 MB. Few reports have more. */
const MOST_GROUPS = 20_000;
/** Records shown one by one; a report with more is for the roll-up. */
export const MOST_SHOWN_RECORDS = 100_000;

export interface CollectorOptions {
  /** Null where nothing is kept. */
  readonly store: ReportStore | null;
  readonly keepsRecords: boolean;
}

export class ReportCollector implements RecordSink {
  readonly #options: CollectorOptions;
  readonly #groups = new FateGroups();
  readonly #overflow = new Map<string, FateRow>();
  #rows: FateRow[] = [];
  #startedId: number | null = null;
  #recordCount = 0;
  /** The first records, where they are to be shown. */
  readonly records: DmarcRecord[] = [];

  constructor(options: CollectorOptions) {
    this.#options = options;
  }

  get keepsRecords(): boolean {
    return this.#options.keepsRecords;
  }

  /** The report under which rows stand in the store already, or null. */
  get startedId(): number | null {
    return this.#startedId;
  }

  /** True where not all records are in `records`. */
  get hasMoreRecords(): boolean {
    return this.#recordCount > this.records.length;
  }

  record(record: DmarcRecord): void {
    this.#groups.add(record);
    if (this.#options.keepsRecords) {
      this.#recordCount += 1;
      if (this.records.length < MOST_SHOWN_RECORDS) this.records.push(record);
    }
    if (this.#groups.size >= MOST_GROUPS) this.#putAway();
  }

  /** The rows that are not in the store yet, and all rows for a summary: beyond some number their sources are not told apart. */
  finish(): { readonly rows: readonly FateRow[]; readonly summary: readonly FateRow[] } {
    const rows = this.#groups.take();
    return { rows, summary: [...this.#rows, ...rows, ...this.#overflow.values()] };
  }

  #putAway(): void {
    const rows = this.#groups.take();
    const { store } = this.#options;
    if (store !== null) {
      this.#startedId ??= store.start('aggregate');
      store.addRows(this.#startedId, rows);
    }
    if (this.#rows.length === 0) this.#rows = rows;
    else for (const row of rows) this.#addOverflow(row);
  }

  #addOverflow(row: FateRow): void {
    const { disposition, dkim, spf, reasons } = row;
    const key = `${disposition}\n${dkim}\n${spf}`;
    const known = this.#overflow.get(key);
    const messages = (known?.messages ?? 0) + row.messages;
    this.#overflow.set(key, { ...row, sourceIp: 'other', headerFrom: '', reasons, results: '', messages });
  }
}
