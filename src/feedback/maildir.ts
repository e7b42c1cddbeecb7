// Knows the layout of a Maildir: which folders and files hold messages, and which part of a file's name lasts.
import type { Dirent } from 'node:fs';
import { join } from 'node:path';

/** Whether a folder with these entries is a Maildir (https://cr.yp.to/proto/maildir.html). */
export function isMaildir(entries: readonly Dirent[]): boolean {
  return ['new', 'cur'].every((name) => entries.some((entry) => entry.name === name && entry.isDirectory()));
}

/**
 * The folders of a Maildir that hold delivered messages: cur/ and new/, never tmp/ (deliveries not finished yet). With
 * `recursive` also those of its subfolders, which Maildir++ keeps beside them as `.Name` and `.Name.Sub`. First new/: a
 * message that moves to cur/ meanwhile is then met twice rather than missed, and both are one by their unique name.
 */
export function foldersOfMaildir(
  path: string,
  entries: readonly Dirent[],
  options: { readonly recursive: boolean },
): string[] {
  const roots = [path];
  if (options.recursive) {
    for (const { name } of entries.filter((entry) => entry.isDirectory() && /^\.[^.]/.test(entry.name))) {
      roots.push(join(path, name));
    }
  }
  return roots.flatMap((root) => [join(root, 'new'), join(root, 'cur')]);
}

/** Hidden files and the servers' own indexes are no messages. */
export function isMessageName(name: string): boolean {
  return !name.startsWith('.') && !OWN_FILES.test(name);
}

/** Files Dovecot and Courier keep beside messages. */
const OWN_FILES = /^(?:dovecot[.-]|dovecot$|courier|maildirsize$|maildirfolder$|subscriptions$)/;

/** The name a message keeps while flags are added behind `:2,` (`;2,` and `!2,` on file systems without colons). */
export function uniqueName(name: string): string {
  const flags = name.search(/[:;!]2,/);
  return flags === -1 ? name : name.slice(0, flags);
}
