// Rows and verdicts for the tests of what cli shows.
import { Chalk } from 'chalk';
import type { AnnotatedRow } from '../../src/cli/annotation.ts';
import { RowFactsReader } from '../../src/cli/row-facts.ts';
import { type Reason, type Reply, statusOf, type Verdict } from '../../src/verdict.ts';

export const NOW = Date.UTC(2026, 0, 15);

/** Colours that show, whatever the terminal of whoever runs the tests. */
export const COLOURS = new Chalk({ level: 1 });
export const NO_COLOURS = new Chalk({ level: 0 });

/** A verdict with this reason, and whatever else is given. */
export function verdictOf(reason: Reason, rest: Partial<Verdict> = {}): Verdict {
  return {
    ...{ status: statusOf(reason), reason, stage: 'rcpt', reply: null, detail: null, mx: 'mx.known.test' },
    ...{
      provider: 'known.test',
      implicitMx: false,
      catchall: 'not_asked',
      attempts: 1,
      checkedAt: NOW,
      source: 'live',
    },
    ...rest,
  };
}

export function replyOf(code: number, text: string, enhanced: string | null = null): Reply {
  return { code, enhanced, text };
}

/** A row with this address and verdict. */
export function rowOf(address: string, verdict: Verdict, duplicateOf: number | null = null): AnnotatedRow {
  return { facts: new RowFactsReader().read(address), verdict, duplicateOf, now: NOW };
}
