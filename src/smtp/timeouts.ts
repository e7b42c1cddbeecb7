// How long one conversation waits at each step. Every limit runs to the end of a reply, not to its next byte.

/** All in milliseconds. */
export interface SessionTimeouts {
  /** From dialling until the TCP connection stands. */
  readonly connectMs: number;
  /** From there to the end of the banner's last line. */
  readonly greetingMs: number;
  readonly ehloMs: number;
  /** The TLS handshake behind the 220 to STARTTLS. */
  readonly tlsMs: number;
  readonly mailMs: number;
  readonly rcptMs: number;
  /** How long the 221 is waited for after QUIT. */
  readonly quitMs: number;
  /** The whole conversation, from dialling on. */
  readonly sessionMs: number;
}

/**
 * RFC 5321 section 4.5.3.2 asks a mailer for five minutes at nearly every step. A verifier that gives up early loses one
 * answer and no mail, so these are as long as real hosts were seen to need and no longer.
 */
export const DEFAULT_TIMEOUTS: SessionTimeouts = {
  connectMs: 15_000, // dead hosts are the bulk of all waiting; Postfix allows 30 s
  greetingMs: 60_000, // postscreen holds the banner for 6 s, greet pauses 5 s and more, look-ups of our name take longer
  ehloMs: 30_000,
  tlsMs: 15_000, // two round trips and a little arithmetic; who needs longer is not going to make it
  mailMs: 30_000,
  rcptMs: 60_000, // gateways that ask the next host first take 30 s; tarpits add a second for each refusal
  quitMs: 2_000,
  sessionMs: 300_000,
};

/** The defaults with what a user chose instead: `commandMs` stands for the banner and for every command but QUIT. */
export function chooseTimeouts(chosen: {
  readonly connectMs?: number | undefined;
  readonly commandMs?: number | undefined;
}): SessionTimeouts {
  const connectMs = chosen.connectMs ?? DEFAULT_TIMEOUTS.connectMs;
  const { commandMs } = chosen;
  if (commandMs === undefined) return { ...DEFAULT_TIMEOUTS, connectMs };
  return {
    connectMs,
    greetingMs: commandMs,
    ehloMs: commandMs,
    tlsMs: Math.min(commandMs, DEFAULT_TIMEOUTS.tlsMs),
    mailMs: commandMs,
    rcptMs: commandMs,
    quitMs: DEFAULT_TIMEOUTS.quitMs,
    // Banner, EHLO, MAIL and one RCPT, each as slow as the user allows, must fit, or the longer wait was given in vain.
    sessionMs: Math.max(DEFAULT_TIMEOUTS.sessionMs, connectMs + 4 * commandMs),
  };
}
