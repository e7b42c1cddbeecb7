// Remembers answers, "no such name" and failures for as long as each may be believed, for a bounded number of names.
import type { Clock } from '../clock.ts';
import type { FailureReason } from './judgement.ts';
import type { QueryType, RecordData } from './records.ts';
import { failureLifeMs, STALE_ANSWER_MS, STALE_LIFE_MS } from './ttl.ts';

/** What a look-up came to; every time is in milliseconds since the epoch. */
export type DnsAnswer<T extends QueryType = QueryType> =
  | {
      readonly status: 'answer';
      readonly records: readonly RecordData[T][];
      /** The owner of the records: the end of the CNAME chain, the name itself where there is none. */
      readonly name: string;
      readonly expiresAt: number;
      /** Out of date, and given only because asking anew failed (RFC 8767). */
      readonly isStale: boolean;
    }
  | { readonly status: 'nxdomain'; readonly expiresAt: number; readonly hasSoa: boolean }
  | { readonly status: 'nodata'; readonly expiresAt: number; readonly hasSoa: boolean }
  | {
      readonly status: 'failure';
      readonly why: FailureReason;
      readonly detail: string;
      /** Before this time the same failure is given again without asking. */
      readonly retryAt: number;
    };

export interface DnsCache {
  /** What is still believed, failures included; null where the servers must be asked. */
  get(name: string, type: QueryType): DnsAnswer | null;
  put(name: string, type: QueryType, answer: Exclude<DnsAnswer, { status: 'failure' }>): void;
  /** RFC 8020: no such name, hence no type of it and nothing below it. */
  putNxDomain(name: string, answer: Extract<DnsAnswer, { status: 'nxdomain' }>): void;
  /** Keeps the failure, backing off with every one in a row; gives what the caller shall be told. */
  putFailure(name: string, type: QueryType, failure: { why: FailureReason; detail: string }): DnsAnswer;
}

interface Slot {
  answer: Exclude<DnsAnswer, { status: 'failure' }> | null;
  failure: Extract<DnsAnswer, { status: 'failure' }> | null;
  failuresInARow: number;
}

interface NameEntry {
  nxDomain: Extract<DnsAnswer, { status: 'nxdomain' }> | null;
  readonly slots: Map<QueryType, Slot>;
}

/** Keeps at most `names` names; the one longest untouched is forgotten first. */
export function createCache({ names, clock }: { readonly names: number; readonly clock: Clock }): DnsCache {
  const entries = new Map<string, NameEntry>();

  const touch = (name: string): NameEntry => {
    const entry = entries.get(name) ?? { nxDomain: null, slots: new Map() };
    entries.delete(name);
    entries.set(name, entry);
    if (entries.size > names) entries.delete(entries.keys().next().value ?? name);
    return entry;
  };
  const slotOf = (name: string, type: QueryType): Slot => {
    const { slots } = touch(name);
    const slot = slots.get(type) ?? { answer: null, failure: null, failuresInARow: 0 };
    slots.set(type, slot);
    return slot;
  };

  return {
    get: (name, type) => {
      const now = clock.now();
      const slot = entries.get(name)?.slots.get(type);
      if (slot?.answer && slot.answer.expiresAt > now) {
        touch(name);
        return slot.answer;
      }
      const nxDomain = nxDomainAbove(entries, name, now);
      if (nxDomain !== null) return nxDomain;
      return slot?.failure && slot.failure.retryAt > now ? (staleAnswer(slot, now) ?? slot.failure) : null;
    },
    put: (name, type, answer) => {
      const slot = slotOf(name, type);
      slot.answer = answer;
      slot.failure = null;
      slot.failuresInARow = 0;
    },
    putNxDomain: (name, answer) => {
      const entry = touch(name);
      entry.nxDomain = answer;
      entry.slots.clear();
    },
    putFailure: (name, type, { why, detail }) => {
      const now = clock.now();
      const slot = slotOf(name, type);
      slot.failuresInARow += 1;
      slot.failure = { status: 'failure', why, detail, retryAt: now + failureLifeMs(slot.failuresInARow) };
      return staleAnswer(slot, now) ?? slot.failure;
    },
  };
}

/** The name itself or one above it is known not to exist. */
function nxDomainAbove(entries: ReadonlyMap<string, NameEntry>, name: string, now: number): DnsAnswer | null {
  for (let at = 0; ; ) {
    const nxDomain = entries.get(name.slice(at))?.nxDomain;
    if (nxDomain && nxDomain.expiresAt > now) return nxDomain;
    const dot = name.indexOf('.', at);
    if (dot === -1) return null;
    at = dot + 1;
  }
}

/** RFC 8767: records past their time are better than none, for a day, and only while asking anew fails. */
function staleAnswer({ answer }: Slot, now: number): DnsAnswer | null {
  if (answer?.status !== 'answer' || answer.expiresAt + STALE_LIFE_MS <= now) return null;
  return { ...answer, isStale: true, expiresAt: now + STALE_ANSWER_MS };
}
