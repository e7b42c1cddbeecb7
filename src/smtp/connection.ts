// Speaks command and reply with one mail host: counts replies, keeps deadlines, and knows why it ended; what is asked is the session's.
import type { Socket } from 'node:net';
import type { Reply } from '../verdict.ts';
import { onAbort } from './cancellation.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { dialDirectly, type ProxyProgress } from './dial.ts';
import { type Exchange, type Loss, type Lost, lossOfError, NO_REPLY, sessionClosed } from './exchange.ts';
import { OwedReplies, type OwedRepliesOptions } from './owed-replies.ts';
import { printable } from './printable.ts';
import { createReplyParser, oneLine, type ReplyParser } from './reply.ts';
import { beginTls, describeTls, evidenceOf, handshakeLost } from './tls.ts';
import { traceConnected, traceReply } from './trace.ts';

export class Connection {
  /** Resolves once the socket is gone, whichever side ended it. Never rejects. */
  readonly closed: Promise<void>;
  readonly #options: ConnectionOptions;
  readonly #endsAt: number;
  readonly #parser: ReplyParser;
  readonly #resolveClosed: () => void;
  #socket: Socket | null = null;
  #cancelAbort: () => void = () => {};
  #connected = false;
  /** Who makes the connection for us; null where we do. */
  #proxy: ProxyProgress | null = null;
  readonly #owed: OwedReplies;
  /** Replies read and not yet matched to a question. */
  #arrived: Reply[] = [];
  #lost: Lost | null = null;
  #outOfStep = false;
  #secured = false;
  #quitting = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#endsAt = options.clock.monotonic() + options.timeouts.sessionMs;
    this.#owed = new OwedReplies({
      clock: options.clock,
      endsAtMs: this.#endsAt,
      onLate: (late) => this.#onLate(late),
    });
    this.#parser = createReplyParser((reply) => {
      this.#arrived.push(reply);
      if (options.trace !== undefined) traceReply(reply, options.trace);
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.#resolveClosed = resolve;
  }

  /** True from the moment the TCP connection stood, also after it ended. */
  get connected(): boolean {
    return this.#connected;
  }

  /** True while a command may be sent. */
  get isOpen(): boolean {
    return this.#lost === null && !this.#quitting;
  }

  /** Milliseconds until the session's own deadline, whatever is going on then. */
  get leftMs(): number {
    return this.#endsAt - this.#options.clock.monotonic();
  }

  /** True once the conversation is encrypted. */
  get secured(): boolean {
    return this.#secured;
  }

  /** True once the host had sent more than it was asked for, so that an earlier answer may belong to another question. */
  get outOfStep(): boolean {
    return this.#outOfStep;
  }

  /** Dials and waits for the complete banner; to be called once, before anything else. Nothing is sent. */
  greeting(): Promise<Exchange> {
    const { signal, hostname, address, port, sourceIp, dial = dialDirectly, timeouts } = this.#options;
    if (signal?.aborted === true) return Promise.resolve(this.lose('cancelled', 'cancelled'));
    const socket = dial(
      { hostname: hostname ?? null, address, port, connectMs: timeouts.connectMs, sourceIp: sourceIp ?? null },
      {
        connected: () => this.#onConnected(),
        bytes: (chunk) => this.#onBytes(chunk),
        byProxy: (proxy) => {
          this.#proxy = proxy;
        },
        failed: (failure, detail) => this.lose(failure, detail),
      },
    );
    this.#socket = socket;
    if (signal !== undefined) this.heedOnly(signal);
    // The 'error' listener stays on to the end: a reset that follows our own close must not become an exception.
    socket.on('error', (error: NodeJS.ErrnoException) => this.#onError(error));
    // Not left to 'close', which comes a little later: a command written in between would look like a reset.
    socket.on('end', () => this.#onEnd('the host closed the connection'));
    socket.on('close', () => {
      this.#onEnd('the connection closed');
      this.#resolveClosed();
    });
    return this.#owed.wait('a connection', timeouts.connectMs);
  }

  /** Sends one command line and waits for its reply. One at a time: a second call before the reply is a bug. */
  exchange(command: string, limitMs: number): Promise<Exchange> {
    return this.exchangeAll([command], limitMs)[0] ?? Promise.resolve(sessionClosed());
  }

  /**
   * Sends several command lines at once and gives a promise for the reply to each, in their order; only for a host that
   * offers PIPELINING (RFC 2920). The limit runs for each reply from the one before. What is unanswered when the
   * connection ends is lost for the same reason.
   */
  exchangeAll(commands: readonly string[], limitMs: number): readonly Promise<Exchange>[] {
    if (this.#quitting) return commands.map(() => Promise.resolve(this.#lost ?? sessionClosed()));
    if (this.#owed.count > 0) throw new TypeError('the reply to the command before has not come yet');
    return this.#send(commands, limitMs);
  }

  /**
   * Goes over to TLS, once the host has answered 220 to STARTTLS. Resolves to null, or to the loss. What is odd about the
   * certificate is told as evidence and ends nothing. Bytes behind the 220 were sent in the clear and would be taken for
   * protected ones (CVE-2011-0411): they end the session.
   */
  async startTls(limitMs: number): Promise<Lost | null> {
    const plain = this.#socket;
    if (this.#lost !== null || plain === null) return this.#lost ?? sessionClosed();
    if (!this.#parser.betweenReplies || this.#arrived.length > 0) {
      return this.loseStep('the host sent something in the clear behind its answer to STARTTLS');
    }
    const { hostname, trace, onSecured } = this.#options;
    const secure = beginTls(plain, hostname);
    this.#socket = secure;
    secure.on('data', (chunk: Buffer) => this.#onBytes(chunk));
    secure.on('error', (error) => this.#onTlsError(error));
    secure.on('end', () => this.lose('closed', 'the host closed the connection'));
    secure.on('close', () => this.lose('closed', 'the connection closed'));
    secure.once('secureConnect', () => this.#owed.deliver(NO_REPLY));
    const done = await this.#waitFor('the TLS handshake', limitMs);
    if (done.status === 'lost') return handshakeLost(done);
    this.#secured = true;
    if (trace === undefined && onSecured === undefined) return null;
    const evidence = evidenceOf(secure);
    onSecured?.(evidence);
    trace?.('note', `encrypted with ${describeTls(evidence)}`);
    return null;
  }

  /**
   * Says QUIT, waits for 221 no longer than the timeouts say, and closes. Resolves when the socket is gone. With a reply
   * still owed no command may be sent, so the connection is cut instead.
   */
  async quit(): Promise<void> {
    if (!this.#quitting) {
      this.#quitting = true;
      if (this.#owed.count > 0) this.lose('cancelled', 'the session was closed before the reply came');
      await this.#sayGoodbye(this.#options.timeouts.quitMs);
      this.lose('closed', sessionClosed().detail);
    }
    return this.closed;
  }

  /** From now on this signal ends the conversation at once, and no other. */
  heedOnly(signal: AbortSignal): void {
    this.#cancelAbort();
    if (this.#lost !== null) return;
    if (signal.aborted) this.lose('cancelled', 'cancelled');
    else this.#cancelAbort = onAbort(signal, () => this.lose('cancelled', 'cancelled'));
  }

  /** Ends the connection at once; whatever is still owed is answered with this. Only the first call counts. */
  lose(failure: Loss, detail: string, reply: Reply | null = null): Lost {
    if (this.#lost !== null) return this.#lost;
    const lost: Lost = { status: 'lost', failure, reply, detail };
    this.#lost = lost;
    this.#cancelAbort();
    this.#options.trace?.('note', detail);
    if (this.#socket === null) this.#resolveClosed();
    else this.#socket.destroy();
    this.#owed.settleAll(lost);
    return lost;
  }

  /** `lose` for a host whose replies no longer fit our commands one to one. */
  loseStep(detail: string, reply: Reply | null = null): Lost {
    if (this.#lost === null) this.#outOfStep = true;
    return this.lose('protocol', detail, reply);
  }

  #send(commands: readonly string[], limitMs: number): readonly Promise<Exchange>[] {
    if (!this.#parser.betweenReplies) this.loseStep('the host began to speak without being asked');
    const answers = commands.map((command) => this.#waitFor(command.slice(0, 4), limitMs));
    if (this.#lost !== null) return answers;
    const { trace } = this.#options;
    if (trace !== undefined) for (const command of commands) trace('sent', printable(command, 1000));
    this.#socket?.write(`${commands.join('\r\n')}\r\n`, 'utf8');
    return answers;
  }

  async #sayGoodbye(limitMs: number): Promise<void> {
    const [goodbye] = this.#send(['QUIT'], limitMs);
    const answer = (await goodbye) ?? sessionClosed();
    if (answer.status === 'lost' || answer.reply.code === 221) return;
    // Either a host with its own idea of 221, or an extra reply earlier has moved every answer by one. In the second
    // case the true 221 is still to come.
    const further = await this.#waitFor('the end', limitMs - answer.ms);
    if (further.status === 'replied') this.#outOfStep = true;
  }

  #waitFor(what: string, limitMs: number): Promise<Exchange> {
    return this.#lost === null ? this.#owed.wait(what, limitMs) : Promise.resolve(this.#lost);
  }

  #onLate({ what, limitMs, isSession }: Parameters<OwedRepliesOptions['onLate']>[0]): void {
    const tooLong = `the session took longer than ${this.#options.timeouts.sessionMs / 1000} s`;
    const tooSlow = `no complete answer to ${what} within ${limitMs / 1000} s`;
    if (this.#proxy?.isAsked === false) this.#loseProxy(tooSlow);
    else this.lose('timeout', isSession ? tooLong : tooSlow);
  }

  /** The banner is owed from here on, with its own, longer deadline. */
  #onConnected(): void {
    if (this.#owed.count === 0) return;
    const { hostname, address, port, timeouts, trace } = this.#options;
    this.#connected = true;
    this.#options.onConnected?.();
    if (trace !== undefined)
      traceConnected(trace, { name: hostname ?? address, address, port, proxy: this.#proxy?.label });
    this.#owed.waitInsteadFor('the banner', timeouts.greetingMs);
  }

  #onBytes(chunk: Buffer): void {
    if (this.#lost !== null) return;
    const fault = this.#parser.push(chunk);
    const stillOwed = this.#owed.count - this.#arrived.length;
    if (fault !== null) {
      // With every reply in that was owed, the nonsense was also one thing more than we asked for.
      if (stillOwed <= 0) this.loseStep(fault);
      this.#deliverArrived();
      this.lose('protocol', fault);
    } else if (stillOwed > 0 || this.#parser.betweenReplies || stillOwed < -1) {
      this.#matchReplies();
    }
    // Else a reply nobody asked for is under way behind the last one owed, and that one waits too: what follows decides
    // whether the host says goodbye or is out of step, and that must not depend on how the network cut the bytes.
  }

  /** One reply for one question. The one thing a host may say unasked is 421, and what it answered before stays good. */
  #matchReplies(): void {
    const first = this.#arrived[this.#owed.count];
    const isMore = this.#arrived.length > this.#owed.count + 1;
    if (first !== undefined && (isMore || first.code !== 421)) {
      this.#arrived = [];
      this.loseStep(`the host sent a reply to nothing: ${oneLine(first, 200)}`);
      return;
    }
    this.#deliverArrived();
    if (first !== undefined) this.#endedBy(first);
  }

  #deliverArrived(): void {
    const replies = this.#arrived;
    this.#arrived = [];
    for (const reply of replies) {
      this.#owed.deliver(reply);
      if (reply.code === 421) this.#endedBy(reply);
    }
  }

  /** RFC 5321 section 3.8: after 421 the host closes the channel, so there is nobody left to say QUIT to. */
  #endedBy(reply: Reply): void {
    this.lose('closed', `the host ended the session: ${oneLine(reply, 200)}`, reply);
  }

  #onError(error: NodeJS.ErrnoException): void {
    const code = error.code ?? error.message;
    if (this.#proxy !== null && !this.#connected) {
      this.#loseProxy(printable(code, 100));
      return;
    }
    const failure = lossOfError(code, this.#connected);
    this.lose(failure, `${this.#connected ? 'the connection broke' : 'no connection'} (${printable(code, 100)})`);
  }

  #onEnd(detail: string): void {
    if (this.#proxy !== null && !this.#connected) this.#loseProxy('it closed the connection');
    else this.lose('closed', detail);
  }

  /** Before the connection stands, whatever a proxy does not say of the host is its own failure. */
  #loseProxy(why: string): void {
    this.lose('proxy', `the proxy ${this.#proxy?.label} failed: ${why}`);
  }

  #onTlsError(error: NodeJS.ErrnoException): void {
    if (this.#secured) this.#onError(error);
    else this.lose('tls', `the TLS handshake failed (${printable(error.code ?? error.message, 100)})`);
  }
}
