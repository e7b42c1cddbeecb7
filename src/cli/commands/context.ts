// What a command file is given: the invocation, the settings of its options, and a way to set the exit code.
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { readConfigFile } from '../config-file.ts';
import { ALL_OPTIONS, COMMON_OPTIONS, type CommonSettings, type FileSettings } from '../options.ts';
import { configFile, defaultDb, type OptionSpec, readEnvironment, type SettingsOf, settingsFrom } from '../settings.ts';
import type { Invocation } from '../terminal.ts';

export interface CommandContext {
  readonly invocation: Invocation;
  readonly exitWith: (code: number) => void;
}

/** The settings of a command: flags before environment before config file before defaults. @throws MailgateError('usage') */
export function readSettings<const Specs extends readonly OptionSpec[]>(
  command: Command,
  specs: Specs,
  { invocation }: CommandContext,
): SettingsOf<Specs> & CommonSettings & FileSettings {
  const { env, home, cwd } = invocation;
  const fromEnv = readEnvironment(env, ALL_OPTIONS, {
    otherNames: ['MAILGATE_SERVER_TESTS', 'MAILGATE_TEST_SERVERS', 'MAILGATE_VERP_SECRET'],
  });
  const before = settingsFrom(command, COMMON_OPTIONS, { env: fromEnv, config: new Map() });
  const path = before.config === null ? configFile(env, home) : resolve(cwd, before.config);
  const file = readConfigFile(path, { specs: ALL_OPTIONS, mayBeMissing: before.config === null });
  const common = settingsFrom(command, COMMON_OPTIONS, { env: fromEnv, config: file.settings });
  const db = common.db === null ? defaultDb(env, home) : resolve(cwd, common.db);
  return {
    ...settingsFrom(command, specs, { env: fromEnv, config: file.settings }),
    ...common,
    db,
    limitExceptions: file.limits,
    dbWasChosen: command.getOptionValueSourceWithGlobals('db') === 'cli',
  };
}
