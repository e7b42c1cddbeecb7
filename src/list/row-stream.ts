// Reads a source from start to end and scans it into tables of complete rows, in memory bounded by the longest row.
import { MailgateError } from '../errors.ts';
import type { ByteSource } from './input-file.ts';
import { type RowTable, type ScanRules, scanRows } from './scanner.ts';

/** Measured: 64 KiB is as fast as any larger size and needs the least memory. */
export const CHUNK_BYTES = 65_536;

/** A row longer than this is no row of a list; without a bound a file with no line end would fill the memory. */
export const LONGEST_ROW_BYTES = 128 * 1024 * 1024;

export interface RowStreamOptions {
  readonly source: ByteSource;
  readonly table: RowTable;
  readonly rules: ScanRules;
  readonly chunkBytes: number;
  /** How many rows at the start to leave out. */
  readonly skipRows: number;
  /** What to call the file in messages. */
  readonly name: string;
}

/**
 * Fills the table again and again and yields the buffer its offsets point into. Both are good until the next step. The
 * next read is under way while the caller works.
 *
 * @throws MailgateError `input` for a row longer than 128 MiB, or where the source fails
 */
export async function* readRows(options: RowStreamOptions): AsyncGenerator<Buffer, void, undefined> {
  const { source, table, rules } = options;
  const window = createWindow(source, options.chunkBytes);
  let rowsToSkip = options.skipRows;
  try {
    for (;;) {
      const atEnd = !(await window.readOn());
      let taken = -1;
      while (taken !== window.from && window.from < window.to) {
        taken = window.from;
        const span = { from: window.from, to: window.to, atEnd };
        const limit = rowsToSkip > 0 ? rowsToSkip : Number.MAX_SAFE_INTEGER;
        window.from = scanRows(table, window.buffer, span, rules, limit);
        if (table.count === 0) break;
        if (rowsToSkip > 0) rowsToSkip -= table.count;
        else yield window.buffer;
      }
      if (atEnd) return;
      if (window.to - window.from > LONGEST_ROW_BYTES) throw rowTooLong(options.name);
    }
  } finally {
    await window.close();
  }
}

function rowTooLong(name: string): MailgateError {
  return new MailgateError('input', `${name} has a row longer than ${LONGEST_ROW_BYTES / 1024 ** 2} MiB`, {
    hint: 'Check that it is a CSV file with one address a row.',
  });
}

/** The part of the file in memory: `from` to `to` of `buffer` is what is not yet taken. */
interface Window {
  buffer: Buffer;
  from: number;
  to: number;
  /** Reads more behind what is not yet taken; false at the end of the source. */
  readOn(): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Two buffers take turns: one is being read into while the rows of the other are used. The unfinished row of the one is
 * copied in front of what was read into the other, where room is kept for it. Only for a row longer than that room is a
 * larger buffer made, and more is then read at once, so that looking for its end again costs no more than twice.
 */
function createWindow(source: ByteSource, chunkBytes: number): Window {
  const halves = [Buffer.allocUnsafeSlow(2 * chunkBytes), Buffer.allocUnsafeSlow(2 * chunkBytes)] as const;
  let half = 0;
  let ahead = readAhead();

  function readAhead(): Promise<number> {
    const reading = source.fill(halves[half] as Buffer, chunkBytes);
    reading.catch(() => {}); // told when it is waited for
    return reading;
  }

  async function outgrow(bytesRead: number): Promise<void> {
    const left = window.to - window.from;
    const enough = Math.min(2 * (left + bytesRead), LONGEST_ROW_BYTES + 2 * chunkBytes);
    const larger = Buffer.allocUnsafeSlow(Math.max(enough, left + bytesRead));
    window.buffer.copy(larger, 0, window.from, window.to);
    (halves[half] as Buffer).copy(larger, left, chunkBytes, chunkBytes + bytesRead);
    window.buffer = larger;
    window.from = 0;
    window.to = left + bytesRead;
    while (window.to < larger.length) {
      const more = await source.fill(larger, window.to);
      if (more === 0) return;
      window.to += more;
    }
  }

  const window: Window = {
    buffer: halves[1],
    from: 0,
    to: 0,
    async readOn() {
      const bytesRead = await ahead;
      if (bytesRead === 0) return false;
      const left = window.to - window.from;
      if (left > chunkBytes) {
        await outgrow(bytesRead);
      } else {
        const fresh = halves[half] as Buffer;
        window.buffer.copy(fresh, chunkBytes - left, window.from, window.to);
        window.buffer = fresh;
        window.from = chunkBytes - left;
        window.to = chunkBytes + bytesRead;
        half = 1 - half;
      }
      ahead = readAhead();
      return true;
    },
    async close() {
      await ahead.catch(() => {});
    },
  };
  return window;
}
