// The "never mail again" store: takes events, says what they brought about, and tells who is suppressed and why.
import type { SuppressionReason } from './suppression-reasons.ts';

/** Whom an entry or event is about: `md5` and `sha256` hold the hash (hex) of a lower-case address, `hmac` is a tombstone. */
export interface SuppressionKey {
  readonly type: 'email' | 'domain' | 'md5' | 'sha256' | 'hmac';
  /** `local@domain` in lower case with the domain as A-label, a domain as A-label, or the hash in lower-case hex. */
  readonly value: string;
}

/** Something that speaks for mailing an address no more. */
export interface SuppressionEvent {
  readonly key: SuppressionKey;
  /** For a domain: whether its subdomains are meant as well. */
  readonly subdomains?: boolean | undefined;
  /** 'all', or the name of a stream of mail. Bounces always hold for all. */
  readonly scope: string;
  readonly reason: SuppressionReason;
  /** What was said, such as the reply; a stranger's text. */
  readonly detail: string | null;
  /** Who reported it, such as the reporting mail host or the list it stands on. */
  readonly source: string;
  /** Names the piece of evidence: the same one never counts twice. Null where there is none, as on the command line. */
  readonly evidenceId: string | null;
  /** The message that failed (its Message-ID or VERP id); null where only the evidence can tell messages apart. */
  readonly messageId?: string | null | undefined;
  /** When it happened, in milliseconds since the epoch. */
  readonly at: number;
  /** Whether it is proven to be about mail of ours (a signed return path). */
  readonly verified: boolean;
  /** When it ends (milliseconds since the epoch); null or absent for the end its reason has, or none. */
  readonly expiresAt?: number | null | undefined;
}

/**
 * What an event brought about. `suppressed`: it is suppressed now and was not before, or for a weaker reason. `counted`:
 * noted, not enough yet. `already`: nothing new. `ignored`: it does not count, and `why` says for what cause.
 */
export interface SuppressionOutcome {
  readonly status: 'suppressed' | 'counted' | 'already' | 'ignored';
  /** A phrase for people. */
  readonly why: string;
}

/** Where bounces and complaints put what they found; one outcome for each event, in their order. */
export interface SuppressionSink {
  add(events: readonly SuppressionEvent[]): readonly SuppressionOutcome[];
}
