// Sums up the rows of reports by domain, source, period and more: who sends as a domain, what passes, what fails and why.
import { type Authentication, type AuthenticationResult, authenticationOf, type FateRow } from './report-rows.ts';

/** What rows may be summed up by; periods are UTC, weeks begin on Monday and are named by it. */
export const ROLLUP_DIMENSIONS = [
  'domain',
  'source',
  'reporter',
  'header_from',
  'result',
  'disposition',
  'day',
  'week',
  'month',
] as const;
export type RollupDimension = (typeof ROLLUP_DIMENSIONS)[number];

/** A row beside what it needs of its report. */
export interface RollupRow extends FateRow {
  readonly kind: 'aggregate' | 'tls' | 'failure';
  readonly reporter: string;
  readonly domain: string;
  /** Unix seconds. */
  readonly begin: number | null;
  readonly end: number | null;
}

export interface RollupGroup {
  /** Its value in each dimension, in the order they were asked for. */
  readonly keys: readonly string[];
  readonly messages: number;
  /** DKIM or SPF passed and was aligned; of TLS sessions, encrypted ones. */
  readonly pass: number;
  readonly fail: number;
  readonly dkimPass: number;
  readonly spfPass: number;
  /** Failed messages that were quarantined or rejected, or let through all the same. */
  readonly quarantined: number;
  readonly rejected: number;
  /** The domain most of its messages are authenticated as, aligned or not; '' for none. It tells who a source is. */
  readonly authenticatedAs: string;
  /** Why messages failed, the commonest first. */
  readonly causes: readonly { readonly cause: string; readonly messages: number }[];
}

export interface RollupOptions {
  readonly by: readonly RollupDimension[];
  /** Unix seconds: of reports that reach over these, only the days between count. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
}

interface OpenGroup {
  readonly keys: readonly string[];
  messages: number;
  pass: number;
  dkimPass: number;
  spfPass: number;
  quarantined: number;
  rejected: number;
  readonly names: Map<string, number>;
  readonly causes: Map<string, number>;
}

/** So many sources are an attack or a mistake; the rest is one group, `other`. */
const MOST_GROUPS = 200_000;
const MOST_CAUSES = 20;
const DAY = 86_400;

export class Rollup {
  readonly #options: RollupOptions;
  readonly #groups = new Map<string, OpenGroup>();

  constructor(options: RollupOptions) {
    this.#options = options;
  }

  add(row: RollupRow): void {
    for (const { day, messages } of sharesOf(row, this.#options)) {
      const group = this.#groupOf(this.#options.by.map((dimension) => valueIn(dimension, row, day)));
      if (row.kind === 'tls') addSessions(group, row, messages);
      else addMessages(group, row, messages);
    }
  }

  /** Groups with the most messages first; where a period is among the dimensions, in order of time before that. */
  groups(): RollupGroup[] {
    const periods = this.#options.by.flatMap((dimension, index) => (PERIODS.has(dimension) ? [index] : []));
    return [...this.#groups.values()].map(closed).sort((a, b) => {
      for (const index of periods) {
        const order = (a.keys[index] ?? '').localeCompare(b.keys[index] ?? '');
        if (order !== 0) return order;
      }
      return b.messages - a.messages || a.keys.join('\n').localeCompare(b.keys.join('\n'));
    });
  }

  #groupOf(keys: readonly string[]): OpenGroup {
    const name = keys.join('\n');
    const known = this.#groups.get(name);
    if (known !== undefined) return known;
    if (this.#groups.size >= MOST_GROUPS && keys.some((key) => key !== 'other')) {
      return this.#groupOf(keys.map(() => 'other'));
    }
    const counts = { messages: 0, pass: 0, dkimPass: 0, spfPass: 0, quarantined: 0, rejected: 0 };
    const group = { keys, ...counts, names: new Map<string, number>(), causes: new Map<string, number>() };
    this.#groups.set(name, group);
    return group;
  }
}

const PERIODS: ReadonlySet<string> = new Set(['day', 'week', 'month']);

/**
 * The days a row belongs to. A report of a day (which may be 25 hours, and rarely begins at midnight UTC) belongs to the day
 * of its middle. Longer ones are spread over their days in proportion, so that the parts add up to the whole again.
 */
function* sharesOf(
  { begin, end, messages }: RollupRow,
  { since, until }: RollupOptions,
): Generator<{ day: number | null; messages: number }> {
  const from = begin ?? end;
  if (from === null) {
    if (since === undefined && until === undefined) yield { day: null, messages };
    return;
  }
  const to = Math.max(end ?? from, from);
  const isWithin = (day: number): boolean =>
    (since === undefined || (day + 1) * DAY > since) && (until === undefined || day * DAY < until);
  if (to - from <= 25 * 3600) {
    const day = Math.floor((from + to) / 2 / DAY);
    if (isWithin(day)) yield { day, messages };
    return;
  }
  let given = 0;
  const last = Math.min(Math.floor(to / DAY), Math.floor(from / DAY) + MOST_DAYS);
  for (let day = Math.floor(from / DAY); day <= last; day += 1) {
    const reached = day === last ? 1 : ((day + 1) * DAY - from) / (to - from);
    const share = Math.round(messages * reached) - given;
    given += share;
    if (share > 0 && isWithin(day)) yield { day, messages: share };
  }
}

/** A report over more days than this names its time wrongly. */
const MOST_DAYS = 400;

function valueIn(dimension: RollupDimension, row: RollupRow, day: number | null): string {
  switch (dimension) {
    case 'domain':
      return row.domain;
    case 'source':
      return row.sourceIp;
    case 'reporter':
      return row.reporter;
    case 'header_from':
      return row.headerFrom;
    case 'result':
      return isPass(row) ? 'pass' : 'fail';
    case 'disposition':
      return row.disposition;
    case 'day':
      return day === null ? '' : dateOf(day);
    case 'week':
      return day === null ? '' : dateOf(day - ((day + 3) % 7)); // the epoch was a Thursday
    case 'month':
      return day === null ? '' : dateOf(day).slice(0, 7);
  }
}

function dateOf(day: number): string {
  return new Date(day * DAY * 1000).toISOString().slice(0, 10);
}

function isPass({ kind, dkim, spf, disposition }: RollupRow): boolean {
  return kind === 'tls' ? disposition === 'success' : dkim === 'pass' || spf === 'pass';
}

function addMessages(group: OpenGroup, row: RollupRow, messages: number): void {
  group.messages += messages;
  if (row.dkim === 'pass') group.dkimPass += messages;
  if (row.spf === 'pass') group.spfPass += messages;
  if (row.disposition === 'quarantine') group.quarantined += messages;
  if (row.disposition === 'reject') group.rejected += messages;
  const results = authenticationOf(row.results);
  const name = [...results.dkim, ...results.spf].find(([, , result]) => result === 'pass')?.[0];
  if (name !== undefined && name !== '') count(group.names, name, messages);
  if (isPass(row)) group.pass += messages;
  else count(group.causes, causeOf(row, results), messages);
}

function addSessions(group: OpenGroup, row: RollupRow, messages: number): void {
  group.messages += messages;
  if (isPass(row)) group.pass += messages;
  else
    count(
      group.causes,
      [row.disposition, row.headerFrom && `at ${row.headerFrom}`, row.reasons && `(${row.reasons})`]
        .filter(Boolean)
        .join(' '),
      messages,
    );
}

/** Beyond the limit, causes are one: a crafted report can make up any number. */
function count(counts: Map<string, number>, name: string, messages: number): void {
  const known = counts.has(name) || counts.size < MOST_CAUSES ? name : 'other';
  counts.set(known, (counts.get(known) ?? 0) + messages);
}

/** Why neither check counted: a pass for another domain is what forwarders and services on loan show, and needs other cures. */
function causeOf(row: RollupRow, { dkim, spf }: Authentication): string {
  const override = row.reasons === '' ? '' : `; let through as ${row.reasons}`;
  return `${dkimCause(dkim)}; ${spfCause(spf)}${override}`;
}

function dkimCause(results: readonly AuthenticationResult[]): string {
  const passed = results.find(([, , result]) => result === 'pass');
  if (passed !== undefined) return `DKIM passes for ${passed[0]}, not aligned`;
  const failed = results.find(([, , result]) => result !== 'none' && result !== '');
  return failed === undefined ? 'not signed' : `DKIM of ${failed[0]} ${failed[2]}`;
}

function spfCause(results: readonly AuthenticationResult[]): string {
  const result = results.find(([, scope]) => scope !== 'helo') ?? results[0];
  if (result === undefined) return 'no SPF';
  const [domain, , word] = result;
  if (word === 'pass') return `SPF passes for ${domain}, not aligned`;
  return domain === '' ? `SPF ${word || 'none'}` : `SPF ${word || 'none'} for ${domain}`;
}

function closed({ names, causes, ...group }: OpenGroup): RollupGroup {
  const [name] = [...names].sort((a, b) => b[1] - a[1])[0] ?? [''];
  return {
    ...group,
    fail: group.messages - group.pass,
    authenticatedAs: name,
    causes: [...causes].sort((a, b) => b[1] - a[1]).map(([cause, messages]) => ({ cause, messages })),
  };
}
