// What the tests of the suppression store share: a store in a fresh folder and events to put into it.
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { openStore, type Store } from '../../src/store/database.ts';
import type { ScannedMessage } from '../../src/store/scan-memory.ts';
import type { SuppressionEvent, SuppressionOutcome } from '../../src/store/suppressions.ts';
import { handClock, NOW, scratchFolder } from './scratch.ts';

export const DAY = 86_400_000;
export const ANN = 'ann@list.test';

export interface OpenedStore {
  readonly store: Store;
  readonly path: string;
  readonly clock: ReturnType<typeof handClock>;
}

/** A store on a real file, closed when the test ends; its clock stands at `NOW`. */
export function freshStore(t: TestContext): OpenedStore {
  const path = join(scratchFolder(t), 'store.sqlite');
  const clock = handClock();
  const store = openStore({ path, clock });
  t.after(() => store.close());
  return { store, path, clock };
}

let evidence = 0;

/** A hard bounce of ann@list.test with evidence of its own; `changes` overrides. */
export function someEvent(changes: Partial<SuppressionEvent> & { readonly address?: string } = {}): SuppressionEvent {
  const { address = ANN, ...others } = changes;
  evidence += 1;
  return {
    key: { type: 'email', value: address },
    scope: 'all',
    reason: 'hard_bounce',
    detail: '550 5.1.1 no such user',
    source: 'mx1.list.test',
    evidenceId: `evidence-${evidence}`,
    at: NOW - DAY,
    verified: true,
    ...others,
  };
}

/** What one event brings about. */
export function add(
  { store }: Pick<OpenedStore, 'store'>,
  event: SuppressionEvent,
  options: Parameters<Store['suppressions']['add']>[1] = {},
): SuppressionOutcome {
  const [outcome] = store.suppressions.add([event], options);
  if (outcome === undefined) throw new Error('no outcome');
  return outcome;
}

/** The reason ann@list.test is suppressed for, or null. */
export function reasonOf({ store }: Pick<OpenedStore, 'store'>, address: string = ANN, scope = 'all'): string | null {
  return store.suppressions.match([address], scope).get(address)?.reason ?? null;
}

/** Everything the suppression store holds, for comparing before and after. */
export function contentOf({ store }: Pick<OpenedStore, 'store'>): unknown {
  return { entries: [...store.suppressions.list()], history: [...store.suppressions.history()] };
}

/** Ten bounces of a scan, the same for each `batch` whoever reads them, and the messages they stand in. */
export function batchOf(batch: number): {
  readonly events: readonly SuppressionEvent[];
  readonly messages: readonly ScannedMessage[];
} {
  const numbers = Array.from({ length: 10 }, (_, index) => batch * 10 + index);
  return {
    events: numbers.map((number) => someEvent({ address: `user${number}@list.test`, evidenceId: `message ${number}` })),
    messages: numbers.map((number) => ({
      at: { place: `/mail/new/${number}`, stamp: '' },
      sha256: number.toString(16).padStart(64, '0'),
      outcome: 'bounce',
    })),
  };
}
