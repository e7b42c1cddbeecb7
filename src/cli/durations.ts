// Reads the values people write in flags, variables and the config file: durations, rates, numbers and known words.
import { MailgateError } from '../errors.ts';
import { didYouMean } from './nearest.ts';

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

/** Ten years: longer is a slip, and far from what numbers can count exactly. */
const LONGEST_MS = 3650 * 86_400_000;

/**
 * Milliseconds of `30s`, `5m`, `2h`, `7d`, `250ms`, `1.5h`, or of a bare `0`.
 * @throws {MailgateError} of kind 'usage' telling the form.
 */
export function parseDuration(text: string): number {
  const [, digits, unit] = /^(\d{1,12}(?:\.\d{1,6})?)(ms|s|m|h|d)$/.exec(text.trim().toLowerCase()) ?? [];
  if (digits === undefined) {
    if (text.trim() === '0') return 0;
    throw wrong(text, 'is no duration', 'write a number and a unit, as in 250ms, 30s, 5m, 2h or 7d');
  }
  const ms = Math.round(Number(digits) * (UNIT_MS.get(unit ?? '') ?? 0));
  if (ms > LONGEST_MS) throw wrong(text, 'is too long', 'ten years (3650d) are the most');
  return ms;
}

const SHORTEST_PAUSE_MS = 10;

/** A pause between rounds of work: a duration that is none at all would keep the machine busy with nothing else. */
export function parsePause(text: string): number {
  const ms = parseDuration(text);
  if (ms < SHORTEST_PAUSE_MS) throw wrong(text, 'is no pause', 'write a longer one, such as 30s or 5m');
  return ms;
}

/**
 * How many a minute: `60/m`, `10/s` (600), `1000/h`, `5000/d`.
 * @throws {MailgateError} of kind 'usage' telling the form.
 */
export function parseRate(text: string): number {
  const [, digits, unit] = /^(\d{1,9}(?:\.\d{1,6})?)\/(s|m|h|d)$/.exec(text.trim().toLowerCase()) ?? [];
  if (digits === undefined) {
    throw wrong(text, 'is no rate', 'write a number, a slash and a unit of time, as in 10/s, 60/m or 1000/h');
  }
  const rate = (Number(digits) * 60_000) / (UNIT_MS.get(unit ?? '') ?? 1);
  if (rate <= 0) throw wrong(text, 'would never let anything through', 'the rate must be above zero');
  return rate;
}

/** A parser of whole numbers within limits, both included. */
export function wholeNumber(limits: { readonly min: number; readonly max: number }): (text: string) => number {
  return (text) => {
    const number = /^\d{1,15}$/.test(text.trim()) ? Number(text) : Number.NaN;
    if (number >= limits.min && number <= limits.max) return number;
    throw wrong(text, 'is out of place here', `write a whole number from ${limits.min} to ${limits.max}`);
  };
}

/** A parser of one word out of `words`; `what` names them in the refusal ("status", "column"). */
export function oneOf<Word extends string>(words: readonly Word[], what: string): (text: string) => Word {
  return (text) => {
    const typed = text.trim().toLowerCase();
    const word = words.find((known) => known === typed);
    if (word !== undefined) return word;
    throw wrong(text, `is no ${what}${didYouMean(typed, words)}`, `choose from ${words.join(', ')}`);
  };
}

/** A parser of several words out of `words`, separated by commas; each is kept once. */
export function someOf<Word extends string>(words: readonly Word[], what: string): (text: string) => readonly Word[] {
  const parse = oneOf(words, what);
  return (text) => [...new Set(commaList(text).map(parse))];
}

/**
 * The parts of a comma-separated list.
 * @throws {MailgateError} of kind 'usage' where there is none.
 */
export function commaList(text: string): string[] {
  const parts = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (parts.length === 0) throw wrong(text, 'is empty', 'write one or more values, separated by commas');
  return parts;
}

/** A parser that takes any text but an empty one. */
export function someText(text: string): string {
  if (text.trim() === '') throw wrong(text, 'is empty', 'write a value, or leave the setting out');
  return text;
}

/** What was typed is shown in quotes, cut, and with control characters escaped. */
function wrong(text: string, problem: string, form: string): MailgateError {
  const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return new MailgateError('usage', `${JSON.stringify(shown)} ${problem}: ${form}.`);
}
