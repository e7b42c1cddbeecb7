// Forgetting a person: whatever else the store keeps of the address goes with it.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { Notices } from '../../src/cli/notices.ts';
import { forgetAddresses } from '../../src/cli/suppress-entries.ts';
import { coloursFor } from '../../src/cli/terminal.ts';
import { NOW, someVerdict } from '../store/scratch.ts';
import { add, freshStore, reasonOf, someEvent } from '../store/suppression-samples.ts';

const PERSON = 'forgetful.ann@list.test';

test('verdict, retry and suppression of a forgotten address leave the disk, however the address was typed', async (t) => {
  const opened = freshStore(t);
  const { store, path } = opened;
  const reply = { code: 451, enhanced: null, text: `try later, ${PERSON}` };
  store.verdicts.putMany([{ key: PERSON, verdict: someVerdict({ reply }) }]);
  const retry = { domain: 'list.test', dueAt: NOW, tries: 1, sender: '', sourceIp: '', reason: 'greylisted' } as const;
  store.together(() => {
    store.retries.put({ ...retry, local: 'Forgetful.Ann', host: null, reply });
    store.retries.put({ ...retry, local: 'bob', host: null, reply: null });
  });
  add(opened, someEvent({ address: PERSON }));
  const bytes = () =>
    [path, `${path}-wal`].map((name) => (existsSync(name) ? readFileSync(name, 'latin1') : '')).join('');
  assert.match(bytes(), /forgetful/i);

  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const { signal } = new AbortController();
  const session = {
    store,
    invocation: { args: [], env: {}, cwd: '.', home: '.', interrupted: signal, stdin, stdout, stderr },
    settings: { json: false, quiet: true, verbose: false, color: false, dbWasChosen: true, db: path },
    notices: new Notices(stderr, { colours: coloursFor(stderr, { color: false, env: {} }), quiet: true }),
    now: NOW,
    print: async () => {},
    pathOf: (name: string) => name,
  };
  assert.equal(await forgetAddresses(session, ['Forgetful.ANN@list.test'], { note: null }), true);
  assert.doesNotMatch(bytes(), /forgetful/i);
  assert.equal(reasonOf(opened, PERSON), 'manual');
  assert.deepEqual([...store.retries.ofDomain('list.test').keys()], ['bob']);
});
