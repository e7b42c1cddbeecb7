// Answers questions about names from memory or the servers, each asked once however many want to know.
import type { Clock } from '../clock.ts';
import { type Asking, askServers, type ServersAnswer } from './ask-servers.ts';
import { createCache, type DnsAnswer, type DnsCache } from './cache.ts';
import { DNS_LIMITS, type DnsLimits } from './defaults.ts';
import { type FailureReason, judge, MAX_ALIASES } from './judgement.ts';
import { createLimiter, type Limiter } from './limiter.ts';
import { type Question, questionFor } from './message.ts';
import { createNameServer, type NameServer } from './name-server.ts';
import { canonicalName } from './names.ts';
import { secureIds } from './query-ids.ts';
import type { QueryType } from './records.ts';
import type { DnsServer } from './servers.ts';
import { negativeLifeMs, positiveLifeMs } from './ttl.ts';

export interface ResolverOptions {
  /** In the order to ask them; at least one. */
  readonly servers: readonly DnsServer[];
  readonly clock: Clock;
  /** Where the defaults (defaults.ts) do not fit: a local resolver bears far more than 500 queries a second. */
  readonly limits?: Partial<DnsLimits>;
  /** Message ids, 0 to 65535; from the system's secure source unless a test needs known ones. */
  readonly nextId?: () => number;
}

export interface Resolver {
  /**
   * Looks up a name (no search list, CNAMEs followed). Never rejects for what a server does or a name looks like:
   * what went wrong is a `failure`, which says nothing of the name.
   */
  query<T extends QueryType>(name: string, type: T): Promise<DnsAnswer<T>>;
  /** Whether a question gets any answer over TCP; past the cache, for the self-test. */
  answersOverTcp(name: string): Promise<boolean>;
  /** Fails what is under way with `closed` and closes all sockets. */
  close(): Promise<void>;
}

export function createResolver(options: ResolverOptions): Resolver {
  if (options.servers.length === 0) throw new TypeError('a resolver needs at least one server');
  return new CachingResolver(options);
}

class CachingResolver implements Resolver {
  readonly #clock: Clock;
  readonly #limits: DnsLimits;
  readonly #servers: readonly NameServer[];
  readonly #cache: DnsCache;
  readonly #limiter: Limiter;
  /** Look-ups under way by name and type; whoever asks the same shares them. */
  readonly #flights = new Map<string, Promise<DnsAnswer>>();
  readonly #errands = new Set<Asking>();
  #isClosed = false;

  constructor({ servers, clock, limits, nextId = secureIds() }: ResolverOptions) {
    this.#clock = clock;
    this.#limits = { ...DNS_LIMITS, ...limits };
    this.#servers = servers.map((server) => createNameServer({ server, limits: this.#limits, clock, nextId }));
    this.#cache = createCache({ names: this.#limits.cachedNames, clock });
    this.#limiter = createLimiter({
      inFlight: this.#limits.inFlight,
      perSecond: this.#limits.queriesPerSecond,
      clock,
    });
  }

  query<T extends QueryType>(name: string, type: T): Promise<DnsAnswer<T>> {
    // Records of a question always have the question's type (judgement.ts), which the compiler cannot see.
    return this.#lookUp(canonicalName(name), type) as Promise<DnsAnswer<T>>;
  }

  async answersOverTcp(name: string): Promise<boolean> {
    const question = questionFor(canonicalName(name), 'A');
    if (question === null) return false;
    for (const server of this.#servers) {
      const outcome = await server.tcp.ask(question);
      if (outcome.status === 'response' && judge(outcome.response, { question, edns: false }).status !== 'truncated')
        return true;
    }
    return false;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#limiter.close();
    for (const errand of [...this.#errands]) errand.cancel();
    await Promise.all(this.#servers.map((server) => server.close()));
  }

  #lookUp(name: string, type: QueryType): Promise<DnsAnswer> {
    const cached = this.#cache.get(name, type);
    if (cached !== null) return Promise.resolve(cached);
    const key = `${type} ${name}`;
    const underWay = this.#flights.get(key);
    if (underWay !== undefined) return underWay;
    const flight = this.#resolve(name, type).finally(() => this.#flights.delete(key));
    this.#flights.set(key, flight);
    return flight;
  }

  /** Follows aliases over as many questions as it takes, and remembers the outcome. */
  async #resolve(name: string, type: QueryType): Promise<DnsAnswer> {
    let ttl = Number.POSITIVE_INFINITY;
    let target = name;
    for (let hops = 0; hops <= MAX_ALIASES; hops += 1) {
      const known = target === name ? null : this.#cache.get(target, type);
      if (known !== null) return this.#rememberTarget({ name, type, known, ttl });
      const said = await this.#ask(target, type);
      if (said.status !== 'alias') return this.#remember({ name, type, target, said, ttl });
      ttl = Math.min(ttl, said.ttl);
      target = said.target;
    }
    return this.#cache.putFailure(name, type, { why: 'alias_loop', detail: `${name} leads to too many CNAMEs` });
  }

  async #ask(name: string, type: QueryType): Promise<ServersAnswer> {
    const question = questionFor(name, type);
    if (question === null) return failed('bad_name', 'this is no name that can be looked up');
    if (!(await this.#limiter.enter()) || this.#isClosed) return failed('closed', 'the resolver was closed');
    const errand = this.#send(question);
    this.#errands.add(errand);
    try {
      return await errand.answer;
    } finally {
      this.#errands.delete(errand);
      this.#limiter.leave();
    }
  }

  #send(question: Question): Asking {
    return askServers({
      question,
      servers: this.#servers,
      limits: this.#limits,
      clock: this.#clock,
      onFurtherSend: () => this.#limiter.spend(),
    });
  }

  #remember(found: {
    readonly name: string;
    readonly type: QueryType;
    readonly target: string;
    readonly said: Exclude<ServersAnswer, { readonly status: 'alias' }>;
    readonly ttl: number;
  }): DnsAnswer {
    const { name, type, said, ttl } = found;
    const now = this.#clock.now();
    switch (said.status) {
      case 'records': {
        const expiresAt = now + positiveLifeMs(Math.min(ttl, said.ttl));
        const answer = { status: 'answer', records: said.data, name: said.name, expiresAt, isStale: false } as const;
        this.#cache.put(name, type, answer);
        return answer;
      }
      case 'nodata': {
        const answer = {
          status: 'nodata',
          expiresAt: now + negativeLifeMs(said.soa),
          hasSoa: said.soa !== null,
        } as const;
        this.#cache.put(name, type, answer);
        return answer;
      }
      case 'nxdomain': {
        const answer = {
          status: 'nxdomain',
          expiresAt: now + negativeLifeMs(said.soa),
          hasSoa: said.soa !== null,
        } as const;
        // The code speaks of the end of the chain; the alias before it exists, and so may names below it.
        this.#cache.putNxDomain(said.name, answer);
        if (said.name !== name) this.#cache.put(name, type, answer);
        return answer;
      }
      case 'failure':
        return this.#failure({ name, type, why: said.why, detail: said.detail });
    }
  }

  /** What was never sent, or not waited for, is no failure to remember (nor one of the servers). */
  #failure(failed: { name: string; type: QueryType; why: FailureReason; detail: string }): DnsAnswer {
    const { name, type, why, detail } = failed;
    if (why === 'closed' || why === 'bad_name') return { status: 'failure', why, detail, retryAt: this.#clock.now() };
    return this.#cache.putFailure(name, type, { why, detail });
  }

  /** The alias's target was known: its answer holds for the alias too, for the shorter of both lives. */
  #rememberTarget(found: { name: string; type: QueryType; known: DnsAnswer; ttl: number }): DnsAnswer {
    const { name, type, known, ttl } = found;
    if (known.status === 'failure') return known;
    const answer = { ...known, expiresAt: Math.min(known.expiresAt, this.#clock.now() + positiveLifeMs(ttl)) };
    if (!('isStale' in answer && answer.isStale)) this.#cache.put(name, type, answer);
    return answer;
  }
}

function failed(why: FailureReason, detail: string): Extract<ServersAnswer, { status: 'failure' }> {
  return { status: 'failure', why, detail };
}
