// Reads rows from bytes in memory, in pieces of any size: for tests of how rows are found.
import type { ByteSource } from '../../src/list/input-file.ts';
import { RowBatch } from '../../src/list/row-batch.ts';
import { createRowReader } from '../../src/list/row-cells.ts';
import { countRows, emptyCounts, type RowCounts } from '../../src/list/row-counts.ts';
import { readRows } from '../../src/list/row-stream.ts';
import { createRowTable, type ScanRules } from '../../src/list/scanner.ts';

export interface RowsInMemory {
  readonly cells: readonly (readonly string[])[];
  readonly addresses: readonly string[];
  /** Each row with its line end, as it stands in the input. */
  readonly raw: readonly string[];
  readonly counts: RowCounts;
}

export async function rowsOf(
  input: string | Buffer,
  options: { delimiter?: string; addressColumn?: number; chunkBytes?: number; lookAheadBytes?: number } = {},
): Promise<RowsInMemory> {
  const rules: ScanRules = {
    delimiter: (options.delimiter ?? ',').charCodeAt(0),
    addressColumn: options.addressColumn ?? 0,
    lookAheadBytes: options.lookAheadBytes ?? 1_000_000,
  };
  const table = createRowTable();
  const batch = new RowBatch(table, createRowReader(rules));
  const cells: string[][] = [];
  const addresses: string[] = [];
  const raw: string[] = [];
  const counts = emptyCounts();
  const source = sourceOf(Buffer.from(input));
  const chunkBytes = options.chunkBytes ?? 65_536;
  for await (const bytes of readRows({ source, table, rules, chunkBytes, skipRows: 0, name: 'test' })) {
    batch.load({ bytes, firstRow: cells.length + 1 });
    countRows(counts, batch, 2);
    for (let i = 0; i < batch.rowCount; i++) {
      cells.push(batch.cells(i));
      addresses.push(batch.address(i));
      raw.push(bytes.toString('latin1', table.start[i], table.next[i]));
    }
  }
  return { cells, addresses, raw, counts };
}

function sourceOf(bytes: Buffer): ByteSource {
  let position = 0;
  return {
    async fill(target, at) {
      const copied = bytes.copy(target, at, position);
      position += copied;
      return copied;
    },
  };
}
