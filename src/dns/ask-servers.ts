// Carries one question to the servers until one gives an answer to rely on: whom to ask when, how often, and when to give up.
import type { Clock } from '../clock.ts';
import type { DnsLimits } from './defaults.ts';
import { type FailureReason, type Judgement, judge } from './judgement.ts';
import type { Question, Response } from './message.ts';
import type { NameServer } from './name-server.ts';
import type { UdpConversation } from './udp-transport.ts';

/** What the servers said in the end; every way to learn more has been tried. */
export type ServersAnswer = Exclude<Judgement, { readonly status: 'truncated' | 'edns_refused' }>;

export interface AskOptions {
  readonly question: Question;
  readonly servers: readonly NameServer[];
  readonly limits: DnsLimits;
  readonly clock: Clock;
  /** Called for every send after the first. */
  readonly onFurtherSend: () => void;
}

export interface Asking {
  /** Never rejects. */
  readonly answer: Promise<ServersAnswer>;
  /** Ends it at once with a failure `closed`. */
  cancel(): void;
}

export function askServers(options: AskOptions): Asking {
  const errand = new Errand(options);
  errand.start();
  return { answer: errand.answer, cancel: () => errand.cancel() };
}

/** One server's part in an errand. */
interface Try {
  readonly server: NameServer;
  conversation: UdpConversation | null;
  sends: number;
  sentAt: number;
  withEdns: boolean;
  /** Sends with OPT whose refusal may still arrive after the first refusal has been acted on. */
  ednsSends: number;
  overTcp: boolean;
  /** It gave an answer of no use; nothing more is expected of it. */
  isDone: boolean;
}

interface Failure {
  readonly why: FailureReason;
  readonly detail: string;
}

class Errand {
  readonly answer: Promise<ServersAnswer>;
  readonly #options: AskOptions;
  readonly #tries: readonly Try[];
  #resolve: (answer: ServersAnswer) => void = () => {};
  #current: Try | null = null;
  #cancelStep: (() => void) | null = null;
  #cancelDeadline: (() => void) | null = null;
  #failure: Failure | null = null;
  #sends = 0;
  #isSettled = false;

  constructor(options: AskOptions) {
    this.#options = options;
    this.#tries = inOrder(options.servers).map((server) => ({
      server,
      conversation: null,
      sends: 0,
      sentAt: 0,
      withEdns: server.takesEdns,
      ednsSends: 0,
      overTcp: false,
      isDone: false,
    }));
    this.answer = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  start(): void {
    const { clock, limits } = this.#options;
    this.#cancelDeadline = clock.after(limits.totalTimeoutMs, () => this.#giveUp());
    this.#askNext();
  }

  cancel(): void {
    this.#settle({ status: 'failure', why: 'closed', detail: 'the resolver was closed' });
  }

  /** The server asked least often, in their order; when all had their sends, late answers are waited for. */
  #askNext(): void {
    const { clock, limits } = this.#options;
    this.#cancelStep?.();
    this.#cancelStep = null;
    if (this.#tries.every((each) => each.isDone)) {
      this.#giveUp();
      return;
    }
    const next = this.#tries
      .filter((each) => !each.isDone && !each.overTcp && each.sends < limits.sendsPerServer)
      .reduce<Try | null>((best, each) => (best === null || each.sends < best.sends ? each : best), null);
    this.#current = next;
    if (next === null) return;
    this.#send(next);
    this.#cancelStep = clock.after(limits.tryTimeoutMs, () => {
      next.server.noteTimeout(next.sentAt);
      this.#askNext();
    });
  }

  #send(to: Try): void {
    to.conversation ??= to.server.udp.converse(this.#options.question, {
      onResponse: (response) => this.#hear(to, response),
      onUnreachable: (detail) => this.#meetClosedDoor(to, detail),
    });
    if (this.#sends > 0) this.#options.onFurtherSend();
    this.#sends += 1;
    to.sends += 1;
    if (to.withEdns) to.ednsSends += 1;
    to.sentAt = this.#options.clock.monotonic();
    to.conversation.send({ edns: to.withEdns });
  }

  #hear(from: Try, response: Response): void {
    if (this.#isSettled || from.isDone || from.overTcp) return;
    from.server.noteAnswer();
    const edns = from.ednsSends > 0;
    const judgement = judge(response, { question: this.#options.question, edns });
    switch (judgement.status) {
      case 'edns_refused':
        from.ednsSends -= 1;
        if (from.withEdns) this.#repeatWithoutEdns(from);
        break;
      case 'truncated':
        void this.#askOverTcp(from);
        break;
      case 'failure':
        this.#dismiss(from, judgement);
        break;
      default:
        if (!from.withEdns) from.server.takesEdns = false;
        this.#settle(judgement);
    }
  }

  #repeatWithoutEdns(to: Try): void {
    to.withEdns = false;
    this.#send(to);
  }

  async #askOverTcp(from: Try): Promise<void> {
    from.overTcp = true;
    if (this.#current === from) this.#cancelStep?.();
    this.#options.onFurtherSend();
    const outcome = await from.server.tcp.ask(this.#options.question);
    if (this.#isSettled) return;
    if (outcome.status === 'failed') {
      this.#dismiss(from, { why: 'tcp', detail: `cut its answer short, and over TCP: ${outcome.detail}` });
      return;
    }
    const judgement = judge(outcome.response, { question: this.#options.question, edns: false });
    if (judgement.status === 'truncated' || judgement.status === 'edns_refused')
      this.#dismiss(from, { why: 'tcp', detail: 'cut its answer short over TCP too' });
    else if (judgement.status === 'failure') this.#dismiss(from, judgement);
    else this.#settle(judgement);
  }

  /** A reply that settles nothing; the next server is asked at once, unless one asked meanwhile still has its time. */
  #dismiss(from: Try, failure: Failure): void {
    from.isDone = true;
    this.#failure = { why: failure.why, detail: `${from.server.label} ${failure.detail}` };
    if (this.#current === from || this.#tries.every((each) => each.isDone)) this.#askNext();
  }

  /** A closed port may open again (a resolver being restarted), so the last server left is asked again after a pause. */
  #meetClosedDoor(at: Try, detail: string): void {
    if (this.#isSettled || at.isDone || at.overTcp) return;
    const { clock, limits } = this.#options;
    at.server.noteUnreachable();
    at.conversation?.release();
    at.conversation = null;
    this.#failure ??= { why: 'unreachable', detail: `${at.server.label} cannot be reached (${detail})` };
    if (at.sends >= limits.sendsPerServer) at.isDone = true;
    const isUntried = this.#tries.some((each) => !each.isDone && each.sends === 0);
    if (this.#tries.every((each) => each.isDone) || (this.#current === at && isUntried)) this.#askNext();
    else if (this.#current === at) {
      this.#cancelStep?.();
      this.#cancelStep = clock.after(limits.unreachablePauseMs, () => this.#askNext());
    }
  }

  #giveUp(): void {
    const labels = this.#tries.map((each) => each.server.label).join(', ');
    const silence: Failure = { why: 'timeout', detail: `no answer from ${labels}` };
    this.#settle({ status: 'failure', ...(this.#failure ?? silence) });
  }

  #settle(answer: ServersAnswer): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#cancelStep?.();
    this.#cancelDeadline?.();
    for (const each of this.#tries) each.conversation?.release();
    this.#resolve(answer);
  }
}

/** As configured, those that seem dead last. */
function inOrder(servers: readonly NameServer[]): readonly NameServer[] {
  if (servers.length < 2) return servers;
  const avoided = new Set(servers.filter((server) => server.shouldComeLast()));
  return [...servers.filter((server) => !avoided.has(server)), ...avoided];
}
