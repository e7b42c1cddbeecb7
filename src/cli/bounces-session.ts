// Runs `mailgate bounces`: connects the scan, the reader, the suppression store and the screen, once or again and again.
import { resolve } from 'node:path';
import { systemClock } from '../clock.ts';
import { MailgateError } from '../errors.ts';
import { type ScanOptions, scanSources } from '../feedback/sources.ts';
import type { Store } from '../store/database.ts';
import { createSuppressionSink } from '../store/suppression-sink.ts';
import type { SuppressionOutcome } from '../store/suppressions.ts';
import type { BOUNCES_OPTIONS } from './bounces-options.ts';
import { type BounceRecord, recordJson, recordLines } from './bounces-record.ts';
import { type BounceCounts, type BounceFeed, runBounces } from './bounces-run.ts';
import { readVerpKeys } from './bounces-verp.ts';
import { Notices } from './notices.ts';
import type { CommonSettings } from './options.ts';
import { markAgain, NamedPaths, occasionally, pauseBetweenScans, problemLine, putAway, ReadBefore } from './scan.ts';
import type { SettingsOf } from './settings.ts';
import { sinkOptions } from './suppress-session.ts';
import { coloursFor, type Invocation, write } from './terminal.ts';

export type BouncesSettings = SettingsOf<typeof BOUNCES_OPTIONS> & CommonSettings;

/** What messages are remembered under; complaints and reports have their own. */
const JOB = 'bounces';

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
    const session: Session = {
      paths: new NamedPaths(paths, invocation),
      settings,
      invocation,
      notices,
      keys,
      store,
      unreadable: 0,
    };
    await scanAgainAndAgain(session);
    return session.unreadable > 0 ? 3 : 0;
  } finally {
    store?.close();
  }
}

interface Session {
  readonly paths: NamedPaths;
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
  const isWatching = settings.watchMs !== null;
  const before = new ReadBefore({ store: settings.moveTo === null ? store : null, job: JOB, isWatching });
  // One sink for the whole run: the alarm counts what a source suppresses in all of its scans.
  const feed = store === null ? null : feedInto(store, settings);
  for (;;) {
    const counts = await scanOnce(session, { before, feed });
    if (settings.watchMs === null || counts.messages > 0) showSummary(counts, session);
    if (settings.watchMs === null) return;
    await pauseBetweenScans(settings.watchMs, invocation.interrupted);
  }
}

async function scanOnce(
  session: Session,
  { before, feed }: { readonly before: ReadBefore; readonly feed: BounceFeed | null },
): Promise<BounceCounts> {
  const { paths, settings, invocation, notices, keys } = session;
  const options: ScanOptions = { recursive: settings.recursive, stdin: invocation.stdin, seen: before };
  const { moveTo, markSeen } = settings;
  const away = { moveTo, markSeen, cwd: invocation.cwd, paths, notices };
  return await runBounces({
    items: scanSources(paths.whole, options),
    feed,
    keys,
    now: () => systemClock.now(),
    throwIfStopped: () => invocation.interrupted.throwIfAborted(),
    problem: (item) => {
      session.unreadable += 1;
      notices.warn(problemLine(item, paths));
    },
    show: shower(session),
    finish: ({ place, sha256 }, fault) => {
      before.note(place, sha256);
      putAway(place, fault, away);
    },
    seenBefore: (place) => markAgain(place, away),
  });
}

/** Writes each record as it is kept, and says now and then how far a long scan is. */
function shower({ settings, invocation, notices, paths }: Session): (record: BounceRecord) => Promise<void> {
  const colours = coloursFor(invocation.stdout, { color: settings.color, env: invocation.env });
  let shown = 0;
  const tell = occasionally(() => notices.tell(`${shown} messages read so far …`));
  return async (kept) => {
    const record = { ...kept, place: paths.placeAsNamed(kept.place) };
    const text = settings.json ? recordJson(record) : recordLines(record, colours).join('\n');
    await write(invocation.stdout, `${text}\n`);
    shown += 1;
    tell();
  };
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
