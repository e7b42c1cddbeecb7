// Keeps standard input in a private file, because a list is read twice.
import { open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { errorCode, outputError } from './output-errors.ts';
import { removeLeftovers, temporaryName } from './temporary-name.ts';

/** A file to pass to `openList`; `dispose` removes it. */
export interface SpooledFile {
  readonly path: string;
  dispose(): Promise<void>;
}

/**
 * Writes the stream to a file only its owner can read (mode 0600).
 *
 * @param folder for temporary files, such as the system's
 * @throws MailgateError `output` where there is no room for it; nothing is then left behind
 */
export async function spoolToFile(stream: Readable, folder: string): Promise<SpooledFile> {
  stream.on('error', () => {}); // told by the loop below, even if it comes before
  await removeLeftovers(folder);
  const path = join(folder, temporaryName('stdin'));
  const dispose = () =>
    unlink(path).catch((error: unknown) => {
      if (errorCode(error) !== 'ENOENT') throw outputError(path, error);
    });
  try {
    const handle = await open(path, 'wx', 0o600);
    try {
      for await (const chunk of stream) await handle.writeFile(chunk as Uint8Array);
    } finally {
      await handle.close();
    }
    return { path, dispose };
  } catch (error) {
    await dispose();
    throw outputError(folder, error);
  }
}
