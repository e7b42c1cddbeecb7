// Gives an unpacked server the accounts its package would make, visible to that server alone.
import { readFile } from 'node:fs/promises';
import type { WorkFolder } from './work-folder.ts';

/** An id (user and group) above those that Debian has handed out, for an account that only one server sees. */
const FIRST_ID = 960;

export interface PrivateAccounts {
  /** For the server's process: place seen → what is there. */
  readonly mounts: ReadonlyMap<string, string>;
  /** The user and group id of the first account. */
  readonly firstId: number;
}

/** Writes copies of passwd and group with these accounts added. */
export async function addPrivateAccounts(folder: WorkFolder, names: readonly string[]): Promise<PrivateAccounts> {
  const users = names.map((name, i) => `${name}:x:${FIRST_ID + i}:${FIRST_ID + i}::/nonexistent:/usr/sbin/nologin\n`);
  const groups = names.map((name, i) => `${name}:x:${FIRST_ID + i}:\n`);
  return {
    firstId: FIRST_ID,
    mounts: new Map([
      ['/etc/passwd', await folder.write('passwd', (await readFile('/etc/passwd', 'utf8')) + users.join(''))],
      ['/etc/group', await folder.write('group', (await readFile('/etc/group', 'utf8')) + groups.join(''))],
    ]),
  };
}
