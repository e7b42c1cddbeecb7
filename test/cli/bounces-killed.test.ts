import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../src/clock.ts';
import { openStore } from '../../src/store/database.ts';

const MESSAGES = 600;
const FIXTURE = join(import.meta.dirname, '..', '..', 'fixtures', 'bounces', 'qmail-local.eml');
const CHILD = join(import.meta.dirname, 'bounces-in-child.ts');

/** Runs the command and kills it without warning once it has shown that many lines; resolves when it is gone. */
async function scan(folder: string, db: string, killAfterLines: number): Promise<boolean> {
  const args = [CHILD, 'bounces', 'Maildir', '--suppress', '--yes', '--move-to', 'done', '--json', '--db', db];
  const child = spawn(process.execPath, [...process.execArgv, ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let lines = 0;
  child.stdout.on('data', (chunk) => {
    lines += String(chunk).split('\n').length - 1;
    if (lines >= killAfterLines) child.kill('SIGKILL');
  });
  return await new Promise((resolve) => child.on('close', (code) => resolve(code === 0)));
}

function fill(folder: string): void {
  const one = readFileSync(FIXTURE, 'latin1');
  for (const name of ['new', 'cur', 'tmp']) mkdirSync(join(folder, 'Maildir', name), { recursive: true });
  for (let i = 0; i < MESSAGES; i += 1) {
    writeFileSync(
      join(folder, 'Maildir', 'new', `${i}.host`),
      one.replaceAll('student@example.edu', `u${i}@example.test`),
    );
  }
}

/** Everything that ever happened, without when it was written down. */
function historyOf(folder: string, db: string): string[] {
  const store = openStore({ path: join(folder, db), clock: systemClock });
  try {
    return [...store.suppressions.history()]
      .map((row) => JSON.stringify({ ...row, id: null, recordedAt: null, writtenAt: null }))
      .sort();
  } finally {
    store.close();
  }
}

test('a scan that is killed again and again loses no message and counts none twice', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'mailgate-killed-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  fill(folder);
  // However far the first one comes, it is stopped in the middle; the later ones where they have that much left.
  assert.equal(await scan(folder, 'store.db', 1), false);
  for (const killAfterLines of [50, 101, 150]) await scan(folder, 'store.db', killAfterLines);
  assert.equal(await scan(folder, 'store.db', Number.POSITIVE_INFINITY), true);
  const history = historyOf(folder, 'store.db');
  assert.equal(history.length, MESSAGES);
  assert.equal(new Set(history).size, MESSAGES);
  assert.equal(readdirSync(join(folder, 'done')).length, MESSAGES, 'every message was put away, once');
  assert.deepEqual(readdirSync(join(folder, 'Maildir', 'new')), []);
});
