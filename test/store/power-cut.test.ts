// What a power cut may take: the system calls of a process that commits show what had reached the disk at each moment.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { scratchFolder } from './scratch.ts';

type Call =
  | { readonly what: 'written' | 'synced'; readonly file: 'log' | 'database'; readonly at: number }
  | { readonly what: 'told'; readonly text: string };

test('a commit is on the disk before anybody is told of it, and the log before it is merged or begun anew', (t) => {
  const calls = callsOfCommitting(t);
  if (calls === null) return;
  const isDirty = { log: false, database: false };
  const counts = { commits: 0, mergedPages: 0, logsBegun: 0 };
  for (const call of calls) {
    if (call.what === 'told') {
      assert.ok(!isDirty.log, `"${call.text}" while parts of the log are not on the disk`);
      counts.commits += 1;
    } else if (call.what === 'synced') {
      isDirty[call.file] = false;
    } else {
      if (call.file === 'database' && counts.commits > 0) {
        assert.ok(!isDirty.log, 'the log is merged into the file while parts of it are not on the disk');
        counts.mergedPages += 1;
      }
      if (call.file === 'log' && call.at === 0) {
        assert.ok(!isDirty.database, 'the log is begun anew while what it was merged into is not on the disk');
        counts.logsBegun += 1;
      }
      isDirty[call.file] = true;
    }
  }
  assert.equal(counts.commits, 60);
  assert.ok(counts.mergedPages > 500 && counts.logsBegun > 1, JSON.stringify(counts));
  assert.ok(!isDirty.database, 'closing leaves nothing that is not on the disk');
});

/** What a child did to the store's two files and said, in order; null where system calls cannot be watched here. */
function callsOfCommitting(t: TestContext): Call[] | null {
  const folder = scratchFolder(t);
  const path = join(folder, 'store.sqlite');
  const trace = join(folder, 'trace');
  const child = join(import.meta.dirname, 'child.ts');
  const watched = ['-f', '-y', '-s', '64', '-e', 'trace=write,pwrite64,fsync,fdatasync', '-o', trace];
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', child, 'commit-often', path];
  const { error, status, stderr } = spawnSync('strace', [...watched, ...node], { encoding: 'utf8' });
  if (error !== undefined || /ptrace/i.test(stderr)) {
    t.skip(`system calls cannot be watched: ${error?.message ?? stderr.slice(0, 200)}`);
    return null;
  }
  assert.equal(status, 0, stderr);
  return readFileSync(trace, 'latin1')
    .split('\n')
    .flatMap((line) => callOf(line, path));
}

/** `1234 pwrite64(20</tmp/x/store.sqlite-wal>, "…"..., 4096, 32) = 4096` and the like; other files do not count. */
function callOf(line: string, path: string): Call[] {
  const told = /\bwrite\(1<[^>]*>, "(committed \d+)/.exec(line)?.[1];
  if (told !== undefined) return [{ what: 'told', text: told }];
  const [, name, target] = /\b(pwrite64|fsync|fdatasync)\(\d+<([^>]*)>/.exec(line) ?? [];
  const file = target === path ? 'database' : target === `${path}-wal` ? 'log' : null;
  if (file === null) return [];
  const at = Number(/, (\d+)\)? +(?:=|<unfinished)/.exec(line)?.[1] ?? 'NaN');
  return [{ what: name === 'pwrite64' ? 'written' : 'synced', file, at }];
}
