// Real files in a fresh folder, and the shortest way to read and annotate them: for tests of whole lists.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type List, type ListOptions, openList } from '../../src/list/reader.ts';
import { createListWriter, type ListWriterOptions } from '../../src/list/writer.ts';

export function freshFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'mailgate-list-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes the list into a file of a fresh folder and opens it. */
export async function listOf(
  t: TestContext,
  content: string | Buffer,
  options: Partial<ListOptions> = {},
): Promise<{ list: List; path: string; folder: string }> {
  const folder = freshFolder(t);
  const path = join(folder, 'list.csv');
  writeFileSync(path, content);
  const list = await openList({ path, name: 'list.csv' }, { prefix: 'mg_', ...options });
  t.after(() => list.close());
  return { list, path, folder };
}

export interface ReadRow {
  readonly row: number;
  readonly address: string;
  readonly cells: readonly string[];
}

export async function rowsOfList(list: List): Promise<ReadRow[]> {
  const rows: ReadRow[] = [];
  for await (const batch of list.batches()) {
    for (let i = 0; i < batch.rowCount; i++) {
      rows.push({ row: batch.firstRow + i, address: batch.address(i), cells: batch.cells(i) });
    }
  }
  return rows;
}

/** Writes the list with the same own cells behind every row and returns what then stands in the file. */
export async function annotate(
  list: List,
  options: { path: string; own: Readonly<Record<string, string>> } & Pick<ListWriterOptions, 'spreadsheetSafe'>,
): Promise<string> {
  const writer = await createListWriter(list, {
    target: { path: options.path },
    columns: Object.keys(options.own),
    spreadsheetSafe: options.spreadsheetSafe,
  });
  for await (const batch of list.batches()) {
    for (let i = 0; i < batch.rowCount; i++) writer.append(batch, i, Object.values(options.own));
    await writer.flush();
  }
  await writer.commit();
  return readFileSync(options.path, 'utf8');
}
