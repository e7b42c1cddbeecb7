// All that the report page shows, as plain data.
import type { Summary } from '../summary.ts';
import type { NextStep } from './next-steps.ts';
import type { RowTally } from './tally.ts';
import type { TimeLineData } from './time-line.ts';

export interface ReportModel {
  /** The list as the user named it. */
  readonly list: string;
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly outcome: 'done' | 'time_limit';
  /** How far the run was allowed to ask. */
  readonly reach: 'offline' | 'dns' | 'smtp';
  /** True where a pretend world answered. */
  readonly isSandbox: boolean;
  readonly summary: Summary;
  readonly tally: RowTally;
  /** Null where nobody was asked. */
  readonly timeLine: TimeLineData | null;
  readonly steps: readonly NextStep[];
  readonly conditions: readonly Condition[];
}

/** One circumstance of the run that its figures depend on. */
export interface Condition {
  readonly label: string;
  readonly value: string;
}
