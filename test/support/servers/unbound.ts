// Runs a private Unbound as the name server of a test: it knows the given records, and that nothing else exists.
import { Resolver } from 'node:dns/promises';
import { PROGRAMS } from './programs.ts';
import { awaitReady, type ServerProcess, startServerProcess } from './server-process.ts';
import type { Endpoint } from './smtp-probe.ts';
import { makeWorkFolder } from './work-folder.ts';

export interface UnboundOptions extends Endpoint {
  /** Listens on port 53 as well, for programs that cannot be told another. */
  readonly standardPort?: boolean;
  /** Lines of a zone file (RFC 1035 section 5.1) with full names: `known.test. MX 10 mx1.known.test.` */
  readonly records: readonly string[];
  /** Domains (without final dot) that get no proper answer, and what they get instead. */
  readonly broken?: ReadonlyMap<string, 'servfail' | 'refused' | 'silence'>;
}

/** Starts Unbound; returns when it answers. All names without a record are NXDOMAIN, also under `.com`. */
export async function startUnbound(options: UnboundOptions): Promise<ServerProcess> {
  const folder = await makeWorkFolder('unbound');
  await folder.write('root.zone', [ROOT_START, ...options.records.map((record) => `${record}\n`)].join(''));
  const configuration = await folder.write('unbound.conf', settings(options));
  const server = startServerProcess({
    name: 'unbound',
    command: PROGRAMS.unbound,
    args: ['-d', '-c', configuration],
    folder,
  });
  await awaitReady(server, () => expectAnswer(options));
  return server;
}

/** The whole tree of names is one zone: what is not in it does not exist, and its SOA says so (RFC 2308 section 3). */
const ROOT_START = `$ORIGIN .
$TTL 300
. 300 SOA ns.invalid. hostmaster.invalid. 1 3600 600 86400 60
. 300 NS ns.invalid.
ns.invalid. A 127.0.0.1
`;

function settings(options: UnboundOptions): string {
  const broken = [...(options.broken ?? [])];
  return [
    'server:',
    `  interface: ${options.address}@${options.port}`,
    ...(options.standardPort ? [`  interface: ${options.address}@53`] : []),
    '  access-control: 127.0.0.0/8 allow',
    '  do-ip6: no',
    '  num-threads: 1',
    '  chroot: ""',
    '  username: ""',
    '  pidfile: ""',
    '  directory: "."',
    '  use-syslog: no',
    '  logfile: ""',
    '  module-config: "iterator"',
    // Unbound has its own opinion of these names; here the zone below speaks for them.
    ...['test.', 'invalid.', '127.in-addr.arpa.'].map((name) => `  local-zone: "${name}" nodefault`),
    ...broken.filter(([, how]) => how === 'refused').map(([name]) => `  local-zone: "${name}." always_refuse`),
    ...broken.filter(([, how]) => how === 'silence').map(([name]) => `  local-zone: "${name}." always_deny`),
    'remote-control:',
    '  control-enable: no',
    ...authorityZone('.', 'zonefile: "root.zone"'),
    // An authority that could not yet fetch its zone (nobody listens at port 1) can only answer SERVFAIL.
    ...broken
      .filter(([, how]) => how === 'servfail')
      .flatMap(([name]) => authorityZone(`${name}.`, 'primary: 127.0.0.1@1')),
    '',
  ].join('\n');
}

function authorityZone(name: string, source: string): readonly string[] {
  return [
    'auth-zone:',
    `  name: "${name}"`,
    `  ${source}`,
    '  for-downstream: yes',
    '  for-upstream: yes',
    '  fallback-enabled: no',
  ];
}

async function expectAnswer(endpoint: Endpoint): Promise<void> {
  const resolver = new Resolver({ timeout: 1000, tries: 1 });
  resolver.setServers([`${endpoint.address}:${endpoint.port}`]);
  await resolver.resolve4('ns.invalid');
}
