// Keeps the domains that another run is asking about, until they come free or have been waited for long enough.
import type { Clock } from '../clock.ts';
import type { News, OtherRun } from './other-runs.ts';

/** Who is waited for. */
export interface HeldByOthers {
  readonly addresses: number;
  readonly domains: readonly string[];
  /** The processes that are asking about the domains. */
  readonly heldBy: readonly number[];
}

type Resume = () => Promise<void> | void;

interface Aside {
  readonly addresses: number;
  readonly holder: OtherRun;
  readonly sinceMs: number;
  readonly resume: Resume;
}

/** Domains asked for in one beat. */
const MOST_WANTED = 500;

export class PutAside {
  readonly #options: { readonly clock: Clock; readonly patienceMs: number };
  readonly #aside = new Map<string, Aside>();

  constructor(options: { readonly clock: Clock; readonly patienceMs: number }) {
    this.#options = options;
  }

  get size(): number {
    return this.#aside.size;
  }

  get held(): HeldByOthers {
    const all = [...this.#aside.values()];
    const pids = new Set(all.map(({ holder }) => holder.pid));
    const addresses = all.reduce((sum, aside) => sum + aside.addresses, 0);
    return { addresses, domains: [...this.#aside.keys()], heldBy: [...pids] };
  }

  /** `resume` is called when the domain is this run's; where it waits already, both are. */
  add(queue: { readonly domain: string; readonly addresses: number }, holder: OtherRun, resume: Resume): void {
    const { domain, addresses } = queue;
    const before = this.#aside.get(domain);
    const both = before === undefined ? resume : () => Promise.all([before.resume(), resume()]).then(() => {});
    this.#aside.set(domain, {
      addresses: addresses + (before?.addresses ?? 0),
      holder,
      sinceMs: before?.sinceMs ?? this.#options.clock.monotonic(),
      resume: both,
    });
  }

  /** The domains to be asked for next. */
  wanted(): readonly string[] {
    return firstOf(this.#aside.keys(), MOST_WANTED);
  }

  /** Takes out those of the wanted ones that have come free, or were waited for long enough. */
  takeFree(wanted: readonly string[], news: News): readonly { readonly domain: string; readonly resume: Resume }[] {
    const { clock, patienceMs } = this.#options;
    return wanted.flatMap((domain) => {
      const aside = this.#aside.get(domain);
      if (aside === undefined) return [];
      this.#aside.delete(domain);
      const holder = holderIn(news, domain, aside);
      if (holder === null || clock.monotonic() - aside.sinceMs >= patienceMs) return [{ domain, ...aside }];
      this.#aside.set(domain, { ...aside, holder }); // behind those that were not asked for this time
      return [];
    });
  }

  clear(): void {
    this.#aside.clear();
  }
}

/** The first of them: a list of all would be made at every beat. */
export function firstOf<Item>(items: Iterable<Item>, most: number): readonly Item[] {
  const first: Item[] = [];
  for (const item of items) {
    if (first.length >= most) break;
    first.push(item);
  }
  return first;
}

function holderIn(news: News, domain: string, { holder }: Aside): OtherRun | null {
  if (news.status === 'alone') return null;
  return news.status === 'joining' ? holder : (news.held.get(domain) ?? null);
}
