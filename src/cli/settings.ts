// Options as one table: it declares the flags, names the config keys and variables, and settles which of them counts.
import { isAbsolute, join } from 'node:path';
import { type Command, Option } from 'commander';
import { MailgateError } from '../errors.ts';
import { commaList } from './durations.ts';
import { didYouMean } from './nearest.ts';

/**
 * One option of a command. Its long flag `--per-domain` is also the config key `per_domain` (or `per-domain`) and the
 * variable `MAILGATE_PER_DOMAIN`. Made by `switchOption`, `valueOption` or `listOption`.
 */
export interface OptionSpec<Name extends string = string, Value = unknown> {
  /** The name of the setting in code; free to differ from the flag (`waitMs` of `--wait`). */
  readonly name: Name;
  /** As commander takes them: `-q, --quiet`, `--wait <duration>`, `--no-smtp` (the setting is then true by default). */
  readonly flags: string;
  /** A phrase for the help, without a full stop. */
  readonly description: string;
  readonly kind: 'switch' | 'value' | 'list';
  /** Reads one value; throws a `MailgateError` of kind 'usage' that tells the form. */
  readonly parse: (text: string) => unknown;
  /** `parse` for the command line, where it is another: everybody on the machine can read what stands there. */
  readonly parseFlag?: (text: string) => unknown;
  readonly default: Value;
  /** The default as the help shows it; null shows none. */
  readonly defaultText: string | null;
  /** The words it takes, for the help and for completion. */
  readonly choices: readonly string[] | null;
  /** False for what makes no sense in the file, such as the name of the file. */
  readonly inFile: boolean;
}

/** The settings a table of options gives, by name. */
export type SettingsOf<Specs extends readonly OptionSpec[]> = {
  readonly [Spec in Specs[number] as Spec['name']]: Spec['default'];
};

/** Where a setting came from; an earlier one of these wins over a later one. */
export type SettingSource = 'flag' | 'env' | 'config' | 'default';

/** A value as it was written outside the command line, and where: "MAILGATE_WAIT", "wait in config.toml, line 3". */
export interface WrittenValue {
  readonly value: unknown;
  readonly origin: string;
}

/** Written values by the name of their setting. */
export type WrittenSettings = ReadonlyMap<string, WrittenValue>;

interface Common<Name extends string> {
  readonly name: Name;
  readonly flags: string;
  readonly description: string;
  readonly inFile?: boolean;
}

/** An option that is there or not; its setting is false by default, or true where the flag begins with `--no-`. */
export function switchOption<const Name extends string>(given: Common<Name>): OptionSpec<Name, boolean> {
  const isNegative = longNameOf(given.flags).startsWith('no-');
  const fixed = { kind: 'switch', parse: truth, defaultText: null, choices: null } as const;
  return { inFile: true, ...given, ...fixed, default: isNegative };
}

/** An option with one value. */
export function valueOption<const Name extends string, Value, Default>(
  given: Common<Name> & {
    readonly parse: (text: string) => Value;
    readonly default: Default;
    readonly defaultText?: string;
    readonly choices?: readonly string[];
  },
): OptionSpec<Name, Value | Default> {
  const { defaultText = null, choices = null, inFile = true } = given;
  return { ...given, kind: 'value', defaultText, choices, inFile };
}

/** An option that may be repeated, and whose value may hold several separated by commas; `parse` reads one of them. */
export function listOption<const Name extends string, Item>(
  given: Common<Name> & {
    readonly parse: (text: string) => Item;
    readonly parseFlag?: (text: string) => Item;
    readonly default?: readonly Item[];
    readonly defaultText?: string;
    readonly choices?: readonly string[];
  },
): OptionSpec<Name, readonly Item[]> {
  const { default: fallback = [], defaultText = null, choices = null, inFile = true } = given;
  return { ...given, kind: 'list', default: fallback, defaultText, choices, inFile };
}

/** Declares the options on `command`. Values are read as the command line is, so a wrong one is refused by its flag. */
export function addOptions(command: Command, specs: readonly OptionSpec[]): void {
  for (const spec of specs) command.addOption(commanderOption(spec));
}

/**
 * The settings of `command` once its command line was read, from flags, written settings and defaults, in this order.
 * Options of the commands above it count as well.
 */
export function settingsFrom<const Specs extends readonly OptionSpec[]>(
  command: Command,
  specs: Specs,
  written: { readonly env: WrittenSettings; readonly config: WrittenSettings },
): SettingsOf<Specs> {
  const given = new Map<string, WrittenValue>();
  const values = command.optsWithGlobals();
  for (const spec of specs) {
    const key = commanderOption(spec).attributeName();
    if (command.getOptionValueSourceWithGlobals(key) !== 'cli') continue;
    given.set(spec.name, { value: values[key], origin: `--${longNameOf(spec.flags)}` });
  }
  const settled = resolveSettings({ specs, flags: given, ...written });
  return Object.fromEntries([...settled].map(([name, { value }]) => [name, value])) as SettingsOf<Specs>;
}

/** The value of a setting that counts, and where it came from. */
export interface Resolved {
  readonly value: unknown;
  readonly source: SettingSource;
  /** The place it was written at, or null for a default. */
  readonly origin: string | null;
}

/** Every place a setting may come from. Flags hold values read already; the others are read when they count. */
export interface GivenSettings {
  readonly specs: readonly OptionSpec[];
  readonly flags: WrittenSettings;
  readonly env: WrittenSettings;
  readonly config: WrittenSettings;
}

/** What counts for each option: the flag, else the variable, else the config file, else the default. */
export function resolveSettings(given: GivenSettings): Map<string, Resolved> {
  return new Map(given.specs.map((spec) => [spec.name, resolve(spec, given)]));
}

function resolve(spec: OptionSpec, { flags, env, config }: GivenSettings): Resolved {
  const flag = flags.get(spec.name);
  if (flag !== undefined) return { ...flag, source: 'flag' };
  const variable = env.get(spec.name);
  if (variable !== undefined) return { ...readWritten(spec, variable), source: 'env' };
  const entry = config.get(spec.name);
  if (entry !== undefined) return { ...readWritten(spec, entry), source: 'config' };
  return { value: spec.default, source: 'default', origin: null };
}

/** Variables of our own that mirror no flag: those named here, and no others, may begin with `MAILGATE_`. */
export interface EnvironmentOptions {
  readonly otherNames?: readonly string[];
}

/**
 * The `MAILGATE_*` variables, by setting. `specs` must be the options of all commands: a variable for one of them is no
 * fault in another. An empty variable counts as none.
 * @throws {MailgateError} of kind 'usage' for an unknown one, with the nearest right name, and for a wrong value.
 */
export function readEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  specs: readonly OptionSpec[],
  options: EnvironmentOptions = {},
): WrittenSettings {
  const others = options.otherNames ?? [];
  const byVariable = specsByName(specs, variableOf);
  const written = new Map<string, WrittenValue>();
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith(VARIABLE_PREFIX) || value === undefined || others.includes(variable)) continue;
    const found = byVariable.get(variable);
    if (found === undefined) throw unknownVariable(variable, [...byVariable.keys(), ...others]);
    if (value.trim() === '') continue;
    for (const { spec, isNegated } of found) {
      const text = isNegated ? String(!truth(value, variable)) : value;
      readWritten(spec, { value: text, origin: variable });
      written.set(spec.name, { value: text, origin: variable });
    }
  }
  return written;
}

const VARIABLE_PREFIX = 'MAILGATE_';

/** The variable that mirrors a long flag: `per-domain` has `MAILGATE_PER_DOMAIN`. */
export function variableOf(longName: string): string {
  return `${VARIABLE_PREFIX}${longName.replaceAll('-', '_').toUpperCase()}`;
}

/** The long flag without its dashes: `wait` of `-w, --wait <duration>`. */
export function longNameOf(flags: string): string {
  const name = /--([a-z0-9][a-z0-9-]*)/.exec(flags)?.[1];
  if (name === undefined) throw new TypeError(`no long flag in ${flags}`);
  return name;
}

/** A way to name an option outside the command line; `isNegated` where it says the opposite of the setting. */
export interface NamedSpec {
  readonly spec: OptionSpec;
  readonly isNegated: boolean;
}

/** Options by what `nameOf` makes of their long names; `--no-smtp` goes by `no-smtp` (said true) and `smtp` (said false). */
export function specsByName(
  specs: readonly OptionSpec[],
  nameOf: (longName: string) => string,
): ReadonlyMap<string, readonly NamedSpec[]> {
  const byName = new Map<string, NamedSpec[]>();
  const add = (longName: string, named: NamedSpec): void => {
    const name = nameOf(longName);
    byName.set(name, [...(byName.get(name) ?? []), named]);
  };
  for (const spec of new Set(specs)) {
    const longName = longNameOf(spec.flags);
    const isNegative = spec.kind === 'switch' && longName.startsWith('no-');
    add(longName, { spec, isNegated: isNegative });
    if (isNegative) add(longName.slice('no-'.length), { spec, isNegated: false });
  }
  return byName;
}

/**
 * Reads what stands in the file or a variable: text, or what TOML has beside text. A number is taken as its digits.
 * @throws {MailgateError} of kind 'usage' that names the place and tells the form.
 */
export function readWritten(spec: OptionSpec, { value, origin }: WrittenValue): WrittenValue {
  return { origin, value: named(origin, () => readValue(spec, value)) };
}

function readValue(spec: OptionSpec, value: unknown): unknown {
  if (spec.kind === 'switch') return typeof value === 'boolean' ? value : truth(plain(value, 'true or false'));
  if (spec.kind === 'value') return spec.parse(Array.isArray(value) ? texts(value).join(',') : plain(value, 'a text'));
  const items = Array.isArray(value) ? texts(value) : commaList(plain(value, 'a list of texts'));
  return items.map(spec.parse);
}

function texts(values: readonly unknown[]): string[] {
  return values.map((value) => plain(value, 'a text'));
}

function plain(value: unknown, wanted: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  const found = typeof value === 'boolean' ? String(value) : Array.isArray(value) ? 'a list' : 'a table or date';
  throw new MailgateError('usage', `${wanted} is wanted here, not ${found}.`);
}

const TRUE_WORDS = ['1', 'true', 'yes', 'on'];
const FALSE_WORDS = ['0', 'false', 'no', 'off'];

function truth(text: string, origin?: string): boolean {
  const word = text.trim().toLowerCase();
  if (TRUE_WORDS.includes(word)) return true;
  if (FALSE_WORDS.includes(word)) return false;
  const place = origin === undefined ? '' : `${origin}: `;
  throw new MailgateError('usage', `${place}${JSON.stringify(text.slice(0, 60))} is neither true nor false.`);
}

function unknownVariable(variable: string, known: readonly string[]): MailgateError {
  const near = didYouMean(
    variable.slice(VARIABLE_PREFIX.length),
    known.map((name) => name.slice(VARIABLE_PREFIX.length)),
  );
  return new MailgateError(
    'usage',
    `There is no setting for the environment variable ${variable}${near.replace('mean ', `mean ${VARIABLE_PREFIX}`)}.`,
    { hint: 'Variables that begin with MAILGATE_ mirror the long options; unset this one or correct its name.' },
  );
}

/** Commander fills in no default: a setting the user did not give may still come from a variable or the file. */
function commanderOption(spec: OptionSpec): Option {
  const shown = spec.defaultText === null ? '' : ` (default: ${spec.defaultText})`;
  const option = new Option(spec.flags, `${spec.description}${shown}`);
  if (spec.choices !== null) option.argChoices = [...spec.choices];
  if (spec.kind === 'switch') return option;
  const origin = `--${longNameOf(spec.flags)}`;
  return option.argParser((text: string, previous: unknown) => {
    if (spec.kind === 'value') return named(origin, () => spec.parse(text));
    const items = named(origin, () => commaList(text).map(spec.parseFlag ?? spec.parse));
    return Array.isArray(previous) ? [...previous, ...items] : items;
  });
}

/** Puts the place in front of what a parser says. */
function named<Result>(origin: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof MailgateError)) throw error;
    const hint = error.hint === null ? {} : { hint: error.hint };
    throw new MailgateError(error.kind, `${origin}: ${error.message}`, { ...hint, cause: error });
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The folder for what must outlive a run (XDG Base Directory specification). */
export function dataFolder(env: Environment, home: string): string {
  return join(baseFolder(env['XDG_DATA_HOME'], join(home, '.local', 'share')), 'mailgate');
}

/** The config file that is read when there is one and no other was named. */
export function configFile(env: Environment, home: string): string {
  return join(baseFolder(env['XDG_CONFIG_HOME'], join(home, '.config')), 'mailgate', 'config.toml');
}

/** The store that is used when no other was named. */
export function defaultDb(env: Environment, home: string): string {
  return join(dataFolder(env, home), 'mailgate.sqlite');
}

/** "If an implementation encounters a relative path in any of these variables it should … ignore it." */
function baseFolder(value: string | undefined, fallback: string): string {
  return value !== undefined && isAbsolute(value) ? value : fallback;
}
