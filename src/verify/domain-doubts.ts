// What one domain's sessions leave in doubt: whether a refusal that everybody gets is about the mailboxes or about us.
import type { CommonRefusal } from './circuit.ts';
import type { Answered, Reading, Subject } from './interview.ts';
import type { DomainPlan } from './plan.ts';
import type { ProviderConduct } from './providers.ts';
import { type DoubtfulSession, isDoubtful, printOf } from './same-refusal.ts';
import { doubtOf, type FinishedSession } from './session-conduct.ts';

/** As many sessions as it takes of a provider that refuses us before any recipient is named (blockedAfterRefusals). */
const MOST_REFUSED_SESSIONS = 3;

export class DomainDoubts {
  readonly #plan: Extract<DomainPlan, { status: 'ask' }>;
  readonly #conduct: ProviderConduct;
  #hasAccepted = false;
  /** True once one and the same session took our mail for one name and not for another. */
  #tellsApart = false;
  #refusedInARow = 0;

  constructor(plan: Extract<DomainPlan, { status: 'ask' }>, conduct: ProviderConduct) {
    this.#plan = plan;
    this.#conduct = conduct;
  }

  /** Notes a session, with the refusal of us that all its recipients got, if so. */
  note<S extends Subject>({ answered }: FinishedSession<S>, refusal: CommonRefusal | null): void {
    this.#refusedInARow = refusal === null ? 0 : this.#refusedInARow + 1;
    const hasAccepted = answered.some(({ reading }) => reading?.meaning === 'accepted');
    const hasRefused = answered.some(({ reading }) => reading?.meaning === 'mailbox_not_found');
    this.#hasAccepted ||= hasAccepted;
    this.#tellsApart ||= hasAccepted && hasRefused;
  }

  /** True once the domain took our mail for somebody. */
  get hasAccepted(): boolean {
    return this.#hasAccepted;
  }

  /** True where asking on would only bring more of the same refusals of us. */
  get isRefused(): boolean {
    return this.#refusedInARow >= MOST_REFUSED_SESSIONS;
  }

  /** What keeps a session's refusals from counting at once, or null. */
  of<S extends Subject>(session: FinishedSession<S>): Omit<DoubtfulSession, 'settle'> | null {
    return this.#canDoubt ? doubtOf(session, this.#plan) : null;
  }

  /** True where everybody got the same doubtful refusal, so that only the answer for a name nobody has can tell more. */
  needsComparison<S extends Subject>(answered: readonly Answered<S>[]): boolean {
    if (!this.#canDoubt) return false;
    // Three in a row refused alike are odd where others were accepted; one or two are not.
    if (this.#hasAccepted && answered.length < 3) return false;
    const host = this.#plan.hosts[0]?.name ?? '';
    const doubt = doubtOf({ answered, control: null, host }, this.#plan);
    const { refusals } = this.#conduct;
    if (doubt === null || refusals.isAboutUs(doubt.print, this.#plan.domain)) return false;
    return answered.length > 1 || refusals.hasMet(doubt.print);
  }

  /** True for a refusal that has proved to be about us, here or at the whole provider. */
  isAboutUs(reading: Reading, asked: { readonly local: string; readonly host: string }): boolean {
    if (!isDoubtful(reading)) return false;
    const { domain } = this.#plan;
    return this.#conduct.refusals.isAboutUs(printOf(reading, asked.local, { domain, host: asked.host }), domain);
  }

  /** A host that is known to tell names apart, or that takes but one recipient a session, leaves nothing to compare. */
  get #canDoubt(): boolean {
    return !this.#tellsApart && !this.#plan.provider.oneRecipientPerTransaction;
  }
}
