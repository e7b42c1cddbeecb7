// Shows that the name server of these tests answers as the product needs it: truthfully, and never from outside.
import assert from 'node:assert/strict';
import { Resolver } from 'node:dns/promises';
import { type TestContext, test } from 'node:test';
import { reserveNetwork } from '../support/servers/network.ts';
import { requireServers } from '../support/servers/programs.ts';
import { startUnbound } from '../support/servers/unbound.ts';

const RECORDS = [
  'known.test. MX 10 mx1.known.test.',
  'mx1.known.test. A 127.10.1.2',
  'mx1.known.test. AAAA ::1',
  'alias.test. CNAME known.test.',
  'null.test. MX 0 .',
  'child.parent.test. A 127.10.1.3',
];
const BROKEN = new Map([
  ['servfail.test', 'servfail'],
  ['refused.test', 'refused'],
  ['silent.test', 'silence'],
] as const);

const CASES: readonly [name: string, type: 'MX' | 'A' | 'AAAA', expected: readonly string[] | string, why: string][] = [
  ['known.test', 'MX', ['10 mx1.known.test'], 'it has one'],
  ['mx1.known.test', 'A', ['127.10.1.2'], 'it has one'],
  ['mx1.known.test', 'AAAA', ['::1'], 'it has one'],
  ['alias.test', 'MX', ['10 mx1.known.test'], 'the alias is followed'],
  ['null.test', 'MX', ['0 '], 'null MX (RFC 7505)'],
  ['mx1.known.test', 'MX', 'ENODATA', 'the name exists, with other records'],
  ['parent.test', 'A', 'ENODATA', 'a name above an existing one exists (RFC 8020)'],
  ['nobody.test', 'MX', 'ENOTFOUND', 'no such name'],
  ['qwpxjvkzlm.com', 'A', 'ENOTFOUND', 'nothing outside the test exists, also under real top-level domains'],
  ['servfail.test', 'MX', 'ESERVFAIL', 'its authority is dead'],
  ['mail.servfail.test', 'A', 'ESERVFAIL', 'so it is for names below'],
  ['refused.test', 'MX', 'EREFUSED', 'told to refuse'],
  ['silent.test', 'MX', 'ETIMEOUT', 'told to say nothing'],
];

test('Unbound answers from the given records alone', async (t: TestContext) => {
  if (!requireServers(t)) return;
  const network = await reserveNetwork();
  t.after(() => network.release());
  const endpoint = { address: network.address(2), port: network.dnsPort };
  const server = await startUnbound({ ...endpoint, records: RECORDS, broken: BROKEN });
  t.after(() => server.stop());
  for (const [name, type, expected, why] of CASES) {
    await t.test(`${type} of ${name}: ${why}`, async () => {
      // Silence is what one case waits for; the answers come within a millisecond.
      const resolver = new Resolver({ timeout: expected === 'ETIMEOUT' ? 200 : 5000, tries: 1 });
      resolver.setServers([`${endpoint.address}:${endpoint.port}`]);
      const answer = await resolve(resolver, name, type).catch((error: NodeJS.ErrnoException) => error.code);
      assert.deepEqual(answer, expected);
    });
  }
});

async function resolve(resolver: Resolver, name: string, type: 'MX' | 'A' | 'AAAA'): Promise<readonly string[]> {
  if (type !== 'MX') return await resolver.resolve(name, type);
  return (await resolver.resolveMx(name)).map(({ priority, exchange }) => `${priority} ${exchange}`);
}
