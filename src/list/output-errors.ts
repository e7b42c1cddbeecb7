// Puts into words why an output cannot be written, with the next step to take.
import { MailgateError } from '../errors.ts';

/** @param name what to call the output in the message */
export function outputError(name: string, cause: unknown): MailgateError {
  if (cause instanceof MailgateError) return cause;
  const code = errorCode(cause);
  const failure = WRITE_FAILURES.get(code);
  if (failure === undefined) return new MailgateError('output', `${name} cannot be written: ${code}`, { cause });
  return new MailgateError('output', `${name} cannot be written: ${failure.why}`, { hint: failure.hint, cause });
}

/** The code the operating system or Node gave an error, or its text. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

const NO_RIGHT = { why: 'the folder may not be written to', hint: 'Choose another folder, or get write permission.' };
const FULL = { why: 'the disk is full', hint: 'Make room, or write to another disk. Nothing was replaced.' };

const WRITE_FAILURES: ReadonlyMap<string, { why: string; hint: string }> = new Map([
  ['ENOENT', { why: 'its folder does not exist', hint: 'Make the folder first (`mkdir -p`), or check the name.' }],
  ['ENOTDIR', { why: 'a part of its path is a file, not a folder', hint: 'Check the name.' }],
  ['EEXIST', { why: 'a file of that name is in the way', hint: 'Name another folder.' }],
  ['EISDIR', { why: 'it is a folder', hint: 'Give the name of a file in it.' }],
  ['EACCES', NO_RIGHT],
  ['EPERM', NO_RIGHT],
  ['EROFS', { why: 'the file system is read-only', hint: 'Write to another folder.' }],
  ['ENOSPC', FULL],
  ['EDQUOT', { why: 'your disk quota is used up', hint: 'Make room, or write to another disk. Nothing was replaced.' }],
  ['EFBIG', { why: 'it grows past the file size limit', hint: 'Raise the limit (`ulimit -f`). Nothing was replaced.' }],
  ['ENAMETOOLONG', { why: 'its name is too long', hint: 'Choose a shorter name.' }],
  ['ELOOP', { why: 'it is a symbolic link that leads back to itself', hint: 'Give the file it should lead to.' }],
  ['EIO', { why: 'the disk reports a failure', hint: 'Check the disk, or write to another.' }],
  ['ENXIO', { why: 'it is a socket, or leads nowhere', hint: 'For standard output say `-o -`.' }],
  ['EMFILE', { why: 'too many files are open', hint: 'Raise the limit (`ulimit -n`).' }],
]);
