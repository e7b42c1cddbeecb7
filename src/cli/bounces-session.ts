// Runs `mailgate bounces`: connects the scan, the reader, the suppression store and the screen, once or again and again.
import { resolve } from 'node:path';
import { systemClock } from '../clock.ts';
import { MailgateError } from '../errors.ts';
import {
  type ScanOptions,
  type SeenMessages,
  type SourceItem,
  type SourcePlace,
  scanSources,
} from '../feedback/sources.ts';
import type { Store } from '../store/database.ts';
import { createSuppressionSink } from '../store/suppression-sink.ts';
import type { SuppressionOutcome } from '../store/suppressions.ts';
import { markSeen, moveMessage } from './bounces-files.ts';
import type { BOUNCES_OPTIONS } from './bounces-options.ts';
import { type BounceRecord, recordJson, recordLines } from './bounces-record.ts';
import { type BounceCounts, type BounceFeed, runBounces } from './bounces-run.ts';
import { readVerpKeys } from './bounces-verp.ts';
import { Notices } from './notices.ts';
import type { CommonSettings } from './options.ts';
import type { SettingsOf } from './settings.ts';
import { sinkOptions } from './suppress-session.ts';
import { coloursFor, type Invocation, write } from './terminal.ts';

export type BouncesSettings = SettingsOf<typeof BOUNCES_OPTIONS> & CommonSettings;

/** What messages are remembered under; complaints and reports have their own. */
const JOB = 'bounces';
const PROGRESS_MS = 10_000;

/**
 * Scans the paths and shows what came back. Resolves to the exit code: 3 where something named could not be read.
 * @throws {MailgateError} for options that clash, keys that cannot be read, or one source suppressing too many.
 */
export async function bouncesSession(
  paths: readonly string[],
  settings: BouncesSettings,
  invocation: Invocation,
): Promise<number> {
  refuseClashes(settings);
  const colours = coloursFor(invocation.stderr, { color: settings.color, env: invocation.env });
  const notices = new Notices(invocation.stderr, { colours, quiet: settings.quiet });
  const keys = readVerpKeys(settings.verpKeys.map((path) => resolve(invocation.cwd, path)));
  const feedsStore = settings.suppress || settings.dryRun;
  const store = feedsStore ? await openTheStore(settings) : null;
  try {
    const session: Session = { paths, settings, invocation, notices, keys, store, unreadable: 0 };
    await scanAgainAndAgain(session);
    return session.unreadable > 0 ? 3 : 0;
  } finally {
    store?.close();
  }
}

interface Session {
  readonly paths: readonly string[];
  readonly settings: BouncesSettings;
  readonly invocation: Invocation;
  readonly notices: Notices;
  readonly keys: ReturnType<typeof readVerpKeys>;
  readonly store: Store | null;
  unreadable: number;
}

function refuseClashes({ suppress, dryRun, moveTo, markSeen: marks, onlyVerified, verpKeys }: BouncesSettings): void {
  if ((moveTo !== null || marks) && (!suppress || dryRun)) {
    throw new MailgateError('usage', '--move-to and --mark-seen need --suppress, and no --dry-run', {
      hint: 'A message is put away only once what it said is kept in the suppression store.',
    });
  }
  if (onlyVerified && verpKeys.length === 0) {
    throw new MailgateError('usage', '--only-verified needs the key of the return addresses', {
      hint: 'Name it with --verp-key FILE.',
    });
  }
}

async function openTheStore(settings: BouncesSettings): Promise<Store> {
  const { openStore } = await import('../store/database.ts');
  return openStore({ path: settings.db, clock: systemClock });
}

async function scanAgainAndAgain(session: Session): Promise<void> {
  const { settings, invocation, store } = session;
  const seen = new SeenMessagesOfRun(store, {
    keepsOwn: settings.watchMs !== null,
    putsAway: settings.moveTo !== null || settings.markSeen,
  });
  // One sink for the whole run: the alarm counts what a source suppresses in all of its scans.
  const feed = store === null ? null : feedInto(store, settings);
  for (;;) {
    const counts = await scanOnce(session, { seen, feed });
    if (settings.watchMs === null || counts.messages > 0) showSummary(counts, session);
    if (settings.watchMs === null) return;
    await pause(settings.watchMs, invocation.interrupted);
  }
}

async function scanOnce(
  session: Session,
  { seen, feed }: { readonly seen: SeenMessagesOfRun; readonly feed: BounceFeed | null },
): Promise<BounceCounts> {
  const { paths, settings, invocation, notices, keys } = session;
  const named = paths.map((path) => (path === '-' ? path : resolve(invocation.cwd, path)));
  const options: ScanOptions = { recursive: settings.recursive, stdin: invocation.stdin, seen };
  const show = shower(session);
  return await runBounces({
    items: seen.noting(scanSources(named, options)),
    feed,
    keys,
    now: () => systemClock.now(),
    throwIfStopped: () => invocation.interrupted.throwIfAborted(),
    problem: (item) => {
      session.unreadable += 1;
      notices.warn(problemLine(item));
    },
    show,
    finish: (place) => putAway(place, session),
    // A run that was stopped may have kept it without putting it away.
    seenBefore: (place) => seen.lastCouldBeRead && putAway(place, session),
  });
}

function putAway(place: SourcePlace, { settings, invocation, notices }: Session): void {
  if (settings.markSeen && settings.moveTo === null) noteOutcome(markSeen(place), place.path, notices);
  if (settings.moveTo === null) return;
  noteOutcome(moveMessage(place, resolve(invocation.cwd, settings.moveTo)), place.path, notices);
}

/** Writes each record as it is kept, and says now and then how far a long scan is. */
function shower({ settings, invocation, notices, paths }: Session): (record: BounceRecord) => Promise<void> {
  const colours = coloursFor(invocation.stdout, { color: settings.color, env: invocation.env });
  let shown = 0;
  let toldAt = systemClock.monotonic();
  return async (kept) => {
    const record = { ...kept, place: { ...kept.place, path: asNamed(kept.place.path, paths, invocation.cwd) } };
    const text = settings.json ? recordJson(record) : recordLines(record, colours).join('\n');
    await write(invocation.stdout, `${text}\n`);
    shown += 1;
    if (systemClock.monotonic() - toldAt < PROGRESS_MS) return;
    toldAt = systemClock.monotonic();
    notices.tell(`${shown} messages read so far …`);
  };
}

/** A file as the person named it, or named the folder it lies in. */
function asNamed(path: string, paths: readonly string[], cwd: string): string {
  for (const named of paths) {
    const full = resolve(cwd, named);
    if (path === full) return named;
    if (path.startsWith(`${full}/`)) return `${named.replace(/\/{1,8}$/, '')}${path.slice(full.length)}`;
  }
  return path;
}

function problemLine({ place, reason, detail }: SourceItem & { readonly status: 'problem' }): string {
  const where = place.part === undefined ? place.path : `${place.path}, message ${place.part}`;
  return `${where} was not read (${reason.replaceAll('_', ' ')}): ${detail}`;
}

function noteOutcome(outcome: ReturnType<typeof moveMessage>, path: string, notices: Notices): void {
  if (outcome === 'not_possible') notices.warn(`${path} stays where it is: it could not be moved or marked.`);
}

/** What need not be read again: by the store's memory, and while watching also what this run has read. */
class SeenMessagesOfRun implements SeenMessages {
  readonly #store: Store | null;
  readonly #own: Set<string> | null;
  readonly #putsAway: boolean;
  #lastOutcome: string | null = null;

  constructor(store: Store | null, options: { readonly keepsOwn: boolean; readonly putsAway: boolean }) {
    this.#store = store;
    this.#own = options.keepsOwn ? new Set() : null;
    this.#putsAway = options.putsAway;
  }

  hasPlace(key: string): boolean {
    if (this.#own?.has(key) === true) return true;
    // Where messages are put away, only their content tells whether they could be read (`lastCouldBeRead`).
    if (this.#store === null || this.#putsAway) return false;
    return this.#store.scans.knownPlaces(JOB, [{ place: key, stamp: '' }]).size > 0;
  }

  hasContent(sha256: string): boolean {
    const outcome = this.#store?.scans.knownContents(JOB, [sha256]).get(sha256);
    this.#lastOutcome = outcome ?? null;
    return outcome !== undefined || this.#own?.has(sha256) === true;
  }

  /** Whether the message asked for last was known and could be read when it was. */
  get lastCouldBeRead(): boolean {
    return this.#putsAway && this.#lastOutcome !== null && this.#lastOutcome !== 'quarantined';
  }

  /** Notes what was read, once it was dealt with: the consumer asks for the next only then. */
  async *noting(items: AsyncIterable<SourceItem>): AsyncGenerator<SourceItem> {
    for await (const item of items) {
      yield item;
      if (this.#own === null || item.status !== 'message') continue;
      this.#own.add(item.sha256);
      if (item.place.key !== undefined) this.#own.add(item.place.key);
    }
  }
}

/** Events and the memory of their messages in one transaction: neither is ever there without the other. */
function feedInto(store: Store, settings: BouncesSettings): BounceFeed {
  const sink = createSuppressionSink(store.suppressions, sinkOptions(settings));
  return {
    commit: (events, messages) => {
      if (settings.dryRun) return sink.add(events);
      return store.suppressions.together((): readonly SuppressionOutcome[] => {
        const outcomes = sink.add(events);
        store.scans.remember(JOB, messages);
        return outcomes;
      });
    },
  };
}

/** A few lines for the person, on standard error. */
function showSummary(
  { messages, seen, kinds, strengths, outcomes }: BounceCounts,
  { settings, notices }: Session,
): void {
  const known = seen === 0 ? '' : `, ${seen} known from before`;
  notices.tell(
    `${messages} ${messages === 1 ? 'message' : 'messages'} read${known}: ${listed(kinds) || 'nothing new'}`,
  );
  if (strengths.size > 0) notices.tell(`recipients that bounced: ${listed(strengths)}`);
  if (outcomes.size === 0) return;
  notices.tell(`${settings.dryRun ? 'would be' : 'in the suppression store'}: ${listed(outcomes)}`);
}

function listed(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([name, count]) => `${count} ${name}`).join(', ');
}

/** Ends early, with the reason thrown, where the run is interrupted. */
async function pause(ms: number, interrupted: AbortSignal): Promise<void> {
  interrupted.throwIfAborted();
  await new Promise<void>((done) => {
    const cancel = systemClock.after(ms, finish);
    function finish(): void {
      cancel();
      interrupted.removeEventListener('abort', finish);
      done();
    }
    interrupted.addEventListener('abort', finish, { once: true });
  });
  interrupted.throwIfAborted();
}
