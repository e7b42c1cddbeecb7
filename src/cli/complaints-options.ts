// The options of `mailgate complaints`.
import { EVERY_SCOPE } from '../store/suppression-reasons.ts';
import { someText } from './durations.ts';
import { AFTER_SCAN_OPTIONS, DEPTH_OPTIONS, VERP_KEY_OPTIONS } from './scan-options.ts';
import { valueOption } from './settings.ts';
import { FEED_OPTIONS, parseScope } from './suppress-options.ts';

export const COMPLAINTS_OPTIONS = [
  ...DEPTH_OPTIONS,
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
  ...VERP_KEY_OPTIONS,
  valueOption({
    name: 'sentLog',
    flags: '--sent-log <csv>',
    description: 'whom each Message-ID was sent to, for complaints that hide who complained',
    parse: someText,
    default: null,
    inFile: false,
  }),
  ...AFTER_SCAN_OPTIONS,
] as const;
