// One judge for each mail host of a domain, and what is remembered of the domain from what the primary one learnt.
import type { CatchallState, Reason } from '../verdict.ts';
import type { Asked } from './asked.ts';
import { type Answer, DomainJudge } from './catch-all.ts';
import type { ControlNameMemory } from './control-question.ts';
import type { DomainPlan } from './plan.ts';

/** What verify wants of whoever remembers, between runs, how domains answer for names nobody has. */
export interface DomainMemory extends ControlNameMemory {
  /** What is known of the domain behind these mail hosts, if it is young enough; null otherwise. */
  catchallOf(domain: string, fingerprint: string): 'yes' | 'no' | null;
  rememberCatchall(domain: string, fingerprint: string, state: 'yes' | 'no'): void;
}

export interface HostJudgesOptions {
  readonly memory: DomainMemory;
  readonly acceptancesBeforeControl: number;
  readonly decide: (answer: Answer<Asked>, reason: Reason, catchall: CatchallState) => void;
}

/** A primary's refusals prove nothing of its backup's acceptances, so each host's own answers are weighed. */
export class HostJudges {
  readonly #plan: Extract<DomainPlan, { status: 'ask' }>;
  readonly #options: HostJudgesOptions;
  readonly #judges = new Map<string, DomainJudge<Asked>>();
  #remembered: CatchallState | null = null;

  constructor(plan: Extract<DomainPlan, { status: 'ask' }>, options: HostJudgesOptions) {
    this.#plan = plan;
    this.#options = options;
  }

  /** The host that is asked where it lets us in; what is kept of the domain was learnt from it. */
  get primary(): string {
    return this.#plan.hosts[0]?.name ?? this.#plan.domain;
  }

  of(host: string): DomainJudge<Asked> {
    const known = this.#judges.get(host);
    if (known !== undefined) return known;
    const { domain, fingerprint, provider } = this.#plan;
    const { memory, acceptancesBeforeControl, decide } = this.#options;
    const made = new DomainJudge<Asked>({
      known: host === this.primary ? memory.catchallOf(domain, fingerprint) : null,
      acceptanceProvesNothing: provider.acceptanceProvesNothing,
      acceptancesBeforeControl,
      decide,
    });
    this.#judges.set(host, made);
    return made;
  }

  /** All that have judged so far. */
  get all(): readonly DomainJudge<Asked>[] {
    return [...this.#judges.values()];
  }

  /** Writes down what was learnt of the domain. */
  remember(): void {
    const { state, hasLearnt } = this.of(this.primary);
    const { domain, fingerprint } = this.#plan;
    if (!hasLearnt || state === this.#remembered || (state !== 'yes' && state !== 'no')) return;
    this.#remembered = state;
    this.#options.memory.rememberCatchall(domain, fingerprint, state);
  }
}
