// Shows a roll-up of reports: as a table with bars for people, as JSON, NDJSON or CSV for machines.
import type { ChalkInstance } from 'chalk';
import type { RollupDimension, RollupGroup } from '../feedback/dmarc-rollup.ts';
import { createRowWriter, neutralise } from '../list/own-cells.ts';
import { printable } from '../smtp/printable.ts';
import { percent } from './dmarc-record.ts';
import { count } from './number-words.ts';

export type RollupFormat = 'table' | 'json' | 'ndjson' | 'csv';

export interface RollupView {
  readonly by: readonly RollupDimension[];
  readonly format: RollupFormat;
  /** Groups shown under each heading of the table. */
  readonly top: number;
  /** What is counted, for people. */
  readonly unit: 'messages' | 'sessions';
  readonly colours: ChalkInstance;
}

/** The lines of a roll-up; none for no groups, but for JSON, which is then an empty list. */
export function rollupLines(groups: readonly RollupGroup[], view: RollupView): string[] {
  switch (view.format) {
    case 'json':
      return [
        JSON.stringify(
          groups.map((group) => groupObject(group, view.by)),
          null,
          2,
        ),
      ];
    case 'ndjson':
      return groups.map((group) => JSON.stringify(groupObject(group, view.by)));
    case 'csv':
      return [writeRow([...view.by, ...CSV_COLUMNS]), ...groups.map((group) => writeRow(csvCells(group)))];
    case 'table':
      return tableLines(groups, view);
  }
}

/** The dimensions under their names, then the counts. */
export function groupObject(group: RollupGroup, by: readonly RollupDimension[]): object {
  return {
    ...Object.fromEntries(by.map((dimension, index) => [dimension, group.keys[index] ?? ''])),
    messages: group.messages,
    pass: group.pass,
    fail: group.fail,
    dkim_pass: group.dkimPass,
    spf_pass: group.spfPass,
    quarantined: group.quarantined,
    rejected: group.rejected,
    authenticated_as: group.authenticatedAs,
    causes: group.causes,
  };
}

const CSV_COLUMNS = [
  'messages',
  'pass',
  'fail',
  'dkim_pass',
  'spf_pass',
  'quarantined',
  'rejected',
  'authenticated_as',
  'main_cause',
];
const writeRow = createRowWriter(',');

/** What strangers wrote into reports must not become a formula. */
function csvCells(group: RollupGroup): string[] {
  const { messages, pass, fail, dkimPass, spfPass, quarantined, rejected } = group;
  return [
    ...group.keys.map((key) => neutralise(printable(key, 255))),
    ...[messages, pass, fail, dkimPass, spfPass, quarantined, rejected].map(String),
    neutralise(printable(group.authenticatedAs, 255)),
    neutralise(printable(group.causes[0]?.cause ?? '', 500)),
  ];
}

/** Groups that share all keys but the last stand under one heading, with their sum. */
function tableLines(groups: readonly RollupGroup[], view: RollupView): string[] {
  const sections = new Map<string, RollupGroup[]>();
  for (const group of groups) {
    const heading = group.keys.slice(0, -1).join('  ');
    const known = sections.get(heading);
    if (known === undefined) sections.set(heading, [group]);
    else known.push(group);
  }
  return [...sections].flatMap(([heading, members]) => sectionLines(heading, members, view));
}

const BAR_WIDTH = 20;
const KEY_WIDTH = 24;

function sectionLines(heading: string, members: readonly RollupGroup[], view: RollupView): string[] {
  const { colours, unit } = view;
  // A stretch of time is shown whole.
  const top = /^(?:day|week|month)$/.test(view.by.at(-1) ?? '') ? members.length : view.top;
  const messages = members.reduce((sum, group) => sum + group.messages, 0);
  const pass = members.reduce((sum, group) => sum + group.pass, 0);
  const lines = [
    '',
    `${colours.bold(printable(heading || 'all', 120))}  ${count(messages)} ${messages === 1 ? unit.slice(0, -1) : unit}  ${bar({ pass, messages, most: messages }, colours)}  ${shareText(pass, messages)}`,
  ];
  const most = Math.max(...members.slice(0, top).map((group) => group.messages), 1);
  for (const group of members.slice(0, top)) lines.push(...groupLines(group, { most, colours }));
  if (members.length > top) {
    const rest = members.slice(top).reduce((sum, group) => sum + group.messages, 0);
    lines.push(
      colours.dim(`  ${`and ${count(members.length - top)} more`.padEnd(KEY_WIDTH)} ${count(rest).padStart(10)}`),
    );
  }
  return lines;
}

/** The length of a bar is the share of messages, its filled part what passes. */
function groupLines(
  group: RollupGroup,
  { most, colours }: { readonly most: number; readonly colours: ChalkInstance },
): string[] {
  const { messages, pass, fail, authenticatedAs, rejected, quarantined } = group;
  const key = printable(group.keys.at(-1) || '(none)', 60).padEnd(KEY_WIDTH);
  const as = authenticatedAs === '' ? '' : colours.dim(`  as ${printable(authenticatedAs, 60)}`);
  const lines = [
    `  ${key} ${count(messages).padStart(10)}  ${bar({ pass, messages, most }, colours)}  ${shareText(pass, messages)}${as}`,
  ];
  if (fail === 0) return lines;
  const acted = [
    ...(rejected > 0 ? [`${count(rejected)} rejected`] : []),
    ...(quarantined > 0 ? [`${count(quarantined)} quarantined`] : []),
  ].join(', ');
  for (const { cause, messages: failed } of group.causes.slice(0, 2)) {
    lines.push(colours.dim(`  ${' '.repeat(KEY_WIDTH)} ${count(failed).padStart(10)}  ${printable(cause, 110)}`));
  }
  if (acted !== '') lines.push(colours.dim(`  ${' '.repeat(KEY_WIDTH + 11)}  ${acted}`));
  return lines;
}

function bar(
  { pass, messages, most }: { readonly pass: number; readonly messages: number; readonly most: number },
  colours: ChalkInstance,
): string {
  const length = messages === 0 ? 0 : Math.max(1, Math.round((BAR_WIDTH * messages) / most));
  const filled = messages === 0 ? 0 : Math.round((length * pass) / messages);
  const empty = length - filled;
  return `${colours.green('█'.repeat(filled))}${colours.red('░'.repeat(empty))}${' '.repeat(BAR_WIDTH - length)}`;
}

function shareText(pass: number, messages: number): string {
  return messages === 0 ? '' : `${percent(pass, messages).padStart(7)} pass`;
}
