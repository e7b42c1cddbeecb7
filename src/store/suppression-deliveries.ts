// What a delivery undoes: failures that were counting up, and suppressions that only such failures had brought about.
import { isLive } from './suppression-entries.ts';
import type { FailureCounts, FailureRules } from './suppression-failures.ts';
import { EVERY_SCOPE, isCounted } from './suppression-reasons.ts';
import type { RecorderParts, SuppressionRecorder } from './suppression-recorder.ts';
import { oneLine, SOURCE_LIMIT } from './suppression-texts.ts';

/** A message that reached its recipient. */
export interface Delivery {
  /** `local@domain`, lower case, domain as A-label. */
  readonly address: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Who says so, such as the name of the log. */
  readonly source: string;
}

/** `lifted`: it is no longer suppressed; `reset`: failures no longer count; `nothing`: there was nothing to undo. */
export interface DeliveryOutcome {
  readonly status: 'lifted' | 'reset' | 'nothing';
}

export class Deliveries {
  readonly #parts: RecorderParts & { readonly failures: FailureCounts };
  readonly #recorder: SuppressionRecorder;

  constructor(parts: RecorderParts, recorder: SuppressionRecorder) {
    this.#parts = parts;
    this.#recorder = recorder;
  }

  /** Undoes what failed up to the delivery; a second time there is nothing left to undo. To be called within `write`. */
  take(delivery: Delivery, options: FailureRules & { readonly now: number }): DeliveryOutcome {
    const { keys, failures, history } = this.#parts;
    const keyId = keys.find({ type: 'email', value: delivery.address });
    if (keyId === null) return NOTHING;
    const at = Math.max(0, Math.min(Math.round(delivery.at), options.now));
    const isCleared = failures.clear(keyId, at);
    const isLifted = this.#lift(keyId, at, options);
    if (!isCleared && !isLifted) return NOTHING;
    this.#recorder.reset(keyId, { cause: 'delivered', scope: EVERY_SCOPE, at });
    history.add(
      keyId,
      {
        scope: EVERY_SCOPE,
        reason: 'soft_bounce',
        action: isLifted ? 'lifted' : 'delivered',
        source: oneLine(delivery.source, SOURCE_LIMIT),
        evidence: null,
        detail: null,
        verified: true,
        at,
      },
      options.now,
    );
    return { status: isLifted ? 'lifted' : 'reset' };
  }

  /** Ends what the failures that are left no longer justify. True where something live was ended. */
  #lift(keyId: number, at: number, options: FailureRules & { readonly now: number }): boolean {
    const { entries, failures } = this.#parts;
    let isLifted = false;
    for (const entry of entries.of(keyId)) {
      if (!isCounted(entry.reason) || entry.firstSeen > at) continue;
      const asked = { at: entry.lastSeen, reasons: [entry.reason], rules: options };
      const isJustified = failures.standings(keyId, asked).some(({ count, needed }) => count >= needed);
      if (isJustified) continue;
      entries.delete(keyId, entry);
      isLifted = isLifted || isLive(entry, options.now);
    }
    return isLifted;
  }
}

const NOTHING: DeliveryOutcome = { status: 'nothing' };
