// Runs `mailgate dmarc`: connects the scan, the readers of reports, the store and the screen, once or again and again.
import type { ChalkInstance } from 'chalk';
import { systemClock } from '../clock.ts';
import { MailgateError } from '../errors.ts';
import { Rollup } from '../feedback/dmarc-rollup.ts';
import { type LargeFile, type SourceItem, scanWithLargeFiles } from '../feedback/sources.ts';
import { openStore, type Store } from '../store/database.ts';
import type { DMARC_OPTIONS, TimeSetting } from './dmarc-options.ts';
import { parsedmarcObject } from './dmarc-parsedmarc.ts';
import { DmarcReader, type ReadFile } from './dmarc-reader.ts';
import { reportLine, reportObject, type ShownReport } from './dmarc-record.ts';
import { type RollupFormat, rollupLines } from './dmarc-rollup-view.ts';
import { Notices } from './notices.ts';
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
import { coloursFor, type Invocation, write } from './terminal.ts';

export type DmarcSettings = SettingsOf<typeof DMARC_OPTIONS> & CommonSettings;

/** What files are remembered under; bounces and complaints have their own. */
const JOB = 'dmarc';

/**
 * Reads the reports at `paths`, keeps them and shows them; without paths, or with --rollup, sums up what is kept. Resolves
 * to the exit code: 3 where something named could not be read.
 * @throws {MailgateError} for options that clash.
 */
export async function dmarcSession(
  paths: readonly string[],
  settings: DmarcSettings,
  invocation: Invocation,
): Promise<number> {
  refuseClashes(paths, settings);
  const store = settings.store ? openStore({ path: settings.db, clock: systemClock }) : null;
  try {
    const session = new DmarcSession({ settings, invocation, store, paths: new NamedPaths(paths, invocation) });
    if (paths.length > 0) await session.scanAgainAndAgain();
    if (settings.rollup || paths.length === 0) await session.showKept();
    return session.exitCode;
  } finally {
    store?.close();
  }
}

function refuseClashes(paths: readonly string[], settings: DmarcSettings): void {
  if (paths.length === 0 && !settings.store) {
    throw new MailgateError('usage', '--no-store needs something to read', { hint: 'Name files or folders.' });
  }
  if ((settings.moveTo !== null || settings.markSeen || settings.onlyNew) && !settings.store) {
    throw new MailgateError('usage', '--move-to, --mark-seen and --only-new do not go with --no-store', {
      hint: 'A file is put away, or passed over, only because its reports are kept.',
    });
  }
  if (settings.rollup && !settings.store) {
    throw new MailgateError('usage', '--rollup sums up what is kept, so it does not go with --no-store');
  }
}

/** Files whose reports are kept in one transaction; a large file is one alone. */
const BATCH = 100;
const BATCH_ROWS = 50_000;

interface Given {
  readonly settings: DmarcSettings;
  readonly invocation: Invocation;
  readonly store: Store | null;
  readonly paths: NamedPaths;
}

class DmarcSession {
  readonly #settings: DmarcSettings;
  readonly #invocation: Invocation;
  readonly #store: Store | null;
  readonly #paths: NamedPaths;
  readonly #notices: Notices;
  readonly #colours: ChalkInstance;
  readonly #reader: DmarcReader;
  readonly #before: ReadBefore;
  readonly #statuses = new Map<string, number>();
  #rollups = newRollups();
  /** The reports in them: a copy of one counts once, whether or not it was kept before. */
  readonly #summed = new Set<string>();
  #files = 0;
  #batch: ReadFile[] = [];
  exitCode = 0;

  constructor({ settings, invocation, store, paths }: Given) {
    const { color, quiet } = settings;
    this.#settings = settings;
    this.#invocation = invocation;
    this.#store = store;
    this.#paths = paths;
    this.#notices = new Notices(invocation.stderr, {
      colours: coloursFor(invocation.stderr, { color, env: invocation.env }),
      quiet,
    });
    this.#colours = coloursFor(invocation.stdout, { color, env: invocation.env });
    this.#reader = new DmarcReader({ store: store?.reports ?? null, settings });
    this.#before = new ReadBefore({
      store: settings.onlyNew && settings.moveTo === null ? store : null,
      job: JOB,
      isWatching: settings.watchMs !== null,
    });
  }

  async scanAgainAndAgain(): Promise<void> {
    const { watchMs, rollup } = this.#settings;
    const { interrupted } = this.#invocation;
    for (;;) {
      await this.#scan();
      if (!rollup) await this.#showRun();
      if (watchMs === null) return;
      await pauseBetweenScans(watchMs, interrupted);
    }
  }

  async #scan(): Promise<void> {
    const { recursive } = this.#settings;
    const { stdin, interrupted } = this.#invocation;
    this.#files = 0;
    const tell = occasionally(() => this.#notices.tell(`${this.#files} files read so far …`));
    for await (const item of scanWithLargeFiles(this.#paths.whole, { recursive, stdin, seen: this.#before })) {
      interrupted.throwIfAborted();
      await this.#take(item, tell);
      tell();
    }
    await this.#keepBatch();
  }

  async #take(item: SourceItem | LargeFile, tell: () => void): Promise<void> {
    if (item.status === 'seen') {
      this.#count('known from before');
      markAgain(item.place, this.#putAwayOptions);
      return;
    }
    if (item.status === 'problem') {
      if (item.reason !== 'too_large') this.exitCode = 3;
      this.#notices.warn(problemLine(item, this.#paths));
      await this.#show(this.#reader.problem(item));
      return;
    }
    this.#files += 1;
    this.#batch.push(await this.#reader.read(item, tell));
    const rows = this.#batch.reduce((sum, file) => sum + file.rowCount, 0);
    if (this.#batch.length >= BATCH || rows >= BATCH_ROWS) await this.#keepBatch();
  }

  /** All reports of a batch are committed, with the memory of their files, before anything of them is shown or moved. */
  async #keepBatch(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    if (batch.length === 0) return;
    this.#store?.together(() => {
      for (const file of batch) this.#reader.keep(file);
      this.#store?.scans.remember(JOB, batch.flatMap(rememberedFile));
    });
    for (const file of batch) {
      for (const shown of file.shown()) await this.#show(shown);
      for (const row of file.summaryRows(this.#summed))
        this.#rollups[row.kind === 'tls' ? 'tls' : 'aggregate'].add(row);
      this.#before.note(file.item.place, file.sha256);
      putAway(file.item.place, file.problem(), this.#putAwayOptions);
    }
  }

  get #putAwayOptions(): PutAwayOptions {
    const { moveTo, markSeen } = this.#settings;
    return { moveTo, markSeen, cwd: this.#invocation.cwd, paths: this.#paths, notices: this.#notices };
  }

  async #show(found: ShownReport): Promise<void> {
    const shown = { ...found, place: this.#paths.placeAsNamed(found.place) };
    this.#count(shown.status);
    const { json, rollup, fieldNames } = this.#settings;
    if (rollup) return;
    const object = (): object => (fieldNames === 'parsedmarc' ? parsedmarcObject(shown) : reportObject(shown));
    await this.#print([json ? jsonLine(object()) : reportLine(shown, this.#colours)]);
  }

  /** After a scan, for people: what was read, and the roll-up of just that. */
  async #showRun(): Promise<void> {
    const { json, top } = this.#settings;
    const found = [...this.#statuses].map(([status, count]) => `${count} ${status}`).join(', ');
    this.#notices.tell(`${this.#files} ${this.#files === 1 ? 'file' : 'files'} read: ${found || 'nothing new'}`);
    this.#statuses.clear();
    const { aggregate, tls } = this.#rollups;
    this.#rollups = newRollups();
    this.#summed.clear();
    if (json) return;
    const view = { by: RUN_BY, format: 'table', top, colours: this.#colours } as const;
    await this.#print(rollupLines(aggregate.groups(), { ...view, unit: 'messages' }));
    await this.#print(rollupLines(tls.groups(), { ...view, unit: 'sessions' }));
  }

  /** The roll-up of everything that is kept, within the limits that were asked for. */
  async showKept(): Promise<void> {
    const { by, top, domain, json, kind: wanted } = this.#settings;
    const now = systemClock.now();
    const since = secondsOf(this.#settings.since, now);
    const until = secondsOf(this.#settings.until, now);
    const format: RollupFormat = json ? 'ndjson' : this.#settings.format;
    let isEmpty = true;
    // Machines are given one kind: sessions would be another thing in the same columns.
    const both = format === 'table' ? (['aggregate', 'tls'] as const) : (['aggregate'] as const);
    for (const kind of wanted === null ? both : [wanted]) {
      const rollup = new Rollup({ by, since, until });
      const filter = { kind, domain: domain?.toLowerCase(), since, until };
      for (const row of this.#store?.reports.rows(filter) ?? []) rollup.add(row);
      const groups = rollup.groups();
      isEmpty = isEmpty && groups.length === 0;
      const unit = kind === 'tls' ? 'sessions' : 'messages';
      await this.#print(rollupLines(groups, { by, format, top, unit, colours: this.#colours }));
    }
    if (isEmpty) this.#notices.tell('No report is kept that fits. Read some with: mailgate dmarc FOLDER');
  }

  #count(status: string): void {
    this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1);
  }

  async #print(lines: readonly string[]): Promise<void> {
    if (lines.length > 0) await write(this.#invocation.stdout, `${lines.join('\n')}\n`);
  }
}

const RUN_BY = ['domain', 'source'] as const;

function newRollups(): { aggregate: Rollup; tls: Rollup } {
  return { aggregate: new Rollup({ by: RUN_BY }), tls: new Rollup({ by: RUN_BY }) };
}

function secondsOf(time: TimeSetting | null, now: number): number | undefined {
  if (time === null) return undefined;
  return Math.floor(('at' in time ? time.at : now - time.agoMs) / 1000);
}

function rememberedFile(file: ReadFile): Parameters<Store['scans']['remember']>[1] {
  if (file.sha256 === null) return [];
  const { key } = file.item.place;
  const problem = file.problem();
  return [
    {
      at: key === undefined ? null : { place: key, stamp: '' },
      sha256: file.sha256,
      outcome: problem === null ? 'read' : 'quarantined',
      detail: problem,
    },
  ];
}
