// Runs one pretend mail world in a process of its own, so that its work is not taken from the client that is measured.
// Started by `startPretendWorld`, which gives the world's name and answers' delay as arguments; ends with its standard input.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import type { Offers, Wire, World } from '../../src/sandbox/world.ts';
import { worldOf } from '../../src/sandbox/world-builders.ts';

export const ONE_DOMAIN = 'one-domain.test';

export interface PretendWorld {
  readonly dns: { readonly address: string; readonly port: number };
  readonly smtpPort: number;
  readonly process: ChildProcess;
}

/** Starts a world in which every reply takes `latencyMs`; `stopProgram` ends it. */
export async function startPretendWorld(name: keyof typeof WORLDS, latencyMs: number): Promise<PretendWorld> {
  const child = spawn(process.execPath, [import.meta.filename, name, String(latencyMs)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [first] = (await once(child.stdout, 'data')) as [Buffer];
  return { ...(JSON.parse(first.toString()) as Pick<PretendWorld, 'dns' | 'smtpPort'>), process: child };
}

/** Nine names in ten are known: all but user0, user10, user20 … */
function oneDomainWorld(wire: Wire, offers: Offers): World {
  const mailboxes = (local: string): boolean => /^user\d*[1-9]$/.test(local);
  const host = { name: `mx.${ONE_DOMAIN}`, addresses: ['127.0.0.1'], domains: [ONE_DOMAIN], mailboxes, wire, offers };
  return worldOf({ hosts: [host] });
}

const WORLDS = {
  'one by one': (latencyMs: number): World => oneDomainWorld({ latencyMs }, { pipelining: false }),
  pipelining: (latencyMs: number): World => oneDomainWorld({ latencyMs }, { pipelining: true }),
} as const;

async function serve(world: World): Promise<void> {
  const { dns, smtpPort, stop } = await startSandbox(world, { keepCommands: false });
  process.stdout.write(JSON.stringify({ dns, smtpPort }));
  process.stdin.resume();
  process.stdin.once('end', () => void stop());
}

if (process.argv[1] === import.meta.filename) {
  const [name, latencyMs] = process.argv.slice(2);
  await serve(WORLDS[name as keyof typeof WORLDS](Number(latencyMs)));
}
