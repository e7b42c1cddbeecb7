// The runs at work on one file: who is alone, who holds a domain, who may have how many connections, and who is dead.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openConnection, openStore } from '../../src/store/database.ts';
import { ownMark } from '../../src/store/process-mark.ts';
import { fairShares } from '../../src/store/provider-shares.ts';
import type { ProviderUse } from '../../src/store/run-providers.ts';
import { LivingRun, type RunNews, SILENCE_MS } from '../../src/store/runs.ts';
import { handClock, NOW, scratchFolder, someVerdict } from './scratch.ts';

type Clock = ReturnType<typeof handClock>;

/** Runs of one file, each with a connection of its own, as processes have them. */
function fileOf(t: TestContext, clock: Clock = handClock()) {
  const path = join(scratchFolder(t), 'store.sqlite');
  const connect = () => {
    const connection = openConnection({ path });
    t.after(() => connection.close());
    return connection;
  };
  return {
    clock,
    path,
    connect,
    start: (options: { isUrgent?: boolean; clock?: Clock } = {}) =>
      new TestRun(new LivingRun(connect(), { clock, isUrgent: false, ...options })),
  };
}

class TestRun {
  readonly run: LivingRun;
  claimed: string[] = [];
  released: string[] = [];
  wanted: string[] = [];
  uses: ProviderUse[] = [];

  constructor(run: LivingRun) {
    this.run = run;
  }

  exchange(): RunNews {
    const { claimed, released, wanted, uses } = this;
    return this.run.exchange({ claimed: () => claimed, released, wanted, uses: () => uses });
  }

  /** How many connections it may have to the provider; null where it is alone. */
  allowed(provider = 'p'): number | null {
    const news = this.exchange();
    if (news.status === 'joining') return 0;
    return news.status === 'shared' ? (news.allowed.get(provider) ?? null) : null;
  }

  use(changes: Partial<ProviderUse> = {}): this {
    this.uses = [{ provider: 'p', most: 5, wanted: 5, open: 0, ...changes }];
    return this;
  }
}

test('a run that is alone is told so, and its claims are no entries of the file', (t) => {
  const file = fileOf(t);
  const one = file.start();
  one.claimed = ['a.test'];
  assert.equal(one.exchange().status, 'alone');
  const count = file.connect().prepare<readonly [number]>('SELECT count(*) FROM run_domain').get();
  assert.deepEqual(count, [0]);
});

test('a newcomer opens nothing until the run that was alone has told what it is asking', (t) => {
  const file = fileOf(t);
  const one = file.start();
  one.claimed = ['a.test'];
  one.exchange();
  const two = file.start();
  assert.equal(two.exchange().status, 'joining');
  assert.equal(one.exchange().status, 'shared');
  two.wanted = ['a.test', 'b.test'];
  const news = two.exchange();
  assert.ok(news.status === 'shared');
  assert.deepEqual([...news.held], [['a.test', { run: one.run.id, pid: process.pid }]]);
});

test('a domain is claimed by one run, and free once that one is done with it or gone', (t) => {
  const file = fileOf(t);
  const [one, two] = [file.start(), file.start()];
  one.exchange();
  assert.deepEqual([...one.run.claim(['a.test', 'b.test'])], []);
  assert.deepEqual([...two.run.claim(['b.test', 'c.test'])], [['b.test', { run: one.run.id, pid: process.pid }]]);
  assert.deepEqual([...one.run.claim(['a.test'])], [], 'its own claim stands in nobody’s way');
  one.released = ['b.test'];
  one.exchange();
  assert.deepEqual([...two.run.claim(['b.test'])], []);
  one.run.leave();
  assert.deepEqual([...two.run.claim(['a.test'])], []);
});

test('whoever is left alone tells nothing any more, and the next newcomer is told anew', (t) => {
  const file = fileOf(t);
  const [one, two] = [file.start(), file.start()];
  one.exchange();
  one.run.claim(['a.test']);
  two.run.leave();
  assert.equal(one.exchange().status, 'alone');
  const three = file.start();
  assert.equal(three.exchange().status, 'joining');
  one.claimed = ['z.test'];
  one.exchange();
  assert.deepEqual([...three.run.claim(['a.test', 'z.test']).keys()], ['z.test']);
});

test('a newcomer gets no connection before the older run has closed those that are no longer its own', (t) => {
  const file = fileOf(t);
  const [one, two] = [file.start().use({ open: 5 }), file.start().use()];
  assert.equal(one.allowed(), 5);
  assert.equal(two.allowed(), 0, 'five are open');
  assert.equal(one.allowed(), 3, 'nothing is opened in place of what closes');
  assert.equal(two.allowed(), 0, 'but what is open cannot be given back');
  assert.equal(one.use({ open: 4 }).allowed(), 3);
  assert.equal(two.allowed(), 1);
  assert.equal(one.use({ open: 1 }).allowed(), 3);
  assert.equal(two.use({ open: 1 }).allowed(), 2);
  assert.equal(one.use({ open: 3 }).allowed(), 3);
  one.run.leave();
  assert.equal(two.allowed(), null, 'alone');
});

test('two runs at a provider never have more than its limit together, whatever they do in whatever order', (t) => {
  const file = fileOf(t);
  const runs = [file.start(), file.start(), file.start({ isUrgent: true })];
  for (const run of runs) run.exchange();
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((seed / 2 ** 31) * below);
  };
  const state = runs.map((run) => ({ run, open: 0, allowed: 0 }));
  let most = 0;
  for (let step = 0; step < 2000; step += 1) {
    const one = state[random(3)];
    assert.ok(one !== undefined);
    const act = random(3);
    if (act === 0) one.allowed = one.run.use({ open: one.open, wanted: 1 + random(5) }).allowed() ?? 0;
    else if (act === 1 && one.open < one.allowed) one.open += 1;
    else if (act === 2 && one.open > 0) one.open -= 1;
    const together = state.reduce((sum, { open }) => sum + open, 0);
    most = Math.max(most, together);
    assert.ok(together <= 5, `${together} in step ${step}`);
  }
  assert.equal(most, 5, 'and the limit is used');
});

test('what a run has no work for is another run’s to use', (t) => {
  const file = fileOf(t);
  const [one, two] = [file.start().use({ wanted: 1 }), file.start().use()];
  one.exchange();
  two.exchange();
  assert.equal(one.allowed(), 1);
  assert.equal(two.allowed(), 4);
});

for (const [claimants, expected, why] of [
  [[{ wanted: 9 }, { wanted: 9 }], [3, 2], 'the oldest gets what is over'],
  [[{ wanted: 1 }, { wanted: 9 }], [1, 4], 'what one does not need, the other gets'],
  [[{ wanted: 9 }, { wanted: 9, most: 2 }], [1, 1], 'the smallest limit counts for all'],
  [[{ wanted: 9 }, { wanted: 9 }, { wanted: 9, isUrgent: true }], [2, 2, 1], 'who sits in front of it needs one'],
  [
    [
      { wanted: 9, most: 1 },
      { wanted: 9, most: 1 },
    ],
    [1, 0],
    'the newest waits',
  ],
  [
    [
      { wanted: 9, most: 1 },
      { wanted: 9, most: 1, isUrgent: true },
    ],
    [0, 1],
    'but for whoever sits in front of it',
  ],
] as const) {
  test(`shares of ${JSON.stringify(claimants)} are ${expected.join(' and ')}: ${why}`, () => {
    const all = claimants.map((claimant, run) => ({ run, most: 5, isUrgent: false, ...claimant }));
    const shares = fairShares(all);
    assert.deepEqual(
      all.map(({ run }) => shares.get(run) ?? 0),
      expected,
    );
  });
}

test('what a killed process held is free at once', async (t) => {
  const file = fileOf(t);
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  t.after(() => child.kill('SIGKILL'));
  await once(child, 'spawn');
  const one = file.start();
  const { machine } = ownMark();
  const connection = file.connect();
  const add = connection.prepare(
    'INSERT INTO run (pid, machine, born, is_urgent, is_open, started_at, seen_at, beats) VALUES (?, ?, ?, 0, 1, ?, ?, 0)',
  );
  add.run(child.pid ?? 0, machine, '', NOW, NOW);
  connection.exec(`INSERT INTO run_domain (domain, run) SELECT 'a.test', id FROM run WHERE pid = ${child.pid}`);
  one.wanted = ['a.test'];
  const news = one.exchange();
  assert.ok(news.status === 'shared');
  assert.equal(news.held.get('a.test')?.pid, child.pid);
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
  assert.equal(one.exchange().status, 'alone');
});

for (const [change, why] of [
  [{ born: '1' }, 'its number was given to another process'],
  [{ pid: 2 ** 22 + 5 }, 'no process has its number'],
] as const) {
  test(`a run is dead where ${why}`, { skip: process.platform !== 'linux' }, (t) => {
    const file = fileOf(t);
    const mark = { ...ownMark(), ...change };
    const connection = file.connect();
    connection
      .prepare(
        'INSERT INTO run (pid, machine, born, is_urgent, is_open, started_at, seen_at, beats) VALUES (?, ?, ?, 0, 0, ?, ?, 0)',
      )
      .run(mark.pid, mark.machine, mark.born, NOW, NOW);
    assert.equal(file.start().exchange().status, 'alone');
  });
}

test('a run of another machine is given up after a silence, and only then', (t) => {
  const file = fileOf(t);
  const connection = file.connect();
  const beat = () => connection.exec('UPDATE run SET beats = beats + 1 WHERE pid = 1');
  connection
    .prepare(
      "INSERT INTO run (pid, machine, born, is_urgent, is_open, started_at, seen_at, beats) VALUES (1, 'elsewhere', '', 0, 1, ?, ?, 0)",
    )
    .run(NOW, NOW);
  const one = file.start();
  assert.equal(one.exchange().status, 'shared');
  file.clock.advance(SILENCE_MS - 1);
  beat();
  assert.equal(one.exchange().status, 'shared');
  file.clock.advance(SILENCE_MS - 1);
  assert.equal(one.exchange().status, 'shared');
  file.clock.advance(1);
  assert.equal(one.exchange().status, 'alone');
});

test('a run that was stopped so long that it was taken for dead comes back as a newcomer', (t) => {
  const clock = handClock();
  const file = fileOf(t, clock);
  const [one, two] = [file.start(), file.start()];
  one.exchange();
  const first = one.run.id;
  two.exchange();
  clock.advance(SILENCE_MS);
  assert.equal(two.exchange().status, 'alone', 'the other was silent');
  assert.equal(one.exchange().status, 'joining');
  assert.notEqual(one.run.id, first);
});

test('what is unknown is told to the runs at work, and forgotten with the last of them', (t) => {
  const store = openStore({ path: join(scratchFolder(t), 'store.sqlite'), clock: handClock() });
  t.after(() => store.close());
  const [one, two] = [store.startRun({ isUrgent: false }), store.startRun({ isUrgent: false })];
  const verdict = someVerdict({ status: 'unknown', reason: 'timeout' });
  store.putAll([{ kind: 'run_verdict', domain: 'a.test', local: 'ann', run: one.id, verdict }]);
  const seenBy = (run: LivingRun, sinceMs = NOW): string[] => {
    return [...store.runVerdicts.ofOthers('a.test', ['ann', 'bob'], { run: run.id, sinceMs }).keys()];
  };
  assert.deepEqual(seenBy(two), ['ann']);
  assert.deepEqual(seenBy(one), [], 'its own');
  assert.deepEqual(seenBy(two, NOW + 1), [], 'from before it began');
  one.leave();
  assert.deepEqual(seenBy(two), ['ann']);
  two.leave();
  assert.deepEqual(seenBy(two), []);
});

test('whoever is to be forgotten is forgotten here, too', (t) => {
  const store = openStore({ path: join(scratchFolder(t), 'store.sqlite'), clock: handClock() });
  t.after(() => store.close());
  const run = store.startRun({ isUrgent: false });
  const verdict = someVerdict({ status: 'unknown', reason: 'timeout' });
  const locals = ['ann', 'bob', 'cid'];
  store.putAll(locals.map((local) => ({ kind: 'run_verdict', domain: 'a.test', local, run: run.id, verdict })));
  const left = (): string[] => [...store.runVerdicts.ofOthers('a.test', locals, { run: 0, sinceMs: 0 }).keys()];
  store.forget({ address: 'bob@a.test' });
  assert.deepEqual(left(), ['ann', 'cid']);
  store.forget({ domain: 'a.test' });
  assert.deepEqual(left(), []);
});
