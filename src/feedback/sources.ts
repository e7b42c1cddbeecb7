// Finds the messages and reports in files, folders, Maildirs, mboxes and standard input, one by one and read-only.
import { createHash } from 'node:crypto';
import { type Dirent, readdirSync, type Stats, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { contentKind, HEAD_BYTES } from './content-kind.ts';
import { chunksOf, closeFile, type OpenedFile, openForReading, readAll, readHead } from './file-reading.ts';
import { foldersOfMaildir, isMaildir, isMessageName, uniqueName } from './maildir.ts';
import { splitMbox } from './mbox.ts';

/** Where a message was found. */
export interface SourcePlace {
  /** The file as it was named or found; `-` is standard input. */
  readonly path: string;
  /** Which of several in the file: the number of a message in an mbox, from 1. */
  readonly part?: string;
  /**
   * What the place is remembered by: it stays when a Maildir message moves from new/ to cur/ or gets flags, and changes
   * when a file does. Absent for what has no lasting place (standard input, messages of an mbox).
   */
  readonly key?: string;
}

/** Why something was not read; `not_found`, `not_a_file` and `unreadable` speak of what was named on the command line. */
export type SourceProblem = 'not_found' | 'not_a_file' | 'unreadable' | 'too_large';

export type SourceItem =
  | { readonly status: 'message'; readonly place: SourcePlace; readonly bytes: Buffer; readonly sha256: string }
  /** Remembered from an earlier scan, by its place or by its content. */
  | { readonly status: 'seen'; readonly place: SourcePlace }
  | {
      readonly status: 'problem';
      readonly place: SourcePlace;
      readonly reason: SourceProblem;
      readonly detail: string;
    };

/** A file too large to be held in memory, to be streamed; only scans that ask for them are given these. */
export interface LargeFile {
  readonly status: 'large';
  readonly place: SourcePlace;
  readonly size: number;
  /** Its beginning, for telling what it is. */
  readonly head: Buffer;
  readonly chunks: () => AsyncGenerator<Buffer>;
}

/** What earlier scans have dealt with; the store has a class that fits. Nothing is marked here: only a committed result is. */
export interface SeenMessages {
  hasPlace(key: string): boolean;
  hasContent(sha256: string): boolean;
}

export interface ScanOptions {
  /** Also folders inside the named ones, and a Maildir's subfolders (Maildir++). */
  readonly recursive?: boolean;
  /** What `-` stands for. */
  readonly stdin?: AsyncIterable<Uint8Array>;
  readonly mostMessageBytes?: number;
  readonly seen?: SeenMessages;
}

/** 15 MB: mail hosts take 10 to 50 MB, and a report that size is a report gone wrong. */
export const MOST_MESSAGE_BYTES = 15 * 1024 * 1024;

/**
 * Everything found at `paths`, in a fixed order. A file that goes away meanwhile is a race with a mail reader and no
 * problem; one that was named and is not there is a problem. Symbolic links are followed only where they were named.
 */
export async function* scanSources(paths: readonly string[], options: ScanOptions = {}): AsyncGenerator<SourceItem> {
  for await (const item of scanWithLargeFiles(paths, options)) {
    if (item.status !== 'large') yield item;
    else yield tooLarge(item.place, item.size);
  }
}

/** As `scanSources`, but files above the limit are handed over for streaming instead of being refused. */
export async function* scanWithLargeFiles(
  paths: readonly string[],
  options: ScanOptions = {},
): AsyncGenerator<SourceItem | LargeFile> {
  for (const path of paths) {
    if (path === '-') yield* scanStdin(options);
    else yield* scanNamed(path, options);
  }
}

/** The content hash messages are remembered by: the same for LF, CRLF and bare CR line ends. */
export function contentHash(bytes: Uint8Array): string {
  return createHash('sha256').update(withLineFeeds(bytes)).digest('hex');
}

async function* scanNamed(path: string, options: ScanOptions): AsyncGenerator<SourceItem | LargeFile> {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) yield problem({ path }, 'not_found', 'there is no such file or folder');
  else if (stats.isDirectory()) yield* scanFolder(path, options);
  else if (stats.isFile()) yield* scanFile({ path, isNamed: true, isSingleMessage: false }, options);
  else yield problem({ path }, 'not_a_file', 'neither a file nor a folder');
}

async function* scanFolder(path: string, options: ScanOptions): AsyncGenerator<SourceItem | LargeFile> {
  const entries = entriesOf(path);
  if (entries === null) {
    yield problem({ path }, 'unreadable', 'the folder cannot be listed');
    return;
  }
  if (isMaildir(entries)) {
    for (const folder of foldersOfMaildir(path, entries, { recursive: options.recursive === true })) {
      yield* scanFiles({ path: folder, entries: entriesOf(folder) ?? [], isSingleMessage: true }, options);
    }
    return;
  }
  yield* scanFiles({ path, entries, isSingleMessage: false }, options);
  if (options.recursive !== true) return;
  for (const entry of entries) {
    if (entry.isDirectory() && !entry.name.startsWith('.')) yield* scanFolder(join(path, entry.name), options);
  }
}

async function* scanFiles(
  folder: { readonly path: string; readonly entries: readonly Dirent[]; readonly isSingleMessage: boolean },
  options: ScanOptions,
): AsyncGenerator<SourceItem | LargeFile> {
  for (const entry of folder.entries) {
    if (!entry.isFile() || !isMessageName(entry.name)) continue;
    const path = join(folder.path, entry.name);
    yield* scanFile({ path, isNamed: false, isSingleMessage: folder.isSingleMessage }, options);
  }
}

interface FileToScan {
  readonly path: string;
  readonly isNamed: boolean;
  /** Files of a Maildir hold one message each, whatever they begin with. */
  readonly isSingleMessage: boolean;
}

async function* scanFile(file: FileToScan, options: ScanOptions): AsyncGenerator<SourceItem | LargeFile> {
  const { path } = file;
  const opened = openForReading(path, { followLink: file.isNamed });
  if (opened.status === 'gone') {
    // Node puts U+FFFD for bytes that are no UTF-8, and then nobody can open the file: not gone, and not to be silent of.
    if (path.includes('\ufffd')) yield problem({ path }, 'unreadable', 'the name of the file is not UTF-8');
    return;
  }
  if (opened.status === 'failed') {
    yield problem({ path }, 'unreadable', opened.detail);
    return;
  }
  const place: SourcePlace = { path, key: placeKey(file, opened.stats) };
  if (place.key !== undefined && options.seen?.hasPlace(place.key) === true) {
    closeFile(opened);
    yield { status: 'seen', place };
    return;
  }
  try {
    yield* readFile({ ...file, place, opened }, options);
  } catch (error) {
    // A disk or network folder that fails in the middle of a file; what was yielded before stands.
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    yield problem(place, 'unreadable', (error as Error).message);
  } finally {
    closeFile(opened);
  }
}

async function* readFile(
  file: FileToScan & { readonly place: SourcePlace; readonly opened: OpenedFile },
  options: ScanOptions,
): AsyncGenerator<SourceItem | LargeFile> {
  const { path, place, opened } = file;
  const most = options.mostMessageBytes ?? MOST_MESSAGE_BYTES;
  const head = readHead(opened, HEAD_BYTES);
  // An .eml holds one message by definition, even one that keeps the "From " line of the mbox it came from.
  if (contentKind(head) === 'mbox' && !file.isSingleMessage && !path.toLowerCase().endsWith('.eml')) {
    yield* scanMbox(path, chunksOf(opened), options);
  } else if (opened.stats.size > most) {
    yield { status: 'large', place, size: opened.stats.size, head, chunks: () => chunksOf(opened) };
  } else {
    yield messageItem(place, withoutFromLine(readAll(opened, most)), options);
  }
}

async function* scanMbox(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  options: ScanOptions,
): AsyncGenerator<SourceItem> {
  for await (const found of splitMbox(chunks, { mostMessageBytes: options.mostMessageBytes ?? MOST_MESSAGE_BYTES })) {
    const place = { path, part: String(found.number) };
    yield found.status === 'too_large' ? tooLarge(place, found.size) : messageItem(place, found.bytes, options);
  }
}

/** Standard input holds one message or report, or an mbox; only the latter may be larger than one message. */
async function* scanStdin(options: ScanOptions): AsyncGenerator<SourceItem | LargeFile> {
  const most = options.mostMessageBytes ?? MOST_MESSAGE_BYTES;
  const place: SourcePlace = { path: '-' };
  const source = (options.stdin ?? none())[Symbol.asyncIterator]();
  const pieces: Buffer[] = [];
  let size = 0;
  let isMbox: boolean | null = null;
  const rest = async function* (): AsyncGenerator<Buffer> {
    yield* pieces.splice(0);
    for (let next = await source.next(); next.done !== true; next = await source.next()) yield Buffer.from(next.value);
  };
  for (let next = await source.next(); next.done !== true; next = await source.next()) {
    pieces.push(Buffer.from(next.value));
    size += next.value.length;
    isMbox ??= size < 8 ? null : contentKind(Buffer.concat(pieces)) === 'mbox';
    if (isMbox === true) break;
    if (size > most) {
      const head = Buffer.concat(pieces).subarray(0, HEAD_BYTES);
      yield { status: 'large', place, size, head, chunks: rest };
      return;
    }
  }
  if (isMbox === true) yield* scanMbox('-', rest(), options);
  else yield messageItem(place, Buffer.concat(pieces), options);
}

async function* none(): AsyncGenerator<Uint8Array> {}

function messageItem(place: SourcePlace, bytes: Buffer, options: ScanOptions): SourceItem {
  const sha256 = contentHash(bytes);
  return options.seen?.hasContent(sha256) === true
    ? { status: 'seen', place }
    : { status: 'message', place, bytes, sha256 };
}

/** A Maildir message keeps its unique name; any other file is the same one while size and time of change are. */
function placeKey({ path, isSingleMessage }: FileToScan, stats: Stats): string {
  if (isSingleMessage) return `maildir:${join(path, '..', '..')}/${uniqueName(basename(path))}`;
  return `file:${path}#${stats.size}#${stats.mtimeMs}`;
}

/** The entries of a folder by name, or null where it cannot be listed; one that went away has none. */
function entriesOf(path: string): Dirent[] | null {
  try {
    return readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? [] : null;
  }
}

function problem(place: SourcePlace, reason: SourceProblem, detail: string): SourceItem {
  return { status: 'problem', place, reason, detail };
}

function tooLarge(place: SourcePlace, size: number): SourceItem {
  return problem(place, 'too_large', `${size} bytes`);
}

/** A message saved out of an mbox keeps the separator as its first line; it is no header. */
function withoutFromLine(bytes: Buffer): Buffer {
  if (contentKind(bytes.subarray(0, 8)) !== 'mbox') return bytes;
  const end = bytes.subarray(0, HEAD_BYTES).findIndex((byte) => byte === 0x0a || byte === 0x0d);
  if (end === -1) return bytes;
  return bytes.subarray(bytes[end] === 0x0d && bytes[end + 1] === 0x0a ? end + 2 : end + 1);
}

function withLineFeeds(bytes: Uint8Array): Uint8Array {
  const cr = bytes.indexOf(0x0d);
  if (cr === -1) return bytes;
  const normal = Buffer.allocUnsafe(bytes.length);
  let length = cr;
  normal.set(bytes.subarray(0, cr));
  for (let at = cr; at < bytes.length; at += 1) {
    const byte = bytes[at] as number;
    if (byte === 0x0d && bytes[at + 1] === 0x0a) continue;
    normal[length] = byte === 0x0d ? 0x0a : byte;
    length += 1;
  }
  return normal.subarray(0, length);
}
