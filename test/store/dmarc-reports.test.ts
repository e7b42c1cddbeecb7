import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openStore, type Store } from '../../src/store/database.ts';
import type { KeptRow, ReportHead, ReportRow } from '../../src/store/dmarc-reports.ts';
import { handClock, scratchFolder } from './scratch.ts';

function openScratch(t: TestContext): { store: Store; clock: ReturnType<typeof handClock>; path: string } {
  const clock = handClock();
  const path = join(scratchFolder(t), 'store.db');
  const store = openStore({ path, clock });
  t.after(() => store.close());
  return { store, clock, path };
}

function head(changes: Partial<ReportHead> = {}): ReportHead {
  return {
    identity: 'one',
    kind: 'aggregate',
    reporter: 'reporter.test',
    reportId: 'id-1',
    domain: 'example.test',
    begin: 1000,
    end: 2000,
    messages: 3,
    detail: '{}',
    ...changes,
  };
}

function row(changes: Partial<ReportRow> = {}): ReportRow {
  return {
    sourceIp: '192.0.2.1',
    headerFrom: 'example.test',
    disposition: 'none',
    dkim: 'pass',
    spf: 'fail',
    reasons: '',
    results: '{}',
    messages: 3,
    ...changes,
  };
}

const sources = (rows: Iterable<KeptRow>): string[] =>
  [...rows].map(({ sourceIp, messages }) => `${sourceIp} ${messages}`);

test('a report is kept once, whatever file it comes in', (t) => {
  const { store } = openScratch(t);
  assert.equal(store.reports.keep(head(), [row()]), 'kept');
  assert.equal(store.reports.keep(head(), [row()]), 'duplicate');
  assert.equal(store.reports.keep(head({ identity: 'two' }), [row({ sourceIp: '192.0.2.2' })]), 'kept');
  assert.deepEqual(sources(store.reports.rows({ kind: 'aggregate' })), ['192.0.2.1 3', '192.0.2.2 3']);
  assert.deepEqual([...store.reports.counts()], [['aggregate', 2]]);
});

test('a report in pieces is seen by nobody before it is finished', (t) => {
  const { store } = openScratch(t);
  const id = store.reports.start('aggregate');
  store.reports.addPiece(id, [row()]);
  assert.deepEqual(sources(store.reports.rows({ kind: 'aggregate' })), []);
  assert.equal(store.reports.finish(id, head()), 'kept');
  assert.deepEqual(sources(store.reports.rows({ kind: 'aggregate' })), ['192.0.2.1 3']);
});

test('a report in pieces that turns out to be kept already leaves nothing behind', (t) => {
  const { store } = openScratch(t);
  store.reports.keep(head(), [row()]);
  const id = store.reports.start('aggregate');
  store.reports.addRows(id, [row(), row()]);
  assert.equal(store.reports.finish(id, head()), 'duplicate');
  assert.deepEqual(sources(store.reports.rows({ kind: 'aggregate' })), ['192.0.2.1 3']);
});

test('what a killed run began is taken away by a run on the next day, and may be read again at once', (t) => {
  const { store: killed, path, clock } = openScratch(t);
  killed.reports.addRows(killed.reports.start('aggregate'), [row()]);
  killed.close();
  const store = openStore({ path, clock });
  assert.equal(store.reports.keep(head(), [row()]), 'kept');
  clock.advance(2 * 86_400_000);
  assert.equal(store.reports.keep(head({ identity: 'two' }), []), 'kept');
  assert.deepEqual(sources(store.reports.rows({ kind: 'aggregate' })), ['192.0.2.1 3']);
  store.close();
});

test('rows are chosen by kind, domain and time', (t) => {
  const { store } = openScratch(t);
  store.reports.keep(head(), [row()]);
  store.reports.keep(head({ identity: 'b', domain: 'other.test', begin: 5000, end: 6000 }), [row({ messages: 5 })]);
  store.reports.keep(head({ identity: 'c', kind: 'tls' }), [row({ messages: 7 })]);
  store.reports.keep(head({ identity: 'd', begin: null, end: null }), [row({ messages: 9 })]);
  const found = (filter: { domain?: string; since?: number; until?: number }): string[] =>
    sources(store.reports.rows({ kind: 'aggregate', ...filter })).map((line) => line.slice(-1));
  assert.deepEqual(found({}), ['3', '5', '9']);
  assert.deepEqual(found({ domain: 'other.test' }), ['5']);
  assert.deepEqual(found({ since: 2000 }), ['3', '5']);
  assert.deepEqual(found({ since: 2001 }), ['5']);
  assert.deepEqual(found({ until: 5000 }), ['3']);
});
