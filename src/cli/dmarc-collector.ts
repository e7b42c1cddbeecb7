// Takes the records of one aggregate report while it is read: grouped, and put away in pieces where they are very many.
import type { DmarcRecord } from '../feedback/dmarc-records.ts';
import type { RecordSink } from '../feedback/dmarc-xml.ts';
import { FateGroups, type FateRow } from '../feedback/report-rows.ts';
import type { ReportStore } from '../store/dmarc-reports.ts';

/** Groups held in memory at once: some 5 MB. Most reports have fewer. */
const MOST_GROUPS = 5000;
/** As long as records join the groups there are, more of these may be held. */
const MOST_GROUPS_THAT_PAY = 20_000;
/** Where hardly two records are alike, rows go on as soon as writing them is worth a transaction. */
const FEW_ROWS = 1000;
/** Records shown one by one; a report with more is for the roll-up. */
export const MOST_SHOWN_RECORDS = 100_000;

export interface CollectorOptions {
  /** Null where nothing is kept. */
  readonly store: ReportStore | null;
  readonly keepsRecords: boolean;
  /** Whether rows are to be summed up for people behind the reading. */
  readonly keepsSummary: boolean;
}

export class ReportCollector implements RecordSink {
  readonly #options: CollectorOptions;
  readonly #groups = new FateGroups();
  readonly #overflow = new Map<string, FateRow>();
  readonly #rows: FateRow[] = [];
  #startedId: number | null = null;
  #recordCount = 0;
  #mostGroups = MOST_GROUPS;
  #joined = 0;
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
    const { store, keepsSummary } = this.#options;
    if (store !== null || keepsSummary) this.#groups.add(record);
    this.#recordCount += 1;
    this.#joined += 1;
    if (this.#options.keepsRecords && this.records.length < MOST_SHOWN_RECORDS) this.records.push(record);
    if (this.#groups.size >= this.#mostGroups) this.#makeRoom();
  }

  /** The rows that are not in the store yet, and all rows for a summary: beyond some number their sources are not told apart. */
  finish(): { readonly rows: readonly FateRow[]; readonly summary: readonly FateRow[] } {
    const rows = [...this.#groups.take()];
    if (!this.#options.keepsSummary) return { rows, summary: [] };
    return { rows, summary: [...this.#rows, ...rows, ...this.#overflow.values()] };
  }

  #makeRoom(): void {
    const pays = this.#joined >= 2 * this.#groups.size;
    if (pays && this.#mostGroups < MOST_GROUPS_THAT_PAY) {
      this.#mostGroups = MOST_GROUPS_THAT_PAY;
      return;
    }
    this.#joined = 0;
    this.#putAway();
    if (pays) return;
    this.#mostGroups = FEW_ROWS;
    this.#groups.stopJoining();
  }

  #putAway(): void {
    const { store } = this.#options;
    const rows = this.#options.keepsSummary ? this.#summedUp(this.#groups.take()) : this.#groups.take();
    if (store === null) {
      for (const _row of rows); // to be summed up alone
      return;
    }
    this.#startedId ??= store.start('aggregate');
    store.addPiece(this.#startedId, rows);
  }

  *#summedUp(rows: Iterable<FateRow>): Generator<FateRow> {
    for (const row of rows) {
      if (this.#rows.length < MOST_GROUPS) this.#rows.push(row);
      else this.#addOverflow(row);
      yield row;
    }
  }

  #addOverflow(row: FateRow): void {
    const { disposition, dkim, spf, reasons } = row;
    const key = `${disposition}\n${dkim}\n${spf}`;
    const known = this.#overflow.get(key);
    const messages = (known?.messages ?? 0) + row.messages;
    this.#overflow.set(key, { ...row, sourceIp: 'other', headerFrom: '', reasons, results: '', messages });
  }
}
