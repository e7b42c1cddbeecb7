// The numbers of a run that people may tune, each with its reason; flags and the config file override them.

export const VERIFY_DEFAULTS = {
  /** Connections at once over all providers; more buys nothing until hundreds of providers are asked at once. */
  concurrency: 100,
  /** Connections at once for one domain. */
  perDomain: 3,
  /** Connections at once to one provider: receivers count their clients, and Gmail or Microsoft watch closely. */
  perProvider: 5,
  /** Domains looked up at once; resolvers and docker's proxy drop datagrams well above this. */
  dnsConcurrency: 64,
  /** Planned domains that wait for a connection at most, so that a list of millions of domains stays flat in memory. */
  plannedDomains: 20_000,
  /** Addresses a domain's queue holds in memory at once; the rest waits in the work file. */
  jobPage: 64,
  /** Refused recipients after which a session ends: Postfix slows down at its 10th error, others are less patient. */
  rejectionBudget: 8,
  /** Recipients of one session: what RFC 5321 section 4.5.3.1.8 makes every host take; who says earlier that it is enough gets fewer. */
  recipientsPerSession: 100,
  /** Addresses of mail hosts tried for one domain, as Postfix does (smtp_mx_address_limit 5). */
  hostAddressLimit: 5,
  /** Failed first connections to one address after which it is taken for dead until the end of the run. */
  deadAfterFailures: 2,
  /** Sessions in a row that broke off at one address (silence, resets, nonsense, broken TLS) after which it is left alone. */
  deadAfterFailedStarts: 3,
  /** Sessions in a row that a host hung up or fell silent in at every recipient; two names that it cannot bear take four. */
  deadAfterMuteSessions: 4,
  /** Sessions refused in a row at the greeting, EHLO or MAIL after which a provider is left alone: one may be bad luck. */
  blockedAfterRefusals: 3,
  /** Different domains in a row whose every recipient got the same refusal of us after which their provider is left alone. */
  blockedAfterDomains: 3,
  /** How long a provider is left alone before one session may test it: blocks by rate are often lifted within ten minutes. */
  circuitPauseMs: 10 * 60_000,
  /** Pause before new connections to a provider that asks us to slow down; a busy server needs seconds, not milliseconds. */
  slowDownPauseMs: 5_000,
  /** The pause doubles with each further slow-down up to this: limits are mostly counted per minute. */
  longestSlowDownPauseMs: 120_000,
  /** Sessions that went well before a slowed provider gets one connection more. */
  cleanSessionsPerStep: 10,
  /** Slow-downs in a row after which a provider is left alone: pauses of 5, 10, 20 and 40 seconds did not help. */
  slowDownsBeforeHalt: 5,
  /** The same for a provider that has answered for no recipient yet: there is nothing to be gained by patience. */
  slowDownsBeforeHaltAtFirst: 2,
  /** Acceptances that wait for a refusal before the catch-all question is asked after all. */
  acceptancesBeforeControl: 20,
  /** Providers whose every first connection failed, none having succeeded, before port 25 is taken for blocked. */
  portBlockedAfterProviders: 10,
  /** Failures of a proxy in a row, none of them a mail host's, after which it is left alone. */
  proxyDownAfterFailures: 3,
  /** Pause before a proxy that failed is tried again, where there is no other: one and two seconds. */
  proxyRetryPauseMs: 1_000,
  /** How long it is left alone; a proxy that is started anew is back within minutes. */
  proxyDownMs: 5 * 60_000,
  /** How long a list waits at its end for who was put off: two tries (1 and 5 minutes) pass most greylists. */
  waitMs: 6 * 60_000,
  /** The sandbox's greylists wait for two seconds. */
  sandboxWaitMs: 10_000,
  /** Pauses before a domain whose look-up failed is looked up again, at the end of the run. */
  dnsRetryDelaysMs: [5_000, 10_000] as readonly number[],
} as const;
