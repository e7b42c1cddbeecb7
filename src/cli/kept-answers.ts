// Fits the store to what verify wants of it: verdicts, mail hosts and catch-all states, kept as they are made, in batches.
import type { Clock } from '../clock.ts';
import type { MailHostsOutcome } from '../dns/mail-hosts.ts';
import { BatchWriter } from '../store/batch-writer.ts';
import type { Store, StoreEntry } from '../store/database.ts';
import type { RunVerdictEntry } from '../store/run-verdicts.ts';
import type { Verdict } from '../verdict.ts';
import { CATCHALL_LIFE_DAYS, isFresh } from '../verify/ageing.ts';
import type { DomainMemory } from '../verify/host-judges.ts';
import type { MailHostCache } from '../verify/plan.ts';
import type { RetryMemory, StoredRetry } from '../verify/retry.ts';
import { suppressedVerdicts } from './suppress-verdicts.ts';

const DAY_MS = 86_400_000;

export type ListStore = Store<MailHostsOutcome>;

export interface KeptAnswersOptions {
  readonly store: ListStore;
  readonly clock: Clock;
  /** True where nothing kept may be used (--refresh); new answers are kept all the same. */
  readonly refresh: boolean;
  readonly maxAgeMs: number | null;
  /** True where private and loopback mail hosts are asked. */
  readonly allowPrivate: boolean;
  /** True where the suppression store is not asked (--ignore-suppressions). */
  readonly ignoreSuppressions: boolean;
  /** The stream whose suppressions count beside those for all. */
  readonly scope: string;
  /** Told of a failed commit; the run must stop, since what it decides would be lost. */
  readonly onFailure: (error: unknown) => void;
}

/** Reads and writes one run's answers. Everything put is committed within a fifth of a second, and by `close` at last. */
export class KeptAnswers {
  readonly mailHosts: MailHostCache;
  readonly memory: DomainMemory;
  readonly retries: RetryMemory;
  readonly #options: KeptAnswersOptions;
  readonly #writer: BatchWriter<StoreEntry<MailHostsOutcome>>;
  /** Names nobody has that are drawn and not committed yet, by domain. */
  readonly #newControls = new Map<string, string>();
  readonly #startedAt: number;
  #hasVerdicts: boolean;
  #hasMetOthers = false;

  constructor(options: KeptAnswersOptions) {
    this.#options = options;
    this.#startedAt = options.clock.now();
    const { store, clock } = options;
    const write = (entries: readonly StoreEntry<MailHostsOutcome>[]): void => {
      store.putAll(entries);
      this.#newControls.clear();
    };
    this.#writer = new BatchWriter({ write, clock, onFailure: options.onFailure });
    this.#hasVerdicts = store.verdicts.count() > 0;
    this.mailHosts = {
      get: (domain, now) => {
        const outcome = store.mailHosts.get(domain, now);
        return outcome !== null && 'expiresAt' in outcome && isFromFuture(outcome.expiresAt, now) ? null : outcome;
      },
      put: (domain, outcome, expiresAt) => this.#writer.put({ kind: 'mail_hosts', domain, outcome, expiresAt }),
    };
    this.memory = this.#domainMemory();
    this.retries = {
      retriesOf: (domain) => {
        if (options.refresh && !this.#hasMetOthers) return NO_RETRIES;
        const found = store.retries.ofDomain(domain);
        for (const [local, { dueAt }] of found) if (isFromFuture(dueAt, clock.now())) found.delete(local);
        return found;
      },
      rememberRetry: (domain, local, retry) => this.#writer.put({ kind: 'retry', domain, local, ...retry }),
      forgetRetry: (domain, local) => this.#writer.put({ kind: 'no_retry', domain, local }),
    };
  }

  /** True while nothing is kept that could answer for any address: nobody then need make its key. */
  get isEmpty(): boolean {
    const { store, refresh, ignoreSuppressions } = this.#options;
    return (refresh || !this.#hasVerdicts) && (ignoreSuppressions || store.suppressions.isEmpty);
  }

  /** Keeps a verdict for later runs. */
  keepVerdict(key: string, verdict: Verdict): void {
    this.#hasVerdicts = true;
    this.#writer.put({ kind: 'verdict', key, verdict });
  }

  /** Keeps, for the runs at work beside this one, what is unknown. */
  keepUnknown(entry: RunVerdictEntry): void {
    this.#writer.put({ kind: 'run_verdict', ...entry });
  }

  /** Looks once more whether anything is kept: a run that has just ended may have left the first verdicts. */
  lookAgain(): void {
    this.#hasVerdicts ||= this.#options.store.verdicts.count() > 0;
    if (this.#options.store.retries.count() > 0) this.#options.store.retries.expectOthers();
  }

  /** From now on another run may write, too: what was read before may be out of date. */
  meetOthers(): void {
    this.#hasMetOthers = true;
    this.#options.store.retries.expectOthers();
  }

  /** The verdicts that save a question now; one made since this run began does so also with --refresh. */
  usableVerdicts(keys: readonly string[]): ReadonlyMap<string, Verdict> {
    const { store, clock, maxAgeMs, refresh } = this.#options;
    const at = { now: clock.now(), maxAgeMs };
    const found = store.verdicts.getMany(keys);
    for (const [key, verdict] of found) {
      const isUsable = this.#isOfThisRun(verdict.checkedAt) || (!refresh && isFresh(verdict, at));
      if (!isUsable) found.delete(key);
    }
    return found;
  }

  /** Ends the run: what it decides can no longer be kept. */
  fail(error: unknown): void {
    this.#options.onFailure(error);
  }

  /** What is known of these keys without asking: who is suppressed, and the still fresh verdicts. */
  freshVerdicts(keys: readonly string[]): ReadonlyMap<string, Verdict> {
    const suppressed = suppressedVerdicts(this.#options.store.suppressions, keys, this.#options);
    if (suppressed.size === 0) return this.#keptVerdicts(keys);
    const kept = this.#keptVerdicts(keys.filter((key) => !suppressed.has(key)));
    return new Map([...kept, ...suppressed]);
  }

  #keptVerdicts(keys: readonly string[]): ReadonlyMap<string, Verdict> {
    if (!this.#hasVerdicts || this.#options.refresh || keys.length === 0) return NONE;
    const at = { now: this.#options.clock.now(), maxAgeMs: this.#options.maxAgeMs };
    const found = this.#options.store.verdicts.getMany(keys);
    const other = this.#options.allowPrivate ? 'left_out' : 'asked';
    for (const [key, verdict] of found) if (!isFresh(verdict, at) || verdict.privateHosts === other) found.delete(key);
    return found;
  }

  /** True for what was found out since this run began; another run beside it may have done so. */
  #isOfThisRun(checkedAt: number): boolean {
    return checkedAt >= this.#startedAt && !isFromFuture(checkedAt, this.#options.clock.now());
  }

  /** Commits what is held now. */
  flush(): void {
    this.#writer.flush();
  }

  /** Commits what is held and takes nothing more. @throws MailgateError('store') where the file cannot take it. */
  close(): void {
    this.#writer.close();
  }

  #domainMemory(): DomainMemory {
    const { store, clock, refresh, maxAgeMs } = this.#options;
    const lifeMs = maxAgeMs ?? CATCHALL_LIFE_DAYS * DAY_MS;
    return {
      catchallOf: (domain, fingerprint) => {
        const known = store.domains.get(domain)?.catchall ?? null;
        if (known === null || known.mailHosts !== fingerprint) return null;
        const ageMs = clock.now() - known.checkedAt;
        const isFresh = ageMs < lifeMs && !isFromFuture(known.checkedAt, clock.now());
        return this.#isOfThisRun(known.checkedAt) || (!refresh && isFresh) ? known.state : null;
      },
      rememberCatchall: (domain, fingerprint, state) =>
        this.#writer.put({ kind: 'catchall', domain, state, mailHosts: fingerprint, checkedAt: clock.now() }),
      controlNameOf: (domain) => this.#newControls.get(domain) ?? store.domains.controlName(domain),
      // With a commit for each domain, a run over 100,000 of them would wait 100,000 times for the disk. What a crash can
      // take with it is one name for which a greylist begins to wait again.
      rememberControlName: (domain, name) => {
        this.#newControls.set(domain, name);
        this.#writer.put({ kind: 'control', domain, name });
      },
    };
  }
}

/**
 * True for a time that was not set by the clock as it is now: answers are of the past, DNS answers live for a day and
 * nobody is put off for longer, give or take an hour. Else one day with a wrong clock would hold for years.
 */
function isFromFuture(time: number, now: number): boolean {
  return time - now > DAY_MS + 3_600_000;
}

const NONE: ReadonlyMap<string, Verdict> = new Map();
const NO_RETRIES: ReadonlyMap<string, StoredRetry> = new Map();
