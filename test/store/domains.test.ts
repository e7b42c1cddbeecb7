// Catch-all states and control names by domain, on a real file.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openStore, type Store } from '../../src/store/database.ts';
import { handClock, NOW, scratchFolder, someVerdict } from './scratch.ts';

function freshStore(t: TestContext): Store {
  const store = openStore({ path: join(scratchFolder(t), 'store.sqlite'), clock: handClock() });
  t.after(() => store.close());
  return store;
}

const accepts = { state: 'yes', mailHosts: 'mx1,mx2', checkedAt: NOW } as const;
const refuses = { state: 'no', mailHosts: 'mx3', checkedAt: NOW + 1 } as const;

test('a domain nothing is known of has no record and no control name', (t) => {
  const { domains } = freshStore(t);
  assert.equal(domains.get('list.test'), null);
  assert.equal(domains.controlName('list.test'), null);
});

test('the first control name stays, whoever proposes another one', (t) => {
  const { path, domains } = freshStore(t);
  assert.equal(domains.rememberControl('list.test', 'kvonlemrab'), 'kvonlemrab');
  const other = openStore({ path, clock: handClock() });
  assert.equal(other.domains.rememberControl('list.test', 'pqrstuvwxy'), 'kvonlemrab');
  other.close();
  assert.equal(domains.controlName('list.test'), 'kvonlemrab');
});

test('a later catch-all state replaces an earlier one and leaves the control name', (t) => {
  const { domains } = freshStore(t);
  domains.put('list.test', accepts);
  assert.deepEqual(domains.get('list.test'), { control: null, catchall: accepts });
  domains.rememberControl('list.test', 'kvonlemrab');
  domains.put('list.test', refuses);
  assert.deepEqual(domains.get('list.test'), { control: 'kvonlemrab', catchall: refuses });
});

test('a domain that is only known by its verdicts has neither', (t) => {
  const store = freshStore(t);
  store.verdicts.putMany([{ key: 'ann@list.test', verdict: someVerdict() }]);
  assert.deepEqual(store.domains.get('list.test'), { control: null, catchall: null });
});

test('forgetting takes state and control name, and leaves the verdicts', (t) => {
  const store = freshStore(t);
  store.verdicts.putMany([{ key: 'ann@list.test', verdict: someVerdict() }]);
  for (const domain of ['list.test', 'bare.test']) {
    store.domains.put(domain, accepts);
    store.domains.rememberControl(domain, 'kvonlemrab');
  }
  assert.equal(store.domains.forget('list.test'), true);
  assert.equal(store.domains.forget('bare.test'), true);
  assert.equal(store.domains.forget('bare.test'), false);
  assert.deepEqual(store.domains.get('list.test'), { control: null, catchall: null });
  assert.equal(store.domains.get('bare.test'), null);
  assert.notEqual(store.verdicts.get('ann@list.test'), null);
});

test('pruning drops old states and domains nothing hangs on, and keeps names a greylist may wait for', (t) => {
  const store = freshStore(t);
  store.domains.put('old.test', { ...accepts, checkedAt: NOW - 1001 });
  store.domains.put('edge.test', { ...accepts, checkedAt: NOW - 1000 });
  store.domains.put('waited-for.test', { ...accepts, checkedAt: NOW - 5000 });
  store.domains.rememberControl('waited-for.test', 'kvonlemrab');
  store.verdicts.putMany([{ key: 'ann@judged.test', verdict: someVerdict() }]);
  store.verdicts.putMany([{ key: 'ann@gone.test', verdict: someVerdict() }]);
  store.verdicts.forget({ domain: 'gone.test' });
  assert.equal(store.domains.prune({ olderThanMs: 1000 }), 2);
  assert.equal(store.domains.get('old.test'), null);
  assert.equal(store.domains.get('gone.test'), null);
  assert.deepEqual(store.domains.get('edge.test')?.catchall?.state, 'yes');
  assert.deepEqual(store.domains.get('waited-for.test'), { control: 'kvonlemrab', catchall: null });
  assert.equal(store.domains.count(), 3);
});
