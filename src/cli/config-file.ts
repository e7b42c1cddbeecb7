// Reads the config file: TOML, one key for each long option, and sections with the limits of single providers and domains.
import { readFileSync, statSync } from 'node:fs';
import { parse, TomlError } from 'smol-toml';
import { MailgateError } from '../errors.ts';
import { withoutLogin } from '../smtp/proxy.ts';
import type { LimitExceptions } from '../verify/limits.ts';
import { isSectionKind, readLimitSections, SECTION_KINDS } from './limit-sections.ts';
import { didYouMean } from './nearest.ts';
import {
  type NamedSpec,
  type OptionSpec,
  readWritten,
  specsByName,
  type WrittenSettings,
  type WrittenValue,
} from './settings.ts';

/** A config file is written by hand; a larger one is some other file. */
const MAX_BYTES = 1024 * 1024;

/** What a config file holds. */
export interface ConfigFile {
  readonly settings: WrittenSettings;
  /** The limits of single providers and domains. */
  readonly limits: LimitExceptions;
}

const NO_FILE: ConfigFile = { settings: new Map(), limits: { providers: new Map(), domains: new Map() } };

/**
 * What stands in the file at `path`. `specs` must be the options of all commands: a key for one is no fault in another.
 * @param mayBeMissing true for the default place, where no file means no settings.
 * @throws {MailgateError} of kind 'usage' for a file that cannot be read, wrong TOML, unknown keys and wrong values.
 */
export function readConfigFile(
  path: string,
  options: { readonly specs: readonly OptionSpec[]; readonly mayBeMissing: boolean },
): ConfigFile {
  const text = readText(path, options.mayBeMissing);
  return text === null ? NO_FILE : parseConfig(text, { path, specs: options.specs });
}

/** What stands in `text`, the content of the file at `path`. */
export function parseConfig(
  text: string,
  file: { readonly path: string; readonly specs: readonly OptionSpec[] },
): ConfigFile {
  const byKey = specsByName(
    file.specs.filter((spec) => spec.inFile),
    (longName) => longName.replaceAll('-', '_'),
  );
  const settings = new Map<string, WrittenValue & { readonly key: string }>();
  const content = parseToml(text, file.path);
  for (const [key, value] of Object.entries(content)) {
    if (isSectionKind(key)) continue;
    const found = byKey.get(key.replaceAll('-', '_'));
    const origin = originOf(key, { path: file.path, line: lineOf(key, text) });
    if (found === undefined) throw unknownKey({ key, value, origin, known: [...byKey.keys(), ...SECTION_KINDS] });
    for (const named of found) {
      const entry = { key, value: meaningOf(value, { ...named, origin }), origin };
      readWritten(named.spec, entry);
      const other = settings.get(named.spec.name);
      if (other !== undefined && other.key !== key) {
        throw new MailgateError('usage', `${origin}: ${other.key} has already said this; leave one of the two.`);
      }
      settings.set(named.spec.name, entry);
    }
  }
  const place = { path: file.path, text, topKeys: new Set(byKey.keys()) };
  return { settings, limits: readLimitSections(content, place) };
}

function readText(path: string, mayBeMissing: boolean): string | null {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined && mayBeMissing) return null;
    if (stats !== undefined && stats.size > MAX_BYTES) {
      throw new MailgateError('usage', `The config file ${path} is far too large to be one.`);
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    if (error instanceof MailgateError) throw error;
    throw new MailgateError('usage', `The config file ${path} cannot be read: ${whyUnread(error)}.`, {
      hint: 'Name another file with --config, or put this one right.',
      cause: error,
    });
  }
}

function whyUnread(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : '';
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return 'it is not UTF-8 text';
  return READ_FAILURES.get(code) ?? error.message;
}

const READ_FAILURES: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'it does not exist'],
  ['EISDIR', 'it is a folder'],
  ['ENOTDIR', 'a part of its path is not a folder'],
  ['EACCES', 'you may not read it'],
  ['EPERM', 'you may not read it'],
]);

function parseToml(text: string, path: string): Record<string, unknown> {
  try {
    return parse(text, { integersAsBigInt: 'asNeeded' });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [summary = '', ...excerpt] = error.message.split('\n');
    throw new MailgateError(
      'usage',
      `${path}, line ${error.line}: ${summary.replace('Invalid TOML document: ', '')}.`,
      // The lines shown may hold the login of a proxy.
      { hint: `The file must be TOML:\n${withoutLogin(excerpt.join('\n').trimEnd())}` },
    );
  }
}

/** `no_smtp = true` says what `smtp = false` says. */
function meaningOf(value: unknown, { spec, isNegated, origin }: NamedSpec & { readonly origin: string }): unknown {
  if (spec.kind !== 'switch') return value;
  if (typeof value !== 'boolean')
    throw new MailgateError('usage', `${origin}: true or false is wanted, without quotes.`);
  return isNegated ? !value : value;
}

function originOf(key: string, place: { readonly path: string; readonly line: number | null }): string {
  return `${key} in ${place.path}${place.line === null ? '' : `, line ${place.line}`}`;
}

/** The parser tells no places of keys; a key at the beginning of a line is the usual way to write one. */
function lineOf(key: string, text: string): number | null {
  const index = text.split('\n').findIndex((line) => {
    const [, bare, quoted, table] = /^\s*(?:([\w-]+)|["']([^"']+)["']|\[\[?\s*([\w-]+))\s*[=.\]]/.exec(line) ?? [];
    return (bare ?? quoted ?? table) === key;
  });
  return index === -1 ? null : index + 1;
}

function unknownKey(found: {
  readonly key: string;
  readonly value: unknown;
  readonly origin: string;
  readonly known: readonly string[];
}): MailgateError {
  const isTable = typeof found.value === 'object' && found.value !== null && !Array.isArray(found.value);
  return new MailgateError('usage', `There is no setting ${found.origin}${didYouMean(found.key, found.known)}.`, {
    hint: isTable
      ? 'Sections are for single providers and domains, as in [provider."google.com"]: all other keys stand above them.'
      : 'Keys are named like the long options, as in per_domain = 3.',
  });
}
