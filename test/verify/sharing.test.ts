// One run among others, with a pretend board: when it may open what, whom it waits for, and when it stops waiting.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Verdict } from '../../src/verdict.ts';
import { jobsInMemory } from '../../src/verify/jobs.ts';
import { takeKnown } from '../../src/verify/known-by-others.ts';
import type { News, Post } from '../../src/verify/other-runs.ts';
import type { Gatekeeper } from '../../src/verify/paced-queue.ts';
import type { StoredRetry } from '../../src/verify/retry.ts';
import { Sharing } from '../../src/verify/sharing.ts';
import { HandClock } from '../support/hand-clock.ts';

const OTHER = { pid: 4711 };
const BEAT_MS = 250;

/** A sharing run whose news the test makes up. */
function startSharing(options: { patienceMs?: number } = {}) {
  const clock = new HandClock();
  const board = {
    news: { status: 'alone' } as News,
    isBroken: false,
    posts: [] as Post[],
    claimed: [] as string[][],
    held: new Map<string, typeof OTHER>(),
    exchange(post: Post): News {
      if (board.isBroken) throw new Error('the disk is gone');
      board.posts.push(post);
      return board.news;
    },
    claim(domains: readonly string[]) {
      board.claimed.push([...domains]);
      return board.held;
    },
  };
  const failures: unknown[] = [];
  const commits: number[] = [];
  const sharing = new Sharing({
    board,
    clock,
    answers: { meetOthers: () => {}, commit: () => void commits.push(clock.now()), verdictsOf: () => new Map() },
    patienceMs: options.patienceMs ?? Number.POSITIVE_INFINITY,
    onHeld: null,
    onFailure: (error) => void failures.push(error),
  });
  const open: Gatekeeper = {
    admit: (_provider, { limit }) => ({ status: 'open', connections: limit }),
    retire: () => {},
  };
  const gate = sharing.gate(open);
  const looked: string[][] = [];
  const told: number[] = [];
  sharing.attach(
    { openTo: () => 0, lookAgain: (providers) => void looked.push([...providers]) },
    ({ addresses }) => void told.push(addresses),
  );
  const allowed = (provider = 'p'): number => {
    const admission = gate.admit(provider, { limit: 5, nowMs: clock.monotonic() });
    assert.ok(admission.status === 'open');
    return admission.connections;
  };
  const shared = (connections: number, held: ReadonlyMap<string, typeof OTHER> = new Map()): News => {
    return {
      status: 'shared',
      others: [OTHER],
      held,
      allowed: new Map([
        ['p', connections],
        ['at 192.0.2.1', connections],
      ]),
    };
  };
  const expect = (domain: string): void =>
    sharing.expect({ domain, provider: 'p', machine: '192.0.2.1', addresses: 3 });
  return { clock, board, sharing, gate, allowed, shared, expect, looked, told, failures, commits };
}

test('a run that is alone may open what its limits allow, and claims nothing', () => {
  const { sharing, allowed, board } = startSharing();
  assert.equal(allowed(), 5);
  assert.equal(sharing.claim('a.test', 'p'), null);
  assert.deepEqual(board.claimed, []);
});

test('with others it opens no more than they leave to it, and looks again when that is more', () => {
  const { clock, board, allowed, shared, looked, expect } = startSharing();
  expect('a.test');
  assert.equal(allowed(), 5);
  board.news = shared(2);
  clock.advance(BEAT_MS);
  assert.equal(allowed(), 2);
  assert.deepEqual(looked, [['p']]);
  board.news = shared(4);
  clock.advance(BEAT_MS);
  assert.equal(allowed(), 4);
  assert.deepEqual(looked, [['p'], ['p']]);
});

test('a rate of new connections is divided as the connections are', () => {
  const { clock, board, gate, allowed, shared } = startSharing();
  assert.equal(gate.rateShare?.('p'), 1);
  allowed();
  board.news = shared(2);
  clock.advance(BEAT_MS);
  assert.equal(gate.rateShare?.('p'), 0.4);
});

test('while another run has not told what it is doing, nothing is opened', () => {
  const { clock, board, allowed } = startSharing();
  board.news = { status: 'joining', others: [OTHER] };
  clock.advance(BEAT_MS);
  assert.equal(allowed(), 0);
});

test('a provider the others have not heard of yet gets nothing before they have', () => {
  const { clock, board, allowed, shared } = startSharing();
  board.news = shared(3);
  clock.advance(BEAT_MS);
  assert.equal(allowed(), 0);
  clock.advance(BEAT_MS);
  assert.equal(allowed(), 3);
});

test('a run that could not be heard of for long opens nothing until it was, and ends where that goes on', () => {
  const { clock, board, allowed, failures } = startSharing();
  assert.equal(allowed(), 5);
  board.isBroken = true;
  clock.advance(15_000);
  assert.equal(allowed(), 0);
  assert.deepEqual(failures, []);
  board.isBroken = false;
  clock.advance(BEAT_MS);
  assert.equal(allowed(), 5);
  board.isBroken = true;
  clock.advance(70_000);
  assert.notDeepEqual(failures, []);
});

test('domains that come next are claimed with the one that is needed', () => {
  const { clock, board, sharing, shared, expect } = startSharing();
  for (let i = 0; i < 50; i += 1) expect(`d${i}.test`);
  board.news = shared(2);
  clock.advance(BEAT_MS);
  assert.equal(sharing.claim('d7.test', 'p'), null);
  assert.equal(board.claimed.length, 1);
  assert.equal(board.claimed[0]?.length, 32);
  assert.equal(sharing.claim('d8.test', 'p'), null);
  assert.equal(board.claimed.length, 1, 'it is this run’s already');
});

test('a domain of another run is taken up when it is free, and given back when all is decided and committed', async () => {
  const { clock, board, sharing, shared, expect, commits } = startSharing();
  expect('a.test');
  const held = new Map([['a.test', OTHER]]);
  board.held = held;
  board.news = shared(2, held);
  clock.advance(BEAT_MS);
  assert.equal(sharing.claim('a.test', 'p'), OTHER);
  const resumed: string[] = [];
  sharing.putAside({ domain: 'a.test', provider: 'p', addresses: 3 }, OTHER, () => void resumed.push('a.test'));
  clock.advance(BEAT_MS);
  assert.deepEqual([resumed, sharing.waiting], [[], 1]);
  assert.deepEqual(sharing.heldByOthers, { addresses: 3, domains: ['a.test'], heldBy: [4711] });
  board.news = shared(2);
  clock.advance(BEAT_MS);
  await Promise.resolve();
  assert.deepEqual([resumed, sharing.waiting], [['a.test'], 0]);
  sharing.begin('a.test', 'p', { left: 2, known: 1 });
  sharing.decided('a.test');
  sharing.end('a.test');
  clock.advance(BEAT_MS);
  assert.deepEqual(board.posts.at(-1)?.released, [], 'one address still waits for what other domains tell');
  sharing.decided('a.test');
  clock.advance(BEAT_MS);
  assert.deepEqual(board.posts.at(-1)?.released, ['a.test']);
  assert.equal(commits.length, 1);
});

test('what could not be told is told at the next beat', () => {
  const { clock, board, sharing, shared } = startSharing();
  board.news = shared(2);
  clock.advance(BEAT_MS);
  sharing.begin('a.test', 'p', { left: 0, known: 0 });
  sharing.end('a.test');
  board.isBroken = true;
  clock.advance(BEAT_MS);
  board.isBroken = false;
  clock.advance(BEAT_MS);
  assert.deepEqual(board.posts.at(-1)?.released, ['a.test']);
});

test('whoever sits in front of it does not wait longer than its patience', async () => {
  const { clock, board, sharing, shared } = startSharing({ patienceMs: 3000 });
  const held = new Map([['a.test', OTHER]]);
  board.news = shared(1, held);
  let resumed = 0;
  clock.advance(BEAT_MS);
  sharing.putAside({ domain: 'a.test', provider: 'p', addresses: 1 }, OTHER, () => {
    resumed += 1;
  });
  clock.advance(2900);
  assert.equal(resumed, 0);
  clock.advance(BEAT_MS);
  await Promise.resolve();
  assert.equal(resumed, 1);
});

test('who has no connection for a second is told whom it waits for', () => {
  const { clock, board, told, shared, expect } = startSharing();
  expect('a.test');
  board.news = shared(0);
  clock.advance(BEAT_MS);
  assert.deepEqual(told, []);
  clock.advance(1000);
  assert.deepEqual([...new Set(told)], [3]);
});

test('after `stop` nothing beats any more', () => {
  const { clock, board, sharing } = startSharing();
  sharing.stop();
  const before = board.posts.length;
  clock.advance(60_000);
  assert.equal(board.posts.length, before);
});

const VERDICT = { status: 'valid', reason: 'accepted', source: 'cache' } as Verdict;
const UNKNOWN = { status: 'unknown', reason: 'timeout', source: 'cache' } as Verdict;

test('of the addresses of a domain, those that others decided are recorded, and those they were put off with wait', () => {
  const clock = new HandClock();
  const locals = ['known', 'unknown', 'waits', 'due', 'again', 'new'];
  const all = locals.map((local, id) => ({ id, local, domain: 'a.test', smtputf8: false }));
  const memory = jobsInMemory(all);
  const source = {
    ...memory,
    jobsOf: (domainId: number, afterId: number, limit: number) =>
      memory
        .jobsOf(domainId, afterId, limit)
        .map((job) => (['again', 'due'].includes(job.local) ? { ...job, tries: 1 } : job)),
  };
  const retry = (inMs: number) => ({ dueAt: clock.now() + inMs, tries: 2 }) as StoredRetry;
  const retries = new Map([
    ['waits', retry(1000)],
    ['due', retry(-1)],
    ['again', retry(1000)],
  ]);
  const recorded: string[] = [];
  const putOff: string[] = [];
  const left = takeKnown(
    { jobs: { domainId: 0, domain: 'a.test', count: locals.length }, source },
    {
      answers: {
        verdictsOf: () =>
          new Map([
            ['known', VERDICT],
            ['unknown', UNKNOWN],
            ['waits', UNKNOWN],
          ]),
      },
      retries: { retriesOf: () => retries },
      record: (job, _domain, { reason }) => void recorded.push(`${job.local} ${reason}`),
      putOff: (job) => void putOff.push(job.local),
      clock,
    },
  );
  assert.deepEqual(recorded, ['known accepted', 'unknown timeout']);
  assert.deepEqual(putOff, ['again']);
  assert.equal(left.jobs.count, 3);
  assert.deepEqual(
    left.source.jobsOf(0, 2, 1).map(({ local }) => local),
    ['due'],
    'a page is empty only at the end',
  );
  assert.deepEqual(
    left.source.jobsOf(0, -1, 100).map(({ local }) => local),
    ['waits', 'due', 'new'],
  );
});
