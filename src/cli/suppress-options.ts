// The options of `mailgate suppress`, and those by which other commands feed the suppression store.
import { MailgateError } from '../errors.ts';
import { EVERY_SCOPE, SOFT_RULE, SUPPRESSION_REASONS } from '../store/suppression-reasons.ts';
import { MOST_PER_SOURCE } from '../store/suppression-sink.ts';
import { oneOf, parseDuration, someText, wholeNumber } from './durations.ts';
import { listOption, switchOption, valueOption } from './settings.ts';

const DAY_MS = 86_400_000;

const dryRun = switchOption({
  name: 'dryRun',
  flags: '--dry-run',
  description: 'say what would happen and change nothing',
  inFile: false,
});

const scope = valueOption({
  name: 'scope',
  flags: '--scope <name>',
  description: 'the stream of mail it is about, such as newsletter',
  parse: parseScope,
  default: EVERY_SCOPE,
  defaultText: 'all streams',
  inFile: false,
});

const anyScope = valueOption({
  name: 'scope',
  flags: '--scope <name>',
  description: 'only entries of this scope',
  parse: parseScope,
  default: null,
  inFile: false,
});

const note = valueOption({
  name: 'note',
  flags: '--note <text>',
  description: 'why, for the history',
  parse: someText,
  default: null,
  inFile: false,
});

const onlyReason = valueOption({
  name: 'reason',
  flags: '--reason <reason>',
  description: 'only entries of this reason',
  parse: oneOf(SUPPRESSION_REASONS, 'reason'),
  default: undefined,
  choices: SUPPRESSION_REASONS,
  inFile: false,
});

const onlySource = valueOption({
  name: 'source',
  flags: '--source <text>',
  description: 'only entries whose newest report came from there',
  parse: someText,
  default: undefined,
  inFile: false,
});

const expired = switchOption({
  name: 'expired',
  flags: '--expired',
  description: 'also entries that have ended',
  inFile: false,
});

const output = valueOption({
  name: 'output',
  flags: '-o, --output <file>',
  description: 'where to write; - is standard output',
  parse: someText,
  default: '-',
  defaultText: 'standard output',
  inFile: false,
});

/** How a CSV file is to be read, where it is not to be found out. */
const CSV_OPTIONS = [
  valueOption({
    name: 'column',
    flags: '--column <name|n>',
    description: 'the column that holds the addresses or hashes, by name or number from 1',
    parse: someText,
    default: undefined,
    defaultText: 'found by name or content',
    inFile: false,
  }),
  valueOption({
    name: 'delimiter',
    flags: '--delimiter <sign>',
    description: 'comma, semicolon, tab or pipe',
    parse: (text: string) => text,
    default: undefined,
    defaultText: 'found out',
    inFile: false,
  }),
  valueOption({
    name: 'encoding',
    flags: '--encoding <name>',
    description: 'utf-8, utf-16le, windows-1252 …',
    parse: someText,
    default: undefined,
    defaultText: 'found out',
    inFile: false,
  }),
  switchOption({ name: 'header', flags: '--no-header', description: 'the first row is data already', inFile: false }),
] as const;

/** When failures suppress; also for the commands that read bounces. */
export const SOFT_OPTIONS = [
  valueOption({
    name: 'softLimit',
    flags: '--soft-limit <n>',
    description: 'suppress after this many soft bounces on different days',
    parse: wholeNumber({ min: 1, max: 16 }),
    default: SOFT_RULE.failures,
    defaultText: String(SOFT_RULE.failures),
  }),
  valueOption({
    name: 'softWindowMs',
    flags: '--soft-window <duration>',
    description: 'within which time they count together',
    parse: parseDuration,
    default: SOFT_RULE.withinMs,
    defaultText: `${SOFT_RULE.withinMs / DAY_MS}d`,
  }),
] as const;

/** How a scan of bounces or complaints feeds the store; `sinkOptions` turns their settings into those of the sink. */
export const FEED_OPTIONS = [
  switchOption({
    name: 'suppress',
    flags: '--suppress',
    description: 'put what is found into the suppression store',
    inFile: false,
  }),
  dryRun,
  ...SOFT_OPTIONS,
  valueOption({
    name: 'sourceLimit',
    flags: '--source-limit <n>',
    description: 'stop where one source would suppress more addresses than this in a run',
    parse: wholeNumber({ min: 1, max: 1_000_000_000 }),
    default: MOST_PER_SOURCE,
    defaultText: String(MOST_PER_SOURCE),
  }),
  switchOption({
    name: 'yes',
    flags: '--yes',
    description: 'go on however many addresses one source suppresses',
    inFile: false,
  }),
  switchOption({
    name: 'onlyVerified',
    flags: '--only-verified',
    description: 'believe only reports proven to be about mail of ours (signed return path)',
  }),
] as const;

export const ADD_OPTIONS = [
  scope,
  valueOption({
    name: 'reason',
    flags: '--reason <reason>',
    description: 'why',
    parse: oneOf(SUPPRESSION_REASONS, 'reason'),
    default: 'manual' as const,
    defaultText: 'manual',
    choices: SUPPRESSION_REASONS,
    inFile: false,
  }),
  note,
  valueOption({
    name: 'source',
    flags: '--source <text>',
    description: 'who reported it',
    parse: someText,
    default: 'command line',
    inFile: false,
  }),
  valueOption({
    name: 'evidence',
    flags: '--evidence <id>',
    description: 'names the evidence: the same one counts once',
    parse: someText,
    default: null,
    inFile: false,
  }),
  valueOption({
    name: 'expiresMs',
    flags: '--expires <duration>',
    description: 'after which time it ends',
    parse: parseDuration,
    default: null,
    defaultText: 'never',
    inFile: false,
  }),
  switchOption({
    name: 'subdomains',
    flags: '--subdomains',
    description: 'a domain with its subdomains',
    inFile: false,
  }),
  ...SOFT_OPTIONS,
  dryRun,
] as const;

export const REMOVE_OPTIONS = [
  anyScope,
  note,
  switchOption({
    name: 'force',
    flags: '--force',
    description: 'also take back complaints and manual entries',
    inFile: false,
  }),
  dryRun,
] as const;

const KEPT_SIDES = ['clean', 'suppressed'] as const;

export const CHECK_OPTIONS = [
  scope,
  valueOption({
    name: 'list',
    flags: '--list <file>',
    description: 'check the rows of a CSV file; - is standard input',
    parse: someText,
    default: null,
    inFile: false,
  }),
  valueOption({
    name: 'keep',
    flags: '--keep <clean|suppressed>',
    description: 'be a filter: hand on these lines or rows as they are',
    parse: oneOf(KEPT_SIDES, 'side to keep'),
    default: null,
    choices: KEPT_SIDES,
    inFile: false,
  }),
  output,
  ...CSV_OPTIONS,
] as const;

export const LIST_OPTIONS = [
  anyScope,
  onlyReason,
  onlySource,
  expired,
  switchOption({ name: 'history', flags: '--history', description: 'show everything that happened', inFile: false }),
] as const;

export const IMPORT_OPTIONS = [
  scope,
  valueOption({
    name: 'reason',
    flags: '--reason <reason>',
    description: 'why, where the file does not say',
    parse: oneOf(SUPPRESSION_REASONS, 'reason'),
    default: null,
    defaultText: 'imported',
    choices: SUPPRESSION_REASONS,
    inFile: false,
  }),
  valueOption({
    name: 'source',
    flags: '--source <text>',
    description: 'where the list is from',
    parse: someText,
    default: null,
    defaultText: 'the service that writes such files',
    inFile: false,
  }),
  valueOption({
    name: 'expiresMs',
    flags: '--expires <duration>',
    description: 'after which time imported entries end',
    parse: parseDuration,
    default: null,
    defaultText: 'never',
    inFile: false,
  }),
  ...CSV_OPTIONS,
  ...SOFT_OPTIONS,
  dryRun,
] as const;

export const EXPORT_FORMAT_NAMES = [
  'mailgate',
  'ses',
  'sendgrid',
  'postmark',
  'mailchimp',
  'listmonk',
  'plain',
  'md5',
  'sha256',
] as const;
export type ExportFormatName = (typeof EXPORT_FORMAT_NAMES)[number];

export const EXPORT_OPTIONS = [
  valueOption({
    name: 'format',
    flags: '--format <name>',
    description: `how to write: ${EXPORT_FORMAT_NAMES.join(', ')}`,
    parse: oneOf(EXPORT_FORMAT_NAMES, 'format'),
    default: 'mailgate' as const,
    defaultText: 'mailgate, which loses nothing',
    choices: EXPORT_FORMAT_NAMES,
    inFile: false,
  }),
  output,
  anyScope,
  onlyReason,
  onlySource,
  expired,
] as const;

export const FORGET_OPTIONS = [note] as const;

export const DELIVERED_OPTIONS = [...CSV_OPTIONS, ...SOFT_OPTIONS, dryRun] as const;

export const VERP_OPTIONS = [
  listOption({
    name: 'verpKeys',
    flags: '--verp-key <file>',
    description: 'the key that signs; repeat it for keys used before, which only check',
    parse: someText,
  }),
  valueOption({
    name: 'returnAddress',
    flags: '--return-address <address>',
    description: 'where bounces are received, such as bounce@bounces.example.org',
    parse: someText,
    default: null,
    inFile: false,
  }),
] as const;

/** Scopes are names of streams: short, in lower case, fit for a column and a command line. */
export function parseScope(text: string): string {
  const name = text.trim().toLowerCase();
  if (/^[a-z0-9][a-z0-9._-]{0,63}$/.test(name)) return name;
  throw new MailgateError('usage', `${JSON.stringify(text.slice(0, 80))} is no name of a stream.`, {
    hint: 'Take up to 64 letters, digits, dots, hyphens and underscores, such as newsletter.',
  });
}
