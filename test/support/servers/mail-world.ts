// Builds one mail world out of real servers: every way in which a domain can answer, each under a name of its own.
import type { TestContext } from 'node:test';
import { type EximServer, startExim } from './exim.ts';
import { type LoopbackNetwork, reserveNetwork } from './network.ts';
import { startOpenSmtpd } from './opensmtpd.ts';
import { type PostfixServer, startPostfix } from './postfix.ts';
import { startPostgrey } from './postgrey.ts';
import { startSendmail } from './sendmail.ts';
import type { Endpoint } from './smtp-probe.ts';
import { startUnbound } from './unbound.ts';

export interface MailWorld {
  readonly dns: Endpoint;
  readonly smtpPort: number;
  readonly postfix: PostfixServer;
  readonly exim: EximServer;
}

/** Local parts that exist in every domain that knows its mailboxes; more would exceed an Exim configuration line. */
export const KNOWN_NAMES: readonly string[] = Array.from({ length: 40 }, (_, i) => `person${i + 1}`);
/** Local parts that exist in `known.test` alone. */
export const MANY_KNOWN_NAMES: readonly string[] = Array.from({ length: 1000 }, (_, i) => `customer${i + 1}`);

/** Mail hosts, `mx.<name>.test`, by the last byte of their address. Each is an operator of its own to who asks. */
const HOSTS = {
  postfix: 10,
  blocking: 11,
  encrypting: 12,
  'soft-bounce': 13,
  postscreen: 14,
  exim: 20,
  'exim-helo': 21,
  opensmtpd: 30,
  sendmail: 35,
  dead: 40, // nobody listens there
} as const;
type Host = keyof typeof HOSTS;

/** Where the mail of each domain goes, the first host first. */
const MAIL_HOSTS: Readonly<Record<string, readonly Host[]>> = {
  'known.test': ['postfix'],
  'everybody.test': ['postfix'],
  'relay-denied.test': ['postfix'],
  'grey.test': ['postfix'],
  'troubled.test': ['postfix'],
  'dead-first.test': ['dead', 'postfix'],
  'dead.test': ['dead'],
  'blocking.test': ['blocking'],
  'encrypting.test': ['encrypting'],
  'soft-bounce.test': ['soft-bounce'],
  'postscreen.test': ['postscreen'],
  'exim-known.test': ['exim'],
  'exim-everybody.test': ['exim'],
  'exim-relay-denied.test': ['exim'],
  'exim-rule.test': ['exim'],
  'exim-sender.test': ['exim'],
  'exim-picky.test': ['exim-helo'],
  'opensmtpd-virtual.test': ['opensmtpd'],
  'opensmtpd-accounts.test': ['opensmtpd'],
  'opensmtpd-everybody.test': ['opensmtpd'],
  'sendmail-known.test': ['sendmail'],
  'sendmail-relay-denied.test': ['sendmail'],
};

/** Records without a mail host of the table above. */
const OTHER_RECORDS: readonly string[] = [
  'null-mx.test. MX 0 .',
  'no-records.test. TXT "v=spf1 -all"',
  'dangling.test. MX 10 mx.gone.test.',
  'alias.test. CNAME known.test.',
  'client.test. MX 10 mx.postfix.test.',
  // The caller's name leads elsewhere: who checks it, refuses the caller.
  'probe.client.test. A 127.0.0.99',
];

const BROKEN_DOMAINS = new Map([
  ['servfail.test', 'servfail'],
  ['refused.test', 'refused'],
] as const);

/** Starts all servers; they stop when the test ends. */
export async function startMailWorld(t: TestContext): Promise<MailWorld> {
  const network = await reserveNetwork();
  t.after(() => network.release());
  const dns = { address: network.address(2), port: network.dnsPort };
  const unbound = await startUnbound({
    ...dns,
    standardPort: true,
    records: recordsOf(network),
    broken: BROKEN_DOMAINS,
  });
  t.after(() => unbound.stop());
  const postfix = await startPostfixHosts(t, network);
  const exim = await startEximHosts(network);
  t.after(() => exim.stop());
  const opensmtpd = await startOpenSmtpd({
    ...endpointOf(network, 'opensmtpd'),
    hostname: 'mx.opensmtpd.test',
    domains: [
      { name: 'opensmtpd-virtual.test', mailboxes: KNOWN_NAMES },
      { name: 'opensmtpd-accounts.test', mailboxes: KNOWN_NAMES, accounts: true },
      { name: 'opensmtpd-everybody.test', mailboxes: 'everybody' },
    ],
    nameServer: dns.address,
  });
  t.after(() => opensmtpd.stop());
  const sendmail = await startSendmail({
    ...endpointOf(network, 'sendmail'),
    hostname: 'mx.sendmail.test',
    domains: ['sendmail-known.test'],
    mailboxes: KNOWN_NAMES,
  });
  t.after(() => sendmail.stop());
  return { dns, smtpPort: network.smtpPort, postfix, exim };
}

async function startPostfixHosts(t: TestContext, network: LoopbackNetwork): Promise<PostfixServer> {
  const policyService = { address: network.address(9), port: network.policyPort };
  const postgrey = await startPostgrey({ ...policyService, delaySeconds: 300 });
  t.after(() => postgrey.stop());
  const dnsbl = '554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using dnsbl.test';
  const postfix = await startPostfix({
    hostname: 'mx.postfix.test',
    listeners: [
      endpointOf(network, 'postfix'),
      {
        ...endpointOf(network, 'blocking'),
        settings: { smtpd_client_restrictions: `check_client_access static:{${dnsbl}}` },
      },
      { ...endpointOf(network, 'encrypting'), settings: { smtpd_tls_security_level: 'encrypt' } },
      { ...endpointOf(network, 'soft-bounce'), settings: { soft_bounce: 'yes' } },
      { ...endpointOf(network, 'postscreen'), postscreen: true, settings: { postscreen_greet_wait: '1s' } },
    ],
    domains: [
      { name: 'known.test', mailboxes: MANY_KNOWN_NAMES },
      { name: 'everybody.test', mailboxes: 'everybody' },
      { name: 'troubled.test', mailboxes: [...KNOWN_NAMES, 'full', 'full-now', 'closed'] },
      ...[
        'grey.test',
        'alias.test',
        'implicit.test',
        'dead-first.test',
        'blocking.test',
        'encrypting.test',
        'soft-bounce.test',
        'postscreen.test',
      ].map((name) => ({ name, mailboxes: KNOWN_NAMES })),
    ],
    recipientActions: new Map([
      ['full@troubled.test', '552 5.2.2 Mailbox full'],
      ['full-now@troubled.test', '452 4.2.2 Mailbox full, try again later'],
      ['closed@troubled.test', '550 5.2.1 This account has been disabled'],
    ]),
    greylist: { domains: ['grey.test'], policyService },
  });
  t.after(() => postfix.stop());
  return postfix;
}

async function startEximHosts(network: LoopbackNetwork): Promise<EximServer> {
  return await startExim({
    hostname: 'mx.exim.test',
    listeners: [endpointOf(network, 'exim'), { ...endpointOf(network, 'exim-helo'), verifyHelo: true }],
    domains: [
      { name: 'exim-known.test', mailboxes: KNOWN_NAMES },
      { name: 'exim-everybody.test', mailboxes: 'everybody' },
      { name: 'exim-picky.test', mailboxes: KNOWN_NAMES },
      { name: 'exim-rule.test', mailboxes: KNOWN_NAMES, refuses: 'by rule' },
      { name: 'exim-sender.test', mailboxes: KNOWN_NAMES, refuses: 'sender' },
    ],
    nameServer: network.address(2),
  });
}

function recordsOf(network: LoopbackNetwork): readonly string[] {
  const address = (host: Host) => network.address(HOSTS[host]);
  return [
    ...(Object.keys(HOSTS) as Host[]).map((host) => `mx.${host}.test. A ${address(host)}`),
    ...Object.entries(MAIL_HOSTS).flatMap(([domain, hosts]) =>
      hosts.map((host, i) => `${domain}. MX ${10 * (i + 1)} mx.${host}.test.`),
    ),
    `implicit.test. A ${address('postfix')}`,
    ...OTHER_RECORDS,
  ];
}

function endpointOf(network: LoopbackNetwork, host: Host): Endpoint {
  return { address: network.address(HOSTS[host]), port: network.smtpPort };
}
