// Remembers, for one run, mail hosts whose sessions bring no answer for anybody: they are left alone after a few.
import type { Reply } from '../verdict.ts';
import type { FailedStart } from './hosts.ts';

/** Domains in a row that a machine was mute about, and nobody answered for, before it is taken for mute altogether. */
const MUTE_DOMAINS = 2;

/** How the last session went. */
export interface Silence extends FailedStart {
  readonly reply: Reply | null;
  /** By the monotonic clock: from then on a session may try again; infinite where the run is not that long. */
  readonly untilMs: number;
}

interface Mute {
  readonly sessions: number;
  readonly why: Silence;
}

/** One machine may be mute about one of its domains and answer for the others, so both are counted. */
export class MuteHosts {
  readonly #mostSessions: number;
  /** By address and domain: sessions in a row without a single answer. */
  readonly #domains = new Map<string, Mute>();
  /** By address: the domains given up since it last answered for anybody. */
  readonly #addresses = new Map<string, { readonly domains: Set<string>; readonly why: Silence }>();

  constructor(mostSessions: number) {
    this.#mostSessions = mostSessions;
  }

  /** Notes a session from which nothing was learnt of any recipient. */
  noteMute(address: string, domain: string, why: Silence): void {
    const key = `${address} ${domain}`;
    const sessions = (this.#domains.get(key)?.sessions ?? 0) + 1;
    this.#domains.set(key, { sessions, why });
    if (sessions < this.#mostSessions) return;
    const domains = this.#addresses.get(address)?.domains ?? new Set();
    if (domains.size < MUTE_DOMAINS) domains.add(domain);
    this.#addresses.set(address, { domains, why });
  }

  /** Notes that a recipient was answered for, whatever the answer. */
  noteSpoke(address: string, domain: string): void {
    this.#domains.delete(`${address} ${domain}`);
    this.#addresses.delete(address);
  }

  /** How the last session went with a host that is not asked about the domain any more; null for any other. */
  of(address: string, domain: string, nowMs: number): Silence | null {
    const known = this.#domains.get(`${address} ${domain}`);
    const machine = this.#addresses.get(address);
    const isMute = known !== undefined && known.sessions >= this.#mostSessions;
    const isWhole = machine !== undefined && machine.domains.size >= MUTE_DOMAINS;
    const why = isMute ? known.why : isWhole ? machine.why : null;
    return why !== null && nowMs < why.untilMs ? why : null;
  }
}
