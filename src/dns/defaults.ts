// The numbers of this room that people may tune, each with its reason.

export interface DnsLimits {
  /** How long one send waits before the next server (or the same one again) is tried; honest 5 s lose no slow answer. */
  readonly tryTimeoutMs: number;
  /** Sends of one question to one server at most (RFC 9520 section 3.1). */
  readonly sendsPerServer: number;
  /** All tries of one question together; answers to earlier sends count until then. */
  readonly totalTimeoutMs: number;
  /** For how long a server found dead is asked last. */
  readonly deadServerMs: number;
  /** Pause before a server is asked again whose port answered "unreachable". */
  readonly unreachablePauseMs: number;
  /** Questions under way at once; a stub resolver such as a container's embedded one breaks at about 100 to 200. */
  readonly inFlight: number;
  /** Sends a second, as a token bucket; public resolvers limit their clients to some hundreds. */
  readonly queriesPerSecond: number;
  /** Connected UDP sockets for each server: more ports to guess, and more receive buffers for bursts of answers. */
  readonly socketsPerServer: number;
  /** Receive buffer of each socket; the usual 208 KiB hold about 270 small answers, the kernel caps what we ask for. */
  readonly receiveBufferBytes: number;
  readonly tcpConnectionsPerServer: number;
  /** An idle TCP connection is closed after this time (RFC 7766 section 6.2.3 leaves the choice to us). */
  readonly tcpIdleMs: number;
  /** Names kept in memory; the oldest go first. */
  readonly cachedNames: number;
}

export const DNS_LIMITS: DnsLimits = {
  tryTimeoutMs: 5_000,
  sendsPerServer: 3,
  totalTimeoutMs: 15_000,
  deadServerMs: 30_000,
  unreachablePauseMs: 1_000,
  inFlight: 200,
  queriesPerSecond: 500,
  socketsPerServer: 6,
  receiveBufferBytes: 4 * 1024 * 1024,
  tcpConnectionsPerServer: 4,
  tcpIdleMs: 10_000,
  cachedNames: 50_000,
};
