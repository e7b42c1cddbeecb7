// Reads the reports of one file and keeps them in the store: each once, whatever file it comes in.
import { createHash } from 'node:crypto';
import type { ReportReading } from '../feedback/dmarc.ts';
import { readReports } from '../feedback/dmarc.ts';
import type { RollupRow } from '../feedback/dmarc-rollup.ts';
import { aggregateHead, type FateHead, type FateRow, failureHead, tlsHeads } from '../feedback/report-rows.ts';
import type { LargeFile, SourceItem } from '../feedback/sources.ts';
import { UNPACK_LIMITS } from '../feedback/unpack-budget.ts';
import type { ReportStore } from '../store/dmarc-reports.ts';
import { ReportCollector } from './dmarc-collector.ts';
import { type ReportStatus, type ShownReport, statusOfFault } from './dmarc-record.ts';

export type ReadableItem = Extract<SourceItem, { status: 'message' }> | LargeFile;

export interface ReaderOptions {
  /** Null where nothing is kept. */
  readonly store: ReportStore | null;
  readonly settings: {
    readonly json: boolean;
    readonly records: boolean;
    readonly fieldNames: 'mailgate' | 'parsedmarc';
    readonly mostUnpackedBytes: number;
    readonly mostCompressedBytes: number;
  };
}

/** One report of a file, on its way into the store. */
interface ReadReport {
  readonly reading: ReportReading;
  readonly collector: ReportCollector | null;
  readonly parts: readonly { readonly head: FateHead; readonly rows: readonly FateRow[] }[];
  readonly summary: readonly RollupRow[];
  status: ReportStatus;
}

/** A file that was read, and what it held. */
export class ReadFile {
  readonly item: ReadableItem;
  /** Of its content; null for files that were streamed. */
  readonly sha256: string | null;
  readonly reports: readonly ReadReport[];

  constructor(item: ReadableItem, reports: readonly ReadReport[]) {
    this.item = item;
    this.sha256 = item.status === 'message' ? item.sha256 : null;
    this.reports = reports;
  }

  /** Rows still to be kept. */
  get rowCount(): number {
    return this.reports.reduce((sum, { parts }) => sum + parts.reduce((rows, part) => rows + part.rows.length, 0), 0);
  }

  /** Why nothing of it could be read, or null. */
  problem(): string | null {
    const faults = this.reports.flatMap(({ reading }) => (reading.status === 'invalid' ? [reading.fault] : []));
    if (faults.length < this.reports.length || faults.some((fault) => statusOfFault(fault) === 'ignored')) return null;
    return faults.map(({ code, detail }) => `${code}: ${detail}`).join('; ') || null;
  }

  *shown(): Generator<ShownReport> {
    for (const { reading, collector, status } of this.reports) {
      const report = reading.status === 'report' ? reading.report : null;
      const shownRecords = report?.kind === 'aggregate' && collector?.keepsRecords === true ? collector.records : null;
      yield {
        place: this.item.place,
        member: reading.name,
        status,
        report,
        fault: reading.status === 'invalid' ? reading.fault : null,
        records: shownRecords,
        recordsLeftOut: collector?.hasMoreRecords ?? false,
      };
    }
  }

  /** The rows of its reports for a summary, without those of reports that are `summed` already. */
  *summaryRows(summed: Set<string>): Generator<RollupRow> {
    for (const { parts, summary } of this.reports) {
      if (parts.every(({ head }) => summed.has(head.identity))) continue;
      for (const { head } of parts) summed.add(head.identity);
      yield* summary;
    }
  }
}

export class DmarcReader {
  readonly #store: ReportStore | null;
  readonly #showsRecords: boolean;
  readonly #keepsSummary: boolean;
  readonly #limits: typeof UNPACK_LIMITS;

  constructor({ store, settings }: ReaderOptions) {
    this.#store = store;
    this.#showsRecords = settings.json && (settings.records || settings.fieldNames === 'parsedmarc');
    this.#keepsSummary = !settings.json;
    const { mostUnpackedBytes, mostCompressedBytes } = settings;
    this.#limits = { ...UNPACK_LIMITS, mostUnpackedBytes, mostCompressedBytes };
  }

  /** Reads a file. Of a very large report, rows may go into the store meanwhile; they count only once it is kept. */
  async read(item: ReadableItem, tell: () => void): Promise<ReadFile> {
    const reports: ReadReport[] = [];
    const collectors: ReportCollector[] = [];
    const newSink = (): ReportCollector => {
      const collector = new ReportCollector({
        store: this.#store,
        keepsRecords: this.#showsRecords,
        keepsSummary: this.#keepsSummary,
      });
      collectors.push(collector);
      return collector;
    };
    const source = item.status === 'message' ? [item.bytes] : telling(item.chunks(), tell);
    let used = 0;
    for await (const reading of readReports(source, { newSink, unpack: this.#limits })) {
      const isAggregate = reading.status === 'report' && reading.report.kind === 'aggregate';
      // A sink whose report was refused comes before; its rows must not stay.
      const collector = isAggregate ? (collectors[collectors.length - 1] ?? null) : null;
      for (const refused of collectors.slice(used, isAggregate ? -1 : undefined)) this.#drop(refused);
      used = collectors.length;
      reports.push(readReport(reading, { collector, sha256: hashOf(item) + String(reports.length) }));
    }
    return new ReadFile(item, reports);
  }

  /** What could not be read at all, as a report that is none. */
  problem({ place, reason, detail }: Extract<SourceItem, { status: 'problem' }>): ShownReport {
    const fault = { code: reason, detail };
    const nothing = { member: null, report: null, records: null, recordsLeftOut: false } as const;
    return { place, status: statusOfFault(fault), fault, ...nothing };
  }

  /** Keeps the reports of a file; to be called within a transaction. */
  keep({ reports }: ReadFile): void {
    const store = this.#store;
    if (store === null) return;
    for (const report of reports) {
      const outcomes = report.parts.map(({ head, rows }) => {
        const startedId = report.collector?.startedId ?? null;
        if (startedId === null) return store.keep(head, rows);
        store.addRows(startedId, rows);
        return store.finish(startedId, head);
      });
      if (outcomes.length > 0 && outcomes.every((outcome) => outcome === 'duplicate')) report.status = 'duplicate';
    }
  }

  #drop({ startedId }: ReportCollector): void {
    if (startedId !== null) this.#store?.drop(startedId);
  }
}

async function* telling(chunks: AsyncIterable<Buffer>, tell: () => void): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    tell();
    yield chunk;
  }
}

/** Of a streamed file the place and size must do: it names itself by a report id, unless it is very odd. */
function hashOf(item: ReadableItem): string {
  if (item.status === 'message') return item.sha256;
  return createHash('sha256').update(item.head).update(String(item.size)).digest('hex');
}

function readReport(
  reading: ReportReading,
  { collector, sha256 }: { readonly collector: ReportCollector | null; readonly sha256: string },
): ReadReport {
  if (reading.status === 'invalid') {
    return { reading, collector, parts: [], summary: [], status: statusOfFault(reading.fault) };
  }
  const { report } = reading;
  switch (report.kind) {
    case 'aggregate': {
      const head = aggregateHead(report, sha256);
      const { rows, summary } = collector?.finish() ?? { rows: [], summary: [] };
      const told = summary.map((row) => ({ ...row, ...rowHead(head) }));
      return { reading, collector, parts: [{ head, rows }], summary: told, status: 'parsed' };
    }
    case 'tls': {
      const parts = tlsHeads(report, sha256);
      const summary = parts.flatMap(({ head, rows }) => rows.map((row) => ({ ...row, ...rowHead(head) })));
      return { reading, collector, parts, summary, status: 'parsed' };
    }
    case 'failure':
      return {
        reading,
        collector,
        parts: [{ head: failureHead(report, sha256), rows: [] }],
        summary: [],
        status: 'parsed',
      };
  }
}

function rowHead({ kind, reporter, domain, begin, end }: FateHead): Omit<RollupRow, keyof FateRow> {
  return { kind, reporter, domain, begin, end };
}
