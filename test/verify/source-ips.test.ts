// Which of our addresses a connection comes from: turns, greylists that know one of them, providers that refuse one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SandboxRecord } from '../../src/sandbox/record.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import type { Act, MailHost } from '../../src/sandbox/world.ts';
import { people, worldOf } from '../../src/sandbox/world-builders.ts';
import { DEFAULT_TIMEOUTS } from '../../src/smtp/timeouts.ts';
import type { RetryMemory, StoredRetry } from '../../src/verify/retry.ts';
import { SourceIps } from '../../src/verify/source-ips.ts';
import { startInHandTime } from '../robustness/hand-time.ts';
import { askSandbox, askWorld, memoryOfDomains } from '../support/ask-world.ts';

const A = '127.0.71.101';
const B = '127.0.72.102';
const ONE = { concurrency: 10, perDomain: 1, perProvider: 1, ratePerMinute: null };
const known = (local: string): boolean => /^(?:anna|p\d*[1-9])$/.test(local);

function host(domain: string, rest: Partial<MailHost> = {}): MailHost {
  return { name: `mx.${domain}`, addresses: ['127.0.70.1'], domains: [domain], mailboxes: known, ...rest };
}

/** Who was asked about from where, in the order of the questions. */
function questions(record: SandboxRecord): { from: string; address: string }[] {
  return record.connections.flatMap(({ clientAddress: from, commands }) =>
    commands.flatMap(({ line }) => {
      const address = /^RCPT TO:<([^>]*)>/i.exec(line)?.[1];
      return address === undefined ? [] : [{ from, address }];
    }),
  );
}

function memoryOfRetries(): { kept: Map<string, StoredRetry>; retries: RetryMemory } {
  const kept = new Map<string, StoredRetry>();
  return {
    kept,
    retries: {
      retriesOf: () => new Map(kept),
      rememberRetry: (_domain, local, retry) => void kept.set(local, retry),
      forgetRetry: (_domain, local) => void kept.delete(local),
    },
  };
}

test('connections to a provider come from the given addresses in turns', async () => {
  const addresses = Array.from({ length: 120 }, (_, i) => `p${i + 1}@turns.test`);
  const { record, verdicts } = await askWorld(
    worldOf({ hosts: [host('turns.test', { limits: { recipientsPerSession: 10 } })] }),
    addresses,
    { limits: ONE, sources: new SourceIps([A, B, A]), recipientsPerSession: 10 },
  );
  const counts = new Map<string, number>();
  for (const { clientAddress } of record.connections) counts.set(clientAddress, (counts.get(clientAddress) ?? 0) + 1);
  const [a = 0, b = 0] = [counts.get(A), counts.get(B)];
  assert.equal(a + b, record.connections.length);
  assert.ok(Math.abs(a - b) <= 1, `${a} from one, ${b} from the other`);
  assert.ok([...verdicts.values()].every(({ reason }) => reason === 'accepted' || reason === 'mailbox_not_found'));
});

test('small providers spread over the addresses, too', () => {
  const sources = new SourceIps([A, B]);
  const chosen = Array.from({ length: 10 }, (_, i) =>
    sources.choose(`p${i}.test`, { hostAddress: '127.0.0.1', wanted: null }),
  );
  assert.equal(chosen.filter((choice) => choice.status === 'use' && choice.sourceIp === A).length, 5);
});

test('a host of one family is asked from addresses of that family only', () => {
  const sources = new SourceIps([A, '2001:db8::5']);
  const from = (hostAddress: string, wanted: string | null = null) => sources.choose('x.test', { hostAddress, wanted });
  assert.deepEqual(from('2001:db8::25'), { status: 'use', sourceIp: '2001:db8::5' });
  assert.deepEqual(from('192.0.2.25'), { status: 'use', sourceIp: A });
  assert.deepEqual(from('192.0.2.25', '2001:db8::5'), { status: 'use', sourceIp: A });
  assert.deepEqual(new SourceIps([A]).choose('x.test', { hostAddress: '2001:db8::25', wanted: null }), {
    status: 'none',
  });
});

test('a host that none of our addresses can reach is not dialled, and the verdict says why', async () => {
  const { verdicts, record } = await askWorld(worldOf({ hosts: [host('four.test')] }), ['anna@four.test'], {
    sources: new SourceIps(['::1']),
  });
  const verdict = verdicts.get('anna@four.test');
  assert.equal(verdict?.reason, 'connect_failed');
  assert.match(verdict?.detail ?? '', /over IPv4 only, and no --source-ip is an IPv4 address/);
  assert.equal(record.overall.total, 0);
});

test('a greylisted address is asked again from where it was put off, and so is the name nobody has', async () => {
  const world = worldOf({
    hosts: [host('grey.test', { greylist: { waitMs: 50_000, says: '450 4.2.0 Greylisted, try again in 60 seconds' } })],
  });
  const addresses = Array.from({ length: 9 }, (_, i) => `p${i + 1}@grey.test`);
  const { kept, retries } = memoryOfRetries();
  const run = await startInHandTime(world, addresses, {
    limits: ONE,
    sources: new SourceIps([A, B]),
    recipientsPerSession: 3,
    waitMs: 600_000,
    timeouts: DEFAULT_TIMEOUTS,
    retries,
  });
  try {
    await run.until((verdicts) => verdicts.size === 9);
    await run.passTime(1000);
    const { record } = await run.finished;
    assert.ok([...run.verdicts.values()].every(({ reason }) => reason === 'accepted'));
    const origins = new Map<string, Set<string>>();
    for (const { from, address } of questions(record))
      origins.set(address, (origins.get(address) ?? new Set()).add(from));
    assert.equal(new Set([...origins.values()].flatMap((set) => [...set])).size, 2, 'both addresses were used');
    for (const [address, from] of origins) assert.equal(from.size, 1, `${address} came from ${[...from]}`);
    assert.equal(kept.size, 0);
  } finally {
    await run.close();
  }
});

test('a later run comes from the address the greylist knows, also for the name nobody has', async () => {
  const memory = memoryOfDomains();
  const { kept, retries } = memoryOfRetries();
  // Listed names are let in at once, others at their second try from the same net.
  const fate = (local: string) => (known(local) ? 'ok' : ({ until: { tries: 2 }, becomes: 'unknown' } as const));
  const sandbox = await startSandbox(worldOf({ hosts: [host('late.test', { mailboxes: fate })] }));
  try {
    const first = await askSandbox(sandbox, ['anna@late.test'], { memory, retries, sources: new SourceIps([B]) });
    assert.equal(first.verdicts.get('anna@late.test')?.reason, 'catchall_untested');
    const before = questions(first.record);
    const stored = kept.get('anna');
    assert.ok(stored?.sourceIp === B);
    kept.set('anna', { ...stored, dueAt: Date.now() - 1 });
    const later = await askSandbox(sandbox, ['p1@late.test', 'anna@late.test'], {
      memory,
      retries,
      limits: ONE,
      sources: new SourceIps([A, B]),
    });
    const reasons = [...later.verdicts.values()].map(({ reason }) => reason);
    assert.deepEqual(reasons, ['accepted', 'accepted']);
    const again = questions(later.record).slice(before.length);
    const controlName = before.at(-1)?.address;
    for (const address of ['anna@late.test', controlName]) {
      const origins = again.filter((question) => question.address === address).map(({ from }) => from);
      assert.deepEqual(origins, [B], address);
    }
    assert.equal(kept.size, 0, 'what was answered is waited for no more');
  } finally {
    await sandbox.stop();
  }
});

test('where the address a greylist knows is no longer ours, another asks at once and the old wait is forgotten', async () => {
  const { kept, retries } = memoryOfRetries();
  const stored = { tries: 3, sender: '', reason: 'greylisted', host: 'mx.gone.test', reply: null } as const;
  kept.set('anna', { ...stored, dueAt: Date.now() + 3_600_000, sourceIp: B });
  const { verdicts, record, events } = await askWorld(worldOf({ hosts: [host('gone.test')] }), ['anna@gone.test'], {
    retries,
    sources: new SourceIps([A]),
  });
  const notes = events.flatMap((event) =>
    event.type === 'dialogue' && event.direction === 'note' ? [event.line] : [],
  );
  assert.ok(notes.some((line) => /anna was put off when asked from 127\.0\.72\.102 .* begins anew/.test(line)));
  assert.equal(verdicts.get('anna@gone.test')?.reason, 'accepted');
  assert.deepEqual([...new Set(questions(record).map(({ from }) => from))], [A]);
  assert.equal(kept.size, 0);
});

for (const step of ['banner', 'mail', 'rcpt'] as const) {
  test(`a provider that refuses one of our addresses at ${step} is asked from the other, and nobody pays for it`, async () => {
    const says: Act = { say: '554 5.7.1 {client} is blocked using zen.example', close: step === 'banner' };
    const world = worldOf({ hosts: [host('picky.test', { byClient: new Map([[A, { at: { [step]: says } }]]) })] });
    const addresses = Array.from({ length: 60 }, (_, i) => `p${i + 1}@picky.test`);
    const { verdicts, record } = await askWorld(world, addresses, {
      limits: ONE,
      sources: new SourceIps([A, B]),
      recipientsPerSession: 5,
    });
    const wrong = [...verdicts].filter(([, { reason }]) => reason !== 'accepted' && reason !== 'mailbox_not_found');
    assert.deepEqual(wrong, []);
    const refused = record.connections.filter(({ clientAddress }) => clientAddress === A).length;
    assert.ok(refused >= 1 && refused <= 2, `${refused} connections from the refused address`);
  });
}

test('people at the same host are not asked twice for the sake of turns', async () => {
  const { record } = await askWorld(
    worldOf({ hosts: [host('once.test', { mailboxes: people('anna') })] }),
    ['anna@once.test'],
    { sources: new SourceIps([A, B]) },
  );
  assert.equal(questions(record).length, 2, 'anna and the name nobody has');
});
