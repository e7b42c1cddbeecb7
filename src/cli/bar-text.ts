// Chooses what stands behind the progress bar, so that what matters most fits on the line, however narrow the terminal is.
import type { ChalkInstance } from 'chalk';
import { STATUSES, type Status } from '../verdict.ts';
import { count } from './number-words.ts';
import { COLOUR } from './summary.ts';

/** All that could be said at this moment. */
export interface BarFacts {
  /** "148/150", and of what. */
  readonly shown: string;
  readonly unit: string;
  /** "12" a second. */
  readonly rate: string;
  /** "0:14", or null where nobody can tell. */
  readonly left: string | null;
  /** Null while there is something to do. */
  readonly waiting: WaitingFacts | null;
  /** Null where nothing is decided in this phase. */
  readonly counts: Readonly<Record<Status, number>> | null;
}

export interface WaitingFacts {
  /** "4 put off". */
  readonly who: string;
  /** " at a.test, b.test". */
  readonly where: string;
  /** "0:12", or null where nobody can tell. */
  readonly nextIn: string | null;
}

/** The richest text of at most `room` characters; the poorest where none is so short. Colours take no room. */
export function barText(facts: BarFacts, given: { readonly room: number; readonly colours: ChalkInstance }): string {
  const texts = facts.waiting === null ? whileWorking(facts) : whileWaiting(facts, facts.waiting);
  const fitting = texts.find((parts) => plain(parts, facts).length <= given.room) ?? texts.at(-1) ?? [];
  return joined(fitting, facts, (status, text) => COLOUR[status](given.colours)(text));
}

/** One part of the text; `COUNTS` stands for those of the statuses, which have colours. */
type Part = string | typeof COUNTS;
const COUNTS = Symbol('counts');

function whileWorking({ shown, unit, rate, left, counts }: BarFacts): (readonly Part[])[] {
  const timeLeft = left === null ? [] : [`${left} left`];
  const found: Part[] = counts === null ? [] : [COUNTS];
  return [
    [`${shown} ${unit}`, `${rate}/s`, ...timeLeft, ...found],
    [shown, `${rate}/s`, ...timeLeft, ...found],
    [shown, ...timeLeft, ...found],
    [...timeLeft, ...found],
    ...(counts === null ? [] : [found]),
    [shown, ...timeLeft],
  ];
}

function whileWaiting({ shown, unit, counts }: BarFacts, { who, where, nextIn }: WaitingFacts): (readonly Part[])[] {
  const next = nextIn === null ? '' : `, next in ${nextIn}`;
  const found: Part[] = counts === null ? [] : [COUNTS];
  return [
    [`${shown} ${unit}`, `waiting for ${who}${where}${next}`, ...found],
    [`waiting for ${who}${where}${next}`, ...found],
    [`waiting for ${who}${next}`, ...found],
    [`waiting for ${who}${where}${next}`],
    [`waiting for ${who}${next}`],
  ];
}

function plain(parts: readonly Part[], facts: BarFacts): string {
  return joined(parts, facts, (_status, text) => text);
}

function joined(parts: readonly Part[], { counts }: BarFacts, paint: (status: Status, text: string) => string): string {
  const found = (): string =>
    STATUSES.map((status) => paint(status, `${count(counts?.[status] ?? 0)} ${status}`)).join(' ');
  return parts.map((part) => (part === COUNTS ? found() : part)).join(' | ');
}
