// Root may read and write everything, so tests of missing permissions run their child as a user who may not.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** Debian's `nobody`. */
const NOBODY = 65534;
const ROOT = join(import.meta.dirname, '..', '..');

/** The user to run a child as, or why no such test can be run here. */
export function otherUser(): { readonly uid: number } | { readonly skip: string } {
  if (process.getuid?.() !== 0) return { skip: 'only root can run a command as another user' };
  const look = `require('node:fs').readdirSync(${JSON.stringify(join(ROOT, 'src'))})`;
  const tried = spawnSync(process.execPath, ['-e', look], { uid: NOBODY, gid: NOBODY });
  if (tried.status === 0) return { uid: NOBODY };
  return { skip: 'another user can reach neither this Node nor this checkout: it stands in a private folder' };
}
