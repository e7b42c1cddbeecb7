// What a connection to a mail host has to be told: whom to reach, how, how long to wait, and who listens.
import type { Clock } from '../clock.ts';
import type { Dial } from './dial.ts';
import type { SessionTimeouts } from './timeouts.ts';
import type { TlsEvidence } from './tls.ts';
import type { Trace } from './trace.ts';

export interface ConnectionOptions {
  /** The mail host's name, for people who read the dialogue. */
  readonly hostname?: string | undefined;
  /** IP literal of the mail host; names are never looked up here. */
  readonly address: string;
  readonly port: number;
  /** Local IP address to speak from; the system chooses where none is given. */
  readonly sourceIp?: string | null | undefined;
  readonly timeouts: SessionTimeouts;
  readonly clock: Clock;
  /** Ends the conversation at once, without QUIT. */
  readonly signal?: AbortSignal | undefined;
  /** Default: straight TCP. */
  readonly dial?: Dial | undefined;
  readonly trace?: Trace | undefined;
  /** Called when the TCP connection stands, before anything was said on it. */
  readonly onConnected?: (() => void) | undefined;
  /** Told what came of the TLS handshake. */
  readonly onSecured?: ((evidence: TlsEvidence) => void) | undefined;
}
