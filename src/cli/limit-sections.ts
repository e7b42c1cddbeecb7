// Reads the sections of the config file that set limits for single providers and domains.
import { screenAddress } from '../address/screen.ts';
import { providerOf } from '../dns/provider.ts';
import { PROVIDERS } from '../dns/provider-table.ts';
import { MailgateError } from '../errors.ts';
import { LARGEST_LIMIT, type LimitExceptions, type ProviderException } from '../verify/limits.ts';
import { parseRate, wholeNumber } from './durations.ts';
import { didYouMean } from './nearest.ts';
import { type OptionSpec, readWritten, valueOption } from './settings.ts';

/** The kinds of sections a config file may have. */
export const SECTION_KINDS = ['provider', 'domain'] as const;
export type SectionKind = (typeof SECTION_KINDS)[number];

/** Where the file stands, and the lines of it. */
export interface SectionPlace {
  readonly path: string;
  readonly text: string;
  /** The keys that stand above all sections, to tell who has put one of them into a section. */
  readonly topKeys: ReadonlySet<string>;
}

const CONNECTIONS = valueOption({
  name: 'connections',
  flags: '--connections <n>',
  description: 'connections at once',
  parse: wholeNumber({ min: 1, max: LARGEST_LIMIT }),
  default: null,
});
const RATE = valueOption({
  name: 'rate',
  flags: '--rate <n/m>',
  description: 'new connections per minute',
  parse: parseRate,
  default: null,
});

const KEYS: Readonly<Record<SectionKind, readonly OptionSpec[]>> = {
  provider: [CONNECTIONS, RATE],
  domain: [CONNECTIONS],
};

/** True where a key of the file names sections of this kind. */
export function isSectionKind(key: string): key is SectionKind {
  return SECTION_KINDS.some((kind) => kind === key);
}

/**
 * The limits that sections set; `sections` is what the file holds under `provider` and under `domain`.
 * @throws {MailgateError} of kind 'usage' for names that are none, unknown keys and wrong values.
 */
export function readLimitSections(
  sections: Readonly<Partial<Record<SectionKind, unknown>>>,
  place: SectionPlace,
): LimitExceptions {
  const providers = new Map<string, ProviderException>();
  for (const { name, values } of namedSections('provider', sections.provider, place)) {
    providers.set(name, {
      connections: numberOf(values.get('connections')),
      ratePerMinute: numberOf(values.get('rate')),
    });
  }
  const domains = new Map<string, number>();
  for (const { name, values } of namedSections('domain', sections.domain, place)) {
    const connections = numberOf(values.get('connections'));
    if (connections !== null) domains.set(name, connections);
  }
  return { providers, domains };
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

interface Section {
  readonly name: string;
  readonly values: ReadonlyMap<string, unknown>;
}

function namedSections(kind: SectionKind, found: unknown, place: SectionPlace): Section[] {
  if (found === undefined) return [];
  if (!isTable(found)) throw notASection(kind, place);
  const sections = new Map<string, Section>();
  for (const [written, content] of Object.entries(found)) {
    if (!isTable(content)) throw notASection(kind, place);
    const origin = sectionOrigin(kind, written, place);
    const name = kind === 'provider' ? providerName(written, origin) : domainName(written, origin);
    if (sections.has(name)) {
      throw new MailgateError('usage', `${origin}: there is already a section for ${name}; leave one of the two.`);
    }
    sections.set(name, { name, values: valuesIn(content, { kind, written, place }) });
  }
  return [...sections.values()];
}

function valuesIn(
  content: Record<string, unknown>,
  { kind, written, place }: { readonly kind: SectionKind; readonly written: string; readonly place: SectionPlace },
): ReadonlyMap<string, unknown> {
  const values = new Map<string, unknown>();
  for (const [key, value] of Object.entries(content)) {
    const spec = KEYS[kind].find(({ name }) => name === key.toLowerCase());
    const line = lineBelow(place.text, { kind, name: written, key });
    const where = `${kind} ${JSON.stringify(written)} in ${place.path}${line === null ? '' : `, line ${line}`}`;
    if (spec === undefined) throw unknownKey(key, { kind, where, place });
    values.set(spec.name, readWritten(spec, { value, origin: `${key} of ${where}` }).value);
  }
  return values;
}

function unknownKey(
  key: string,
  { kind, where, place }: { readonly kind: SectionKind; readonly where: string; readonly place: SectionPlace },
): MailgateError {
  const known = KEYS[kind].map(({ name }) => name);
  const near = place.topKeys.has(key.replaceAll('-', '_')) ? '' : didYouMean(key, known);
  return new MailgateError('usage', `There is no setting ${key} for ${where}${near}.`, {
    hint: hintFor(key, { kind, isTopKey: place.topKeys.has(key.replaceAll('-', '_')) }),
  });
}

function hintFor(key: string, { kind, isTopKey }: { readonly kind: SectionKind; readonly isTopKey: boolean }): string {
  if (kind === 'domain' && key === 'rate')
    return 'A rate is kept for a provider: write it into a section such as [provider."example.com"].';
  if (isTopKey) return 'Settings for everybody stand above the first section, or they belong to that section.';
  return `A ${kind} section knows ${KEYS[kind].map(({ name }) => name).join(' and ')}.`;
}

/** A provider goes by the registrable domain of its mail hosts, or by the name that mailgate knows it by. */
function providerName(written: string, origin: string): string {
  const name = written.trim().toLowerCase().replace(/\.$/, '');
  const labels = [...new Set(PROVIDERS.map(({ label }) => label))].sort();
  if (labels.includes(name)) return name;
  if (name.includes('.') || name.includes(':')) {
    const { domain } = providerOf(name);
    if (domain === name && !/[^a-z0-9.:_-]/.test(name)) return name;
    if (/^[a-z0-9._-]+$/.test(name)) {
      throw new MailgateError('usage', `${origin}: a provider goes by the domain of its mail hosts, here ${domain}.`, {
        hint: 'Or by its name in the provider column.',
      });
    }
  }
  throw new MailgateError('usage', `${origin}: there is no such provider${didYouMean(name, labels)}.`, {
    hint: `Write the domain of its mail hosts, such as "google.com", or a name out of the provider column: ${labels.join(', ')}.`,
  });
}

function domainName(written: string, origin: string): string {
  const screening = screenAddress(`a@${written.trim()}`);
  if (screening.valid && screening.repairs.length === 0) return screening.domain;
  throw new MailgateError('usage', `${origin}: this is no domain name.`, {
    hint: 'Write what stands behind the @ of an address, such as [domain."example.com"]; * stands for nothing here.',
  });
}

function notASection(kind: SectionKind, place: SectionPlace): MailgateError {
  const line = lineOf(place.text, new RegExp(`^\\s*(?:\\[+\\s*)?["']?${kind}\\b`));
  const where = `${kind} in ${place.path}${line === null ? '' : `, line ${line}`}`;
  return new MailgateError('usage', `${where}: the name of the ${kind} is missing.`, {
    hint: `Limits for one ${kind} stand in a section of its own:\n[${kind}."example.com"]\nconnections = 2`,
  });
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function sectionOrigin(kind: SectionKind, written: string, { path, text }: SectionPlace): string {
  const line = lineOf(text, headerOf(kind, written));
  return `${kind} ${JSON.stringify(written.slice(0, 100))} in ${path}${line === null ? '' : `, line ${line}`}`;
}

/** How a section is usually written; for others no line is told. */
function headerOf(kind: SectionKind, name: string): RegExp {
  const escaped = name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  return new RegExp(`^\\s*(?:\\[\\s*)?${kind}\\s*\\.\\s*["']?${escaped}["']?\\s*[\\].=]`);
}

function lineOf(text: string, pattern: RegExp): number | null {
  const index = text.split('\n').findIndex((line) => pattern.test(line));
  return index === -1 ? null : index + 1;
}

function lineBelow(
  text: string,
  { kind, name, key }: { readonly kind: SectionKind; readonly name: string; readonly key: string },
): number | null {
  const header = lineOf(text, headerOf(kind, name));
  if (header === null) return null;
  const below = text.split('\n').slice(header);
  const index = below.findIndex((line) => /^\s*["']?([\w-]+)/.exec(line)?.[1] === key);
  return index === -1 ? header : header + index + 1;
}
