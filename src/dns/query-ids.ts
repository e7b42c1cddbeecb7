// Message ids nobody can foretell (RFC 5452 section 9.1), drawn from the system's secure source in bulk.
import { randomFillSync } from 'node:crypto';

/** Hands out uniform numbers from 0 to 65535; one call of the secure source serves a thousand of them. */
export function secureIds(): () => number {
  const pool = new Uint16Array(1_024);
  let next = pool.length;
  return () => {
    if (next === pool.length) {
      randomFillSync(pool);
      next = 0;
    }
    const id = pool[next] as number;
    next += 1;
    return id;
  };
}
