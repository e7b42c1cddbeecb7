// The options of `mailgate complaints`.
import { EVERY_SCOPE } from '../store/suppression-reasons.ts';
import { parseDuration, someText } from './durations.ts';
import { listOption, switchOption, valueOption } from './settings.ts';
import { FEED_OPTIONS, parseScope } from './suppress-options.ts';

export const COMPLAINTS_OPTIONS = [
  switchOption({
    name: 'recursive',
    flags: '-r, --recursive',
    description: 'also folders within the named ones, and subfolders of a Maildir',
    inFile: false,
  }),
  ...FEED_OPTIONS,
  valueOption({
    name: 'scope',
    flags: '--scope <name>',
    description: 'the stream of mail that is complained of, such as newsletter',
    parse: parseScope,
    default: EVERY_SCOPE,
    defaultText: 'all streams',
    inFile: false,
  }),
  listOption({
    name: 'verpKeys',
    flags: '--verp-key <file>',
    description: 'a key of signed return addresses; repeat it for keys used before',
    parse: someText,
  }),
  valueOption({
    name: 'sentLog',
    flags: '--sent-log <csv>',
    description: 'whom each Message-ID was sent to, for complaints that hide who complained',
    parse: someText,
    default: null,
    inFile: false,
  }),
  valueOption({
    name: 'moveTo',
    flags: '--move-to <folder>',
    description: 'move messages there once their result is kept (only with --suppress)',
    parse: someText,
    default: null,
    inFile: false,
  }),
  switchOption({
    name: 'markSeen',
    flags: '--mark-seen',
    description: 'mark Maildir messages as seen once their result is kept (only with --suppress)',
    inFile: false,
  }),
  valueOption({
    name: 'watchMs',
    flags: '--watch <duration>',
    description: 'scan again and again, with this pause between',
    parse: parseDuration,
    default: null,
    inFile: false,
  }),
] as const;
