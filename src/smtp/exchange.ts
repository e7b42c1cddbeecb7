// What comes of asking a mail host once: its reply, or the reason why there is none.
import type { Reply } from '../verdict.ts';

export type Exchange = Replied | Lost;

export interface Replied {
  readonly status: 'replied';
  readonly reply: Reply;
  /** From the command's write (the banner: from the connection's standing) to the end of the reply. */
  readonly ms: number;
}

export interface Lost {
  readonly status: 'lost';
  readonly failure: Loss;
  /** What the host said as it hung up (a 421), or the reply that cannot be an answer to what was asked. */
  readonly reply: Reply | null;
  readonly detail: string;
}

/**
 * Why no reply came ('tls': the handshake failed; 'proxy': the proxy did, so that the mail host was never met). All of them
 * leave the question open; none says anything about a mailbox.
 */
export type Loss =
  | 'refused'
  | 'unreachable'
  | 'timeout'
  | 'reset'
  | 'closed'
  | 'protocol'
  | 'tls'
  | 'proxy'
  | 'cancelled';

/** Node's error codes that tell more than "did not get there" while a connection is being made (connect(2)). */
const CONNECT_LOSSES = new Map<string, Loss>([
  ['ECONNREFUSED', 'refused'],
  ['ETIMEDOUT', 'timeout'],
  ['ECONNRESET', 'reset'],
  ['EPIPE', 'reset'],
]);

/** The loss a socket error stands for: no route, a firewall, a source address that is not ours are all 'unreachable'. */
export function lossOfError(code: string, connected: boolean): Loss {
  if (!connected) return CONNECT_LOSSES.get(code) ?? 'unreachable';
  // ETIMEDOUT is the kernel giving up on unacknowledged bytes; every other error means that the other side dropped us.
  return code === 'ETIMEDOUT' ? 'timeout' : 'reset';
}

/** True for a reply with just this code. */
export function isReply(exchange: Exchange, code: number): exchange is Replied {
  return exchange.status === 'replied' && exchange.reply.code === code;
}

/** The loss of whatever is asked of a connection that we have closed. */
export function sessionClosed(): Lost {
  return { status: 'lost', failure: 'closed', reply: null, detail: 'the session was closed' };
}

/** What stands for a reply where none is owed: the end of a handshake. */
export const NO_REPLY: Reply = { code: 220, enhanced: null, text: '' };
