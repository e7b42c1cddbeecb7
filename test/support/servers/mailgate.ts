// Runs the real `bin` of mailgate against a world of real servers, in a home of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { MailWorld } from './mail-world.ts';

export interface MailgateRun {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const BIN = join(import.meta.dirname, '..', '..', '..', 'bin', 'mailgate.js');

/** How this world is to be asked: all options of `verify` and `check` but what to ask. */
export function askingOptions(world: Pick<MailWorld, 'dns' | 'smtpPort'>, folder: string): readonly string[] {
  return [
    ...['--dns', `${world.dns.address}:${world.dns.port}`, '--port', String(world.smtpPort)],
    ...['--allow-private', '--allow-reserved', '--db', join(folder, 'mailgate.sqlite'), '--wait', '0s'],
    ...['--helo', 'probe.client.test', '--from', 'verify@client.test'],
  ];
}

/** Runs it to its end, in the folder, which is its home as well; nothing of this process's own settings reaches it. */
export async function runMailgate(args: readonly string[], folder: string): Promise<MailgateRun> {
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder, LC_ALL: 'C.UTF-8' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { exitCode: child.exitCode, stdout, stderr };
}
