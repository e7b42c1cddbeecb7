// The scratch file of a run: jobs by domain, results in the order of the list, and no trace left.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { MailgateError } from '../../src/errors.ts';
import { openWorkFile, type WorkFile } from '../../src/store/work-file.ts';
import { outcomeOf, scratchFolder, someVerdict, startChild } from './scratch.ts';

const IS_POSIX = process.platform !== 'win32';

function freshWorkFile(t: TestContext): WorkFile {
  const work = openWorkFile({ folder: scratchFolder(t) });
  t.after(() => work.close());
  return work;
}

function jobs(count: number, domains: number) {
  return Array.from({ length: count }, (_, id) => ({
    id,
    domainId: id % domains,
    local: `User.${id}`,
    smtputf8: id % 10 === 0,
  }));
}

test('the file is private while it is there, and gone when it is closed', { skip: !IS_POSIX }, (t) => {
  const folder = join(scratchFolder(t), 'new');
  const work = openWorkFile({ folder });
  work.addJobs(jobs(10, 1));
  assert.equal(statSync(work.path).mode & 0o777, 0o600);
  assert.equal(statSync(dirname(work.path)).mode & 0o777, 0o700);
  work.close();
  work.close();
  assert.deepEqual(readdirSync(folder), []);
});

for (const count of [0, 1, 49, 50, 51, 137]) {
  test(`${count} jobs added at a time come back as they were`, (t) => {
    const work = freshWorkFile(t);
    work.addJobs(jobs(count, 1));
    work.finishAdding();
    assert.equal(work.jobCount(), count);
    assert.deepEqual(work.jobsOf(0, -1, 1000), jobs(count, 1));
  });
}

test('the jobs of a domain come in pieces, by ascending id, behind the last one seen', (t) => {
  const work = freshWorkFile(t);
  const all = jobs(1000, 7);
  for (let start = 0; start < all.length; start += 90) work.addJobs(all.slice(start, start + 90));
  work.finishAdding();
  const seen: number[] = [];
  for (let afterId = -1; ; ) {
    const piece = work.jobsOf(3, afterId, 20);
    assert.ok(piece.length <= 20);
    seen.push(...piece.map(({ id }) => id));
    const last = piece.at(-1);
    if (last === undefined) break;
    afterId = last.id;
  }
  assert.deepEqual(
    seen,
    all.filter(({ domainId }) => domainId === 3).map(({ id }) => id),
  );
  assert.deepEqual(work.jobsOf(99, -1, 20), []);
});

test('domains are counted, the largest first, and the file can be written to meanwhile', (t) => {
  const work = freshWorkFile(t);
  const sizes = [3, 9, 1, 9];
  let id = 0;
  for (const [domainId, size] of sizes.entries()) {
    for (let count = 0; count < size; count += 1) work.addJobs([{ id: id++, domainId, local: 'x', smtputf8: false }]);
  }
  work.finishAdding();
  const counts = [];
  for (const domain of work.domainCounts()) {
    work.putResults([{ id: domain.domainId, verdict: someVerdict() }]);
    counts.push(domain);
  }
  assert.deepEqual(counts, [
    { domainId: 1, count: 9 },
    { domainId: 3, count: 9 },
    { domainId: 0, count: 3 },
    { domainId: 2, count: 1 },
  ]);
});

test('results come back in the order of the list, whatever the order they were made in', (t) => {
  const work = freshWorkFile(t);
  const ids = Array.from({ length: 2500 }, (_, index) => (index * 7919) % 2500);
  for (let start = 0; start < ids.length; start += 77) {
    work.putResults(
      ids.slice(start, start + 77).map((id) => ({ id, verdict: someVerdict({ attempts: id, source: 'live' }) })),
    );
  }
  let expected = 0;
  for (const { id, verdict } of work.resultsInOrder()) {
    assert.equal(id, expected);
    assert.equal(verdict.attempts, expected);
    expected += 1;
  }
  assert.equal(expected, 2500);
});

test('a result keeps every field, and whether it came from the cache', (t) => {
  const work = freshWorkFile(t);
  const live = someVerdict({ status: 'unknown', reason: 'greylisted' });
  const cached = someVerdict({ source: 'cache', reply: null, detail: null, mx: null, provider: null });
  work.putResults([
    { id: 5, verdict: live },
    { id: 2_000_000_000, verdict: cached },
  ]);
  assert.deepEqual(work.resultOf(5), live);
  assert.deepEqual(work.resultOf(2_000_000_000), cached);
  assert.equal(work.resultOf(6), null);
});

test('a second result replaces the first, and is counted once', (t) => {
  const work = freshWorkFile(t);
  work.putResults([
    { id: 1, verdict: someVerdict({ status: 'unknown', reason: 'greylisted' }) },
    { id: 2, verdict: someVerdict() },
  ]);
  work.putResults([{ id: 1, verdict: someVerdict({ status: 'valid', reason: 'accepted' }) }]);
  assert.equal(work.resultOf(1)?.reason, 'accepted');
  const { total, byStatus, byReason } = work.counts();
  assert.equal(total, 2);
  assert.deepEqual([byStatus.get('valid'), byStatus.get('invalid'), byStatus.get('unknown')], [1, 1, 0]);
  assert.deepEqual(Object.fromEntries(byReason), { accepted: 1, mailbox_not_found: 1 });
});

test('two runs of one process do not take each other for leftovers', (t) => {
  const folder = scratchFolder(t);
  const first = openWorkFile({ folder });
  const second = openWorkFile({ folder });
  t.after(() => second.close());
  first.putResults([{ id: 1, verdict: someVerdict() }]);
  assert.equal(existsSync(first.path), true);
  first.close();
  assert.equal(existsSync(second.path), true);
});

test('what a killed run left is removed by the next, and nothing that is not ours', async (t) => {
  const folder = scratchFolder(t);
  const { output } = await outcomeOf(startChild(['leave-work-file', folder]));
  assert.equal(existsSync(output.trim()), true, 'the killed run left its file');
  const kept = ['mailgate-work-1-abcdef.txt', 'mailgate-work-notes', `mailgate-work-${process.ppid}-AbCdEf`];
  for (const name of kept) mkdirSync(join(folder, name));
  const ownNumber = join(folder, `mailgate-work-${process.pid}-AbCdEf`);
  mkdirSync(ownNumber);
  openWorkFile({ folder }).close();
  assert.equal(existsSync(output.trim()), false);
  assert.equal(existsSync(ownNumber), false, 'an earlier run with the number this process has now is dead');
  assert.deepEqual(readdirSync(folder).sort(), kept.sort());
});

test('a folder that cannot be made is told', (t) => {
  const file = join(scratchFolder(t), 'file');
  writeFileSync(file, '');
  assert.throws(
    () => openWorkFile({ folder: join(file, 'sub') }),
    (error) => error instanceof MailgateError && error.kind === 'store' && error.hint !== null,
  );
});
