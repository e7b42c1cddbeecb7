// What the scans of bounces, complaints and reports share: knowing what was read before, putting files away, pausing, warning.
import { writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { systemClock } from '../clock.ts';
import type { SeenMessages, SourceItem, SourcePlace } from '../feedback/sources.ts';
import type { Store } from '../store/database.ts';
import { type FileOutcome, markSeen, moveMessage } from './bounces-files.ts';
import type { Notices } from './notices.ts';
import type { Invocation } from './terminal.ts';

/** What need not be read again: by the store's memory of a job, and while watching also what this run has read. */
export class ReadBefore implements SeenMessages {
  readonly #options: ReadBeforeOptions;
  readonly #own = new Set<string>();

  constructor(options: ReadBeforeOptions) {
    this.#options = options;
  }

  hasPlace(key: string): boolean {
    if (this.#own.has(key)) return true;
    const { store, job } = this.#options;
    return (store?.scans.knownPlaces(job, [{ place: key, stamp: '' }]).size ?? 0) > 0;
  }

  hasContent(sha256: string): boolean {
    if (this.#own.has(sha256)) return true;
    const { store, job } = this.#options;
    return (store?.scans.knownContents(job, [sha256]).size ?? 0) > 0;
  }

  /** Notes what this run has dealt with, for its next scans. */
  note({ key }: SourcePlace, sha256: string | null): void {
    if (!this.#options.isWatching) return;
    if (key !== undefined) this.#own.add(key);
    if (sha256 !== null) this.#own.add(sha256);
  }
}

export interface ReadBeforeOptions {
  /**
   * Null where the memory of earlier runs is not to be asked. So it is where files are moved away: one that is still there
   * was left by a run that was stopped, and reading it again counts nothing twice.
   */
  readonly store: Store | null;
  readonly job: string;
  /** Whether this run scans again and again. */
  readonly isWatching: boolean;
}

export interface PutAwayOptions {
  readonly moveTo: string | null;
  readonly markSeen: boolean;
  readonly cwd: string;
  readonly paths: NamedPaths;
  readonly notices: Notices;
}

/**
 * Marks and moves a file whose result is kept. What could not be read goes to a folder of its own, with the reason in a file
 * beside it, so that a poison message is met once and looked at by a person.
 */
export function putAway(place: SourcePlace, problem: string | null, options: PutAwayOptions): void {
  const { moveTo, cwd } = options;
  if (problem === null) markAgain(place, options);
  if (moveTo === null) return;
  const folder = problem === null ? resolve(cwd, moveTo) : join(resolve(cwd, moveTo), 'unreadable');
  const outcome = moveMessage(place, folder);
  tellOutcome(outcome, place, options);
  if (problem === null || outcome !== 'done') return;
  writeFileSync(join(folder, `${basename(place.path)}.reason`), `${problem}\n`, { mode: 0o600 });
}

/** A message kept by a run that was stopped before it could mark it. */
export function markAgain(place: SourcePlace, options: PutAwayOptions): void {
  if (options.markSeen && options.moveTo === null) tellOutcome(markSeen(place), place, options);
}

function tellOutcome(outcome: FileOutcome, place: SourcePlace, { paths, notices }: PutAwayOptions): void {
  if (outcome !== 'not_possible') return;
  notices.warn(`${paths.placeAsNamed(place).path} stays where it is: it could not be moved or marked.`);
}

type Problem = SourceItem & { readonly status: 'problem' };

export function problemLine({ place: found, reason, detail }: Problem, paths: NamedPaths): string {
  const place = paths.placeAsNamed(found);
  const where = place.part === undefined ? place.path : `${place.path}, message ${place.part}`;
  return `${where} was not read (${reason.replaceAll('_', ' ')}): ${detail}`;
}

/** What a scan was told to read, and how a file of it is called: as the person named it, or the folder it lies in. */
export class NamedPaths {
  /** As scans want them: whole, but for standard input. */
  readonly whole: readonly string[];
  readonly #named: readonly string[];

  constructor(paths: readonly string[], { cwd }: Invocation) {
    this.#named = paths;
    this.whole = paths.map((path) => (path === '-' ? path : resolve(cwd, path)));
  }

  placeAsNamed(place: SourcePlace): SourcePlace {
    return { ...place, path: this.#asNamed(place.path) };
  }

  #asNamed(path: string): string {
    for (const [index, whole] of this.whole.entries()) {
      const named = this.#named[index] as string;
      if (path === whole) return named;
      if (path.startsWith(`${whole}/`)) return `${named.replace(/\/{1,8}$/, '')}${path.slice(whole.length)}`;
    }
    return path;
  }
}

/** Waits; ends early, with the reason thrown, where the run is interrupted. */
export async function pauseBetweenScans(ms: number, interrupted: AbortSignal): Promise<void> {
  interrupted.throwIfAborted();
  await new Promise<void>((done) => {
    const finish = (): void => {
      cancel();
      interrupted.removeEventListener('abort', finish);
      done();
    };
    const cancel = systemClock.after(ms, finish);
    interrupted.addEventListener('abort', finish, { once: true });
  });
  interrupted.throwIfAborted();
}

/** One line of JSON; characters that command a terminal or reverse text are escaped also where JSON does not ask for it. */
export function jsonLine(value: object): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const PROGRESS_MS = 10_000;

/** Calls back at most every ten seconds, so that a long scan shows that it lives. */
export function occasionally(tell: () => void): () => void {
  let toldAt = systemClock.monotonic();
  return () => {
    if (systemClock.monotonic() - toldAt < PROGRESS_MS) return;
    toldAt = systemClock.monotonic();
    tell();
  };
}
