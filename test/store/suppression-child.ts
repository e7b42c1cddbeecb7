// A second process for the crash test of suppressions: records bounces with the memory of their messages until it is killed.
import { systemClock } from '../../src/clock.ts';
import { openStore } from '../../src/store/database.ts';
import { createSuppressionSink } from '../../src/store/suppression-sink.ts';
import { batchOf } from './suppression-samples.ts';

const store = openStore({ path: process.argv[2] ?? '', clock: systemClock });
const sink = createSuppressionSink(store.suppressions, { mostPerSource: null });
for (let batch = 0; ; batch += 1) {
  const { events, messages } = batchOf(batch);
  store.together(() => {
    sink.add(events);
    store.scans.remember('bounces', messages);
  });
  console.log(String(batch));
}
