// Runs a private postgrey: the policy service that makes a Postfix under test greylist its callers.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PROGRAMS } from './programs.ts';
import { awaitReady, type ServerProcess, startServerProcess } from './server-process.ts';
import type { Endpoint } from './smtp-probe.ts';
import { makeWorkFolder } from './work-folder.ts';

export interface PostgreyOptions extends Endpoint {
  /** How long a new triplet of client, sender and recipient is told to come back; postgrey's own default is 300. */
  readonly delaySeconds: number;
}

/** The account that Debian's package makes; postgrey refuses to run as root. */
const USER = 'postgrey';

/** Starts postgrey with an empty database and without Debian's lists of clients and recipients that need not wait. */
export async function startPostgrey(options: PostgreyOptions): Promise<ServerProcess> {
  const folder = await makeWorkFolder('postgrey');
  const database = join(folder.path, 'db');
  await mkdir(database);
  await promisify(execFile)('chown', [USER, database]);
  const server = startServerProcess({
    name: 'postgrey',
    command: PROGRAMS.postgrey,
    args: [
      `--inet=${options.address}:${options.port}`,
      `--delay=${options.delaySeconds}`,
      `--dbdir=${database}`,
      '--whitelist-clients=/dev/null',
      '--whitelist-recipients=/dev/null',
    ],
    folder,
    user: USER,
  });
  await awaitReady(server, () => expectListening(options));
  return server;
}

async function expectListening(endpoint: Endpoint): Promise<void> {
  const socket = connect(endpoint.port, endpoint.address);
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}
