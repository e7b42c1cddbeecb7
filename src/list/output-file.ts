// Writes a file so that it appears whole or not at all, in place of an older one or of the list it was made from.
import { constants, createWriteStream, type Stats } from 'node:fs';
import { access, type FileHandle, lstat, open, readlink, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { MailgateError } from '../errors.ts';
import type { Output } from './output.ts';
import { errorCode, outputError } from './output-errors.ts';
import { createStreamOutput } from './output-stream.ts';
import { removeLeftovers, temporaryName } from './temporary-name.ts';

/**
 * Opens a temporary file beside the target, mode 0600, or that of the file it will replace. A symbolic link stays, and
 * what it leads to is replaced. Devices and pipes (`/dev/null`, a FIFO) are written to as they are.
 *
 * @param name what to call it in messages
 * @throws MailgateError `output` where the folder is missing or not writable, or the target is a folder
 */
export async function openOutputFile(path: string, name: string = path): Promise<Output> {
  try {
    // Before links are followed by name: what /dev/stdout leads to may have none (`pipe:[123]`).
    if (isDevice(await statIfThere(path))) return openDevice(path, name);
    const target = await followLinks(resolve(path));
    const existing = await statIfThere(target);
    if (existing?.isDirectory()) {
      throw new MailgateError('output', `${name} is a folder`, { hint: 'Give the name of a file in it.' });
    }
    if (existing !== null) await refuseIfProtected(target, name);
    await removeLeftovers(dirname(target));
    return await openTemporary({ target, name, existing });
  } catch (error) {
    throw outputError(name, error);
  }
}

function isDevice(stats: Stats | null): boolean {
  return stats !== null && !stats.isFile() && !stats.isDirectory();
}

async function openTemporary(file: { target: string; name: string; existing: Stats | null }): Promise<Output> {
  const { target, name, existing } = file;
  const { handle, path } = await createBeside(target);
  let state: 'open' | 'done' = 'open';

  async function abort(): Promise<void> {
    if (state === 'done') return;
    state = 'done';
    await handle.close();
    await unlink(path).catch(() => {}); // somebody tidied up before us
  }

  try {
    if (existing !== null) await takeOver(handle, existing);
  } catch (error) {
    await abort();
    throw error;
  }
  return {
    readerGone: false,
    abort,
    async write(bytes) {
      try {
        await writeAll(handle, bytes);
      } catch (error) {
        throw outputError(name, error);
      }
    },
    async commit() {
      try {
        await handle.sync(); // a rename may reach the disk before the bytes do
        await rename(path, target);
      } catch (error) {
        await abort();
        throw outputError(name, error);
      }
      state = 'done';
      await handle.close();
      await syncFolder(dirname(target));
    },
  };
}

async function createBeside(target: string): Promise<{ handle: FileHandle; path: string }> {
  for (;;) {
    const path = join(dirname(target), temporaryName(basename(target)));
    try {
      return { path, handle: await open(path, 'wx', 0o600) };
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error; // of another host or container with our name and number
    }
  }
}

/** The new file has the mode of the old one, and its owner where we may say so (run as root on somebody's file). */
async function takeOver(handle: FileHandle, existing: Stats): Promise<void> {
  const made = await handle.stat();
  if (made.uid !== existing.uid || made.gid !== existing.gid) {
    await handle.chown(existing.uid, existing.gid).catch(() => {}); // only root may give files away
  }
  await handle.chmod(existing.mode & 0o777);
}

async function writeAll(handle: FileHandle, bytes: Buffer): Promise<void> {
  let written = 0;
  while (written < bytes.length) written += (await handle.write(bytes, written)).bytesWritten;
}

/** Without it the new name may be lost with the power; some file systems cannot do it, and then nothing can. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY).catch(() => null);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

/** `rename` would replace the link itself. The last link may lead to a file that is not there yet, so no `realpath`. */
async function followLinks(path: string): Promise<string> {
  let target = path;
  for (let steps = 0; steps < MOST_LINKS; steps++) {
    const entry = await lstat(target).catch((error: unknown) => {
      if (errorCode(error) === 'ENOENT') return null;
      throw error;
    });
    if (entry === null || !entry.isSymbolicLink()) return target;
    target = resolve(dirname(target), await readlink(target));
  }
  throw Object.assign(new Error(`too many symbolic links at ${path}`), { code: 'ELOOP' });
}

/** As Linux: path_resolution(7). */
const MOST_LINKS = 40;

async function statIfThere(path: string): Promise<Stats | null> {
  return stat(path).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  });
}

/** A rename asks only for rights on the folder; a file its owner made read-only is still not ours to replace. */
async function refuseIfProtected(target: string, name: string): Promise<void> {
  await access(target, constants.W_OK).catch((cause: unknown) => {
    throw new MailgateError('output', `${name} exists and may not be written to`, {
      hint: 'Give another name, or get write permission.',
      cause,
    });
  });
}

function openDevice(path: string, name: string): Output {
  const stream = createWriteStream(path);
  const output = createStreamOutput(stream, name);
  const close = () => new Promise<void>((done) => stream.end(done));
  return {
    get readerGone() {
      return output.readerGone;
    },
    write: (bytes) => output.write(bytes),
    commit: close,
    abort: close,
  };
}
