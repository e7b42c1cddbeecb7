// What one answer proves of another: nothing over hosts, moods and odd names.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MOODS } from '../../src/sandbox/moods.ts';
import type { MailHost } from '../../src/sandbox/world.ts';
import { mailZone, worldOf } from '../../src/sandbox/world-builders.ts';
import { askWorld, memoryOfDomains } from '../support/ask-world.ts';

const known = (local: string): boolean => local.startsWith('good');
const ONE = { concurrency: 10, perDomain: 1, perProvider: 1, ratePerMinute: null };

function host(domain: string, rest: Partial<MailHost>): MailHost {
  return { name: `mx.${domain}`, addresses: ['127.0.53.1'], domains: [domain], mailboxes: known, ...rest };
}

const names = (prefix: string, count: number, domain: string): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${i}@${domain}`);

for (const says of [
  '550 Recipient rejected',
  '550 5.1.0 Address rejected',
  '550 Requested action not taken: mailbox unavailable',
]) {
  test(`a host that accepts everybody in one session and says "${says}" to everybody later deletes nobody`, async () => {
    const world = worldOf({
      hosts: [
        host('moody.test', {
          mailboxes: () => true,
          at: { rcpt: { say: says } },
          variants: { list: [{ at: {} }], afterwards: 'base' },
        }),
      ],
    });
    const { verdicts } = await askWorld(world, names('good', 120, 'moody.test'), { limits: ONE });
    assert.equal(verdicts.size, 120);
    const invalid = [...verdicts].filter(([, { status }]) => status === 'invalid');
    assert.deepEqual(
      invalid.map(([address]) => address),
      [],
    );
  });
}

test("a primary's refusals prove nothing of its backup's acceptances", async () => {
  const primary = host('two.test', { name: 'mx1.two.test', limits: { connections: 2 }, wire: { thinkMs: 3 } });
  const backup = host('two.test', {
    name: 'mx2.two.test',
    addresses: ['127.0.53.2'],
    accepts: 'anything',
    wire: { thinkMs: 3 },
  });
  const world = worldOf({ hosts: [primary, backup], zones: [mailZone('two.test', ['mx1.two.test', 'mx2.two.test'])] });
  const { verdicts } = await askWorld(world, [...names('good', 40, 'two.test'), ...names('nobody', 40, 'two.test')]);
  const wrong = [...verdicts].filter(([address, { reason }]) => address.startsWith('nobody') && reason === 'accepted');
  assert.deepEqual(wrong, []);
});

test('the name nobody has proves something only of the host that was asked about it', async () => {
  const primary = host('odd.test', {
    name: 'mx1.odd.test',
    variants: { list: [MOODS.busyAtBanner], afterwards: 'base' },
  });
  const backup = host('odd.test', {
    name: 'mx2.odd.test',
    addresses: ['127.0.53.3'],
    accepts: 'anything',
    limits: { recipientsPerSession: 1 },
  });
  const world = worldOf({ hosts: [primary, backup], zones: [mailZone('odd.test', ['mx1.odd.test', 'mx2.odd.test'])] });
  const { verdicts } = await askWorld(world, ['nobody@odd.test']);
  assert.notEqual(verdicts.get('nobody@odd.test')?.reason, 'accepted');
});

test('a temporary refusal in words of "not now" does not tell names apart', async () => {
  const says = '450 4.1.1 <{rcpt}>: Recipient address rejected: unverified address: Address verification in progress';
  const world = worldOf({
    hosts: [host('later.test', { mailboxes: (local) => local.startsWith('nobody'), otherwise: { say: says } })],
  });
  const { verdicts } = await askWorld(world, ['nobody@later.test']);
  assert.equal(verdicts.get('nobody@later.test')?.reason, 'catchall_untested');
});

test('the refusal of a name with a leading dash says nothing of the domain', async () => {
  const mailboxes = (local: string) =>
    local.startsWith('-') ? ({ say: '501 5.1.3 Bad recipient address syntax' } as const) : true;
  const world = worldOf({ hosts: [host('dash.test', { mailboxes, accepts: 'anything' })] });
  const { verdicts } = await askWorld(world, ['-dash@dash.test', 'nobody@dash.test', 'other@dash.test'], {
    limits: ONE,
  });
  assert.equal(verdicts.get('nobody@dash.test')?.reason, 'accepts_anything');
  assert.equal(verdicts.get('other@dash.test')?.reason, 'accepts_anything');
});

test('what an earlier run learnt is not learnt anew by believing it', async () => {
  const remembered: string[] = [];
  const memory = {
    ...memoryOfDomains(),
    catchallOf: () => 'no' as const,
    rememberCatchall: (domain: string) => void remembered.push(domain),
  };
  const world = worldOf({ hosts: [host('old.test', { accepts: 'anything' })] });
  await askWorld(world, ['good1@old.test'], { memory });
  assert.deepEqual(remembered, []);
});

test('a store that fails while a domain ends, ends the run with its error', async () => {
  const memory = {
    ...memoryOfDomains(),
    rememberCatchall: () => {
      throw new Error('the disk is full');
    },
  };
  const world = worldOf({ hosts: [host('full.test', {})] });
  await assert.rejects(askWorld(world, ['good1@full.test'], { memory }), /the disk is full/);
});
