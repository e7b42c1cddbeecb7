// `mailgate suppress list`: shows entries or their history, for people or as JSON.
import { MailgateError } from '../errors.ts';
import { printable } from '../smtp/printable.ts';
import type { SuppressionEntry } from '../store/suppression-entries.ts';
import type { HistoryRow } from '../store/suppression-history.ts';
import type { SuppressionReason } from '../store/suppression-reasons.ts';
import type { SuppressionKey } from '../store/suppressions.ts';
import { isoTime } from './annotation.ts';
import type { SuppressSession } from './suppress-session.ts';
import { subjectOf } from './suppress-subjects.ts';

export interface EntrySelection {
  readonly scope: string | null;
  readonly reason: SuppressionReason | undefined;
  readonly source: string | undefined;
  readonly expired: boolean;
}

export interface ListSettings extends EntrySelection {
  readonly history: boolean;
}

/** Prints what was asked for; false where there is none of it. */
export async function listEntries(
  session: SuppressSession,
  wanted: readonly string[],
  settings: ListSettings,
): Promise<boolean> {
  const { json } = session.settings;
  const keys = wanted.map(keyOf);
  const lines = settings.history
    ? mapped(historyOf(session, keys), (row) => (json ? JSON.stringify(historyObject(row)) : historyLine(row)))
    : mapped(entriesOf(session, keys, settings), (entry) =>
        json ? JSON.stringify(entryObject(entry)) : entryLine(entry),
      );
  let held: string[] = [];
  let shown = 0;
  for (const line of lines) {
    shown += 1;
    held.push(line);
    if (held.length < BATCH) continue;
    session.invocation.interrupted.throwIfAborted();
    await session.print(`${held.join('\n')}\n`);
    held = [];
  }
  if (held.length > 0) await session.print(`${held.join('\n')}\n`);
  if (shown === 0) session.notices.tell('Nothing of that is in the store.');
  return shown > 0;
}

const BATCH = 500;

function* mapped<From, To>(items: Iterable<From>, to: (item: From) => To): Generator<To> {
  for (const item of items) yield to(item);
}

function keyOf(text: string): SuppressionKey {
  const subject = subjectOf(text);
  if (subject.status === 'good') return subject.key;
  throw new MailgateError('usage', `${JSON.stringify(text.slice(0, 80))}: ${subject.why}`);
}

/** The entries that are selected, of these keys or of all. */
export function* entriesOf(
  { store, now }: Pick<SuppressSession, 'store' | 'now'>,
  keys: readonly SuppressionKey[],
  { scope, reason, source, expired }: EntrySelection,
): Generator<SuppressionEntry> {
  if (keys.length === 0) {
    const liveAt = expired ? undefined : now;
    yield* store.suppressions.list({ scope: scope ?? undefined, reason, source, liveAt });
  }
  for (const key of keys) {
    for (const entry of store.suppressions.entriesOf(key)) {
      if (scope !== null && entry.scope !== scope) continue;
      if (reason !== undefined && entry.reason !== reason) continue;
      if (source !== undefined && entry.source !== source) continue;
      if (expired || entry.expiresAt === null || entry.expiresAt > now) yield entry;
    }
  }
}

function* historyOf({ store }: SuppressSession, keys: readonly SuppressionKey[]): Generator<HistoryRow> {
  if (keys.length === 0) yield* store.suppressions.history();
  for (const key of keys) yield* store.suppressions.history(key);
}

/** The fields of an entry for machines; the CSV of `export` has the same. */
export function entryObject(entry: SuppressionEntry) {
  return {
    type: entry.key.type,
    key: entry.key.value,
    subdomains: entry.subdomains,
    scope: entry.scope,
    reason: entry.reason,
    source: entry.source,
    evidence: entry.evidence,
    detail: entry.detail,
    verified: entry.verified,
    first_seen: isoTime(entry.firstSeen),
    last_seen: isoTime(entry.lastSeen),
    count: entry.count,
    expires_at: entry.expiresAt === null ? null : isoTime(entry.expiresAt),
  };
}

function historyObject(row: HistoryRow) {
  return {
    recorded_at: isoTime(row.recordedAt),
    at: isoTime(row.at),
    action: row.action,
    type: row.key.type,
    key: row.key.value,
    scope: row.scope,
    reason: row.reason,
    source: row.source,
    evidence: row.evidence,
    detail: row.detail,
    verified: row.verified,
  };
}

function entryLine(entry: SuppressionEntry): string {
  const { reason, scope, source, detail, count, expiresAt } = entry;
  const end = expiresAt === null ? '' : `, until ${isoTime(expiresAt).slice(0, 10)}`;
  const times = count > 1 ? `, ${count} times` : '';
  const said = detail === null || detail === '' ? '' : `: ${detail}`;
  const since = isoTime(entry.firstSeen).slice(0, 10);
  return `${since}  ${reason.padEnd(11)}  ${scope.padEnd(10)}  ${nameOf(entry)}  (${printable(`${source}${times}${end}${said}`, 600)})`;
}

function historyLine(row: HistoryRow): string {
  const said = row.detail === null || row.detail === '' ? '' : `: ${row.detail}`;
  const about = printable(`${row.source}${said}`, 600);
  return `${isoTime(row.at)}  ${row.action.padEnd(10)}  ${row.reason.padEnd(11)}  ${row.scope.padEnd(10)}  ${nameOf(row)}  (${about})`;
}

function nameOf({ key, subdomains = false }: { readonly key: SuppressionKey; readonly subdomains?: boolean }): string {
  const name = printable(key.value, 320);
  switch (key.type) {
    case 'email':
      return name;
    case 'domain':
      return subdomains ? `${name} and its subdomains` : name;
    case 'hmac':
      return `forgotten:${name.slice(0, 16)}…`;
    default:
      return `${key.type}:${name}`;
  }
}
