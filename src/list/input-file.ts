// Opens the file a list is read from, hands out its bytes as UTF-8 as often as asked, and notices when it changes.
import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { MailgateError } from '../errors.ts';
import type { Transcoder } from './encoding.ts';

/**
 * An open input file. What is read is the file as long as it was when it was opened, through one descriptor: a file put
 * in its place meanwhile, or rows added at its end, cannot make a second reading differ from the first.
 */
export interface InputFile {
  readonly path: string;
  /** What to call it in messages. */
  readonly name: string;
  readonly handle: FileHandle;
  readonly opened: BigIntStats;
  readonly size: number;
}

/** @throws MailgateError `input` where the file is missing, unreadable, not a plain file, or empty; `usage` without a name */
export async function openInputFile(source: { path: string; name: string }): Promise<InputFile> {
  if (source.name === '') throw new MailgateError('usage', 'the name of the list is empty');
  // Opening a FIFO blocks until somebody writes to it; O_NONBLOCK lets us look at what it is first.
  const handle = await open(source.path, constants.O_RDONLY | constants.O_NONBLOCK).catch((cause: unknown) => {
    throw cannotOpen(source.name, cause);
  });
  try {
    const opened = await handle.stat({ bigint: true });
    refuseUnlessListFile(opened, source.name);
    return { ...source, handle, opened, size: Number(opened.size) };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** @throws MailgateError `input` where the file is no longer what was opened, in content or at its path */
export async function checkUnchanged(file: InputFile): Promise<void> {
  const now = await file.handle.stat({ bigint: true });
  const { size, mtimeNs, ino, dev } = file.opened;
  // A file that was removed still reads as it was; one that was replaced by an editor holds somebody's newer rows.
  const atPath = await stat(file.path, { bigint: true }).catch(() => now);
  if (now.size === size && now.mtimeNs === mtimeNs && atPath.ino === ino && atPath.dev === dev) return;
  throw changedWhileRead(file.name);
}

/** Reads a file from its start, once. */
export interface ByteSource {
  /** Puts the next bytes into `target` from `at` on and returns their number, 0 at the end. */
  fill(target: Buffer, at: number): Promise<number>;
}

/** @param skip how many bytes to leave out at the start (the byte order mark) */
export function byteSource(file: InputFile, options: { skip: number; transcoder: Transcoder | null }): ByteSource {
  const { transcoder } = options;
  const plain = plainSource(file, options.skip);
  return transcoder === null ? plain : transcodedSource(plain, transcoder);
}

function plainSource(file: InputFile, skip: number): ByteSource {
  let position = skip;
  return {
    async fill(target, at) {
      const wanted = Math.min(target.length - at, file.size - position);
      if (wanted <= 0) return 0;
      const bytesRead = await readAt(file, { target, at, wanted, position });
      if (bytesRead === 0) throw changedWhileRead(file.name); // it was cut short
      position += bytesRead;
      return bytesRead;
    },
  };
}

async function readAt(
  file: InputFile,
  piece: { target: Buffer; at: number; wanted: number; position: number },
): Promise<number> {
  try {
    return (await file.handle.read(piece.target, piece.at, piece.wanted, piece.position)).bytesRead;
  } catch (cause) {
    throw new MailgateError('input', `${file.name} cannot be read: ${codeOf(cause)}`, { cause });
  }
}

function transcodedSource(plain: ByteSource, transcoder: Transcoder): ByteSource {
  const raw = Buffer.allocUnsafeSlow(TRANSCODE_BYTES);
  let left: Uint8Array = raw.subarray(0, 0);
  let ended = false;
  return {
    async fill(target, at) {
      while (left.length === 0) {
        if (ended) return 0;
        const bytesRead = await plain.fill(raw, 0);
        ended = bytesRead === 0;
        left = transcoder(raw.subarray(0, bytesRead), ended);
      }
      const taken = left.subarray(0, target.length - at);
      target.set(taken, at);
      left = left.subarray(taken.length);
      return taken.length;
    },
  };
}

const TRANSCODE_BYTES = 65_536;

function refuseUnlessListFile(stats: BigIntStats, name: string): void {
  if (stats.isDirectory()) {
    throw new MailgateError('input', `${name} is a folder, not a file`, { hint: 'Pass the CSV file itself.' });
  }
  if (!stats.isFile()) {
    throw new MailgateError('input', `${name} is not a plain file, and a list is read twice`, {
      hint: 'Pipe it in instead: `… | mailgate verify -`.',
    });
  }
  if (stats.size === 0n) throw new MailgateError('input', `${name} is empty`);
}

function cannotOpen(name: string, cause: unknown): MailgateError {
  const code = codeOf(cause);
  if (code === 'ENOENT' && name.includes(REPLACED)) {
    return new MailgateError('input', `${name} cannot be found: its name is not UTF-8`, {
      hint: 'Pipe it in instead: `mailgate verify - < FILE`.',
      cause,
    });
  }
  const why = OPEN_FAILURES.get(code);
  return new MailgateError('input', `${name} ${why?.text ?? `cannot be opened: ${code}`}`, {
    cause,
    ...(why === undefined ? {} : { hint: why.hint }),
  });
}

/** What Node puts into arguments in place of bytes that are not UTF-8; the file's name cannot be known from it. */
const REPLACED = '\ufffd';

const OPEN_FAILURES: ReadonlyMap<string, { text: string; hint: string }> = new Map([
  ['ENOENT', { text: 'does not exist', hint: 'Check the name and the folder.' }],
  ['ENOTDIR', { text: 'does not exist: a part of its path is not a folder', hint: 'Check the name and the folder.' }],
  ['EACCES', { text: 'may not be read', hint: 'Ask its owner for read permission.' }],
  ['EPERM', { text: 'may not be read', hint: 'Ask its owner for read permission.' }],
  ['ELOOP', { text: 'is a symbolic link that leads back to itself', hint: 'Pass the file it should lead to.' }],
  ['EMFILE', { text: 'cannot be opened: too many files are open', hint: 'Raise the limit (`ulimit -n`).' }],
  ['ENXIO', { text: 'is a socket or device, not a file', hint: 'Pass the CSV file itself.' }],
]);

function changedWhileRead(name: string): MailgateError {
  return new MailgateError('input', `${name} changed while being read`, {
    hint: 'Run again when nothing writes to it any more.',
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
