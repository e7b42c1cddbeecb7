// Starts a pretend mail world in the test's own process, so that the test can see what mailgate asked it.
import type { TestContext } from 'node:test';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import type { World } from '../../src/sandbox/world.ts';

export interface AskedWorld extends Sandbox {
  /** The options that lead mailgate there. */
  readonly flags: readonly string[];
}

/** Stopped when the test ends. Nobody waits there for greylists, unless a later `--wait` says otherwise. */
export async function startWorld(t: Pick<TestContext, 'after'>, world: World): Promise<AskedWorld> {
  const sandbox = await startSandbox(world);
  t.after(() => sandbox.stop());
  const flags = [
    ...['--dns', `${sandbox.dns.address}:${sandbox.dns.port}`, '--port', String(sandbox.smtpPort)],
    ...['--allow-private', '--allow-reserved', '--helo', 'probe.client.test', '--from', 'verify@client.test'],
    ...['--wait', '0s'],
  ];
  return { ...sandbox, flags };
}
