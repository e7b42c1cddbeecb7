// When an address that was put off is asked about again: the server's own words first, else a table; and who still waits.
import type { Reason, Reply } from '../verdict.ts';
import type { DomainJobs, Job } from './jobs.ts';
import type { DomainPlan } from './plan.ts';

/** What must be kept of a retry until it is due: greylists know the sender and the address we came from. */
export interface StoredRetry {
  /** Milliseconds since the epoch. */
  readonly dueAt: number;
  /** How often the address was put off. */
  readonly tries: number;
  /** The MAIL FROM address, empty for the empty reverse-path. */
  readonly sender: string;
  /** The local address asked from, empty for the system's choice. */
  readonly sourceIp: string;
  /** Why it was put off, by whom, and in which words. */
  readonly reason: Reason;
  readonly host: string | null;
  readonly reply: Reply | null;
}

/** What verify wants of whoever keeps retries between runs. */
export interface RetryMemory {
  /** The retries of a domain by local part. */
  retriesOf(domain: string): ReadonlyMap<string, StoredRetry>;
  rememberRetry(domain: string, local: string, retry: StoredRetry): void;
  forgetRetry(domain: string, local: string): void;
}

/** An address waiting for its time, with what is needed to ask about it. */
export interface Deferred {
  readonly job: Job;
  readonly domain: DomainJobs;
  readonly plan: Extract<DomainPlan, { status: 'ask' }>;
  readonly dueAt: number;
  readonly tries: number;
  /** The local address to ask from again; null for the system's choice. */
  readonly sourceIp: string | null;
  /** True where the address was accepted, and only the catch-all question was put off. */
  readonly wasAccepted?: boolean;
}

/** Reasons that speak of now and not of the address. */
const PASSING: ReadonlySet<Reason> = new Set(['greylisted', 'temporary_failure', 'rate_limited', 'catchall_untested']);

/** Minutes until the next try; the last one goes on. Greylists wait 1 to 30 minutes, most of them 5 (postgrey's default). */
const WAIT_MINUTES = [1, 5, 15, 60] as const;
/** An address put off so often is given up: its next run begins anew. */
export const MOST_TRIES = 6;
const MINUTE_MS = 60_000;
/** A server that names a longer wait is not waited for longer than this within one step. */
const LONGEST_NAMED_WAIT_MS = 24 * 60 * MINUTE_MS;

/** When to ask again (milliseconds since the epoch), or null where asking again makes no sense or was done enough. */
export function retryTime(
  put: { readonly reason: Reason; readonly reply: Reply | null; readonly tries: number },
  now: number,
): number | null {
  if (!PASSING.has(put.reason) || put.tries >= MOST_TRIES) return null;
  const named = put.reply === null ? null : namedWaitMs(put.reply.text);
  const minutes = WAIT_MINUTES[Math.min(put.tries, WAIT_MINUTES.length - 1)] ?? 60;
  return now + (named ?? minutes * MINUTE_MS);
}

const UNIT_MS = new Map([
  ['s', 1000],
  ['m', MINUTE_MS],
  ['h', 60 * MINUTE_MS],
]);

/**
 * The wait a reply names: "greylisted for 5 minutes", "try again in 300 seconds" (postgrey, milter-greylist,
 * Barracuda), "retry after 00:04:59"; a little longer than said, since clocks differ. Null where it names none.
 */
export function namedWaitMs(text: string): number | null {
  const spoken =
    /\b(?:in|for|after|wait|within)\s+(?:at least\s+)?(\d{1,6})\s*(s|m|h)(?:ec|econds?|ecs|in|inutes?|ins|ours?|rs?)?\b/i.exec(
      text,
    );
  const clock = /\b(?:in|after|for)\s+(\d{1,2}):(\d{2}):(\d{2})\b/i.exec(text);
  let ms: number | null = null;
  if (spoken !== null) ms = Number(spoken[1]) * (UNIT_MS.get((spoken[2] ?? '').toLowerCase()) ?? 1000);
  else if (clock !== null) ms = (Number(clock[1]) * 3600 + Number(clock[2]) * 60 + Number(clock[3])) * 1000;
  return ms === null || ms === 0 ? null : Math.min(ms, LONGEST_NAMED_WAIT_MS) + 1000;
}

/** So many are held in memory; what is put off beyond that is left to the next run, which finds it in the store. */
const MOST_HELD = 200_000;

/** Who waits to be asked again in this run, soonest first. */
export class RetryDesk {
  readonly #held: Deferred[] = [];

  get size(): number {
    return this.#held.length;
  }

  /** When the first is due; null where nobody waits. */
  get nextDueAt(): number | null {
    return this.#held[0]?.dueAt ?? null;
  }

  add(deferred: Deferred): void {
    if (this.#held.length >= MOST_HELD) return;
    let low = 0;
    let high = this.#held.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#held[middle] as Deferred).dueAt <= deferred.dueAt) low = middle + 1;
      else high = middle;
    }
    this.#held.splice(low, 0, deferred);
  }

  /** Takes those that are due, by domain. */
  takeDue(now: number): Map<number, Deferred[]> {
    let due = 0;
    while (due < this.#held.length && (this.#held[due] as Deferred).dueAt <= now) due += 1;
    const byDomain = new Map<number, Deferred[]>();
    for (const deferred of this.#held.splice(0, due)) {
      const { domainId } = deferred.domain;
      const others = byDomain.get(domainId);
      if (others === undefined) byDomain.set(domainId, [deferred]);
      else others.push(deferred);
    }
    return byDomain;
  }

  /** Who is waited for until `until`: how many addresses, and the domains with most of them. */
  waitingUntil(until: number): { readonly addresses: number; readonly domains: readonly string[] } {
    const counts = new Map<string, number>();
    let addresses = 0;
    for (const { dueAt, plan } of this.#held) {
      if (dueAt > until) break;
      addresses += 1;
      counts.set(plan.domain, (counts.get(plan.domain) ?? 0) + 1);
    }
    const domains = [...counts].sort((a, b) => b[1] - a[1]).map(([domain]) => domain);
    return { addresses, domains };
  }
}
