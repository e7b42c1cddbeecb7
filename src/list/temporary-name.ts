// Names temporary files so that a later run can tell which were left behind by a process that is gone.
import { opendir, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** A name nobody in this process has used; whoever makes the file asks for a new one and must not open an existing one. */
export function temporaryName(purpose: string): string {
  sequence += 1;
  const name = `.${purpose.slice(0, LONGEST_PURPOSE)}.mailgate-${HOST}-${process.pid}-${sequence}.tmp`;
  ours.add(name);
  return name;
}

/**
 * Removes what killed runs left in a folder. Names carry the host, as process numbers mean nothing on another one (a
 * shared disk, a container). Failing is no harm: the next run tries again.
 */
export async function removeLeftovers(folder: string): Promise<void> {
  try {
    for await (const entry of await opendir(folder)) {
      if (isLeftover(entry.name)) await unlink(join(folder, entry.name));
    }
  } catch {
    // A folder we may write to but not list, or another run that was quicker.
  }
}

const HOST = hostname().replace(/[^A-Za-z0-9.]+/g, '_');

/** In characters; with up to four bytes each, it leaves room for the rest within the 255 bytes of a file name. */
const LONGEST_PURPOSE = 40;

const ours = new Set<string>();
let sequence = 0;

const TEMPORARY_NAME = /\.mailgate-([A-Za-z0-9._]+)-(\d+)-\d+\.tmp$/;

function isLeftover(name: string): boolean {
  const [, host, pid] = TEMPORARY_NAME.exec(name) ?? [];
  if (host !== HOST || pid === undefined || ours.has(name)) return false;
  return Number(pid) === process.pid || !isRunning(Number(pid));
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0); // asks, and sends nothing
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'; // it runs, and is somebody else's
  }
}
