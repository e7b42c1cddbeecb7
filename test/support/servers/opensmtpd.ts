// Runs a private OpenSMTPD with Debian's unpacked binary; the fixed paths compiled into it are its own by private mounts.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { addPrivateAccounts } from './private-accounts.ts';
import { PROGRAMS } from './programs.ts';
import { awaitReady, type ServerProcess, startServerProcess } from './server-process.ts';
import { type Endpoint, expectBanner } from './smtp-probe.ts';
import { makeWorkFolder } from './work-folder.ts';

export interface OpenSmtpdOptions extends Endpoint {
  /** What the banner and EHLO say. */
  readonly hostname: string;
  /** The domains it takes mail for; for all others it gives "Invalid recipient". */
  readonly domains: readonly OpenSmtpdDomain[];
  /** Address of the name server, asked on port 53 for the caller's name; without one, no look-up gets an answer. */
  readonly nameServer?: string;
}

export interface OpenSmtpdDomain {
  readonly name: string;
  /** Local parts that exist, or `everybody` for a domain that accepts any name. */
  readonly mailboxes: readonly string[] | 'everybody';
  /** Refuses unknown names with 550 as for accounts of the machine, instead of 524 as in virtual domains. */
  readonly accounts?: boolean;
}

/** Starts OpenSMTPD; returns when it gives its banner. */
export async function startOpenSmtpd(options: OpenSmtpdOptions): Promise<ServerProcess> {
  const folder = await makeWorkFolder('opensmtpd');
  const mounts = new Map((await addPrivateAccounts(folder, ['opensmtpd', 'opensmtpq'])).mounts);
  for (const place of ['/var/spool', '/var/lib', '/run']) {
    mounts.set(place, join(folder.path, place));
    await mkdir(join(folder.path, place), { recursive: true });
  }
  await mkdir(join(folder.path, '/var/lib/opensmtpd/empty'), { recursive: true }); // where it locks itself in
  // The machine's own name server is never asked.
  mounts.set(
    '/etc/resolv.conf',
    await folder.write('resolv.conf', `nameserver ${options.nameServer ?? '127.0.0.1'}\n`),
  );
  const configuration = await folder.write('smtpd.conf', settings(options));
  const server = startServerProcess({
    name: 'opensmtpd',
    command: PROGRAMS.opensmtpd,
    args: ['-d', '-f', configuration],
    folder,
    mounts,
  });
  await awaitReady(server, () => expectBanner(options));
  return server;
}

function settings(options: OpenSmtpdOptions): string {
  return [
    `listen on ${options.address} port ${options.port} hostname ${options.hostname}`,
    ...options.domains.flatMap(domainSettings),
    '',
  ].join('\n');
}

function domainSettings(domain: OpenSmtpdDomain, index: number): readonly string[] {
  const names = domain.mailboxes === 'everybody' ? [''] : domain.mailboxes;
  const match = `match from any for domain "${domain.name}" action "a${index}"`;
  if (domain.accounts) {
    const accounts = names.map((name) => `"${name}" = "65534:65534:/nonexistent"`);
    return [
      `table t${index} { ${accounts.join(', ')} }`,
      `action "a${index}" maildir "/nonexistent" userbase <t${index}>`,
      match,
    ];
  }
  const rows = names.map((name) => `"${name}@${domain.name}" = "nobody"`);
  return [
    `table t${index} { ${rows.join(', ')} }`,
    `action "a${index}" maildir "/nonexistent" virtual <t${index}>`,
    match,
  ];
}
