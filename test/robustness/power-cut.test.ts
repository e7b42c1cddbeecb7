// Takes the power away in the midst of a run, as far as a test can: kills the program and spoils the end of the store's log.
//
// test/store/power-cut.test.ts shows that each commit is on the disk before the next step. Here the log ends earlier than
// that, or in noise: what is behind its last sound commit is lost, nothing else, and the same command goes on.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { seededRandom } from '../bench/random.ts';
import type { Workdir } from '../support/mailgate.ts';
import {
  type Cleaning,
  cleanUndisturbed,
  committedVerdicts,
  differences,
  type Instant,
  instantsOfChance,
  KEYS,
  SEED,
  startCleaning,
  type Undisturbed,
} from './disturbed-cleaning.ts';

/** More of them, where there is time. */
const CUTS = Number(process.env['MAILGATE_CUTS'] ?? '4');
const NET = '127.61.3';

/** What may have become of the log's bytes from `from` on. */
const SPOILS: readonly (readonly [what: string, spoil: (path: string, from: number) => void])[] = [
  ['the log ends early', (path, from) => truncateSync(path, from)],
  ['the log ends in noise', (path, from) => overwrite(path, from, (byte) => byte ^ 0x5a)],
  ['the log ends in blocks that were never written', (path, from) => overwrite(path, from, () => 0)],
  ['there is no log', (path) => rmSync(path)],
];

test(`with the power cut at ${CUTS} instants, what was on the disk is true, and the same command goes on`, async (t) => {
  t.diagnostic(`again: MAILGATE_KILL_SEED=${SEED} MAILGATE_CUTS=${CUTS}`);
  const undisturbed = await cleanUndisturbed(t, NET);
  const nextInstant = instantsOfChance(SEED, undisturbed.events);
  const random = seededRandom(SEED + 1);
  const told: string[] = [];
  try {
    for (let cut = 0; cut < CUTS; cut += 1) {
      const spoil = SPOILS[cut % SPOILS.length] ?? SPOILS[0];
      assert.ok(spoil);
      const instant = nextInstant();
      const cleaning = await startCleaning(t, NET);
      await killAt(instant, cleaning);
      const before = committedVerdicts(cleaning.folder).size;
      const what = spoilLog(cleaning.folder, spoil, random());
      const left = checkStore(cleaning.folder, undisturbed);
      told.push(`${instant.words}, ${what}: ${left} of ${before}`);
      const again = await cleaning.folder.run(cleaning.args);
      assert.equal(again.exitCode, 0, again.stderr);
      assert.deepEqual(differences(cleaning.folder.read('clean.csv'), undisturbed), []);
    }
  } finally {
    t.diagnostic(`how many of ${KEYS.length} verdicts were left: ${told.join('; ')}`);
  }
});

async function killAt(instant: Instant, { folder, asked, args }: Cleaning): Promise<void> {
  const run = folder.start(args);
  await Promise.race([run.finished, instant.reached(asked.record)]);
  run.kill('SIGKILL');
  await run.finished;
  await asked.record.until((record) => record.overall.now === 0);
}

/** Spoils the log somewhere behind what is merged into the file already, which was on the disk before that began. */
function spoilLog(folder: Workdir, [what, spoil]: (typeof SPOILS)[number], place: number): string {
  const log = `${folder.store}-wal`;
  if (!existsSync(log)) return 'no log';
  const { length } = readFileSync(log);
  const merged = mergedBytes(`${folder.store}-shm`);
  rmSync(`${folder.store}-shm`, { force: true }); // no power, no shared memory
  if (merged > 0 && what === 'there is no log') return 'nothing'; // the file may hold half of it by then
  const from = Math.min(length, merged + Math.floor(place * (length - merged + 1)));
  spoil(log, from);
  return `${what} at ${from} of ${length}`;
}

/** Where merging had come to in the log, from SQLite's index of it (https://sqlite.org/walformat.html section 2.1). */
function mergedBytes(path: string): number {
  const index = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
  if (index.length < SHARED_HEADER_BYTES) return 0;
  const frames = Math.max(index.readUInt32LE(96), index.readUInt32LE(128)); // done, and begun
  return frames === 0 ? 0 : LOG_HEADER_BYTES + frames * (FRAME_HEADER_BYTES + index.readUInt16LE(14));
}

const SHARED_HEADER_BYTES = 136;
const LOG_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;

function overwrite(path: string, from: number, change: (byte: number) => number): void {
  const bytes = readFileSync(path);
  for (let at = from; at < bytes.length; at += 1) bytes[at] = change(bytes[at] ?? 0);
  writeFileSync(path, bytes);
}

/** Sound by SQLite's own check, and nothing in it that an undisturbed run does not say; gives how many verdicts are left. */
function checkStore(folder: Workdir, { verdicts }: Undisturbed): number {
  if (!existsSync(folder.store)) return 0;
  const left = committedVerdicts(folder);
  const invented = [...left].filter(([key, { reason }]) => verdicts.get(key)?.reason !== reason);
  assert.deepEqual(invented, []);
  const copy = `${folder.pathOf('..')}/checked.sqlite`;
  for (const ending of ['', '-wal'])
    if (existsSync(folder.store + ending)) writeFileSync(copy + ending, readFileSync(folder.store + ending));
  const database = new Database(copy);
  assert.equal(database.pragma('integrity_check', { simple: true }), 'ok');
  database.close();
  for (const ending of ['', '-wal', '-shm']) rmSync(copy + ending, { force: true });
  return left.size;
}
