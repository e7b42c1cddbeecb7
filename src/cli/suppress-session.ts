// What every `mailgate suppress` command works with: the store, its settings, and ways to print and to tell.
import { resolve } from 'node:path';
import { systemClock } from '../clock.ts';
import { openStore, type Store } from '../store/database.ts';
import type { FailureRules } from '../store/suppression-failures.ts';
import { SOFT_RULE } from '../store/suppression-reasons.ts';
import type { SinkOptions } from '../store/suppression-sink.ts';
import { Notices } from './notices.ts';
import type { CommonSettings } from './options.ts';
import { coloursFor, type Invocation, write } from './terminal.ts';

export interface SuppressSession {
  readonly store: Store;
  readonly invocation: Invocation;
  readonly settings: CommonSettings;
  readonly notices: Notices;
  /** The time of the run, in milliseconds since the epoch. */
  readonly now: number;
  /** Writes a text on standard output; many lines at once are quicker than one by one. */
  print(text: string): Promise<void>;
  /** The full path of a file the person named. */
  pathOf(name: string): string;
}

/** Opens the store, has it used, and closes it again. */
export async function withSuppressions<Result>(
  settings: CommonSettings,
  invocation: Invocation,
  use: (session: SuppressSession) => Promise<Result>,
): Promise<Result> {
  const colours = coloursFor(invocation.stderr, { color: settings.color, env: invocation.env });
  const store = openStore({ path: settings.db, clock: systemClock });
  try {
    return await use({
      store,
      invocation,
      settings,
      notices: new Notices(invocation.stderr, { colours, quiet: settings.quiet }),
      now: systemClock.now(),
      print: (text) => write(invocation.stdout, text),
      pathOf: (name) => resolve(invocation.cwd, name),
    });
  } finally {
    store.close();
  }
}

/** The rules that `SOFT_OPTIONS` ask for. */
export function failureRules(settings: { readonly softLimit: number; readonly softWindowMs: number }): FailureRules {
  return { softRule: { ...SOFT_RULE, failures: settings.softLimit, withinMs: settings.softWindowMs } };
}

/** How a scan feeds the store, by the settings of `FEED_OPTIONS`. */
export function sinkOptions(settings: {
  readonly dryRun: boolean;
  readonly softLimit: number;
  readonly softWindowMs: number;
  readonly sourceLimit: number;
  readonly yes: boolean;
  readonly onlyVerified: boolean;
}): SinkOptions {
  const { dryRun, onlyVerified, yes, sourceLimit } = settings;
  return { ...failureRules(settings), dryRun, onlyVerified, mostPerSource: yes ? null : sourceLimit };
}
