// Reads the first bytes and the first rows of a list, for all that is decided by looking at them.
import { type EncodingChoice, transcoderFor } from './encoding.ts';
import { byteSource, type InputFile } from './input-file.ts';
import type { SampledRow } from './layout.ts';
import type { RowBatch } from './row-batch.ts';
import { CHUNK_BYTES } from './row-stream.ts';

/** The first 64 KiB as they are on the disk. */
export function readRawHead(file: InputFile): Promise<Buffer> {
  return fill(byteSource(file, { skip: 0, transcoder: null }));
}

/** The first 64 KiB as text, without a byte order mark. */
export function readHead(file: InputFile, encoding: EncodingChoice): Promise<Buffer> {
  return fill(byteSource(file, { skip: encoding.bomBytes, transcoder: transcoderFor(encoding, file.name) }));
}

async function fill(source: { fill(target: Buffer, at: number): Promise<number> }): Promise<Buffer> {
  const head = Buffer.alloc(CHUNK_BYTES);
  let length = 0;
  while (length < head.length) {
    const bytesRead = await source.fill(head, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return head.subarray(0, length);
}

export interface Sample {
  readonly rows: readonly SampledRow[];
  /** How many bytes of UTF-8 the sampled rows have. */
  readonly byteLength: number;
  /** True where the sample is the whole list. */
  readonly complete: boolean;
  /** The bytes of the first rows, for those in front of the header that are copied as they are. */
  rawRows(count: number): Buffer;
}

/** Looks at the first rows: enough to know the columns, little enough to take no time. */
export async function sampleRows(batches: AsyncIterable<RowBatch>): Promise<Sample> {
  const rows: SampledRow[] = [];
  const raw: Buffer[] = [];
  let byteLength = 0;
  let complete = true;
  reading: for await (const batch of batches) {
    for (let i = 0; i < batch.rowCount; i++) {
      if (rows.length >= SAMPLED_ROWS || byteLength >= SAMPLED_BYTES) {
        complete = false;
        break reading;
      }
      const { start, next } = batch.table;
      const row = batch.bytes.subarray(start[i], next[i]);
      // The first row with something in it may be the header, which is read however long it is.
      const wanted = row.length <= LONGEST_SAMPLED_ROW_BYTES || rows.every(({ isBlank }) => isBlank);
      rows.push({ cells: wanted ? batch.cells(i) : null, isBlank: batch.isBlank(i), lineEnd: batch.lineEnd(i) });
      if (row.length <= LONGEST_SAMPLED_ROW_BYTES) raw.push(Buffer.from(row));
      byteLength += row.length;
    }
  }
  return { rows, byteLength, complete, rawRows: (count) => Buffer.concat(raw.slice(0, count)) };
}

const SAMPLED_ROWS = 1000;
const SAMPLED_BYTES = 1024 * 1024;
const LONGEST_SAMPLED_ROW_BYTES = CHUNK_BYTES;
