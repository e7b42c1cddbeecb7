// A file holds the answers of one world: what the sandbox said is never taken for what real mail hosts said, nor mixed in.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openStore, type Store, type StoreEntry } from '../../src/store/database.ts';
import type { World } from '../../src/store/store-world.ts';
import { handClock, NOW, scratchFolder, someVerdict } from './scratch.ts';

const FOR_PRETENCE = /is for the answers of the pretend world \(--sandbox\)/;
const FOR_REAL = /holds answers about real addresses/;

function storeFor(world: World | undefined, path: string): Store {
  return openStore({ path, clock: handClock(), ...(world === undefined ? {} : { world }) });
}

function pathIn(t: TestContext): string {
  return join(scratchFolder(t), 'store.sqlite');
}

/** A file that a run in this world made and left without an answer. */
function madeFor(world: World | undefined, path: string): void {
  storeFor(world, path).close();
}

const RETRY = {
  sender: '',
  sourceIp: '',
  reason: 'greylisted',
  host: null,
  reply: null,
  dueAt: NOW,
  tries: 1,
} as const;
const ANSWERS: readonly (readonly [what: string, entry: StoreEntry])[] = [
  ['a verdict', { kind: 'verdict', key: 'ann@list.test', verdict: someVerdict() }],
  ['mail hosts', { kind: 'mail_hosts', domain: 'list.test', outcome: { status: 'no_domain' }, expiresAt: NOW + 1 }],
  ['a catch-all state', { kind: 'catchall', domain: 'list.test', state: 'yes', mailHosts: 'x', checkedAt: NOW }],
  ['who was put off', { kind: 'retry', domain: 'list.test', local: 'ann', ...RETRY }],
];

for (const [what, entry] of ANSWERS) {
  test(`where real mail hosts gave ${what}, the pretend world is refused, and the file stays as it is`, (t) => {
    const path = pathIn(t);
    const store = storeFor('real', path);
    store.putAll([entry]);
    store.close();
    const before = readFileSync(path);
    assert.throws(() => storeFor('pretend', path), FOR_REAL);
    assert.ok(before.equals(readFileSync(path)));
    madeFor('real', path);
  });
}

test('a name nobody has, asked of real mail hosts, is an answer too', (t) => {
  const path = pathIn(t);
  const store = storeFor('real', path);
  store.domains.rememberControl('list.test', 'qwfpgj');
  store.close();
  assert.throws(() => storeFor('pretend', path), FOR_REAL);
});

test('a file of the pretend world is refused by real runs from its first moment on, and serves the pretend ones', (t) => {
  const path = pathIn(t);
  madeFor('pretend', path);
  assert.throws(() => storeFor('real', path), FOR_PRETENCE);
  const store = storeFor('pretend', path);
  store.verdicts.putMany([{ key: 'ann@list.test', verdict: someVerdict() }]);
  store.close();
  madeFor('pretend', path);
  assert.throws(() => storeFor('real', path), FOR_PRETENCE);
});

test('the mark holds while it stands in the log alone, as after a crash', (t) => {
  const path = pathIn(t);
  madeFor('real', path);
  const pretend = storeFor('pretend', path);
  t.after(() => pretend.close());
  assert.throws(() => storeFor('real', path), FOR_PRETENCE);
});

test('who asks nobody may open either file, and leaves it what it was', (t) => {
  for (const [world, other] of [
    ['real', 'pretend'],
    ['pretend', 'real'],
  ] as const) {
    const path = pathIn(t);
    const store = storeFor(world, path);
    store.putAll(ANSWERS.map(([, entry]) => entry));
    store.close();
    madeFor(undefined, path);
    madeFor(world, path);
    assert.throws(() => storeFor(other, path), world === 'real' ? FOR_REAL : FOR_PRETENCE);
  }
});

test('suppressions alone keep nobody from trying them out in the pretend world', (t) => {
  const path = pathIn(t);
  madeFor(undefined, path);
  madeFor('pretend', path);
  assert.throws(() => storeFor('real', path), FOR_PRETENCE);
});
