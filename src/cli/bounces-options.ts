// The options of `mailgate bounces`.
import { AFTER_SCAN_OPTIONS, DEPTH_OPTIONS, VERP_KEY_OPTIONS } from './scan-options.ts';
import { FEED_OPTIONS } from './suppress-options.ts';

export const BOUNCES_OPTIONS = [...DEPTH_OPTIONS, ...FEED_OPTIONS, ...VERP_KEY_OPTIONS, ...AFTER_SCAN_OPTIONS] as const;
