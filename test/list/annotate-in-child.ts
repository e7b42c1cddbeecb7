// A process of its own that annotates one list and says what it saw and needed: for tests of memory and of file limits.
import { openList } from '../../src/list/reader.ts';
import { createListWriter } from '../../src/list/writer.ts';

const [path = '', output = ''] = process.argv.slice(2);
process.on('SIGXFSZ', () => {}); // past `ulimit -f` the write is to fail, not the process

const list = await openList({ path, name: 'list.csv' }, { prefix: 'mg_' });
const writer = await createListWriter(list, { target: { path: output }, columns: ['status'] });
const addresses: string[] = [];
try {
  for await (const batch of list.batches()) {
    for (let i = 0; i < batch.rowCount; i++) {
      if (addresses.length < 10) addresses.push(batch.address(i));
      writer.append(batch, i, ['valid']);
    }
    await writer.flush();
  }
  await writer.commit();
} catch (error) {
  await writer.abort();
  const { name, message, hint } = error as Error & { hint?: string };
  console.log(JSON.stringify({ name, message, hint }));
  process.exit(3);
}
await list.close();
const { unclosedQuotes } = list.counts;
console.log(JSON.stringify({ addresses, unclosedQuotes, rssMb: process.resourceUsage().maxRSS / 1024 }));
