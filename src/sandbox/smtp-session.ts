// Holds one SMTP session on a socket: reads lines, notices early talk, sends what the conversation decides, closes.
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type SecureContext, TLSSocket } from 'node:tls';
import type { Clock } from '../clock.ts';
import { verbOf } from './command-lines.ts';
import { Conversation, type Response } from './conversation.ts';
import type { RecipientDesk } from './recipients.ts';
import type { ConnectionLog, Turn } from './record.ts';
import { ReplyWriter } from './reply-writer.ts';
import type { Act, Behaviour } from './world.ts';

export interface SessionSetup {
  readonly socket: Socket;
  readonly hostName: string;
  readonly behaviour: Behaviour;
  readonly desk: RecipientDesk;
  readonly clock: Clock;
  readonly log: ConnectionLog;
  readonly clientAddress: string;
  readonly isOverloaded: boolean;
  readonly tlsContext: () => SecureContext;
}

/** RFC 5321 section 4.5.3.1.4 asks for 512 octets; long paths and parameters get some air. */
const MAX_LINE = 4096;
/** RFC 5321 section 4.5.3.2.7: a server waits five minutes for the next command. */
const IDLE_MS = 300_000;
/** How long a client may keep the connection open once the last reply is out. */
const LINGER_MS = 2000;
/** Behind these a client may go on without waiting, where PIPELINING is offered (RFC 2920 section 3.1). */
const MAY_BE_FOLLOWED = new Set(['MAIL', 'RCPT', 'RSET']);

export class SmtpSession {
  readonly #setup: SessionSetup;
  readonly #conversation: Conversation;
  readonly #writer: ReplyWriter;
  #stream: Duplex;
  #partial = '';
  #isSkippingLine = false;
  #hasBanner = false;
  #lastVerb = '';
  #state: 'open' | 'silent' | 'nonsense' | 'closing' | 'closed' = 'open';

  constructor(setup: SessionSetup) {
    this.#setup = setup;
    const { socket, behaviour, clock } = setup;
    this.#stream = socket;
    this.#conversation = new Conversation(setup);
    this.#writer = new ReplyWriter(socket, behaviour.wire ?? {}, clock);
    socket.setNoDelay(true);
    socket.setTimeout(IDLE_MS, () => socket.destroy());
    socket.on('error', () => {}); // a reset by the client; 'close' follows
    socket.on('end', () => this.#over());
    socket.on('close', () => this.#over());
    socket.on('data', this.#onData);
  }

  start(): void {
    this.#perform(this.#conversation.banner(), () => {
      this.#hasBanner = true;
    });
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#state === 'nonsense') {
      this.#writer.send('this is no TLS record at all\r\n', { onSent: () => this.#end() });
      return;
    }
    if (this.#state === 'closing' || this.#state === 'closed') return;
    const stream = this.#stream;
    stream.cork();
    this.#readLines(chunk.toString('latin1'));
    stream.uncork();
  };

  #readLines(text: string): void {
    let start = 0;
    let linesInChunk = 0;
    for (;;) {
      const end = text.indexOf('\n', start);
      if (end === -1) break;
      const line = this.#partial + text.slice(start, end);
      this.#partial = '';
      start = end + 1;
      if (this.#isSkippingLine) this.#isSkippingLine = false;
      else this.#command(decodeLine(line), linesInChunk++);
      if (this.#state === 'closing' || this.#state === 'closed') return;
    }
    this.#partial += text.slice(start);
    if (this.#partial.length > MAX_LINE) this.#refuseLongLine();
  }

  #refuseLongLine(): void {
    this.#partial = '';
    if (this.#isSkippingLine) return;
    this.#isSkippingLine = true;
    this.#writer.say({ say: '500 5.5.2 Error: line too long' });
  }

  #command(line: string, placeInChunk: number): void {
    const verb = verbOf(line);
    const turn = this.#turnOf(verb, placeInChunk);
    this.#lastVerb = verb;
    this.#setup.log.command(verb, line, turn);
    if (this.#state === 'silent') return;
    const punishment = turn === 'early' ? this.#conversation.punishment(this.#hasBanner) : null;
    this.#perform(punishment ?? this.#conversation.answer(verb, line));
  }

  /** A silent host owes a reply for ever: QUIT is then a client giving up, not talking early. */
  #turnOf(verb: string, placeInChunk: number): Turn {
    if (this.#state === 'silent' && verb === 'QUIT') return 'in_turn';
    if (this.#state === 'silent') return 'early';
    if (this.#hasBanner && this.#writer.owed === 0 && placeInChunk === 0) return 'in_turn';
    const isOffered = this.#conversation.hasEhlo && this.#setup.behaviour.offers?.pipelining !== false;
    return this.#hasBanner && isOffered && MAY_BE_FOLLOWED.has(this.#lastVerb) ? 'pipelined' : 'early';
  }

  #perform(response: Response, onSent?: () => void): void {
    const { act, delayMs, next, farewell } = response;
    const closes = next === 'close' || (typeof act === 'object' && 'close' in act && act.close === true);
    if (farewell !== undefined || closes) this.#state = 'closing';
    const isLast = farewell === undefined;
    this.#do(act, delayMs ?? 0, () => {
      onSent?.();
      if (closes && isLast) this.#end();
      else if (next === 'tls') this.#secure();
      else if (next === 'nonsense') this.#state = 'nonsense';
    });
    if (farewell !== undefined) this.#writer.say({ say: farewell }, { onSent: () => this.#end() });
  }

  #do(act: Act, delayMs: number, onSent: () => void): void {
    if (act === 'silent') {
      this.#state = 'silent';
    } else if (act === 'drop' || act === 'reset') {
      this.#state = 'closing';
      this.#writer.send('', { delayMs, onSent: () => (act === 'drop' ? this.#end() : this.#reset()) });
    } else if ('say' in act) {
      this.#writer.say(act, { delayMs, onSent });
    } else if ('raw' in act) {
      this.#writer.send(typeof act.raw === 'string' ? Buffer.from(act.raw, 'latin1') : act.raw, { delayMs, onSent });
    } else {
      this.#state = 'silent';
      this.#writer.flood(act.flood, act.bytes);
    }
  }

  #secure(): void {
    const { socket, log } = this.#setup;
    socket.off('data', this.#onData);
    this.#partial = ''; // plaintext behind STARTTLS counts for nothing (RFC 3207 section 5)
    const secure = new TLSSocket(socket, { isServer: true, secureContext: this.#setup.tlsContext() });
    secure.on('error', () => socket.destroy());
    secure.on('end', () => this.#over());
    secure.on('close', () => this.#over());
    secure.on('secure', () => {
      this.#conversation.secured();
      log.secured();
    });
    secure.on('data', this.#onData);
    this.#stream = secure;
    this.#lastVerb = '';
    this.#writer.continueOn(secure);
  }

  /** The server's side is said; the client has a moment to hang up. */
  #end(): void {
    if (this.#state === 'closed') return;
    this.#stream.end();
    this.#setup.socket.setTimeout(LINGER_MS);
    this.#over();
  }

  #reset(): void {
    this.#setup.socket.resetAndDestroy();
    this.#over();
  }

  #over(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#writer.dispose();
    this.#setup.log.close(this.#setup.clock.monotonic());
  }
}

/** Lines are read as bytes; those beyond ASCII are UTF-8 (RFC 6531 section 3.4). */
function decodeLine(line: string): string {
  const bare = line.endsWith('\r') ? line.slice(0, -1) : line;
  return /[\x80-\xff]/.test(bare) ? Buffer.from(bare, 'latin1').toString('utf8') : bare;
}
