// A table of options of every kind, for the tests of settings, config file and completion.
import { oneOf, parseDuration, parseRate, someText, wholeNumber } from '../../src/cli/durations.ts';
import { listOption, switchOption, valueOption } from '../../src/cli/settings.ts';
import { STATUSES } from '../../src/verdict.ts';

export const SAMPLE_OPTIONS = [
  valueOption({
    name: 'waitMs',
    flags: '-w, --wait <duration>',
    description: 'how long to wait for greylisted addresses',
    parse: parseDuration,
    default: 360_000,
    defaultText: '6m',
  }),
  valueOption({ name: 'helo', flags: '--helo <name>', description: 'our name', parse: someText, default: null }),
  valueOption({
    name: 'perDomain',
    flags: '--per-domain <n>',
    description: 'sessions to one domain',
    parse: wholeNumber({ min: 1, max: 50 }),
    default: 3,
    defaultText: '3',
  }),
  valueOption({
    name: 'rate',
    flags: '--rate <n/m>',
    description: 'questions a minute',
    parse: parseRate,
    default: null,
  }),
  listOption({
    name: 'keep',
    flags: '--keep <status,...>',
    description: 'rows to keep',
    parse: oneOf(STATUSES, 'status'),
    default: STATUSES,
    defaultText: 'all',
    choices: STATUSES,
  }),
  listOption({ name: 'sourceIps', flags: '--source-ip <ip>', description: 'address to ask from', parse: someText }),
  switchOption({ name: 'refresh', flags: '--refresh', description: 'ask again what is known' }),
  switchOption({ name: 'smtp', flags: '--no-smtp', description: 'stop at DNS' }),
  valueOption({
    name: 'config',
    flags: '--config <file>',
    description: 'the config file',
    parse: someText,
    default: null,
    inFile: false,
  }),
] as const;
