// Gathers what a cleaning shows of itself while it runs, and writes the page about it when it is done.
import { type Clock, systemClock } from '../../clock.ts';
import { openOutputFile } from '../../list/output-file.ts';
import type { AnnotatedRow } from '../annotation.ts';
import type { CleanWatch } from '../clean-list.ts';
import type { ReportModel } from './model.ts';
import { reportPage } from './page.ts';
import { Tally } from './tally.ts';
import { TimeLine } from './time-line.ts';

/** What of the page is known only at the end. */
export type ReportEnding = Omit<ReportModel, 'tally' | 'timeLine'>;

/**
 * Opens the file at once, so that a run of hours does not end with nowhere to write to; what stood there before stays
 * until `commit`. @throws MailgateError('output')
 */
export async function openReport(path: string, clock: Clock = systemClock): Promise<Report> {
  const file = await openOutputFile(path);
  const tally = new Tally();
  const timeLine = new TimeLine(clock);
  return {
    watchBeside: (other) => watchBoth(other, timeLine),
    add: (row) => tally.add(row),
    async commit(ending) {
      const page = reportPage({ ...ending, tally: tally.result(), timeLine: timeLine.result() });
      await file.write(Buffer.from(page));
      await file.commit();
    },
    abort: () => file.abort(),
  };
}

export interface Report {
  /** Watches the cleaning as well as `other` does. */
  watchBeside(other: CleanWatch): CleanWatch;
  /** Counts one row of the list. */
  add(row: AnnotatedRow): void;
  /** Puts the page in its place, whole. @throws MailgateError('output') */
  commit(ending: ReportEnding): Promise<void>;
  /** Leaves what stood there before. */
  abort(): Promise<void>;
}

function watchBoth(one: CleanWatch, other: CleanWatch): CleanWatch {
  const all = [one, other];
  return {
    phase: (name, total) => all.forEach((watch) => void watch.phase(name, total)),
    rows: (count) => all.forEach((watch) => void watch.rows(count)),
    decided: (verdict, isAgain) => all.forEach((watch) => void watch.decided(verdict, isAgain)),
    waiting: (waiting) => all.forEach((watch) => void watch.waiting(waiting)),
    observe: (event) => all.forEach((watch) => void watch.observe?.(event)),
  };
}
