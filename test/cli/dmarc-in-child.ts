// Reads a large report into the store in a process of its own, and says when the first rows are in, for the test that kills it.
import { join } from 'node:path';
import { DmarcReader } from '../../src/cli/dmarc-reader.ts';
import { systemClock } from '../../src/clock.ts';
import { scanWithLargeFiles } from '../../src/feedback/sources.ts';
import { openStore } from '../../src/store/database.ts';

const folder = process.argv[2] ?? '.';
const store = openStore({ path: join(folder, 'store.db'), clock: systemClock });
const addPiece = store.reports.addPiece.bind(store.reports);
store.reports.addPiece = (id, rows) => {
  addPiece(id, rows);
  process.stdout.write('rows\n');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30_000); // until it is killed
};
const limits = { mostUnpackedBytes: 1e9, mostCompressedBytes: 1e9 };
const settings = { json: true, records: false, fieldNames: 'mailgate', ...limits } as const;
const reader = new DmarcReader({ store: store.reports, settings });
for await (const item of scanWithLargeFiles([join(folder, 'large.xml')])) {
  if (item.status === 'message' || item.status === 'large') reader.keep(await reader.read(item, () => {}));
}
