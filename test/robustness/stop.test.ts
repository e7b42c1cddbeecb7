// Ends the real program with SIGINT and SIGTERM at instants of chance: it says so, keeps what it knows, and goes on next time.
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
const STOPS = Number(process.env['MAILGATE_STOPS'] ?? '4');
const MOST_STOPS_OF_A_CLEANING = 3;
const NET = '127.61.2';
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;
type Signal = keyof typeof EXIT_CODES;

test(`stopped at ${STOPS} instants, a cleaning leaves nothing behind but what it found out, and goes on`, async (t) => {
  t.diagnostic(`again: MAILGATE_KILL_SEED=${SEED} MAILGATE_STOPS=${STOPS}`);
  const undisturbed = await cleanUndisturbed(t, NET);
  const stops: string[] = [];
  const nextInstant = instantsOfChance(SEED, undisturbed.events);
  try {
    while (stops.length < STOPS) {
      const most = Math.min(STOPS - stops.length, MOST_STOPS_OF_A_CLEANING);
      await cleanWithStops(await startCleaning(t, NET), { nextInstant, undisturbed, stops, most });
    }
  } finally {
    t.diagnostic(`stopped at, and how many of ${KEYS.length} were kept then: ${stops.join('; ')}`);
  }
});

/** Starts, stops and starts again, until a run ends by itself. */
async function cleanWithStops(
  cleaning: Cleaning,
  {
    nextInstant,
    undisturbed,
    stops,
    most,
  }: {
    readonly nextInstant: () => Instant;
    readonly undisturbed: Undisturbed;
    readonly stops: string[];
    readonly most: number;
  },
): Promise<void> {
  const { folder, asked, args } = cleaning;
  const last = stops.length + most;
  for (;;) {
    const earlier = questionsOf(asked.record);
    const known = committedVerdicts(folder);
    const signal: Signal = stops.length % 2 === 0 ? 'SIGINT' : 'SIGTERM';
    const instant = stops.length < last ? nextInstant() : null;
    const run = folder.start(args);
    let decided: ReadonlySet<string> = new Set();
    if (instant !== null) {
      await Promise.race([run.finished, instant.reached(asked.record)]);
      decided = new Set(committedVerdicts(folder).keys());
      run.kill(signal);
    }
    const ended = await run.finished;
    const now = questionsOf(asked.record);
    assert.deepEqual(
      [...known.keys()].filter((key) => now.get(key) !== earlier.get(key)),
      [],
      'nobody is asked again',
    );
    if (ended.exitCode === 0) {
      assert.deepEqual(differences(folder.read('clean.csv'), undisturbed), []);
      assertNothingLeft(cleaning);
      return;
    }
    const output = folder.read('clean.csv');
    if (ended.signal === null) {
      assert.equal(ended.exitCode, EXIT_CODES[signal], ended.stderr);
      assert.match(ended.stderr, /warning: stopped\. clean\.csv was not written\. What was decided is kept in/);
      assert.equal(output, 'old');
      assertNothingLeft(cleaning);
    } else {
      // Before the program has begun to listen to signals, and once it is done, they end it as they end any other.
      assert.equal(ended.signal, signal);
      if (output !== 'old') assert.deepEqual(differences(output, undisturbed), [], 'old or whole, nothing between');
    }
    const kept = committedVerdicts(folder);
    assert.deepEqual(
      [...decided].filter((key) => !kept.has(key)),
      [],
      'what was decided is kept',
    );
    assert.deepEqual(
      [...kept].filter(([key, { reason }]) => undisturbed.verdicts.get(key)?.reason !== reason),
      [],
    );
    stops.push(`${signal} ${instant?.words}: ${kept.size}`);
  }
}

/** A run that was asked to stop clears away its scratch files, logs and half an output by itself. */
function assertNothingLeft({ folder }: Cleaning): void {
  assert.deepEqual(folder.files(), ['clean.csv', 'list.csv']);
  assert.deepEqual(readdirSync(dirname(folder.store)), ['mailgate.sqlite']);
}
