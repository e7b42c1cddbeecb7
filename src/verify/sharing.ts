// Keeps this run and the others on the same store out of each other's way: no domain asked by two, no limit exceeded by all.
import type { Clock } from '../clock.ts';
import { DomainClaims } from './domain-claims.ts';
import type { News, OtherRun, RunBoard, SharedAnswers } from './other-runs.ts';
import type { Pace } from './pace.ts';
import type { Gatekeeper } from './paced-queue.ts';
import { ProviderUses } from './provider-uses.ts';
import type { Admission } from './providers.ts';
import { type HeldByOthers, PutAside } from './put-aside.ts';

export interface SharingOptions {
  readonly board: RunBoard;
  readonly answers: SharedAnswers;
  readonly clock: Clock;
  /** How long a domain is waited for that another run asks about, before it is asked about all the same; Infinity for a list. */
  readonly patienceMs: number;
  /** Told when a domain has to wait for another run. */
  readonly onHeld: ((domain: string, holder: OtherRun) => void) | null;
  /** Told where the place in which the runs meet could not be written for long: the run must stop. */
  readonly onFailure: (error: unknown) => void;
}

export interface QueueToCome {
  readonly domain: string;
  readonly provider: string;
  readonly machine: string;
  readonly addresses: number;
}

/** How often the others are looked for, and told what is new; a look costs a few microseconds while nobody is there. */
const BEAT_MS = 250;
/** Sooner where something waits for it. */
const SOON_MS = 10;
/** After so long without news nothing is opened: the others may take this run for dead after 20 seconds. */
const FENCE_MS = 12_000;
/** After so long without being able to write, the run ends. */
const GIVE_UP_MS = 60_000;
/** So long may this run be without any connection before people are told whom it waits for. */
const STARVED_MS = 1000;
/** More names of domains than this nobody reads. */
const NAMES_TOLD = 20;

/** One run's dealings with the others; opened with the run, ended by `stop`. */
export class Sharing {
  readonly answers: SharedAnswers;
  readonly #options: SharingOptions;
  readonly #claims = new DomainClaims();
  readonly #uses = new ProviderUses();
  readonly #aside: PutAside;
  #news: News['status'] = 'joining';
  #heardAtMs: number;
  #hasMetOthers = false;
  #resuming = 0;
  #pace: Pick<Pace, 'openTo' | 'lookAgain'> | null = null;
  #tellWaiting: (held: HeldByOthers) => void = () => {};
  #starvedSinceMs: number | null = null;
  #cancelBeat: (() => void) | null = null;
  #beatAtMs = 0;
  #isStopped = false;
  #waiters: (() => void)[] = [];

  /** @throws what the board throws. */
  constructor(options: SharingOptions) {
    this.#options = options;
    this.answers = options.answers;
    this.#aside = new PutAside(options);
    this.#heardAtMs = options.clock.monotonic();
    this.#exchange();
    this.#beatIn(BEAT_MS);
  }

  /** True once another run was met: what was read of the store before may be out of date. */
  get hasMetOthers(): boolean {
    return this.#hasMetOthers;
  }

  /** True while other runs are at work, so that what this one finds unknown concerns them. */
  get isShared(): boolean {
    return this.#news !== 'alone';
  }

  /** How many domains wait for another run, or are just being taken up again. */
  get waiting(): number {
    return this.#aside.size + this.#resuming;
  }

  get heldByOthers(): HeldByOthers {
    return this.#aside.held;
  }

  /** Resolves when a domain that was waited for has been taken up again, or the signal is raised. */
  async change(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const wake = (): void => this.#wake();
    signal.addEventListener('abort', wake, { once: true });
    await new Promise<void>((resolve) => this.#waiters.push(resolve));
    signal.removeEventListener('abort', wake);
  }

  /** Serves this pace from now on; `tellWaiting` is called, more than once, while others use all that it needs. */
  attach(pace: Pick<Pace, 'openTo' | 'lookAgain'>, tellWaiting: (held: HeldByOthers) => void): void {
    this.#pace = pace;
    this.#tellWaiting = tellWaiting;
  }

  /** Lets no more connections open than this run's share. */
  gate(providers: Gatekeeper): Gatekeeper {
    return {
      admit: (provider, at) => this.#admit(provider, at, providers.admit(provider, at)),
      retire: (provider) => {
        this.#uses.retire(provider);
        providers.retire(provider);
      },
      rateShare: (provider) => (this.#news === 'shared' ? this.#uses.shareOf(provider) : 1),
    };
  }

  /** Notes a queue to come; `machine` are the IP addresses it leads to. */
  expect(queue: QueueToCome): void {
    this.#claims.expect(queue.domain, queue.provider);
    this.#uses.expect(queue.provider, queue.machine, queue.addresses);
  }

  /** Makes the domain this run's own; gives the run whose it is where that fails. @throws what the board throws. */
  claim(domain: string, provider: string): OtherRun | null {
    this.#claims.expectNoMore(domain);
    if (this.#news === 'alone' || this.#claims.isOwn(domain)) return null;
    const domains = this.#claims.batchOf(domain, provider, (other) => this.#uses.isGranted(other));
    const held = this.#options.board.claim(domains);
    for (const each of domains) if (!held.has(each)) this.#claims.own(each);
    return held.get(domain) ?? null;
  }

  /** A claimed queue begins; `known` addresses of those expected have been decided by others. */
  begin(domain: string, provider: string, addresses: { readonly left: number; readonly known: number }): void {
    this.#claims.expectNoMore(domain);
    this.#claims.begin(domain, provider, addresses.left);
    this.#uses.owe(provider, -addresses.known);
  }

  /** Takes a queue back that another run is asking about; `resume` is called when the domain has become this run's. */
  putAside(
    queue: { readonly domain: string; readonly provider: string; readonly addresses: number },
    holder: OtherRun,
    resume: () => Promise<void> | void,
  ): void {
    const { domain, provider, addresses } = queue;
    this.#uses.owe(provider, -addresses);
    this.#aside.add({ domain, addresses }, holder, resume);
    this.#options.onHeld?.(domain, holder);
  }

  /** So many addresses more are asked in a queue that has begun. */
  oweMore(domain: string, addresses: number): void {
    const provider = this.#claims.oweMore(domain, addresses);
    if (provider !== null) this.#uses.owe(provider, addresses);
  }

  /** An address has its verdict. */
  decided(domain: string): void {
    const provider = this.#claims.decided(domain);
    if (provider !== null) this.#uses.owe(provider, -1);
  }

  /** A queue is drained. */
  end(domain: string): void {
    this.#claims.end(domain);
  }

  /** Gives back a domain that needs no asking. */
  giveBack(domain: string): void {
    this.#claims.giveBack(domain);
  }

  /** Gives back all that is not being asked, before the others are waited for: they may wait for it. */
  giveBackIdle(): void {
    this.#claims.giveBackIdle();
    this.#beatIn(SOON_MS);
  }

  /** Tells nothing more and waits for nobody. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelBeat?.();
    this.#cancelBeat = null;
    this.#aside.clear();
    this.#wake();
  }

  #admit(provider: string, at: { readonly limit: number; readonly nowMs: number }, own: Admission): Admission {
    const granted = this.#uses.grantedOf(provider, at.limit);
    if (own.status !== 'open') return own;
    if (at.nowMs - this.#heardAtMs > FENCE_MS || this.#news === 'joining') return { status: 'open', connections: 0 };
    if (this.#news === 'alone') return own;
    if (granted === null) this.#beatIn(SOON_MS);
    return { status: 'open', connections: Math.min(own.connections, granted ?? 0) };
  }

  #beatIn(ms: number): void {
    const { clock } = this.#options;
    const atMs = clock.monotonic() + ms;
    if (this.#isStopped || (this.#cancelBeat !== null && this.#beatAtMs <= atMs)) return;
    this.#cancelBeat?.();
    this.#beatAtMs = atMs;
    this.#cancelBeat = clock.after(ms, () => this.#beat());
  }

  #beat(): void {
    this.#cancelBeat = null;
    let pauseMs = BEAT_MS;
    try {
      if (this.#exchange() && this.#aside.size > 0) pauseMs = SOON_MS;
    } catch (error) {
      // Another program may hold the file for a while; until it can be written again, the fence keeps us from asking.
      const silenceMs = this.#options.clock.monotonic() - this.#heardAtMs;
      if (silenceMs > GIVE_UP_MS) this.#options.onFailure(error);
    }
    this.#beatIn(pauseMs);
  }

  /** Tells and hears; true where domains that were waited for have become this run's. */
  #exchange(): boolean {
    const { answers, clock } = this.#options;
    const wanted = this.#aside.wanted();
    const news = this.#tell(wanted);
    const wasFenced = clock.monotonic() - this.#heardAtMs > FENCE_MS;
    const isTurn = news.status !== this.#news || wasFenced;
    this.#news = news.status;
    this.#heardAtMs = clock.monotonic();
    if (news.status !== 'alone' && !this.#hasMetOthers) {
      this.#hasMetOthers = true;
      answers.meetOthers();
    }
    const grown = news.status === 'shared' ? this.#uses.grant(news.allowed) : [];
    const free = this.#aside.takeFree(wanted, news);
    for (const { domain, resume } of free) {
      this.#claims.own(domain);
      void this.#resume(resume);
    }
    this.#tellIfStarved(news);
    if (isTurn) this.#pace?.lookAgain(this.#uses.providers());
    else if (grown.length > 0) this.#pace?.lookAgain(grown);
    return free.length > 0;
  }

  #tellIfStarved(news: News): void {
    const { clock } = this.#options;
    const owed = news.status === 'alone' || this.#pace === null ? null : this.#uses.starving(this.#openTo);
    if (owed === null) this.#starvedSinceMs = null;
    else this.#starvedSinceMs ??= clock.monotonic();
    const isLong = this.#starvedSinceMs !== null && clock.monotonic() - this.#starvedSinceMs >= STARVED_MS;
    if (owed === null || news.status === 'alone' || !isLong) return;
    const heldBy = news.others.map(({ pid }) => pid);
    this.#tellWaiting({ addresses: owed, domains: this.#claims.next(NAMES_TOLD), heldBy });
  }

  #tell(wanted: readonly string[]): News {
    const { board, answers } = this.#options;
    const released = this.#claims.takeReleased();
    try {
      // Whoever takes over a domain must find there what was decided.
      if (released.length > 0 && this.#hasMetOthers) answers.commit();
      const uses = () => this.#uses.post(this.#openTo);
      return board.exchange({ claimed: () => this.#claims.all, released, wanted, uses });
    } catch (error) {
      this.#claims.putBackReleased(released);
      throw error;
    }
  }

  #openTo = (provider: string): number => this.#pace?.openTo(provider) ?? 0;

  async #resume(resume: () => Promise<void> | void): Promise<void> {
    this.#resuming += 1;
    try {
      await resume();
    } catch (error) {
      this.#options.onFailure(error);
    } finally {
      this.#resuming -= 1;
      this.#wake();
    }
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter();
  }
}
