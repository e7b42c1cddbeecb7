// The options of `mailgate dmarc`.

import { MailgateError } from '../errors.ts';
import { ROLLUP_DIMENSIONS, type RollupDimension } from '../feedback/dmarc-rollup.ts';
import { oneOf, parseDuration, someOf, someText, wholeNumber } from './durations.ts';
import { AFTER_SCAN_OPTIONS, DEPTH_OPTIONS } from './scan-options.ts';
import { switchOption, valueOption } from './settings.ts';
import { timeOf } from './suppress-times.ts';

const DEFAULT_BY: readonly RollupDimension[] = ['domain', 'source'];
const ROLLUP_FORMATS = ['table', 'json', 'ndjson', 'csv'] as const;
const ROLLUP_KINDS = ['aggregate', 'tls'] as const;
const FIELD_NAMES = ['mailgate', 'parsedmarc'] as const;

/** A point in time: a date or time (UTC unless it names a zone), or a duration before now. */
export type TimeSetting = { readonly at: number } | { readonly agoMs: number };

export const DMARC_OPTIONS = [
  ...DEPTH_OPTIONS,
  switchOption({
    name: 'store',
    flags: '--no-store',
    description: 'only read and show: keep nothing for later roll-ups',
    inFile: false,
  }),
  switchOption({
    name: 'onlyNew',
    flags: '--only-new',
    description: 'pass over files and messages that an earlier scan has read',
    inFile: false,
  }),
  switchOption({
    name: 'records',
    flags: '--records',
    description: 'with --json: the records of each report as well (up to 100,000)',
    inFile: false,
  }),
  valueOption({
    name: 'fieldNames',
    flags: '--field-names <names>',
    description: 'with --json: names and shape of the fields, our own or those of parsedmarc',
    parse: oneOf(FIELD_NAMES, 'set of names'),
    default: 'mailgate' as const,
    defaultText: 'mailgate',
    choices: FIELD_NAMES,
    inFile: false,
  }),
  switchOption({
    name: 'rollup',
    flags: '--rollup',
    description: 'sum up everything that is kept, instead of listing reports (as without paths)',
    inFile: false,
  }),
  valueOption({
    name: 'kind',
    flags: '--kind <kind>',
    description: 'sum up messages (aggregate) or TLS sessions (tls)',
    parse: oneOf(ROLLUP_KINDS, 'kind'),
    default: null,
    defaultText: 'both in a table, else aggregate',
    choices: ROLLUP_KINDS,
    inFile: false,
  }),
  valueOption({
    name: 'by',
    flags: '--by <dimension,…>',
    description: 'what the roll-up sums up by',
    parse: someOf(ROLLUP_DIMENSIONS, 'dimension'),
    default: DEFAULT_BY,
    defaultText: DEFAULT_BY.join(','),
    choices: ROLLUP_DIMENSIONS,
    inFile: false,
  }),
  valueOption({
    name: 'format',
    flags: '--format <format>',
    description: 'the form of the roll-up',
    parse: oneOf(ROLLUP_FORMATS, 'form'),
    default: 'table' as const,
    defaultText: 'table',
    choices: ROLLUP_FORMATS,
    inFile: false,
  }),
  valueOption({
    name: 'domain',
    flags: '--domain <domain>',
    description: 'sum up only what concerns this domain',
    parse: someText,
    default: null,
    inFile: false,
  }),
  valueOption({
    name: 'since',
    flags: '--since <time>',
    description: 'sum up from then on: a date (UTC), or a duration back from now such as 30d',
    parse: parseTime,
    default: null,
    inFile: false,
  }),
  valueOption({
    name: 'until',
    flags: '--until <time>',
    description: 'sum up to then',
    parse: parseTime,
    default: null,
    inFile: false,
  }),
  valueOption({
    name: 'top',
    flags: '--top <n>',
    description: 'how many sources of a domain the table shows',
    parse: wholeNumber({ min: 1, max: 100_000 }),
    default: 10,
    defaultText: '10',
    inFile: false,
  }),
  valueOption({
    name: 'mostUnpackedBytes',
    flags: '--max-unpacked <size>',
    description: 'how much one archive may unpack to; 200 times its size at most',
    parse: parseSize,
    default: 100_000_000,
    defaultText: '100MB',
    inFile: false,
  }),
  valueOption({
    name: 'mostCompressedBytes',
    flags: '--max-archive <size>',
    description: 'how large an archive may be',
    parse: parseSize,
    default: 10_000_000,
    defaultText: '10MB',
    inFile: false,
  }),
  ...AFTER_SCAN_OPTIONS,
] as const;

function parseTime(text: string): TimeSetting {
  const at = timeOf(text);
  if (at !== null) return { at };
  try {
    return { agoMs: parseDuration(text) };
  } catch {
    throw new MailgateError('usage', `${JSON.stringify(text.slice(0, 60))} is no time`, {
      hint: 'Write a date as in 2026-01-31, a time as in 2026-01-31T08:00, or a duration back from now as in 30d.',
    });
  }
}

const UNITS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['b', 1],
  ['kb', 1e3],
  ['mb', 1e6],
  ['gb', 1e9],
]);

function parseSize(text: string): number {
  const [, digits, unit = ''] = /^(\d{1,12}(?:\.\d{1,3})?) ?(b|kb|mb|gb)?$/.exec(text.trim().toLowerCase()) ?? [];
  const size = Number(digits) * (UNITS.get(unit) ?? Number.NaN);
  if (size >= 1 && size <= 1e12) return Math.round(size);
  throw new MailgateError('usage', `${JSON.stringify(text.slice(0, 60))} is no size`, {
    hint: 'Write a number and a unit, as in 500kB, 100MB or 2GB.',
  });
}
