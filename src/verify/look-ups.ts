// Plans many domains at once: a bounded number of look-ups run, and no more are begun than the probing can follow.
import pLimit from 'p-limit';
import { onAbort } from '../smtp/cancellation.ts';

export interface LookUpOptions {
  /** How many run at once. */
  readonly concurrency: number;
  /** Resolves when there is room for one more domain behind them. */
  readonly room: () => Promise<void>;
  /** No more are begun once it is aborted. */
  readonly signal: AbortSignal;
  /** Called when one failed, so that the rest may end soon. */
  readonly onFailure: () => void;
}

/** Resolves when all are done. @throws whatever the first look-up that failed threw, once none runs any more. */
export async function lookUpAll<Item>(
  items: Iterable<Item>,
  lookUp: (item: Item) => Promise<unknown>,
  { concurrency, room, signal, onFailure }: LookUpOptions,
): Promise<void> {
  const limit = pLimit(concurrency);
  let failure: { readonly error: unknown } | null = null;
  let owed = 0;
  let wake: () => void = () => {};
  const owedBelow = async (count: number): Promise<void> => {
    while (owed >= count) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  for (const item of items) {
    if (signal.aborted) break;
    await room();
    owed += 1;
    void limit(() => lookUp(item))
      .catch((error: unknown) => {
        failure ??= { error };
        onFailure();
      })
      .finally(() => {
        owed -= 1;
        wake();
      });
    await owedBelow(concurrency * 2); // twice, so that a free slot always finds the next domain waiting
  }
  await owedBelow(1);
  if (failure !== null) throw (failure as { readonly error: unknown }).error;
}

/**
 * What the look-up gives, or null as soon as the signal is aborted: a silent resolver is given many seconds, and nobody
 * who stops a run waits for them. What it throws after that is lost.
 */
export async function beforeAbort<Found>(lookUp: Promise<Found>, signal: AbortSignal): Promise<Found | null> {
  let forget: () => void = () => {};
  const aborted = new Promise<null>((resolve) => {
    forget = onAbort(signal, () => resolve(null));
    if (signal.aborted) resolve(null); // meanwhile, so that nobody calls back
  });
  try {
    return await Promise.race([lookUp, aborted]);
  } finally {
    forget();
  }
}
