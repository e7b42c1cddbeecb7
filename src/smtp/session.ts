// Holds one SMTP conversation: greeting, EHLO, MAIL, then one RCPT after another, and QUIT. Never DATA, and no RSET, NOOP or VRFY,
// which hosts count against us.
import type { Reply } from '../verdict.ts';
import { TLS_DEMANDED } from './client-rules.ts';
import { commandLine, type Mailbox, needsSmtputf8 } from './command.ts';
import { Connection } from './connection.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { type Exchange, isReply, type Replied } from './exchange.ts';
import type { Extensions } from './extensions.ts';
import { type Hello, sayHello } from './hello.ts';
import { meaningOf } from './meaning.ts';
import { oneLine } from './reply.ts';
import { failedStart, type SessionFailure, smtputf8NotOffered, tlsFailure, tlsRefused } from './session-failure.ts';

export interface SessionOptions extends ConnectionOptions {
  /** Our name in EHLO: a host name that resolves to the address we speak from, or an address literal. */
  readonly heloName: string;
  /** The address in MAIL, `local@domain` with A-labels; null is the empty reverse-path `<>`. */
  readonly mailFrom: string | null;
  /** True if any recipient of this session needs SMTPUTF8 (RFC 6531); without the offer of it the session fails. */
  readonly smtputf8: boolean;
  /** When to encrypt; 'on_demand' where nothing is said. */
  readonly tls?: TlsUse | undefined;
}

/**
 * 'on_demand' where the host takes nothing in the clear, 'when_offered' wherever it offers STARTTLS, 'always' wherever it
 * offers that and no question elsewhere, 'never' not even on demand. RFC 3207 section 4 forbids public hosts to demand
 * it; some do.
 */
export type TlsUse = 'on_demand' | 'when_offered' | 'always' | 'never';

export type SessionStart = { readonly status: 'ready'; readonly session: Session } | SessionFailure;

export interface Recipient extends Mailbox {
  /** True if the local part is not ASCII; the session must have been opened with `smtputf8`. */
  readonly smtputf8: boolean;
}

/** 'replied' leaves the meaning open; 'lost' says nothing of the recipient, and the session is over. */
export type RecipientAnswer = Exchange;

/**
 * Connects and goes up to an accepted MAIL. Never throws or rejects for what the host does; a TypeError means that an
 * option is none a caller may give.
 */
export async function openSession(options: SessionOptions): Promise<SessionStart> {
  const smtputf8 = options.smtputf8 || needsSmtputf8(options.mailFrom ?? '');
  const mailCommand = commandLine({ verb: 'MAIL', sender: senderOf(options.mailFrom), smtputf8 });
  const ehloCommand = commandLine({ verb: 'EHLO', name: options.heloName });

  const connection = new Connection(options);
  const greeting = await connection.greeting();
  if (!isReply(greeting, 220)) return failedStart(connection, connection.connected ? 'greeting' : 'connect', greeting);

  const hello = await sayHello(connection, ehloCommand, options);
  if (!isReply(hello.exchange, 250)) return failedStart(connection, 'ehlo', hello.exchange);
  const opening = { connection, options, ehloCommand, mailCommand, smtputf8, greeting };
  const isOffered = hello.extensions.has('STARTTLS');
  if (options.tls === 'always' && !isOffered) {
    const detail = 'the host does not offer STARTTLS, and nothing is to be asked in the clear';
    return tlsFailure(connection, { reply: null, detail });
  }
  const isSecuredFirst = isOffered && (options.tls === 'always' || options.tls === 'when_offered');
  return isSecuredFirst ? sayMailSecured(opening) : sayMail(opening, hello, hello.exchange);
}

/** What the steps of opening a session hand on to each other. */
interface Opening {
  readonly connection: Connection;
  readonly options: SessionOptions;
  readonly ehloCommand: string;
  readonly mailCommand: string;
  readonly smtputf8: boolean;
  readonly greeting: Replied;
}

async function sayMail(opening: Opening, hello: Hello, helloReply: Replied): Promise<SessionStart> {
  const { connection, options, mailCommand, smtputf8, greeting } = opening;
  if (smtputf8 && !hello.extensions.has('SMTPUTF8')) return smtputf8NotOffered(connection, helloReply.reply);
  const mail = await connection.exchange(mailCommand, options.timeouts.mailMs);
  if (mail.status === 'lost' || mail.reply.code !== 250) {
    if (connection.secured || mail.status === 'lost' || !demandsTls(mail.reply, 'mail'))
      return failedStart(connection, 'mail', mail);
    const isOffered = hello.extensions.has('STARTTLS');
    if (isOffered && options.tls !== 'never') return sayMailSecured(opening);
    const why = isOffered ? 'TLS is not to be used' : 'it does not offer STARTTLS';
    const detail = `the host takes mail over TLS only, and ${why}: ${oneLine(mail.reply, 200)}`;
    return tlsFailure(connection, { reply: mail.reply, detail });
  }
  const slowestReplyMs = Math.max(helloReply.ms, mail.ms);
  const { extensions, verb } = hello;
  const facts = { banner: greeting.reply, greetingMs: greeting.ms, hello: verb, extensions, smtputf8, slowestReplyMs };
  return { status: 'ready', session: new Session(connection, options, facts) };
}

/** STARTTLS, then everything anew: what the host offered in the clear no longer counts (RFC 3207 section 4.2). */
async function sayMailSecured(opening: Opening): Promise<SessionStart> {
  const { connection, options, ehloCommand } = opening;
  const go = await connection.exchange(commandLine({ verb: 'STARTTLS' }), options.timeouts.ehloMs);
  if (!isReply(go, 220)) return tlsRefused(connection, go);
  const lost = await connection.startTls(options.timeouts.tlsMs);
  if (lost !== null) return failedStart(connection, 'tls', lost);
  const hello = await sayHello(connection, ehloCommand, options);
  if (!isReply(hello.exchange, 250)) return failedStart(connection, 'ehlo', hello.exchange);
  return sayMail(opening, hello, hello.exchange);
}

/** `530 5.7.0 Must issue a STARTTLS command first` (RFC 3207 section 4; Postfix with smtpd_tls_security_level=encrypt). */
function demandsTls(reply: Reply, stage: 'mail' | 'rcpt'): boolean {
  if (reply.code < 400 || !/tls\b|encrypt|ssl\b/i.test(reply.text)) return false;
  return reply.code === 530 || meaningOf({ ...reply, stage }).rule === TLS_DEMANDED;
}

interface SessionFacts {
  readonly banner: Reply;
  readonly greetingMs: number;
  readonly hello: 'EHLO' | 'HELO';
  readonly extensions: Extensions;
  readonly smtputf8: boolean;
  readonly slowestReplyMs: number;
}

/** A conversation in which MAIL was accepted. Only `openSession` makes one, and whoever holds it must close it. */
export class Session {
  readonly #connection: Connection;
  readonly #rcptMs: number;
  readonly #facts: SessionFacts;
  #slowestReplyMs: number;
  /** True once the host wants to be asked over TLS. */
  #isOver = false;

  constructor(connection: Connection, options: SessionOptions, facts: SessionFacts) {
    this.#connection = connection;
    this.#rcptMs = options.timeouts.rcptMs;
    this.#facts = facts;
    this.#slowestReplyMs = facts.slowestReplyMs;
  }

  /**
   * Asks for one recipient with RCPT; the next may be asked once the answer is there. After the end of the session every
   * call answers 'lost' with the reason of that end, and its 421 if the host gave one.
   */
  async ask(recipient: Recipient): Promise<RecipientAnswer> {
    return this.#read(await this.#connection.exchange(this.#rcptCommand(recipient), this.#rcptMs));
  }

  /**
   * Asks for several recipients: all at once where the host offers PIPELINING (RFC 2920), one after the other elsewhere.
   * Gives an answer for each, in their order; how many at once is the caller's to decide, for all may be refused.
   */
  async askAll(recipients: readonly Recipient[]): Promise<RecipientAnswer[]> {
    const answers: RecipientAnswer[] = [];
    if (this.#facts.extensions.has('PIPELINING') && recipients.length > 1) {
      const commands = recipients.map((recipient) => this.#rcptCommand(recipient));
      for (const exchange of this.#connection.exchangeAll(commands, this.#rcptMs))
        answers.push(this.#read(await exchange));
    } else {
      for (const recipient of recipients) answers.push(await this.ask(recipient));
    }
    return answers;
  }

  #rcptCommand(recipient: Recipient): string {
    if (recipient.smtputf8 && !this.#facts.smtputf8) throw new TypeError('this session was opened without SMTPUTF8');
    return commandLine({ verb: 'RCPT', recipient, smtputf8: recipient.smtputf8 });
  }

  #read(answer: Exchange): RecipientAnswer {
    if (answer.status === 'lost') return answer;
    this.#slowestReplyMs = Math.max(this.#slowestReplyMs, answer.ms);
    if (isAnswerToRcpt(answer.reply.code)) return this.#wantsTls(answer.reply) ? this.#endForTls(answer.reply) : answer;
    return this.#connection.loseStep(`no answer to RCPT: ${oneLine(answer.reply, 200)}`, answer.reply);
  }

  /** Postfix with reject_plaintext_session says so only here: `450 4.7.1 Session encryption is required`. */
  #wantsTls(reply: Reply): boolean {
    return !this.#connection.secured && demandsTls(reply, 'rcpt');
  }

  /** In the middle of a transaction it is too late for STARTTLS; the next session has to begin with it. */
  #endForTls(reply: Reply): RecipientAnswer {
    this.#isOver = true;
    const detail = `the host takes recipients over TLS only: ${oneLine(reply, 200)}`;
    return { status: 'lost', failure: 'tls', reply, detail };
  }

  /** From now on this signal ends the conversation at once, and no longer the one it was opened with. */
  heedOnly(signal: AbortSignal): void {
    this.#connection.heedOnly(signal);
  }

  /** QUIT, a short wait for 221, and the end. Resolves with `closed`; an `ask` still open is lost with 'cancelled'. */
  close(): Promise<void> {
    return this.#connection.quit();
  }

  /**
   * Resolves once the connection is gone, whoever ended it. A caller may free its own slot at the last answer, but until
   * here the connection counts against the mail host.
   */
  get closed(): Promise<void> {
    return this.#connection.closed;
  }

  /** False once nothing more can be asked: closed by us, by the host (also with 421), or lost. */
  get isOpen(): boolean {
    return this.#connection.isOpen && !this.#isOver;
  }

  /**
   * True once the host turned out to have sent more replies than it was asked for. Answers given before may then belong
   * to their neighbours. Often only the end shows it, so look after `closed` before believing an acceptance.
   */
  get outOfStep(): boolean {
    return this.#connection.outOfStep;
  }

  /** Milliseconds until the session's own deadline; what is unanswered then is lost with 'timeout'. */
  get leftMs(): number {
    return this.#connection.leftMs;
  }

  get banner(): Reply {
    return this.#facts.banner;
  }

  /** 'HELO' where the host did not know EHLO; it then offers no extensions. */
  get hello(): 'EHLO' | 'HELO' {
    return this.#facts.hello;
  }

  get extensions(): Extensions {
    return this.#facts.extensions;
  }

  /** True if the conversation is encrypted. */
  get secured(): boolean {
    return this.#connection.secured;
  }

  /** Milliseconds from the connection's standing to the end of the banner: greet pauses show here. */
  get greetingMs(): number {
    return this.#facts.greetingMs;
  }

  /** The longest wait so far for the reply to EHLO, MAIL or RCPT; tarpits show here. */
  get slowestReplyMs(): number {
    return this.#slowestReplyMs;
  }
}

/** A quoted local part may hold an "@" of its own, so the last one divides. */
function senderOf(mailFrom: string | null): Mailbox | null {
  if (mailFrom === null) return null;
  const at = mailFrom.lastIndexOf('@');
  return { local: mailFrom.slice(0, Math.max(at, 0)), domain: mailFrom.slice(at + 1) };
}

/** RFC 5321 section 4.3.2. A 3xx or any other 2xx belongs to some other command. */
function isAnswerToRcpt(code: number): boolean {
  return code >= 400 || (code >= 250 && code <= 252);
}
