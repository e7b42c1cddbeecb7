// Runs a private Postfix: one instance with its own queue and log, and one listener per loopback address and policy.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { makeCertificate } from './certificate.ts';
import { PROGRAMS } from './programs.ts';
import { awaitReady, type ServerProcess, startServerProcess } from './server-process.ts';
import { type Endpoint, expectBanner, talkSmtp } from './smtp-probe.ts';
import { makeWorkFolder } from './work-folder.ts';

/** Settings as in main.cf: parameter name → value. */
export type PostfixSettings = Readonly<Record<string, string>>;

export interface PostfixOptions {
  /** What the banner and EHLO say. */
  readonly hostname: string;
  readonly listeners: readonly PostfixListener[];
  /** The domains it takes mail for; for all others it denies to relay. */
  readonly domains: readonly PostfixDomain[];
  /** Recipient, or `domain` for all of it → an action of access(5): `552 5.2.2 Mailbox full`, `DEFER text` … */
  readonly recipientActions?: ReadonlyMap<string, string>;
  /** Greylists the recipients of these domains. */
  readonly greylist?: { readonly domains: readonly string[]; readonly policyService: Endpoint };
  readonly settings?: PostfixSettings;
}

export interface PostfixListener extends Endpoint {
  /** Settings for this listener alone, as by `-o` in master.cf. */
  readonly settings?: PostfixSettings;
  /** Puts postscreen in front, which makes callers wait for the banner; at most one listener of an instance. */
  readonly postscreen?: boolean;
}

export interface PostfixDomain {
  readonly name: string;
  /** Local parts that exist, or `everybody` for a domain that accepts any name. */
  readonly mailboxes: readonly string[] | 'everybody';
}

export interface PostfixServer extends ServerProcess {
  /** Every log line so far, also those of conversations that have just ended. */
  log(): Promise<readonly string[]>;
  /** The recipients of served domains that it was asked for, accepted or not, in order. */
  askedRecipients(): Promise<readonly string[]>;
  /** How many connections it has had, those of the tests' own preparations included. */
  connectionCount(): Promise<number>;
}

/** Starts Postfix; returns when every listener gives its banner. */
export async function startPostfix(options: PostfixOptions): Promise<PostfixServer> {
  const folder = await makeWorkFolder('postfix');
  const certificate = await makeCertificate(folder, options.hostname);
  for (const args of FOLDERS) await promisify(execFile)('install', ['-d', ...args], { cwd: folder.path });
  const lookups = {
    mailboxes: await folder.write('mailboxes', mailboxTable(options.domains)),
    actions: await folder.write('recipient-actions', table(options.recipientActions ?? new Map())),
    greylisted: await folder.write(
      'greylisted',
      table(new Map((options.greylist?.domains ?? []).map((name) => [name, 'greylist']))),
    ),
  };
  await folder.write('main.cf', mainSettings(options, { folder: folder.path, lookups, ...certificate }));
  await folder.write('master.cf', services(options.listeners));
  const server = startServerProcess({
    name: 'postfix',
    command: PROGRAMS.postfixMaster,
    args: ['-d', '-c', folder.path],
    folder,
  });
  // All listeners open at once. One with postscreen is not asked: it remembers each caller that has waited its test out.
  const asked = options.listeners.filter((listener) => !listener.postscreen);
  for (const listener of asked) await awaitReady(server, () => expectBanner(listener));
  const log = () => settledLog(options, join(folder.path, 'maillog'));
  const askedRecipients = async () => (await log()).flatMap((line) => / asked; .* to=<([^>]*)>/.exec(line)?.[1] ?? []);
  const connectionCount = async () => (await log()).filter((line) => / connect from /i.test(line)).length;
  return Object.assign(server, { log, askedRecipients, connectionCount });
}

/**
 * Arguments to install(1): the folders, owners and modes of Debian's postfix-files. `postfix check` would make the same,
 * in three seconds.
 */
const FOLDERS: readonly (readonly string[])[] = [
  ['queue', 'queue/pid'],
  ['-o', 'postfix', '-m', '700', 'data', 'queue/private', 'queue/incoming', 'queue/active', 'queue/deferred'],
  ['-o', 'postfix', '-m', '700', 'queue/bounce', 'queue/defer', 'queue/trace', 'queue/flush', 'queue/hold'],
  ['-o', 'postfix', '-m', '700', 'queue/corrupt', 'queue/saved'],
  ['-o', 'postfix', '-g', 'postdrop', '-m', '730', 'queue/maildrop'],
  ['-o', 'postfix', '-g', 'postdrop', '-m', '710', 'queue/public'],
];

/** Postfix logs INFO for every recipient it would look at, so that the log tells who was asked for, also when accepted. */
const LOG_EACH_RECIPIENT = 'check_recipient_access static:{INFO asked}';

interface Places {
  readonly folder: string;
  readonly lookups: { readonly mailboxes: string; readonly actions: string; readonly greylisted: string };
  readonly certificateFile: string;
  readonly keyFile: string;
}

function mainSettings(options: PostfixOptions, places: Places): string {
  const greylist = options.greylist;
  const settings: PostfixSettings = {
    compatibility_level: '3.6',
    myhostname: options.hostname,
    mydestination: '',
    // The caller is never among them, or it would be allowed to relay and every domain would seem to be served.
    mynetworks: '192.0.2.0/24',
    inet_interfaces: 'all',
    inet_protocols: 'ipv4',
    queue_directory: join(places.folder, 'queue'),
    data_directory: join(places.folder, 'data'),
    // Postfix's own log writer instead of syslog, which containers do not have.
    maillog_file: join(places.folder, 'maillog'),
    maillog_file_prefixes: places.folder,
    // No name server is asked, neither for the caller's name nor for anything else.
    smtpd_peername_lookup: 'no',
    disable_dns_lookups: 'yes',
    alias_maps: '',
    local_recipient_maps: '',
    virtual_mailbox_domains: options.domains.map((domain) => domain.name).join(' '),
    virtual_mailbox_maps: `texthash:${places.lookups.mailboxes}`,
    virtual_transport: 'discard',
    smtpd_relay_restrictions: 'reject_unauth_destination',
    smtpd_recipient_restrictions: [
      LOG_EACH_RECIPIENT,
      `check_recipient_access texthash:${places.lookups.actions}`,
      `check_recipient_access texthash:${places.lookups.greylisted}`,
    ].join(', '),
    ...(greylist && {
      smtpd_restriction_classes: 'greylist',
      greylist: `check_policy_service inet:${greylist.policyService.address}:${greylist.policyService.port}`,
    }),
    smtpd_tls_cert_file: places.certificateFile,
    smtpd_tls_key_file: places.keyFile,
    postscreen_cache_map: 'btree:$data_directory/postscreen_cache',
    postscreen_greet_action: 'enforce',
    ...options.settings,
  };
  return lines(settings).join('');
}

/** The services of Debian's master.cf that receiving and passing on need, without their chroot; idle ones do not run. */
function services(listeners: readonly PostfixListener[]): string {
  return [
    'cleanup unix n - n - 0 cleanup\n',
    'qmgr unix n - n 300 1 qmgr\n',
    'rewrite unix - - n - - trivial-rewrite\n',
    'bounce unix - - n - 0 bounce\n',
    'defer unix - - n - 0 bounce\n',
    'trace unix - - n - 0 bounce\n',
    'flush unix n - n 1000? 0 flush\n',
    'proxymap unix - - n - - proxymap\n',
    'proxywrite unix - - n - 1 proxymap\n',
    'discard unix - - n - - discard\n',
    'smtp unix - - n - - smtp\n',
    'virtual unix - n n - - virtual\n',
    'error unix - - n - - error\n',
    'anvil unix - - n - 1 anvil\n',
    'tlsmgr unix - - n 1000? 1 tlsmgr\n',
    'tlsproxy unix - - n - 0 tlsproxy\n',
    'dnsblog unix - - n - 0 dnsblog\n',
    'postlog unix-dgram n - n - 1 postlogd\n',
    'smtpd pass - - n - - smtpd\n',
    ...listeners.map(listenerService),
  ].join('');
}

function listenerService(listener: PostfixListener): string {
  const process = listener.postscreen ? '1 postscreen' : '- smtpd';
  const overrides = Object.entries(listener.settings ?? {}).map(([name, value]) => `  -o { ${name} = ${value} }\n`);
  return `${listener.address}:${listener.port} inet n - n - ${process}\n${overrides.join('')}`;
}

function mailboxTable(domains: readonly PostfixDomain[]): string {
  const rows = new Map<string, string>();
  for (const { name, mailboxes } of domains) {
    if (mailboxes === 'everybody') rows.set(`@${name}`, 'everybody');
    else for (const local of mailboxes) rows.set(`${local}@${name}`, 'somebody');
  }
  return table(rows);
}

function table(rows: ReadonlyMap<string, string>): string {
  return [...rows].map(([key, value]) => `${key} ${value}\n`).join('');
}

function lines(settings: PostfixSettings): readonly string[] {
  return Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`);
}

let markers = 0;
/** Whoever calls from here is left out of the log. */
const MARKER_CALLER = '127.0.0.66';

/**
 * The log writer runs beside the listeners, so a line may come late. A marker sent behind everything else is waited for:
 * what was logged before it is then in the file.
 */
async function settledLog(options: PostfixOptions, path: string): Promise<readonly string[]> {
  const listener = options.listeners.find((candidate) => !candidate.postscreen);
  if (listener === undefined) throw new Error('the log can be read only through a listener without postscreen');
  markers += 1;
  const marker = `log-marker-${markers}@relay-denied.invalid`;
  const lines = ['MAIL FROM:<marker@client.test>', `RCPT TO:<${marker}>`];
  await talkSmtp({ ...listener, caller: MARKER_CALLER }, lines);
  for (;;) {
    const log = await readFile(path, 'utf8');
    if (log.includes(marker)) return log.split('\n').filter((line) => !line.includes(`[${MARKER_CALLER}]`));
    await pause(10);
  }
}
