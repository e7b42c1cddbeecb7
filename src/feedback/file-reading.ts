// Opens files that others may move, grow or swap meanwhile, and reads them within a limit.
import { closeSync, constants, fstatSync, openSync, read, readSync, type Stats } from 'node:fs';

export interface OpenedFile {
  readonly status: 'opened';
  readonly fd: number;
  readonly stats: Stats;
}

/** `gone` is a race with whoever moves messages about, and no fault. */
export type Opening = OpenedFile | { readonly status: 'gone' } | { readonly status: 'failed'; readonly detail: string };

/**
 * Opens a regular file. Without `followLink` a symbolic link counts as gone: a Maildir has none, and one put there could
 * point anywhere. Pipes do not block the opening and are refused like all else that is no file.
 */
export function openForReading(path: string, options: { readonly followLink: boolean }): Opening {
  try {
    const flags = constants.O_RDONLY | constants.O_NONBLOCK | (options.followLink ? 0 : constants.O_NOFOLLOW);
    const fd = openSync(path, flags);
    const stats = fstatSync(fd);
    if (stats.isFile()) return { status: 'opened', fd, stats };
    closeSync(fd);
    return { status: 'gone' };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ELOOP' || code === 'ENXIO') return { status: 'gone' };
    if (code === undefined) throw error;
    return { status: 'failed', detail: message };
  }
}

export function closeFile({ fd }: OpenedFile): void {
  closeSync(fd);
}

/** The first `length` bytes, or all where there are fewer. */
export function readHead(file: OpenedFile, length: number): Buffer {
  return readAll(file, length);
}

/** The whole file, cut at `most` bytes should it have grown since its size was looked up. */
export function readAll({ fd, stats }: OpenedFile, most: number): Buffer {
  const buffer = Buffer.allocUnsafe(Math.min(stats.size, most));
  let length = 0;
  while (length < buffer.length) {
    const read = readSync(fd, buffer, length, buffer.length - length, length);
    if (read === 0) break; // it was cut short meanwhile
    length += read;
  }
  return buffer.subarray(0, length);
}

/** System calls cost little beside the work; texts decoded from larger pieces outlive many collections of garbage. */
const CHUNK_BYTES = 64 * 1024;

/** The file in pieces from its beginning; each piece is the reader's own. */
export async function* chunksOf({ fd }: OpenedFile): AsyncGenerator<Buffer> {
  for (let position = 0; ; ) {
    const chunk = await readChunk(fd, position);
    if (chunk.length === 0) return;
    position += chunk.length;
    yield chunk;
  }
}

function readChunk(fd: number, position: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    read(fd, buffer, 0, CHUNK_BYTES, position, (error, length) => {
      if (error !== null) reject(error);
      else resolve(buffer.subarray(0, length));
    });
  });
}
