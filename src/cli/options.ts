// Every option of every command, with its flag, meaning, parser and default: one table for flags, config file and environment.
import { parseServer } from '../dns/servers.ts';
import { parseProxy, parseProxyWithoutPassword } from '../smtp/proxy.ts';
import type { TlsUse } from '../smtp/session.ts';
import { STATUSES } from '../verdict.ts';
import { VERIFY_DEFAULTS } from '../verify/defaults.ts';
import { LARGEST_LIMIT, type LimitExceptions } from '../verify/limits.ts';
import { BOUNCES_OPTIONS } from './bounces-options.ts';
import { ALL_COLUMNS } from './columns.ts';
import { oneOf, parseDuration, parseRate, someOf, someText, wholeNumber } from './durations.ts';
import {
  anyText,
  columnNames,
  fileName,
  hostName,
  ipAddress,
  oneLine,
  senderAddress,
  someTime,
  tlsUse,
} from './option-values.ts';
import { listOption, type SettingsOf, switchOption, valueOption } from './settings.ts';
import { OBEY_OPTIONS } from './suppress-verdicts.ts';

/** What every command knows. */
export const COMMON_OPTIONS = [
  valueOption({
    name: 'db',
    flags: '--db <file>',
    description: 'the SQLite file that keeps verdicts',
    parse: someText,
    default: null,
    defaultText: 'in the data folder',
  }),
  valueOption({
    name: 'config',
    flags: '--config <file>',
    description: 'a config file (TOML)',
    parse: someText,
    default: null,
    defaultText: 'in the config folder',
    inFile: false,
  }),
  switchOption({
    name: 'json',
    flags: '--json',
    description: 'print records as JSON, one object per line, on standard output',
  }),
  switchOption({ name: 'quiet', flags: '-q, --quiet', description: 'say nothing but errors and warnings' }),
  switchOption({ name: 'verbose', flags: '-v, --verbose', description: 'show the SMTP dialogue (verify and check)' }),
  switchOption({ name: 'color', flags: '--no-color', description: 'no colours (also with NO_COLOR set)' }),
] as const;

/** How the world is asked: verify and check. */
export const ASK_OPTIONS = [
  ...OBEY_OPTIONS,
  switchOption({
    name: 'offline',
    flags: '--offline',
    description: 'text, lists and kept verdicts only: no DNS, no SMTP',
  }),
  switchOption({ name: 'smtp', flags: '--no-smtp', description: 'go as far as DNS, ask no mail host' }),
  valueOption({
    name: 'helo',
    flags: '--helo <name>',
    description: 'our name in EHLO: a host name that resolves to our address',
    parse: hostName,
    default: null,
    defaultText: "this machine's name",
  }),
  valueOption({
    name: 'from',
    flags: '--from <address>',
    description: 'our sender in MAIL FROM, an address that exists',
    parse: senderAddress,
    default: null,
    defaultText: '<>',
  }),
  listOption({
    name: 'sourceIps',
    flags: '--source-ip <ip>',
    description: 'a local address to ask from; several take turns',
    parse: ipAddress,
    defaultText: "the system's choice",
  }),
  listOption({
    name: 'proxies',
    flags: '--proxy <url>',
    description: 'a SOCKS5 proxy to ask through, socks5://HOST:PORT; several take turns',
    parse: parseProxy,
    parseFlag: parseProxyWithoutPassword,
  }),
  valueOption({
    name: 'tls',
    flags: '--tls <when>',
    description: 'encrypt: always (or not ask), never, or where a host demands it',
    parse: tlsUse,
    default: 'on_demand' as TlsUse,
    defaultText: 'on-demand',
    choices: ['always', 'never', 'on-demand'],
  }),
  valueOption({
    name: 'concurrency',
    flags: '--concurrency <n>',
    description: 'connections at once, over all providers',
    parse: wholeNumber({ min: 1, max: 10_000 }),
    default: VERIFY_DEFAULTS.concurrency,
    defaultText: String(VERIFY_DEFAULTS.concurrency),
  }),
  valueOption({
    name: 'perDomain',
    flags: '--per-domain <n>',
    description: 'connections at once for one domain',
    parse: wholeNumber({ min: 1, max: LARGEST_LIMIT }),
    default: VERIFY_DEFAULTS.perDomain,
    defaultText: String(VERIFY_DEFAULTS.perDomain),
  }),
  valueOption({
    name: 'perProvider',
    flags: '--per-provider <n>',
    description: 'connections at once to one provider',
    parse: wholeNumber({ min: 1, max: LARGEST_LIMIT }),
    default: VERIFY_DEFAULTS.perProvider,
    defaultText: String(VERIFY_DEFAULTS.perProvider),
  }),
  valueOption({
    name: 'ratePerMinute',
    flags: '--rate <n/m>',
    description: 'new connections to one provider per minute, such as 60/m',
    parse: parseRate,
    default: null,
    defaultText: 'no limit',
  }),
  valueOption({
    name: 'connectTimeoutMs',
    flags: '--connect-timeout <duration>',
    description: 'how long to wait for a connection',
    parse: someTime,
    default: undefined,
    defaultText: '15s',
  }),
  valueOption({
    name: 'commandTimeoutMs',
    flags: '--command-timeout <duration>',
    description: 'how long to wait for each reply',
    parse: someTime,
    default: undefined,
    defaultText: '30s to 60s, by command',
  }),
  valueOption({
    name: 'maxAgeMs',
    flags: '--max-age <duration>',
    description: 'believe kept verdicts up to this age',
    parse: parseDuration,
    default: null,
    defaultText: 'by reason: 30d valid, 90d not found, 7d full',
  }),
  valueOption({
    name: 'waitMs',
    flags: '--wait <duration>',
    description: 'how long to wait at the end for greylisted addresses that come due',
    parse: parseDuration,
    default: undefined,
    defaultText: '6m for a list, 10s in the sandbox, none for check',
  }),
  valueOption({
    name: 'timeLimitMs',
    flags: '--time-limit <duration>',
    description: 'stop asking after this time, write what is known, exit 6',
    parse: parseDuration,
    default: null,
  }),
  switchOption({ name: 'refresh', flags: '--refresh', description: 'ask again even where a kept verdict is fresh' }),
  listOption({
    name: 'dns',
    flags: '--dns <host[:port]>',
    description: "a DNS server to ask; may be repeated (default: the machine's)",
    parse: parseServer,
  }),
  valueOption({
    name: 'port',
    flags: '--port <n>',
    description: 'the SMTP port of mail hosts',
    parse: wholeNumber({ min: 1, max: 65_535 }),
    default: 25,
    defaultText: '25',
  }),
  switchOption({
    name: 'allowPrivate',
    flags: '--allow-private',
    description: 'also contact mail hosts at private and loopback addresses',
  }),
  switchOption({
    name: 'allowReserved',
    flags: '--allow-reserved',
    description: 'also ask about reserved domains such as .test',
  }),
  switchOption({
    name: 'sandbox',
    flags: '--sandbox',
    description: 'ask a pretend mail world on this machine instead of the real one',
    inFile: false,
  }),
] as const;

/** What a list is, and what becomes of it: verify. */
export const LIST_OPTIONS = [
  valueOption({
    name: 'output',
    flags: '-o, --output <file>',
    description: 'where the annotated CSV goes; - is standard output',
    parse: someText,
    default: '-',
    defaultText: 'standard output',
    inFile: false,
  }),
  valueOption({
    name: 'column',
    flags: '--column <name|n>',
    description: 'the column that holds the addresses, by name or number from 1',
    parse: someText,
    default: undefined,
    defaultText: 'found by name or content',
  }),
  valueOption({
    name: 'delimiter',
    flags: '--delimiter <sign>',
    description: 'comma, semicolon, tab or pipe',
    parse: anyText,
    default: undefined,
    defaultText: 'found out',
  }),
  valueOption({
    name: 'encoding',
    flags: '--encoding <name>',
    description: 'utf-8, utf-16le, windows-1252 …',
    parse: someText,
    default: undefined,
    defaultText: 'found out',
  }),
  switchOption({ name: 'header', flags: '--no-header', description: 'the first row is data already' }),
  valueOption({
    name: 'duplicates',
    flags: '--duplicates <keep|drop>',
    description: 'what to do with rows whose address came before',
    parse: oneOf(['keep', 'drop'], 'way with duplicates'),
    default: 'keep',
    defaultText: 'keep',
    choices: ['keep', 'drop'],
  }),
  valueOption({
    name: 'keep',
    flags: '--keep <status,…>',
    description: 'keep only rows with these statuses',
    parse: someOf(STATUSES, 'status'),
    default: STATUSES,
    defaultText: 'all',
    choices: STATUSES,
  }),
  valueOption({
    name: 'split',
    flags: '--split <folder>',
    description: 'also write one file per status into this folder',
    parse: someText,
    default: null,
  }),
  valueOption({
    name: 'columns',
    flags: '--columns <all|basic|list>',
    description: 'which of its columns mailgate adds',
    parse: columnNames,
    default: ALL_COLUMNS,
    defaultText: 'all',
  }),
  valueOption({
    name: 'prefix',
    flags: '--prefix <text>',
    description: "what the names of mailgate's columns begin with",
    parse: oneLine,
    default: 'mailgate_',
    defaultText: 'mailgate_',
  }),
  switchOption({
    name: 'spreadsheetSafe',
    flags: '--spreadsheet-safe',
    description: 'keep your own cells, too, from starting a formula',
  }),
  valueOption({
    name: 'failOn',
    flags: '--fail-on <status,…>',
    description: 'exit 1 where any row has one of these statuses',
    parse: someOf(STATUSES, 'status'),
    default: [] as readonly (typeof STATUSES)[number][],
    choices: STATUSES,
  }),
  valueOption({
    name: 'summary',
    flags: '--summary <file>',
    description: 'write the summary as JSON',
    parse: fileName,
    default: null,
    inFile: false,
  }),
  valueOption({
    name: 'report',
    flags: '--report <file>',
    description: 'write a page about the run, to be looked at in a browser (HTML)',
    parse: fileName,
    default: null,
    inFile: false,
  }),
] as const;

/** Every option there is: what a config file and the environment may name, whatever command is run. */
export const ALL_OPTIONS = [...COMMON_OPTIONS, ...ASK_OPTIONS, ...LIST_OPTIONS, ...BOUNCES_OPTIONS] as const;

export type CommonSettings = Omit<SettingsOf<typeof COMMON_OPTIONS>, 'db' | 'config'> & {
  readonly db: string;
  /** True where the store was named on the command line: only then the sandbox uses it. */
  readonly dbWasChosen: boolean;
};
/** What only the config file can say. */
export interface FileSettings {
  /** Limits for single providers and domains. */
  readonly limitExceptions: LimitExceptions;
}
export type AskSettings = SettingsOf<typeof ASK_OPTIONS> & FileSettings;
export type ListSettings = SettingsOf<typeof LIST_OPTIONS>;
