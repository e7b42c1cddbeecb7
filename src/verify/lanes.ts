// Gives each domain's queue its lane: the provider it counts as, the limits written for it, and its way through the dial gate.
import type { Clock } from '../clock.ts';
import type { openSession, SessionStart } from '../smtp/session.ts';
import { DialGate } from './dial-gate.ts';
import type { HostMemory } from './hosts.ts';
import { ownLimitNotes, ownLimits, type PaceLimits } from './limits.ts';
import type { Pace } from './pace.ts';
import type { DomainPlan } from './plan.ts';
import type { ProbeEvent } from './probe.ts';

type AskPlan = Extract<DomainPlan, { status: 'ask' }>;

export interface LanesOptions {
  readonly limits: PaceLimits;
  readonly hosts: HostMemory;
  readonly openSession: typeof openSession;
  readonly clock: Clock;
  readonly observe: ((event: ProbeEvent) => void) | null;
}

/** What a queue asks with in place of what the run was given. */
interface LaneOptions {
  readonly limits: PaceLimits;
  readonly openSession: typeof openSession;
}

export class Lanes {
  readonly #options: LanesOptions;
  readonly #pace: Pace;
  readonly #gate: DialGate;
  readonly #signal: AbortSignal;
  readonly #noted = new Set<string>();

  constructor(options: LanesOptions, run: { readonly pace: Pace; readonly signal: AbortSignal }) {
    this.#options = options;
    this.#pace = run.pace;
    this.#signal = run.signal;
    this.#gate = new DialGate({ pacer: run.pace, clock: options.clock, signal: run.signal });
  }

  /** The plan with the provider that its domain counts for; what was written for the two is noted. */
  join(found: AskPlan): AskPlan {
    const { limits, hosts } = this.#options;
    const plan = hosts.providers.join(found);
    if (limits.exceptions === undefined) return plan;
    const own = ownLimits(limits, plan);
    const isForProvider = own.perProvider !== null || own.ratePerMinute !== null;
    if (isForProvider) this.#pace.noteOwnLimits(plan.provider.key, own);
    this.#tellOwnLimits(plan);
    return plan;
  }

  /** The options by which the domain's queue keeps the limits. */
  of(plan: AskPlan): LaneOptions {
    const { limits } = this.#options;
    const perProvider = ownLimits(limits, plan).perProvider ?? limits.perProvider;
    const lane = { provider: plan.provider.key, limit: perProvider };
    return {
      limits: { ...limits, perProvider },
      openSession: (session) => this.#openThroughGate(session, lane),
    };
  }

  async #openThroughGate(
    session: Parameters<typeof openSession>[0],
    lane: { readonly provider: string; readonly limit: number },
  ): Promise<SessionStart> {
    const { address } = session;
    const leave = await this.#gate.enter({ address, ...lane });
    const why = this.#signal.aborted ? STOPPED : this.#options.hosts.isDead(address) ? diedMeanwhile(address) : null;
    if (why !== null) {
      leave();
      return why;
    }
    const start = await this.#options.openSession(session);
    void (start.status === 'ready' ? start.session.closed : start.closed).then(leave);
    return start;
  }

  #tellOwnLimits(plan: AskPlan): void {
    const { limits, observe } = this.#options;
    if (observe === null) return;
    for (const line of ownLimitNotes(limits, plan)) {
      if (this.#noted.has(line)) continue;
      this.#noted.add(line);
      observe({ type: 'dialogue', host: plan.hosts[0]?.name ?? plan.domain, direction: 'note', line });
    }
  }
}

const NOT_DIALLED = { status: 'failed', stage: 'connect', reply: null, closed: Promise.resolve() } as const;

const STOPPED: SessionStart = { ...NOT_DIALLED, failure: 'cancelled', tryNextHost: false, detail: 'the run has ended' };

/** Others who waited for the same address have found out. */
function diedMeanwhile(address: string): SessionStart {
  const detail = `not dialled: ${address} did not answer several times before in this run`;
  return { ...NOT_DIALLED, failure: 'unreachable', tryNextHost: true, detail };
}
