// Says how a session failed to come about, and whether the mail host's fellows may be asked instead.
import type { Reply } from '../verdict.ts';
import type { Connection } from './connection.ts';
import type { Exchange, Loss } from './exchange.ts';
import { oneLine } from './reply.ts';

/** How far a session got. */
export type StartStage = 'connect' | 'greeting' | 'ehlo' | 'tls' | 'mail';

export interface SessionFailure {
  readonly status: 'failed';
  readonly stage: StartStage;
  /** 'reply' where the host refused with the 4xx or 5xx in `reply`. */
  readonly failure: Loss | 'reply' | 'smtputf8_not_offered';
  readonly reply: Reply | null;
  /** True while the host had not let us in, so that its fellow hosts may be asked; false after that, and if cancelled. */
  readonly tryNextHost: boolean;
  readonly detail: string;
  /** Resolves once the connection is gone (QUIT may take a moment); until then it counts against the host. */
  readonly closed: Promise<void>;
}

/** The failure an exchange that did not go as it should leads to; the host is said goodbye to. */
export function failedStart(connection: Connection, stage: StartStage, exchange: Exchange): SessionFailure {
  const lost = exchange.status === 'lost' ? exchange : refusalOrNonsense(connection, stage, exchange.reply);
  // RFC 5321 sections 3.1 and 4.1.1.10: also a host that refused is owed a QUIT. On a lost connection this does nothing.
  void connection.quit();
  return {
    status: 'failed',
    stage,
    failure: lost.failure,
    reply: lost.reply,
    tryNextHost: mayTryNextHost(connection, stage, lost.failure),
    detail: lost.detail,
    closed: connection.closed,
  };
}

/** The failure of a session that cannot be encrypted as it has to be, or must not be as the host wants it. */
export function tlsFailure(
  connection: Connection,
  { reply, detail }: { readonly reply: Reply | null; readonly detail: string },
): SessionFailure {
  void connection.quit();
  const base = { status: 'failed', stage: 'tls', failure: 'tls', tryNextHost: false } as const;
  return { ...base, reply, detail, closed: connection.closed };
}

/** The failure of a session whose host offered STARTTLS and did not answer 220 to it. */
export function tlsRefused(connection: Connection, go: Exchange): SessionFailure {
  const failure = failedStart(connection, 'tls', go);
  return failure.failure === 'reply' ? { ...failure, failure: 'tls' } : failure;
}

/** A 4xx or 5xx is a refusal; a 2xx or 3xx other than the one due means that the two sides no longer agree. */
function refusalOrNonsense(connection: Connection, stage: StartStage, reply: Reply) {
  const detail = `${stage}: ${oneLine(reply, 200)}`;
  if (reply.code >= 400) return { failure: 'reply', reply, detail } as const;
  return connection.lose('protocol', detail, reply);
}

/**
 * Dead and silent hosts, and those that turn us away in the banner, leave the question to their fellows (nolisting
 * keeps primary hosts dead on purpose). Once inside we stay: a backup host often accepts everything.
 */
function mayTryNextHost(connection: Connection, stage: StartStage, failure: SessionFailure['failure']): boolean {
  if (stage !== 'connect' && stage !== 'greeting') return false;
  return failure !== 'cancelled' && !connection.outOfStep;
}

export function smtputf8NotOffered(connection: Connection, reply: Reply): SessionFailure {
  void connection.quit();
  return {
    status: 'failed',
    stage: 'ehlo',
    failure: 'smtputf8_not_offered',
    reply,
    tryNextHost: false,
    detail: 'the host does not offer SMTPUTF8',
    closed: connection.closed,
  };
}
