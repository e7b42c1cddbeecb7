// Tests src/dns/mail-hosts.ts: what each picture in DNS means for a domain, over real sockets.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { findMailHosts, type MailHostsOptions, type MailHostsOutcome } from '../../src/dns/mail-hosts.ts';
import { createResolver } from '../../src/dns/resolver.ts';
import { type FakeDns, type Handler, SOA, startFakeDns, type Zone, zoneHandler } from './fake-dns-server.ts';
import { manualClock } from './manual-clock.ts';

type Options = Partial<Omit<MailHostsOptions, 'resolver'>>;

async function find(t: TestContext, handler: Handler, options: Options = {}, domain = 'a.test') {
  const server = await startFakeDns(handler);
  const clock = manualClock();
  const limits = { inFlight: 500, queriesPerSecond: 100_000 };
  const resolver = createResolver({ servers: [server], clock, limits });
  t.after(async () => {
    await resolver.close();
    await server.close();
  });
  const defaults = { allowPrivate: false, useIpv6: false, random: () => 0.5 };
  const outcome = await findMailHosts(domain, { resolver, ...defaults, ...options });
  return { outcome, server, resolver, clock };
}

const asked = (server: FakeDns): string[] => server.queries.map((query) => `${query.type} ${query.name}`).sort();

function summary(outcome: MailHostsOutcome): string {
  switch (outcome.status) {
    case 'hosts':
      return outcome.hosts.map((host) => `${host.preference} ${host.name} ${host.addresses.join(',')}`).join(' | ');
    case 'no_mail_service':
      return `no_mail_service ${outcome.cause}`;
    default:
      return outcome.status;
  }
}

/** What DNS holds, what follows, and why. `8.8.x.y` stands for any public address: nothing is sent there. */
const pictures: [string, Zone, string, Options][] = [
  [
    'hosts are sorted by preference, each with its addresses',
    {
      'a.test': {
        MX: [
          [20, 'mx2.a.test'],
          [10, 'mx1.a.test'],
        ],
      },
      'mx1.a.test': { A: ['8.8.0.1', '8.8.0.2'] },
      'mx2.a.test': { A: ['8.8.0.3'] },
    },
    '10 mx1.a.test 8.8.0.1,8.8.0.2 | 20 mx2.a.test 8.8.0.3',
    {},
  ],
  ['a domain that does not exist', { 'b.test': {} }, 'domain_not_found', {}],
  ['no MX but an A record: the domain itself', { 'a.test': { A: ['8.8.0.1'] } }, '0 a.test 8.8.0.1', {}],
  [
    'no MX but an AAAA record: the domain itself',
    { 'a.test': { AAAA: ['2606:4700::1'] } },
    '0 a.test 2606:4700::1',
    { useIpv6: true },
  ],
  ['neither MX nor address', { 'a.test': {} }, 'no_mail_service no_records', {}],
  ['a null MX', { 'a.test': { MX: [[0, '.']], A: ['8.8.0.1'] } }, 'no_mail_service null_mx', {}],
  ['a null MX with a preference', { 'a.test': { MX: [[10, '.']], A: ['8.8.0.1'] } }, 'no_mail_service null_mx', {}],
  [
    'a null MX beside a real one is ignored',
    {
      'a.test': {
        MX: [
          [0, '.'],
          [10, 'mx.a.test'],
        ],
      },
      'mx.a.test': { A: ['8.8.0.1'] },
    },
    '10 mx.a.test 8.8.0.1',
    {},
  ],
  [
    'all hosts missing or without address: no fall-back to the domain itself',
    {
      'a.test': {
        MX: [
          [5, 'gone.b.test'],
          [6, 'empty.a.test'],
        ],
        A: ['8.8.0.1'],
      },
      'empty.a.test': {},
    },
    'no_mail_service dangling',
    {},
  ],
  [
    'hosts written as IP addresses or single labels',
    {
      'a.test': {
        MX: [
          [5, '8.8.0.1'],
          [6, 'mail'],
        ],
      },
      mail: { A: ['8.8.0.2'] },
    },
    'no_mail_service dangling',
    {},
  ],
  ['localhost as the host', { 'a.test': { MX: [[0, 'localhost']] } }, 'no_mail_service unroutable', {}],
  ...['127.0.0.1', '0.0.0.0', '169.254.1.1', '192.0.2.1', '224.0.0.1'].map(
    (address): [string, Zone, string, Options] => [
      `a host at ${address} only`,
      { 'a.test': { MX: [[0, 'mx.a.test']] }, 'mx.a.test': { A: [address] } },
      'no_mail_service unroutable',
      {},
    ],
  ),
  ...['10.0.0.1', '172.16.0.1', '192.168.1.1', '100.64.0.1', '198.18.0.5'].map(
    (address): [string, Zone, string, Options] => [
      `a host at ${address} only`,
      { 'a.test': { MX: [[0, 'mx.a.test']] }, 'mx.a.test': { A: [address] } },
      'mx_unusable',
      {},
    ],
  ),
  ...['::1', '::ffff:127.0.0.1', '64:ff9b::127.0.0.1', '2002:7f00:1::', 'fe80::1', '2001:db8::1'].map(
    (address): [string, Zone, string, Options] => [
      `a host at ${address} only`,
      { 'a.test': { MX: [[0, 'mx.a.test']] }, 'mx.a.test': { AAAA: [address] } },
      'no_mail_service unroutable',
      { useIpv6: true },
    ],
  ),
  ...['fd00::1', '::ffff:10.0.0.1', '64:ff9b::10.0.0.1'].map((address): [string, Zone, string, Options] => [
    `a host at ${address} only`,
    { 'a.test': { MX: [[0, 'mx.a.test']] }, 'mx.a.test': { AAAA: [address] } },
    'mx_unusable',
    { useIpv6: true },
  ]),
  ['no MX, and the domain itself at loopback', { 'a.test': { A: ['127.0.0.1'] } }, 'no_mail_service unroutable', {}],
  ['no MX, and the domain itself at a private address', { 'a.test': { A: ['10.0.0.1'] } }, 'mx_unusable', {}],
  [
    'one private host beside one at loopback: the doubt wins',
    {
      'a.test': {
        MX: [
          [0, 'mx1.a.test'],
          [0, 'mx2.a.test'],
        ],
      },
      'mx1.a.test': { A: ['127.0.0.1'] },
      'mx2.a.test': { A: ['10.0.0.1'] },
    },
    'mx_unusable',
    {},
  ],
  [
    'of a host with a bad and a good address the good one is used',
    { 'a.test': { MX: [[0, 'mx.a.test']] }, 'mx.a.test': { A: ['10.0.0.1', '8.8.0.1', '127.0.0.1'] } },
    '0 mx.a.test 8.8.0.1',
    {},
  ],
  [
    'loopback and private addresses are hosts where they are allowed',
    {
      'a.test': {
        MX: [
          [0, 'mx1.a.test'],
          [1, 'mx2.a.test'],
        ],
      },
      'mx1.a.test': { A: ['127.0.0.5'] },
      'mx2.a.test': { A: ['10.0.0.1', '224.0.0.1'] },
    },
    '0 mx1.a.test 127.0.0.5 | 1 mx2.a.test 10.0.0.1',
    { allowPrivate: true },
  ],
  [
    'IPv6 addresses come after IPv4 ones, where IPv6 works',
    { 'a.test': { MX: [[0, 'mx.a.test']] }, 'mx.a.test': { AAAA: ['2606:4700::1'], A: ['8.8.0.1'] } },
    '0 mx.a.test 8.8.0.1,2606:4700::1',
    { useIpv6: true },
  ],
  [
    'a host with IPv6 only is no fault of the domain where IPv6 does not work',
    { 'a.test': { MX: [[0, 'mx.a.test']] }, 'mx.a.test': { AAAA: ['2606:4700::1'], A: ['127.0.0.1'] } },
    'mx_unusable',
    {},
  ],
  [
    'a domain that is an alias takes the mail hosts of its target',
    { 'a.test': { CNAME: ['b.test'] }, 'b.test': { MX: [[7, 'mx.b.test']] }, 'mx.b.test': { A: ['8.8.0.1'] } },
    '7 mx.b.test 8.8.0.1',
    {},
  ],
  [
    'a domain that is an alias for a name without MX takes the address of the target',
    { 'a.test': { CNAME: ['b.test'] }, 'b.test': { A: ['8.8.0.1'] } },
    '0 a.test 8.8.0.1',
    {},
  ],
  ['a domain that is an alias for nothing', { 'a.test': { CNAME: ['gone.b.test'] } }, 'domain_not_found', {}],
  [
    'a host that is an alias is used',
    { 'a.test': { MX: [[0, 'mx.a.test']] }, 'mx.a.test': { CNAME: ['b.test'] }, 'b.test': { A: ['8.8.0.1'] } },
    '0 mx.a.test 8.8.0.1',
    {},
  ],
  ['the domain as its own mail host', { 'a.test': { MX: [[3, 'a.test']], A: ['8.8.0.1'] } }, '3 a.test 8.8.0.1', {}],
  [
    'a host with an underscore is looked up',
    { 'a.test': { MX: [[3, '_mx.a.test']] }, '_mx.a.test': { A: ['8.8.0.1'] } },
    '3 _mx.a.test 8.8.0.1',
    {},
  ],
  [
    'a host named twice is tried once, at its better preference',
    {
      'a.test': {
        MX: [
          [9, 'MX.a.test'],
          [3, 'mx.A.test'],
        ],
      },
      'mx.a.test': { A: ['8.8.0.1'] },
    },
    '3 mx.a.test 8.8.0.1',
    {},
  ],
];
for (const [what, zone, expected, options] of pictures) {
  test(`${what}: ${expected}`, async (t) => {
    const { outcome } = await find(t, zoneHandler(zone), options);
    assert.equal(summary(outcome), expected);
    if ('detail' in outcome) assert.match(outcome.detail, /a\.test/);
  });
}

/** A zone in which asking one thing ends in SERVFAIL. */
const failing =
  (zone: Zone, broken: string): Handler =>
  (query, channel) => {
    if (`${query.type} ${query.name}` === broken) channel.send({ rcode: 2 });
    else zoneHandler(zone)(query, channel);
  };

const HOSTED: Zone = {
  'a.test': {
    MX: [
      [5, 'mx1.a.test'],
      [6, 'mx2.a.test'],
    ],
  },
  'mx1.a.test': { A: ['8.8.0.1'] },
  'mx2.a.test': { A: ['8.8.0.2'] },
};
const failures: [string, Zone, string, string][] = [
  ['the MX look-up fails, although there is an address', { 'a.test': { A: ['8.8.0.1'] } }, 'MX a.test', 'dns_failure'],
  ['the A look-up of a domain without MX fails', { 'a.test': {} }, 'A a.test', 'dns_failure'],
  ['the AAAA look-up of a domain without MX and A fails', { 'a.test': {} }, 'AAAA a.test', 'dns_failure'],
  ['the look-up of one host fails, another resolves', HOSTED, 'A mx1.a.test', '6 mx2.a.test 8.8.0.2'],
  [
    'the look-up of one host fails, the other is missing',
    { 'a.test': HOSTED['a.test'] ?? {}, 'mx1.a.test': {} },
    'A mx1.a.test',
    'dns_failure',
  ],
  [
    'the look-up of one host fails, the other is at loopback',
    { ...HOSTED, 'mx2.a.test': { A: ['127.0.0.1'] } },
    'A mx1.a.test',
    'dns_failure',
  ],
];
for (const [what, zone, broken, expected] of failures) {
  test(`${what}: ${expected}`, async (t) => {
    const { outcome } = await find(t, failing(zone, broken));
    assert.equal(summary(outcome), expected);
  });
}

test('a name that does not exist is not asked for an address', async (t) => {
  const { server } = await find(t, zoneHandler({}));
  assert.deepEqual(asked(server), ['MX a.test']);
});

test('IPv6 addresses are asked for only where they can change something', async (t) => {
  const { server } = await find(t, zoneHandler(HOSTED));
  assert.deepEqual(asked(server), ['A mx1.a.test', 'A mx2.a.test', 'MX a.test']);
});

test('an implicit MX is marked, and the result lives as long as its shortest answer', async (t) => {
  const { outcome, clock } = await find(t, zoneHandler({ 'a.test': { A: ['8.8.0.1'] } }));
  assert.ok(outcome.status === 'hosts');
  assert.equal(outcome.implicitMx, true);
  assert.equal(outcome.expiresAt, clock.now() + 600_000, 'the NODATA for MX, by its SOA');
});

test('a look-up that failed is tried again soon, although the domain has other hosts', async (t) => {
  const { outcome, clock } = await find(t, failing(HOSTED, 'A mx1.a.test'));
  assert.ok(outcome.status === 'hosts');
  assert.equal(outcome.expiresAt, clock.now() + 5_000);
  assert.deepEqual(outcome.targets, ['mx1.a.test', 'mx2.a.test'], 'the set of hosts stays the same');
  assert.match(outcome.warnings.join(), /mx1\.a\.test could not be looked up/);
});

const warned: [string, Zone, RegExp][] = [
  [
    'a null MX beside others',
    {
      ...HOSTED,
      'a.test': {
        MX: [
          [0, '.'],
          [5, 'mx1.a.test'],
        ],
      },
    },
    /null MX/,
  ],
  [
    'a host that is an alias',
    { 'a.test': { MX: [[0, 'mx.a.test']] }, 'mx.a.test': { CNAME: ['b.test'] }, 'b.test': { A: ['8.8.0.1'] } },
    /mx\.a\.test is an alias/,
  ],
  [
    'a host that is an IP address',
    {
      ...HOSTED,
      'a.test': {
        MX: [
          [0, '8.8.0.1'],
          [5, 'mx1.a.test'],
        ],
      },
    },
    /"8\.8\.0\.1" is an IP address/,
  ],
  ['no MX', { 'a.test': { A: ['8.8.0.1'] } }, /no MX record/],
];
for (const [what, zone, pattern] of warned) {
  test(`${what} is used with a warning`, async (t) => {
    const { outcome } = await find(t, zoneHandler(zone));
    assert.ok(outcome.status === 'hosts');
    assert.match(outcome.warnings.join('\n'), pattern);
  });
}

test('a good domain comes without warnings', async (t) => {
  const { outcome } = await find(t, zoneHandler(HOSTED));
  assert.deepEqual(outcome.status === 'hosts' && outcome.warnings, []);
});

test('of many MX the 20 best are used, of many addresses eight', async (t) => {
  const names = Array.from({ length: 60 }, (_, i) => `mx${i}.a.test`);
  const addresses = Array.from({ length: 12 }, (_, i) => `8.8.0.${i + 1}`);
  const zone = Object.fromEntries(names.map((name) => [name, { A: addresses }]));
  const mx = names.map((name, i): [number, string] => [100 - i, name]);
  const { outcome } = await find(t, zoneHandler({ ...zone, 'a.test': { MX: mx } }));
  assert.ok(outcome.status === 'hosts');
  assert.equal(outcome.hosts.length, 20);
  assert.equal(outcome.hosts[0]?.name, 'mx59.a.test');
  assert.equal(outcome.hosts[0]?.addresses.length, 8);
});

test('hosts of equal preference come in an order drawn by chance', async (t) => {
  const zone: Zone = {
    'a.test': {
      MX: [
        [5, 'mx1.a.test'],
        [5, 'mx2.a.test'],
        [5, 'mx3.a.test'],
        [1, 'mx4.a.test'],
      ],
    },
    'mx1.a.test': { A: ['8.8.0.1'] },
    'mx2.a.test': { A: ['8.8.0.2'] },
    'mx3.a.test': { A: ['8.8.0.3'] },
    'mx4.a.test': { A: ['8.8.0.4'] },
  };
  const { resolver } = await find(t, zoneHandler(zone));
  const orders = [
    [0.1, 0.2, 0.3, 0.4],
    [0.4, 0.3, 0.2, 0.1],
  ].map(async (numbers) => {
    const random = () => numbers.shift() ?? 0;
    const outcome = await findMailHosts('a.test', { resolver, allowPrivate: false, useIpv6: false, random });
    return outcome.status === 'hosts' ? outcome.hosts.map((host) => host.name.slice(0, 3)).join(' ') : outcome.status;
  });
  assert.deepEqual(await Promise.all(orders), ['mx4 mx1 mx2 mx3', 'mx4 mx3 mx2 mx1']);
});

test('addresses a rewriting resolver invents count as a look-up that failed', async (t) => {
  const zone: Zone = { 'a.test': { A: ['8.8.9.9'] } };
  const { outcome } = await find(t, zoneHandler(zone), { mask: new Set(['8.8.9.9']) });
  assert.equal(outcome.status, 'dns_failure');
});

for (const domain of ['', '.', 'a..test', 'bücher.test', 'a b.test', `${'x'.repeat(64)}.test`, '-a.test']) {
  test(`"${domain}" is not asked for at all`, async (t) => {
    const { outcome, server } = await find(t, zoneHandler({}), {}, domain);
    assert.equal(outcome.status, 'dns_failure');
    assert.deepEqual(asked(server), []);
  });
}

test('a host with odd octets is looked up, and named escaped', async (t) => {
  const { outcome } = await find(t, (query, channel) => {
    if (query.type === 'MX') {
      const message = channel.encode({
        answers: [{ type: 'MX', name: 'a.test', ttl: 900, data: { preference: 5, exchange: 'm-x.a.test' } }],
      });
      message[message.lastIndexOf('m-x') + 1] = 0x07;
      channel.raw(message);
    } else {
      const data = '8.8.0.1';
      const found = query.name === 'm\x07x.a.test' && query.type === 'A';
      channel.send(
        found ? { answers: [{ type: 'A', name: query.name, ttl: 900, data }] } : { rcode: 3, authorities: [SOA] },
      );
    }
  });
  assert.equal(summary(outcome), '5 m\\007x.a.test 8.8.0.1');
});
