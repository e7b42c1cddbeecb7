// Kills the real program with SIGKILL at instants of chance and lets it go on, until it ends by itself: as if nothing had been.
//
// What is promised: the store is a SQLite file with a write-ahead log and synchronous=FULL, so whatever is committed
// outlives the process, and a power cut as well. Verdicts are committed in batches of at most 500 rows or 200 ms, so a
// kill costs at most the last fifth of a second of answers: those are asked again, and none that was committed is. The
// output is written beside the old one and renamed into place at the end, so it is the old one or the new one.
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { screenAddress } from '../../src/address/screen.ts';
import { systemClock } from '../../src/clock.ts';
import type { SandboxRecord } from '../../src/sandbox/record.ts';
import type { MailHost, World } from '../../src/sandbox/world.ts';
import { mailboxes, mailZone, people, worldOf } from '../../src/sandbox/world-builders.ts';
import { openStore } from '../../src/store/database.ts';
import { seededRandom } from '../bench/random.ts';
import { column, listOf, rowsOf } from '../commands/rows.ts';
import { type AskedWorld, startWorld } from '../commands/world.ts';
import { freshFolder, type Workdir } from '../support/mailgate.ts';

/** More of them, where there is time. */
const KILLS = Number(process.env['MAILGATE_KILLS'] ?? '12');
const SEED = Number(process.env['MAILGATE_KILL_SEED'] ?? randomInt(2 ** 31));
/** A cleaning is killed so often before it is let through to its end. */
const MOST_KILLS_OF_A_CLEANING = 5;
/** Every so many kills come at a time from the start: while the program loads, opens its store, reads the list. */
const EARLY_SHARE = 0.2;
const EARLY_MS = 800;
/** A kill comes so long, at most, behind the event it waits for: the time in which what was answered gets committed. */
const LONGEST_PAUSE_MS = 250;

const WORDS: readonly string[] = ['anna', 'bert', 'carla', 'dora', 'emil', 'fritz', 'gerda', 'hans', 'ida', 'jan'];
const KNOWN = people(...WORDS);

/** Some domains of every kind that leads to a verdict, each host slow enough that the whole takes about a second. */
function world(): World {
  const wire = { latencyMs: 15 };
  const host = (name: string, address: string, rest: Partial<MailHost> = {}): MailHost => ({
    name: `mx.${name}`,
    addresses: [address],
    domains: [name],
    mailboxes: KNOWN,
    wire,
    ...rest,
  });
  const plain = PLAIN.map((name, i) => host(name, `127.61.1.${i + 1}`, { offers: { pipelining: i % 2 === 0 } }));
  const hosts = [
    ...plain,
    host('any.test', '127.61.2.1', { accepts: 'anything' }),
    host('grey.test', '127.61.2.2', {
      greylist: { waitMs: 500, says: '450 4.2.0 Greylisted, try again in 1 seconds' },
    }),
    host('shut.test', '127.61.2.3', {
      mailboxes: mailboxes([
        ['anna', 'full'],
        ['bert', 'disabled'],
        ['carla', 'ok'],
      ]),
    }),
    host('slow.test', '127.61.2.4', { wire: { latencyMs: 60 } }),
    host('rude.test', '127.61.2.5', { limits: { recipientsPerSession: 4 } }),
  ];
  return worldOf({ hosts, zones: [mailZone('nobody.test', ['.'])] });
}

const PLAIN = Array.from({ length: 12 }, (_, i) => `plain${i}.test`);
const DOMAINS = [...PLAIN, 'any.test', 'grey.test', 'shut.test', 'slow.test', 'rude.test', 'nobody.test', 'gone.test'];
const ADDRESSES = DOMAINS.flatMap((domain) => {
  const locals = [...WORDS, ...WORDS.map((word) => `no.${word}`)];
  // A host that hangs up is asked about few, and nobody it knows: with more, chance decides who is hung up on twice.
  const asked = domain === 'rude.test' ? locals.slice(10, 18) : locals;
  return asked.map((local) => `${local}@${domain}`);
});
const LIST = listOf([
  ...ADDRESSES,
  'no address',
  '',
  ...ADDRESSES.slice(0, 20).map((address) => address.toUpperCase()),
]);
const KEYS = ADDRESSES.map((address) => {
  const screening = screenAddress(address);
  assert.ok(screening.valid);
  return screening.key;
});

test(`killed at ${KILLS} instants, the same command goes on and ends with the same output`, async (t) => {
  t.diagnostic(`again: MAILGATE_KILL_SEED=${SEED} MAILGATE_KILLS=${KILLS}`);
  const random = seededRandom(SEED);
  const undisturbed = await cleanUndisturbed(t);
  const kept: number[] = [];
  let cleanings = 0;
  while (kept.length < KILLS) {
    const most = Math.min(KILLS - kept.length, MOST_KILLS_OF_A_CLEANING);
    kept.push(...(await cleanWithKills(await startCleaning(t), { random, undisturbed, most })));
    cleanings += 1;
  }
  t.diagnostic(
    `${kept.length} kills in ${cleanings} cleanings; in the store at each: ${kept.join(' ')} of ${KEYS.length}`,
  );
  assert.ok(
    kept.some((count) => count > 0 && count < KEYS.length),
    'some kills came in the midst of the work',
  );
});

interface Cleaning {
  readonly folder: Workdir;
  readonly asked: AskedWorld;
  readonly args: readonly string[];
}

async function startCleaning(t: TestContext): Promise<Cleaning> {
  const folder = freshFolder(t);
  folder.write('list.csv', LIST);
  folder.write('clean.csv', 'old');
  const asked = await startWorld(t, world());
  return { folder, asked, args: ['verify', 'list.csv', '-o', 'clean.csv', ...asked.flags, '--wait', '20s'] };
}

interface Undisturbed {
  readonly output: readonly string[];
  /** How much was asked: questions to the DNS and lines of all dialogues. */
  readonly events: number;
}

async function cleanUndisturbed(t: TestContext): Promise<Undisturbed> {
  const { folder, asked, args } = await startCleaning(t);
  const run = await folder.run(args);
  assert.equal(run.exitCode, 0, run.stderr);
  const csv = folder.read('clean.csv');
  const reasons = new Set(column(csv, 'reason'));
  for (const reason of ['accepted', 'mailbox_not_found', 'accepts_anything', 'mailbox_full', 'domain_not_found'])
    assert.ok(reasons.has(reason), `without ${reason} the world is no test; it has ${[...reasons]}`);
  assert.ok(!reasons.has('greylisted'), 'whoever was put off was asked again');
  return { output: timeless(csv), events: eventsOf(asked.record) };
}

/** Starts, kills and starts again, until a run ends by itself; gives how many verdicts the store held at each kill. */
async function cleanWithKills(
  { folder, asked, args }: Cleaning,
  { random, undisturbed, most }: { random: () => number; undisturbed: Undisturbed; most: number },
): Promise<number[]> {
  const kept: number[] = [];
  for (;;) {
    const known = committedVerdicts(folder);
    const earlier = questionsOf(asked.record);
    const run = folder.start(args);
    if (kept.length < most) {
      await Promise.race([run.finished, instantOfChance(asked.record, { random, events: undisturbed.events })]);
      run.kill('SIGKILL');
    }
    const { signal, exitCode, stderr } = await run.finished;
    await asked.record.until((record) => record.overall.now === 0);
    assertNotAskedAgain(known, earlier, questionsOf(asked.record));
    const output = folder.read('clean.csv');
    if (signal === null) {
      assert.equal(exitCode, 0, stderr);
      assert.deepEqual(differences(output, undisturbed.output), [], 'the output is that of the undisturbed run');
      assert.deepEqual(folder.files(), ['clean.csv', 'list.csv'], 'nothing is left beside the output');
      assert.deepEqual(readdirSync(dirname(folder.store)), ['mailgate.sqlite'], 'nor beside the store');
      return kept;
    }
    if (output !== 'old')
      assert.deepEqual(differences(output, undisturbed.output), [], 'old or whole, nothing between');
    kept.push(committedVerdicts(folder).size);
  }
}

/** Behind one event of the work or another, or so long after the start; what never comes is waited for by nobody. */
async function instantOfChance(
  record: SandboxRecord,
  { random, events }: { random: () => number; events: number },
): Promise<void> {
  if (random() < EARLY_SHARE) return pause(random() * EARLY_MS);
  const wanted = eventsOf(record) + Math.ceil(random() * events);
  const pauseMs = random() * LONGEST_PAUSE_MS;
  await record.until((now) => eventsOf(now) >= wanted);
  await pause(pauseMs);
}

function eventsOf({ dnsTotal, verbs }: SandboxRecord): number {
  let events = dnsTotal;
  for (const count of verbs.values()) events += count;
  return events;
}

/** How often each address of the list was asked about so far. */
function questionsOf(record: SandboxRecord): Map<string, number> {
  return new Map([...record.byDomain.values()].flatMap(({ questions }) => [...questions]));
}

function assertNotAskedAgain(
  known: ReadonlySet<string>,
  earlier: ReadonlyMap<string, number>,
  now: ReadonlyMap<string, number>,
): void {
  const again = [...known].filter((key) => now.get(key) !== earlier.get(key));
  assert.deepEqual(again, [], 'nobody is asked about whose verdict was in the store');
}

/** What is committed, read from a copy: opening the file itself would mend it, which is for the next run to do. */
function committedVerdicts(folder: Workdir): Set<string> {
  if (!existsSync(folder.store)) return new Set();
  const copyFolder = mkdtempSync(join(folder.base, 'copy-'));
  const copy = join(copyFolder, 'mailgate.sqlite');
  for (const ending of ['', '-wal', '-journal'])
    if (existsSync(folder.store + ending)) copyFileSync(folder.store + ending, copy + ending);
  const store = openStore({ path: copy, clock: systemClock });
  const keys = new Set(store.verdicts.getMany(KEYS).keys());
  store.close();
  rmSync(copyFolder, { recursive: true });
  return keys;
}

/** All but the time, the source and the number of attempts, which a rerun tells truly and so differently; a row a string. */
function timeless(csv: string): string[] {
  return rowsOf(csv).map((row) => {
    const told = Object.entries(row).filter(([name]) => !/_(?:checked_at|source|attempts)$/.test(name));
    return JSON.stringify(Object.fromEntries(told));
  });
}

/** The rows that are not as in the undisturbed run: a whole output would fill the screen. */
function differences(csv: string, expected: readonly string[]): string[] {
  const rows = timeless(csv);
  const differing = rows.flatMap((row, i) => (row === expected[i] ? [] : [`${row} instead of ${expected[i]}`]));
  return rows.length === expected.length
    ? differing
    : [`${rows.length} rows instead of ${expected.length}`, ...differing];
}
