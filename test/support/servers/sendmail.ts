// Runs a private sendmail with Debian's unpacked binary; its configuration is made by m4 from sendmail's own macros.
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { addPrivateAccounts } from './private-accounts.ts';
import { PROGRAMS } from './programs.ts';
import { awaitReady, type ServerProcess, startServerProcess } from './server-process.ts';
import { type Endpoint, expectBanner } from './smtp-probe.ts';
import { makeWorkFolder } from './work-folder.ts';

export interface SendmailOptions extends Endpoint {
  /** What the banner and EHLO say. */
  readonly hostname: string;
  /** The domains it takes mail for, all with the same mailboxes; for all others it denies to relay. */
  readonly domains: readonly string[];
  /** The accounts of its machine. */
  readonly mailboxes: readonly string[];
  /** After so many unknown recipients in one envelope, every reply to RCPT comes a second late; off where left out. */
  readonly throttleAfter?: number;
}

/** Starts sendmail; returns when it gives its banner. */
export async function startSendmail(options: SendmailOptions): Promise<ServerProcess> {
  const folder = await makeWorkFolder('sendmail');
  await mkdir(`${folder.path}/queue`, { mode: 0o700 });
  const accounts = await addPrivateAccounts(folder, options.mailboxes);
  // No name server is asked: sendmail finds its own name, and the caller's, in a file of its own.
  const mounts = new Map([
    ...accounts.mounts,
    ['/etc/hosts', await folder.write('hosts', `127.0.0.2 localhost\n${options.address} ${options.hostname}\n`)],
    ['/etc/nsswitch.conf', await folder.write('nsswitch.conf', 'passwd: files\ngroup: files\nhosts: files\n')],
  ]);
  await folder.write('service.switch', 'hosts files\naliases files\npasswd files\n');
  const macros = await folder.write('sendmail.mc', macroSettings(options, folder.path));
  const { stdout } = await promisify(execFile)(PROGRAMS.m4, [macros]);
  const configuration = await folder.write('sendmail.cf', withoutTrustInLoopback(stdout));
  const server = startServerProcess({
    name: 'sendmail',
    command: PROGRAMS.sendmail,
    args: ['-bD', '-C', configuration],
    folder,
    mounts,
  });
  await awaitReady(server, () => expectBanner(options));
  return server;
}

function macroSettings(options: SendmailOptions, folder: string): string {
  const throttle = options.throttleAfter;
  return [
    'divert(-1)',
    `include(\`${PROGRAMS.sendmailMacros}')`,
    "OSTYPE(`linux')",
    "undefine(`ALIAS_FILE')",
    "define(`STATUS_FILE', `')",
    "define(`confCW_FILE', `')",
    // The folder for temporary files, above the configuration, is everybody's.
    "define(`confDONT_BLAME_SENDMAIL', `GroupWritableDirPathSafe')",
    "define(`confTO_IDENT', `0')",
    // The machine's addresses are not among its own names, or callers from loopback would count as itself.
    "define(`confDONT_PROBE_INTERFACES', `True')",
    `define(\`confDOMAIN_NAME', \`${options.hostname}')`,
    `define(\`confPID_FILE', \`${folder}/sendmail.pid')`,
    `define(\`confSERVICE_SWITCH_FILE', \`${folder}/service.switch')`,
    `define(\`QUEUE_DIR', \`${folder}/queue')`,
    ...(throttle === undefined ? [] : [`define(\`confBAD_RCPT_THROTTLE', \`${throttle}')`]),
    "FEATURE(`no_default_msa')",
    "FEATURE(`accept_unresolvable_domains')",
    "FEATURE(`nocanonify')",
    `DAEMON_OPTIONS(\`Name=MTA, Addr=${options.address}, Port=${options.port}')`,
    ...options.domains.map((domain) => `LOCAL_DOMAIN(\`${domain}')`),
    "MAILER(`local')",
    "MAILER(`smtp')",
    '',
  ].join('\n');
}

/** sendmail relays for callers from 127.0.0.1, and here all callers come from there: it must see strangers in them. */
function withoutTrustInLoopback(configuration: string): string {
  return configuration.replace(/^R127\.0\.0\.1\s.*RELAY.*\n/gm, '');
}
