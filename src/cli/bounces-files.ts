// Moves messages away or marks them as seen once what they said is kept; never deletes one, never overwrites one.
import { constants, copyFileSync, existsSync, renameSync, unlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { SourcePlace } from '../feedback/sources.ts';
import { makeOutputFolder } from '../list/output-folder.ts';

export type FileOutcome = 'done' | 'not_possible' | 'gone';

/**
 * Moves a message into a folder, which is made where it is missing. Messages within an mbox and on standard input stay
 * where they are (`not_possible`); one that a mail program took away meanwhile is `gone`.
 */
export function moveMessage({ path, part }: SourcePlace, folder: string): FileOutcome {
  if (path === '-' || part !== undefined) return 'not_possible';
  makeOutputFolder(folder);
  return movedTo(path, freeName(folder, basename(path)));
}

/** Sets the S flag of a Maildir message, and moves it from new/ to cur/ (https://cr.yp.to/proto/maildir.html). */
export function markSeen({ path, part }: SourcePlace): FileOutcome {
  const folder = dirname(path);
  if (part !== undefined || !/^(?:new|cur)$/.test(basename(folder))) return 'not_possible';
  const name = withSeenFlag(basename(path));
  const target = join(dirname(folder), 'cur', name);
  return target === path ? 'done' : movedTo(path, target);
}

/** Flags stand in alphabetical order behind `:2,`, each once. */
export function withSeenFlag(name: string): string {
  const at = name.search(/[:;!]2,/);
  const flags = at === -1 ? '' : name.slice(at + 3);
  const all = [...new Set([...flags, 'S'])].sort().join('');
  return at === -1 ? `${name}:2,${all}` : `${name.slice(0, at + 3)}${all}`;
}

/** A rename is done or not done, also where the process is killed; to another disk the message has to be copied first. */
function movedTo(path: string, target: string): FileOutcome {
  try {
    renameSync(path, target);
    return 'done';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return 'gone';
    return code === 'EXDEV' ? copiedTo(path, target) : 'not_possible';
  }
}

function copiedTo(path: string, target: string): FileOutcome {
  try {
    copyFileSync(path, target, constants.COPYFILE_EXCL);
    unlinkSync(path);
    return 'done';
  } catch {
    return 'not_possible';
  }
}

function freeName(folder: string, name: string): string {
  for (let i = 0; ; i += 1) {
    const candidate = join(folder, i === 0 ? name : `${name}.${i}`);
    if (!existsSync(candidate)) return candidate;
  }
}
