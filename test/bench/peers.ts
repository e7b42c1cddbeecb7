// The npm verifiers measured beside mailgate: installed into a folder of their own, run in a process of their own.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ROOT } from './programs.ts';

export type PeerName = '@emailcheck/email-validator-js' | 'deep-email-validator';

/** What a peer's answer comes to in mailgate's words. */
export type PeerVerdict = 'valid' | 'invalid' | 'catchall' | 'unknown';

/** What a peer process is told on its standard input. */
export interface PeerTask {
  readonly peer: PeerName;
  readonly addresses: readonly string[];
  /** How many it asks about at once. */
  readonly concurrency: number;
  readonly smtpPort: number;
  /** Where names come from: a DNS server, one address for all, or the wide world, whose names tell theirs. */
  readonly names: { readonly dnsPort: number } | { readonly address: string } | 'wide';
}

export interface PeerRun {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** In the order of the addresses. */
  readonly verdicts: readonly PeerVerdict[];
}

/** Which versions of what. */
const WANTED = join(import.meta.dirname, 'peers');
const FILES = ['package.json', 'package-lock.json'];

/** Where they are installed: no place of the repository's own, for they bring files that its tests would read. */
export const PEERS_FOLDER = join(ROOT, 'node_modules', '.bench-peers');

/** Their names with the versions of the lock file, installed where they are not yet; none, with the reason, offline. */
export function installPeers(): { readonly peers: ReadonlyMap<PeerName, string>; readonly notes: readonly string[] } {
  const { dependencies } = JSON.parse(readFileSync(join(WANTED, 'package.json'), 'utf8')) as {
    dependencies: Record<PeerName, string>;
  };
  const peers = new Map(Object.entries(dependencies) as [PeerName, string][]);
  mkdirSync(PEERS_FOLDER, { recursive: true });
  const isAsWanted = FILES.every((file) => isSame(join(WANTED, file), join(PEERS_FOLDER, file)));
  const isThere = isAsWanted && [...peers.keys()].every((name) => existsSync(join(PEERS_FOLDER, 'node_modules', name)));
  for (const file of FILES) copyFileSync(join(WANTED, file), join(PEERS_FOLDER, file));
  // Without scripts: nothing of a peer runs before the benchmark runs it.
  const flags = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', PEERS_FOLDER];
  const installed = isThere || spawnSync('npm', flags, { cwd: PEERS_FOLDER, stdio: 'ignore' }).status === 0;
  if (installed) return { peers, notes: [] };
  return { peers: new Map(), notes: ['the npm verifiers could not be installed (no way to the registry?)'] };
}

function isSame(one: string, other: string): boolean {
  return existsSync(other) && readFileSync(one).equals(readFileSync(other));
}

/** Has a peer ask about the addresses, as many at once as is said. @throws Error where its process fails. */
export async function askWithPeer(task: PeerTask): Promise<PeerRun> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'peer-process.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(JSON.stringify(task));
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'close') as Promise<[number | null]>]);
  if (code !== 0) throw new Error(`${task.peer} ended with ${code}`);
  return JSON.parse(said) as PeerRun;
}
