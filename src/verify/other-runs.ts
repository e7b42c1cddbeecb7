// What verify wants of whoever knows the other runs that keep their answers in the same place.
import type { Verdict } from '../verdict.ts';

/** A run that is asking about a domain. */
export interface OtherRun {
  readonly pid: number;
}

/** What this run has to do with a provider. */
export interface ProviderUse {
  readonly provider: string;
  /** The limit of connections this run was given. */
  readonly most: number;
  /** How many it has work for, at least 1; and how many are open. */
  readonly wanted: number;
  readonly open: number;
}

/** What this run tells the others. */
export interface Post {
  /** Every domain it is asking about. */
  readonly claimed: () => readonly string[];
  /** Domains it is done with. */
  readonly released: readonly string[];
  /** Domains another run was asking about when this one came to them. */
  readonly wanted: readonly string[];
  readonly uses: () => readonly ProviderUse[];
}

/** What it hears of them. */
export type News =
  /** Nobody else is at work. */
  | { readonly status: 'alone' }
  /** Somebody has not told yet what it is doing: nothing may be opened. */
  | { readonly status: 'joining'; readonly others: readonly OtherRun[] }
  | {
      readonly status: 'shared';
      readonly others: readonly OtherRun[];
      /** Of the domains wanted, those that are another run's still; the others are this run's now. */
      readonly held: ReadonlyMap<string, OtherRun>;
      /** How many connections may be open to each provider; together with all others' never more than its limit. */
      readonly allowed: ReadonlyMap<string, number>;
    };

/** Where the runs tell each other. Both throw where the place cannot be written. */
export interface RunBoard {
  exchange(post: Post): News;
  /** Makes domains this run's own, but for those that are another's; only while the news are 'shared'. */
  claim(domains: readonly string[]): ReadonlyMap<string, OtherRun>;
}

/** What other runs have found out while this one is at work. */
export interface SharedAnswers {
  /** Told when the first other run is met: from now on this run's answers count for others, and theirs for it. */
  meetOthers(): void;
  /** Commits what this run has found out, so that whoever takes over one of its domains finds it. */
  commit(): void;
  /** What is known of addresses of a domain, by local part; what is unknown only as far as another run found it so. */
  verdictsOf(domain: string, locals: readonly string[]): ReadonlyMap<string, Verdict>;
}
