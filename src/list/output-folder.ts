// Makes the folder that outputs go into, with those above it that are missing.
import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { errorCode, outputError } from './output-errors.ts';

/**
 * Makes the folder, mode 0700; one that is there stays as it is. Step by step, because Node's own `recursive` goes on for
 * ever where a folder cannot be made in one that exists (`/proc/x`, seen with Node 20 to 24).
 *
 * @param name what to call it in the message
 * @throws MailgateError `output` where it cannot be made, or is a file
 */
export function makeOutputFolder(path: string, name: string = path): void {
  try {
    makeMissing(resolve(path));
  } catch (error) {
    throw outputError(name, error);
  }
}

function makeMissing(path: string): void {
  if (isFolder(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeMissing(parent);
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (errorCode(error) !== 'EEXIST' || !isFolder(path)) throw error; // else another run was quicker
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch (error) {
    if (errorCode(error) === 'ENOTDIR') return false; // below a file there is nothing, which Node 22 throws for
    throw error;
  }
}
