// What the sandbox saw, counted as the server sees it, so that tests can hold a client to its limits.

/** How many are under way now, the most there ever were at once, and how many in all. */
export interface Gauge {
  now: number;
  max: number;
  total: number;
}

/**
 * Whether a command waited for its turn: 'pipelined' came before an earlier reply as RFC 2920 allows it, 'early' before
 * the banner had ended or an earlier reply was out, where nothing allows it.
 */
export type Turn = 'in_turn' | 'pipelined' | 'early';

export interface CommandRecord {
  /** The line without its end; everything after 2,048 characters is cut. */
  readonly line: string;
  readonly turn: Turn;
}

export interface ConnectionRecord {
  readonly number: number;
  readonly host: string;
  readonly hostAddress: string;
  readonly clientAddress: string;
  readonly clientPort: number;
  /** Milliseconds of the monotonic clock. */
  readonly openedAt: number;
  closedAt: number | null;
  /** Places in the one order of all openings and closings. */
  readonly openedOrder: number;
  closedOrder: number | null;
  readonly commands: CommandRecord[];
  tls: boolean;
  quit: boolean;
}

export interface DomainTally {
  /** Connections in which the domain was asked about. */
  readonly connections: Gauge;
  /** RCPT commands for the domain, whatever came back. */
  recipients: number;
  /** How often each address was asked, in the spelling used; empty with `keepCommands: false`. */
  readonly questions: Map<string, number>;
}

/** How many connections, and how many command lines of one connection, are kept word for word. */
const MAX_KEPT_CONNECTIONS = 200_000;
const MAX_KEPT_COMMANDS = 100_000;
/** Names come from clients: past this many different ones no new counter is opened. */
const MAX_NAMES = 2_000_000;

/** All counters of one sandbox. A session is over when its last reply is out or the client has hung up. */
export class SandboxRecord {
  readonly overall: Gauge = gauge();
  readonly byHostAddress = new Map<string, Gauge>();
  readonly byHost = new Map<string, Gauge>();
  readonly byProvider = new Map<string, Gauge>();
  readonly byDomain = new Map<string, DomainTally>();
  /** Every connection in the order of opening; empty with `keepCommands: false`. */
  readonly connections: ConnectionRecord[] = [];
  /** Commands by verb; what is no verb of SMTP counts as OTHER. */
  readonly verbs = new Map<string, number>();
  /** Commands sent before their turn where nothing allowed it, and those that PIPELINING allowed. */
  earlyTalk = 0;
  pipelined = 0;
  recipients = 0;
  sessionsWithoutQuit = 0;
  tlsSessions = 0;
  /** Questions to the DNS side: the number of each "name TYPE", and of all. */
  readonly dnsQuestions = new Map<string, number>();
  dnsTotal = 0;
  dnsOverTcp = 0;
  readonly keepsCommands: boolean;
  #order = 0;
  #waiters: { readonly holds: (record: SandboxRecord) => boolean; readonly resolve: () => void }[] = [];

  constructor(options: { readonly keepCommands: boolean }) {
    this.keepsCommands = options.keepCommands;
  }

  /** How often addresses of a domain were asked that are not in `known`: the catch-all questions, counted. */
  questionsBeside(domain: string, known: ReadonlySet<string>): number {
    let count = 0;
    for (const [address, times] of this.byDomain.get(domain)?.questions ?? []) if (!known.has(address)) count += times;
    return count;
  }

  /** Resolves once the record is as wished for, looked at after each change. */
  until(holds: (record: SandboxRecord) => boolean): Promise<void> {
    if (holds(this)) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters.push({ holds, resolve });
    });
  }

  open(peer: ConnectionPeer): ConnectionLog {
    const kept = this.keepsCommands && this.connections.length < MAX_KEPT_CONNECTIONS;
    const log = new ConnectionLog(this, peer, this.overall.total + 1, this.nextOrder());
    if (kept) this.connections.push(log.record);
    return log;
  }

  nextOrder(): number {
    return this.#order++;
  }

  countDns(question: string, transport: 'udp' | 'tcp'): void {
    this.dnsTotal++;
    if (transport === 'tcp') this.dnsOverTcp++;
    const times = this.dnsQuestions.get(question);
    if (times !== undefined || this.dnsQuestions.size < MAX_NAMES) this.dnsQuestions.set(question, (times ?? 0) + 1);
    this.changed();
  }

  changed(): void {
    if (this.#waiters.length === 0) return;
    const met = this.#waiters.filter((waiter) => waiter.holds(this));
    this.#waiters = this.#waiters.filter((waiter) => !met.includes(waiter));
    for (const waiter of met) waiter.resolve();
  }
}

export interface ConnectionPeer {
  readonly host: string;
  readonly provider: string;
  readonly hostAddress: string;
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly now: number;
}

/** The part of the record that one connection writes. */
export class ConnectionLog {
  readonly record: ConnectionRecord;
  readonly #all: SandboxRecord;
  readonly #gauges: Gauge[];
  readonly #domains = new Set<string>();

  constructor(all: SandboxRecord, peer: ConnectionPeer, number: number, openedOrder: number) {
    const { host, hostAddress, clientAddress, clientPort, now: openedAt } = peer;
    this.#all = all;
    this.record = {
      number,
      host,
      hostAddress,
      clientAddress,
      clientPort,
      openedAt,
      closedAt: null,
      openedOrder,
      closedOrder: null,
      commands: [],
      tls: false,
      quit: false,
    };
    this.#gauges = [
      all.overall,
      gaugeOf(all.byHostAddress, hostAddress),
      gaugeOf(all.byHost, host),
      gaugeOf(all.byProvider, peer.provider),
    ];
    for (const each of this.#gauges) raise(each);
    all.changed();
  }

  command(verb: string, line: string, turn: Turn): void {
    const all = this.#all;
    all.verbs.set(verb, (all.verbs.get(verb) ?? 0) + 1);
    if (turn === 'early') all.earlyTalk++;
    else if (turn === 'pipelined') all.pipelined++;
    if (verb === 'QUIT') this.record.quit = true;
    if (all.keepsCommands && this.record.commands.length < MAX_KEPT_COMMANDS) {
      this.record.commands.push({ line: line.slice(0, 2048), turn });
    }
    all.changed();
  }

  recipient(address: string, domain: string): void {
    const all = this.#all;
    all.recipients++;
    const tally = tallyOf(all.byDomain, domain);
    tally.recipients++;
    if (all.keepsCommands) tally.questions.set(address, (tally.questions.get(address) ?? 0) + 1);
    if (!this.#domains.has(domain)) {
      this.#domains.add(domain);
      this.#gauges.push(tally.connections);
      raise(tally.connections);
    }
    all.changed();
  }

  secured(): void {
    this.record.tls = true;
    this.#all.tlsSessions++;
  }

  /** The session is over; a second call changes nothing. */
  close(now: number): void {
    if (this.record.closedAt !== null) return;
    this.record.closedAt = now;
    this.record.closedOrder = this.#all.nextOrder();
    for (const each of this.#gauges) each.now--;
    if (!this.record.quit) this.#all.sessionsWithoutQuit++;
    this.#all.changed();
  }
}

function gauge(): Gauge {
  return { now: 0, max: 0, total: 0 };
}

function raise(each: Gauge): void {
  each.total++;
  each.now++;
  if (each.now > each.max) each.max = each.now;
}

function gaugeOf(gauges: Map<string, Gauge>, name: string): Gauge {
  const known = gauges.get(name);
  if (known !== undefined) return known;
  const fresh = gauge();
  gauges.set(name, fresh);
  return fresh;
}

function tallyOf(tallies: Map<string, DomainTally>, domain: string): DomainTally {
  const known = tallies.get(domain);
  if (known !== undefined) return known;
  const fresh = { connections: gauge(), recipients: 0, questions: new Map<string, number>() };
  if (tallies.size < MAX_NAMES) tallies.set(domain, fresh);
  return fresh;
}
