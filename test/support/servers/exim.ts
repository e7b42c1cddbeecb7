// Runs a private Exim with Debian's unpacked binary: one daemon, whose domains and addresses differ in what they refuse.
import { chown, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { addPrivateAccounts } from './private-accounts.ts';
import { PROGRAMS } from './programs.ts';
import { awaitReady, type ServerProcess, startServerProcess } from './server-process.ts';
import { type Endpoint, expectBanner } from './smtp-probe.ts';
import { makeWorkFolder } from './work-folder.ts';

export interface EximOptions {
  /** What the banner and EHLO say. */
  readonly hostname: string;
  /** All on one port. */
  readonly listeners: readonly EximListener[];
  /** The domains it takes mail for; for all others it does not permit to relay. */
  readonly domains: readonly EximDomain[];
  /** Address of the name server, asked on port 53; without one, no look-up gets an answer. */
  readonly nameServer?: string;
}

export interface EximListener extends Endpoint {
  /** Refuses EHLO from callers whose name does not lead to their address in the DNS (`helo_verify_hosts`). */
  readonly verifyHelo?: boolean;
}

export interface EximDomain {
  readonly name: string;
  /** Local parts that exist, or `everybody` for a domain that accepts any name. */
  readonly mailboxes: readonly string[] | 'everybody';
  /** Words for unknown users; left out: Exim's own, "Unrouteable address". */
  readonly unknownUser?: string;
  /** Refuses every recipient: by a rule without words of its own, or since our sender cannot be verified. */
  readonly refuses?: 'by rule' | 'sender';
}

export interface EximServer extends ServerProcess {
  /** The recipients it was asked for, accepted or not, in order. */
  askedRecipients(): Promise<readonly string[]>;
}

/** The account that is compiled into Debian's Exim. */
const USER = 'Debian-exim';

/** Starts Exim; returns when every listener gives its banner. */
export async function startExim(options: EximOptions): Promise<EximServer> {
  const folder = await makeWorkFolder('exim');
  const accounts = await addPrivateAccounts(folder, [USER]);
  for (const name of ['log', 'spool']) {
    await mkdir(join(folder.path, name));
    await chown(join(folder.path, name), accounts.firstId, accounts.firstId);
  }
  // The machine's own name server is never asked.
  const nameServer = await folder.write('resolv.conf', `nameserver ${options.nameServer ?? '127.0.0.1'}\n`);
  const mounts = new Map([...accounts.mounts, ['/etc/resolv.conf', nameServer]]);
  const configuration = await folder.write('exim.conf', settings(options, folder.path));
  const server = startServerProcess({
    name: 'exim',
    command: PROGRAMS.exim,
    args: ['-bdf', '-C', configuration],
    folder,
    mounts,
  });
  for (const listener of options.listeners) await awaitReady(server, () => expectBanner(listener));
  return Object.assign(server, {
    async askedRecipients() {
      const log = await readFile(join(folder.path, 'log', 'main'), 'utf8');
      return [...log.matchAll(/ asked for <(.*)>$/gm)].map((match) => match[1] as string);
    },
  });
}

function settings(options: EximOptions, folder: string): string {
  const addresses = options.listeners.map((listener) => listener.address);
  const picky = options.listeners.filter((listener) => listener.verifyHelo).map((listener) => listener.address);
  const domains = options.domains;
  return `
primary_hostname = ${options.hostname}
spool_directory = ${folder}/spool
log_file_path = ${folder}/log/%s
pid_file_path = ${folder}/exim.pid
local_interfaces = <; ${addresses.join(' ; ')}
daemon_smtp_ports = ${options.listeners[0]?.port}
tls_advertise_hosts =
keep_environment =
helo_verify_hosts = \${if inlist{$received_ip_address}{${picky.join(':')}}{*}{}}
domainlist served = ${domains.map((domain) => domain.name).join(' : ')}
acl_smtp_rcpt = check_rcpt

begin acl
check_rcpt:
  warn logwrite = asked for <$local_part@$domain>
  deny domains = ${namesOf(domains.filter((domain) => domain.refuses === 'by rule'))}
  deny domains = ${namesOf(domains.filter((domain) => domain.refuses === 'sender'))}
    !verify = sender
  deny domains = !+served
    message = relay not permitted
  require verify = recipient
  accept

begin routers
${domains.map(router).join('')}
nobody:
  driver = accept
  condition = no
  transport = nowhere
  cannot_route_message = ${unknownUserWords(domains)}

begin transports
nowhere:
  driver = appendfile
  file = /dev/null
`;
}

function router(domain: EximDomain, index: number): string {
  const names = domain.mailboxes === 'everybody' ? '*' : domain.mailboxes.join(' : ');
  return `domain_${index}:
  driver = accept
  domains = ${domain.name}
  local_parts = ${names}
  transport = nowhere
`;
}

/** Exim takes the words from its last router, for all domains. "Unrouteable address" is what it says by itself. */
function unknownUserWords(domains: readonly EximDomain[]): string {
  return domains.reduce(
    (otherwise, { name, unknownUser }) =>
      unknownUser === undefined ? otherwise : `\${if eq{$domain}{${name}}{${unknownUser}}{${otherwise}}}`,
    'Unrouteable address',
  );
}

function namesOf(domains: readonly EximDomain[]): string {
  return domains.map((domain) => domain.name).join(' : ');
}
