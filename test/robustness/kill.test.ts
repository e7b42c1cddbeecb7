// Kills the real program with SIGKILL at instants of chance and lets it go on, until it ends by itself: as if nothing had been.
//
// What is promised: the store is a SQLite file with a write-ahead log and synchronous=FULL, so whatever is committed
// outlives the process, and a power cut as well. Verdicts are committed in batches of at most 500 rows or 200 ms, so a
// kill costs at most the last fifth of a second of answers: those are asked again, and none that was committed is. The
// output is written beside the old one and renamed into place at the end, so it is the old one or the new one.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import {
  type Cleaning,
  cleanUndisturbed,
  committedVerdicts,
  differences,
  type Instant,
  instantsOfChance,
  KEYS,
  questionsOf,
  SEED,
  startCleaning,
  type Undisturbed,
} from './disturbed-cleaning.ts';

/** More of them, where there is time. */
const KILLS = Number(process.env['MAILGATE_KILLS'] ?? '8');
/** A cleaning is killed so often before it is let through to its end. */
const MOST_KILLS_OF_A_CLEANING = 5;
const NET = '127.61.1';

test(`killed at ${KILLS} instants, the same command goes on and ends with the same output`, async (t) => {
  t.diagnostic(`again: MAILGATE_KILL_SEED=${SEED} MAILGATE_KILLS=${KILLS}`);
  const undisturbed = await cleanUndisturbed(t, NET);
  const kills: Kill[] = [];
  const nextInstant = instantsOfChance(SEED, undisturbed.events);
  try {
    while (kills.length < KILLS) {
      const most = Math.min(KILLS - kills.length, MOST_KILLS_OF_A_CLEANING);
      await cleanWithKills(await startCleaning(t, NET), { nextInstant, undisturbed, kills, most });
    }
  } finally {
    const told = kills.map(({ at, kept }) => `${at}: ${kept}`);
    t.diagnostic(`killed at, and how many of ${KEYS.length} were kept then: ${told.join('; ')}`);
  }
  assert.ok(
    kills.some(({ kept }) => kept > 0 && kept < KEYS.length),
    'some kills came in the midst of the work',
  );
});

interface Kill {
  readonly at: string;
  /** Verdicts in the store. */
  readonly kept: number;
}

/** Starts, kills and starts again, until a run ends by itself. */
async function cleanWithKills(
  { folder, asked, args }: Cleaning,
  {
    nextInstant,
    undisturbed,
    kills,
    most,
  }: {
    readonly nextInstant: () => Instant;
    readonly undisturbed: Undisturbed;
    readonly kills: Kill[];
    readonly most: number;
  },
): Promise<void> {
  const last = kills.length + most;
  for (;;) {
    const known = committedVerdicts(folder);
    const earlier = questionsOf(asked.record);
    const run = folder.start(args);
    const instant = kills.length < last ? nextInstant() : null;
    if (instant !== null) {
      await Promise.race([run.finished, instant.reached(asked.record)]);
      run.kill('SIGKILL');
    }
    const { signal, exitCode, stderr } = await run.finished;
    await asked.record.until((record) => record.overall.now === 0);
    assertNotAskedAgain(known, earlier, questionsOf(asked.record));
    const output = folder.read('clean.csv');
    if (signal === null) {
      assert.equal(exitCode, 0, stderr);
      assert.deepEqual(differences(output, undisturbed), [], 'the output is that of the undisturbed run');
      assert.deepEqual(folder.files(), ['clean.csv', 'list.csv'], 'nothing is left beside the output');
      assert.deepEqual(readdirSync(dirname(folder.store)), ['mailgate.sqlite'], 'nor beside the store');
      return;
    }
    if (output !== 'old') assert.deepEqual(differences(output, undisturbed), [], 'old or whole, nothing between');
    kills.push({ at: instant?.words ?? '', kept: committedVerdicts(folder).size });
  }
}

function assertNotAskedAgain(
  known: ReadonlyMap<string, unknown>,
  earlier: ReadonlyMap<string, number>,
  now: ReadonlyMap<string, number>,
): void {
  const again = [...known.keys()].filter((key) => now.get(key) !== earlier.get(key));
  assert.deepEqual(again, [], 'nobody is asked about whose verdict was in the store');
}
