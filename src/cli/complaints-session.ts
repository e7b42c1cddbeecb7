// Runs `mailgate complaints`: connects the scan, the reader, the suppression store and the screen, once or again and again.
import { resolve } from 'node:path';
import type { ChalkInstance } from 'chalk';
import { systemClock } from '../clock.ts';
import { MailgateError } from '../errors.ts';
import { readComplaint } from '../feedback/complaint.ts';
import { readMime } from '../feedback/mime.ts';
import { type SourceItem, scanSources } from '../feedback/sources.ts';
import type { VerpKey } from '../feedback/verp.ts';
import { openStore, type Store } from '../store/database.ts';
import { createSuppressionSink } from '../store/suppression-sink.ts';
import type { SuppressionEvent, SuppressionOutcome, SuppressionSink } from '../store/suppressions.ts';
import { readVerpKeys } from './bounces-verp.ts';
import { type Consequence, consequencesOf } from './complaints-events.ts';
import type { COMPLAINTS_OPTIONS } from './complaints-options.ts';
import { type ComplaintRecord, kindOf, recordLines, recordObject } from './complaints-record.ts';
import { resolveComplaint } from './complaints-resolve.ts';
import { readSentLog, type SentLog } from './complaints-sent-log.ts';
import { Notices } from './notices.ts';
import { plural } from './number-words.ts';
import type { CommonSettings } from './options.ts';
import {
  jsonLine,
  markAgain,
  NamedPaths,
  occasionally,
  type PutAwayOptions,
  pauseBetweenScans,
  problemLine,
  putAway,
  ReadBefore,
} from './scan.ts';
import type { SettingsOf } from './settings.ts';
import { sinkOptions } from './suppress-session.ts';
import { coloursFor, type Invocation, write } from './terminal.ts';

export type ComplaintsSettings = SettingsOf<typeof COMPLAINTS_OPTIONS> & CommonSettings;

/** What messages are remembered under; bounces and reports have their own. */
const JOB = 'complaints';

/**
 * Scans the paths and shows who complained. Resolves to the exit code: 1 where it stayed unknown who did, 3 where something
 * named could not be read.
 * @throws {MailgateError} for options that clash, keys or logs that cannot be read, or one source suppressing too many.
 */
export async function complaintsSession(
  paths: readonly string[],
  settings: ComplaintsSettings,
  invocation: Invocation,
): Promise<number> {
  refuseClashes(settings);
  const keys = readVerpKeys(settings.verpKeys.map((path) => resolve(invocation.cwd, path)));
  const sentLog = settings.sentLog === null ? null : await readSentLog(resolve(invocation.cwd, settings.sentLog));
  const store = settings.suppress || settings.dryRun ? openStore({ path: settings.db, clock: systemClock }) : null;
  try {
    const given = { paths: new NamedPaths(paths, invocation), settings, invocation, store, keys, sentLog };
    return await new ComplaintsSession(given).scanAgainAndAgain();
  } finally {
    store?.close();
  }
}

function refuseClashes({ suppress, dryRun, moveTo, markSeen, onlyVerified, verpKeys }: ComplaintsSettings): void {
  if ((moveTo !== null || markSeen) && (!suppress || dryRun)) {
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

type Message = Extract<SourceItem, { status: 'message' }>;

interface Taken {
  readonly message: Message;
  readonly record: ComplaintRecord;
  readonly consequences: readonly Consequence[];
}

/** Messages whose results are kept in one transaction. */
const BATCH = 100;
const BATCH_BYTES = 8_000_000;

interface Given {
  readonly paths: NamedPaths;
  readonly settings: ComplaintsSettings;
  readonly invocation: Invocation;
  readonly store: Store | null;
  readonly keys: readonly VerpKey[];
  readonly sentLog: SentLog | null;
}

class ComplaintsSession {
  readonly #given: Given;
  readonly #notices: Notices;
  readonly #colours: ChalkInstance;
  readonly #before: ReadBefore;
  /** One for all scans of the run: its alarm counts what a source suppresses in all of them. */
  readonly #sink: SuppressionSink | null;
  readonly #counts = new Map<string, number>();
  #messages = 0;
  #unresolved = 0;
  #unreadable = 0;
  #batch: Message[] = [];
  #batchBytes = 0;

  constructor(given: Given) {
    const { settings, invocation, store } = given;
    const { color, quiet } = settings;
    this.#given = given;
    const colours = coloursFor(invocation.stderr, { color, env: invocation.env });
    this.#notices = new Notices(invocation.stderr, { colours, quiet });
    this.#colours = coloursFor(invocation.stdout, { color, env: invocation.env });
    const isWatching = settings.watchMs !== null;
    this.#before = new ReadBefore({ store: settings.moveTo === null ? store : null, job: JOB, isWatching });
    this.#sink = store === null ? null : createSuppressionSink(store.suppressions, sinkOptions(settings));
  }

  async scanAgainAndAgain(): Promise<number> {
    const { settings, invocation } = this.#given;
    for (;;) {
      await this.#scan();
      if (settings.watchMs === null || this.#messages > 0) this.#showSummary();
      if (settings.watchMs === null) break;
      await pauseBetweenScans(settings.watchMs, invocation.interrupted);
    }
    if (this.#unreadable > 0) return 3;
    return this.#unresolved > 0 ? 1 : 0;
  }

  async #scan(): Promise<void> {
    const { paths, settings, invocation } = this.#given;
    this.#messages = 0;
    this.#counts.clear();
    const tell = occasionally(() => this.#notices.tell(`${this.#messages} messages read so far …`));
    const options = { recursive: settings.recursive, stdin: invocation.stdin, seen: this.#before };
    for await (const item of scanSources(paths.whole, options)) {
      invocation.interrupted.throwIfAborted();
      await this.#take(item);
      tell();
    }
    await this.#keepBatch();
  }

  async #take(item: SourceItem): Promise<void> {
    if (item.status === 'problem') {
      if (item.reason !== 'too_large') this.#unreadable += 1;
      this.#notices.warn(problemLine(item, this.#given.paths));
      return;
    }
    if (item.status === 'seen') {
      this.#count('known from before');
      markAgain(item.place, this.#putAwayOptions);
      return;
    }
    this.#messages += 1;
    this.#batch.push(item);
    this.#batchBytes += item.bytes.length;
    if (this.#batch.length >= BATCH || this.#batchBytes >= BATCH_BYTES) await this.#keepBatch();
  }

  /** What a batch said is committed, with the memory of its messages, before anything of it is shown or moved. */
  async #keepBatch(): Promise<void> {
    const taken = this.#batch.map((message) => this.#read(message));
    this.#batch = [];
    this.#batchBytes = 0;
    const outcomes = this.#keep(taken);
    let next = 0;
    for (const { message, record, consequences } of taken) {
      const told = consequences.map((consequence) => {
        if (this.#sink === null) return null;
        return consequence.status === 'event' ? (outcomes[next++] ?? null) : consequence.outcome;
      });
      await this.#show({ ...record, outcomes: told });
      this.#before.note(message.place, message.sha256);
      putAway(message.place, record.problem, this.#putAwayOptions);
    }
  }

  #read(message: Message): Taken {
    const { settings, keys, sentLog } = this.#given;
    const nothing = { place: message.place, complaint: null, problem: null, outcomes: [] };
    const reading = readSafely(message.bytes);
    if (typeof reading === 'string') return { message, record: { ...nothing, problem: reading }, consequences: [] };
    if (reading === null) return { message, record: nothing, consequences: [] };
    const resolved = resolveComplaint(reading, { keys, sentLog });
    const context = { sha256: message.sha256, scope: settings.scope, now: systemClock.now() };
    return {
      message,
      record: { ...nothing, complaint: { reading, resolved } },
      consequences: consequencesOf(reading, resolved, context),
    };
  }

  #keep(taken: readonly Taken[]): readonly SuppressionOutcome[] {
    const { store, settings } = this.#given;
    const sink = this.#sink;
    if (store === null || sink === null || taken.length === 0) return [];
    const events = taken.flatMap(({ consequences }) => consequences.flatMap(eventOf));
    if (settings.dryRun) return sink.add(events);
    return store.together(() => {
      const outcomes = sink.add(events);
      store.scans.remember(JOB, taken.filter(isSettled).map(remembered));
      return outcomes;
    });
  }

  async #show(kept: ComplaintRecord): Promise<void> {
    const { paths, settings, invocation } = this.#given;
    const record = { ...kept, place: paths.placeAsNamed(kept.place) };
    this.#count(record.complaint?.reading.feedbackType ?? kindOf(record));
    if (needsRecipient(record)) this.#unresolved += 1;
    const lines = settings.json ? [jsonLine(recordObject(record))] : recordLines(record, this.#colours);
    await write(invocation.stdout, `${lines.join('\n')}\n`);
  }

  #showSummary(): void {
    const found = [...this.#counts].map(([name, count]) => `${count} ${name}`).join(', ');
    this.#notices.tell(`${plural(this.#messages, 'message')} read: ${found || 'nothing new'}`);
    if (this.#unresolved === 0) return;
    const hint = this.#given.sentLog === null ? ' A log of what was sent may tell: --sent-log FILE.' : '';
    this.#notices.warn(
      `${plural(this.#unresolved, 'complaint')} of unknown people: nobody was suppressed for them.${hint}`,
    );
  }

  #count(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  get #putAwayOptions(): PutAwayOptions {
    const { paths, settings, invocation } = this.#given;
    const { moveTo, markSeen } = settings;
    return { moveTo, markSeen, cwd: invocation.cwd, paths, notices: this.#notices };
  }
}

/** A message that shows a bug of the reader must not stop the scan of the others: it is set aside with its reason. */
function readSafely(bytes: Buffer): ReturnType<typeof readComplaint> | string {
  try {
    return readComplaint(readMime(bytes));
  } catch (error) {
    return `set aside, for reading it failed: ${(error as Error).message}. Please report this as a bug.`;
  }
}

function eventOf(consequence: Consequence): SuppressionEvent[] {
  return consequence.status === 'event' ? [consequence.event] : [];
}

/** Somebody complained, and nobody knows who. */
function needsRecipient({ complaint }: ComplaintRecord): boolean {
  const action = complaint?.reading.action;
  return complaint?.resolved.recipients.length === 0 && (action === 'suppress' || action === 'unsubscribe');
}

/** A complaint of an unknown person is read again another time: the log or the key that resolves it may come later. */
function isSettled({ record }: Taken): boolean {
  return !needsRecipient(record);
}

function remembered({ message, record }: Taken): Parameters<Store['scans']['remember']>[1][number] {
  const { key } = message.place;
  return {
    at: key === undefined ? null : { place: key, stamp: '' },
    sha256: message.sha256,
    outcome: record.problem === null ? kindOf(record) : 'quarantined',
    detail: record.problem,
  };
}
