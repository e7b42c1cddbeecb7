// Opens a session with one address of a mail host: from which address or through which proxy, and encrypted or not.
import { onAbort } from '../smtp/cancellation.ts';
import type { openSession, SessionStart, TlsUse } from '../smtp/session.ts';
import type { TlsEvidence } from '../smtp/tls.ts';
import type { ProbeEvent, ProbeOptions } from './probe.ts';

/** Whom to connect to, and as what. */
export interface Target {
  readonly host: string;
  readonly address: string;
  readonly provider: string;
  readonly smtputf8: boolean;
  /** The source a greylist knows us by; null where any will do. */
  readonly wanted: string | null;
  readonly onConnected: () => void;
}

export type Opening =
  | { readonly status: 'tried'; readonly start: SessionStart; readonly sourceIp: string | null }
  /** None of our addresses is of the host's family. */
  | { readonly status: 'out_of_reach' }
  /** No proxy could make the connection; of the mail host that says nothing. */
  | { readonly status: 'given_up'; readonly detail: string };

/** Tries one source, or one proxy after the other until one has done its work: what they fail at is not the host's. */
export async function openFromSource(target: Target, options: ProbeOptions): Promise<Opening> {
  const { sources, signal } = options;
  for (;;) {
    const choice = sources.choose(target.provider, { hostAddress: target.address, wanted: target.wanted });
    if (choice.status === 'none' && sources.hasProxies) return { status: 'given_up', detail: 'no proxy can be used' };
    if (choice.status === 'none') return { status: 'out_of_reach' };
    const { sourceIp } = choice;
    const startedAtMs = options.clock.monotonic();
    const start = await openUntilEnd(sessionOptions(target, sourceIp, options), options);
    if (start.status === 'ready' || start.failure !== 'proxy') {
      if (start.status === 'ready' || start.failure !== 'cancelled') sources.noteProxyWorked(sourceIp);
      return { status: 'tried', start, sourceIp };
    }
    await start.closed;
    options.observe?.({ type: 'connect', host: target.host, address: target.address, outcome: start.detail });
    const pauseMs = sources.noteProxyFailed(sourceIp, { detail: start.detail, startedAtMs });
    if (sources.allProxiesDown !== null) options.stopRun?.();
    else await pause(pauseMs, options);
    if (sources.allProxiesDown !== null || signal.aborted) return { status: 'given_up', detail: start.detail };
  }
}

/** A session that was not let in yet is cut when the run ends; one that was may be brought to its end. */
async function openUntilEnd(
  options: Parameters<typeof openSession>[0],
  { openSession: open, cutSignal }: ProbeOptions,
): Promise<SessionStart> {
  const start = await open(options);
  if (start.status === 'ready' && cutSignal !== undefined) start.session.heedOnly(cutSignal);
  return start;
}

/** An abort ends it. */
async function pause(ms: number, { clock, signal }: Pick<ProbeOptions, 'clock' | 'signal'>): Promise<void> {
  if (ms === 0 || signal.aborted) return;
  await new Promise<void>((resolve) => {
    const cancel = clock.after(ms, done);
    const forget = onAbort(signal, done);
    function done(): void {
      cancel();
      forget();
      resolve();
    }
  });
}

function sessionOptions(
  { host, address, smtputf8, onConnected }: Target,
  sourceIp: string | null,
  options: ProbeOptions,
): Parameters<typeof openSession>[0] {
  const { identity, observe } = options;
  const dial = options.sources.dialOf(sourceIp);
  return {
    address,
    port: options.port,
    hostname: host,
    ...(dial === undefined ? { sourceIp } : { dial }),
    mailFrom: identity.mailFrom,
    heloName: identity.heloNameBySource?.get(sourceIp ?? '') ?? identity.heloName,
    smtputf8,
    tls: tlsUseFor(address, options),
    timeouts: options.timeouts,
    clock: options.clock,
    signal: options.signal,
    onConnected,
    ...(observe === null ? {} : earsFor({ host, address }, observe)),
  };
}

/** A host that was met demanding TLS is not asked in the clear first. */
function tlsUseFor(address: string, { tls = 'on_demand', hosts }: ProbeOptions): TlsUse {
  return tls === 'on_demand' && hosts.demandsTls(address) ? 'when_offered' : tls;
}

function earsFor(at: { readonly host: string; readonly address: string }, observe: (event: ProbeEvent) => void) {
  return {
    trace: (direction: 'sent' | 'received' | 'note', line: string): void =>
      observe({ type: 'dialogue', host: at.host, direction, line }),
    onSecured: (tls: TlsEvidence): void => observe({ type: 'tls', ...at, tls }),
  };
}
