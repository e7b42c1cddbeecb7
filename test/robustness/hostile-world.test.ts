// Hostile mail hosts and hostile DNS all at once, beside good ones: the good ones do not notice, and nothing stays behind.
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { MOODS } from '../../src/sandbox/moods.ts';
import type { DnsMood, MailHost, Mood, World, Zone } from '../../src/sandbox/world.ts';
import { mailboxes, mailZone, people, worldOf } from '../../src/sandbox/world-builders.ts';
import { DEFAULT_TIMEOUTS } from '../../src/smtp/timeouts.ts';
import { heldBytes } from '../support/held-bytes.ts';
import { quietLoop } from '../support/quiet-loop.ts';
import { startInHandTime, type TimedRun } from './hand-time.ts';

const SESSION_MS = 20_000;
const STEP_MS = 500;
/** A step begins with what the last one set off. */
const CLOSING_MS = 2 * STEP_MS;
const TIMEOUTS = {
  ...DEFAULT_TIMEOUTS,
  connectMs: 5000,
  greetingMs: 6000,
  ehloMs: 6000,
  mailMs: 6000,
  rcptMs: 6000,
  sessionMs: SESSION_MS,
};
const LIMITS = { concurrency: 200, perDomain: 3, perProvider: 5, ratePerMinute: null };

const GOOD: Readonly<Record<string, Mood>> = {
  ...Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`plain${i}`, {}])),
  ...Object.fromEntries(
    ['catchAll', 'noEhlo', 'bareEhlo', 'tlsRequired', 'tlsOffered', 'bareLineFeeds', 'multilineBanner'].map((name) => [
      name,
      MOODS[name as keyof typeof MOODS],
    ]),
  ),
};

/** Hosts that say nothing of use, or nothing at all: no address there can be more than unknown. */
const MUTE = [
  ...[
    'endlessLines',
    'endlessLine',
    'mixedCodes',
    'oddCodes',
    'shortCode',
    'wordInsteadOfCode',
    'positiveButWrongCode',
  ],
  ...['extraReply', 'silentBanner', 'silentAtEhlo', 'silentAtRcpt', 'unfinishedReply', 'dropsAtBanner', 'dropsAtMail'],
  ...['dropsAtRcpt', 'resetsAtBanner', 'resetsAtRcpt', 'busyAtRcpt', 'busyAtBanner', 'tarpit', 'tlsRequiredButBroken'],
  ...['blockedAtBanner', 'blockedAtEhlo', 'blockedAtMail', 'blockedAtRcpt', 'oneRefusalForAll'],
] as const satisfies readonly (keyof typeof MOODS)[];

/** Hosts that answer, in a way meant to do harm; their addresses may be what the words say, but nobody is valid. */
const POISONOUS = [
  ...['carriageReturnTricks', 'terminalEscapes', 'formulaText', 'markupText', 'bidiText', 'binaryText'],
] as const satisfies readonly (keyof typeof MOODS)[];

/** Each of these would make the look-up of its domain fail, or last. */
const DNS_MOODS: readonly DnsMood[] = [
  { silent: true },
  { rcode: 'SERVFAIL' },
  { rcode: 'REFUSED' },
  { rcode: 'FORMERR' },
  { wrongOwner: true },
  { truncated: 'no_tcp' },
  { delayMs: 60_000 },
  { losesFirst: 1000 },
  { failsFirst: 1000 },
  { silent: true, types: ['A', 'AAAA'] },
];

const domainOf = (name: string): string => `${name.toLowerCase()}.test`;
/** One that nobody has: with more, their order decides how many sessions it takes to believe an acceptance. */
const LOCALS = ['anna', 'bert', 'nobody', 'carla'];
const addressesAt = (names: readonly string[]): string[] =>
  names.flatMap((name) => LOCALS.map((local) => `${local}@${domainOf(name)}`));
const GOOD_ADDRESSES = addressesAt(Object.keys(GOOD));
const DNS_DOMAINS = DNS_MOODS.flatMap((_, i) => [`dns${i}a`, `dns${i}b`, `dns${i}c`]);

function hosts(moods: readonly (readonly [name: string, mood: Mood])[], net: string): MailHost[] {
  return moods.map(([name, mood], i) => ({
    ...mood,
    name: `mx.${domainOf(name)}`,
    addresses: [`127.62.${net}.${i + 1}`],
    domains: [domainOf(name)],
    mailboxes: people('anna', 'bert', 'carla'),
  }));
}

const goodHosts = hosts(Object.entries(GOOD), '1');
/** A host that answers every command within its limit, and never comes to an end. */
const crawling: MailHost = {
  name: 'mx.crawling.test',
  addresses: ['127.62.4.1'],
  domains: ['crawling.test'],
  mailboxes: mailboxes([['anna', 'ok']]),
  wire: { thinkMs: 5000 },
  offers: { pipelining: false },
};

function hostileWorld(): World {
  const hostile = [...MUTE, ...POISONOUS].map((name) => [name, MOODS[name]] as const);
  const zones = DNS_DOMAINS.map((name, i): Zone => {
    const zone = mailZone(domainOf(name), ['mx.crawling.test']);
    const mood = DNS_MOODS[Math.floor(i / 3)];
    return mood === undefined ? zone : { ...zone, mood };
  });
  const odd: Zone = {
    ...mailZone('plain1.test', ['mx.plain1.test']),
    mood: { junkFirst: true, ednsRefused: 'FORMERR' },
  };
  return worldOf({ hosts: [...goodHosts, ...hosts(hostile, '2'), crawling], zones: [...zones, odd] });
}

test('beside hostile hosts and hostile DNS, good addresses need no deadline and no connection more', {
  timeout: 60_000,
}, async (t) => {
  const alone = await start(t, worldOf({ hosts: goodHosts }), GOOD_ADDRESSES);
  await alone.finished;
  const expected = seenOfGood(alone);
  await alone.close();
  const before = await resources();

  const crawl = Array.from({ length: 12 }, (_, i) => `p${i}@crawling.test`);
  const hostile = [...addressesAt([...MUTE, ...POISONOUS, ...DNS_DOMAINS]), ...crawl];
  const run = await start(t, hostileWorld(), [...hostile, ...GOOD_ADDRESSES]);
  await run.until((verdicts) => GOOD_ADDRESSES.every((address) => verdicts.has(address)));
  assert.deepEqual(
    seenOfGood(run),
    expected,
    'the same verdicts from as many connections, and the clock has not moved',
  );

  await run.passTime(STEP_MS);
  await run.finished;
  await quietLoop(); // until the other side has seen that it is over
  checkHostileVerdicts(run, [...hostile]);
  checkSessionLength(run);
  assert.deepEqual(seenOfGood(run), expected);
  await run.close();
  await checkNothingLeft(before);
});

async function start(t: TestContext, world: World, addresses: readonly string[]): Promise<TimedRun> {
  const run = await startInHandTime(world, addresses, { timeouts: TIMEOUTS, limits: LIMITS });
  t.after(() => run.close());
  return run;
}

function seenOfGood({ verdicts, sandbox }: TimedRun): unknown {
  const reasons = GOOD_ADDRESSES.map((address) => `${address} ${verdicts.get(address)?.reason}`);
  const connections = goodHosts.map(({ name }) => `${name} ${sandbox.record.byHost.get(name)?.total}`);
  return { reasons, connections };
}

function checkHostileVerdicts({ verdicts }: TimedRun, hostile: readonly string[]): void {
  const mute = new Set([...MUTE, ...DNS_DOMAINS].map(domainOf));
  const wrong = hostile.flatMap((address) => {
    const verdict = verdicts.get(address);
    const domain = address.slice(address.indexOf('@') + 1);
    const isRight = mute.has(domain)
      ? verdict?.status === 'unknown'
      : verdict !== undefined && verdict.status !== 'valid';
    return isRight || domain === 'crawling.test' ? [] : [`${address} ${verdict?.status} ${verdict?.reason}`];
  });
  assert.deepEqual(wrong, []);
}

/** On the clock both sides share. */
function checkSessionLength({ sandbox }: TimedRun): void {
  const { connections } = sandbox.record;
  const lengths = connections.map(({ closedAt, openedAt, host }) => ({ host, ms: (closedAt ?? Infinity) - openedAt }));
  assert.deepEqual(
    lengths.filter(({ ms }) => ms > SESSION_MS + CLOSING_MS),
    [],
  );
  const crawls = lengths.filter(({ host }) => host === 'mx.crawling.test');
  assert.ok(
    crawls.some(({ ms }) => ms >= SESSION_MS),
    'the deadline of the session was met',
  );
}

interface Resources {
  readonly files: number | null;
  readonly active: string;
  readonly bytes: number;
}

async function resources(): Promise<Resources> {
  const bytes = await heldBytes();
  const files = existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').length : null;
  return { files, active: process.getActiveResourcesInfo().sort().join(' '), bytes };
}

/** What was closed is gone a few turns of the event loop later. */
async function checkNothingLeft(before: Resources): Promise<void> {
  let now = await resources();
  for (let turns = 0; turns < 100 && (now.files !== before.files || now.active !== before.active); turns += 1) {
    await pause(10);
    now = await resources();
  }
  assert.equal(now.files, before.files, 'file descriptors');
  assert.equal(now.active, before.active, 'handles and timers');
  assert.ok(
    now.bytes - before.bytes < 16 * 2 ** 20,
    `${Math.round((now.bytes - before.bytes) / 2 ** 20)} MiB more are held`,
  );
}
