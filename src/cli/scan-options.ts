// The options that every scan of messages or reports has: how deep it looks, and what it does with what it has read.
import { parsePause, someText } from './durations.ts';
import { listOption, switchOption, valueOption } from './settings.ts';

export const DEPTH_OPTIONS = [
  switchOption({
    name: 'recursive',
    flags: '-r, --recursive',
    description: 'also folders within the named ones, and subfolders of a Maildir',
    inFile: false,
  }),
] as const;

/** For scans whose messages come back to an address that we may have signed. */
export const VERP_KEY_OPTIONS = [
  listOption({
    name: 'verpKeys',
    flags: '--verp-key <file>',
    description: 'a key of signed return addresses; repeat it for keys used before',
    parse: someText,
  }),
] as const;

export const AFTER_SCAN_OPTIONS = [
  valueOption({
    name: 'moveTo',
    flags: '--move-to <folder>',
    description: 'move files there once their result is kept; what cannot be read goes to its folder "unreadable"',
    parse: someText,
    default: null,
    inFile: false,
  }),
  switchOption({
    name: 'markSeen',
    flags: '--mark-seen',
    description: 'mark Maildir messages as seen once their result is kept',
    inFile: false,
  }),
  valueOption({
    name: 'watchMs',
    flags: '--watch <duration>',
    description: 'scan again and again, with this pause between',
    parse: parsePause,
    default: null,
    inFile: false,
  }),
] as const;
