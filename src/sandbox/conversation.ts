// Decides what a host answers to each command of one session; bytes, clocks and sockets are the session's business.
import { type PathArgument, readPath } from './command-lines.ts';
import { ehloReply, startTlsResponse } from './extensions.ts';
import type { RecipientDesk } from './recipients.ts';
import type { ConnectionLog } from './record.ts';
import { fillIn } from './wording.ts';
import type { Act, Behaviour, Step } from './world.ts';

export interface Response {
  readonly act: Act;
  readonly delayMs?: number;
  /** What the session does once the reply is out. */
  readonly next?: 'close' | 'tls' | 'nonsense';
  /** An unasked reply right behind this one, with which the session ends. */
  readonly farewell?: string;
}

export interface ConversationSetup {
  readonly hostName: string;
  readonly behaviour: Behaviour;
  readonly desk: RecipientDesk;
  readonly log: ConnectionLog;
  readonly clientAddress: string;
  readonly isOverloaded: boolean;
}

/** Verbs that Exim's smtp_accept_max_nonmail does not count. */
const MAIL_VERBS = new Set(['MAIL', 'RCPT', 'DATA', 'QUIT']);

/** One session's state, from the banner to QUIT. */
export class Conversation {
  hasEhlo = false;
  isSecured = false;
  readonly #setup: ConversationSetup;
  readonly #behaviour: Behaviour;
  #isRefusing = false;
  #hasGreeted = false;
  #sender: string | null = null;
  #smtputf8 = false;
  #accepted = 0;
  #transactionDomain: string | null = null;
  #asked = 0;
  #refusals = 0;
  #errors = 0;
  #commands = 0;
  #nonmail = 0;
  #rcpt = '';

  constructor(setup: ConversationSetup) {
    this.#setup = setup;
    this.#behaviour = setup.behaviour;
  }

  banner(): Response {
    if (this.#setup.isOverloaded)
      return this.#sayAndClose('421 4.7.0 {host} Error: too many connections from {client}');
    const act = this.#behaviour.at?.banner ?? { say: '220 {host} ESMTP Sandbox' };
    this.#isRefusing = isRefusal(act);
    return this.#filled({ act });
  }

  /** The answer to one command line; counts errors and applies the host's limits. */
  answer(verb: string, line: string): Response {
    const limits = this.#behaviour.limits ?? {};
    this.#commands++;
    if (this.#commands > (limits.commands ?? Number.POSITIVE_INFINITY)) {
      return this.#sayAndClose('421 4.7.0 {host} too many commands in this session');
    }
    if (!MAIL_VERBS.has(verb)) this.#nonmail++;
    if (this.#nonmail > (limits.nonmail ?? Number.POSITIVE_INFINITY)) {
      return this.#sayAndClose('554 Too many nonmail commands');
    }
    const response = this.#filled(this.#answerVerb(verb, line));
    return isRefusal(response.act) ? this.#countError(response) : this.#late(response);
  }

  /** The answer to input that came too early, where the host punishes it; null where not. */
  punishment(hasBanner: boolean): Response | null {
    switch (this.#behaviour.limits?.punishesEarlyTalk) {
      case undefined:
        return null;
      case 'exim':
        return this.#sayAndClose('554 SMTP synchronization error');
      case 'opensmtpd':
        return this.#sayAndClose('500 5.5.1 Invalid command: Pipelining not supported');
      case 'postfix':
        return hasBanner ? this.#sayAndClose('554 5.5.0 {host} Error: SMTP protocol synchronization') : null;
      case 'postscreen':
        return hasBanner ? null : this.#sayAndClose('521 5.5.1 Protocol error');
    }
  }

  /** After the handshake all earlier knowledge is void (RFC 3207 section 4.2). */
  secured(): void {
    this.isSecured = true;
    this.#hasGreeted = false;
    this.hasEhlo = false;
    this.#endTransaction();
  }

  #answerVerb(verb: string, line: string): Response {
    if (this.#isRefusing && verb !== 'QUIT') return say('503 5.7.0 Error: access denied for {client}');
    switch (verb) {
      case 'EHLO':
        return this.#ehlo();
      case 'HELO':
        return this.#helo();
      case 'STARTTLS':
        return this.#startTls();
      case 'MAIL':
        return this.#mail(line);
      case 'RCPT':
        return this.#recipient(line);
      case 'RSET':
        this.#endTransaction();
        return this.#usual('rset', this.#coded('250', '2.0.0', 'Ok'));
      case 'NOOP':
        return this.#coded('250', '2.0.0', 'Ok');
      case 'VRFY':
        return this.#coded('252', '2.0.0', 'send some mail, I will try my best');
      case 'DATA':
        return this.#coded('451', '4.3.0', 'this is a pretend mail world, it takes no messages');
      case 'QUIT':
        return { ...this.#usual('quit', this.#coded('221', '2.0.0', 'Bye')), next: 'close' };
      default:
        return this.#coded('500', '5.5.2', 'Error: command not recognized');
    }
  }

  #ehlo(): Response {
    const offers = this.#behaviour.offers ?? {};
    this.#endTransaction();
    if (offers.ehlo === false) return this.#coded('502', '5.5.1', 'Error: command not implemented');
    const response = this.#usual('ehlo', say(ehloReply(offers, this.isSecured)));
    this.#hasGreeted = !isRefusal(response.act);
    this.hasEhlo = this.#hasGreeted;
    return response;
  }

  #helo(): Response {
    this.#endTransaction();
    const response = this.#usual('helo', say('250 {host}'));
    this.#hasGreeted = !isRefusal(response.act);
    return response;
  }

  #startTls(): Response {
    const own = this.#behaviour.at?.starttls;
    if (own !== undefined) return { act: own };
    return startTlsResponse(this.#behaviour.offers?.starttls, this.isSecured);
  }

  #mail(line: string): Response {
    const { at, offers, refusesNullSender } = this.#behaviour;
    if (at?.mail !== undefined) return { act: at.mail };
    if (!this.#hasGreeted) return this.#coded('503', '5.5.1', 'Error: send HELO/EHLO first');
    const demandsTls = offers?.starttls === 'required' || offers?.starttls === 'required_broken';
    if (demandsTls && !this.isSecured) return this.#coded('530', '5.7.0', 'Must issue a STARTTLS command first');
    if (this.#sender !== null) return this.#coded('503', '5.5.1', 'Error: nested MAIL command');
    const path = readPath(line, 'MAIL FROM:');
    if (path === null) return this.#coded('501', '5.1.7', 'Bad sender address syntax');
    const wantsUtf8 = path.parameters.some((parameter) => parameter.toUpperCase() === 'SMTPUTF8');
    const offersUtf8 = offers?.smtputf8 === true && this.hasEhlo;
    if (wantsUtf8 && !offersUtf8) return this.#coded('555', '5.5.4', 'Unsupported option: SMTPUTF8');
    if (!wantsUtf8 && !isAscii(path.address)) return this.#coded('553', '5.6.7', 'Must declare SMTPUTF8');
    if (refusesNullSender === true && path.address === '') {
      return this.#coded('550', '5.7.1', '<>: Sender address rejected: null sender not accepted here');
    }
    this.#sender = path.address;
    this.#smtputf8 = wantsUtf8;
    return this.#coded('250', '2.1.0', 'Ok');
  }

  #recipient(line: string): Response {
    if (this.#sender === null) return this.#coded('503', '5.5.1', 'Error: need MAIL command');
    const path = readPath(line, 'RCPT TO:');
    if (path === null) return this.#coded('501', '5.1.3', 'Bad recipient address syntax');
    this.#rcpt = path.address;
    this.#asked++;
    this.#setup.log.recipient(path.address, path.domain);
    const refused = this.#recipientLimits(path);
    if (refused !== null) return refused;
    const response = this.#setup.desk.answer({
      local: path.local,
      domain: path.domain,
      sender: this.#sender,
      clientAddress: this.#setup.clientAddress,
      refusals: this.#refusals,
      behaviour: this.#behaviour,
    });
    if (isRefusal(response.act)) {
      this.#refusals++;
    } else {
      this.#accepted++;
      this.#transactionDomain = path.domain;
    }
    return response;
  }

  #recipientLimits(path: PathArgument): Response | null {
    const limits = this.#behaviour.limits ?? {};
    if (!this.#smtputf8 && !isAscii(path.address)) return this.#coded('553', '5.6.7', 'Must declare SMTPUTF8');
    if (this.#asked > (limits.recipientsPerSession ?? Number.POSITIVE_INFINITY)) {
      return this.#sayAndClose('421 4.7.0 {host} too many recipients in this session');
    }
    if (this.#accepted >= (limits.recipients ?? Number.POSITIVE_INFINITY)) {
      return say(limits.tooManySays ?? '452 4.5.3 Error: too many recipients');
    }
    if (limits.oneDomain === true && this.#transactionDomain !== null && this.#transactionDomain !== path.domain) {
      return say('451 4.3.0 Multiple destination domains per transaction is unsupported. Please try again.');
    }
    return null;
  }

  /** Postfix's books: late from the soft limit on, gone at the hard one; RSET clears neither. */
  #countError(response: Response): Response {
    this.#errors++;
    const hard = this.#behaviour.limits?.hardErrors ?? Number.POSITIVE_INFINITY;
    const late = this.#late(response);
    if (this.#errors < hard || response.next !== undefined) return late;
    return { ...late, next: 'close', farewell: this.#fill('421 4.7.0 {host} Error: too many errors') };
  }

  #late(response: Response): Response {
    const limits = this.#behaviour.limits ?? {};
    if (this.#errors < (limits.softErrors ?? Number.POSITIVE_INFINITY)) return response;
    return { ...response, delayMs: (response.delayMs ?? 0) + (limits.softDelayMs ?? 1000) };
  }

  #endTransaction(): void {
    this.#sender = null;
    this.#smtputf8 = false;
    this.#accepted = 0;
    this.#transactionDomain = null;
  }

  #usual(step: Step, usual: Response): Response {
    const own = this.#behaviour.at?.[step];
    return own === undefined ? usual : { act: own };
  }

  /** Exim gives no enhanced codes. */
  #coded(code: string, enhanced: string, text: string): Response {
    return say(this.#behaviour.wording === 'exim' ? `${code} ${text}` : `${code} ${enhanced} ${text}`);
  }

  #sayAndClose(text: string): Response {
    return { act: { say: this.#fill(text), close: true } };
  }

  #filled(response: Response): Response {
    const { act } = response;
    if (typeof act !== 'object' || !('say' in act)) return response;
    return { ...response, act: { ...act, say: this.#fill(act.say) } };
  }

  #fill(text: string): string {
    return fillIn(text, {
      rcpt: this.#rcpt,
      sender: this.#sender ?? '',
      host: this.#setup.hostName,
      client: this.#setup.clientAddress,
    });
  }
}

function say(text: string): Response {
  return { act: { say: text } };
}

function isRefusal(act: Act): boolean {
  if (typeof act !== 'object') return false;
  const text = 'say' in act ? act.say : 'raw' in act ? act.raw : '';
  return typeof text === 'string' && (text.startsWith('4') || text.startsWith('5'));
}

function isAscii(text: string): boolean {
  return !/[^\0-\x7f]/.test(text);
}
