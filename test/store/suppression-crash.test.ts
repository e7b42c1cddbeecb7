// kill -9 in the middle of a scan: what was committed is there with the memory of its messages, and nothing is doubled.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../src/clock.ts';
import { openStore } from '../../src/store/database.ts';
import { scratchFolder } from './scratch.ts';
import { batchOf, contentOf } from './suppression-samples.ts';

test('after kill -9 a second scan goes on where the first was stopped, and loses and doubles nothing', async (t) => {
  const path = join(scratchFolder(t), 'store.sqlite');
  const script = join(import.meta.dirname, 'suppression-child.ts');
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let told = '';
  for await (const chunk of child.stdout) {
    told += chunk;
    if (told.split('\n').length > 20) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
  const committed = told.split('\n').filter((line) => line !== '').length;

  const store = openStore({ path, clock: systemClock });
  t.after(() => store.close());
  const remembered = store.scans.counts('bounces').get('bounce') ?? 0;
  const entries = [...store.suppressions.list()];
  assert.ok(remembered >= committed * 10, 'what was told to be committed is there');
  assert.equal(entries.length, remembered, 'neither is there without the other');
  assert.ok(entries.every(({ count }) => count === 1));

  const batches = remembered / 10 + 5;
  for (let batch = 0; batch < batches; batch += 1) {
    const { events, messages } = batchOf(batch);
    store.together(() => {
      store.suppressions.add(events);
      store.scans.remember('bounces', messages);
    });
  }
  assert.equal(store.scans.counts('bounces').get('bounce'), batches * 10);
  const after = [...store.suppressions.list()];
  assert.equal(after.length, batches * 10);
  assert.ok(after.every(({ count }) => count === 1));
  assert.equal((contentOf({ store }) as { history: unknown[] }).history.length, batches * 10);
});
