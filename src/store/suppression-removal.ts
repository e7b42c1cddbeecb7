// Ends suppressions on a person's word, and erases a person while keeping "never again".
import type { Connection } from './connection.ts';
import type { SuppressionEntry } from './suppression-entries.ts';
import { EVERY_SCOPE, needsForce, type SuppressionReason } from './suppression-reasons.ts';
import { type RecorderParts, type SuppressionRecorder, strongest } from './suppression-recorder.ts';
import type { SuppressionSecret } from './suppression-secret.ts';
import { oneLine, TEXT_LIMIT } from './suppression-texts.ts';
import type { SuppressionKey } from './suppressions.ts';

export interface RemoveOptions {
  /** Only entries of this scope; null for those of every scope. */
  readonly scope: string | null;
  /** Also takes back what a person asked for: complaints and manual entries. */
  readonly force: boolean;
  /** Why it was removed, for the history. */
  readonly why: string | null;
  readonly dryRun?: boolean | undefined;
}

/** `refused`: some of it takes force, and all of it stays. */
export type RemoveOutcome =
  | { readonly status: 'removed'; readonly reasons: readonly SuppressionReason[] }
  | { readonly status: 'refused'; readonly reason: SuppressionReason }
  | { readonly status: 'absent' };

/** `entries` counts what was in the file under the address: 0 for one that was never suppressed, and now is. */
export interface ForgetOutcome {
  readonly status: 'forgotten' | 'already';
  readonly entries: number;
}

const DELETE_ENTRIES = 'DELETE FROM suppression WHERE key_id = ?';
const DELETE_FAILURES = 'DELETE FROM suppression_failure WHERE key_id = ?';
const DELETE_RESETS = 'DELETE FROM suppression_reset WHERE key_id = ?';
const DELETE_KEY = 'DELETE FROM suppression_key WHERE id = ?';

const BY_HAND = { source: 'command line', evidence: null, verified: true } as const;

export class SuppressionRemoval {
  readonly #parts: RecorderParts & { readonly secret: SuppressionSecret };
  readonly #connection: Connection;
  readonly #recorder: SuppressionRecorder;

  constructor(parts: RecorderParts & { readonly secret: SuppressionSecret }, recorder: SuppressionRecorder) {
    this.#parts = parts;
    this.#connection = parts.connection;
    this.#recorder = recorder;
  }

  /** To be called within `write`. */
  remove(key: SuppressionKey, options: RemoveOptions & { readonly now: number }): RemoveOutcome {
    const { keys, entries, failures } = this.#parts;
    const ids = keys.formsOf(key).flatMap((form) => keys.find(form) ?? []);
    const standing = ids.flatMap((id) =>
      entries
        .of(id)
        .filter(({ scope }) => options.scope === null || scope === options.scope)
        .map((entry) => ({ id, entry })),
    );
    const held = standing.find(({ entry }) => needsForce(entry.reason));
    if (held !== undefined && !options.force) return { status: 'refused', reason: held.entry.reason };
    const hadFailures = options.scope === null && ids.filter((id) => failures.clear(id, options.now)).length > 0;
    for (const { id, entry } of standing) this.#end(id, entry, options);
    if (options.scope === null) for (const id of ids) this.#resetAll(id, options.now);
    if (standing.length === 0 && !hadFailures) return { status: 'absent' };
    return { status: 'removed', reasons: [...new Set(standing.map(({ entry }) => entry.reason))] };
  }

  /** To be called within `write`. */
  forget(address: string, options: { readonly why: string | null; readonly now: number }): ForgetOutcome {
    const { keys, entries, history, secret } = this.#parts;
    secret.ensure();
    const tombstone = keys.findOrAdd({ type: 'hmac', value: secret.hashOf(address) }).id;
    const wasForgotten = entries.of(tombstone).length > 0;
    const ids = keys
      .formsOf({ type: 'email', value: address })
      .flatMap((form) => keys.find(form) ?? [])
      .filter((id) => id !== tombstone);
    const known = ids.flatMap((id) => entries.of(id));
    const first = strongest(known);
    for (const id of ids) this.#replace(id, tombstone);
    if (wasForgotten && ids.length === 0) return { status: 'already', entries: 0 };
    const { now } = options;
    const told = { ...BY_HAND, scope: EVERY_SCOPE, reason: 'manual', detail: why(options.why) } as const;
    const firstSeen = first?.firstSeen ?? now;
    entries.put(tombstone, { ...told, subdomains: false, firstSeen, lastSeen: now, count: 1, expiresAt: null });
    history.add(tombstone, { ...told, action: 'forgotten', at: now }, now);
    return { status: 'forgotten', entries: known.length };
  }

  #end(id: number, entry: SuppressionEntry, options: RemoveOptions & { readonly now: number }): void {
    const { scope, reason } = entry;
    this.#parts.entries.delete(id, entry);
    this.#recorder.reset(id, { cause: 'removed', scope, at: options.now });
    const told = { ...BY_HAND, scope, reason, detail: why(options.why), action: 'removed', at: options.now } as const;
    this.#parts.history.add(id, told, options.now);
  }

  #resetAll(id: number, now: number): void {
    this.#recorder.reset(id, { cause: 'removed', scope: EVERY_SCOPE, at: now });
  }

  /** Takes a key out of the file and leaves its history, without texts, under the tombstone. */
  #replace(id: number, tombstone: number): void {
    this.#parts.history.hand(id, tombstone);
    for (const sql of [DELETE_ENTRIES, DELETE_FAILURES, DELETE_RESETS, DELETE_KEY]) {
      this.#connection.run(() => this.#connection.prepare(sql).run(id));
    }
  }
}

function why(text: string | null): string | null {
  return text === null ? null : oneLine(text, TEXT_LIMIT);
}
