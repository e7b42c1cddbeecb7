// Refuses settings under which one run would write two things into the same file, or over its own list.
import { realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { MailgateError } from '../errors.ts';
import { STATUSES } from '../verdict.ts';

export interface OutputPaths {
  /** As the user named them; null where there is none, `-` for a stream. */
  readonly input: string;
  readonly output: string;
  readonly summary: string | null;
  readonly report: string | null;
  readonly split: string | null;
  readonly db: string;
}

/** The list and the output may be one file: the list is then replaced by its clean self. @throws MailgateError('usage') */
export function refuseClashes({ input, output, summary, report, split, db }: OutputPaths, cwd: string): void {
  const named = [
    ...(input === '-' ? [] : [{ what: 'the list', path: input }]),
    ...(output === '-' ? [] : [{ what: '-o', path: output }]),
    ...(summary === null ? [] : [{ what: '--summary', path: summary }]),
    ...(report === null ? [] : [{ what: '--report', path: report }]),
    ...(split === null ? [] : [split, ...STATUSES.map((status) => join(split, `${status}.csv`))].map(asPart)),
    { what: '--db', path: db },
  ];
  const taken = new Map<string, string>();
  for (const { what, path } of named) {
    const place = placeOf(resolve(cwd, path));
    if (isDevice(place)) continue; // /dev/null takes everything
    const other = taken.get(place);
    if (other !== undefined && !(other === 'the list' && what === '-o')) {
      throw new MailgateError('usage', `${what} and ${other} are the same file, ${path}`, {
        hint: 'Give each a name of its own.',
      });
    }
    taken.set(place, what);
  }
}

function asPart(path: string): { readonly what: string; readonly path: string } {
  return { what: '--split', path };
}

/** Where a path leads through links, also that of a file which is still to be made. */
function placeOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // Not there yet, or out of reach: then its folder decides, and whoever opens it says what is wrong.
    const folder = dirname(path);
    return folder === path ? path : join(placeOf(folder), basename(path));
  }
}

function isDevice(place: string): boolean {
  try {
    const stats = statSync(place);
    return !stats.isFile() && !stats.isDirectory();
  } catch {
    return false; // not there yet, so it will be a file
  }
}
