// Two programs on one store, at the same time and against the same mail world: nobody is asked twice, no limit is exceeded.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { SandboxRecord } from '../../src/sandbox/record.ts';
import type { MailHost, World } from '../../src/sandbox/world.ts';
import { people, tailWorld, worldOf } from '../../src/sandbox/world-builders.ts';
import { freshFolder, type Workdir } from '../support/mailgate.ts';
import { column, listOf, rowsOf } from './rows.ts';
import { type AskedWorld, startWorld } from './world.ts';

const PROVIDERS = ['one', 'two', 'three'] as const;
const DOMAINS_EACH = 20;
const LIMIT = 4;
const NAMES = Array.from({ length: 12 }, (_, i) => `p${i}`);
const isKnown = (i: number): boolean => i % 3 === 0;
const KNOWN = people(...NAMES.filter((_, i) => isKnown(i)));

/** Sixty domains at three providers, each with some that accept anybody. */
function world(rest: Partial<MailHost> = {}): World {
  const hosts = PROVIDERS.flatMap((provider, i): MailHost[] => {
    const domains = domainsOf(provider);
    const host = { provider, mailboxes: KNOWN, wire: { latencyMs: 8 }, ...rest };
    return [
      { ...host, name: `mx.${provider}.test`, addresses: [`127.71.1.${i + 1}`], domains: domains.slice(3) },
      {
        ...host,
        name: `open.${provider}.test`,
        addresses: [`127.71.2.${i + 1}`],
        domains: domains.slice(0, 3),
        accepts: 'anything',
      },
    ];
  });
  return worldOf({ hosts });
}

function domainsOf(provider: string): string[] {
  return Array.from({ length: DOMAINS_EACH }, (_, i) => `d${i}-${provider}.test`);
}

const DOMAINS = PROVIDERS.flatMap(domainsOf);
const ADDRESSES = DOMAINS.flatMap((domain) => NAMES.map((name) => `${name}@${domain}`));
/** Each list has what the other lacks, and most of them share. */
const LISTS = {
  a: ADDRESSES.filter((_, i) => i % 5 !== 0),
  b: ADDRESSES.filter((_, i) => i % 5 !== 3).reverse(),
} as const;

function nameOf(name: string): string[] {
  return ['--helo', `${name}.client.test`];
}

interface Pair {
  readonly folder: Workdir;
  readonly asked: AskedWorld;
  readonly argsOf: (name: keyof typeof LISTS) => string[];
}

async function startPair(t: TestContext, of: World = world(), more: readonly string[] = []): Promise<Pair> {
  const folder = freshFolder(t);
  for (const [name, addresses] of Object.entries(LISTS)) folder.write(`${name}.csv`, listOf(addresses));
  const asked = await startWorld(t, of);
  const limits = ['--per-provider', String(LIMIT), '--wait', '20s'];
  return {
    folder,
    asked,
    argsOf: (name) => [
      'verify',
      `${name}.csv`,
      '-o',
      `${name}-clean.csv`,
      ...asked.flags,
      ...limits,
      ...nameOf(name),
      ...more,
    ],
  };
}

/** Addresses that more than one program asked about, told apart by their names; who doubts an answer may ask again itself. */
function askedByBoth(record: SandboxRecord, { atWork = false } = {}): string[] {
  const begins = new Map<string, number>();
  const sessions = new Map<string, { asker: string; closedOrder: number }[]>();
  for (const { commands, openedOrder, closedOrder } of record.connections) {
    const asker = commands.find(({ line }) => /^EHLO /i.test(line))?.line ?? '';
    if (!begins.has(asker)) begins.set(asker, openedOrder);
    for (const { line } of commands) {
      const address = /^RCPT TO:<([^>]*)>/i.exec(line)?.[1];
      if (address === undefined) continue;
      const session = { asker, closedOrder: closedOrder ?? Number.POSITIVE_INFINITY };
      sessions.set(address, [...(sessions.get(address) ?? []), session]);
    }
  }
  // What one found out before the other was there counts for nobody, where only what is new counts.
  const isTooEarly = (closedOrder: number): boolean => atWork && [...begins.values()].some((at) => at > closedOrder);
  return [...sessions].flatMap(([address, all]) => {
    const askers = new Set(all.filter(({ closedOrder }) => !isTooEarly(closedOrder)).map(({ asker }) => asker));
    return askers.size > 1 ? [address] : [];
  });
}

/** Domains that were asked more than once for names of no list. */
function controlsTwice(record: SandboxRecord): string[] {
  const known = new Set(ADDRESSES);
  return DOMAINS.filter((domain) => record.questionsBeside(domain, known) > 1);
}

function mostAtOnce(record: SandboxRecord): number[] {
  return PROVIDERS.map((provider) => record.byProvider.get(provider)?.max ?? 0);
}

function reasons(folder: Workdir, name: keyof typeof LISTS): Map<string, string> {
  const rows = rowsOf(folder.read(`${name}-clean.csv`));
  return new Map(rows.map((row) => [row['email'] ?? '', row['mailgate_reason'] ?? '']));
}

function expectedOf(address: string): string {
  const [local = '', domain = ''] = address.split('@');
  if (/^d[012]-/.test(domain)) return 'accepts_anything';
  return isKnown(Number(local.slice(1))) ? 'accepted' : 'mailbox_not_found';
}

function assertRight(folder: Workdir, name: keyof typeof LISTS): void {
  const found = reasons(folder, name);
  assert.equal(found.size, LISTS[name].length);
  const wrong = LISTS[name].filter((address) => found.get(address) !== expectedOf(address));
  assert.deepEqual(
    wrong.slice(0, 5).map((address) => `${address} ${found.get(address)}`),
    [],
  );
}

test('two cleanings started at once ask every address once, and no provider has more connections than its limit', {
  timeout: 90_000,
}, async (t) => {
  const { folder, asked, argsOf } = await startPair(t);
  const runs = [folder.start(argsOf('a')), folder.start(argsOf('b'))];
  const ended = await Promise.all(runs.map(({ finished }) => finished));
  for (const { exitCode, stderr } of ended) assert.equal(exitCode, 0, stderr);
  assert.deepEqual(askedByBoth(asked.record), [], 'nobody is asked by both');
  assert.deepEqual(controlsTwice(asked.record), [], 'and no domain more than once for a name nobody has');
  t.diagnostic(`connections at once: ${mostAtOnce(asked.record).join(', ')} of ${LIMIT}`);
  for (const most of mostAtOnce(asked.record)) assert.ok(most <= LIMIT, `${most} connections at once`);
  for (const name of ['a', 'b'] as const) assertRight(folder, name);
  const sources = (['a', 'b'] as const).map((name) => new Set(column(folder.read(`${name}-clean.csv`), 'source')));
  assert.ok(
    sources.some((found) => found.has('cache')),
    'what the other found out was taken from the store',
  );
  for (const found of sources) assert.ok(found.has('live'), 'and both did some of the asking');
});

test('one of two is killed in the midst of it: the other does it all, and waits for nobody', {
  timeout: 90_000,
}, async (t) => {
  const { folder, asked, argsOf } = await startPair(t);
  const [one, two] = [folder.start(argsOf('a')), folder.start(argsOf('b'))];
  await Promise.race([one.finished, asked.record.until(({ recipients }) => recipients > ADDRESSES.length / 3)]);
  one.kill('SIGKILL');
  const { exitCode, stderr } = await two.finished;
  assert.equal(exitCode, 0, stderr);
  assertRight(folder, 'b');
  for (const most of mostAtOnce(asked.record)) assert.ok(most <= LIMIT, `${most} connections at once`);
  const rerun = await folder.run(argsOf('a'));
  assert.equal(rerun.exitCode, 0, rerun.stderr);
  assertRight(folder, 'a');
});

test('a cleaning that comes to a domain in the midst of another one takes over what that has decided', {
  timeout: 90_000,
}, async (t) => {
  const { folder, asked, argsOf } = await startPair(t, world({ wire: { latencyMs: 40 } }));
  const one = folder.start(argsOf('a'));
  await Promise.race([one.finished, asked.record.until(({ recipients }) => recipients > ADDRESSES.length / 4)]);
  const two = folder.start(argsOf('b'));
  for (const { exitCode, stderr } of [await one.finished, await two.finished]) assert.equal(exitCode, 0, stderr);
  assert.deepEqual(askedByBoth(asked.record), []);
  assert.deepEqual(controlsTwice(asked.record), []);
  for (const most of mostAtOnce(asked.record)) assert.ok(most <= LIMIT, `${most} connections at once`);
  for (const name of ['a', 'b'] as const) assertRight(folder, name);
});

test('of greylisted addresses each is asked again when it is due, by one of the two', {
  timeout: 90_000,
}, async (t) => {
  const greylist = { waitMs: 1000, says: '450 4.2.0 Greylisted, try again in 1 seconds' };
  const { folder, asked, argsOf } = await startPair(t, world({ greylist, mailboxes: people(...NAMES) }));
  const runs = [folder.start(argsOf('a')), folder.start(argsOf('b'))];
  const ended = await Promise.all(runs.map(({ finished }) => finished));
  for (const { exitCode, stderr } of ended) assert.equal(exitCode, 0, stderr);
  for (const name of ['a', 'b'] as const) {
    const found = new Set(reasons(folder, name).values());
    assert.deepEqual([...found].sort(), ['accepted', 'accepts_anything']);
  }
  for (const most of mostAtOnce(asked.record)) assert.ok(most <= LIMIT, `${most} connections at once`);
  const times = new Map([...asked.record.byDomain.values()].flatMap(({ questions }) => [...questions]));
  assert.deepEqual(
    ADDRESSES.filter((address) => (times.get(address) ?? 0) > 4),
    [],
    'each is put off and asked again, up to four times by a program alone, since the name nobody has is put off, too',
  );
});

test('what one finds unknown the other at work does not ask again', { timeout: 90_000 }, async (t) => {
  const refusal = '554 5.7.1 Relay access denied';
  const { folder, asked, argsOf } = await startPair(t, world({ at: { rcpt: { say: refusal } } }));
  const runs = [folder.start(argsOf('a')), folder.start(argsOf('b'))];
  const ended = await Promise.all(runs.map(({ finished }) => finished));
  for (const { exitCode, stderr } of ended) assert.equal(exitCode, 0, stderr);
  assert.deepEqual(askedByBoth(asked.record, { atWork: true }), []);
  for (const name of ['a', 'b'] as const) {
    const statuses = new Set(column(folder.read(`${name}-clean.csv`), 'status'));
    assert.deepEqual([...statuses], ['unknown']);
  }
});

test('with --refresh what the other has just asked is fresh, and nothing older is', { timeout: 90_000 }, async (t) => {
  const { folder, asked, argsOf } = await startPair(t);
  assert.equal((await folder.run(argsOf('a'))).exitCode, 0);
  const before = new Map([...asked.record.byDomain.values()].flatMap(({ questions }) => [...questions]));
  asked.record.connections.splice(0);
  const runs = [folder.start([...argsOf('a'), '--refresh']), folder.start([...argsOf('b'), '--refresh'])];
  const ended = await Promise.all(runs.map(({ finished }) => finished));
  for (const { exitCode, stderr } of ended) assert.equal(exitCode, 0, stderr);
  assert.deepEqual(askedByBoth(asked.record, { atWork: true }), []);
  for (const name of ['a', 'b'] as const) assertRight(folder, name);
  const now = new Map([...asked.record.byDomain.values()].flatMap(({ questions }) => [...questions]));
  const notAsked = ADDRESSES.filter((address) => now.get(address) === before.get(address));
  assert.deepEqual(notAsked, [], 'everybody was asked anew');
});

test('a machine that goes by a name of its own at every domain sees no more connections from two than its limit', {
  timeout: 90_000,
}, async (t) => {
  const behaviour = { mailboxes: KNOWN, wire: { latencyMs: 8 } };
  const of = tailWorld({ domains: DOMAINS.length, addresses: 1, behaviour, suffix: 'vanity.test' });
  const { folder, asked, argsOf } = await startPair(t, of);
  for (const name of ['a', 'b'] as const) {
    // Whoever comes first in a list lends the machine its name, and the lists do not begin with the same.
    const addresses = LISTS[name].map((address) => address.replace(/@.*/, `@t${domainNumber(address)}-vanity.test`));
    folder.write(`${name}.csv`, listOf(addresses));
  }
  const runs = [folder.start(argsOf('a')), folder.start(argsOf('b'))];
  const ended = await Promise.all(runs.map(({ finished }) => finished));
  for (const { exitCode, stderr } of ended) assert.equal(exitCode, 0, stderr);
  assert.ok(asked.record.overall.max <= LIMIT, `${asked.record.overall.max} connections at once`);
  assert.deepEqual(askedByBoth(asked.record), []);
});

function domainNumber(address: string): number {
  return DOMAINS.indexOf(address.replace(/.*@/, ''));
}
