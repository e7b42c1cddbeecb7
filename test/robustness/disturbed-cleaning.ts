// A cleaning that is ended at instants of chance: its world, its list, and how the outcome compares with an undisturbed one.
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { screenAddress } from '../../src/address/screen.ts';
import { systemClock } from '../../src/clock.ts';
import { MOODS } from '../../src/sandbox/moods.ts';
import type { SandboxRecord } from '../../src/sandbox/record.ts';
import type { MailHost, World } from '../../src/sandbox/world.ts';
import { addressZone, mailboxes, mailZone, people, worldOf } from '../../src/sandbox/world-builders.ts';
import { openStore } from '../../src/store/database.ts';
import type { Verdict } from '../../src/verdict.ts';
import { seededRandom } from '../bench/random.ts';
import { column, listOf, rowsOf } from '../commands/rows.ts';
import { type AskedWorld, startWorld } from '../commands/world.ts';
import { freshFolder, type Workdir } from '../support/mailgate.ts';

/** The same seed gives the same instants, counted in events of the work, and the same pauses behind them. */
export const SEED = Number(process.env['MAILGATE_KILL_SEED'] ?? randomInt(2 ** 31));

const WORDS: readonly string[] = ['anna', 'bert', 'carla', 'dora', 'emil', 'fritz', 'gerda', 'hans', 'ida', 'jan'];
const KNOWN = people(...WORDS);

const PLAIN = Array.from({ length: 12 }, (_, i) => `plain${i}.test`);
/** Customers of one provider. */
const HOSTED = ['hosted0.test', 'hosted1.test', 'hosted2.test', 'hosted3.test'];
const SINGLE = ['any', 'grey', 'greyany', 'shut', 'slow', 'rude', 'second', 'single', 'sealed'].map(
  (name) => `${name}.test`,
);

/** Some domains of every kind that leads to a verdict, each host slow enough that the whole takes about a second. */
function world(net: string): World {
  const wire = { latencyMs: 15 };
  const host = (name: string, number: number, rest: Partial<MailHost> = {}): MailHost => ({
    name: `mx.${name}`,
    addresses: [`${net}.${number}`],
    domains: [name],
    mailboxes: KNOWN,
    wire,
    ...rest,
  });
  const greylist = { waitMs: 500, says: '450 4.2.0 Greylisted, try again in 1 seconds' };
  const shut = mailboxes([
    ['anna', 'full'],
    ['bert', 'disabled'],
    ['carla', 'ok'],
  ]);
  const hosts = [
    ...PLAIN.map((name, i) => host(name, i + 1, { offers: { pipelining: i % 2 === 0 } })),
    host('provider.test', 20, { domains: HOSTED }),
    host('any.test', 21, { accepts: 'anything' }),
    host('grey.test', 22, { greylist }),
    host('greyany.test', 23, { greylist, accepts: 'anything' }),
    host('shut.test', 24, { mailboxes: shut }),
    host('slow.test', 25, { wire: { latencyMs: 60 } }),
    host('rude.test', 26, { limits: { recipientsPerSession: 4 } }),
    host('second.test', 27),
    host('single.test', 28, MOODS.oneRecipientATransaction),
    host('sealed.test', 29, MOODS.tlsRequired),
  ];
  const zones = [
    mailZone('nobody.test', ['.']),
    // Nobody listens at the first.
    mailZone('second.test', ['mx0.second.test', 'mx.second.test']),
    addressZone('mx0.second.test', [`${net}.40`]),
  ];
  return worldOf({ hosts, zones });
}

const ADDRESSES = [...PLAIN, ...HOSTED, ...SINGLE, 'nobody.test', 'gone.test'].flatMap((domain) => {
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

/** Of every address that has to be asked about, under which its verdict is kept. */
export const KEYS: readonly string[] = ADDRESSES.map((address) => {
  const screening = screenAddress(address);
  assert.ok(screening.valid);
  return screening.key;
});

export interface Cleaning {
  readonly folder: Workdir;
  readonly asked: AskedWorld;
  readonly args: readonly string[];
}

/** A folder with the list and an old output, and a world at `net`, the first three numbers of its addresses. */
export async function startCleaning(t: TestContext, net: string): Promise<Cleaning> {
  const folder = freshFolder(t);
  folder.write('list.csv', LIST);
  folder.write('clean.csv', 'old');
  const asked = await startWorld(t, world(net));
  return { folder, asked, args: ['verify', 'list.csv', '-o', 'clean.csv', ...asked.flags, '--wait', '20s'] };
}

export interface Undisturbed {
  readonly output: readonly string[];
  /** How much was asked: questions to the DNS and lines of all dialogues. */
  readonly events: number;
  readonly verdicts: ReadonlyMap<string, Verdict>;
}

/** The outcome of a run that nobody disturbs. */
export async function cleanUndisturbed(t: TestContext, net: string): Promise<Undisturbed> {
  const { folder, asked, args } = await startCleaning(t, net);
  const run = await folder.run(args);
  assert.equal(run.exitCode, 0, run.stderr);
  const csv = folder.read('clean.csv');
  const reasons = new Set(column(csv, 'reason'));
  for (const reason of ['accepted', 'mailbox_not_found', 'accepts_anything', 'mailbox_full', 'domain_not_found'])
    assert.ok(reasons.has(reason), `without ${reason} the world is no test; it has ${[...reasons]}`);
  for (const reason of ['greylisted', 'timeout', 'connect_failed', 'catchall_untested'])
    assert.ok(!reasons.has(reason), `everybody can be decided, and is; there is ${reason}`);
  return { output: timeless(csv), events: eventsOf(asked.record), verdicts: committedVerdicts(folder) };
}

/** Every so many instants come at a time from the start: while the program loads, opens its store, reads the list. */
const EARLY_SHARE = 0.2;
const EARLY_MS = 800;
/** An instant comes so long, at most, behind the event it waits for: the time in which what was answered gets committed. */
const LONGEST_PAUSE_MS = 250;

/** When a run is ended, drawn from the seed. */
export interface Instant {
  /** For people, and to tell a replay from another run. */
  readonly words: string;
  /** Resolves at the instant; where it lies behind the end of the run, never. */
  reached(record: SandboxRecord): Promise<void>;
}

/** Instants behind one event of the work or another, or so long after the start. */
export function instantsOfChance(seed: number, events: number): () => Instant {
  const random = seededRandom(seed);
  return () => {
    const isEarly = random() < EARLY_SHARE;
    const place = random();
    const pauseMs = Math.round(isEarly ? place * EARLY_MS : random() * LONGEST_PAUSE_MS);
    if (isEarly) return { words: `start+${pauseMs}ms`, reached: () => pause(pauseMs) };
    const wanted = Math.ceil(place * events);
    return {
      words: `event ${wanted}+${pauseMs}ms`,
      reached: async (record) => {
        const target = eventsOf(record) + wanted;
        await record.until((now) => eventsOf(now) >= target);
        await pause(pauseMs);
      },
    };
  };
}

function eventsOf({ dnsTotal, verbs }: SandboxRecord): number {
  let events = dnsTotal;
  for (const count of verbs.values()) events += count;
  return events;
}

/** How often each address of the list was asked about so far. */
export function questionsOf(record: SandboxRecord): Map<string, number> {
  return new Map([...record.byDomain.values()].flatMap(({ questions }) => [...questions]));
}

/** What is committed, read from a copy: opening the file itself would mend it, which is for the next run to do. */
export function committedVerdicts(folder: Workdir): Map<string, Verdict> {
  if (!existsSync(folder.store)) return new Map();
  const copyFolder = mkdtempSync(join(folder.base, 'copy-'));
  const copy = join(copyFolder, 'mailgate.sqlite');
  for (const ending of ['', '-wal', '-journal'])
    if (existsSync(folder.store + ending)) copyFileSync(folder.store + ending, copy + ending);
  const store = openStore({ path: copy, clock: systemClock });
  const verdicts = store.verdicts.getMany(KEYS);
  store.close();
  rmSync(copyFolder, { recursive: true });
  return verdicts;
}

/**
 * All but the three columns that a rerun tells truly, and so differently: when the address was decided (checked_at),
 * that the verdict came from the store (source), and how many attempts this run made (attempts). A row a string.
 */
function timeless(csv: string): string[] {
  return rowsOf(csv).map((row) => {
    const told = Object.entries(row).filter(([name]) => !/_(?:checked_at|source|attempts)$/.test(name));
    return JSON.stringify(Object.fromEntries(told));
  });
}

/** The rows that are not as in the undisturbed run: a whole output would fill the screen. */
export function differences(csv: string, { output }: Undisturbed): string[] {
  const rows = timeless(csv);
  const differing = rows.flatMap((row, i) => (row === output[i] ? [] : [`${row} instead of ${output[i]}`]));
  return rows.length === output.length ? differing : [`${rows.length} rows instead of ${output.length}`, ...differing];
}
