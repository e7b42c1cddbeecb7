// Removes the scratch folders of runs that ended without a chance to do it themselves.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Scratch folders are named by this, the number of their process, a dash, and six characters of chance. */
export const WORK_FOLDER_PREFIX = 'mailgate-work-';

const WORK_FOLDER_NAME = /^mailgate-work-([1-9]\d{0,9})-\w{6}$/;

/** Scratch folders this process has in use: in a container every run may get the same process number. */
const OPEN_FOLDERS = new Set<string>();

/** Marks `folder` as in use by this process until the returned function is called. */
export function holdWorkFolder(folder: string): () => void {
  OPEN_FOLDERS.add(folder);
  return () => {
    OPEN_FOLDERS.delete(folder);
  };
}

/** Removes the scratch folders of dead processes from `parent`; what cannot be removed is left for the next run. */
export function removeLeftovers(parent: string): void {
  for (const name of readdirSync(parent)) {
    const pid = WORK_FOLDER_NAME.exec(name)?.[1];
    const folder = join(parent, name);
    if (pid === undefined || OPEN_FOLDERS.has(folder) || isOtherLivingProcess(Number(pid))) continue;
    try {
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // Another user's, or another process is removing it too: neither stands in the way of this run.
    }
  }
}

/** A number that lives again as another program keeps its leftover until a later run; a living run is never harmed. */
function isOtherLivingProcess(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, and belongs to another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
