// Decides what one event brings about: what it is weighed against, what is written, and what the caller is told.
import type { Connection, Statement } from './connection.ts';
import { isLive, type SuppressionEntries, type SuppressionEntry } from './suppression-entries.ts';
import type { FailureCounts, FailureRules, Standing } from './suppression-failures.ts';
import type { HistoryAction, SuppressionHistory } from './suppression-history.ts';
import type { SuppressionKeys } from './suppression-keys.ts';
import { EVERY_SCOPE, isAboutMailbox, isCounted, LIFE_MS, rankOf } from './suppression-reasons.ts';
import { boundedEvidence, dayOf, oneLine, SOURCE_LIMIT, TEXT_LIMIT } from './suppression-texts.ts';
import type { SuppressionEvent, SuppressionOutcome } from './suppressions.ts';

export interface RecordOptions extends FailureRules {
  readonly now: number;
  /** Leaves out what may be forged: only events proven to be about our mail count, and a person's own word. */
  readonly onlyVerified?: boolean | undefined;
}

export interface RecorderParts {
  readonly connection: Connection;
  readonly keys: SuppressionKeys;
  readonly entries: SuppressionEntries;
  readonly history: SuppressionHistory;
  readonly failures: FailureCounts;
}

const LAST_RESET = `
  SELECT at FROM suppression_reset WHERE key_id = ? AND cause = ? AND (scope = '${EVERY_SCOPE}' OR scope = ?)
  ORDER BY at DESC LIMIT 1`;
const PUT_RESET = `
  INSERT INTO suppression_reset (key_id, cause, scope, at) VALUES (?, ?, ?, ?)
  ON CONFLICT (key_id, cause, scope) DO UPDATE SET at = max(at, excluded.at)`;

export class SuppressionRecorder {
  readonly #parts: RecorderParts;
  readonly #lastReset: Statement<readonly [number]>;
  readonly #putReset: Statement;

  constructor(parts: RecorderParts) {
    this.#parts = parts;
    this.#lastReset = parts.connection.prepare(LAST_RESET);
    this.#putReset = parts.connection.prepare(PUT_RESET);
  }

  /** Records one event. To be called within `write`. */
  record(given: SuppressionEvent, options: RecordOptions): SuppressionOutcome {
    if (options.onlyVerified === true && !given.verified && given.reason !== 'manual') return UNVERIFIED;
    const event = bounded(given, options.now);
    const buried = event.key.type === 'email' ? this.#buried(event, event.key.value) : null;
    if (buried !== null) return buried;
    const { id: keyId, isNew } = this.#parts.keys.findOrAdd(event.key);
    const settled = isNew ? null : this.#settledBefore(keyId, event, options.now);
    if (settled !== null) return settled;
    const entries = isNew ? [] : this.#parts.entries.of(keyId);
    const covering = strongest(entries.filter((entry) => isLive(entry, options.now) && covers(entry, event)));
    if (isCounted(event.reason)) return this.#count(keyId, event, covering, options);
    const { reason, evidenceId, expiresAt, at } = event;
    if (evidenceId === null && covering?.reason === reason && outlasts(covering, event)) return alreadySince(covering);
    return this.#suppress(keyId, event, covering, { now: options.now, expiresAt, reason, firstAt: at, count: 1 });
  }

  /** What happened to the key up to `at` no longer counts. To be called within `write`. */
  reset(keyId: number, given: { readonly cause: 'removed' | 'delivered'; readonly scope: string; at: number }): void {
    this.#parts.connection.run(() => this.#putReset.run(keyId, given.cause, given.scope, given.at));
  }

  #count(
    keyId: number,
    event: BoundedEvent,
    covering: SuppressionEntry | null,
    options: RecordOptions,
  ): SuppressionOutcome {
    const { at } = event;
    const message = event.messageId ?? event.evidenceId ?? String(at);
    const ownReason = event.reason === 'suspect' ? 'suspect' : 'soft_bounce';
    const standings = this.#parts.failures.add(keyId, { reason: ownReason, message, at }, options);
    const reached = standings.find(({ count, needed }) => count >= needed);
    const expiresAt = reached === undefined ? 0 : reached.lastAt + LIFE_MS[reached.reason];
    if (reached === undefined || expiresAt <= options.now) {
      this.#note(keyId, event, 'counted', options.now);
      return covering === null ? { status: 'counted', why: progressOf(standings) } : alreadySince(covering);
    }
    const { reason, firstAt } = reached;
    const count = this.#parts.entries.has(keyId, { scope: event.scope, reason }) ? 1 : reached.count;
    return this.#suppress(keyId, event, covering, { now: options.now, expiresAt, reason, firstAt, count });
  }

  #suppress(
    keyId: number,
    event: BoundedEvent,
    covering: SuppressionEntry | null,
    decided: {
      readonly now: number;
      readonly expiresAt: number | null;
      readonly reason: BoundedEvent['reason'];
      readonly firstAt: number;
      readonly count: number;
    },
  ): SuppressionOutcome {
    const { subdomains, scope, source, evidenceId, detail, verified, at } = event;
    const { reason, expiresAt, firstAt, count, now } = decided;
    const told = { subdomains, scope, reason, source, evidence: evidenceId, detail, verified };
    this.#parts.entries.put(keyId, { ...told, firstSeen: firstAt, lastSeen: at, count, expiresAt });
    const isNew = covering === null || rankOf(covering.reason) > rankOf(reason);
    this.#note(keyId, event, isNew ? 'suppressed' : 'confirmed', now);
    if (!isNew) return alreadySince(covering);
    if (expiresAt !== null && expiresAt <= now) return { status: 'ignored', why: `ended ${dayOf(expiresAt)}` };
    return { status: 'suppressed', why: covering === null ? reason : `${reason}, before only ${covering.reason}` };
  }

  /** The outcome for an address that was forgotten: its name does not come back into the file. */
  #buried(event: BoundedEvent, address: string): SuppressionOutcome | null {
    const tombstone = this.#parts.keys.tombstoneOf(address);
    if (tombstone === null) return null;
    return this.#parts.entries.of(tombstone).length > 0 ? FORGOTTEN : this.#resetBefore(tombstone, event);
  }

  /** The outcome where earlier events have settled it: the evidence is known, or something since has outdated it. */
  #settledBefore(keyId: number, event: BoundedEvent, now: number): SuppressionOutcome | null {
    const { scope, reason, evidenceId } = event;
    const { history, entries } = this.#parts;
    if (evidenceId !== null && history.has(keyId, { id: evidenceId, scope, reason })) {
      return isCounted(reason) || entries.has(keyId, { scope, reason }) ? KNOWN : TAKEN_BACK;
    }
    const outdated = this.#resetBefore(keyId, event);
    if (outdated !== null) this.#note(keyId, event, 'ignored', now);
    return outdated;
  }

  #resetBefore(keyId: number, { scope, reason, at }: BoundedEvent): SuppressionOutcome | null {
    const last = (cause: string): number | null =>
      this.#parts.connection.run(() => this.#lastReset.get(keyId, cause, scope))?.[0] ?? null;
    const removedAt = last('removed');
    if (removedAt !== null && at < removedAt)
      return { status: 'ignored', why: `removed ${dayOf(removedAt)}, after it` };
    const deliveredAt = isCounted(reason) ? last('delivered') : null;
    if (deliveredAt === null || at > deliveredAt) return null;
    return { status: 'ignored', why: `a message got through ${dayOf(deliveredAt)}, after it` };
  }

  #note(keyId: number, event: BoundedEvent, action: HistoryAction, now: number): void {
    this.#parts.history.add(keyId, { ...event, evidence: event.evidenceId, action }, now);
  }
}

const UNVERIFIED: SuppressionOutcome = { status: 'ignored', why: 'not proven to be about mail of ours' };
const FORGOTTEN: SuppressionOutcome = { status: 'already', why: 'forgotten on demand, never to be mailed again' };
const KNOWN: SuppressionOutcome = { status: 'already', why: 'this evidence was counted before' };
const TAKEN_BACK: SuppressionOutcome = {
  status: 'ignored',
  why: 'it was removed since, and the same evidence does not bring it back',
};

type BoundedEvent = SuppressionEvent & { readonly subdomains: boolean; readonly expiresAt: number | null };

/** Texts of strangers in one line and cut, times not in the future (a forged Date must not outlive what is true). */
function bounded(event: SuppressionEvent, now: number): BoundedEvent {
  return {
    ...event,
    subdomains: event.subdomains === true && event.key.type === 'domain',
    scope: isAboutMailbox(event.reason) ? EVERY_SCOPE : event.scope,
    detail: event.detail === null ? null : oneLine(event.detail, TEXT_LIMIT) || null,
    source: oneLine(event.source, SOURCE_LIMIT),
    evidenceId: event.evidenceId === null ? null : boundedEvidence(event.evidenceId),
    messageId: event.messageId === null || event.messageId === undefined ? null : boundedEvidence(event.messageId),
    expiresAt: Number.isFinite(event.expiresAt) ? Math.round(event.expiresAt ?? 0) : null,
    at: Number.isFinite(event.at) ? Math.max(0, Math.min(Math.round(event.at), now)) : now,
  };
}

function covers(entry: SuppressionEntry, event: BoundedEvent): boolean {
  const isWideEnough = entry.scope === EVERY_SCOPE || entry.scope === event.scope;
  return isWideEnough && (entry.subdomains || !event.subdomains);
}

function outlasts(entry: SuppressionEntry, event: BoundedEvent): boolean {
  return entry.expiresAt === null || (event.expiresAt !== null && entry.expiresAt >= event.expiresAt);
}

/** The entry of the strongest reason, the one that ends last among equals; null of none. */
export function strongest<Entry extends Pick<SuppressionEntry, 'reason' | 'expiresAt'>>(
  entries: readonly Entry[],
): Entry | null {
  let best: Entry | null = null;
  for (const entry of entries) {
    const rank = best === null ? 1 : rankOf(best.reason) - rankOf(entry.reason);
    if (rank > 0 || (rank === 0 && best !== null && endOf(entry) > endOf(best))) best = entry;
  }
  return best;
}

function endOf({ expiresAt }: Pick<SuppressionEntry, 'expiresAt'>): number {
  return expiresAt ?? Number.POSITIVE_INFINITY;
}

function alreadySince(entry: SuppressionEntry): SuppressionOutcome {
  return { status: 'already', why: `${entry.reason} since ${dayOf(entry.firstSeen)}` };
}

function progressOf(standings: readonly Standing[]): string {
  return standings.map(({ reason, count, needed }) => `${reason} ${count} of ${needed}`).join(', ');
}
