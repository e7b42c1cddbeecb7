// Speaks command and reply with one mail host: counts replies, keeps deadlines, and knows why it ended; what is asked is the session's.
import type { Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import type { Reply } from '../verdict.ts';
import { type Dial, dialDirectly } from './dial.ts';
import { type Exchange, type Loss, type Lost, lossOfError } from './exchange.ts';
import { printable } from './printable.ts';
import { createReplyParser, oneLine, type ReplyParser } from './reply.ts';
import type { SessionTimeouts } from './timeouts.ts';

/** Hears the dialogue, made printable: what was sent, what was received, and what happened to the connection. */
export type Trace = (direction: 'sent' | 'received' | 'note', line: string) => void;

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
}

/** A question whose reply is owed. */
interface Waiting {
  readonly what: string;
  readonly resolve: (exchange: Exchange) => void;
  askedAt: number;
  cancelDeadline: () => void;
}

export class Connection {
  /** Resolves once the socket is gone, whichever side ended it. Never rejects. */
  readonly closed: Promise<void>;
  readonly #options: ConnectionOptions;
  readonly #endsAt: number;
  readonly #parser: ReplyParser;
  readonly #resolveClosed: () => void;
  #socket: Socket | null = null;
  #connected = false;
  #waiting: Waiting | null = null;
  /** Replies read and not yet matched to a question. */
  #arrived: Reply[] = [];
  #lost: Lost | null = null;
  #outOfStep = false;
  #quitting = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#endsAt = options.clock.monotonic() + options.timeouts.sessionMs;
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

  /** True once the host had sent more than it was asked for, so that an earlier answer may belong to another question. */
  get outOfStep(): boolean {
    return this.#outOfStep;
  }

  /** Dials and waits for the complete banner; to be called once, before anything else. Nothing is sent. */
  greeting(): Promise<Exchange> {
    const { signal, address, port, sourceIp, dial = dialDirectly, timeouts } = this.#options;
    if (signal?.aborted === true) return Promise.resolve(this.lose('cancelled', 'cancelled'));
    const socket = dial(
      { address, port, sourceIp: sourceIp ?? null },
      { connected: () => this.#onConnected(), bytes: (chunk) => this.#onBytes(chunk) },
    );
    this.#socket = socket;
    signal?.addEventListener('abort', this.#onAbort);
    // The 'error' listener stays on to the end: a reset that follows our own close must not become an exception.
    socket.on('error', (error: NodeJS.ErrnoException) => this.#onError(error));
    // Not left to 'close', which comes a little later: a command written in between would look like a reset.
    socket.on('end', () => this.lose('closed', 'the host closed the connection'));
    socket.on('close', () => {
      this.lose('closed', 'the connection closed');
      this.#resolveClosed();
    });
    return this.#waitFor('a connection', timeouts.connectMs);
  }

  /** Sends one command line and waits for its reply. One at a time: a second call before the reply is a bug. */
  exchange(command: string, limitMs: number): Promise<Exchange> {
    if (this.#quitting) return Promise.resolve(this.#lost ?? sessionClosed());
    if (this.#waiting !== null) throw new TypeError('the reply to the command before has not come yet');
    return this.#send(command, limitMs);
  }

  /**
   * Says QUIT, waits for 221 no longer than the timeouts say, and closes. Resolves when the socket is gone. With a reply
   * still owed no command may be sent, so the connection is cut instead.
   */
  async quit(): Promise<void> {
    if (!this.#quitting) {
      this.#quitting = true;
      if (this.#waiting !== null) this.lose('cancelled', 'the session was closed before the reply came');
      await this.#sayGoodbye(this.#options.timeouts.quitMs);
      this.lose('closed', sessionClosed().detail);
    }
    return this.closed;
  }

  /** Ends the connection at once; whatever is still owed is answered with this. Only the first call counts. */
  lose(failure: Loss, detail: string, reply: Reply | null = null): Lost {
    if (this.#lost !== null) return this.#lost;
    const lost: Lost = { status: 'lost', failure, reply, detail };
    this.#lost = lost;
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#options.trace?.('note', detail);
    if (this.#socket === null) this.#resolveClosed();
    else this.#socket.destroy();
    this.#settle(lost);
    return lost;
  }

  /** `lose` for a host whose replies no longer fit our commands one to one. */
  loseStep(detail: string, reply: Reply | null = null): Lost {
    if (this.#lost === null) this.#outOfStep = true;
    return this.lose('protocol', detail, reply);
  }

  #send(command: string, limitMs: number): Promise<Exchange> {
    if (!this.#parser.betweenReplies) this.loseStep('the host began to speak without being asked');
    const answer = this.#waitFor(command.slice(0, 4), limitMs);
    if (this.#lost === null) {
      this.#options.trace?.('sent', printable(command, 1000));
      this.#socket?.write(`${command}\r\n`, 'utf8');
    }
    return answer;
  }

  async #sayGoodbye(limitMs: number): Promise<void> {
    const answer = await this.#send('QUIT', limitMs);
    if (answer.status === 'lost' || answer.reply.code === 221) return;
    // Either a host with its own idea of 221, or an extra reply earlier has moved every answer by one. In the second
    // case the true 221 is still to come.
    const further = await this.#waitFor('the end', limitMs - answer.ms);
    if (further.status === 'replied') this.#outOfStep = true;
  }

  #waitFor(what: string, limitMs: number): Promise<Exchange> {
    if (this.#lost !== null) return Promise.resolve(this.#lost);
    return new Promise((resolve) => {
      this.#waiting = { what, resolve, askedAt: this.#options.clock.monotonic(), cancelDeadline: () => {} };
      this.#setDeadline(this.#waiting, what, limitMs);
    });
  }

  #setDeadline(waiting: Waiting, what: string, limitMs: number): void {
    const { clock, timeouts } = this.#options;
    const leftMs = this.#endsAt - clock.monotonic();
    const expire = () => {
      const tooLong = `the session took longer than ${timeouts.sessionMs / 1000} s`;
      const tooSlow = `no complete answer to ${what} within ${limitMs / 1000} s`;
      this.lose('timeout', leftMs < limitMs ? tooLong : tooSlow);
    };
    waiting.cancelDeadline();
    if (leftMs <= 0) expire();
    else waiting.cancelDeadline = clock.after(Math.min(limitMs, leftMs), expire);
  }

  /** The banner is owed from here on, with its own, longer deadline. */
  #onConnected(): void {
    if (this.#waiting === null) return;
    const { hostname, address, port, clock, timeouts, trace } = this.#options;
    this.#connected = true;
    trace?.('note', printable(`connected to ${hostname ?? address} (${address} port ${port})`, 500));
    this.#waiting.askedAt = clock.monotonic();
    this.#setDeadline(this.#waiting, 'the banner', timeouts.greetingMs);
  }

  #onBytes(chunk: Buffer): void {
    if (this.#lost !== null) return;
    const fault = this.#parser.push(chunk);
    if (fault !== null) {
      // With nothing owed, or the answer complete before it, the nonsense was also one thing more than we asked for.
      if (this.#waiting === null || this.#arrived.length > 0) this.loseStep(fault);
      else this.lose('protocol', fault);
    } else if (this.#parser.betweenReplies || this.#arrived.length > 2) {
      this.#matchReplies();
    }
    // Else a reply is under way. If one is complete before it, that one waits too: what follows decides whether the host
    // says goodbye or is out of step, and that must not depend on how the network cut the bytes.
  }

  /** One reply for one question. The one thing a host may say unasked is 421, and what it answered before stays good. */
  #matchReplies(): void {
    const replies = this.#arrived;
    this.#arrived = [];
    const answer = this.#waiting === null ? undefined : replies.shift();
    const [unasked] = replies;
    if (unasked !== undefined && (replies.length > 1 || unasked.code !== 421)) {
      this.loseStep(`the host sent a reply to nothing: ${oneLine(unasked, 200)}`);
      return;
    }
    if (answer !== undefined) this.#deliver(answer);
    if (unasked !== undefined) this.#endedBy(unasked);
  }

  #deliver(reply: Reply): void {
    const waiting = this.#waiting;
    if (waiting === null) return;
    this.#settle({ status: 'replied', reply, ms: this.#options.clock.monotonic() - waiting.askedAt });
    if (reply.code === 421) this.#endedBy(reply);
  }

  /** RFC 5321 section 3.8: after 421 the host closes the channel, so there is nobody left to say QUIT to. */
  #endedBy(reply: Reply): void {
    this.lose('closed', `the host ended the session: ${oneLine(reply, 200)}`, reply);
  }

  #settle(exchange: Exchange): void {
    const waiting = this.#waiting;
    if (waiting === null) return;
    this.#waiting = null;
    waiting.cancelDeadline();
    waiting.resolve(exchange);
  }

  #onError(error: NodeJS.ErrnoException): void {
    const code = error.code ?? error.message;
    const failure = lossOfError(code, this.#connected);
    this.lose(failure, `${this.#connected ? 'the connection broke' : 'no connection'} (${printable(code, 100)})`);
  }

  readonly #onAbort = (): void => {
    this.lose('cancelled', 'cancelled');
  };
}

function sessionClosed(): Lost {
  return { status: 'lost', failure: 'closed', reply: null, detail: 'the session was closed' };
}

function traceReply(reply: Reply, trace: Trace): void {
  const lines = reply.text.split('\n');
  for (const [index, line] of lines.entries()) {
    trace('received', printable(`${reply.code}${index < lines.length - 1 ? '-' : ' '}${line}`, 1000));
  }
}
