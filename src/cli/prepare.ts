// Prepares what every command that asks the world needs: notices, the store, and with --sandbox a world to ask.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChalkInstance } from 'chalk';
import { systemClock } from '../clock.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { openStore } from '../store/database.ts';
import { KeptAnswers, type ListStore } from './kept-answers.ts';
import { Notices } from './notices.ts';
import type { AskSettings, CommonSettings } from './options.ts';
import { coloursFor, type Invocation } from './terminal.ts';

export interface Prepared {
  readonly notices: Notices;
  /** How the world is asked: the settings, or those that lead to the sandbox. */
  readonly ask: AskSettings;
  /** Colours for standard error. */
  readonly colours: ChalkInstance;
  readonly store: ListStore;
  readonly storePath: string;
  /** True where the store goes away with the run (the sandbox, unless --db was given). */
  readonly isTemporary: boolean;
  readonly kept: KeptAnswers;
  /** Aborted by a signal, or by a store that cannot keep what is decided; the reason says which. */
  readonly stopped: AbortSignal;
  close(): Promise<void>;
}

/** Opens the store. @throws MailgateError('store') where the file cannot be used; it is not touched then. */
export async function prepare(settings: AskSettings & CommonSettings, invocation: Invocation): Promise<Prepared> {
  const colours = coloursFor(invocation.stderr, { color: settings.color, env: invocation.env });
  const notices = new Notices(invocation.stderr, { colours, quiet: settings.quiet });
  const isTemporary = settings.sandbox && !settings.dbWasChosen;
  const folder = isTemporary ? await mkdtemp(join(tmpdir(), 'mailgate-sandbox-')) : null;
  const storePath = folder === null ? settings.db : join(folder, 'mailgate.sqlite');
  const store: ListStore = openStore({
    path: storePath,
    clock: systemClock,
    world: settings.sandbox ? 'pretend' : 'real',
  });
  const world = settings.sandbox ? await openSandbox(store) : null;
  if (world !== null && !isTemporary) {
    notices.tell(`Answers of the pretend world are kept in ${settings.db}: runs without --sandbox refuse this file.`);
  }
  const failed = new AbortController();
  const kept = new KeptAnswers({
    store,
    clock: systemClock,
    refresh: settings.refresh,
    maxAgeMs: settings.maxAgeMs,
    allowPrivate: settings.allowPrivate || settings.sandbox,
    ignoreSuppressions: settings.ignoreSuppressions,
    scope: settings.scope,
    onFailure: (error) => failed.abort(error),
  });
  return {
    notices,
    ask: world === null ? settings : settingsFor(world, settings),
    colours,
    store,
    storePath,
    isTemporary,
    kept,
    stopped: AbortSignal.any([invocation.interrupted, failed.signal]),
    close: async () => {
      try {
        if (!failed.signal.aborted) kept.close();
      } finally {
        store.close();
        await world?.stop();
        if (folder !== null) await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

/** The demo world; loaded only when asked for, since most runs never need it. */
async function openSandbox(store: ListStore): Promise<Sandbox> {
  try {
    const [{ startSandbox }, { demoWorld }] = await Promise.all([
      import('../sandbox/sandbox.ts'),
      import('../sandbox/demo-world.ts'),
    ]);
    return await startSandbox(demoWorld(), { keepCommands: false });
  } catch (error) {
    store.close();
    throw error;
  }
}

/** A pretend world is near and never asleep: waiting for its silent hosts as long as for real ones would bore people. */
const SANDBOX_TIMEOUT_MS = 3_000;

function settingsFor(world: Sandbox, settings: AskSettings): AskSettings {
  return {
    ...settings,
    dns: [world.dns],
    port: world.smtpPort,
    proxies: [], // it is on this machine
    allowPrivate: true,
    allowReserved: true,
    helo: settings.helo ?? 'mailgate.test',
    connectTimeoutMs: settings.connectTimeoutMs ?? SANDBOX_TIMEOUT_MS,
    commandTimeoutMs: settings.commandTimeoutMs ?? SANDBOX_TIMEOUT_MS,
  };
}
