// Lets a thousand connections hear one abort signal without each of them hanging on it.

const listeners = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls back once when the signal is aborted; the returned function takes the wish back. Node looks through all listeners
 * of a signal for each one added, which took a seventh of the CPU of a run with 1,000 connections; a set does not.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  let waiting = listeners.get(signal);
  if (waiting === undefined) {
    const made = new Set<() => void>();
    waiting = made;
    listeners.set(signal, made);
    signal.addEventListener('abort', () => callAll(made), { once: true });
  }
  const own = waiting;
  own.add(callback);
  return () => own.delete(callback);
}

function callAll(waiting: Set<() => void>): void {
  const all = [...waiting];
  waiting.clear();
  for (const callback of all) callback();
}
