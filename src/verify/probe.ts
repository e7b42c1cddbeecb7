// Holds the session for one address: finds a mail host that talks to us, asks about the recipient, and says what came back.
import type { Clock } from '../clock.ts';
import type { openSession, Session, TlsUse } from '../smtp/session.ts';
import type { SessionFailure } from '../smtp/session-failure.ts';
import type { SessionTimeouts } from '../smtp/timeouts.ts';
import type { TlsEvidence } from '../smtp/tls.ts';
import type { Meaning, Reason, Reply, Stage } from '../verdict.ts';
import { candidatesOf, whyNobodyToDial } from './candidates.ts';
import { keywordsOf, reasonOfFailure, smtputf8Needed } from './failure.ts';
import type { HostMemory } from './hosts.ts';
import type { PaceLimits } from './limits.ts';
import type { DomainPlan } from './plan.ts';
import type { ProviderConduct, ProviderTurn } from './providers.ts';
import { tell } from './session-conduct.ts';
import { openFromSource } from './session-opening.ts';
import { isSlowDownAtStart } from './slow-down-signs.ts';
import type { SourceIps } from './source-ips.ts';

type AskPlan = Extract<DomainPlan, { status: 'ask' }>;

/** The recipient of a question, already screened: local part as it goes on the wire, A-label domain. */
export interface Recipient {
  readonly local: string;
  readonly domain: string;
  readonly smtputf8: boolean;
  /** The source to be asked from again, which a greylist knows; null where any will do. */
  readonly sourceIp: string | null;
}

/** Who asks, and how. */
export interface ProbeIdentity {
  /** The name given in EHLO. */
  readonly heloName: string;
  /** The MAIL FROM address, or null for the empty reverse-path `<>`. */
  readonly mailFrom: string | null;
  /** The names given instead where we speak from one of these addresses: an address literal must be the one we come from. */
  readonly heloNameBySource?: ReadonlyMap<string, string>;
}

export interface ProbeOptions {
  readonly openSession: typeof openSession;
  readonly identity: ProbeIdentity;
  /** The addresses to speak from. */
  readonly sources: SourceIps;
  readonly port: number;
  readonly timeouts: SessionTimeouts;
  /** When to encrypt: 'on_demand' where nothing is said. */
  readonly tls?: TlsUse;
  readonly allowPrivate: boolean;
  readonly hostAddressLimit: number;
  readonly hosts: HostMemory;
  readonly limits: PaceLimits;
  readonly clock: Clock;
  /** Ends the run: no session begins any more, and those that stand are brought to their end. */
  readonly signal: AbortSignal;
  /** Cuts those sessions, too; left out where `signal` does so. */
  readonly cutSignal?: AbortSignal | undefined;
  /** Called where nobody can be asked any more, as all proxies are down. */
  readonly stopRun?: () => void;
  /** Told of every step, for `check` and `--verbose`; null where nobody listens. */
  readonly observe: ((event: ProbeEvent) => void) | null;
}

/** One step of a probe, as evidence for people. */
export type ProbeEvent =
  | {
      readonly type: 'dialogue';
      readonly host: string;
      readonly direction: 'sent' | 'received' | 'note';
      readonly line: string;
    }
  | { readonly type: 'connect'; readonly host: string; readonly address: string; readonly outcome: string }
  | { readonly type: 'tls'; readonly host: string; readonly address: string; readonly tls: TlsEvidence }
  | ({ readonly type: 'provider' } & ProviderTurn)
  | {
      readonly type: 'reply';
      readonly host: string;
      readonly recipient: string;
      readonly meaning: Meaning;
      readonly rule: string;
      readonly reply: Reply;
      readonly control: boolean;
    };

export type Probe =
  | {
      readonly status: 'open';
      readonly session: Session;
      readonly host: string;
      readonly address: string;
      readonly attempts: number;
      /** The local address it was opened from; null for the system's choice. */
      readonly sourceIp: string | null;
    }
  | {
      readonly status: 'failed';
      readonly reason: Reason;
      readonly stage: Stage;
      readonly reply: Reply | null;
      readonly detail: string;
      readonly host: string | null;
      readonly attempts: number;
      /** True where the provider turned us away for our haste: a little later it may let us in. */
      readonly isSlowDown: boolean;
      /** The local address of the last connection. */
      readonly sourceIp: string | null;
      /** True where the provider refused us at this address, and we have another one that it has not refused. */
      readonly mayTryOtherSource: boolean;
    };

type Failed = Extract<Probe, { status: 'failed' }>;

/**
 * Opens a session with the first mail host that lets us in, in the order of preference. Only failures before the end
 * of the greeting move on to the next host (RFC 5321 section 5.1); whatever is refused later is this domain's answer.
 */
export async function openProbe(plan: AskPlan, recipient: Recipient, options: ProbeOptions): Promise<Probe> {
  const startedAtMs = options.clock.monotonic();
  const conduct = options.hosts.providers.of(plan.provider);
  let attempts = 0;
  let failure: Failed | null = null;
  /** Told to slow down by a host that never let us in: a primary that does so on purpose, unless its fellows do it too. */
  let unsure: Failed | null = null;
  let isSlowDown = false;
  for (const { host, address } of candidatesOf(plan.hosts, recipient.sourceIp, options)) {
    const { key: provider } = plan.provider;
    const at = { host: host.name, address, provider, conduct, startedAtMs, attempts: attempts + 1 };
    const lacking = recipient.smtputf8 ? options.hosts.offeredWithoutSmtputf8(address) : null;
    if (lacking !== null) {
      failure = { ...NEVER_DIALLED, ...smtputf8Needed(lacking), host: host.name, attempts };
      break;
    }
    const mute = options.hosts.mute.of(address, plan.domain, startedAtMs);
    if (mute !== null) {
      const { reason, stage, reply } = mute;
      const detail = `not asked: it answered for nobody, several sessions in a row (${mute.detail})`;
      failure = { ...NEVER_DIALLED, reason, stage, reply, detail, host: host.name, attempts };
      break;
    }
    const onConnected = (): void => options.hosts.noteConnect(at, 'connected');
    const target = { ...at, smtputf8: recipient.smtputf8, wanted: recipient.sourceIp, onConnected };
    const opening = await openFromSource(target, options);
    if (opening.status === 'out_of_reach') continue; // candidatesOf has left those out
    if (opening.status === 'given_up') return { ...NOT_ASKED, attempts, host: host.name, detail: opening.detail };
    attempts += 1;
    const { start, sourceIp } = opening;
    if (start.status === 'ready') {
      noteEntered({ ...at, sourceIp }, options);
      if (start.session.secured) options.hosts.noteTlsDemanded(address);
      return { status: 'open', session: start.session, host: host.name, address, attempts, sourceIp };
    }
    await start.closed; // until then the host counts this connection, and so do our limits
    const failed = judgeFailure(start, { ...at, sourceIp });
    const mayTryOtherSource = noteFailed(start, failed, { ...at, sourceIp }, options);
    notePutOff(failed, { address, domain: plan.domain }, options);
    failure = { ...strongerOf(failure, failed), mayTryOtherSource };
    const letUsInBefore = options.hosts.hasLetUsIn(address);
    if (isSlowDownAtStart(start, { reason: failed.reason, letUsInBefore })) {
      if (letUsInBefore) isSlowDown = noteSlowDown(failed, at, options);
      else unsure = failed;
      // Its fellows are the same provider, which has just asked for a pause; a machine that is down speaks for itself only.
      if (letUsInBefore && start.failure === 'reply') break;
    }
    if (!start.tryNextHost || options.signal.aborted) break;
  }
  if (failure === null) return { ...NEVER_DIALLED, ...whyNobodyToDial(plan, options) };
  if (unsure !== null) isSlowDown = noteSlowDown(unsure, { host: unsure.host ?? '', conduct, startedAtMs }, options);
  return { ...failure, isSlowDown };
}

interface At {
  readonly host: string;
  readonly address: string;
  readonly provider: string;
  readonly conduct: ProviderConduct;
  readonly startedAtMs: number;
  readonly attempts: number;
  readonly sourceIp: string | null;
}

function judgeFailure(start: SessionFailure, at: At): Failed {
  const base = {
    status: 'failed',
    stage: start.stage,
    reply: start.reply,
    detail: start.detail,
    host: at.host,
    attempts: at.attempts,
    isSlowDown: false,
    sourceIp: at.sourceIp,
    mayTryOtherSource: false,
  } as const;
  if (start.failure === 'smtputf8_not_offered') return { ...base, ...smtputf8Needed(keywordsOf(start.reply)) };
  return { ...base, reason: reasonOfFailure(start, at.host) };
}

function noteEntered(at: At, options: ProbeOptions): void {
  options.hosts.noteConnect(at, 'connected');
  options.hosts.noteEntry(at.address);
  options.sources.noteEntered(at.provider, at.sourceIp);
  tell(at.conduct.entered(), at.host, options);
  options.observe?.({ type: 'connect', host: at.host, address: at.address, outcome: 'ready' });
}

/** True where the same might not happen to us at another address of ours. */
function noteFailed(start: SessionFailure, failed: Failed, at: At, options: ProbeOptions): boolean {
  if (start.failure === 'cancelled') return false;
  options.hosts.noteConnect(at, start.stage === 'connect' ? 'failed' : 'connected');
  options.observe?.({ type: 'connect', host: at.host, address: at.address, outcome: start.detail });
  const { reason, stage, reply, host, detail } = failed;
  const brokeOff = stage !== 'connect' && start.failure !== 'reply' && start.failure !== 'smtputf8_not_offered';
  if (start.failure === 'smtputf8_not_offered') options.hosts.noteLacksSmtputf8(at.address, keywordsOf(start.reply));
  if (brokeOff) options.hosts.noteFailedStart(at.address, { reason, stage, detail });
  const isAboutUs = stage !== 'connect' && (reason === 'blocked' || reason === 'sender_rejected');
  if (!isAboutUs) return false;
  const halt = { reason, stage, reply, host, detail };
  tell(at.conduct.refused(halt, options.clock.monotonic()), at.host, options);
  return reason === 'blocked' && options.sources.noteRefused(at.provider, at.sourceIp);
}

/** A host that puts off every MAIL puts off every address behind it, too; the first that comes due tries it again. */
function notePutOff(
  { reason, stage, reply, detail }: Failed,
  { address, domain }: { readonly address: string; readonly domain: string },
  { hosts, clock }: ProbeOptions,
): void {
  if (stage !== 'mail' || reason !== 'temporary_failure') return;
  const untilMs = clock.monotonic() + PUT_OFF_MS;
  hosts.mute.noteMute(address, domain, { reason, stage, reply, detail, untilMs });
}

/** Shorter than the first wait of who was put off (retry.ts). */
const PUT_OFF_MS = 45_000;

/** Always true, for whoever notes that it was noted. */
function noteSlowDown(
  failed: Failed,
  at: Pick<At, 'host' | 'conduct' | 'startedAtMs'>,
  { clock, limits, observe }: ProbeOptions,
): true {
  const { reason, stage, reply, host, detail } = failed;
  const halt = {
    reason: reason === 'connect_failed' ? 'connect_failed' : PUT_OFF,
    stage,
    reply,
    host,
    detail,
  } as const;
  const times = { startedAtMs: at.startedAtMs, nowMs: clock.monotonic(), limit: limits.perProvider };
  tell(at.conduct.slowedDown(halt, times), at.host, { observe });
  return true;
}

/** What the addresses get that a provider's haste limit kept from being asked. */
const PUT_OFF = 'rate_limited';

/** Of several hosts' failures the one that says most: a refusal in words before a silence, a later stage before an earlier. */
function strongerOf(before: Failed | null, now: Failed): Failed {
  if (before === null || now.reply !== null || before.reply === null) return now;
  return { ...before, attempts: now.attempts, sourceIp: now.sourceIp };
}

/** What holds of a probe for which no connection was opened. */
const NEVER_DIALLED = {
  status: 'failed',
  reply: null,
  attempts: 0,
  isSlowDown: false,
  sourceIp: null,
  mayTryOtherSource: false,
} as const;

/** What holds where the proxies have failed: the mail host was never met, and nothing is to be written down. */
const NOT_ASKED = { ...NEVER_DIALLED, reason: 'not_checked', stage: 'connect' } as const;
